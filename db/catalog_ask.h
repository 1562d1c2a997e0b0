/* db/catalog_ask.h: what the check of a schema file asks the live database, and how an answer that is an
 * error is told.
 *
 * Layer: db, private, start-up only, blocking. Types are not read from the catalog but asked for: a
 * statement that selects the column is described, which resolves domains and functions exactly as the
 * real statements will. All return 0 or a negative ERR_ with the check's `*reterr` filled; `line` is that
 * of the schema file. */
#ifndef DB_CATALOG_ASK_H
#define DB_CATALOG_ASK_H

#include <stdbool.h>

#include "base/access.h"

struct arena;
struct buf;
struct err;
struct pg_result;

/* What one check works with. */
struct catalog {
    void *pg;            /* PGconn; may not be in a transaction */
    struct arena *arena; /* for texts; released by the caller */
    struct err *reterr;
    /* Of tables about persons those that the role may change: the first, and how many. */
    const struct table *writable;
    uint32_t n_writable;
    bool way_refused; /* what was refused last is the way of a plan, not the statement */
};

/* Tells the error `res`: ERR_DATABASE when the connection broke, or with `passing` when it is about the
 * moment (a lock, a shutdown, no room); else the schema file is wrong: ERR_CONFIG at `line` with
 * `refused`. PostgreSQL's own words stand behind either. */
int catalog_refuse(struct catalog *c, const struct pg_result *res, int line, const char *passing,
                   const char *refused);
/* What stands behind FROM so that rows of `table` are `t`, a NUL behind it; of a composite type none ever are. */
void catalog_add_from(struct buf *b, const struct table *table);
/* The type of `expression` over the rows of `table`, whose names are already quoted; `name` says it in
 * errors. */
int catalog_type(struct catalog *c, const struct table *table, struct str expression, int line,
                 struct str name, uint32_t *ret_oid) MUSTCHECK;
/* The same for a plain column. */
int catalog_column_type(struct catalog *c, const struct table *table, struct str name, int line,
                        uint32_t *ret_oid) MUSTCHECK;
/* The type of the elements of the array type `array`, below its domains; 0: it is no array type. `table` is
 * the one that is asked about. */
int catalog_element(struct catalog *c, const struct table *table, uint32_t array,
                    uint32_t *ret) MUSTCHECK;
/* Whether a value of the filter's codec can be compared with, or given as, what its type_oid says (is_text set). */
bool catalog_filter_fits(const struct filter_column *filter);
/* Runs a query of the catalog with `table` (as a quoted name) and up to two more texts. `*ret` is the
 * caller's to clear. */
int catalog_ask(struct catalog *c, const char *sql, const struct table *table, struct str a,
                struct str b, struct pg_result **ret) MUSTCHECK;

#endif
