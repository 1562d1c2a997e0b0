/* db/pg_conn.c: see db/pg_conn.h.
 *
 * libpq hands results back in the order of sending, with its own punctuation: rows or an error, then
 * NULL for the end of one query; a sync comes as PGRES_PIPELINE_SYNC with no NULL after it. The ring
 * _fifo says what is expected next. After an error everything up to the sync comes as
 * PGRES_PIPELINE_ABORTED, so the first fault of a group is the one that counts.
 *
 * The socket may change inside PQconnectPoll (another host, no TLS), with the old number reused;
 * libuv would then modify an epoll entry that is gone and abort. So each step of connecting has a
 * poll handle of its own. */
#include "db/pg_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/macros.h"
#include "db/conninfo.h"

enum {
    EXPECT_PREPARE,
    EXPECT_COMMAND,
    EXPECT_QUERY,
    EXPECT_SYNC,
    EXPECT_FOR_TASK = 6,    /* deallocate, sync, before, prepare, query, sync */
    EXPECT_FOR_SETTINGS = 4 /* set, sync; reset, sync */
};

enum {
    STMT_UNPREPARED,
    STMT_PREPARING, /* sent; what follows may rely on it, as the server works in order */
    STMT_PREPARED,
    STMT_STALE /* known to the server, but no longer fitting */
};

enum {
    BACKOFF_MIN_MS = 50,
    BACKOFF_MAX_MS = 1000,
    STEADY_MS = 1000 /* a connection that lived shorter counts as a failed attempt */
};

struct pg_poller {
    uv_poll_t poll;
    struct pg_conn *conn;
    int events; /* watched for now */
};

static void connect_step(struct pg_conn *c);
static void pump(struct pg_conn *c, int events);
static void on_timer(uv_timer_t *timer);

static void set_state(struct pg_conn *c, enum pg_state state)
{
    c->state = state;
}

/* ---- handles ---- */

static void handle_closed(struct pg_conn *c)
{
    if (--c->_handles == 0 && c->state == PG_STATE_CLOSED)
        c->config.on_closed(c);
}

static void poller_closed(uv_handle_t *handle)
{
    struct pg_poller *p = handle->data;
    struct pg_conn *c = p->conn;

    free(p);
    handle_closed(c);
}

static void timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void poller_end(struct pg_conn *c)
{
    if (c->_poller)
        uv_close((uv_handle_t *)&c->_poller->poll, poller_closed);
    c->_poller = NULL;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct pg_poller *p = poll->data;

    if (status < 0)
        events = UV_READABLE | UV_WRITABLE; /* libpq finds out what is wrong */
    if (p->conn->state == PG_STATE_CONNECTING)
        connect_step(p->conn);
    else
        pump(p->conn, events);
}

/* Watches libpq's socket. false: no memory, or no socket. */
static bool poller_start(struct pg_conn *c, int events)
{
    struct pg_poller *p;
    int fd = PQsocket(c->_pg);

    if (!c->_poller) {
        p = fd < 0 ? NULL : malloc(sizeof *p);
        if (!p || uv_poll_init(c->config.loop, &p->poll, fd) < 0) {
            free(p);
            return false;
        }
        p->poll.data = p;
        p->conn = c;
        p->events = 0;
        c->_poller = p;
        c->_handles++;
    }
    p = c->_poller;
    if (p->events == events)
        return true; /* starting again would take the socket out of epoll and put it back */
    p->events = events;
    return uv_poll_start(&p->poll, events, on_poll) == 0;
}

/* ---- what is expected ---- */

static void expect(struct pg_conn *c, int kind, uint32_t statement, struct pg_task *task)
{
    uint32_t at = (c->_fifo_from + c->_fifo_n) % c->_fifo_cap;

    c->_fifo[at] = (struct pg_expect){(uint8_t)kind, statement, task};
    c->_fifo_n++;
}

static struct pg_expect expected(struct pg_conn *c)
{
    struct pg_expect e = c->_fifo[c->_fifo_from];

    c->_fifo_from = (c->_fifo_from + 1) % c->_fifo_cap;
    c->_fifo_n--;
    return e;
}

static void group_reset(struct pg_conn *c)
{
    PQclear(c->_res);
    c->_res = NULL;
    c->_fault = PG_FINE;
}

/* ---- failing and starting over ---- */

static unsigned backoff_ms(struct pg_conn *c)
{
    unsigned ms;

    if (c->_failures == 0)
        return 0;
    ms = c->_failures > 5 ? BACKOFF_MAX_MS : (unsigned)BACKOFF_MIN_MS << (c->_failures - 1);
    ms = MIN(ms, (unsigned)BACKOFF_MAX_MS);
    c->_random ^= c->_random << 13;
    c->_random ^= c->_random >> 7;
    c->_random ^= c->_random << 17;
    return ms / 2 + (unsigned)(c->_random % (ms / 2 + 1));
}

static void drop_tasks(struct pg_conn *c)
{
    group_reset(c);
    while (c->_fifo_n > 0) {
        struct pg_expect e = expected(c);
        if (e.task) {
            c->tasks--;
            e.task->done(e.task, PG_LOST, NULL);
        }
    }
}

static void disconnect(struct pg_conn *c)
{
    poller_end(c); /* before PQfinish closes its descriptor */
    PQfinish(c->_pg);
    c->_pg = NULL;
    c->_broken = false;
    c->_cancel_pending = false;
}

static void fail(struct pg_conn *c, const char *why)
{
    bool was_ready = c->state == PG_STATE_READY;

    if (!*why)
        why = "the connection broke";
    snprintf(c->_why, sizeof c->_why, "%.*s", (int)strcspn(why, "\n"), why);
    if (was_ready && uv_now(c->config.loop) - c->_ready_ms >= STEADY_MS)
        c->_failures = 0;
    else
        c->_failures++;
    disconnect(c);
    set_state(c, PG_STATE_WAITING);
    uv_timer_start(&c->_timer, on_timer, backoff_ms(c), 0);
    drop_tasks(c);
    c->config.on_down(c, c->_why);
}

/* ---- connecting ---- */

static int64_t detail_of(const PGresult *res)
{
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    return detail ? strtoll(detail, NULL, 10) : 0;
}

/* Notices come before the result that they belong to. Only a rule's are meant for us (db/refusal.h). */
static void got_notice(void *arg, const PGresult *res)
{
    struct pg_conn *c = arg;
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    if (pg_fault_of(sqlstate) != PG_RULE)
        return;
    c->noted = true;
    c->noted_about = detail_of(res);
}

static bool send_prepare(struct pg_conn *c, uint32_t i)
{
    char name[16];

    snprintf(name, sizeof name, "s%u", i);
    expect(c, EXPECT_PREPARE, i, NULL);
    c->_prepared[i] = STMT_PREPARING;
    return PQsendPrepare(c->_pg, name, c->config.sql[i], 0, NULL) == 1;
}

static bool send_sync(struct pg_conn *c, struct pg_task *task)
{
    expect(c, EXPECT_SYNC, 0, task);
    return PQpipelineSync(c->_pg) == 1;
}

/* A statement without rows, under a sync of its own. */
static bool send_command(struct pg_conn *c, const char *sql)
{
    expect(c, EXPECT_COMMAND, 0, NULL);
    return PQsendQueryParams(c->_pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1 && send_sync(c, NULL);
}

static void become_ready(struct pg_conn *c)
{
    set_state(c, PG_STATE_READY);
    uv_timer_stop(&c->_timer);
    c->_ready_ms = uv_now(c->config.loop);
    c->config.on_ready(c);
}

static void connected(struct pg_conn *c)
{
    bool ok = PQsetnonblocking(c->_pg, 1) == 0 && PQenterPipelineMode(c->_pg) == 1;

    set_state(c, PG_STATE_PREPARING);
    memset(c->_prepared, STMT_UNPREPARED, c->config.n_sql);
    /* A table that somebody has locked must not keep the others from being read: what can't be prepared at
     * once is prepared when first used. */
    ok = ok && send_command(c, "SET lock_timeout = '10ms'");
    for (uint32_t i = 0; ok && i < c->config.n_prepare; i++)
        ok = send_prepare(c, i) && send_sync(c, NULL);
    ok = ok && send_command(c, "RESET lock_timeout");
    if (!ok || !poller_start(c, UV_READABLE | UV_WRITABLE))
        fail(c, PQerrorMessage(c->_pg));
    else if (c->_fifo_n == 0)
        become_ready(c);
}

static void connect_step(struct pg_conn *c)
{
    int events = UV_WRITABLE;

    poller_end(c);
    switch (PQconnectPoll(c->_pg)) {
    case PGRES_POLLING_OK:
        connected(c);
        return;
    case PGRES_POLLING_READING:
        events = UV_READABLE;
        break;
    case PGRES_POLLING_WRITING:
    case PGRES_POLLING_ACTIVE:
        break;
    case PGRES_POLLING_FAILED:
        fail(c, PQerrorMessage(c->_pg));
        return;
    }
    if (!poller_start(c, events))
        fail(c, "no memory or no socket");
}

static void connect_start(struct pg_conn *c)
{
    c->attempts++;
    set_state(c, PG_STATE_CONNECTING);
    uv_timer_start(&c->_timer, on_timer, c->config.connect_timeout_ms, 0);
    c->_pg = PQconnectStartParams(c->config.info->keywords, c->config.info->values, 0);
    if (c->_pg)
        PQsetNoticeReceiver(c->_pg, got_notice, c); /* else they go to standard error */
    if (!c->_pg)
        fail(c, "no memory for a connection");
    else if (PQstatus(c->_pg) == CONNECTION_BAD)
        fail(c, PQerrorMessage(c->_pg));
    else if (!poller_start(c, UV_WRITABLE))
        fail(c, "no memory or no socket");
}

/* ---- reading ---- */

static void group_ended(struct pg_conn *c, struct pg_task *task)
{
    PGresult *res = c->_res;
    enum pg_fault fault = c->_fault;

    c->_res = NULL;
    c->_fault = PG_FINE;
    if (task) {
        c->tasks--;
        task->took_ms = uv_now(c->config.loop) - c->_head_ms;
        c->_head_ms = uv_now(c->config.loop);
        if (fault == PG_FINE && !res)
            fault = PG_REFUSED;
        if (fault == PG_STALE)
            pg_conn_mark_stale(c, task->statement);
        task->done(task, fault, fault == PG_FINE ? res : NULL);
    }
    PQclear(res);
}

static void got_error(struct pg_conn *c, const PGresult *res)
{
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    if (c->_fault != PG_FINE)
        return;
    c->_fault = pg_fault_of(sqlstate);
    snprintf(c->sqlstate, sizeof c->sqlstate, "%s", sqlstate ? sqlstate : "");
    snprintf(c->said, sizeof c->said, "%s", c->_fault == PG_RULE && message ? message : "");
    c->about = c->_fault == PG_RULE ? detail_of(res) : 0;
    if (c->_fault == PG_LOST)
        snprintf(c->_why, sizeof c->_why, "%.*s", message ? (int)strcspn(message, "\n") : 0,
                 message ? message : "");
}

/* One result; false when libpq and the ring disagree. */
static bool got_result(struct pg_conn *c, PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    struct pg_expect *head = &c->_fifo[c->_fifo_from];

    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(res);
        if (head->kind != EXPECT_SYNC)
            return false;
        group_ended(c, expected(c).task);
        return true;
    }
    if (head->kind == EXPECT_SYNC) {
        got_error(c, res); /* an error of the connection itself */
        PQclear(res);
        return c->_fault == PG_LOST;
    }
    if ((status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) && head->kind == EXPECT_QUERY &&
        !c->_res) {
        c->_res = res;
        return true;
    }
    if (status == PGRES_FATAL_ERROR)
        got_error(c, res);
    if (head->kind == EXPECT_PREPARE)
        c->_prepared[head->statement] = status == PGRES_COMMAND_OK ? STMT_PREPARED
                                                                   : STMT_UNPREPARED;
    PQclear(res);
    return true;
}

/* Reads all results that are there. A FATAL error ends it: the rest of the stream is worth nothing. */
static void drain(struct pg_conn *c)
{
    while (c->_fifo_n > 0 && !PQisBusy(c->_pg)) {
        PGresult *res = PQgetResult(c->_pg);
        if (PQstatus(c->_pg) != CONNECTION_OK) {
            PQclear(res);
            fail(c, PQerrorMessage(c->_pg));
            return;
        }
        if (!res) {
            if (c->_fifo[c->_fifo_from].kind == EXPECT_SYNC) {
                fail(c, "results out of step"); /* as when libpq had no memory for one */
                return;
            }
            expected(c);
        } else if (!got_result(c, res)) {
            fail(c, "results out of step");
            return;
        }
        if (c->_fault == PG_LOST) {
            char why[sizeof c->_why];
            memcpy(why, c->_why, sizeof why);
            fail(c, why);
            return;
        }
    }
    if (c->_fifo_n == 0 && c->state == PG_STATE_PREPARING)
        become_ready(c);
}

static void pump(struct pg_conn *c, int events)
{
    int unsent;

    if ((events & UV_READABLE) && !PQconsumeInput(c->_pg)) {
        fail(c, PQerrorMessage(c->_pg));
        return;
    }
    unsent = PQflush(c->_pg); /* reading may have made room, in the server and here */
    if (unsent < 0 || !poller_start(c, unsent ? UV_READABLE | UV_WRITABLE : UV_READABLE)) {
        fail(c, PQerrorMessage(c->_pg));
        return;
    }
    drain(c);
}

/* ---- sending ---- */

static bool send_task(struct pg_conn *c, struct pg_task *task, uint32_t n_params,
                      const char *const *values, const int *lengths, const int *formats)
{
    uint32_t i = task->statement;
    char text[40];
    bool ok = true;

    if (c->_prepared[i] == STMT_STALE) {
        snprintf(text, sizeof text, "DEALLOCATE s%u", i);
        expect(c, EXPECT_COMMAND, i, NULL);
        ok = PQsendQueryParams(c->_pg, text, 0, NULL, NULL, NULL, NULL, 0) == 1 &&
             send_sync(c, NULL);
        c->_prepared[i] = STMT_UNPREPARED;
    }
    if (ok && task->before) {
        expect(c, EXPECT_COMMAND, i, NULL);
        ok = PQsendQueryParams(c->_pg, task->before, 0, NULL, NULL, NULL, NULL, 0) == 1;
    }
    if (ok && c->_prepared[i] == STMT_UNPREPARED)
        ok = send_prepare(c, i);
    snprintf(text, sizeof text, "s%u", i);
    ok = ok && PQsendQueryPrepared(c->_pg, text, (int)n_params, values, lengths, formats, 1) == 1;
    expect(c, EXPECT_QUERY, i, NULL);
    return send_sync(c, task) && ok;
}

void pg_conn_send(struct pg_conn *c, struct pg_task *task, uint32_t n_params,
                  const char *const *values, const int *lengths, const int *formats)
{
    uint64_t now = uv_now(c->config.loop);
    bool ok;

    task->maybe_canceled = c->_cancel_pending;
    if (c->tasks++ == 0)
        c->_head_ms = now;
    ok = send_task(c, task, n_params, values, lengths, formats);
    if (ok) {
        int unsent = PQflush(c->_pg);
        ok = unsent >= 0 && PQsocket(c->_pg) >= 0 &&
             (unsent == 0 || poller_start(c, UV_READABLE | UV_WRITABLE));
    }
    if (!ok) {
        /* The caller is in the middle of something: tasks hear of it on a turn of their own. The
         * socket must not be watched till then: libpq may have closed it while it sent (it reads
         * to make room), and epoll refuses a closed descriptor, at which libuv aborts. */
        poller_end(c);
        c->_broken = true;
        uv_timer_start(&c->_timer, on_timer, 0, 0);
    } else if (c->config.watch_ms && !uv_is_active((uv_handle_t *)&c->_timer)) {
        uv_timer_start(&c->_timer, on_timer, c->config.watch_ms, 0);
    }
}

/* ---- time ---- */

static void watch(struct pg_conn *c)
{
    uint64_t age = uv_now(c->config.loop) - c->_head_ms;

    if (c->_broken)
        fail(c, PQerrorMessage(c->_pg));
    else if (c->tasks == 0)
        return; /* started again by the next send */
    else if (age >= c->config.watch_ms)
        fail(c, "the server does not answer");
    else
        uv_timer_start(&c->_timer, on_timer, c->config.watch_ms - age, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct pg_conn *c = timer->data;

    switch (c->state) {
    case PG_STATE_WAITING:
        connect_start(c);
        break;
    case PG_STATE_CONNECTING:
    case PG_STATE_PREPARING:
        fail(c, "connecting took too long");
        break;
    case PG_STATE_READY:
        watch(c);
        break;
    case PG_STATE_CLOSED:
        break;
    }
}

/* ---- the rest ---- */

int pg_conn_open(struct pg_conn *c, const struct pg_conn_config *config)
{
    *c = (struct pg_conn){.config = *config};
    c->_fifo_cap = 2 * config->n_prepare + EXPECT_FOR_SETTINGS +
                   EXPECT_FOR_TASK * config->max_tasks + 1;
    c->_fifo = calloc(c->_fifo_cap, sizeof *c->_fifo);
    c->_prepared = calloc(config->n_sql + 1, 1);
    if (!c->_fifo || !c->_prepared) {
        free(c->_fifo);
        free(c->_prepared);
        return ERR_MEMORY;
    }
    c->_random = uv_hrtime() ^ (uint64_t)(uintptr_t)c ^ ((uint64_t)uv_os_getpid() << 32) ^ 1;
    uv_timer_init(config->loop, &c->_timer);
    c->_timer.data = c;
    c->_handles = 1;
    uv_timer_start(&c->_timer, on_timer, 0, 0);
    return 0;
}

struct pg_task *pg_conn_head(const struct pg_conn *c, uint64_t *ret_since_ms)
{
    for (uint32_t i = 0; i < c->_fifo_n; i++) {
        const struct pg_expect *e = &c->_fifo[(c->_fifo_from + i) % c->_fifo_cap];
        if (e->task) {
            *ret_since_ms = c->_head_ms;
            return e->task;
        }
    }
    return NULL;
}

int pg_conn_backend(const struct pg_conn *c)
{
    return c->_pg ? PQbackendPID(c->_pg) : 0;
}

static void mark_tasks(struct pg_conn *c)
{
    for (uint32_t i = 0; i < c->_fifo_n; i++) {
        struct pg_expect *e = &c->_fifo[(c->_fifo_from + i) % c->_fifo_cap];
        if (e->task)
            e->task->maybe_canceled = true;
    }
}

void pg_conn_cancel_sent(struct pg_conn *c)
{
    c->_cancel_pending = true;
    mark_tasks(c);
}

void pg_conn_cancel_answered(struct pg_conn *c)
{
    c->_cancel_pending = false;
}

void pg_conn_mark_stale(struct pg_conn *c, uint32_t statement)
{
    if (c->_prepared[statement] == STMT_PREPARED)
        c->_prepared[statement] = STMT_STALE;
}

void pg_conn_close(struct pg_conn *c)
{
    if (c->state == PG_STATE_CLOSED)
        return;
    disconnect(c);
    set_state(c, PG_STATE_CLOSED);
    uv_close((uv_handle_t *)&c->_timer, timer_closed);
    drop_tasks(c);
    free(c->_fifo);
    free(c->_prepared);
    c->_fifo = NULL;
    c->_prepared = NULL;
}
