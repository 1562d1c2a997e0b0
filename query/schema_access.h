/* query/schema_access.h: the tables, cells and access paths that a mapping needs.
 *
 * Layer: query, private. All are found by place in `access`, whose arrays never move. All return 0 or a
 * negative ERR_ with the mapper's `*err` filled; `loc` is the place in the schema file that asks. */
#ifndef QUERY_SCHEMA_ACCESS_H
#define QUERY_SCHEMA_ACCESS_H

#include "query/schema.h"

struct mapper;

/* Room for all that the fields of the schema can need; before any other. */
int access_init(struct mapper *m) MUSTCHECK;
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
/* The table that the cells of `f` are in: its type's, or the second group of @apart (made when first
 * needed). NULL when the type has no table. */
int access_home(struct mapper *m, const struct field *f, const struct table **ret) MUSTCHECK;
/* "a desc, b desc" into `path->order`, with its cells. */
int access_order(struct mapper *m, struct access_path *path, struct str text,
                 struct loc loc) MUSTCHECK;
/* A name (of a type, of an enum value) as JSON text. */
int access_json_name(struct mapper *m, struct str name, struct str *ret) MUSTCHECK;
/* The database's values of an enum beside their JSON text; of an interface or union: of its types. */
int access_enum(struct mapper *m, const struct type *t, const struct enum_value **ret) MUSTCHECK;
/* fullName -> full_name */
int access_snake_case(struct mapper *m, struct str name, struct str *ret) MUSTCHECK;

#endif
