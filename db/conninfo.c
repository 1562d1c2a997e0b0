/* db/conninfo.c: see db/conninfo.h. */
#include "db/conninfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/err.h"

struct extra {
    const char *keyword, *value;
};

/* Added unless the user set them. A peer that vanished is noticed in 10 s, not in hours. */
static const struct extra extras[] = {
    {"application_name", "tolqujat"}, {"connect_timeout", "10"},    {"tcp_user_timeout", "10000"},
    {"keepalives_idle", "30"},        {"keepalives_interval", "5"}, {"keepalives_count", "3"},
};

static bool is_set(const PQconninfoOption *parsed, const char *keyword)
{
    for (const PQconninfoOption *o = parsed; o->keyword; o++)
        if (o->val && strcmp(o->keyword, keyword) == 0)
            return true;
    return false;
}

/* Ours first, then the user's, so that his settings win; PGOPTIONS would be lost otherwise. */
static char *merge_options(const PQconninfoOption *parsed, const char *settings)
{
    const char *users = getenv("PGOPTIONS");
    struct buf b;

    for (const PQconninfoOption *o = parsed; o->keyword; o++)
        if (o->val && strcmp(o->keyword, "options") == 0)
            users = o->val;
    buf_init(&b, 0);
    buf_add_z(&b, settings);
    if (users) {
        buf_add_char(&b, ' ');
        buf_add_z(&b, users);
    }
    buf_add_char(&b, '\0');
    if (b.failed) {
        buf_release(&b);
        return NULL;
    }
    return b.ptr;
}

int conninfo_init(struct conninfo *c, const char *text, const char *settings, struct err *reterr)
{
    PQconninfoOption *parsed = PQconninfoParse(text, NULL);
    size_t n = 0, room = ARRAY_LEN(extras) + 4;

    *c = (struct conninfo){0};
    if (!parsed)
        return err_set(reterr, ERR_CONFIG,
                       "the connection string of the database can't be understood (expected "
                       "\"host=... dbname=...\" or postgresql://...)");
    c->_parsed = parsed;
    for (const PQconninfoOption *o = parsed; o->keyword; o++)
        room++;
    c->keywords = calloc(room, sizeof *c->keywords);
    c->values = calloc(room, sizeof *c->values);
    c->_options = merge_options(parsed, settings);
    if (!c->keywords || !c->values || !c->_options) {
        conninfo_release(c);
        return err_set(reterr, ERR_MEMORY, "no memory for the connection string");
    }
    for (const PQconninfoOption *o = parsed; o->keyword; o++) {
        if (!o->val || strcmp(o->keyword, "options") == 0 ||
            strcmp(o->keyword, "client_encoding") == 0)
            continue;
        c->keywords[n] = o->keyword;
        c->values[n++] = o->val;
    }
    for (size_t i = 0; i < ARRAY_LEN(extras); i++) {
        if (is_set(parsed, extras[i].keyword))
            continue;
        c->keywords[n] = extras[i].keyword;
        c->values[n++] = extras[i].value;
    }
    c->keywords[n] = "client_encoding";
    c->values[n++] = "UTF8";
    c->keywords[n] = "options";
    c->values[n] = c->_options;
    return 0;
}

void conninfo_name_writer(struct conninfo *c, long pid, uint32_t instance)
{
    size_t n = 0;

    while (strcmp(c->keywords[n], "application_name") != 0) /* conninfo_init has seen to it */
        n++;
    snprintf(c->_name, sizeof c->_name, "%.36s" CONNINFO_WRITER, c->values[n], pid,
             (unsigned)instance);
    for (char *p = c->_name; *p; p++)
        if ((unsigned char)*p >=
            0x80) /* PostgreSQL 16 makes four bytes of it, and cuts off the end */
            *p = '?';
    c->values[n] = c->_name;
}

void conninfo_set_replication(struct conninfo *c)
{
    size_t n = 0;

    while (c->keywords[n])
        n++;
    c->keywords[n] = "replication"; /* conninfo_init left room for one more */
    c->values[n] = "database";
}

void conninfo_release(struct conninfo *c)
{
    PQconninfoFree(c->_parsed);
    free(c->keywords);
    free(c->values);
    free(c->_options);
    *c = (struct conninfo){0};
}

/* One port, or one for each host with commas between; libpq takes an empty one for its default. */
static bool is_ports(const char *text)
{
    for (const char *p = text;; p++) {
        char *end = NULL;
        long port = *p && *p != ',' ? strtol(p, &end, 10) : 0;
        if (end && (end == p || port < 1 || port > 65535))
            return false;
        if (end)
            p = end;
        if (*p != ',')
            return *p == '\0';
    }
}

int conninfo_check(const char *text, const char *flag, struct err *reterr)
{
    PQconninfoOption *parsed = PQconninfoParse(text, NULL);
    int rc = parsed ? 0
                    : err_set(reterr, ERR_CONFIG,
                              "%s: not a connection string of PostgreSQL (expected \"host=... "
                              "dbname=...\" or postgresql://...)",
                              flag);

    for (const PQconninfoOption *o = parsed; rc == 0 && o->keyword; o++)
        if (o->val && strcmp(o->keyword, "port") == 0 && !is_ports(o->val))
            rc = err_set(reterr, ERR_CONFIG, "%s: its port is no number from 1 to 65535", flag);
    PQconninfoFree(parsed);
    return rc;
}

int conninfo_connect(void **ret_conn, const char *text, const char *settings, struct err *reterr)
{
    struct conninfo info;
    PGconn *pg;
    int rc = conninfo_init(&info, text, settings, reterr);

    if (rc < 0)
        return rc;
    pg = PQconnectdbParams(info.keywords, info.values, 0);
    conninfo_release(&info);
    if (!pg)
        return err_set(reterr, ERR_MEMORY, "no memory for a connection to the database");
    if (PQstatus(pg) != CONNECTION_OK) {
        char *line = PQerrorMessage(pg);
        rc = err_set(reterr, ERR_DATABASE, "no connection to the database: %.*s",
                     (int)strcspn(line, "\n"), line);
        PQfinish(pg);
        return rc;
    }
    *ret_conn = pg;
    return 0;
}
