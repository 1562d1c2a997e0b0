/* db/session.c: see db/session.h. */
#include "db/session.h"

#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "db/conninfo.h"

struct session {
    PGconn *pg;
    PGresult *result; /* of the last statement; NULL: none */
    enum pg_fault fault;
};

static void drop_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

int session_open(struct session **ret, const char *conninfo, const char *settings,
                 struct err *reterr)
{
    struct session *s = calloc(1, sizeof *s);
    void *pg = NULL;
    int rc;

    if (!s)
        return err_set(reterr, ERR_MEMORY, "no memory for a connection");
    rc = conninfo_connect(&pg, conninfo, settings, reterr);
    if (rc < 0) {
        free(s);
        return rc;
    }
    s->pg = pg;
    PQsetNoticeReceiver(s->pg, drop_notice, NULL);
    *ret = s;
    return 0;
}

void session_close(struct session *s)
{
    if (!s)
        return;
    PQclear(s->result);
    PQfinish(s->pg);
    free(s);
}

/* What libpq says of a connection: of the connection alone, not of what went over it. */
static int lost(struct session *s, struct err *reterr)
{
    const char *text = PQerrorMessage(s->pg);

    s->fault = PG_LOST;
    return err_set(reterr, ERR_DATABASE, "the connection to the database is lost: %.*s",
                   (int)strcspn(text, "\n"), text);
}

int session_send(struct session *s, const char *sql, uint32_t n_params,
                 const struct session_param *params, struct err *reterr)
{
    const char *values[SESSION_PARAMS_MAX];
    int lengths[SESSION_PARAMS_MAX], formats[SESSION_PARAMS_MAX];

    if (n_params > SESSION_PARAMS_MAX)
        return err_set(reterr, ERR_INTERNAL, "a statement has too many parameters");
    for (uint32_t i = 0; i < n_params; i++) {
        values[i] = params[i].value.ptr;
        lengths[i] = (int)params[i].value.len;
        formats[i] = params[i].binary;
    }
    PQclear(s->result);
    s->result = NULL;
    s->fault = PG_FINE;
    if (PQsendQueryParams(s->pg, sql, (int)n_params, NULL, values, lengths, formats, 0) != 1)
        return lost(s, reterr);
    return 0;
}

static const char *named(const PGresult *res, int field, const char *before, char ret[80])
{
    const char *name = PQresultErrorField(res, field);

    ret[0] = '\0';
    if (name)
        snprintf(ret, 80, "%s%s", before, name);
    return ret;
}

static int fail(struct session *s, const PGresult *res, struct err *reterr)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    char table[80], column[80], constraint[80];

    s->fault = pg_fault_of(state);
    if (s->fault == PG_LOST)
        return lost(s, reterr);
    /* "permission denied for ...", "... does not exist": names alone. */
    if (s->fault == PG_RULE || strncmp(state, "42", 2) == 0)
        return err_set(reterr, ERR_DATABASE, "%s", text ? text : state);
    /* An index can't hold what a record has, or it is nested too deeply for a function. */
    if (strncmp(state, "54", 2) == 0)
        s->fault = PG_DATA;
    return err_set(reterr, ERR_DATABASE, "the database can't take it (SQLSTATE %s%s%s%s)", state,
                   named(res, PG_DIAG_TABLE_NAME, ", table ", table),
                   named(res, PG_DIAG_COLUMN_NAME, ", column ", column),
                   named(res, PG_DIAG_CONSTRAINT_NAME, ", constraint ", constraint));
}

int session_wait(struct session *s, struct err *reterr)
{
    PGresult *res;
    int rc = 0;
    bool any = false;

    while ((res = PQgetResult(s->pg))) {
        ExecStatusType status = PQresultStatus(res);
        any = true;
        if (rc == 0 && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            rc = fail(s, res, reterr);
        if (rc == 0 && !s->result)
            s->result = res;
        else
            PQclear(res);
    }
    return rc == 0 && !any ? lost(s, reterr) : rc;
}

int session_run(struct session *s, const char *sql, uint32_t n_params,
                const struct session_param *params, struct err *reterr)
{
    int rc = session_send(s, sql, n_params, params, reterr);
    return rc < 0 ? rc : session_wait(s, reterr);
}

enum pg_fault session_fault(const struct session *s)
{
    return s->fault;
}

uint32_t session_rows(const struct session *s)
{
    return (uint32_t)PQntuples(s->result);
}

const char *session_text(const struct session *s, uint32_t row, uint32_t column)
{
    return PQgetvalue(s->result, (int)row, (int)column);
}
