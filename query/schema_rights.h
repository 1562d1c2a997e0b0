/* query/schema_rights.h: whose record a row is in, who may see what of it, and what is known of who asks.
 *
 * Layer: query, private. All but the last return 0 or a negative ERR_ with the mapper's `*err` filled. */
#ifndef QUERY_SCHEMA_RIGHTS_H
#define QUERY_SCHEMA_RIGHTS_H

#include "query/schema.h"

struct mapper;

/* @subject, @belongs, and @allow of types; when all tables are known, before fields. */
int rights_map_types(struct mapper *m) MUSTCHECK;
/* @allow of fields; when all of them are mapped. */
int rights_map_fields(struct mapper *m) MUSTCHECK;
/* `capacity` of @procedure: the one who may call the function sees the row that it returns as one who has it. */
int rights_granted(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
/* @viewer: an object of who asks, or (with `claim`) a part of it. */
int map_viewer(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
/* The value of an enum `Claim`; false: none of ours. */
bool rights_claim(const struct value *v, enum claim *ret);

#endif
