/* cache/local.h: the LRU of one process: names to values (value.h), within a budget of bytes.
 * Layer: cache; base/ only. Knows nothing of generations: its user checks what it gets. */
#ifndef CACHE_LOCAL_H
#define CACHE_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/macros.h"
#include "base/map.h"
#include "base/str.h"

struct local {
    struct map _map;  /* name -> struct local_entry */
    struct list _lru; /* most recently used first */
    size_t budget, bytes;
    uint64_t rows;
};

struct local_entry {
    struct list _lru;
    struct str name; /* behind the value */
    uint64_t epoch;  /* of the generations */
    size_t len;      /* of the value */
    size_t _charge;  /* what it counts for */
    uint32_t _rows;
    _Alignas(8) char value[];
};

/* With budget 0 nothing is ever kept. */
void local_init(struct local *l, size_t budget_bytes);
void local_release(struct local *l);

/* The entry, now the most recently used, or NULL. Good until the next call that is not local_get. */
struct local_entry *local_get(struct local *l, struct str name);
/* Keeps a copy of a value that value_add_rows or value_add_alias wrote, in place of one with its name,
 * and drops what was not used longest. False: too large for the budget, or no memory; then nothing of
 * that name is kept, which a cache may do. */
bool local_put(struct local *l, struct str name, uint64_t epoch, struct str value);
void local_drop(struct local *l, struct local_entry *e);

#endif
