/* query/print.h: types and values as GraphQL text, for introspection and for messages. */
#ifndef QUERY_PRINT_H
#define QUERY_PRINT_H

#include <stddef.h>

#include "query/ast.h"

struct buf;

enum {
    PRINT_TEXT_MAX = 200 /* bytes of a type or value in a message, NUL included */
};

/* `[Int!]!` */
void print_type(struct buf *out, const struct type_ref *r);
/* A literal, strings quoted and escaped as graphql-js does, objects as `{a: 1, b: [2]}`. */
void print_value(struct buf *out, const struct value *v);

/* Into `out`, cut when it does not fit; returns `out`. Values as graphql-js 17 prints them in messages:
 * `{ a: 1, b: [2] }`, and an item a line beyond 80 characters. */
const char *type_text(const struct type_ref *r, char out[PRINT_TEXT_MAX]);
const char *value_text(const struct value *v, char out[PRINT_TEXT_MAX]);
/* The same as if no variable in it was given, as graphql-js prints what stands for a leaf. */
const char *constant_text(const struct value *v, char out[PRINT_TEXT_MAX]);

#endif
