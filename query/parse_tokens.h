/* query/parse_tokens.h: the parser's state and its tokens, for all parts of the grammar:
 *
 *     parse.c         documents, operations and fragments; calls parse_schema.c for other definitions
 *     parse_schema.c  type system definitions
 *     parse_values.c  values, arguments, directives, references to types; both of the above call it
 *
 * Layer: query, private. Errors are sticky: the first one is put in `rc` and `*err`, and from then on
 * every function returns NULL or false at once, so that a caller may test where a loop goes round. */
#ifndef QUERY_PARSE_TOKENS_H
#define QUERY_PARSE_TOKENS_H

#include "query/ast.h"
#include "query/lex.h"

struct parser {
    struct lexer lex;
    struct arena *arena;
    struct err *err;
    struct document *doc;
    struct token tok;   /* the current one */
    struct token ahead; /* the one behind it, when has_ahead */
    bool has_ahead;
    int rc;
    uint32_t n_tokens, max_tokens, depth, max_depth;
    /* Where the lists of the document end. */
    struct ast_operation **operations;
    struct ast_fragment **fragments;
    struct ast_type_def **types;
    struct ast_directive_def **directives;
    struct ast_name **not_executable;
};

/* Memory for one node, zeroed; NULL and rc when there is none. */
void *parser_new(struct parser *p, size_t size) MUSTCHECK;
void parser_advance(struct parser *p);
/* The token behind the current one. */
const struct token *parser_peek(struct parser *p);
bool parser_at(const struct parser *p, enum token_kind kind);
bool parser_at_keyword(const struct parser *p, const char *word);
/* Steps over a token of `kind` if it is there. */
bool parser_skip(struct parser *p, enum token_kind kind);
bool parser_skip_keyword(struct parser *p, const char *word);
/* The same, but an error when it is not there. */
bool parser_expect(struct parser *p, enum token_kind kind);
bool parser_expect_keyword(struct parser *p, const char *word);
/* "Unexpected ...": reports `t`. */
void parser_unexpected(struct parser *p, const struct token *t);
void parser_fail(struct parser *p, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* What an error calls a token: `Name "foo"`, cut to `size` in `out` or static. A message is cut shorter still. */
const char *parser_describe(const struct token *t, char *out, size_t size);
/* Bounds recursion: false (and rc) when `max_depth` is reached, else parser_leave must follow. */
bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);

bool parser_name(struct parser *p, struct str *ret, struct loc *ret_loc);
/* A string in front of a definition; empty when there is none. */
struct str parser_description(struct parser *p);
bool parser_at_description(const struct parser *p);

#endif
