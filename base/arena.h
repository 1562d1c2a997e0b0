/* base/arena.h: the memory of one request (or one document): many allocations, one release.
 *
 * Blocks are carved from chunks; nothing is freed singly. When memory or the limit runs out,
 * arena_alloc returns NULL and sets a sticky `failed`, so that a phase may test once at its end;
 * code that writes through the result must still test the pointer. Under AddressSanitizer a
 * released chunk is really freed. Not thread-safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/str.h"

struct arena_chunk;
struct arena_defer;

struct arena {
    struct arena_chunk *_chunk; /* newest first */
    struct arena_defer *_defers;
    char *_at, *_end; /* free room in the newest chunk */
    size_t used;      /* bytes taken from the system */
    size_t limit;     /* most that may be taken; 0: no limit */
    bool failed;
    bool limited; /* it was the limit that ran out: no fault of the system's */
};

void arena_init(struct arena *a, size_t limit_bytes);
/* Runs what arena_defer left, last first, and frees everything. The arena can be used again
 * (arena_clear keeps the limit and the first chunk, which saves a malloc for each request). */
void arena_release(struct arena *a);
void arena_clear(struct arena *a);

/* `size` bytes aligned for any type, not zeroed / zeroed. NULL when memory or the limit ran out. */
void *arena_alloc(struct arena *a, size_t size) MUSTCHECK;
void *arena_zalloc(struct arena *a, size_t size) MUSTCHECK;
/* Room for `n` things of `size` bytes, zeroed; the product is checked. */
void *arena_array(struct arena *a, size_t n, size_t size) MUSTCHECK;
/* A copy of `s` with a NUL behind it. ptr is NULL when memory ran out. */
struct str arena_str(struct arena *a, struct str s);
/* Calls `fn(arg)` when the arena is released or cleared, last registered first.
 * ERR_MEMORY: not registered, and `fn` will not be called. */
int arena_defer(struct arena *a, void (*fn)(void *arg), void *arg) MUSTCHECK;

#endif
