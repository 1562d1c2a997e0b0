/* db/stream.c: see db/stream.h. */
#include "db/stream.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "db/conninfo.h"

/* What is looked up for each row goes by index, without parallel workers. The order is the query's own: where no index has it (the log by
 * chain has none), PostgreSQL sorts all of it first, on its disk. Here there is one row at a time all the same. */
#define SETTINGS                                                                                   \
    "-c default_transaction_read_only=on -c jit=off -c enable_seqscan=off -c enable_sort=off "     \
    "-c enable_bitmapscan=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"

struct stream {
    PGconn *pg;
    PGresult *row; /* NULL: none */
};

static int fail(const struct stream *s, const PGresult *res, struct err *reterr)
{
    const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    if (!text)
        text = PQerrorMessage(s->pg);
    return err_set(reterr, ERR_DATABASE, "%.*s", (int)strcspn(text, "\n"), text);
}

int stream_open(struct stream **ret, const char *conninfo, const char *sql, uint32_t n_params,
                const char *const *params, struct err *reterr)
{
    struct stream *s = calloc(1, sizeof *s);
    void *pg = NULL;
    int rc;

    if (!s)
        return err_set(reterr, ERR_MEMORY, "no memory for a query");
    rc = conninfo_connect(&pg, conninfo, SETTINGS, reterr);
    s->pg = pg;
    if (rc == 0 &&
        (PQsendQueryParams(s->pg, sql, (int)n_params, NULL, params, NULL, NULL, 1) != 1 ||
         PQsetSingleRowMode(s->pg) != 1))
        rc = fail(s, NULL, reterr);
    if (rc < 0) {
        stream_close(s);
        return rc;
    }
    *ret = s;
    return 0;
}

int stream_next(struct stream *s, struct err *reterr)
{
    ExecStatusType status;

    PQclear(s->row);
    s->row = PQgetResult(s->pg);
    if (!s->row)
        return 0;
    status = PQresultStatus(s->row);
    if (status == PGRES_SINGLE_TUPLE)
        return 1;
    if (status == PGRES_TUPLES_OK) /* the end, with no row in it */
        return 0;
    return fail(s, s->row, reterr);
}

void stream_close(struct stream *s)
{
    if (!s)
        return;
    PQclear(s->row);
    PQfinish(s->pg);
    free(s);
}

struct str stream_bytes(const struct stream *s, int column)
{
    if (PQgetisnull(s->row, 0, column))
        return (struct str){0};
    return (struct str){PQgetvalue(s->row, 0, column), (size_t)PQgetlength(s->row, 0, column)};
}

int64_t stream_number(const struct stream *s, int column)
{
    struct str bytes = stream_bytes(s, column);
    uint64_t n = 0;

    if (bytes.len == sizeof n)
        memcpy(&n, bytes.ptr, sizeof n);
    return (int64_t)be64toh(n);
}

bool stream_bool(const struct stream *s, int column)
{
    struct str bytes = stream_bytes(s, column);
    return bytes.len == 1 && bytes.ptr[0];
}
