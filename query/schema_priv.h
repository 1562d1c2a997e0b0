/* query/schema_priv.h: what the files that build a schema share.
 *
 * Layer: query, private. The order: schema_build.c turns definitions into types, schema_values.c checks
 * literals and applied directives, schema_check.c holds the specification's rules about types,
 * schema_map.c gives every field its table, cell or access path. All return 0 or a negative ERR_ with
 * `*err` filled. Everything lies in the schema's own arena. */
#ifndef QUERY_SCHEMA_PRIV_H
#define QUERY_SCHEMA_PRIV_H

#include "query/schema.h"

extern const char schema_specification[]; /* the specification's own types, as SDL */

/* ERR_CONFIG at `loc`. */
int schema_fail(struct err *err, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
int schema_no_memory(struct err *err);

/* Whether the constant `v` may stand where `type` is expected; `what` names the place in the message. */
int schema_check_literal(const struct schema *s, const struct type_ref *type, const struct value *v,
                         const char *what, struct err *err) MUSTCHECK;
/* Every directive applied in the schema file: known, in its place, not repeated, its arguments right. */
int schema_check_directives(const struct schema *s, const struct document *doc,
                            struct err *err) MUSTCHECK;
/* The rules of the specification's section 3 that concern types as a whole. */
int schema_check_types(const struct schema *s, struct err *err) MUSTCHECK;
/* The specification's own directives, defaults, and which types are hidden. */
int schema_finish(struct schema *s, struct err *err) MUSTCHECK;
/* The mapping: fills `access` and every field's `resolve`. */
int schema_map(struct schema *s, struct err *err) MUSTCHECK;

/* The directive `name` in a list, or NULL. */
const struct ast_directive *directive_find(const struct ast_directive *list, const char *name);
/* The value of an applied directive's argument, with the definition's default; NULL: not given. */
const struct value *directive_argument(const struct schema *s, const struct ast_directive *d,
                                       const char *name);

#endif
