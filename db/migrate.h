/* db/migrate.h: brings a database to the newest schema: db/migrations/NAME.sql once each, in name
 * order, each in one transaction; then db/functions/NAME.sql whenever their text changed; at last, every time, db/grants.sql
 * and the function upkeep(), where there is one. Blocking; for the command line, never on the loop. Two that run at the same
 * moment take turns (advisory lock). */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "base/macros.h"

struct err;

struct migrate {
    const char *conninfo;
    const char *dir; /* the folder that holds migrations/, functions/ and grants.sql */
    /* Called for each file that was applied; may be NULL. */
    void (*applied)(const char *name, double seconds);
};

/* hash_start() must have run. 0 and how many files were applied, or ERR_CONFIG (a file is missing, or one that was applied
 * before has changed since: said by name) or ERR_DATABASE (file, line and PostgreSQL's message). */
int migrate_run(const struct migrate *m, int *ret_applied, struct err *reterr) MUSTCHECK;

#endif
