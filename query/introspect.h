/* query/introspect.h: answers __schema and __type from the schema itself. Mapping directives and the
 * tables behind them are not shown. */
#ifndef QUERY_INTROSPECT_H
#define QUERY_INTROSPECT_H

#include <stddef.h>

#include "base/macros.h"
#include "query/ast.h"

struct buf;
struct document;
struct err;
struct introspection;
struct schema;

/* Writes the value of one `__schema` or `__type` field (the JSON after its response name) for the merged
 * selections of `fields` (n selections of the document that have the same response name; directives @skip and
 * @include are obeyed). ERR_LIMIT when the buffer's limit is reached; ERR_MEMORY. */
int introspect_write(const struct schema *schema, const struct document *doc,
                     const struct ast_selection *const *fields, uint32_t n,
                     const struct value *const *variables, struct buf *out,
                     struct err *reterr) MUSTCHECK;

/* The same in pieces: *ret until introspect_close, before the document goes. */
int introspect_open(struct introspection **ret, const struct schema *schema,
                    const struct document *doc, const struct ast_selection *const *fields,
                    uint32_t n, const struct value *const *variables, struct err *reterr) MUSTCHECK;
/* Appends until at least `enough` bytes are in `out` (one value of a leaf more at most) or all is said. 1: more will
 * follow; 0: that was all; ERR_LIMIT, ERR_MEMORY. */
int introspect_next(struct introspection *w, struct buf *out, size_t enough) MUSTCHECK;
/* Bytes that it keeps. */
size_t introspect_holds(const struct introspection *w);
void introspect_close(struct introspection *w); /* NULL is fine */

enum {
    INTROSPECT_VARIES = 1
};

/* The same for what can be written ahead. INTROSPECT_VARIES: some argument is a variable, so that the value is
 * another with other variables; nothing was written then. Otherwise it depends on no variables but those that
 * @skip and @include name. */
int introspect_write_constant(const struct schema *schema, const struct document *doc,
                              const struct ast_selection *const *fields, uint32_t n,
                              const struct value *const *variables, struct buf *out,
                              struct err *reterr) MUSTCHECK;

#endif
