/* db/catalog_plan.h: does a statement go through an index?
 *
 * Layer: db, private, start-up only, blocking. */
#ifndef DB_CATALOG_PLAN_H
#define DB_CATALOG_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct catalog;

/* Prepares the statement `sql` and looks at its generic plan: every table behind it must be read through
 * an index whose condition names all of `columns`. `*ret_sorts`: it sorts. ERR_CONFIG with `line`. */
int catalog_plan(struct catalog *c, const char *sql, const struct str *columns, uint32_t n,
                 int line, bool *ret_sorts) MUSTCHECK;

#endif
