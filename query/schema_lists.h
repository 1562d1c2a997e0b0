/* query/schema_lists.h: fields that lead to lists and Relay connections.
 *
 * Layer: query, private. */
#ifndef QUERY_SCHEMA_LISTS_H
#define QUERY_SCHEMA_LISTS_H

#include "query/schema.h"

struct mapper;

/* Gives `f` its meaning by `d`, the @list applied to it; also the types of a connection their roles. 0 or
 * a negative ERR_ with the mapper's `*err` filled. */
int map_list(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;

#endif
