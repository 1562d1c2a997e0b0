/* query/schema_rows.h: fields that lead to one row (or, by ids, to one row each).
 *
 * Layer: query, private. Each gives `f` its meaning by the directive `d`, which the schema file applies to
 * it. 0 or a negative ERR_ with the mapper's `*err` filled. */
#ifndef QUERY_SCHEMA_ROWS_H
#define QUERY_SCHEMA_ROWS_H

#include "query/schema.h"

struct mapper;

int map_reference(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
int map_lookup(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
int map_node(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;

#endif
