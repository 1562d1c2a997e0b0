/* db/files.h: whether a database has the migrations and functions that this program was built with.
 *
 * Layer: db; blocking, for start-up and the command line. The build knows their names and SHA-256, the table schema_file what
 * `tolqujat migrate` applied. */
#ifndef DB_FILES_H
#define DB_FILES_H

#include <stdbool.h>

#include "base/macros.h"

struct err;

struct db_files {
    enum db_files_state {
        DB_FILES_SAME,
        /* It is not said what it was made of: other tables, made by hand, or the role may not read it. */
        DB_FILES_UNKNOWN,
        DB_FILES_OLDER, /* a migration waits */
        DB_FILES_NEWER, /* it has migrations that this program does not know; functions are not compared then */
        DB_FILES_OTHER /* a function, or a migration, has another text */
    } state;
    /* How many files are not as here; the first one of them. Of SAME and UNKNOWN: none. */
    int n;
    char name[128];
};

/* 0 or ERR_CONFIG, ERR_MEMORY, ERR_DATABASE (it can't be reached). */
int db_files_compare(const char *conninfo, struct db_files *ret, struct err *reterr) MUSTCHECK;

/* What is wrong, and what to do, as one sentence; "" of SAME and UNKNOWN. */
void db_files_sentence(const struct db_files *f, char *ret, unsigned room);

#endif
