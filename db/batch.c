/* db/batch.c: keys into batches, rows back to those who wait. Layer: db, behind db/db_priv.h. */
#include "db/db_priv.h"

#include <endian.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "db/result.h"

static void batch_done(struct pg_task *task, enum pg_fault fault, const PGresult *res);

/* ---- memory ---- */

int batches_init(struct db *db)
{
    uint32_t n = db->config.readers * db->config.batches;

    db->max_waits = 4 * db->config.batch_keys;
    for (db->seen_cap = 16; db->seen_cap < 2 * db->config.batch_keys;)
        db->seen_cap *= 2;
    db->seen = calloc(db->seen_cap, sizeof *db->seen);
    if (!db->seen)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        struct batch *b = calloc(1, sizeof *b);
        if (!b)
            return ERR_MEMORY;
        list_init(&b->node);
        list_push_back(&db->batches, &b->node);
        b->db = db;
        b->asks = calloc(db->config.batch_keys, sizeof *b->asks);
        b->waits = calloc(db->max_waits, sizeof *b->waits);
        if (!b->asks || !b->waits)
            return ERR_MEMORY;
    }
    return 0;
}

void batches_release(struct db *db)
{
    list_each (node, &db->batches) {
        struct batch *b = container_of(node, struct batch, node);
        free(b->asks);
        free(b->waits);
        free(b);
    }
    free(db->seen);
}

/* ---- building ---- */

bool lane_ready(const struct db *db, const struct lane *lane)
{
    if (!list_empty(&lane->retries))
        return true;
    if (lane->keys == 0)
        return false;
    /* One batch of a path at a time, so that what comes meanwhile is asked together. */
    return lane->in_flight == 0 || lane->keys >= db->config.batch_keys ||
           uv_now(db->loop) - lane->sent_ms >= LANE_HOLD_MS;
}

/* What would stand behind another batch wins no time by being sent, and can still grow while it waits here. */
bool lane_may_queue(const struct lane *lane)
{
    return lane->keys >= QUEUE_KEYS || !list_empty(&lane->retries);
}

static const struct table *lane_table(const struct db *db, const struct lane *lane)
{
    return db->statements[lane->statement].table;
}

/* Does a statement over this table stand on the connection? */
static bool carries(const struct db *db, const struct pg_conn *c, const struct table *table)
{
    list_each (node, &db->in_flight) {
        const struct batch *b = container_of(node, struct batch, node);
        if (b->conn == c && lane_table(db, b->lane) == table)
            return true;
    }
    return false;
}

/* Any statement may turn out to wait for a lock, and what stands on its connection waits with it. So one
 * connection at least carries nothing of a table, however many ways lead into it. */
bool lane_confined(const struct db *db, const struct lane *lane)
{
    bool stuck = lane->in_flight > 0 && uv_now(db->loop) - lane->moved_ms >= LANE_HOLD_MS;
    uint32_t others = 0;

    if (db->n_readers == 1)
        return false;
    if ((lane->slow || stuck) && pool_is_scarce(db))
        return true;
    for (uint32_t i = 0; i < db->n_readers && others < 2; i++)
        others += db->readers[i].state == PG_STATE_READY && !db->readers[i]._broken &&
                  !carries(db, &db->readers[i], lane_table(db, lane));
    return others < 2 && others < db->n_ready;
}

static uint64_t key_hash(const struct access_path *path, const struct key *key)
{
    uint64_t second = path->n_columns > 1 ? hash_u64((uint64_t)key->part[1]) : 0;

    if (path->key_is_text)
        return hash_bytes(key->text) + second;
    return hash_u64((uint64_t)key->part[0] + second);
}

static bool key_equal(const struct access_path *path, const struct key *a, const struct key *b)
{
    if ((path->key_is_text && !str_eq(a->text, b->text)) ||
        (path->by_kind && !str_eq(a->kinds, b->kinds)) || !str_eq(a->left_out, b->left_out))
        return false;
    for (uint32_t i = path->key_is_text; i < path->n_columns; i++)
        if (a->part[i] != b->part[i])
            return false;
    return true;
}

static bool page_equal(const struct access_path *path, const struct page *a, const struct page *b)
{
    if (a == b)
        return true;
    if (a->limit != b->limit || a->has_after != b->has_after)
        return false;
    for (uint32_t i = 0; a->has_after && i < path->n_order; i++)
        if (a->after[i] != b->after[i])
            return false;
    for (uint32_t i = 0; i < path->n_filter; i++) {
        const struct filter_value *x = &a->filter[i], *y = &b->filter[i];
        if (x->set != y->set)
            return false;
        if (x->set &&
            (path->filter[i].is_text ? !str_eq(x->text, y->text) : x->number != y->number))
            return false;
    }
    return true;
}

static bool same_question(const struct access_path *path, const struct wait *a,
                          const struct fetch *f, uint32_t key)
{
    const struct fetch *g = a->job->fetch;

    return key_equal(path, &g->keys[a->key], &f->keys[key]) &&
           (path->kind == ACCESS_ROW || page_equal(path, g->page, f->page));
}

/* The ask of this question: one that is there, or a new one, which is encoded. */
static struct ask *find_ask(struct db *db, struct batch *b, const struct fetch *f, uint32_t key)
{
    uint64_t hash = key_hash(f->path, &f->keys[key]);
    uint32_t at = (uint32_t)hash & (db->seen_cap - 1);
    struct ask *a;

    for (; db->seen[at]; at = (at + 1) & (db->seen_cap - 1)) {
        a = &b->asks[db->seen[at] - 1];
        if (a->hash == hash && same_question(f->path, &b->waits[a->first - 1], f, key))
            return a;
    }
    a = &b->asks[b->n_asks++];
    *a = (struct ask){.hash = hash};
    db->seen[at] = b->n_asks;
    encode_key(&db->encoder, &f->keys[key], f->path->kind == ACCESS_ROW ? NULL : f->page);
    return a;
}

static struct wait *take(struct db *db, struct batch *b, struct job *job, uint32_t key)
{
    struct ask *a = find_ask(db, b, job->fetch, key);
    struct wait *w = &b->waits[b->n_waits++];

    *w = (struct wait){.job = job, .key = key};
    if (a->last)
        b->waits[a->last - 1].next = b->n_waits;
    else
        a->first = b->n_waits;
    a->last = b->n_waits;
    return w;
}

static bool is_full(const struct db *db, const struct batch *b)
{
    return b->n_asks == db->config.batch_keys || b->n_waits == db->max_waits ||
           encode_size(&db->encoder) > BATCH_BYTES_MAX;
}

/* true: the batch is complete (a key that has to be alone). */
static bool take_retries(struct db *db, struct batch *b, struct lane *lane)
{
    while (!list_empty(&lane->retries) && !is_full(db, b)) {
        struct retry *r = container_of(lane->retries.next, struct retry, node);
        bool lone = r->lone;
        if (lone && b->n_asks > 0)
            return true;
        list_remove(&r->node);
        if (r->job->fetch && !r->job->ending) {
            struct wait *w = take(db, b, r->job, r->key); /* takes the reference over */
            w->tries = r->tries;
            w->lost_ms = r->lost_ms;
        } else {
            job_unref(r->job);
        }
        free(r);
        db->stats.waiting--;
        if (lone && b->n_asks > 0)
            return true;
    }
    return false;
}

static void take_jobs(struct db *db, struct batch *b, struct lane *lane)
{
    while (!list_empty(&lane->jobs) && !is_full(db, b)) {
        struct job *job = container_of(lane->jobs.next, struct job, node);
        const struct fetch *f = job->fetch;
        uint32_t key = job->next++;
        lane->keys--;
        db->stats.waiting--;
        if (job->next == f->n)
            list_remove(&job->node);
        if (encode_matchable(f->path, &f->keys[key], f->page)) {
            job->refs++;
            take(db, b, job, key);
        } else if (--job->left == 0) {
            job_end(job, 0, &db->later); /* no row can have such a key */
        }
    }
}

static struct batch *batch_build(struct db *db, struct lane *lane)
{
    struct batch *b = container_of(db->batches.next, struct batch, node);

    b->lane = lane;
    b->n_asks = b->n_waits = 0;
    b->task = (struct pg_task){.statement = lane->statement, .done = batch_done};
    memset(db->seen, 0, db->seen_cap * sizeof *db->seen);
    encode_begin(&db->encoder, &db->statements[lane->statement]);
    if (!take_retries(db, b, lane))
        take_jobs(db, b, lane);
    return b;
}

static void drop_waits(struct batch *b, int rc)
{
    for (uint32_t i = 0; i < b->n_waits; i++) {
        job_end(b->waits[i].job, rc, &b->db->later);
        job_unref(b->waits[i].job);
    }
}

bool batch_send(struct db *db, struct lane *lane, struct pg_conn *c)
{
    struct batch *b = batch_build(db, lane);

    if (b->n_asks == 0)
        return false;
    if (encode_end(&db->encoder) < 0) {
        drop_waits(b, ERR_MEMORY);
        return true;
    }
    list_remove(&b->node);
    list_push_back(&db->in_flight, &b->node);
    b->conn = c;
    b->ready_ms = c->_ready_ms;
    if (lane->in_flight++ == 0)
        lane->moved_ms = uv_now(db->loop);
    lane->sent_ms = uv_now(db->loop);
    db->stats.statements++;
    db->stats.keys += b->n_asks;
    pg_conn_send(c, &b->task, db->statements[lane->statement].n_params, db->encoder.values,
                 db->encoder.lengths, db->encoder.formats);
    return true;
}

/* ---- answering ---- */

/* Tells the log of what no retry will heal. The server's own message may hold data, so it stays out. */
static void note(struct batch *b, const char *of, const char *how, const char *what)
{
    uint64_t now = uv_now(b->db->loop);
    struct str table = b->db->statements[b->lane->statement].table->name;
    char text[360];

    if (!b->db->config.note || (b->lane->noted_ms && now - b->lane->noted_ms < NOTE_MS))
        return;
    b->lane->noted_ms = now;
    snprintf(text, sizeof text, "a %s table %.*s %s: %s", of, (int)MIN(table.len, 80u), table.ptr,
             how, what);
    b->db->config.note(text);
}

static void note_refusal(struct batch *b, const char *what)
{
    note(b, "statement on", "failed", what);
}

static bool is_live(const struct wait *w)
{
    return w->job->fetch && !w->job->ending;
}

struct batch *batch_orphan(struct pg_task *task)
{
    struct batch *b;

    if (task->done != batch_done)
        return NULL;
    b = container_of(task, struct batch, task);
    for (uint32_t i = 0; i < b->n_waits; i++)
        if (is_live(&b->waits[i]))
            return NULL;
    return b;
}

/* Which ask row `r` answers; NULL: none, which no server would send. */
static struct ask *row_ask(struct batch *b, const PGresult *res, int r)
{
    uint64_t ord;

    if (PQgetlength(res, r, 0) != (int)sizeof ord)
        return NULL;
    memcpy(&ord, PQgetvalue(res, r, 0), sizeof ord);
    ord = be64toh(ord);
    return ord >= 1 && ord <= b->n_asks ? &b->asks[ord - 1] : NULL;
}

static struct wait *first_wait(const struct batch *b, const struct ask *a)
{
    return a->first ? &b->waits[a->first - 1] : NULL;
}

static struct wait *next_wait(const struct batch *b, const struct wait *w)
{
    return w->next ? &b->waits[w->next - 1] : NULL;
}

static void make_room(struct batch *b, const struct ask *a)
{
    if (a->n_rows == 0)
        return;
    for (struct wait *w = first_wait(b, a); w; w = next_wait(b, w)) {
        struct fetch *f = w->job->fetch;
        if (!is_live(w))
            continue;
        f->slices[w->key].rows = arena_array(f->arena, a->n_rows, sizeof(struct row *));
        if (!f->slices[w->key].rows)
            job_end(w->job, ERR_MEMORY, &b->db->over);
    }
}

static void give_row(struct batch *b, const struct ask *a, const struct row *row)
{
    for (struct wait *w = first_wait(b, a); w; w = next_wait(b, w)) {
        struct slice *slice;
        const struct row *copy;
        if (!is_live(w))
            continue;
        copy = row_copy(w->job->fetch->arena, row);
        slice = &w->job->fetch->slices[w->key];
        if (copy)
            slice->rows[slice->n++] = copy;
        else
            job_end(w->job, ERR_MEMORY, &b->db->over);
    }
}

static void decode_rows(struct batch *b, const PGresult *res)
{
    const struct statement *s = &b->db->statements[b->lane->statement];
    struct wire values[ACCESS_COLUMN_MAX];
    int n = PQntuples(res);

    for (int r = 0; r < n; r++) {
        struct ask *a = row_ask(b, res, r);
        const struct row *row;
        if (!a || a->rc < 0)
            continue;
        result_row(s, res, r, values);
        row = decode_row(&b->db->decoder, s->cells, values, &a->rc);
        if (row)
            give_row(b, a, row);
        else if (a->rc == ERR_DATA || a->rc == ERR_CONFIG)
            note(b, "row of", "can't be read", b->db->decoder.fault);
    }
    b->db->stats.rows += (uint64_t)n;
}

static void answer_wait(struct wait *w, int rc)
{
    struct job *job = w->job;

    if (!is_live(w))
        return;
    if (rc < 0) {
        job->fetch->slices[w->key].n = 0;
        job->fetch->slices[w->key].rc = rc;
    }
    if (--job->left == 0)
        job_end(job, 0, &job->db->over);
}

static void answer(struct batch *b, const PGresult *res)
{
    int n = PQntuples(res);

    for (int r = 0; r < n; r++) {
        struct ask *a = row_ask(b, res, r);
        if (a)
            a->n_rows++;
    }
    for (uint32_t i = 0; i < b->n_asks; i++)
        make_room(b, &b->asks[i]);
    decode_rows(b, res);
    for (uint32_t i = 0; i < b->n_asks; i++) {
        if (b->asks[i].rc == ERR_MEMORY) {
            for (struct wait *w = first_wait(b, &b->asks[i]); w; w = next_wait(b, w))
                job_end(w->job, ERR_MEMORY, &b->db->over);
            continue;
        }
        for (struct wait *w = first_wait(b, &b->asks[i]); w; w = next_wait(b, w))
            answer_wait(w, b->asks[i].rc);
    }
}

/* ---- failures ---- */

static void ask_again(struct batch *b, struct wait *w, bool lone)
{
    struct retry *r = malloc(sizeof *r);

    if (!r) {
        job_end(w->job, ERR_MEMORY, &b->db->over);
        return;
    }
    *r = (struct retry){
        .job = w->job, .key = w->key, .tries = w->tries, .lost_ms = w->lost_ms, .lone = lone};
    w->job->refs++;
    list_init(&r->node);
    list_push_back(&b->lane->retries, &r->node);
    b->db->stats.retries++;
    b->db->stats.waiting++;
}

/* Once. But what killed one connection may kill the others in the same moment: a second loss counts
 * only when that connection was made after the first. (A key that makes the server crash is thus
 * asked twice, and alone the second time if it was alone the first.) */
static bool may_ask_again(const struct batch *b, struct wait *w, enum pg_fault fault)
{
    bool old = fault == PG_LOST && w->lost_ms && b->ready_ms <= w->lost_ms;

    if (b->db->closing || (w->tries > 0 && !old))
        return false;
    w->tries = 1;
    if (fault == PG_LOST && !w->lost_ms)
        w->lost_ms = uv_now(b->db->loop);
    return true;
}

static void fail_wait(struct batch *b, struct wait *w, enum pg_fault fault)
{
    int rc = ERR_DATABASE;

    switch (fault) {
    case PG_DATA:
        if (b->n_asks > 1)
            ask_again(b, w, true);
        else
            answer_wait(w, ERR_DATA);
        return;
    case PG_LOST:
    case PG_AGAIN:
    case PG_STALE:
        if (may_ask_again(b, w, fault)) {
            ask_again(b, w, b->n_asks == 1 && fault == PG_LOST);
            return;
        }
        break;
    case PG_CANCELED:
        if (b->task.maybe_canceled && !b->db->closing) {
            ask_again(b, w, false);
            return;
        }
        rc = ERR_TIMEOUT;
        break;
    case PG_FINE:
    case PG_RULE:
    case PG_REFUSED:
        break;
    }
    b->db->stats.errors++;
    job_end(w->job, rc, &b->db->over);
}

static void fail_batch(struct batch *b, enum pg_fault fault)
{
    if (fault == PG_STALE)
        pool_mark_stale(b->db, b->lane->statement);
    for (uint32_t i = 0; i < b->n_waits; i++)
        if (is_live(&b->waits[i]))
            fail_wait(b, &b->waits[i], fault);
}

static void batch_done(struct pg_task *task, enum pg_fault fault, const PGresult *res)
{
    struct batch *b = container_of(task, struct batch, task);
    struct lane *lane = b->lane;
    struct db *db = b->db;

    if (fault == PG_REFUSED)
        note_refusal(b, b->conn->sqlstate);
    if (fault == PG_FINE && !result_fits(&db->statements[lane->statement], res)) {
        fault = PG_REFUSED;
        note_refusal(b, "its columns are no longer those of the start");
    }
    if (fault == PG_FINE)
        answer(b, res);
    else
        fail_batch(b, fault);
    for (uint32_t i = 0; i < b->n_waits; i++)
        job_unref(b->waits[i].job);
    list_remove(&b->node);
    list_push_front(&db->batches, &b->node); /* its memory is warm */
    lane->in_flight--;
    lane->moved_ms = uv_now(db->loop);
    if (fault != PG_LOST)
        lane->slow = task->took_ms >= STALL_MS;
    lane_add(db, lane);
    db_wake(db);
    jobs_done(&db->over);
}

void lane_fail(struct db *db, struct lane *lane, int rc)
{
    while (!list_empty(&lane->retries)) {
        struct retry *r = container_of(lane->retries.next, struct retry, node);
        list_remove(&r->node);
        db->stats.waiting--;
        job_end(r->job, rc, &db->later);
        job_unref(r->job);
        free(r);
    }
    while (!list_empty(&lane->jobs))
        job_end(container_of(lane->jobs.next, struct job, node), rc, &db->later);
}
