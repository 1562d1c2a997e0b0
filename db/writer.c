/* db/writer.c: calls that change something, each in a transaction of its own. Layer: db, behind db/db_priv.h.
 *
 * One that writes has a connection to itself, so that waiting for a lock holds up nobody but others who write:
 *
 *     FREE --BEGIN, call--> CALLING --rows--> CALLED --COMMIT--> COMMITTING --------------> FREE
 *                              |                 |                   | the connection is lost
 *                              '----error--------'--> FAILED         '--> LOST --> SEEKING
 *                                                      --ROLLBACK--> ROLLING_BACK --> FREE
 *
 * A call that PostgreSQL chose to end for others' sake (a deadlock, a serialization failure) waits for a writer again, first in line.
 *
 * Until COMMIT is sent a lost connection means that nothing was changed. After that nobody knows, and the session may
 * even be about to commit still: so what the asker keeps for this transaction (marks on cached values) is settled only
 * when that session is seen to be gone, by a question over the next connection (SEEKING).
 *
 * An asker whose time is up leaves: at once while nothing of its call can take effect (COMMIT is never sent then), or when COMMIT has had a
 * moment. The writer goes on alone (`call` is NULL), to ROLLING_BACK or to the end of the COMMIT, and settles then as always.
 *
 * Nothing is sent from inside a callback of a connection: those set the state, and the turn that follows acts on it. */
#include "db/db_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

enum writer_state {
    WRITER_SHUT, /* its connection was never opened */
    WRITER_FREE,
    WRITER_CALLING,
    WRITER_CALLED,
    WRITER_COMMITTING,
    WRITER_FAILED,
    WRITER_ROLLING_BACK,
    WRITER_LOST,
    WRITER_SEEKING
};

enum { /* statements of these connections; the procedures follow */
    WRITE_COMMIT,
    WRITE_ROLLBACK,
    WRITE_SEEK,
    WRITE_CALLS
};

enum {
    WRITER_FAILURES_MAX =
        3,             /* attempts in a row, with no connection left: those who wait are told */
    CALL_AGAIN_MAX = 5 /* times that a call which lost a race is begun again */
};

struct writer {
    struct pg_conn conn;
    struct pg_task task;
    struct db *db;
    enum writer_state state;
    struct db_call *call; /* CALLING to COMMITTING; NULL: its asker has left */
    uint64_t called_ms;   /* uv_now() */
    uint64_t hurried_ms;  /* COMMITTING: uv_now() when the time of a call that is _hurried was up */
    int pid;              /* of the session that COMMIT was sent to */
    void (*settled)(void *kept);
    void *kept;
};

/* The call ends; the writer, whose state is set, is free of it. Last thing of its caller. */
static void writer_finish(struct writer *w, int rc)
{
    struct db_call *c = w->call;

    w->call = NULL;
    c->_writer = NULL;
    db_wake(w->db);
    call_end(w->db, c, rc);
}

static void settle(struct writer *w)
{
    if (w->settled)
        w->settled(w->kept);
    w->settled = NULL;
    w->kept = NULL;
}

/* Whether the call, which lost a race and so changed nothing, waits for a writer again. */
static bool call_again(struct writer *w, enum pg_fault fault)
{
    struct db *db = w->db;
    struct db_call *c = w->call;

    if (fault != PG_AGAIN || c->_hurried || db->closing || c->_tries == CALL_AGAIN_MAX)
        return false;
    w->call = NULL;
    c->_writer = NULL;
    c->_tries++;
    c->_started = false;
    c->call->slice = (struct slice){0};
    list_push_front(&db->calls, &c->_node);
    db->stats.calls_waiting++;
    db->stats.calls_again++;
    db_wake(db);
    return true;
}

/* PostgreSQL ends a wait for a lock by a signal to itself. When it gets the lock at that very moment (the one before it in the
 * line has given up just now, say) it takes the signal for somebody's request to cancel: 57014 in place of 55P03. */
static void name_lock_timeout(struct writer *w, enum pg_fault fault)
{
    const struct db_config *config = &w->db->config;
    uint64_t ms = uv_now(w->db->loop) - w->called_ms;

    if (fault == PG_CANCELED && ms >= config->lock_timeout_ms && ms < config->statement_timeout_ms)
        snprintf(w->conn.sqlstate, sizeof w->conn.sqlstate, "%s", "55P03");
}

/* ---- askers that leave ---- */

static void leave_committing(struct writer *w)
{
    w->call->call->slice = (struct slice){0};
    w->call->call->message = STR(
        "This did not come to its end in time, and it is not known whether it took effect. Look "
        "before you ask for it again.");
    writer_finish(w, ERR_OUTCOME_UNKNOWN);
}

void writer_hurry(struct writer *w)
{
    struct db_call *c = w->call;

    if (w->state == WRITER_COMMITTING) {
        if (c->_hurried)
            return;
        c->_hurried = true;
        w->hurried_ms = uv_now(w->db->loop);
        w->db->calls_hurried++;
        return;
    }
    w->call = NULL;
    c->_writer = NULL;
    if (w->state == WRITER_CALLING)
        w->db->calls_hurried++; /* until `called` */
    call_leave(w->db, c);
}

bool writers_committing(const struct db *db)
{
    for (uint32_t i = 0; i < db->config.writers; i++)
        if (db->writers[i].state == WRITER_COMMITTING && !db->writers[i].call)
            return true;
    return false;
}

/* ---- a writer ---- */

static void called(struct writer *w, enum pg_fault fault, const PGresult *res)
{
    struct db *db = w->db;
    struct call *c;
    int rc;

    if (!w->call) {
        w->state = fault == PG_LOST ? WRITER_FREE : WRITER_FAILED;
        db->calls_hurried--;
        db_wake(db);
        return;
    }
    c = w->call->call;
    if (fault == PG_FINE) {
        rc = call_rows(db, c, &db->call_statements[c->procedure->id], res);
        c->turned_down = w->conn.noted;
        c->subject = w->conn.noted ? w->conn.noted_about : 0;
        if (rc == 0) {
            w->state = WRITER_CALLED;
            db_wake(db);
            return;
        }
        w->state = WRITER_FAILED;
        writer_finish(w, rc);
        return;
    }
    w->state = fault == PG_LOST ? WRITER_FREE : WRITER_FAILED;
    name_lock_timeout(w, fault);
    if (!call_again(w, fault))
        writer_finish(w, call_refused(db, c, &w->conn, fault));
}

static void committed(struct writer *w, enum pg_fault fault, const PGresult *res)
{
    struct db *db = w->db;
    struct call *c = w->call ? w->call->call : NULL;
    int rc = 0;

    if (fault == PG_LOST) {
        w->state = WRITER_LOST;
        db_wake(db);
        if (!c)
            return;
        c->message =
            STR("The connection to the database was lost while this was being done, and it is not "
                "known whether it took effect. Look before you ask for it again.");
        writer_finish(w, ERR_OUTCOME_UNKNOWN);
        return;
    }
    settle(w);
    w->state = fault == PG_FINE ? WRITER_FREE : WRITER_FAILED;
    db_wake(db);
    if (!c || call_again(w, fault))
        return;
    if (fault != PG_FINE)
        rc = call_refused(db, c, &w->conn, fault);
    else if (strcmp(PQcmdStatus((PGresult *)(uintptr_t)res), "COMMIT") != 0)
        rc = call_internal(db, c->procedure, "its transaction could not be committed");
    writer_finish(w, rc);
}

static void sought(struct writer *w, enum pg_fault fault, const PGresult *res)
{
    bool gone = fault == PG_FINE && PQntuples(res) == 1 && PQgetlength(res, 0, 0) == 1 &&
                PQgetvalue(res, 0, 0)[0] == 0;

    w->state = gone ? WRITER_FREE : WRITER_LOST;
    if (gone)
        settle(w);
    db_wake(w->db);
}

static void writer_done(struct pg_task *task, enum pg_fault fault, const PGresult *res)
{
    struct writer *w = container_of(task, struct writer, task);

    switch (w->state) {
    case WRITER_CALLING:
        called(w, fault, res);
        break;
    case WRITER_COMMITTING:
        committed(w, fault, res);
        break;
    case WRITER_ROLLING_BACK: /* hit by a cancel request, perhaps: then it is said again */
        w->state = fault == PG_FINE || fault == PG_LOST ? WRITER_FREE : WRITER_FAILED;
        db_wake(w->db);
        break;
    case WRITER_SEEKING:
        sought(w, fault, res);
        break;
    case WRITER_SHUT:
    case WRITER_FREE:
    case WRITER_CALLED:
    case WRITER_FAILED:
    case WRITER_LOST:
        break; /* nothing of theirs is on its way */
    }
}

static void writer_send(struct writer *w, enum writer_state state, uint32_t statement,
                        const char *before, uint32_t n, const char *const *values)
{
    w->state = state;
    w->task = (struct pg_task){.statement = statement, .before = before, .done = writer_done};
    pg_conn_send(&w->conn, &w->task, n, values, NULL, NULL);
}

void writer_call(struct writer *w, struct db_call *c)
{
    const char *values[CALL_VALUE_MAX];
    uint32_t n = call_values(c, values);

    w->call = c;
    w->called_ms = uv_now(w->db->loop);
    w->conn.noted = false;
    c->_writer = w;
    writer_send(w, WRITER_CALLING, WRITE_CALLS + c->call->procedure->id, "BEGIN", n, values);
}

static void writer_seek(struct writer *w)
{
    char pid[16];
    const char *values[] = {pid};

    snprintf(pid, sizeof pid, "%d", w->pid);
    writer_send(w, WRITER_SEEKING, WRITE_SEEK, NULL, 1, values);
}

/* The function did its part. An asker that has left was told that it took too long: then it is undone, and so it is when
 * the asker can't do what has to be done before. */
static void writer_commit(struct writer *w)
{
    struct db_call *c = w->call;
    int rc = 0;

    w->kept = NULL;
    if (!c) {
        w->state = WRITER_FAILED;
        return;
    }
    if (c->committing)
        rc = c->committing(c, &w->kept);
    if (rc < 0) {
        w->state = WRITER_FAILED;
        c->call->slice = (struct slice){0};
        writer_finish(w, rc);
        return;
    }
    w->settled = w->kept ? c->settled : NULL;
    w->pid = pg_conn_backend(&w->conn);
    writer_send(w, WRITER_COMMITTING, WRITE_COMMIT, NULL, 0, NULL);
}

/* A session that is lost has rolled back, or will; its next one knows nothing of what went before. */
static void session_lost(struct writer *w)
{
    if (w->state == WRITER_FAILED) {
        w->state = WRITER_FREE;
    } else if (w->state == WRITER_CALLED) { /* between the rows and COMMIT */
        w->state = WRITER_FREE;
        if (!w->call)
            return;
        w->call->call->slice = (struct slice){0};
        writer_finish(w, call_refused(w->db, w->call->call, &w->conn, PG_LOST));
    }
}

static bool is_ready(const struct writer *w)
{
    return w->conn.state == PG_STATE_READY && !w->conn._broken && w->conn.tasks == 0;
}

/* Does what its state asks for, when its connection lets it. */
static void writer_turn(struct writer *w)
{
    if (w->state == WRITER_SHUT)
        return;
    if (w->state == WRITER_COMMITTING && w->call && w->call->_hurried &&
        uv_now(w->db->loop) - w->hurried_ms >= COMMIT_MS)
        leave_committing(w);
    if (!is_ready(w))
        return;
    if (w->state == WRITER_CALLED)
        writer_commit(w);
    if (w->state == WRITER_FAILED)
        writer_send(w, WRITER_ROLLING_BACK, WRITE_ROLLBACK, NULL, 0, NULL);
    else if (w->state == WRITER_LOST)
        writer_seek(w);
}

/* ---- connections ---- */

static void on_ready(struct pg_conn *c)
{
    struct writer *w = container_of(c, struct writer, conn);

    w->db->stats.connects++;
    w->db->writer_failures = 0;
    db_wake(w->db);
}

static void on_down(struct pg_conn *c, const char *why)
{
    struct writer *w = container_of(c, struct writer, conn);
    struct db *db = w->db;

    if (c == db->canceling)
        db->canceling = NULL;
    db->stats.errors++;
    if (db->writer_failures++ == 0 && db->config.note)
        db->config.note(why);
    session_lost(w);
    db_wake(db);
}

static void on_closed(struct pg_conn *c)
{
    db_handle_closed(container_of(c, struct writer, conn)->db);
}

static void writer_open(struct db *db, struct writer *w)
{
    const struct pg_conn_config conn = {
        .loop = db->loop,
        .info = &db->write_info,
        .sql = db->write_sql,
        .n_sql = WRITE_CALLS + db->access->n_procedures,
        .n_prepare = WRITE_CALLS,
        .max_tasks = 1,
        .connect_timeout_ms = db->config.connect_timeout_ms,
        .watch_ms =
            db->config.statement_timeout_ms ? db->config.statement_timeout_ms + WATCH_SLACK_MS : 0,
        .on_ready = on_ready,
        .on_down = on_down,
        .on_closed = on_closed,
        .owner = db,
    };

    if (pg_conn_open(&w->conn, &conn) < 0)
        return; /* those who wait have their deadlines */
    w->state = WRITER_FREE;
    db->handles++;
}

void writers_open(struct db *db, uint32_t waiting)
{
    uint32_t coming = 0;

    for (uint32_t i = 0; i < db->config.writers; i++)
        coming += db->writers[i].state == WRITER_FREE;
    for (uint32_t i = 0; i < db->config.writers && coming < waiting; i++)
        if (db->writers[i].state == WRITER_SHUT) {
            writer_open(db, &db->writers[i]);
            coming++;
        }
}

bool writers_down(const struct db *db)
{
    if (db->writer_failures < WRITER_FAILURES_MAX)
        return false;
    for (uint32_t i = 0; i < db->config.writers; i++)
        if (db->writers[i].state != WRITER_SHUT && db->writers[i].conn.state == PG_STATE_READY)
            return false;
    return true;
}

struct pg_conn *writers_cancel_due(struct db *db)
{
    for (uint32_t i = 0; i < db->config.writers; i++) {
        struct writer *w = &db->writers[i];
        if (w->state == WRITER_CALLING && !w->call && w->conn.state == PG_STATE_READY)
            return &w->conn;
    }
    return NULL;
}

struct writer *writer_free(struct db *db)
{
    for (uint32_t i = 0; i < db->config.writers; i++) {
        struct writer *w = &db->writers[i];
        /* What goes to a session that is being cancelled could be hit. */
        if (w->state == WRITER_FREE && is_ready(w) && db->canceling != &w->conn)
            return w;
    }
    return NULL;
}

/* ---- turns, opening, closing ---- */

bool writers_turn(struct db *db)
{
    bool seeking = false;

    for (uint32_t i = 0; i < db->config.writers; i++) {
        writer_turn(&db->writers[i]);
        seeking |= db->writers[i].state == WRITER_LOST;
    }
    return seeking;
}

int writers_init(struct db *db)
{
    static const char seek[] =
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1::integer AND backend_start < "
        "(SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()))";
    uint32_t n = db->access->n_procedures;

    db->write_sql = arena_array(&db->arena, WRITE_CALLS + n, sizeof *db->write_sql);
    db->writers = calloc(MAX(db->config.writers, 1u), sizeof *db->writers);
    if (!db->write_sql || !db->writers)
        return ERR_MEMORY;
    db->write_sql[WRITE_COMMIT] = "COMMIT";
    db->write_sql[WRITE_ROLLBACK] = "ROLLBACK";
    db->write_sql[WRITE_SEEK] = seek;
    for (uint32_t i = 0; i < n; i++)
        db->write_sql[WRITE_CALLS + i] = db->call_statements[i].sql;
    for (uint32_t i = 0; i < db->config.writers; i++)
        db->writers[i].db = db;
    return 0;
}

void writers_release(struct db *db)
{
    free(db->writers);
}

void writers_close(struct db *db)
{
    for (uint32_t i = 0; i < db->config.writers; i++) {
        struct writer *w = &db->writers[i];
        if (w->state == WRITER_SHUT)
            continue;
        pg_conn_close(&w->conn); /* what is on its way ends inside of this */
        session_lost(w);
        settle(w); /* nobody is left to look whether that session is gone */
    }
}
