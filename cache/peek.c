/* cache/peek.c: rows that are here, in the process or in the ring: nothing waits. Layer: cache; base/. */
#include "cache/cache_priv.h"
#include "cache/ident.h"
#include "cache/ring.h"
#include "cache/value.h"

/* The part of a value that a page asks for; false: the value does not go that far, or no memory. */
static bool take_rows(const void *value, size_t len, const struct page *page, struct arena *arena,
                      struct slice *ret)
{
    const struct value_head *h = value_head(value);
    uint32_t want = page ? page->limit : 1;

    return (h->n_rows >= want || h->complete) &&
           value_get_rows(value, len, MIN(want, h->n_rows), arena, ret);
}

static bool peek_local(struct cache *c, const struct access_path *path, const struct key *key,
                       const struct page *page, struct arena *arena, struct slice *ret)
{
    struct local_entry *e;
    struct key aggregate_key;
    uint32_t slot;

    if (!cache_resolve(c, path, key, &aggregate_key, &slot) ||
        !ident_name(&c->name, ident_unit(path), ident_aggregate(path), &aggregate_key))
        return false;
    e = local_get(&c->local, buf_str(&c->name));
    if (!e)
        return false;
    if (e->epoch != generations_epoch(c->g) || !cache_value_lives(c, value_head(e->value), slot)) {
        if (!generations_view(c->g, slot).marked)
            local_drop(&c->local, e);
        return false;
    }
    if (!take_rows(e->value, e->len, page, arena, ret))
        return false;
    c->stats.local_hits++;
    return true;
}

/* A row that is looked for by another column lies under that name, and says itself what its key is. */
static bool peek_ring(struct cache *c, const struct access_path *path, const struct key *key,
                      const struct page *page, struct arena *arena, struct slice *ret)
{
    const struct table *agg = ident_aggregate(path);
    bool by_alias = ident_use(path) == IDENT_ALIAS;
    uint64_t epoch = generations_epoch(c->g);
    struct key aggregate_key = *key;
    struct str value;
    size_t at = 0;

    if (!(by_alias ? ident_alias_name(&c->name, path, key)
                   : ident_name(&c->name, ident_unit(path), agg, key)))
        return false;
    value = ring_get(c->ring, epoch, buf_str(&c->name));
    if (value.len < sizeof(struct value_head))
        return false;
    if (by_alias) {
        const struct row *row = value_next_row(value.ptr, value.len, &at);
        if (!row || !ident_key_of_row(agg, row, &aggregate_key))
            return false;
    }
    if (!cache_value_lives(c, value_head(value.ptr), generations_slot(c->g, agg, &aggregate_key)) ||
        !take_rows(value.ptr, value.len, page, arena, ret))
        return false;
    c->stats.shared_hits++;
    keep_found(c, epoch, path, &aggregate_key, value);
    return true;
}

bool cache_peek(struct cache *c, const struct access_path *path, const struct key *key,
                const struct page *page, struct arena *arena, struct slice *ret)
{
    if (c->closing || ident_use(path) == IDENT_NOT || !page_is_head(page, path))
        return false;
    return peek_local(c, path, key, page, arena, ret) ||
           (c->ring && peek_ring(c, path, key, page, arena, ret));
}
