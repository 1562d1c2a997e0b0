/* cache/value.h: how a cached value is written, the same bytes in the local LRU and in Redis:
 * a head, then the rows (each padded to 4 bytes), or for an alias the key that it stands for.
 * Layer: cache; base/ only. Whatever comes from Redis goes through value_check before it is believed. */
#ifndef CACHE_VALUE_H
#define CACHE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/access.h"
#include "base/buf.h"
#include "base/macros.h"
#include "base/str.h"

enum {
    VALUE_MAGIC = 0x31765154, /* "TQv1" */
    VALUE_ROWS_MAX =
        128, /* of a list's head: design says 100 and one more to know of a next page */
    VALUE_BYTES_MAX = 256 * 1024,
    VALUE_TEXT_MAX = 256 /* of a text key; longer ones are not cached */
};

enum value_kind {
    VALUE_ROWS = 1, /* the row of an aggregate, or the head of a list */
    VALUE_ALIAS = 2 /* unique value -> key of the aggregate */
};

struct value_head {
    uint32_t magic;
    uint16_t kind;     /* enum value_kind */
    uint16_t complete; /* the list has no further rows */
    uint32_t unit;     /* see ident.h */
    uint32_t n_rows;
    uint64_t generation;
    uint64_t born_s;   /* monotonic clock of this machine */
    uint64_t name;     /* keyed hash of what was asked for: another key's value is no answer */
    uint64_t checksum; /* of head and body, this field being 0 */
};

/* Appends rows (at most VALUE_ROWS_MAX; `h->n_rows` and `h->complete` are set to what was taken).
 * False: too large, or out of memory; `out` is then of no use. */
bool value_add_rows(struct buf *out, struct value_head *h, const struct slice *slice);
bool value_add_alias(struct buf *out, struct value_head *h, const struct key *key);
/* Sets the checksum of the value that starts at `at` in `out`. */
void value_seal(struct buf *out, size_t at, uint64_t seed);

/* True when `bytes` (aligned to 8) are a whole value: sealed with this seed, of this kind, with
 * this unit and name, and every row one of `n_columns` cells. */
bool value_check(const void *bytes, size_t len, enum value_kind kind, uint32_t unit, uint64_t name,
                 uint32_t n_columns, uint64_t seed);

/* What is in a value that was checked, or that this process wrote itself. */
const struct value_head *value_head(const void *bytes);
/* The first `n` rows (n <= n_rows) as one block in `arena`. False: out of memory. */
bool value_get_rows(const void *bytes, size_t len, uint32_t n, struct arena *arena,
                    struct slice *ret);
/* The rows one by one, where they lie: start with `*at` = 0; NULL after the last. */
const struct row *value_next_row(const void *bytes, size_t len, size_t *at);
/* The key that an alias stands for; its text lies in `bytes`. */
bool value_get_alias(const void *bytes, size_t len, struct key *ret);

#endif
