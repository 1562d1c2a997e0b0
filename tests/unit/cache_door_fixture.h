/* tests/unit/cache_door_fixture.h: a cache without Redis in a loop of its own (or two over one ring, as two
 * workers have them), and look-ups that remember what they were told. For the tests of cache.h; teardown() proves that closing leaves
 * the loop empty. */
#ifndef TESTS_UNIT_CACHE_DOOR_FIXTURE_H
#define TESTS_UNIT_CACHE_DOOR_FIXTURE_H

#include "cache/cache.h"

#include <uv.h>

#include "cache/generations.h"
#include "cache/ring.h"
#include "tests/unit/cache_fixture.h"

/* One look-up with a memory of what it was told. */
struct asker {
    struct cache_lookup l;
    int told; /* how often */
    int outcome;
};

struct world {
    uv_loop_t loop;
    struct generations *g;
    struct ring *ring;       /* NULL: none */
    struct cache *c, *other; /* other: NULL without a ring */
    struct arena arena;
    struct page head;
    unsigned closed;
};

static inline void on_done(struct cache_lookup *l, int outcome)
{
    struct asker *a = container_of(l, struct asker, l);

    a->told++;
    a->outcome = outcome;
}

static inline int setup_with(void **state, size_t ring_bytes)
{
    struct world *w = calloc(1, sizeof *w);
    struct cache_config config = {.secret = STR("secret"),
                                  .namespace_ = STR("test"),
                                  .local_bytes = 1 << 20,
                                  .timeout_ms = 20,
                                  .ttl_s = 60,
                                  .rights_s = 2};

    assert_int_equal(hash_start(), 0);
    uv_loop_init(&w->loop);
    arena_init(&w->arena, 0);
    w->head = (struct page){.limit = 10};
    assert_int_equal(generations_open(&w->g, 1024, NULL), 0);
    config.generations = w->g;
    if (ring_bytes) {
        assert_int_equal(ring_open(&w->ring, ring_bytes, NULL), 0);
        config.ring = w->ring;
        config.ttl_s = 2;
        assert_int_equal(cache_open(&w->other, &w->loop, &fix_access, &config, NULL), 0);
    }
    assert_int_equal(cache_open(&w->c, &w->loop, &fix_access, &config, NULL), 0);
    *state = w;
    return 0;
}

static inline int setup(void **state)
{
    return setup_with(state, 0);
}

static inline void on_closed(void *data)
{
    struct world *w = data;

    w->closed++;
}

static inline int teardown(void **state)
{
    struct world *w = *state;

    if (w->c)
        cache_close(w->c, on_closed, w);
    if (w->other)
        cache_close(w->other, on_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, w->other ? 2 : 1);
    assert_int_equal(uv_loop_close(&w->loop), 0); /* nothing was left open */
    generations_close(w->g);
    ring_close(w->ring);
    arena_release(&w->arena);
    free(w);
    return 0;
}

static inline int ask(struct world *w, struct asker *a, int path, struct key key)
{
    *a = (struct asker){
        .l = {.path = &fix_paths[path], .key = key, .arena = &w->arena, .done = on_done}};
    if (a->l.path->kind == ACCESS_LIST)
        a->l.page = &w->head;
    return cache_lookup(w->c, &a->l);
}

static inline bool peek(struct world *w, int path, struct key key, struct slice *ret)
{
    const struct page *page = fix_paths[path].kind == ACCESS_LIST ? &w->head : NULL;

    return cache_peek(w->c, &fix_paths[path], &key, page, &w->arena, ret);
}

/* Misses and fills, as if the database had said this. */
static inline void fill(struct world *w, int path, struct key key, struct slice s)
{
    struct asker a;

    assert_int_equal(ask(w, &a, path, key), CACHE_MISS);
    cache_fill(w->c, &a.l, &s);
    assert_int_equal(a.told, 0);
}

static inline void turn(struct world *w)
{
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

static inline struct cache_stats stats(struct world *w)
{
    struct cache_stats s;

    cache_get_stats(w->c, &s);
    return s;
}

#endif
