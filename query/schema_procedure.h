/* query/schema_procedure.h: root fields that call a SQL function.
 *
 * Layer: query, private. */
#ifndef QUERY_SCHEMA_PROCEDURE_H
#define QUERY_SCHEMA_PROCEDURE_H

#include "query/schema.h"

struct mapper;

/* Room for all procedures that the schema's fields can need; before any other. 0 or ERR_MEMORY. */
int procedures_init(struct mapper *m) MUSTCHECK;
/* Gives `f` its meaning by `d`, the @procedure applied to it. 0 or a negative ERR_ with the mapper's `*err`
 * filled. */
int map_procedure(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
/* Once all fields are mapped: whose cached aggregates the rows that come back are part of. The same. */
int procedures_finish(struct mapper *m) MUSTCHECK;

#endif
