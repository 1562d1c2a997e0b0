/* db/append.c: see db/append.h. */
#include "db/append.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "db/array.h"
#include "db/conninfo.h"
#include "db/pg_conn.h"

enum {
    AGAIN_MS = 500,  /* between two sendings of what is refused */
    GRACE_MS = 1000, /* a restart is short */
    SEEK_MS = 20,    /* between two looks for the session that was lost */
    NOTE_EVERY = 100 /* attempts */
};

/* Ends the session that a statement was lost with, and says whether it was still there: it may be about to commit, or, where the
 * network went, not even know that nobody listens. */
static const char seek[] =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid = $1::integer AND "
    "usename = current_user AND application_name = current_setting('application_name') AND "
    "backend_start < (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())";

struct append {
    uv_loop_t *loop;
    struct append_config config;
    struct conninfo info;
    struct pg_conn conn;
    struct pg_task pg_task;
    struct append_task *task; /* not committed yet */
    uv_timer_t again;
    bool repeated; /* `task` was sent before */
    bool seeking; /* whether the session that it was sent in is gone: not before it is sent again */
    int pid;      /* of that session */
    const char **sql; /* the caller's, and seek */
    bool closing;
    uint64_t down_ms; /* loop time since when it is not ready; 0: it is */
    unsigned failures;
    unsigned handles;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* ---- up and down ---- */

static void set_up(struct append *a)
{
    a->down_ms = 0;
    a->failures = 0;
}

static void set_down(struct append *a, const char *why)
{
    if (!a->down_ms)
        a->down_ms = MAX(uv_now(a->loop), (uint64_t)1);
    if (a->config.note && (a->failures < 2 || a->failures % NOTE_EVERY == 0))
        a->config.note(why);
    a->failures++;
}

/* ---- one statement ---- */

static void send_again(uv_timer_t *timer);

static void end_task(struct append *a, const PGresult *rows)
{
    struct append_task *task = a->task;

    a->task = NULL;
    a->repeated = false;
    set_up(a);
    task->_rows = rows;
    task->done(task);
    if (append_is_free(a))
        a->config.on_free(a->config.data);
}

static void failed(struct append *a, enum pg_fault fault)
{
    char why[80];

    if (a->task->once && (fault == PG_REFUSED || fault == PG_DATA || fault == PG_CANCELED)) {
        end_task(a, NULL);
        return;
    }
    snprintf(why, sizeof why, "rows can't be added (SQLSTATE %s)", a->conn.sqlstate);
    set_down(a, why);
    uv_timer_start(&a->again, send_again, fault == PG_AGAIN || fault == PG_STALE ? 1 : AGAIN_MS, 0);
}

static void on_sent(struct pg_task *pg_task, enum pg_fault fault, const PGresult *res)
{
    struct append *a = container_of(pg_task, struct append, pg_task);

    if (a->closing || fault == PG_LOST)
        return; /* it is sent again when the connection stands again */
    if (fault == PG_FINE)
        end_task(a, res);
    else
        failed(a, fault);
}

/* One that is lost may be committed while it is sent again: then what it added could not be seen, and would be there twice. */
static void on_sought(struct pg_task *pg_task, enum pg_fault fault, const PGresult *res)
{
    struct append *a = container_of(pg_task, struct append, pg_task);
    int64_t there = 1;
    uint64_t pause;

    if (a->closing || fault == PG_LOST)
        return;
    if (fault == PG_FINE && PQntuples(res) == 1 && PQgetlength(res, 0, 0) == sizeof there)
        memcpy(&there, PQgetvalue(res, 0, 0), sizeof there);
    else
        set_down(a, "the session that was lost can't be ended");
    a->seeking = there != 0;
    pause = fault == PG_FINE ? SEEK_MS : AGAIN_MS;
    uv_timer_start(&a->again, send_again, a->seeking ? pause : 0, 0);
}

static void seek_send(struct append *a)
{
    char pid[16];
    const char *values[] = {pid};

    snprintf(pid, sizeof pid, "%d", a->pid);
    a->pg_task = (struct pg_task){.statement = a->config.n_sql, .done = on_sought};
    pg_conn_send(&a->conn, &a->pg_task, 1, values, NULL, NULL);
}

static void task_send(struct append *a)
{
    const struct append_task *task = a->task;
    const char *values[APPEND_PARAMS_MAX];
    int lengths[APPEND_PARAMS_MAX], formats[APPEND_PARAMS_MAX];

    for (uint32_t i = 0; i < task->n_params; i++) {
        values[i] = task->params[i].bytes.ptr;
        lengths[i] = (int)task->params[i].bytes.len;
        formats[i] = 1;
    }
    a->pg_task =
        (struct pg_task){.statement = a->repeated ? task->again : task->statement, .done = on_sent};
    a->repeated = true;
    a->pid = pg_conn_backend(&a->conn);
    pg_conn_send(&a->conn, &a->pg_task, task->n_params, values, lengths, formats);
}

static void send_again(uv_timer_t *timer)
{
    struct append *a = timer->data;

    if (!a->task || a->conn.state != PG_STATE_READY || a->conn.tasks > 0)
        return;
    if (a->seeking)
        seek_send(a);
    else
        task_send(a);
}

bool append_is_free(const struct append *a)
{
    return !a->closing && !a->task && a->conn.state == PG_STATE_READY;
}

void append_send(struct append *a, struct append_task *task)
{
    a->task = task;
    a->repeated = false;
    task_send(a);
}

/* ---- what it gave ---- */

bool append_was_done(const struct append_task *task)
{
    return task->_rows != NULL;
}

int append_n_rows(const struct append_task *task)
{
    return task->_rows ? PQntuples(task->_rows) : 0;
}

struct str append_text(const struct append_task *task, int row, int column)
{
    if (PQgetisnull(task->_rows, row, column))
        return (struct str){0};
    return (struct str){PQgetvalue(task->_rows, row, column),
                        (size_t)PQgetlength(task->_rows, row, column)};
}

int64_t append_number(const struct append_task *task, int row, int column)
{
    struct str bytes = append_text(task, row, column);
    uint64_t n = 0;

    if (bytes.len == sizeof n)
        memcpy(&n, bytes.ptr, sizeof n);
    return (int64_t)be64toh(n);
}

bool append_is_ready(const struct append *a)
{
    return a->down_ms == 0;
}

bool append_is_down(const struct append *a)
{
    return a->failures > 0 && a->down_ms && uv_now(a->loop) - a->down_ms > GRACE_MS;
}

/* ---- the connection ---- */

static void on_ready(struct pg_conn *c)
{
    struct append *a = c->config.owner;

    uv_timer_stop(&a->again);
    if (a->task && a->task->forget) {
        end_task(a, NULL);
        return;
    }
    if (a->task) { /* up again when that is committed */
        a->seeking = true;
        seek_send(a);
        return;
    }
    set_up(a);
    a->config.on_free(a->config.data);
}

static void on_down(struct pg_conn *c, const char *why)
{
    set_down(c->config.owner, why);
}

static void append_free(struct append *a)
{
    conninfo_release(&a->info);
    free(a->sql);
    free(a);
}

static void closed(struct append *a)
{
    void (*on_closed)(void *data) = a->on_closed;
    void *data = a->on_closed_data;

    if (--a->handles)
        return;
    append_free(a);
    if (on_closed)
        on_closed(data);
}

static void on_conn_closed(struct pg_conn *c)
{
    closed(c->config.owner);
}

static void on_timer_closed(uv_handle_t *handle)
{
    closed(handle->data);
}

/* ---- the whole ---- */

int append_open(struct append **ret, struct uv_loop_s *loop, const struct append_config *config,
                struct err *reterr)
{
    struct append *a = calloc(1, sizeof *a);
    struct pg_conn_config conn = {.loop = loop,
                                  .n_sql = config->n_sql + 1,
                                  .n_prepare = config->n_sql,
                                  .max_tasks = 1,
                                  .connect_timeout_ms = config->connect_timeout_ms,
                                  .watch_ms = config->watch_ms,
                                  .on_ready = on_ready,
                                  .on_down = on_down,
                                  .on_closed = on_conn_closed,
                                  .owner = a};
    int rc;

    if (!a)
        return err_set(reterr, ERR_MEMORY, "no memory for a connection");
    a->loop = loop;
    a->config = *config;
    a->down_ms = MAX(uv_now(loop), (uint64_t)1);
    rc = conninfo_init(&a->info, config->conninfo, CONNINFO_APPEND_SETTINGS, reterr);
    if (rc < 0) {
        free(a);
        return rc;
    }
    a->sql = calloc(conn.n_sql, sizeof *a->sql);
    for (uint32_t i = 0; a->sql && i < conn.n_sql; i++)
        a->sql[i] = i < config->n_sql ? config->sql[i] : seek;
    conn.info = &a->info;
    conn.sql = a->sql;
    if (!a->sql || pg_conn_open(&a->conn, &conn) < 0) {
        append_free(a);
        return err_set(reterr, ERR_MEMORY, "no memory for a connection");
    }
    uv_timer_init(loop, &a->again);
    a->again.data = a;
    a->handles = 2;
    *ret = a;
    return 0;
}

void append_close(struct append *a, void (*on_closed)(void *data), void *data)
{
    a->closing = true;
    a->on_closed = on_closed;
    a->on_closed_data = data;
    uv_close((uv_handle_t *)&a->again, on_timer_closed);
    pg_conn_close(&a->conn);
}
