/* cache/hot_log.c: see cache/hot_log.h. Entry n lies in place n modulo the length. A reader looks at its number before
 * and behind what it says, so one that is overwritten meanwhile is noticed. */
#include "cache/hot_log.h"

#include <assert.h>
#include <stddef.h>

static_assert((HOT_LOG_ENTRIES & (HOT_LOG_ENTRIES - 1)) == 0, "places are found by a mask");

#define WHAT_ALL (UINT64_C(1) << 32)

static struct hot_log_entry *place_of(struct hot_log *l, uint64_t number)
{
    return &l->entries[number & (HOT_LOG_ENTRIES - 1)];
}

void hot_log_enter(struct hot_log *l, struct hot_change change)
{
    uint64_t number = atomic_fetch_add(&l->newest, 1) + 1;
    struct hot_log_entry *e = place_of(l, number);

    atomic_store(&e->number, 0);
    atomic_store(&e->what, change.table | (change.all ? WHAT_ALL : 0));
    atomic_store(&e->key, change.key);
    atomic_store(&e->number, number);
}

void hot_log_begin(struct hot_log *l, unsigned writer, struct hot_change change)
{
    atomic_fetch_add(&l->writing[writer], 1);
    hot_log_enter(l, change);
}

void hot_log_end(struct hot_log *l, unsigned writer, struct hot_change change)
{
    hot_log_enter(l, change);
    atomic_fetch_sub(&l->writing[writer], 1);
}

void hot_log_clear(struct hot_log *l, unsigned writer)
{
    if (atomic_load(&l->writing[writer]) == 0)
        return;
    hot_log_enter(l, (struct hot_change){.table = HOT_LOG_EVERY_TABLE, .all = true});
    atomic_store(&l->writing[writer], 0);
}

int hot_log_read(struct hot_log *l, uint64_t number, struct hot_change *ret)
{
    struct hot_log_entry *e = place_of(l, number);
    uint64_t found = atomic_load(&e->number), what;

    if (atomic_load(&l->newest) - number >= HOT_LOG_ENTRIES || found > number)
        return HOT_LOG_MISSED;
    if (found != number)
        return HOT_LOG_LATER;
    what = atomic_load(&e->what);
    *ret = (struct hot_change){
        .table = (uint32_t)what, .all = what & WHAT_ALL, .key = atomic_load(&e->key)};
    return atomic_load(&e->number) == number ? HOT_LOG_READ : HOT_LOG_MISSED;
}

/* True when an entry behind `since` is about all of the table, or about this row of it (`key` not NULL), or can't be read. */
static bool entered_since(struct hot_log *l, uint64_t since, uint32_t table, const int64_t *key)
{
    uint64_t newest = atomic_load(&l->newest);
    struct hot_change e;

    if (newest - since >= HOT_LOG_ENTRIES)
        return true;
    for (uint64_t n = since + 1; n <= newest; n++) {
        if (hot_log_read(l, n, &e) != HOT_LOG_READ || e.table == HOT_LOG_EVERY_TABLE)
            return true;
        if (e.table == table && (e.all || (key && e.key == *key)))
            return true;
    }
    return false;
}

bool hot_log_holds(struct hot_log *l, uint64_t since, uint32_t table, int64_t key)
{
    /* Before the log: who writes enters the row again before it stops to count as writing. */
    for (unsigned i = 0; i < HOT_LOG_WRITERS; i++)
        if (atomic_load(&l->writing[i]))
            return false;
    return !entered_since(l, since, table, &key);
}

bool hot_log_voided(struct hot_log *l, uint64_t since, uint32_t table)
{
    return entered_since(l, since, table, NULL);
}
