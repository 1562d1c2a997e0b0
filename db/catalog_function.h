/* db/catalog_function.h: does the function behind a path exist, and does it return what the schema file says?
 *
 * Layer: db, private, start-up only, blocking. */
#ifndef DB_CATALOG_FUNCTION_H
#define DB_CATALOG_FUNCTION_H

#include "base/access.h"
#include "base/macros.h"

struct catalog;

/* Sets the path's key_oid and key_is_text and the types of its filters and order; and, where `table`, the path's, is nothing but what the
 * function returns, type_oid and raw_is_text of its columns. 0 or a negative ERR_ with the check's `*reterr` filled. */
int catalog_function(struct catalog *c, struct table *table, struct access_path *path) MUSTCHECK;

#endif
