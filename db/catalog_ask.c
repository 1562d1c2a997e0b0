/* db/catalog_ask.c: see db/catalog_ask.h. Layer: db. */
#include "db/catalog_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "db/statement.h"
#include "db/types.h"

/* Whether an error of this SQLSTATE is about the moment (a lock, a shutdown, no room) and not about what was
 * asked: then nothing is known of the schema, as when there is no connection. */
static bool passes(const char *sqlstate)
{
    static const char *const passing[] = {"40", "53", "55P03", "57"};

    for (size_t i = 0; sqlstate && i < ARRAY_LEN(passing); i++)
        if (strncmp(sqlstate, passing[i], strlen(passing[i])) == 0)
            return true;
    return false;
}

int catalog_refuse(struct catalog *c, const struct pg_result *res, int line, const char *passing,
                   const char *refused)
{
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

    if (PQstatus(c->pg) != CONNECTION_OK || !text) {
        text = PQerrorMessage(c->pg);
        return err_set(c->reterr, ERR_DATABASE, "the database broke off: %.*s",
                       (int)strcspn(text, "\n"), text);
    }
    if (passes(PQresultErrorField(res, PG_DIAG_SQLSTATE)))
        return err_set(c->reterr, ERR_DATABASE, "%s: %.*s", passing, (int)strcspn(text, "\n"),
                       text);
    return err_set_at(c->reterr, ERR_CONFIG, line, 0, "%s: %.*s", refused, (int)strcspn(text, "\n"),
                      text);
}

static int refuse(struct catalog *c, const PGresult *res, int line, const char *what,
                  struct str name)
{
    char refused[ERR_MESSAGE_MAX], passing[ERR_MESSAGE_MAX];

    snprintf(refused, sizeof refused, "%s%.*s", what, STR_FMT(name));
    snprintf(passing, sizeof passing, "%s%.*s can't be looked at now", what, STR_FMT(name));
    return catalog_refuse(c, res, line, passing, refused);
}

void catalog_add_from(struct buf *b, const struct table *table)
{
    buf_add_z(b, table->rowless ? "unnest(NULL::" : "");
    statement_add_name(b, table->name);
    buf_add_z(b, table->rowless ? "[]) AS t" : " AS t");
    buf_add_char(b, '\0');
}

bool catalog_filter_fits(const struct filter_column *filter)
{
    uint32_t oid = filter->type_oid;
    bool is_integer = oid == OID_INT2 || oid == OID_INT4 || oid == OID_INT8;

    switch (filter->codec) {
    case CODEC_DATE:
        return oid == OID_DATE;
    case CODEC_TIMESTAMP:
        return oid == OID_TIMESTAMPTZ;
    case CODEC_BOOLEAN:
        return oid == OID_BOOL;
    case CODEC_INT:
        return is_integer;
    case CODEC_ENUM:
        return filter->is_text;
    case CODEC_ID:
    case CODEC_STRING:
        return filter->is_text || is_integer;
    case CODEC_FLOAT:
    case CODEC_FIXED:
    case CODEC_SIGNED:
    case CODEC_LINK:
        return false;
    case CODEC_KEY: /* made by hand: nothing is known of it */
        return true;
    }
    return false;
}

int catalog_type(struct catalog *c, const struct table *table, struct str expression, int line,
                 struct str name, uint32_t *ret_oid)
{
    PGresult *res = NULL;
    struct buf b;
    int rc = 0;

    buf_init(&b, 0);
    buf_addf(&b, "SELECT %.*s FROM ", STR_FMT(expression));
    catalog_add_from(&b, table);
    if (b.failed) {
        rc = err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
        goto out;
    }
    res = PQprepare(c->pg, "", b.ptr, 0, NULL);
    if (PQresultStatus(res) == PGRES_COMMAND_OK) {
        PQclear(res);
        res = PQdescribePrepared(c->pg, "");
    }
    if (PQresultStatus(res) != PGRES_COMMAND_OK || PQnfields(res) != 1) {
        char what[160];
        snprintf(what, sizeof what, "table %.*s, ", (int)MIN(table->name.len, 100u),
                 table->name.ptr);
        rc = refuse(c, res, line, what, name);
    } else {
        *ret_oid = PQftype(res, 0);
    }
out:
    PQclear(res);
    buf_release(&b);
    return rc;
}

int catalog_column_type(struct catalog *c, const struct table *table, struct str name, int line,
                        uint32_t *ret_oid)
{
    struct column plain = {.name = name, .codec = CODEC_KEY};
    struct buf b;
    int rc;

    buf_init(&b, 0);
    statement_add_cell(&b, &plain);
    rc = b.failed ? err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema")
                  : catalog_type(c, table, buf_str(&b), line, name, ret_oid);
    buf_release(&b);
    return rc;
}

int catalog_element(struct catalog *c, const struct table *table, uint32_t array, uint32_t *ret)
{
    PGresult *res;
    char sql[400];
    int rc = 0;

    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE e AS (SELECT oid, typtype, typbasetype FROM pg_type WHERE typarray = %u "
        "UNION ALL SELECT b.oid, b.typtype, b.typbasetype FROM e JOIN pg_type b "
        "ON e.typtype = 'd' AND b.oid = e.typbasetype) SELECT oid FROM e WHERE typtype <> 'd'",
        array);
    res = PQexec(c->pg, sql);
    *ret = 0;
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        rc = refuse(c, res, table->line, "table ", table->name);
    else if (PQntuples(res) == 1)
        *ret = (uint32_t)strtoul(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return rc;
}

int catalog_ask(struct catalog *c, const char *sql, const struct table *table, struct str a,
                struct str b, PGresult **ret)
{
    struct buf name;
    const char *params[3];
    int n = a.ptr ? b.ptr ? 3 : 2 : 1, rc = 0;
    PGresult *res = NULL;

    buf_init(&name, 0);
    statement_add_name(&name, table->name);
    buf_add_char(&name, '\0');
    params[0] = name.ptr;
    params[1] = arena_str(c->arena, a).ptr;
    params[2] = arena_str(c->arena, b).ptr;
    if (name.failed || !params[1] || !params[2]) {
        rc = err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    } else {
        res = PQexecParams(c->pg, sql, n, NULL, params, NULL, NULL, 0);
        if (PQresultStatus(res) != PGRES_TUPLES_OK)
            rc = refuse(c, res, table->line, "table ", table->name);
    }
    buf_release(&name);
    if (rc == 0)
        *ret = res;
    else
        PQclear(res);
    return rc;
}
