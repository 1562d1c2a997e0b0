/* db/files.c: see db/files.h. */
#include "db/files.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "db/conninfo.h"
#include "db/files_list.h"

static bool is_migration(const char *name)
{
    return strncmp(name, "migrations/", 11) == 0;
}

static int find(const PGresult *done, const char *name)
{
    for (int i = 0; i < PQntuples(done); i++)
        if (strcmp(PQgetvalue(done, i, 0), name) == 0)
            return i;
    return -1;
}

static bool known(const char *name)
{
    for (const struct built_file *b = built_files; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return true;
    return false;
}

static void note(struct db_files *f, enum db_files_state state, const char *name)
{
    f->state = state;
    if (f->n++ == 0)
        snprintf(f->name, sizeof f->name, "%s", name);
}

static void look_for_waiting(struct db_files *f, const PGresult *done)
{
    for (const struct built_file *b = built_files; b->name; b++)
        if (is_migration(b->name) && find(done, b->name) < 0)
            note(f, DB_FILES_OLDER, b->name);
}

static void look_for_unknown(struct db_files *f, const PGresult *done)
{
    for (int i = 0; i < PQntuples(done); i++) {
        const char *name = PQgetvalue(done, i, 0);
        if (is_migration(name) && !known(name))
            note(f, DB_FILES_NEWER, name);
    }
}

static void look_for_other(struct db_files *f, const PGresult *done)
{
    for (const struct built_file *b = built_files; b->name; b++) {
        int at = find(done, b->name);
        if (at < 0 || strcmp(PQgetvalue(done, at, 1), b->sha256) != 0)
            note(f, DB_FILES_OTHER, b->name);
    }
}

/* A database of ours began with the first migration. */
static void compare(struct db_files *f, const PGresult *done)
{
    if (find(done, built_files[0].name) < 0)
        return;
    f->state = DB_FILES_SAME;
    look_for_waiting(f, done);
    if (f->n == 0)
        look_for_unknown(f, done);
    if (f->n == 0)
        look_for_other(f, done);
}

int db_files_compare(const char *conninfo, struct db_files *ret, struct err *reterr)
{
    void *conn;
    PGconn *pg;
    PGresult *res;
    int rc = conninfo_connect(&conn, conninfo, "", reterr);

    *ret = (struct db_files){.state = DB_FILES_UNKNOWN};
    if (rc < 0)
        return rc;
    pg = conn;
    res = PQexec(pg, "SELECT coalesce(has_table_privilege(to_regclass('schema_file'), 'SELECT'), "
                     "false)");
    if (PQresultStatus(res) == PGRES_TUPLES_OK && PQgetvalue(res, 0, 0)[0] == 't') {
        PQclear(res);
        res = PQexec(pg, "SELECT name, sha256 FROM schema_file ORDER BY name COLLATE \"C\"");
        if (PQresultStatus(res) == PGRES_TUPLES_OK)
            compare(ret, res);
    }
    PQclear(res);
    PQfinish(pg);
    return 0;
}

void db_files_sentence(const struct db_files *f, char *ret, unsigned room)
{
    *ret = '\0';
    switch (f->state) {
    case DB_FILES_SAME:
    case DB_FILES_UNKNOWN:
        return;
    case DB_FILES_OLDER:
        snprintf(ret, room,
                 "the database is older than this program: %s was not applied%s (run tolqujat "
                 "migrate)",
                 f->name, f->n > 1 ? ", nor were others" : "");
        return;
    case DB_FILES_NEWER:
        snprintf(ret, room, "the database is newer than this program: it has %s", f->name);
        return;
    case DB_FILES_OTHER:
        snprintf(ret, room,
                 "%s has another text in the database than in this program%s (run tolqujat "
                 "migrate, unless the database is the newer one)",
                 f->name, f->n > 1 ? ", and others have" : "");
        return;
    }
}
