/* query/schema_tools.h: small things that every step of building a schema uses: its errors, and the
 * directives that the schema file applies.
 *
 * Layer: query, private. */
#ifndef QUERY_SCHEMA_TOOLS_H
#define QUERY_SCHEMA_TOOLS_H

#include "base/macros.h"
#include "query/ast.h"

struct err;
struct schema;

/* Both fill `*err` and return its code: ERR_CONFIG at `loc`, ERR_MEMORY. */
int schema_fail(struct err *err, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
int schema_no_memory(struct err *err);

/* The directive `name` in a list, or NULL. */
const struct ast_directive *directive_find(const struct ast_directive *list, const char *name);
/* The value of an applied directive's argument, with the definition's default; NULL: not given. */
const struct value *directive_argument(const struct schema *s, const struct ast_directive *d,
                                       const char *name);

#endif
