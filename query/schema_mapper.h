/* query/schema_mapper.h: one run of the mapping: its state, and what its parts ask of a field.
 *
 *     schema_map.c     directives of types and fields; calls the others
 *     schema_rows.c    fields that lead to one row
 *     schema_lists.c   fields that lead to lists and Relay connections, and their filters
 *     schema_procedure.c  fields that call a SQL function
 *     schema_hot.c     what reference rows are made of, and which of them a mutation changes
 *     schema_kinds.c   interfaces and unions: which type a row is; ids over all types
 *     schema_rights.c  whose rows are whose, and who may see what
 *     schema_access.c  collects tables, cells and access paths, each of them once
 *
 * Layer: query, private. Each file calls only those below it; rows and lists do not know each other. */
#ifndef QUERY_SCHEMA_MAPPER_H
#define QUERY_SCHEMA_MAPPER_H

#include "query/schema.h"

struct mapper {
    struct schema *s;
    struct err *err;
    const struct enum_value **enum_tables; /* by type id: made when first needed */
    uint32_t tables_max, paths_max;        /* room in `access` */
};

/* ERR_CONFIG at the field: `Field "T.f" ` and `what`. */
int map_refuse(struct mapper *m, const struct field *f, const char *what);
/* The applied directive `name`, or NULL. */
const struct ast_directive *map_directive(const struct field *f, const char *name);
/* A string argument of an applied directive; empty when it is null or not given. */
struct str map_text(const struct mapper *m, const struct ast_directive *d, const char *name);
/* The index of an argument, or -1. */
int map_argument(const struct field *f, struct str name);
/* Whether a column behind `f` must be NOT NULL: not where rows of other types, which lack it, share the table. */
bool map_required(const struct field *f);

#endif
