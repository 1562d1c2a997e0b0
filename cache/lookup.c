/* cache/lookup.c: who waits for whom. Layer: cache; base/ and uv.h.
 *
 *   cache_lookup --+-- joins a flight ------------------------------+
 *                  +-- new flight: Redis is worth asking (ASKING) --+--> value: done(HIT) to all
 *                  |                                 | nothing      |
 *                  |                                 v              |
 *                  +-- else the asker leads (LED) --> database --> cache_fill
 *
 * What a leader got may be given to those who joined, and kept, only when its flight's token still
 * holds (generations.c); if not, each of them asks the database itself, with a snapshot of its own
 * (db/ merges them into one statement). Whether a write came between is judged when the answer is
 * there, because the slot of a row that is looked for by another column is not known before. */
#include <assert.h>

#include "base/err.h"
#include "cache/cache_priv.h"
#include "cache/ident.h"
#include "cache/value.h"

/* ---- Callbacks that are due ---- */

static void on_idle(uv_idle_t *idle)
{
    cache_run_ready(idle->data);
}

static void make_ready(struct cache *c, struct list *queue, struct cache_lookup *l)
{
    list_push_back(queue, &l->_link);
    uv_idle_start(&c->idle, on_idle);
}

/* Moves all of `from` to the empty list `to`. */
static void take_all(struct list *to, struct list *from)
{
    list_init(to);
    if (list_empty(from))
        return;
    *to = *from;
    to->next->prev = to->prev->next = to;
    list_init(from);
}

static void run_queue(struct list *queue, int outcome)
{
    while (!list_empty(queue)) {
        struct cache_lookup *l = container_of(queue->next, struct cache_lookup, _link);
        list_remove(&l->_link); /* any of them may be cancelled by a callback, so look afresh */
        l->done(l, outcome);
    }
}

void cache_run_ready(struct cache *c)
{
    struct list hit, miss;

    take_all(&hit, &c->ready_hit);
    take_all(&miss, &c->ready_miss);
    run_queue(&hit, CACHE_HIT);
    run_queue(&miss, CACHE_MISS);
    if (list_empty(&c->ready_hit) && list_empty(&c->ready_miss))
        uv_idle_stop(&c->idle);
}

/* ---- Keys ---- */

bool cache_value_lives(const struct cache *c, const struct value_head *h, uint32_t slot)
{
    struct slot_view v = generations_view(c->g, slot);
    uint64_t now_s = cache_now_s(c);
    uint64_t ttl_s = cache_is_followed(c) ? c->ttl_s : UNFOLLOWED_TTL_S;

    return !v.marked && h->generation == v.generation && h->born_s <= now_s + 1 &&
           now_s < h->born_s + ttl_s;
}

bool cache_resolve(struct cache *c, const struct access_path *path, const struct key *key,
                   struct key *ret, uint32_t *ret_slot)
{
    const struct table *agg = ident_aggregate(path);
    struct local_entry *e;

    if (ident_use(path) != IDENT_ALIAS) {
        *ret = *key;
        *ret_slot = generations_slot(c->g, agg, key);
        return true;
    }
    if (!ident_alias_name(&c->name, path, key))
        return false;
    e = local_get(&c->local, buf_str(&c->name));
    if (!e || !value_get_alias(e->value, e->len, ret))
        return false;
    *ret_slot = generations_slot(c->g, agg, ret);
    if (e->epoch == generations_epoch(c->g) &&
        cache_value_lives(c, value_head(e->value), *ret_slot))
        return true;
    local_drop(&c->local, e);
    return false;
}

/* ---- Delivery ---- */

static uint32_t rows_wanted(const struct cache_lookup *l, uint32_t n)
{
    return l->page ? MIN(n, l->page->limit) : MIN(n, 1u);
}

bool cache_deliver(struct cache *c, struct cache_flight *f, const void *value, size_t len)
{
    const struct value_head *h = value_head(value);
    struct cache_lookup *first = container_of(f->waiters.next, struct cache_lookup, _link);

    if (first->page && h->n_rows < first->page->limit && !h->complete)
        return false;
    ask_leave(f);
    while (!list_empty(&f->waiters)) {
        struct cache_lookup *l = container_of(f->waiters.next, struct cache_lookup, _link);
        bool ok = value_get_rows(value, len, rows_wanted(l, h->n_rows), l->arena, &l->slice);
        flight_leave(&c->flights, l);
        c->stats.remote_hits += ok;
        make_ready(c, ok ? &c->ready_hit : &c->ready_miss, l);
    }
    flight_end(&c->flights, f);
    return true;
}

/* The flight has no leader: its first waiter becomes it, else the flight ends. */
static void lead_on(struct cache *c, struct cache_flight *f)
{
    struct cache_lookup *l = flight_promote(f);

    if (!l) {
        flight_end(&c->flights, f);
        return;
    }
    f->token = generations_token(c->g); /* its snapshot will be of now or later */
    c->stats.misses++;
    make_ready(c, &c->ready_miss, l);
}

/* What the doorkeeper calls a look-up: the same for all pages that begin at the head. */
static bool seen_before(struct cache *c, const struct access_path *path, const struct key *key)
{
    bool named = ident_use(path) == IDENT_ALIAS
                     ? ident_alias_name(&c->name, path, key)
                     : ident_name(&c->name, ident_unit(path), ident_aggregate(path), key);

    return named && generations_seen(c->g, buf_str(&c->name), cache_now_s(c));
}

void cache_deliver_miss(struct cache *c, struct cache_flight *f)
{
    ask_leave(f);
    if (!list_empty(&f->waiters)) {
        struct cache_lookup *l = container_of(f->waiters.next, struct cache_lookup, _link);
        f->seen = seen_before(c, l->path, &l->key);
    }
    lead_on(c, f);
}

/* ---- Looking up ---- */

static int miss(struct cache *c)
{
    c->stats.misses++;
    return CACHE_MISS;
}

static int start_flight(struct cache *c, struct cache_lookup *l, bool known, const struct key *key,
                        uint32_t slot)
{
    bool head = page_is_head(l->page, l->path);
    struct cache_flight *f = flight_new(&c->flights, buf_str(&c->name), generations_token(c->g));

    if (!f)
        return miss(c);
    if (head &&
        (known ? ask_aggregate(c, f, l->path, key, slot) : ask_alias(c, f, l->path, &l->key))) {
        flight_wait(&c->flights, f, l);
        return 0;
    }
    f->seen = head && seen_before(c, l->path, &l->key);
    flight_lead(&c->flights, f, l);
    return miss(c);
}

int cache_lookup(struct cache *c, struct cache_lookup *l)
{
    struct cache_flight *f;
    struct slot_view v = {0};
    struct key key;
    uint32_t slot = 0;
    bool known;

    list_init(&l->_link);
    l->_flight = NULL;
    l->slice = (struct slice){0};
    if (c->closing || ident_use(l->path) == IDENT_NOT || c->flights.n_lookups >= LOOKUPS_MAX)
        return miss(c);
    known = cache_resolve(c, l->path, &l->key, &key, &slot);
    if (known) {
        v = generations_view(c->g, slot);
        if (v.marked)
            return miss(c); /* a write is under way: ask the database, alone */
    }
    if (!ident_flight_name(&c->name, l->path, &l->key, l->page))
        return miss(c);
    f = flight_find(&c->flights, buf_str(&c->name));
    if (f && f->token.epoch == generations_epoch(c->g) &&
        (!known || v.generation <= f->token.clock)) {
        flight_wait(&c->flights, f, l);
        c->stats.joined++;
        return 0;
    }
    return start_flight(c, l, known, &key, slot);
}

/* ---- What the database said ---- */

/* Does the flight's token hold for what was read? Sets what to keep it under, and `*ret_keyed` false when
 * there is no key: a row that is not there. */
static bool fill_holds(const struct cache *c, const struct cache_flight *f,
                       const struct cache_lookup *l, const struct slice *slice,
                       struct keep_under *ret, bool *ret_keyed)
{
    const struct table *agg = ident_aggregate(l->path);

    *ret = (struct keep_under){.key = l->key, .epoch = f->token.epoch};
    *ret_keyed = true;
    if (ident_use(l->path) == IDENT_ALIAS &&
        (slice->n == 0 || !ident_key_of_row(agg, slice->rows[0], &ret->key))) {
        *ret_keyed = false;
        return generations_quiet(c->g, f->token);
    }
    ret->slot = generations_slot(c->g, agg, &ret->key);
    return generations_holds(c->g, f->token, ret->slot, &ret->generation);
}

/* A copy of what the leader got, cut to the page. */
static bool copy_slice(struct cache_lookup *l, const struct slice *slice)
{
    uint32_t n = slice->rc < 0 ? 0 : rows_wanted(l, slice->n);
    const struct row **rows = arena_alloc(l->arena, n * sizeof *rows + 1);

    if (!rows)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        rows[i] = row_copy(l->arena, slice->rows[i]);
        if (!rows[i])
            return false;
    }
    l->slice = (struct slice){rows, n, slice->rc};
    return true;
}

void cache_fill(struct cache *c, struct cache_lookup *l, const struct slice *slice)
{
    struct cache_flight *f = l->_flight;
    struct keep_under under;
    bool keyed = false, holds;

    if (!f)
        return;
    assert(f->leader == l);
    /* An error that belongs to this key alone is the answer for those who joined, too. */
    holds = slice->rc < 0 || fill_holds(c, f, l, slice, &under, &keyed);
    if (!holds)
        c->stats.fills_lost++;
    if (holds && keyed && page_is_head(l->page, l->path) && (l->page || slice->n == 1))
        keep_answer(c, l, slice, &under, f->seen || f->joined);
    flight_leave(&c->flights, l);
    while (!list_empty(&f->waiters)) {
        struct cache_lookup *w = container_of(f->waiters.next, struct cache_lookup, _link);
        bool ok = holds && copy_slice(w, slice);
        flight_leave(&c->flights, w);
        c->stats.misses += !ok;
        make_ready(c, ok ? &c->ready_hit : &c->ready_miss, w);
    }
    flight_end(&c->flights, f);
}

void cache_abandon(struct cache *c, struct cache_lookup *l)
{
    struct cache_flight *f = l->_flight;

    if (!f)
        return;
    assert(f->leader == l);
    flight_leave(&c->flights, l);
    lead_on(c, f);
}

void cache_cancel(struct cache *c, struct cache_lookup *l)
{
    struct cache_flight *f = l->_flight;
    bool led;

    if (!f) {
        list_remove(&l->_link);
        return;
    }
    led = f->leader == l;
    flight_leave(&c->flights, l);
    if (led) {
        lead_on(c, f);
    } else if (!f->leader && list_empty(&f->waiters)) {
        ask_leave(f);
        flight_end(&c->flights, f);
    }
}

void cache_end_lookups(struct cache *c)
{
    list_each (node, &c->flights.all) {
        struct cache_flight *f = container_of(node, struct cache_flight, _link);
        ask_leave(f);
        if (f->leader) {
            struct cache_lookup *l = f->leader;
            bool due = !list_empty(&l->_link); /* promoted, not told yet */
            flight_leave(&c->flights, l);
            if (due)
                make_ready(c, &c->ready_miss, l);
        }
        while (!list_empty(&f->waiters)) {
            struct cache_lookup *l = container_of(f->waiters.next, struct cache_lookup, _link);
            flight_leave(&c->flights, l);
            make_ready(c, &c->ready_miss, l);
        }
        flight_end(&c->flights, f);
    }
}
