/* cache/keep.c: what is kept of what was found, and where. Layer: cache; base/ and uv.h.
 *
 *                 LRU of the process      ring of the machine      Redis
 *   answer of     asked for twice         always                   asked for twice, and worth it
 *   the database
 *   ring          asked for twice
 *   Redis         always                  always
 *
 * An LRU's entry costs an allocation, and memory of this worker; a store into Redis costs three commands. A
 * record in the ring is one write, a microsecond, beside the twenty and more that the database took for it. So a
 * sweep over all patients fills the ring, which forgets in order, and leaves the others alone. */
#include "cache/cache_priv.h"
#include "cache/ident.h"
#include "cache/ring.h"
#include "cache/value.h"

static bool may_keep(struct cache *c)
{
    uint64_t now = uv_now(c->loop);
    uint64_t earned = (now - c->fills_at_ms) * FILLS_PER_S / 1000;

    if (earned) {
        c->fills_left = MIN(c->fills_left + earned, (uint64_t)FILLS_BURST);
        c->fills_at_ms = now;
    }
    if (c->fills_left == 0)
        return false;
    c->fills_left--;
    return true;
}

/* The same for Redis. */
static bool may_store(struct cache *c)
{
    return ask_can_store(c) && worth_take(&c->worth, uv_now(c->loop), c->stats.remote_hits);
}

/* Puts the value in c->value under the name in c->name into the LRU. */
static void keep_local(struct cache *c, uint64_t epoch)
{
    local_put(&c->local, buf_str(&c->name), epoch, buf_str(&c->value));
}

/* The same for the ring; what was looked for by another column lies under that name, too, so that one read
 * finds it. */
static void keep_shared(struct cache *c, const struct cache_lookup *l, uint64_t epoch)
{
    buf_clear(&c->alias);
    if (ident_use(l->path) == IDENT_ALIAS && !ident_alias_name(&c->alias, l->path, &l->key))
        return;
    c->stats.shared_fills +=
        ring_put(c->ring, epoch, buf_str(&c->name), buf_str(&c->alias), buf_str(&c->value));
}

static void keep_rows(struct cache *c, const struct cache_lookup *l, const struct slice *slice,
                      const struct keep_under *under, bool here, bool store)
{
    const struct table *agg = ident_aggregate(l->path);
    struct value_head h = {.unit = ident_unit(l->path),
                           .generation = under->generation,
                           .born_s = cache_now_s(c),
                           .complete = !l->page || slice->n < l->page->limit};
    struct sha256 digest;

    if (store && (!ident_name(&c->name, ident_row_unit(agg), agg, &under->key) ||
                  !ask_digest(c, under->epoch, &digest, &h.name)))
        return;
    buf_clear(&c->value);
    if (!value_add_rows(&c->value, &h, slice) || !ident_name(&c->name, h.unit, agg, &under->key))
        return;
    if (c->ring)
        keep_shared(c, l, under->epoch);
    if (!here)
        return;
    keep_local(c, under->epoch);
    if (store) {
        value_seal(&c->value, 0, c->seal);
        ask_store_rows(c, under->epoch, &digest, h.unit, under->slot, buf_str(&c->value));
    }
    c->stats.fills++;
}

static void keep_alias(struct cache *c, const struct cache_lookup *l,
                       const struct keep_under *under, bool store)
{
    struct value_head h = {.unit = ident_alias_unit(l->path),
                           .generation = under->generation,
                           .born_s = cache_now_s(c)};
    struct sha256 digest;

    buf_clear(&c->value);
    if (!ident_alias_name(&c->name, l->path, &l->key) ||
        (store && !ask_digest(c, under->epoch, &digest, &h.name)) ||
        !value_add_alias(&c->value, &h, &under->key))
        return;
    keep_local(c, under->epoch);
    if (!store)
        return;
    value_seal(&c->value, 0, c->seal);
    ask_store_alias(c, under->epoch, &digest, generations_slot_of(c->g, buf_str(&c->name)),
                    buf_str(&c->value));
}

void keep_answer(struct cache *c, const struct cache_lookup *l, const struct slice *slice,
                 const struct keep_under *under, bool asked_again)
{
    bool here = asked_again && may_keep(c), store = here && may_store(c);

    if (here || c->ring)
        keep_rows(c, l, slice, under, here, store);
    if (here && ident_use(l->path) == IDENT_ALIAS)
        keep_alias(c, l, under, store);
}

void keep_found(struct cache *c, uint64_t epoch, const struct access_path *path,
                const struct key *key, struct str value)
{
    struct value_head h = *value_head(value.ptr);

    if (!generations_seen(c->g, buf_str(&c->name), cache_now_s(c)) || !may_keep(c))
        return;
    if (ident_use(path) == IDENT_ALIAS) { /* two entries: what the name stands for, and the row */
        h.unit = ident_alias_unit(path);
        buf_clear(&c->value);
        if (!value_add_alias(&c->value, &h, key))
            return;
        keep_local(c, epoch);
        if (!ident_name(&c->name, ident_unit(path), ident_aggregate(path), key))
            return;
    }
    local_put(&c->local, buf_str(&c->name), epoch, value);
    c->stats.fills++;
}

void keep_replied(struct cache *c, uint64_t epoch, struct str value)
{
    local_put(&c->local, buf_str(&c->name), epoch, value);
    if (c->ring)
        c->stats.shared_fills +=
            ring_put(c->ring, epoch, buf_str(&c->name), (struct str){0}, value);
}
