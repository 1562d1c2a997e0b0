/* cache/hot.h: all rows of the hot tables, by integer key, packed in large blocks.
 * Layer: cache; base/ only, no clock of its own. One struct hot a worker; not thread-safe.
 *
 * A row that is replaced leaves its bytes behind; when a quarter of a table's bytes are such leavings,
 * hot_sweep packs the table anew, and frees the old blocks only a while later, so that a pointer to
 * a row stays good for at least HOT_GRACE_MS. */
#ifndef CACHE_HOT_H
#define CACHE_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct access;
struct hot;
struct row;
struct table;

enum {
    HOT_GRACE_MS = 10000 /* longer than any request lives */
};

/* `access` outlives it. ERR_MEMORY. */
int hot_new(struct hot **ret_hot, const struct access *access) MUSTCHECK;
void hot_free(struct hot *h);

/* The row, or NULL. Good until hot_sweep was called HOT_GRACE_MS or more after this. */
const struct row *hot_get(const struct hot *h, const struct table *table, int64_t key);
/* Starts fetching into the processor's cache what hot_get will look at for this key. */
void hot_prefetch(const struct hot *h, const struct table *table, int64_t key);
/* Copies `row` in, in place of one with its key. ERR_MEMORY; ERR_DATA: no row of this table, or the
 * table's key is not one integer. */
int hot_put(struct hot *h, const struct table *table, const struct row *row) MUSTCHECK;

/* The row is forgotten, or all of a table (which is not loaded any more): rows that were found stay good as said. */
void hot_drop(struct hot *h, const struct table *table, int64_t key);
void hot_drop_all(struct hot *h, const struct table *table, uint64_t now_ms);

void hot_set_loaded(struct hot *h, const struct table *table);
bool hot_is_loaded(const struct hot *h, const struct table *table);

/* Packs what is worth packing and frees what was replaced long ago. Call it now and then. */
void hot_sweep(struct hot *h, uint64_t now_ms);

uint64_t hot_rows(const struct hot *h);
uint64_t hot_bytes(const struct hot *h); /* blocks and index */

/* Walks the rows of a table in no order: start with `*at` = 0; NULL at the end. `change` tells whether
 * the table changed since: a walk is whole only when it is the same at its start and end. */
const struct row *hot_next(const struct hot *h, const struct table *table, size_t *at);
uint64_t hot_change(const struct hot *h, const struct table *table);

#endif
