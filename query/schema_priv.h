/* query/schema_priv.h: the steps in which a schema is built.
 *
 * Layer: query, private. The order: schema_build.c turns definitions into types, then calls the others:
 * schema_values.c checks literals and applied directives, schema_check.c holds the specification's rules
 * about types, schema_finish.c says what needs all types, schema_map.c gives every field its table, cell or access path. All return 0 or a negative ERR_ with
 * `*err` filled. Everything lies in the schema's own arena. */
#ifndef QUERY_SCHEMA_PRIV_H
#define QUERY_SCHEMA_PRIV_H

#include "query/schema.h"

extern const char schema_specification[]; /* the specification's own types, as SDL */

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

#endif
