/* base/map.h: string -> pointer, open addressing, at most 70 % full, seeded hash.
 * Keys are views: their bytes must live as long as the entry. Values may not be NULL.
 * Memory comes from an arena when one is given (and is then never freed singly), else from the heap. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct arena;

struct map_entry {
    struct str key;
    uint64_t hash;
    void *value; /* NULL: free */
};

struct map {
    struct arena *_arena; /* NULL: heap */
    struct map_entry *_slots;
    size_t _cap; /* a power of two, or 0 */
    size_t count;
};

void map_init(struct map *m, struct arena *arena);
/* Frees the table when it is on the heap; not the values. */
void map_release(struct map *m);

/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Sets `key` to `value`. 0, or ERR_MEMORY (then nothing changed). */
int map_put(struct map *m, struct str key, void *value) MUSTCHECK;
/* Takes `key` out and returns its value, or NULL. */
void *map_take(struct map *m, struct str key);

/* Walks all entries in no order; the map may not change meanwhile. */
#define map_each(entry, m)                                                                         \
    for (struct map_entry *entry = (m)->_slots; (m)->_slots && entry < (m)->_slots + (m)->_cap;    \
         entry++)                                                                                  \
        if (entry->value)

#endif
