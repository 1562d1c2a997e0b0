/* db/db.c: opening, fetching, turns, closing. Layer: db; db/db_priv.h has the picture.
 *
 * When a turn runs. What wakes the loop (a socket, a timer) makes fetches; uv_check comes right after
 * all of it, so everything that arrived together leaves together. uv_prepare comes before the loop
 * sleeps and takes what came up since. A fetch made by somebody else's prepare callback, after ours,
 * would be slept over; so db_wake also starts an idle handle, which forbids sleeping, and the turn
 * stops it again (in the usual case before the loop ever looked at it). */
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "db/db_priv.h"

enum {
    READERS_MAX = 256,
    WRITERS_MAX = 64,
    IDLE_IN_TRANSACTION_MS =
        10000, /* between a function and its COMMIT, were this process to hang */
    BATCHES_MAX = 64,
    BATCH_KEYS_MAX = 16384,
    FREE_JOBS_MAX = 4096 /* kept for reuse */
};

/* ---- jobs ---- */

void list_move(struct list *from, struct list *to)
{
    list_init(to);
    if (list_empty(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

static struct job *job_new(struct db *db)
{
    struct job *job;

    if (!list_empty(&db->free_jobs)) {
        job = container_of(db->free_jobs.next, struct job, node);
        list_remove(&job->node);
        db->n_free_jobs--;
    } else {
        job = malloc(sizeof *job);
    }
    if (job) {
        *job = (struct job){.db = db};
        list_init(&job->node);
        list_init(&job->live);
    }
    return job;
}

static void job_free(struct job *job)
{
    struct db *db = job->db;

    if (db->n_free_jobs == FREE_JOBS_MAX) {
        free(job);
        return;
    }
    list_push_front(&db->free_jobs, &job->node);
    db->n_free_jobs++;
}

void job_unref(struct job *job)
{
    job->refs--;
    if (job->fetch)
        return;
    job->db->dead_refs--;
    if (job->refs == 0)
        job_free(job);
}

void job_end(struct job *job, int rc, struct list *where)
{
    struct db *db = job->db;

    if (!job->fetch || job->ending)
        return;
    if (job->next < job->fetch->n) {
        uint32_t unsent = job->fetch->n - job->next;
        job->lane->keys -= unsent;
        db->stats.waiting -= unsent;
        job->next = job->fetch->n;
    }
    list_remove(&job->node);
    list_push_back(where, &job->node);
    job->ending = true;
    job->rc = rc;
    if (where == &db->later)
        db_wake(db);
}

void jobs_done(struct list *list)
{
    struct list due;

    list_move(list, &due);
    while (!list_empty(&due)) {
        struct job *job = container_of(due.next, struct job, node);
        struct fetch *f = job->fetch;
        int rc = job->rc;
        list_remove(&job->node);
        list_remove(&job->live);
        job->fetch = NULL;
        job->db->dead_refs += job->refs;
        if (job->refs == 0)
            job_free(job);
        f->_answerer = NULL;
        f->done(f, rc);
    }
}

/* ---- turns ---- */

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* the turn comes with prepare */
}

void db_wake(struct db *db)
{
    db->dirty = true;
    uv_idle_start(&db->idle, on_idle);
}

void lane_add(struct db *db, struct lane *lane)
{
    if (list_empty(&lane->node) && (lane->keys > 0 || !list_empty(&lane->retries)))
        list_push_back(&db->lanes, &lane->node);
}

/* Sends from all lanes by turns while connections have room. true: some lane only bides its time. */
static bool send_lanes(struct db *db)
{
    bool held = false, progress = true;

    while (progress) {
        progress = held = false;
        list_each (node, &db->lanes) {
            struct lane *lane = container_of(node, struct lane, node);
            struct pg_conn *c;
            if (lane->keys == 0 && list_empty(&lane->retries)) {
                list_remove(&lane->node);
                continue;
            }
            if (!lane_ready(db, lane) || lane_confined(db, lane)) {
                held = true;
                continue;
            }
            c = pool_pick(db);
            if (!c)
                return held;
            if (c->tasks > 0 && !lane_may_queue(lane))
                continue;             /* the next batch that ends wakes us */
            list_remove(&lane->node); /* to the end: others come first next time */
            progress |= batch_send(db, lane, c);
            lane_add(db, lane);
        }
    }
    return held;
}

static void send_scans(struct db *db)
{
    struct pg_conn *c;

    while (!list_empty(&db->scans) && (c = pool_pick(db)))
        scan_send(db, c);
}

/* An outage: those who wait are told, rather than left to their deadlines. */
static void fail_waiting(struct db *db)
{
    list_each (node, &db->lanes) {
        struct lane *lane = container_of(node, struct lane, node);
        lane_fail(db, lane, ERR_DATABASE);
        list_remove(&lane->node);
    }
    scans_fail(db, &db->scans, ERR_DATABASE);
    calls_fail(db, ERR_DATABASE);
}

static void on_tick(uv_timer_t *tick)
{
    struct db *db = tick->data;

    if (db->dead_refs > 0 || db->calls_hurried > 0)
        pool_cancel_orphans(db);
    db->dirty = true; /* prepare follows */
}

static void finish_close(struct db *db);

static void turn(struct db *db)
{
    bool held;

    if (!db->dirty)
        return;
    db->dirty = false;
    uv_idle_stop(&db->idle);
    if (db->closing) {
        /* What is marked for a COMMIT that is under way stays marked until it has ended. */
        if (!writers_committing(db))
            finish_close(db);
        return;
    }
    jobs_done(&db->later);
    if (pool_is_down(db))
        fail_waiting(db);
    held = send_lanes(db);
    held |= calls_turn(db);
    send_scans(db);
    if (!list_empty(&db->later))
        db_wake(db);
    if (held || db->dead_refs > 0) {
        if (!uv_is_active((uv_handle_t *)&db->tick))
            uv_timer_start(&db->tick, on_tick, TICK_MS, TICK_MS);
    } else if (uv_is_active((uv_handle_t *)&db->tick)) {
        uv_timer_stop(&db->tick);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    turn(prepare->data);
}

static void on_check(uv_check_t *check)
{
    turn(check->data);
}

/* ---- opening ---- */

static int make_statements(struct db *db)
{
    const struct access *access = db->access;
    uint32_t n = 2 * access->n_tables + access->n_procedures, at = 0;
    int rc = 0;

    for (uint32_t i = 0; i < access->n_paths; i++)
        n += statement_variants(&access->paths[i]);
    db->statements = arena_array(&db->arena, n + 1, sizeof *db->statements);
    db->sql = arena_array(&db->arena, n + 1, sizeof *db->sql);
    db->path_first = arena_array(&db->arena, access->n_paths + 1, sizeof *db->path_first);
    db->lanes_all = arena_array(&db->arena, n + 1, sizeof *db->lanes_all);
    if (!db->statements || !db->sql || !db->path_first || !db->lanes_all)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < access->n_paths && rc == 0; i++) {
        db->path_first[i] = at;
        for (uint32_t v = 0; v < statement_variants(&access->paths[i]) && rc == 0; v++)
            rc = statement_of_path(&db->statements[at++], &access->paths[i], v, &db->arena);
    }
    db->n_path_statements = at;
    for (uint32_t i = 0; i < access->n_tables && rc == 0; i++) {
        rc = statement_of_scan(&db->statements[at++], &access->tables[i], false, &db->arena);
        if (rc == 0)
            rc = statement_of_scan(&db->statements[at++], &access->tables[i], true, &db->arena);
    }
    db->n_statements = at;
    for (uint32_t i = 0; i < at && rc == 0; i++) {
        struct lane *lane = &db->lanes_all[i];
        db->sql[i] = db->statements[i].sql;
        lane->statement = i;
        list_init(&lane->node);
        list_init(&lane->jobs);
        list_init(&lane->retries);
    }
    return rc;
}

static int check_config(const struct db_config *c, struct err *reterr)
{
    if (c->readers < 1 || c->readers > READERS_MAX)
        return err_set(reterr, ERR_CONFIG, "database connections: %u is not 1 to %d", c->readers,
                       READERS_MAX);
    if (c->batches < 1 || c->batches > BATCHES_MAX)
        return err_set(reterr, ERR_CONFIG, "batches in flight: %u is not 1 to %d", c->batches,
                       BATCHES_MAX);
    if (c->batch_keys < 1 || c->batch_keys > BATCH_KEYS_MAX)
        return err_set(reterr, ERR_CONFIG, "keys in a batch: %u is not 1 to %d", c->batch_keys,
                       BATCH_KEYS_MAX);
    if (c->writers > WRITERS_MAX)
        return err_set(reterr, ERR_CONFIG, "database connections for changes: %u is more than %d",
                       c->writers, WRITERS_MAX);
    if (c->connect_timeout_ms == 0)
        return err_set(reterr, ERR_CONFIG, "the time to connect in may not be 0");
    return 0;
}

static int init_info(struct db *db, struct err *reterr)
{
    char settings[512];
    int rc;

    snprintf(settings, sizeof settings, "%s -c statement_timeout=%u", CONNINFO_READ_SETTINGS,
             db->config.statement_timeout_ms);
    rc = conninfo_init(&db->info, db->config.conninfo, settings, reterr);
    if (rc < 0)
        return rc;
    snprintf(settings, sizeof settings,
             "%s -c statement_timeout=%u -c lock_timeout=%u "
             "-c idle_in_transaction_session_timeout=%d",
             CONNINFO_WRITE_SETTINGS, db->config.statement_timeout_ms, db->config.lock_timeout_ms,
             IDLE_IN_TRANSACTION_MS);
    rc = conninfo_init(&db->write_info, db->config.conninfo, settings, reterr);
    if (rc == 0)
        conninfo_name_writer(&db->write_info, (long)getpid(), db->config.instance);
    return rc;
}

static void db_free(struct db *db)
{
    list_each (node, &db->free_jobs)
        free(container_of(node, struct job, node));
    batches_release(db);
    pool_release(db);
    encode_release(&db->encoder);
    decode_release(&db->decoder);
    writers_release(db);
    conninfo_release(&db->info);
    conninfo_release(&db->write_info);
    arena_release(&db->arena);
    free(db);
}

static void init_handles(struct db *db)
{
    uv_prepare_init(db->loop, &db->prepare);
    uv_check_init(db->loop, &db->check);
    uv_idle_init(db->loop, &db->idle);
    uv_timer_init(db->loop, &db->tick);
    db->prepare.data = db->check.data = db->idle.data = db->tick.data = db;
    db->handles = 4;
    uv_prepare_start(&db->prepare, on_prepare);
    uv_check_start(&db->check, on_check);
}

int db_open(struct db **ret_db, struct uv_loop_s *loop, const struct access *access,
            const struct db_config *config, struct err *reterr)
{
    struct db *db;
    int rc = check_config(config, reterr);

    if (rc < 0)
        return rc;
    db = calloc(1, sizeof *db);
    if (!db)
        return err_set(reterr, ERR_MEMORY, "no memory for the database's side");
    db->loop = loop;
    db->access = access;
    db->config = *config;
    db->config.conninfo = NULL; /* the caller's; parsed below */
    list_init(&db->lanes);
    list_init(&db->live);
    list_init(&db->later);
    list_init(&db->over);
    list_init(&db->batches);
    list_init(&db->in_flight);
    list_init(&db->scans);
    list_init(&db->scanning);
    list_init(&db->calls); /* more in calls_init */
    list_init(&db->free_jobs);
    arena_init(&db->arena, 0);
    encode_init(&db->encoder);
    decode_init(&db->decoder, config->issuer);
    db->config.conninfo = config->conninfo;
    rc = init_info(db, reterr);
    db->config.conninfo = NULL;
    if (rc == 0) {
        rc = make_statements(db);
        if (rc == 0)
            rc = calls_init(db);
        if (rc == 0)
            rc = batches_init(db);
        if (rc < 0)
            rc = err_set(reterr, rc, "no memory for the database's side");
    }
    if (rc < 0) {
        db_free(db);
        return rc;
    }
    init_handles(db);
    if (pool_open(db) < 0) {
        db_close(db, NULL, NULL); /* handles are open, so it ends on the loop */
        return err_set(reterr, ERR_MEMORY, "no memory for connections to the database");
    }
    *ret_db = db;
    return 0;
}

/* ---- fetching ---- */

int db_fetch(struct db *db, struct fetch *f)
{
    const struct access_path *path = f->path;
    struct job *job;

    if (db->closing)
        return ERR_CLOSING;
    if (pool_is_down(db))
        return ERR_DATABASE;
    if (f->n > db->config.queue_keys || db->stats.waiting > db->config.queue_keys - f->n)
        return ERR_BUSY;
    f->slices = arena_array(f->arena, f->n, sizeof *f->slices);
    job = f->slices ? job_new(db) : NULL;
    if (!job)
        return ERR_MEMORY;
    job->fetch = f;
    job->left = f->n;
    job->lane = &db->lanes_all[db->path_first[path->id] + statement_variant_of(path, f->page)];
    list_push_back(&db->live, &job->live);
    f->_answerer = job;
    if (f->n == 0) {
        job_end(job, 0, &db->later);
        return 0;
    }
    list_push_back(&job->lane->jobs, &job->node);
    job->lane->keys += f->n;
    db->stats.waiting += f->n;
    lane_add(db, job->lane);
    db_wake(db);
    return 0;
}

void db_cancel(struct db *db, struct fetch *f)
{
    struct job *job = f->_answerer;

    if (!job)
        return;
    if (job->ending) { /* its answer stands in `over` or `later`: what was asked for last counts */
        job->rc = job->rc == ERR_CLOSING ? ERR_CLOSING : ERR_CANCELED;
        list_remove(&job->node);
        list_push_back(&db->later, &job->node);
        db_wake(db);
        return;
    }
    job_end(job, ERR_CANCELED, &db->later);
}

void db_get_stats(const struct db *db, struct db_stats *ret)
{
    *ret = db->stats;
    ret->ready = db->n_ready;
}

/* ---- closing ---- */

void db_handle_closed(struct db *db)
{
    void (*on_closed)(void *data) = db->on_closed;
    void *data = db->on_closed_data;

    if (--db->handles > 0)
        return;
    db_free(db);
    if (on_closed)
        on_closed(data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    db_handle_closed(handle->data);
}

static void finish_close(struct db *db)
{
    /* Every job that lives ends; done() may start nothing new, as db_fetch refuses by now. */
    list_each (node, &db->live)
        job_end(container_of(node, struct job, live), ERR_CLOSING, &db->later);
    for (uint32_t i = 0; i < db->n_path_statements; i++)
        lane_fail(db, &db->lanes_all[i], ERR_CLOSING);
    jobs_done(&db->later);
    jobs_done(&db->over);
    scans_fail(db, &db->scans, ERR_CLOSING);
    calls_fail(db, ERR_CLOSING);
    writers_close(db);
    pool_close(db);
    scans_fail(db, &db->scans, ERR_CLOSING); /* those whose connection was just closed */
    uv_close((uv_handle_t *)&db->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&db->check, on_handle_closed);
    uv_close((uv_handle_t *)&db->idle, on_handle_closed);
    uv_close((uv_handle_t *)&db->tick, on_handle_closed);
}

void db_close(struct db *db, void (*on_closed)(void *data), void *data)
{
    if (db->closing)
        return;
    db->on_closed = on_closed;
    db->on_closed_data = data;
    db->closing = true;
    db_wake(db);
}
