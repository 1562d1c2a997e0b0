/* query/lex.h: source text -> tokens, one at a time (GraphQL, September 2025, section 2.1).
 *
 * Layer: query, private to the parser. The tokens are views of the text; only strings with escapes
 * and block strings are copied, into the arena. Every byte is looked at a bounded number of times. */
#ifndef QUERY_LEX_H
#define QUERY_LEX_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/str.h"
#include "query/ast.h"

struct arena;
struct err;

enum token_kind {
    TOKEN_EOF,
    TOKEN_BANG,
    TOKEN_DOLLAR,
    TOKEN_AMP,
    TOKEN_PAREN_L,
    TOKEN_PAREN_R,
    TOKEN_SPREAD,
    TOKEN_COLON,
    TOKEN_EQUALS,
    TOKEN_AT,
    TOKEN_BRACKET_L,
    TOKEN_BRACKET_R,
    TOKEN_BRACE_L,
    TOKEN_PIPE,
    TOKEN_BRACE_R,
    TOKEN_NAME,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_STRING,
    TOKEN_BLOCK_STRING
};

struct token {
    enum token_kind kind;
    struct loc loc;
    struct str text; /* NAME, INT, FLOAT: as written; strings: their characters */
};

struct lexer {
    struct arena *arena;
    const char *start, *end, *at;
    struct loc loc;     /* the place of `loc_at` */
    const char *loc_at; /* never behind `at`; columns are counted on from here */
};

void lexer_init(struct lexer *l, struct arena *arena, struct str text);
/* The next token. 0, ERR_PARSE (graphql-js's wording, with its place) or ERR_MEMORY. */
int lexer_next(struct lexer *l, struct token *ret, struct err *reterr) MUSTCHECK;
/* "Name", "String", "{" with its quotes, ... as syntax errors name them. A static string. */
const char *token_kind_text(enum token_kind kind);

#endif
