/* db/follow_sql.c: see db/follow_priv.h. */
#include "db/follow_priv.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "db/conninfo.h"

enum {
    SQL_MAX = 256 * 1024
};

int follow_slot_name(char ret[FOLLOW_SLOT_MAX])
{
    uint64_t random;

    if (random_bytes(&random, sizeof random) < 0)
        return ERR_INTERNAL;
    snprintf(ret, FOLLOW_SLOT_MAX, "tolqujat_%016llx", (unsigned long long)random);
    return 0;
}

static void add_literal(struct buf *b, PGconn *pg, const char *text, size_t n)
{
    char *quoted = PQescapeLiteral(pg, text, n);

    if (!quoted) {
        b->failed = true;
        return;
    }
    buf_add_z(b, quoted);
    PQfreemem(quoted);
}

static bool complete(struct buf *b)
{
    buf_add_char(b, '\0');
    return !b->failed;
}

bool follow_sql_check(struct buf *b, PGconn *pg, const struct follow_config *config)
{
    buf_clear(b);
    buf_add_z(b, "SELECT t FROM unnest(ARRAY[");
    for (uint32_t i = 0; i < config->n_tables; i++) {
        if (i)
            buf_add_char(b, ',');
        add_literal(b, pg, config->tables[i].ptr, config->tables[i].len);
    }
    buf_add_z(b, "]::text[]) t WHERE NOT EXISTS (SELECT FROM pg_publication_tables p "
                 "WHERE p.tablename = t AND p.pubname = ");
    add_literal(b, pg, config->publication, strlen(config->publication));
    buf_add_z(b, ") LIMIT 1");
    return complete(b);
}

bool follow_sql_create(struct buf *b, const char *slot)
{
    buf_clear(b);
    buf_addf(b, "CREATE_REPLICATION_SLOT \"%s\" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT",
             slot);
    return complete(b);
}

bool follow_sql_start(struct buf *b, PGconn *pg, const char *slot, const char *publication)
{
    char *name = PQescapeIdentifier(pg, publication, strlen(publication));

    buf_clear(b);
    buf_addf(b, "START_REPLICATION SLOT \"%s\" LOGICAL 0/0 (proto_version '1', publication_names ",
             slot);
    if (name)
        add_literal(b, pg, name, strlen(name));
    b->failed |= !name;
    PQfreemem(name);
    buf_add_char(b, ')');
    return complete(b);
}

void follow_status(char ret[FOLLOW_STATUS_BYTES], uint64_t position, bool reply)
{
    uint64_t n = htobe64(position);

    memset(ret, 0, FOLLOW_STATUS_BYTES);
    ret[0] = 'r';
    for (int i = 0; i < 3; i++) /* received, on disk, applied */
        memcpy(ret + 1 + 8 * i, &n, sizeof n);
    ret[FOLLOW_STATUS_BYTES - 1] = reply; /* before it a time, which nobody needs */
}

/* ---- for the command line ---- */

static int say(PGconn *pg, const PGresult *res, struct err *reterr)
{
    const char *why = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

    if (!why)
        why = PQerrorMessage(pg);
    return err_set(reterr, ERR_DATABASE, "%.*s", (int)strcspn(why, "\n"), why);
}

static int check_on(PGconn *pg, const struct follow_config *config, struct buf *b,
                    struct err *reterr)
{
    char slot[FOLLOW_SLOT_MAX];
    PGresult *res;
    int rc = 0;

    if (!follow_sql_check(b, pg, config))
        return err_set(reterr, ERR_MEMORY, "no memory");
    res = PQexec(pg, b->ptr);
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        rc = say(pg, res, reterr);
    else if (PQntuples(res) > 0)
        rc = err_set(reterr, ERR_DATABASE, "the publication %s does not have table %s",
                     config->publication, PQgetvalue(res, 0, 0));
    PQclear(res);
    if (rc == 0)
        rc = follow_slot_name(slot) < 0 || !follow_sql_create(b, slot)
                 ? err_set(reterr, ERR_MEMORY, "no memory")
                 : 0;
    if (rc < 0)
        return rc;
    res = PQexec(pg, b->ptr); /* which goes with the session */
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        rc = say(pg, res, reterr);
    PQclear(res);
    return rc;
}

int follow_check(const struct follow_config *config, struct err *reterr)
{
    struct conninfo info;
    struct buf b;
    PGconn *pg;
    int rc = conninfo_init(&info, config->conninfo, FOLLOW_SETTINGS, reterr);

    if (rc < 0)
        return rc;
    conninfo_set_replication(&info);
    pg = PQconnectdbParams(info.keywords, info.values, 0);
    conninfo_release(&info);
    buf_init(&b, SQL_MAX);
    if (PQstatus(pg) != CONNECTION_OK)
        rc = say(pg, NULL, reterr);
    else
        rc = check_on(pg, config, &b, reterr);
    buf_release(&b);
    PQfinish(pg);
    return rc;
}
