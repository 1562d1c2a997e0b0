/* query/parse.h: text -> document. A hand-written lexer and recursive-descent parser.
 *
 * Recursion is bounded by max_depth (selections, lists, objects, types alike), so that no document can
 * overflow the stack; the number of tokens is bounded by max_tokens. */
#ifndef QUERY_PARSE_H
#define QUERY_PARSE_H

#include "base/macros.h"
#include "base/str.h"
#include "query/ast.h"

struct arena;
struct err;

struct parse_limits {
    uint32_t max_tokens; /* 0: no limit (schema files) */
    uint32_t max_depth;  /* nesting of anything; 0 means 200 */
};

/* `text` must outlive the document. A document of operations and fragments; type system definitions
 * are parsed too and left to validation (document.not_executable), as graphql-js does.
 * ERR_PARSE with line, column and graphql-js's wording ("Syntax Error: Expected Name, found \"}\"."),
 * ERR_LIMIT beyond a limit (with its place), ERR_MEMORY. */
int parse_document(struct arena *arena, struct str text, const struct parse_limits *limits,
                   struct document *ret, struct err *reterr) MUSTCHECK;
/* The same for a schema file: type system definitions and extensions only. */
int parse_schema(struct arena *arena, struct str text, struct document *ret,
                 struct err *reterr) MUSTCHECK;

#endif
