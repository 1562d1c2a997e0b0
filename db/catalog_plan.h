/* db/catalog_plan.h: does a statement go through an index?
 *
 * Layer: db, private, start-up only, blocking. */
#ifndef DB_CATALOG_PLAN_H
#define DB_CATALOG_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct access_path;
struct catalog;

/* Prepares `sql`, a statement of `path`, and looks at its generic plan: every table behind it must be read through
 * an index whose condition names all of the path's columns, or a part of them where another index has all (of the tables behind a view: one does, the others by any
 * condition). `*ret_sorts`: it sorts. ERR_CONFIG with the path's line. */
int catalog_plan(struct catalog *c, const char *sql, const struct access_path *path,
                 bool *ret_sorts) MUSTCHECK;

/* Of a table of a few pages a plan says nothing, since any way to read it costs the same: is it one, with an index that begins with
 * the path's first column? */
int catalog_small_with_index(struct catalog *c, const struct access_path *path,
                             bool *ret) MUSTCHECK;

#endif
