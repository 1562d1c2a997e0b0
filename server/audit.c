/* server/audit.c: see server/audit.h. */
#include "server/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/viewer.h"
#include "db/append.h"
#include "server/access.h"
#include "server/audit_batch.h"
#include "server/audit_chain.h"
#include "server/audit_entry.h"
#include "server/audit_heads.h"
#include "server/audit_unlogged.h"

enum {
    BATCH_ROWS = 1000,
    BATCH_BYTES = 1 << 20,
    FOLLOW_MS = 1000, /* one's own answers leave at once while rows are no older than this */
    /* Rows that nobody waits for are collected, as a statement costs as much as 20 rows: until they are so many, or so old.
     * No more of them, since who does wait may have to wait for the statement that they are in. */
    LATER_ROWS = 128,
    LATER_MS = 100,
    TICK_MS = 1000,
    EXPORT_TICKS = 60,
    CONNECT_MS = 2000,
    WATCH_MS = 10000,
    EPOCH_S = 946684800 /* 2000-01-01 in Unix time */
};

/* What the chain needs next. */
enum chain_state {
    CHAIN_UPKEEP, /* partitions for its time */
    CHAIN_BEGIN,  /* its own row */
    CHAIN_OPEN    /* rows */
};

struct audit {
    uv_loop_t *loop;
    struct audit_config config;
    struct hmac *key;
    struct append *append;
    struct audit_heads *heads;
    struct audit_unlogged *unlogged; /* NULL: another worker looks */
    struct audit_batch batch;
    struct buf scratch;
    enum chain_state state;
    struct audit_head head, committed, exported; /* sealed; safe; written down */
    /* Entries: those that nobody waits for, the next to go, those in flight. */
    struct list later, waiting, sealed;
    struct list over; /* releases whose done() is due */
    uint32_t n_later, n_waiting, n_sealed;
    size_t bytes;
    int64_t last_at;                 /* time never goes back within a worker */
    uv_idle_t turn;                  /* active: something is due before the loop may sleep */
    uv_timer_t tick, flush, collect; /* collect: active while something is in `later` */
    unsigned ticks, handles;
    bool closing, finished;
    struct audit_stats stats;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

static void pump(struct audit *a);
static void on_turn(uv_idle_t *idle);
static void on_flush(uv_timer_t *timer);

static int64_t time_now(struct audit *a)
{
    struct timespec t;
    int64_t at;

    clock_gettime(CLOCK_REALTIME, &t);
    at = ((int64_t)t.tv_sec - EPOCH_S) * 1000000 + t.tv_nsec / 1000;
    a->last_at = MAX(a->last_at, at);
    return a->last_at;
}

static void wake(struct audit *a)
{
    uv_idle_start(&a->turn, on_turn);
}

/* ---- entries ---- */

static void entry_free(struct audit *a, struct audit_entry *e)
{
    a->bytes -= e->size;
    list_remove(&e->node);
    list_remove(&e->of);
    free(e);
}

/* done() is due, on the next turn or at the end of this one. */
static void release_end(struct audit *a, struct release *r, int rc)
{
    r->_pending = false;
    r->_rc = rc;
    a->stats.failed += rc < 0 && rc != ERR_CANCELED;
    list_push_back(&a->over, &r->_over);
    wake(a);
}

static void call_over(struct audit *a)
{
    while (!list_empty(&a->over)) {
        struct release *r = container_of(a->over.next, struct release, _over);
        list_remove(&r->_over);
        r->done(r, r->_rc);
    }
}

/* ---- the gate ---- */

static uint32_t n_rows(const struct audit *a)
{
    return a->n_later + a->n_waiting + a->n_sealed;
}

/* How old the oldest row is: the first of one of the three. */
static uint64_t lag_ms(const struct audit *a)
{
    const struct list *lists[] = {&a->later, &a->waiting, &a->sealed};
    uint64_t lag = 0;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (!list_empty(lists[i]))
            lag = MAX(lag, uv_now(a->loop) -
                               container_of(lists[i]->next, struct audit_entry, node)->queued_ms);
    return lag;
}

/* Its rows may follow the answer: nobody else's data is in it, and rows do follow soon. */
static bool may_follow(const struct audit *a, const struct release *r)
{
    for (uint32_t i = 0; i < r->n_disclosures; i++)
        if (!r->disclosures[i].own && (!r->disclosures[i].refused || r->disclosures[i].told))
            return false;
    return lag_ms(a) < FOLLOW_MS && n_rows(a) < a->config.rows / 2;
}

static bool has_room(const struct audit *a, const struct release *r)
{
    return n_rows(a) + r->n_disclosures <= a->config.rows && a->bytes < a->config.bytes;
}

static void drop_rows(struct audit *a, struct release *r)
{
    list_each (l, &r->_rows) {
        struct audit_entry *e = container_of(l, struct audit_entry, of);
        a->n_waiting--;
        entry_free(a, e);
    }
}

/* What was collected is the next to go. */
static void collect_end(struct audit *a)
{
    while (!list_empty(&a->later)) {
        struct list *l = a->later.next;
        list_remove(l);
        list_push_back(&a->waiting, l);
    }
    a->n_waiting += a->n_later;
    a->n_later = 0;
    uv_timer_stop(&a->collect);
}

static void on_collect(uv_timer_t *timer)
{
    struct audit *a = timer->data;

    collect_end(a);
    pump(a);
}

/* The rows of an answer that leaves before them. */
static void collect(struct audit *a, struct release *r)
{
    list_each (l, &r->_rows) {
        struct audit_entry *e = container_of(l, struct audit_entry, of);
        list_remove(&e->of);
        list_remove(&e->node);
        list_push_back(&a->later, &e->node);
        a->n_waiting--;
        a->n_later++;
    }
    if (a->n_later >= LATER_ROWS) {
        collect_end(a);
        wake(a);
    } else if (!uv_is_active((uv_handle_t *)&a->collect)) {
        uv_timer_start(&a->collect, on_collect, LATER_MS, 0);
    }
}

int audit_release(struct audit *a, struct release *r)
{
    bool follow = may_follow(a, r);

    list_init(&r->_rows);
    list_init(&r->_over);
    if (a->closing)
        return ERR_CLOSING;
    if (!has_room(a, r) || append_is_down(a->append)) {
        a->stats.failed++;
        return ERR_DATABASE;
    }
    for (uint32_t i = 0; i < r->n_disclosures; i++) {
        struct audit_entry *e =
            audit_entry_new(r->viewer, &r->disclosures[i], time_now(a), uv_now(a->loop));
        if (!e) {
            drop_rows(a, r);
            return ERR_MEMORY;
        }
        a->bytes += e->size;
        list_push_back(&a->waiting, &e->node);
        list_push_back(&r->_rows, &e->of);
        a->n_waiting++;
    }
    if (follow) {
        collect(a, r);
        return RELEASE_OPEN;
    }
    wake(a);
    list_each (l, &r->_rows)
        container_of(l, struct audit_entry, of)->release = r;
    r->_left = r->n_disclosures;
    r->_pending = true;
    return 0;
}

void audit_cancel(struct audit *a, struct release *r)
{
    list_each (l, &r->_rows) {
        struct audit_entry *e = container_of(l, struct audit_entry, of);
        if (e->row.seq) { /* sealed: it stays in the chain */
            list_remove(&e->of);
            e->release = NULL;
        }
    }
    drop_rows(a, r);
    release_end(a, r, ERR_CANCELED);
}

/* ---- the chain ---- */

/* Of the month in which the next row was made: what was collected may be of the month before. */
static int chain_new(struct audit *a)
{
    int64_t started = list_empty(&a->waiting)
                          ? time_now(a)
                          : container_of(a->waiting.next, struct audit_entry, node)->row.at;
    struct audit_head head = {.started = started};
    uint64_t id;

    if (random_bytes(&id, sizeof id) < 0)
        return ERR_INTERNAL;
    head.chain = (int64_t)(id >> 1) | 1;
    if (audit_chain_begin(a->key, &head) < 0)
        return ERR_INTERNAL;
    a->head = head;
    a->state = CHAIN_UPKEEP;
    return 0;
}

static void export_head(struct audit *a)
{
    if (!a->heads || !a->committed.chain ||
        (a->exported.chain == a->committed.chain && a->exported.seq == a->committed.seq))
        return;
    audit_heads_add(a->heads, &a->committed, time_now(a));
    a->exported = a->committed;
}

static void unseal(struct audit *a)
{
    while (!list_empty(&a->sealed)) {
        struct audit_entry *e = container_of(a->sealed.prev, struct audit_entry, node);
        e->row.seq = 0;
        list_remove(&e->node);
        list_push_front(&a->waiting, &e->node);
        a->n_sealed--;
        a->n_waiting++;
    }
}

static int seal_one(struct audit *a, struct audit_entry *e)
{
    int rc;

    list_remove(&e->node);
    list_push_back(&a->sealed, &e->node);
    a->n_waiting--;
    a->n_sealed++;
    e->row.chain = a->head.chain;
    e->row.seq = a->head.seq + 1;
    rc = audit_chain_seal(a->key, &a->head, &e->row, &a->scratch);
    if (rc == 0)
        rc = audit_batch_add(&a->batch, a->key, &a->scratch, &e->row, &a->head.mac);
    return rc;
}

/* Makes a statement of what waits, as far as it is of the chain's month. Negative: nothing has changed. */
static int seal(struct audit *a)
{
    const struct audit_head before = a->head;
    size_t bytes = 0;
    int rc = 0;

    audit_batch_clear(&a->batch);
    while (rc == 0 && !list_empty(&a->waiting) && a->batch.n < BATCH_ROWS && bytes < BATCH_BYTES) {
        struct audit_entry *e = container_of(a->waiting.next, struct audit_entry, node);
        if (audit_month(e->row.at) != audit_month(a->head.started))
            break;
        bytes += e->size;
        rc = seal_one(a, e);
    }
    if (rc == 0)
        rc = audit_batch_end(&a->batch);
    if (rc < 0) {
        unseal(a);
        a->head = before;
        audit_batch_forget(&a->batch);
    }
    return rc;
}

/* ---- statements ---- */

static void committed_rows(struct audit *a)
{
    a->committed = a->head;
    a->stats.batches++;
    a->stats.rows += a->n_sealed;
    while (!list_empty(&a->sealed)) {
        struct audit_entry *e = container_of(a->sealed.next, struct audit_entry, node);
        struct release *r = e->release;
        entry_free(a, e);
        if (r && --r->_left == 0)
            release_end(a, r, 0);
    }
    a->n_sealed = 0;
}

/* Rows that are late are not missing: while any are, it is not known which. */
static bool may_ask(void *data)
{
    const struct audit *a = data;
    return !a->closing && append_is_ready(a->append) && lag_ms(a) < FOLLOW_MS;
}

/* Changes that have no row get one, like those that nobody waits for. */
static void on_unlogged(void *data, struct audit_entry *e)
{
    struct audit *a = data;

    list_push_back(&a->waiting, &e->node);
    a->bytes += e->size;
    a->n_waiting++;
    a->stats.unlogged++;
    wake(a);
}

static void on_committed(struct append_task *task)
{
    struct audit_batch *batch = container_of(task, struct audit_batch, task);
    struct audit *a = container_of(batch, struct audit, batch);

    switch (a->state) {
    case CHAIN_UPKEEP:
        a->state = CHAIN_BEGIN;
        break;
    case CHAIN_BEGIN:
        a->state = CHAIN_OPEN;
        a->committed = a->head;
        export_head(a);
        break;
    case CHAIN_OPEN:
        committed_rows(a);
        call_over(a);
        break;
    }
    if (a->closing && !n_rows(a))
        uv_timer_start(&a->flush, on_flush, 0, 0);
}

/* The next statement of the state. False: there is none now. */
static bool prepare(struct audit *a)
{
    struct append_task *task = &a->batch.task;

    task->once = false;
    task->n_params = 0;
    switch (a->state) {
    case CHAIN_UPKEEP:
        task->statement = task->again = AUDIT_SQL_UPKEEP;
        task->once = true; /* without a partition of their own rows go into the default one */
        return true;
    case CHAIN_BEGIN:
        return audit_batch_begin_chain(&a->batch, &a->head) == 0;
    case CHAIN_OPEN:
        break;
    }
    if (!a->n_waiting || seal(a) < 0) /* tried again by the tick */
        return false;
    if (a->n_sealed)
        return true;
    export_head(a); /* the chain ends with its month */
    return chain_new(a) == 0 && prepare(a);
}

static void pump(struct audit *a)
{
    if (!a->finished && append_is_free(a->append) && prepare(a))
        append_send(a->append, &a->batch.task);
}

static void on_free(void *data)
{
    pump(data);
}

static void on_turn(uv_idle_t *idle)
{
    struct audit *a = idle->data;

    uv_idle_stop(idle);
    call_over(a);
    pump(a);
}

static void on_tick(uv_timer_t *timer)
{
    struct audit *a = timer->data;

    pump(a);
    if (++a->ticks % EXPORT_TICKS == 0)
        export_head(a);
}

/* ---- the whole ---- */

static void audit_free(struct audit *a)
{
    audit_batch_release(&a->batch);
    buf_release(&a->scratch);
    hmac_free(a->key);
    free(a);
}

int audit_open(struct audit **ret, struct uv_loop_s *loop, const struct audit_config *config,
               struct err *reterr)
{
    struct audit *a = calloc(1, sizeof *a);
    struct append_config append = {.conninfo = config->conninfo,
                                   .sql = audit_sql,
                                   .n_sql = AUDIT_SQL_COUNT,
                                   .connect_timeout_ms = CONNECT_MS,
                                   .watch_ms = WATCH_MS,
                                   .note = config->note,
                                   .on_free = on_free,
                                   .data = a};
    int rc;

    if (!a)
        return err_set(reterr, ERR_MEMORY, "no memory for the access log");
    a->loop = loop;
    a->config = *config;
    audit_batch_init(&a->batch);
    a->batch.task.done = on_committed;
    buf_init(&a->scratch, 0);
    list_init(&a->later);
    list_init(&a->waiting);
    list_init(&a->sealed);
    list_init(&a->over);
    rc = hmac_new(&a->key, config->key);
    if (rc == 0)
        rc = chain_new(a);
    if (rc < 0)
        err_set(reterr, rc, "the access log can't be sealed");
    if (rc == 0)
        rc = append_open(&a->append, loop, &append, reterr);
    if (rc < 0) {
        audit_free(a);
        return rc;
    }
    if (config->heads && audit_heads_open(&a->heads, loop, config->heads, a->key, config->note) < 0)
        config->note("no memory for heads of chains: none will be written down");
    if (config->patience_s &&
        audit_unlogged_open(&a->unlogged, loop, config, may_ask, on_unlogged, a) < 0)
        config->note("no memory to look for changes that have no row");
    uv_idle_init(loop, &a->turn);
    uv_timer_init(loop, &a->tick);
    uv_timer_init(loop, &a->flush);
    uv_timer_init(loop, &a->collect);
    a->turn.data = a->tick.data = a->flush.data = a->collect.data = a;
    uv_timer_start(&a->tick, on_tick, TICK_MS, TICK_MS);
    *ret = a;
    return 0;
}

bool audit_is_ready(const struct audit *a)
{
    return a->state == CHAIN_OPEN && append_is_ready(a->append);
}

void audit_get_stats(const struct audit *a, struct audit_stats *ret)
{
    *ret = a->stats;
    ret->heads_failed = a->heads ? audit_heads_failed(a->heads) : 0;
    ret->waiting = n_rows(a);
    ret->lag_ms = (uint32_t)MIN(lag_ms(a), UINT32_MAX);
}

/* ---- the end ---- */

static void part_closed(void *data)
{
    struct audit *a = data;
    void (*on_closed)(void *data) = a->on_closed;
    void *on_closed_data = a->on_closed_data;

    if (--a->handles)
        return;
    audit_free(a);
    on_closed(on_closed_data);
}

static void handle_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void drop_all(struct audit *a, struct list *entries)
{
    while (!list_empty(entries)) {
        struct audit_entry *e = container_of(entries->next, struct audit_entry, node);
        struct release *r = e->release;
        entry_free(a, e);
        if (r && r->_pending)
            release_end(a, r, ERR_CLOSING);
    }
}

static void finish(struct audit *a)
{
    uint32_t lost = n_rows(a);
    char text[80];

    if (a->finished)
        return;
    a->finished = true;
    if (lost) {
        snprintf(text, sizeof text, "%u rows were not confirmed before the end", lost);
        a->config.note(text);
    }
    drop_all(a, &a->sealed);
    drop_all(a, &a->waiting);
    drop_all(a, &a->later);
    call_over(a);
    export_head(a);
    a->handles = 5 + (a->heads != NULL) + (a->unlogged != NULL);
    uv_close((uv_handle_t *)&a->turn, handle_closed);
    uv_close((uv_handle_t *)&a->tick, handle_closed);
    uv_close((uv_handle_t *)&a->flush, handle_closed);
    uv_close((uv_handle_t *)&a->collect, handle_closed);
    append_close(a->append, part_closed, a);
    if (a->heads)
        audit_heads_close(a->heads, part_closed, a);
    if (a->unlogged)
        audit_unlogged_close(a->unlogged, part_closed, a);
}

static void on_flush(uv_timer_t *timer)
{
    finish(timer->data);
}

void audit_close(struct audit *a, unsigned flush_ms, void (*on_closed)(void *data), void *data)
{
    a->closing = true;
    a->on_closed = on_closed;
    a->on_closed_data = data;
    if (a->n_later) {
        collect_end(a);
        wake(a);
    }
    uv_timer_start(&a->flush, on_flush, n_rows(a) ? flush_ms : 0, 0);
}
