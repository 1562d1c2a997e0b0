/* server/heard.c: see server/heard.h. */
#include "server/heard.h"

#include <assert.h>
#include <stdlib.h>

#include "base/access.h"
#include "base/hash.h"
#include "cache/cache.h"
#include "cache/generations.h"
#include "db/follow_message.h"

enum {
    RECENT = 4096 /* places by which repetitions are found */
};

static_assert((RECENT & (RECENT - 1)) == 0, "places are found by a mask");

struct change {
    const struct table *table; /* hot; NULL: an aggregate */
    int64_t key;               /* the hot row's, or the aggregate's slot */
    uint32_t xid;
    bool whole; /* hot: all of the table */
};

struct heard {
    struct generations *generations;
    uint32_t xid;
    /* Everything will be void when all transactions from `first` to `last` are seen. */
    bool anything;
    uint32_t first, last;
    uint32_t n;
    struct change changes[HEARD_MAX];
    struct change recent[RECENT];
};

struct heard *heard_new(struct generations *generations)
{
    struct heard *h = calloc(1, sizeof *h);

    if (h)
        h->generations = generations;
    return h;
}

void heard_free(struct heard *h)
{
    free(h);
}

void heard_clear(struct heard *h)
{
    h->n = 0;
    h->anything = false;
    memset(h->recent, 0, sizeof h->recent);
}

void heard_begins(struct heard *h, uint32_t xid)
{
    h->xid = xid;
}

void heard_anything(struct heard *h)
{
    if (!h->anything || (int32_t)(h->xid - h->first) < 0)
        h->first = h->xid;
    if (!h->anything || (int32_t)(h->last - h->xid) < 0)
        h->last = h->xid;
    h->anything = true;
}

static bool is_same(const struct change *a, const struct change *b)
{
    return a->xid == b->xid && a->table == b->table && a->key == b->key && a->whole == b->whole;
}

static void note(struct heard *h, struct change change)
{
    uint64_t place = hash_u64((uint64_t)change.key ^ (uint64_t)(uintptr_t)change.table);
    struct change *recent = &h->recent[place & (RECENT - 1)];

    change.xid = h->xid;
    if (is_same(recent, &change))
        return;
    if (h->n == HEARD_MAX) {
        heard_anything(h);
        return;
    }
    *recent = change;
    h->changes[h->n++] = change;
}

void heard_aggregate(struct heard *h, const struct table *aggregate, const struct key *key)
{
    note(h, (struct change){.key = generations_slot(h->generations, aggregate, key)});
}

void heard_hot(struct heard *h, const struct table *table, const int64_t *key)
{
    note(h, (struct change){.table = table, .whole = !key, .key = key ? *key : 0});
}

static void make_void(struct heard *h, const struct change *c)
{
    if (c->table)
        generations_heard_hot(h->generations, c->table, c->whole ? NULL : &c->key);
    else
        generations_heard(h->generations, (uint32_t)c->key);
}

bool heard_settle(struct heard *h, struct str snapshot)
{
    uint32_t left = 0, xid = 0;
    bool sees = false;

    for (uint32_t i = 0; i < h->n; i++) {
        const struct change *c = &h->changes[i];
        if (i == 0 || c->xid != xid) {
            xid = c->xid;
            sees = follow_sees(snapshot, xid, xid);
        }
        if (sees)
            make_void(h, c);
        else
            h->changes[left++] = *c;
    }
    if (h->n && !left) /* a number comes again, one day */
        memset(h->recent, 0, sizeof h->recent);
    h->n = left;
    if (!h->anything)
        return true;
    if (!follow_sees(snapshot, h->first, h->last))
        return false;
    generations_flush(h->generations);
    h->anything = false;
    return true;
}
