/* query/schema_map.h: what the halves of the mapping share: schema_map.c reads the directives of types
 * and fields, schema_access.c collects tables, cells and access paths, each of them once.
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

int access_init(struct mapper *m);
/* The table `name`, made when it is new. Two types may share one: then their keys must agree. */
int access_table(struct mapper *m, struct str name, const struct value *key, struct loc loc,
                 struct table **ret) MUSTCHECK;
/* A cell of `t` like `want`, made when it is new. */
int access_cell(struct mapper *m, const struct table *t, const struct column *want, struct loc loc,
                uint32_t *ret) MUSTCHECK;
/* A CODEC_KEY cell that holds `column`. */
int access_key_cell(struct mapper *m, const struct table *t, struct str column, bool required,
                    struct loc loc, uint32_t *ret) MUSTCHECK;
/* A path equal to `want`, made when it is new. */
int access_add_path(struct mapper *m, const struct access_path *want, struct loc loc,
                    const struct access_path **ret) MUSTCHECK;
/* "a desc, b desc" into `path->order`, with its cells. */
int access_order(struct mapper *m, struct access_path *path, struct str text,
                 struct loc loc) MUSTCHECK;
/* The database's values of an enum beside their JSON text. */
int access_enum(struct mapper *m, const struct type *t, const struct enum_value **ret) MUSTCHECK;
/* fullName -> full_name */
int access_snake_case(struct mapper *m, struct str name, struct str *ret) MUSTCHECK;

#endif
