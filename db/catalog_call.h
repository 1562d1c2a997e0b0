/* db/catalog_call.h: does the function behind a field with @procedure exist, as the schema file would call it, and
 * may it be called by those alone who should?
 *
 * Layer: db, private, start-up only, blocking. */
#ifndef DB_CATALOG_CALL_H
#define DB_CATALOG_CALL_H

#include "base/macros.h"

struct access_path;
struct catalog;
struct procedure;

/* After the tables were checked. Sets what a scalar is sent as, and `nothing`. 0 or a negative ERR_ with the check's
 * `*reterr` filled: ERR_CONFIG with the line of the field or of the argument. */
int catalog_call(struct catalog *c, struct procedure *p) MUSTCHECK;
/* The same of the function whose rows a path's list is: there is one of that name, it only reads, the server's role may
 * call it, and it returns a set of the table's rows. */
int catalog_list_function(struct catalog *c, const struct access_path *path) MUSTCHECK;

#endif
