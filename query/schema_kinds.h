/* query/schema_kinds.h: interfaces and unions over tables.
 *
 * Layer: query, private. All return 0 or a negative ERR_ with the mapper's `*err` filled. */
#ifndef QUERY_SCHEMA_KINDS_H
#define QUERY_SCHEMA_KINDS_H

#include "query/schema.h"

struct mapper;

/* What a column that says the type holds for each object type. */
int kinds_stored(struct mapper *m) MUSTCHECK;
/* The interfaces and unions with @kind: their table, the cell that says the type. */
int kinds_map(struct mapper *m) MUSTCHECK;
/* The types that fields with @node reach: their marks. */
int kinds_ids(struct mapper *m) MUSTCHECK;
/* A path that returns rows of `t` alone: its table, and a condition where other types share that. */
int kinds_path(struct mapper *m, const struct type *t, struct str where,
               struct access_path *path) MUSTCHECK;
/* A cell of `home` in `column` that holds the name of one of the types that `t` can be, as JSON text. */
int kinds_cell(struct mapper *m, const struct table *home, const struct type *t, struct str column,
               struct loc loc, uint32_t *ret) MUSTCHECK;

#endif
