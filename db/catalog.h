/* db/catalog.h: the live database beside the schema file. db_check (db/db.h) is the door.
 *
 * Layer: db, start-up only, blocking. Everything that can be wrong is found here, with the line of
 * the schema file, so that the running server meets no surprise: missing tables, columns, functions,
 * types that a codec can't write, null where a field is never null, a path without an index. */
#ifndef DB_CATALOG_H
#define DB_CATALOG_H

#include "base/access.h"

struct arena;
struct err;

/* What one check works with. */
struct catalog {
    void *pg;            /* PGconn; may not be in a transaction */
    struct arena *arena; /* for texts; released by the caller */
    struct err *reterr;
};

/* Whether an error of this SQLSTATE is about the moment (a lock, a shutdown, no room) and not about what was
 * asked: then nothing is known of the schema, as when there is no connection. */
bool catalog_error_passes(const char *sqlstate);
/* One table and its columns: sets type_oid and raw_is_text. */
int catalog_table(struct catalog *c, struct table *table) MUSTCHECK;
/* One path whose tables passed: sets key_oid, key_is_text, order[].type_oid and the filters' types,
 * then has every statement of it planned. A list whose order no index gives is logged. */
int catalog_path(struct catalog *c, struct access_path *path) MUSTCHECK;
/* db/catalog_plan.c: prepares the statement `sql` and looks at its generic plan: every table behind it
 * must be read through an index whose condition names all of `columns`. `*ret_sorts`: it sorts.
 * ERR_CONFIG with `line`. */
int catalog_plan(struct catalog *c, const char *sql, const struct str *columns, uint32_t n,
                 int line, bool *ret_sorts) MUSTCHECK;

#endif
