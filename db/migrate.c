/* db/migrate.c: see db/migrate.h.
 *
 * What was applied stands in the table schema_file: the file's name and the SHA-256 of its text. The
 * advisory lock is held by the session, so it goes when the process dies. Each file is sent as one
 * string in a transaction of ours; a file that ends that transaction by itself is refused. grants.sql stands beside the
 * folders and is no migration: it says who may do what, of all that there is, every time. */
#include "db/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "db/conninfo.h"

enum {
    FILE_MAX = 64 << 20, /* bytes; reference data may be long */
    HEX_MAX = 2 * SHA256_BYTES + 1
};

/* "tolqujat" in ASCII; the key of the lock that migrations take. */
#define LOCK_KEY "8389764519253795188"

struct migration {
    const struct migrate *m;
    PGconn *pg;
    int applied;
    struct err *reterr;
};

static int fail_pg(struct migration *g, const PGresult *res, const char *what)
{
    const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!text)
        text = PQerrorMessage(g->pg);
    return err_set(g->reterr, ERR_DATABASE, "%s: %.*s", what, (int)strcspn(text, "\n"), text);
}

/* One statement of our own with text parameters. The result is put in `*ret` when that is not NULL. */
static int run(struct migration *g, const char *what, const char *sql, int n,
               const char *const *params, PGresult **ret)
{
    PGresult *res = PQexecParams(g->pg, sql, n, NULL, params, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(res);
    int rc = 0;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        rc = fail_pg(g, res, what);
    if (rc == 0 && ret)
        *ret = res;
    else
        PQclear(res);
    return rc;
}

static int read_file(struct migration *g, const char *name, struct buf *b)
{
    char path[4096], chunk[65536];
    size_t n;
    FILE *f;

    if (snprintf(path, sizeof path, "%s/%s", g->m->dir, name) >= (int)sizeof path)
        return err_set(g->reterr, ERR_CONFIG, "%s: the path is too long", name);
    f = fopen(path, "rbe");
    if (!f)
        return err_set(g->reterr, ERR_CONFIG, "%s: %s", path, strerror(errno));
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && !b->failed)
        buf_add(b, chunk, n);
    n = (size_t)ferror(f);
    fclose(f);
    if (n)
        return err_set(g->reterr, ERR_CONFIG, "%s can't be read", path);
    if (memchr(b->ptr ? b->ptr : "", 0, b->len))
        return err_set(g->reterr, ERR_CONFIG, "%s holds a NUL byte", path);
    if (b->failed)
        return err_set(g->reterr, ERR_CONFIG, "%s is longer than %d bytes", path, FILE_MAX);
    return 0;
}

static int file_hash(struct migration *g, const struct buf *text, char hex[HEX_MAX])
{
    struct sha256 h;
    int rc = sha256(buf_str(text), &h);

    if (rc < 0)
        return err_set(g->reterr, rc, "SHA-256 failed");
    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", h.bytes[i]);
    return 0;
}

/* Line of PostgreSQL's error position, which counts characters from 1. */
static int error_line(const char *text, const char *position)
{
    long n = strtol(position, NULL, 10);
    int line = 1;

    for (; *text && n > 1; text++) {
        if (((unsigned char)*text & 0xC0) != 0x80)
            n--;
        line += *text == '\n';
    }
    return line;
}

static int fail_file(struct migration *g, const char *name, const char *text, const PGresult *res,
                     int statement)
{
    const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);

    if (!message)
        message = PQerrorMessage(g->pg);
    if (position) {
        int line = error_line(text, position);
        return err_set_at(g->reterr, ERR_DATABASE, line, 0, "%s:%d: %.*s", name, line,
                          (int)strcspn(message, "\n"), message);
    }
    return err_set(g->reterr, ERR_DATABASE, "%s: statement %d: %.*s%s%s", name, statement,
                   (int)strcspn(message, "\n"), message, detail ? ": " : "", detail ? detail : "");
}

/* Sends the whole file as one simple query; counts statements, so that an error has a place. */
static int run_text(struct migration *g, const char *name, const char *text)
{
    int statement = 0, rc = 0;
    PGresult *res;

    if (!PQsendQuery(g->pg, text))
        return fail_pg(g, NULL, name);
    while ((res = PQgetResult(g->pg))) {
        ExecStatusType status = PQresultStatus(res);
        statement++;
        if (rc == 0 && (status == PGRES_COPY_IN || status == PGRES_COPY_OUT))
            rc = err_set(g->reterr, ERR_CONFIG, "%s: statement %d: COPY with data of the client",
                         name, statement);
        else if (rc == 0 && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
                 status != PGRES_EMPTY_QUERY)
            rc = fail_file(g, name, text, res, statement);
        PQclear(res);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
            return rc; /* the connection is of no more use */
    }
    if (rc == 0 && PQtransactionStatus(g->pg) != PQTRANS_INTRANS)
        rc = err_set(g->reterr, ERR_CONFIG, "%s ends the transaction that it is applied in", name);
    return rc;
}

static int apply(struct migration *g, const char *name, const struct buf *text, const char *hex)
{
    const char *params[] = {name, hex};
    struct timespec from, to;
    int rc;

    clock_gettime(CLOCK_MONOTONIC, &from);
    rc = run(g, name, "BEGIN", 0, NULL, NULL);
    if (rc == 0)
        rc = run_text(g, name, text->ptr);
    if (rc == 0)
        rc = run(g, name,
                 "INSERT INTO schema_file (name, sha256) VALUES ($1, $2) ON CONFLICT (name) "
                 "DO UPDATE SET sha256 = excluded.sha256, applied_at = now()",
                 2, params, NULL);
    if (rc == 0)
        rc = run(g, name, "COMMIT", 0, NULL, NULL);
    if (rc < 0) {
        PQclear(PQexec(g->pg, "ROLLBACK"));
        return rc;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    g->applied++;
    if (g->m->applied)
        g->m->applied(name, (double)(to.tv_sec - from.tv_sec) +
                                (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    return 0;
}

/* Row of `name` in what was applied, or -1. */
static int find_applied(const PGresult *done, const char *name)
{
    for (int i = 0; i < PQntuples(done); i++)
        if (strcmp(PQgetvalue(done, i, 0), name) == 0)
            return i;
    return -1;
}

static int one_file(struct migration *g, const PGresult *done, const char *name, bool repeatable)
{
    char hex[HEX_MAX] = "";
    struct buf text;
    int at = find_applied(done, name), rc;

    buf_init(&text, FILE_MAX);
    rc = read_file(g, name, &text);
    if (rc == 0)
        rc = file_hash(g, &text, hex);
    buf_add_char(&text, '\0');
    if (rc == 0 && text.failed)
        rc = err_set(g->reterr, ERR_MEMORY, "no memory for %s", name);
    if (rc < 0 || (at >= 0 && strcmp(PQgetvalue(done, at, 1), hex) == 0))
        goto out;
    if (at >= 0 && !repeatable)
        rc = err_set(g->reterr, ERR_CONFIG,
                     "%s has changed since it was applied; a change is a new migration", name);
    else
        rc = apply(g, name, &text, hex);
out:
    buf_release(&text);
    return rc;
}

static int is_sql(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".sql") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* bytes, not the locale's order */
}

static bool listed(struct dirent **list, int n, const char *file)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i]->d_name, file) == 0)
            return true;
    return false;
}

/* What was applied must still be there, and nothing new may sort before it. */
static int check_order(struct migration *g, const PGresult *done, struct dirent **list, int n)
{
    static const char prefix[] = "migrations/";
    const char *newest = "";

    for (int i = 0; i < PQntuples(done); i++) {
        const char *name = PQgetvalue(done, i, 0);
        if (strncmp(name, prefix, sizeof prefix - 1) != 0)
            continue;
        name += sizeof prefix - 1;
        if (!listed(list, n, name))
            return err_set(g->reterr, ERR_CONFIG,
                           "migrations/%s was applied to this database, but the file is missing%s",
                           name,
                           n > 0 && strcmp(name, list[n - 1]->d_name) > 0
                               ? ": the database is newer than this program"
                               : "");
        if (strcmp(name, newest) > 0)
            newest = name;
    }
    for (int i = 0; i < n; i++) {
        char name[512];
        snprintf(name, sizeof name, "%s%s", prefix, list[i]->d_name);
        if (find_applied(done, name) < 0 && strcmp(list[i]->d_name, newest) < 0)
            return err_set(g->reterr, ERR_CONFIG,
                           "%s is new, but sorts before migrations/%s, which was applied", name,
                           newest);
    }
    return 0;
}

static int one_folder(struct migration *g, const PGresult *done, const char *folder,
                      bool repeatable)
{
    struct dirent **list = NULL;
    char path[4096];
    int rc = 0, n;

    snprintf(path, sizeof path, "%s/%s", g->m->dir, folder);
    n = scandir(path, &list, is_sql, by_name);
    if (n < 0 && errno == ENOENT && repeatable)
        return 0; /* a project without functions */
    if (n < 0)
        return err_set(g->reterr, ERR_CONFIG, "%s: %s", path, strerror(errno));
    if (!repeatable)
        rc = check_order(g, done, list, n);
    for (int i = 0; i < n && rc == 0; i++) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", folder, list[i]->d_name);
        rc = one_file(g, done, name, repeatable);
    }
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
    return rc;
}

/* Who may do what is said anew each time, in one transaction: a role or a table may be younger than the text. */
static int grants(struct migration *g)
{
    static const char name[] = "grants.sql";
    char path[4096];
    struct buf text;
    int rc;

    snprintf(path, sizeof path, "%s/%s", g->m->dir, name);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0; /* a project without roles */
    buf_init(&text, FILE_MAX);
    rc = read_file(g, name, &text);
    buf_add_char(&text, '\0');
    if (rc == 0 && text.failed)
        rc = err_set(g->reterr, ERR_MEMORY, "no memory for %s", name);
    if (rc == 0)
        rc = run(g, name, "BEGIN", 0, NULL, NULL);
    if (rc == 0)
        rc = run_text(g, name, text.ptr);
    if (rc == 0)
        rc = run(g, name, "COMMIT", 0, NULL, NULL);
    buf_release(&text);
    return rc;
}

/* What a function upkeep() of the database does, when it has one. */
static int upkeep(struct migration *g)
{
    PGresult *res = NULL;
    int rc = run(g, "upkeep()", "SELECT to_regprocedure('upkeep()') IS NOT NULL", 0, NULL, &res);

    if (rc == 0 && PQgetvalue(res, 0, 0)[0] == 't')
        rc = run(g, "upkeep()", "SELECT upkeep()", 0, NULL, NULL);
    PQclear(res);
    return rc;
}

static int migrate(struct migration *g)
{
    PGresult *done = NULL;
    int rc = run(g, "lock for migrations", "SELECT pg_advisory_lock(" LOCK_KEY ")", 0, NULL, NULL);

    if (rc == 0)
        rc = run(g, "table schema_file",
                 "CREATE TABLE IF NOT EXISTS schema_file (name text PRIMARY KEY, "
                 "sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
                 0, NULL, NULL);
    if (rc == 0)
        rc = run(g, "table schema_file", "SELECT name, sha256 FROM schema_file", 0, NULL, &done);
    if (rc == 0)
        rc = one_folder(g, done, "migrations", false);
    if (rc == 0)
        rc = one_folder(g, done, "functions", true);
    if (rc == 0)
        rc = grants(g);
    if (rc == 0)
        rc = upkeep(g);
    PQclear(done);
    return rc;
}

static void drop_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

int migrate_run(const struct migrate *m, int *ret_applied, struct err *reterr)
{
    struct migration g = {.m = m, .reterr = reterr};
    void *pg;
    int rc = conninfo_connect(&pg, m->conninfo, "", reterr);

    if (rc < 0)
        return rc;
    g.pg = pg;
    PQsetNoticeReceiver(g.pg, drop_notice, NULL);
    rc = migrate(&g);
    PQfinish(g.pg);
    if (rc == 0)
        *ret_applied = g.applied;
    return rc;
}
