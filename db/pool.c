/* db/pool.c: the connections of one struct db: readers, and one that carries cancel requests.
 *
 * Layer: db, behind db/db_priv.h. libpq 15 can cancel only by a call that blocks (PQcancel), and asks
 * the postmaster for a new process each time; pg_cancel_backend() over a connection of its own does
 * neither. A request names a backend, not a statement, so it may hit the neighbour that follows:
 * pg_conn marks those that it could have hit, and batch.c asks them again. */
#include "db/db_priv.h"

#include <endian.h>
#include <stdlib.h>

#include "base/err.h"

static const char *const control_sql[] = {"SELECT pg_cancel_backend($1::integer)"};

static void on_ready(struct pg_conn *c)
{
    struct db *db = c->config.owner;

    db->n_ready++;
    db->failures = 0;
    db->stats.connects++;
    db_wake(db);
}

static void count_ready(struct db *db)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < db->n_readers; i++)
        n += db->readers[i].state == PG_STATE_READY;
    if (n == 0 && db->n_ready > 0) {
        db->down_ms = uv_now(db->loop);
        db->failures = 0;
    }
    db->n_ready = n;
}

static void on_down(struct pg_conn *c, const char *why)
{
    struct db *db = c->config.owner;
    uint32_t before = db->n_ready;

    if (c == db->canceling)
        db->canceling = NULL;
    count_ready(db);
    db->failures += before == 0; /* an attempt that failed, not the loss that began the outage */
    db->stats.errors++;
    /* Once when a connection is lost, then once a minute or so of attempts. */
    if (db->config.note && (db->failures < 2 || db->failures % 100 == 0))
        db->config.note(why);
    db_wake(db); /* a lost connection's keys go elsewhere; an outage fails those that wait */
}

static void on_closed(struct pg_conn *c)
{
    db_handle_closed(c->config.owner);
}

static void control_ready(struct pg_conn *c)
{
    (void)c;
}

static void control_down(struct pg_conn *c, const char *why)
{
    (void)c;
    (void)why; /* the readers tell of the same */
}

int pool_open(struct db *db)
{
    const struct db_config *cfg = &db->config;
    struct pg_conn_config conn = {
        .loop = db->loop,
        .info = &db->info,
        .sql = db->sql,
        .n_sql = db->n_statements + db->access->n_procedures,
        .n_prepare = db->n_path_statements,
        .max_tasks = cfg->batches,
        .connect_timeout_ms = cfg->connect_timeout_ms,
        .watch_ms = cfg->statement_timeout_ms ? cfg->statement_timeout_ms + WATCH_SLACK_MS : 0,
        .on_ready = on_ready,
        .on_down = on_down,
        .on_closed = on_closed,
        .owner = db,
    };

    db->down_ms = uv_now(db->loop);
    db->readers = calloc(cfg->readers, sizeof *db->readers);
    if (!db->readers)
        return ERR_MEMORY;
    for (; db->n_readers < cfg->readers; db->n_readers++) {
        if (pg_conn_open(&db->readers[db->n_readers], &conn) < 0)
            return ERR_MEMORY;
        db->handles++;
    }
    return 0;
}

void pool_close(struct db *db)
{
    for (uint32_t i = 0; i < db->n_readers; i++)
        pg_conn_close(&db->readers[i]);
    if (db->control_open)
        pg_conn_close(&db->control);
}

void pool_release(struct db *db)
{
    free(db->readers);
}

/* What goes behind a slow statement can't be taken back, so it rather waits for a connection that moves. */
static bool is_stalled(const struct db *db, const struct pg_conn *c)
{
    uint64_t since = 0;

    return pg_conn_head(c, &since) && uv_now(db->loop) - since >= STALL_MS;
}

struct pg_conn *pool_pick(struct db *db)
{
    struct pg_conn *best = NULL;

    for (uint32_t i = 0; i < db->n_readers; i++) {
        struct pg_conn *c = &db->readers[i];
        if (c->state == PG_STATE_READY && !c->_broken && c->tasks < db->config.batches &&
            (!best || c->tasks < best->tasks) && !is_stalled(db, c))
            best = c;
    }
    return best;
}

bool pool_is_scarce(const struct db *db)
{
    uint32_t moving = 0;

    for (uint32_t i = 0; i < db->n_readers; i++) {
        const struct pg_conn *c = &db->readers[i];
        moving += c->state == PG_STATE_READY && !c->_broken && !is_stalled(db, c);
    }
    return db->n_readers > 1 && moving < 2;
}

bool pool_is_down(const struct db *db)
{
    return db->n_ready == 0 && db->failures > 0 && uv_now(db->loop) - db->down_ms > OUTAGE_GRACE_MS;
}

void pool_mark_stale(struct db *db, uint32_t statement)
{
    for (uint32_t i = 0; i < db->n_readers; i++)
        if (db->readers[i].state == PG_STATE_READY)
            pg_conn_mark_stale(&db->readers[i], statement);
}

/* ---- cancel requests ---- */

static void cancel_done(struct pg_task *task, enum pg_fault fault, const PGresult *res)
{
    struct db *db = container_of(task, struct db, cancel);

    (void)fault;
    (void)res;
    if (db->canceling)
        pg_conn_cancel_answered(db->canceling);
    db->canceling = NULL;
    db_wake(db); /* its connection may take calls again */
}

static void control_open(struct db *db)
{
    struct pg_conn_config conn = {
        .loop = db->loop,
        .info = &db->info,
        .sql = control_sql,
        .n_sql = 1,
        .n_prepare = 1,
        .max_tasks = 1,
        .connect_timeout_ms = db->config.connect_timeout_ms,
        .watch_ms = WATCH_SLACK_MS,
        .on_ready = control_ready,
        .on_down = control_down,
        .on_closed = on_closed,
        .owner = db,
    };

    if (pg_conn_open(&db->control, &conn) < 0)
        return; /* statement_timeout ends the statement */
    db->control_open = true;
    db->handles++;
}

static void cancel_send(struct db *db, struct pg_conn *c)
{
    uint32_t pid = htobe32((uint32_t)pg_conn_backend(c));
    const char *values[] = {(const char *)&pid};
    const int lengths[] = {sizeof pid}, formats[] = {1};

    db->canceling = c;
    db->cancel = (struct pg_task){.statement = 0, .done = cancel_done};
    pg_conn_cancel_sent(c);
    pg_conn_send(&db->control, &db->cancel, 1, values, lengths, formats);
}

static void cancel(struct db *db, struct pg_conn *c)
{
    if (!db->control_open)
        control_open(db);
    else if (db->control.state == PG_STATE_READY && db->control.tasks == 0)
        cancel_send(db, c);
}

void pool_cancel_orphans(struct db *db)
{
    uint64_t since, now = uv_now(db->loop);
    struct pg_conn *writing;

    for (uint32_t i = 0; i < db->n_readers && !db->canceling; i++) {
        struct pg_conn *c = &db->readers[i];
        struct pg_task *head = c->state == PG_STATE_READY ? pg_conn_head(c, &since) : NULL;
        if (head && (call_orphan(head) || (now - since >= ORPHAN_MS && batch_orphan(head))))
            cancel(db, c);
    }
    writing = db->canceling ? NULL : writers_cancel_due(db);
    if (writing)
        cancel(db, writing);
}
