/* base/map.c: see base/map.h. Linear probing; taking an entry out moves its followers up, so
 * there are no tombstones. */
#include "base/map.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"

void map_init(struct map *m, struct arena *arena)
{
    *m = (struct map){._arena = arena};
}

void map_release(struct map *m)
{
    if (!m->_arena)
        free(m->_slots);
    *m = (struct map){._arena = m->_arena};
}

/* The slot of `key`, or the free one where it belongs. The table is never full. */
static struct map_entry *map_slot(const struct map *m, struct str key, uint64_t hash)
{
    size_t i = (size_t)hash & (m->_cap - 1);
    while (m->_slots[i].value && !(m->_slots[i].hash == hash && str_eq(m->_slots[i].key, key)))
        i = (i + 1) & (m->_cap - 1);
    return &m->_slots[i];
}

void *map_get(const struct map *m, struct str key)
{
    return m->count ? map_slot(m, key, hash_bytes(key))->value : NULL;
}

static int map_grow(struct map *m)
{
    size_t cap = m->_cap ? m->_cap * 2 : 16;
    struct map bigger = {._arena = m->_arena, ._cap = cap, .count = m->count};

    bigger._slots = m->_arena ? arena_array(m->_arena, cap, sizeof *bigger._slots)
                              : calloc(cap, sizeof *bigger._slots);
    if (!bigger._slots)
        return ERR_MEMORY;
    for (size_t i = 0; i < m->_cap; i++)
        if (m->_slots[i].value)
            *map_slot(&bigger, m->_slots[i].key, m->_slots[i].hash) = m->_slots[i];
    if (!m->_arena)
        free(m->_slots);
    *m = bigger;
    return 0;
}

int map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = hash_bytes(key);
    struct map_entry *e;

    if (m->count + 1 > m->_cap / 10 * 7 && map_grow(m) < 0)
        return ERR_MEMORY;
    e = map_slot(m, key, hash);
    if (!e->value)
        m->count++;
    *e = (struct map_entry){key, hash, value};
    return 0;
}

void *map_take(struct map *m, struct str key)
{
    struct map_entry *e;
    void *value;
    size_t hole, i;

    if (!m->count)
        return NULL;
    e = map_slot(m, key, hash_bytes(key));
    value = e->value;
    if (!value)
        return NULL;
    hole = i = (size_t)(e - m->_slots);
    for (;;) {
        size_t home;
        i = (i + 1) & (m->_cap - 1);
        if (!m->_slots[i].value)
            break;
        home = (size_t)m->_slots[i].hash & (m->_cap - 1);
        if (((i - home) & (m->_cap - 1)) >= ((i - hole) & (m->_cap - 1))) {
            m->_slots[hole] = m->_slots[i];
            hole = i;
        }
    }
    m->_slots[hole] = (struct map_entry){0};
    m->count--;
    return value;
}
