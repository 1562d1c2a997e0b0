/* query/schema_map.h: what the parts of the mapping share.
 *
 *     schema_map.c     directives of types and fields: tables, cells; who calls the others
 *     schema_rows.c    fields that lead to one row
 *     schema_lists.c   fields that lead to lists and Relay connections, and their filters
 *     schema_kinds.c   interfaces and unions: which type a row is; ids over all types
 *     schema_access.c  collects tables, cells and access paths, each of them once
 *
 * Layer: query, private. Tables and paths are found by place in `access`, whose arrays never move. */
#ifndef QUERY_SCHEMA_MAP_H
#define QUERY_SCHEMA_MAP_H

#include "query/schema_priv.h"

struct mapper {
    struct schema *s;
    struct err *err;
    const struct enum_value **enum_tables; /* by type id: made when first needed */
    uint32_t tables_max, paths_max;        /* room in `access` */
};

/* ---- schema_map.c ---- */

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
/* The table that the cells of `f` are in: its type's, or the second group of @apart (made when first
 * needed). NULL when the type has no table. */
int map_home(struct mapper *m, const struct field *f, const struct table **ret) MUSTCHECK;

/* ---- schema_rows.c, schema_lists.c: give `f` its meaning by the directive `d` ---- */

int map_reference(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
int map_lookup(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
int map_node(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;
int map_list(struct mapper *m, struct field *f, const struct ast_directive *d) MUSTCHECK;

/* ---- schema_kinds.c ---- */

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

/* ---- schema_access.c ---- */

int access_init(struct mapper *m);
/* The table `name`, made when it is new. Two types may share one: then their keys must agree. */
int access_table(struct mapper *m, struct str name, const struct value *key, struct loc loc,
                 struct table **ret) MUSTCHECK;
/* The second group of cells of `t` (same name, same key), made when it is new. */
int access_apart(struct mapper *m, const struct table *t, struct loc loc,
                 const struct table **ret) MUSTCHECK;
/* A cell of `t` like `want`, made when it is new. */
int access_cell(struct mapper *m, const struct table *t, const struct column *want, struct loc loc,
                uint32_t *ret) MUSTCHECK;
/* A CODEC_KEY cell that holds `column`. */
int access_key_cell(struct mapper *m, const struct table *t, struct str column, bool required,
                    struct loc loc, uint32_t *ret) MUSTCHECK;
/* A path equal to `want`, made when it is new. */
int access_add_path(struct mapper *m, const struct access_path *want, struct loc loc,
                    const struct access_path **ret) MUSTCHECK;
/* The path that finds one row of `t` by its primary key. */
int access_key_path(struct mapper *m, const struct type *t, struct loc loc,
                    const struct access_path **ret) MUSTCHECK;
/* "a desc, b desc" into `path->order`, with its cells. */
int access_order(struct mapper *m, struct access_path *path, struct str text,
                 struct loc loc) MUSTCHECK;
/* The database's values of an enum beside their JSON text; of an interface or union: of its types. */
int access_enum(struct mapper *m, const struct type *t, const struct enum_value **ret) MUSTCHECK;
/* fullName -> full_name */
int access_snake_case(struct mapper *m, struct str name, struct str *ret) MUSTCHECK;

#endif
