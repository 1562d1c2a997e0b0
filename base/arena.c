/* base/arena.c: see base/arena.h. Chunks double from 4 KB to 256 KB; a large block gets its own. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum {
    ARENA_FIRST = 4096,
    ARENA_LARGEST = 256 * 1024,
    ARENA_ALIGN = _Alignof(max_align_t)
};

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* bytes after this header */
    _Alignas(max_align_t) char data[];
};

struct arena_defer {
    struct arena_defer *next;
    void (*fn)(void *arg);
    void *arg;
};

void arena_init(struct arena *a, size_t limit_bytes)
{
    *a = (struct arena){.limit = limit_bytes};
}

static void arena_run_defers(struct arena *a)
{
    while (a->_defers) {
        struct arena_defer *d = a->_defers;
        a->_defers = d->next;
        d->fn(d->arg);
    }
}

static void arena_free_chunks(struct arena_chunk *c)
{
    while (c) {
        struct arena_chunk *next = c->next;
        free(c);
        c = next;
    }
}

void arena_release(struct arena *a)
{
    arena_run_defers(a);
    arena_free_chunks(a->_chunk);
    *a = (struct arena){.limit = a->limit};
}

void arena_clear(struct arena *a)
{
    struct arena_chunk *first = a->_chunk;
    arena_run_defers(a);
#if defined(__SANITIZE_ADDRESS__)
    arena_free_chunks(first); /* so that a use after the end of a request is seen */
    first = NULL;
#else
    if (first) {
        struct arena_chunk *rest;
        while (first->next) {
            rest = first->next;
            free(first);
            first = rest;
        }
    }
#endif
    *a = (struct arena){.limit = a->limit, ._chunk = first};
    if (first) {
        a->_at = first->data;
        a->_end = first->data + first->size;
        a->used = first->size;
    }
}

static void *arena_fail(struct arena *a)
{
    a->failed = true;
    return NULL;
}

static bool arena_grow(struct arena *a, size_t size)
{
    size_t want = a->_chunk ? a->used : ARENA_FIRST;
    struct arena_chunk *c;

    want = MIN(want, (size_t)ARENA_LARGEST);
    want = MAX(want, size);
    if (a->limit && want > a->limit - MIN(a->used, a->limit))
        want = size; /* the last step may be small */
    if (a->limit && want > a->limit - MIN(a->used, a->limit)) {
        a->limited = true;
        return false;
    }
    c = malloc(sizeof *c + want);
    if (!c)
        return false;
    c->size = want;
    c->next = a->_chunk;
    a->_chunk = c;
    a->used += want;
    a->_at = c->data;
    a->_end = c->data + want;
    return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
    char *p;

    if (size > SIZE_MAX / 2)
        return arena_fail(a);
    size = (MAX(size, 1u) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (size > (size_t)(a->_end - a->_at) && !arena_grow(a, size))
        return arena_fail(a);
    p = a->_at;
    a->_at += size;
    return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
    void *p = arena_alloc(a, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t all;
    if (__builtin_mul_overflow(n, size, &all))
        return arena_fail(a);
    return arena_zalloc(a, all);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.len + 1);
    if (!p)
        return (struct str){0};
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return (struct str){p, s.len};
}

int arena_defer(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct arena_defer *d = arena_alloc(a, sizeof *d);
    if (!d)
        return ERR_MEMORY;
    *d = (struct arena_defer){a->_defers, fn, arg};
    a->_defers = d;
    return 0;
}
