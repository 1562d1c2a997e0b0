/* db/files_list.h: what db/migrations and db/functions held when this program was built. The text is made by db/list-files.
 *
 * Layer: db, private. */
#ifndef DB_FILES_LIST_H
#define DB_FILES_LIST_H

struct built_file {
    const char *name, *sha256; /* "migrations/0001_numbers.sql"; in hexadecimal digits */
};

/* Migrations in the order in which they are applied, then functions; behind the last one a name that is NULL. */
extern const struct built_file built_files[];

#endif
