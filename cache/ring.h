/* cache/ring.h: the memory that the workers of one machine share: names to values, first in, first out.
 * Layer: cache; base/ only. Knows nothing of generations: its user checks what it gets, as with Redis.
 *
 * What lies there: an index (atomic words, mapped) and a ring of records in a memory file that has no name and
 * is read and written with pread and pwrite. See ring.c for why, and for what makes a record count.
 * Any process that was forked after ring_open may call everything; one that is killed at any moment, in
 * the middle of a write too, costs a record and nothing else. Nothing here waits for anybody. */
#ifndef CACHE_RING_H
#define CACHE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct ring;
struct err;

enum {
    RING_MB_MAX = 65536,
    RING_NAME_MAX = 512 /* bytes of a name */
};

/* `bytes`, from 1 MB to RING_MB_MAX of them, are taken from the system as they are filled; so is the index, which
 * is a sixty-fourth to a thirty-second of that. ERR_CONFIG: no such size; ERR_MEMORY. */
int ring_open(struct ring **ret_r, size_t bytes, struct err *reterr) MUSTCHECK;
void ring_close(struct ring *r); /* NULL is fine */

/* The value of that name and epoch, aligned to 8: good until the next call with this `r`. Empty: not there. */
struct str ring_get(struct ring *r, uint64_t epoch, struct str name);
/* Writes a value (at most VALUE_BYTES_MAX, and not one that ring_get gave) under its name, and under a second
 * one when `alias` is not empty. What was written longest ago is gone for it. False: it is not kept. */
bool ring_put(struct ring *r, uint64_t epoch, struct str name, struct str alias, struct str value);

/* Of all processes: bytes that have been written to. */
size_t ring_used(const struct ring *r);
/* Of this process: records that were not (or not whole) where the index said: written over meanwhile. */
uint64_t ring_lost(const struct ring *r);

#endif
