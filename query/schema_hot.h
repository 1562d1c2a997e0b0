/* query/schema_hot.h: what hot rows are made of beside their own columns, and which of them a mutation changes.
 *
 * Layer: query, private. Both return 0 or a negative ERR_ with the mapper's `*err` filled. */
#ifndef QUERY_SCHEMA_HOT_H
#define QUERY_SCHEMA_HOT_H

#include "base/macros.h"
#include "query/ast.h"

struct field;
struct mapper;
struct procedure;
struct table;

/* `reads` of @hot. */
int hot_map_reads(struct mapper *m, struct table *table, const struct ast_directive *d) MUSTCHECK;
/* @changes of a mutation: types with @hot. When all tables are known. */
int hot_map_changes(struct mapper *m, const struct field *f, struct procedure *p) MUSTCHECK;

#endif
