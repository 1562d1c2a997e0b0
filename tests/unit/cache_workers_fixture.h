/* tests/unit/cache_workers_fixture.h: two workers (two caches over one table of generations) in
 * one loop, over a real redis-server of the test binary's own. A test says
 * SKIP_WITHOUT_REDIS(have_redis) first; after one that killed Redis it is started again. */
#ifndef TESTS_UNIT_CACHE_WORKERS_FIXTURE_H
#define TESTS_UNIT_CACHE_WORKERS_FIXTURE_H

#include "cache/cache.h"

#include <uv.h>

#include "cache/generations.h"
#include "tests/unit/cache_fixture.h"
#include "tests/unit/redis_fixture.h"

struct asker {
    struct cache_lookup l;
    int told, outcome;
    uint64_t at_ms;
};

struct world {
    uv_loop_t loop;
    struct generations *g;
    struct cache *a, *b; /* the two workers */
    struct arena arena;
    struct page head;
    unsigned closed, opened;
};

static struct redis_server server;
static bool have_redis;

#define RUN_UNTIL(w, condition, ms)                                                                \
    do {                                                                                           \
        uint64_t end_ = uv_hrtime() + (ms)*UINT64_C(1000000);                                      \
        while (!(condition) && uv_hrtime() < end_) {                                               \
            uv_run(&(w)->loop, UV_RUN_NOWAIT);                                                     \
            usleep(100);                                                                           \
        }                                                                                          \
    } while (0)

static inline void on_done(struct cache_lookup *l, int outcome)
{
    struct asker *a = container_of(l, struct asker, l);

    a->told++;
    a->outcome = outcome;
    a->at_ms = uv_hrtime() / 1000000;
}

static inline void on_closed(void *data)
{
    ((struct world *)data)->closed++;
}

static inline struct cache_stats stats(struct cache *c)
{
    struct cache_stats s;

    cache_get_stats(c, &s);
    return s;
}

static inline struct cache *open_worker(struct world *w, const char *redis, unsigned timeout_ms,
                                        size_t local_bytes, unsigned ttl_s)
{
    struct cache_config config = {.redis = redis,
                                  .generations = w->g,
                                  .secret = STR("secret"),
                                  .namespace_ = STR("test"),
                                  .local_bytes = local_bytes,
                                  .timeout_ms = timeout_ms,
                                  .ttl_s = ttl_s};
    struct cache *c = NULL;

    assert_int_equal(cache_open(&c, &w->loop, &fix_access, &config, NULL), 0);
    w->opened++;
    return c;
}

static inline int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_int_equal(hash_start(), 0);
    uv_loop_init(&w->loop);
    arena_init(&w->arena, 0);
    w->head = (struct page){.limit = 10};
    assert_int_equal(generations_open(&w->g, 1024, NULL), 0);
    *state = w;
    if (!have_redis)
        return 0;
    redis_run(&server, "FLUSHALL");
    redis_run(&server, "CONFIG SET maxmemory 0");
    w->a = open_worker(w, server.socket, 1000, 1 << 20, 60);
    w->b = open_worker(w, server.socket, 1000, 1 << 20, 60);
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 10000);
    assert_true(stats(w->b).remote_up);
    return 0;
}

static inline void close_worker(struct world *w, struct cache **c)
{
    if (*c)
        cache_close(*c, on_closed, w);
    *c = NULL;
}

static inline int teardown(void **state)
{
    struct world *w = *state;

    redis_signal(&server, SIGCONT);
    close_worker(w, &w->a);
    close_worker(w, &w->b);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, w->opened);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    generations_close(w->g);
    arena_release(&w->arena);
    free(w);
    if (have_redis && !server.pid)
        assert_true(redis_start(&server));
    return 0;
}

static inline int ask(struct world *w, struct cache *c, struct asker *a, int path, struct key key)
{
    *a = (struct asker){
        .l = {.path = &fix_paths[path], .key = key, .arena = &w->arena, .done = on_done}};
    if (a->l.path->kind == ACCESS_LIST)
        a->l.page = &w->head;
    return cache_lookup(c, &a->l);
}

/* Looks up and waits for the outcome; a miss is abandoned. */
static inline int outcome(struct world *w, struct cache *c, struct asker *a, int path,
                          struct key key)
{
    int rc = ask(w, c, a, path, key);

    if (rc == 0) {
        RUN_UNTIL(w, a->told, 10000);
        assert_int_equal(a->told, 1);
        rc = a->outcome;
    }
    if (rc == CACHE_MISS)
        cache_abandon(c, &a->l);
    return rc;
}

static inline bool peek(struct world *w, struct cache *c, int path, struct key key,
                        struct slice *ret)
{
    const struct page *page = fix_paths[path].kind == ACCESS_LIST ? &w->head : NULL;

    return cache_peek(c, &fix_paths[path], &key, page, &w->arena, ret);
}

/* Misses and fills, twice, so that it is kept. */
static inline void fill(struct world *w, struct cache *c, int path, struct key key, struct slice s)
{
    struct asker a;

    for (int i = 0; i < 2; i++) {
        int rc = ask(w, c, &a, path, key);
        if (rc == 0) {
            RUN_UNTIL(w, a.told, 10000);
            rc = a.outcome;
        }
        if (i && rc == CACHE_HIT)
            return; /* the doorkeeper had let the first one in */
        assert_int_equal(rc, CACHE_MISS);
        cache_fill(c, &a.l, &s);
    }
}

/* Owner `id` with two lists, in Redis and in a's LRU; waits until Redis has it. */
static inline void fill_passport(struct world *w, int64_t id)
{
    redisReply *r;
    long long want, have = 0;

    r = redis_do(&server, "DBSIZE");
    want = r->integer + 2;
    freeReplyObject(r);
    fill(w, w->a, OWNER_BY_CODE, fix_code(&w->arena, id),
         fix_one(&w->arena, fix_owner(&w->arena, id, "\"A\"")));
    fill(w, w->a, ITEMS_OF_OWNER, fix_id(id), fix_items(&w->arena, id, 3, "\"item\""));
    fill(w, w->a, NOTES_OF_OWNER, fix_id(id), fix_items(&w->arena, id, 2, "\"note\""));
    for (int i = 0; i < 300 && have < want; i++) {
        RUN_UNTIL(w, false, 5);
        r = redis_do(&server, "DBSIZE");
        have = r->integer;
        freeReplyObject(r);
    }
    assert_int_equal(have, want); /* the hash and the alias */
    RUN_UNTIL(w, false, 20);
}

/* The names of all keys in Redis, for a look at them; freed by the caller. */
static inline redisReply *all_keys(void)
{
    redisReply *r = redis_do(&server, "KEYS *");

    assert_int_equal(r->type, REDIS_REPLY_ARRAY);
    return r;
}

/* The key of the kind ('p' or 'a'), copied to `out`. */
static inline void key_of_kind(char kind, char *out, size_t n)
{
    redisReply *keys = all_keys();
    char infix[4] = {':', kind, ':', 0};

    out[0] = '\0';
    for (size_t i = 0; i < keys->elements; i++)
        if (strstr(keys->element[i]->str, infix))
            snprintf(out, n, "%s", keys->element[i]->str);
    assert_true(out[0]);
    freeReplyObject(keys);
}

/* cmocka: before the first test of the binary and after the last one. */
static inline int group_setup(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    redis_prepare(&server);
    have_redis = redis_start(&server);
    return 0;
}

static inline int group_teardown(void **state)
{
    redis_remove(&server);
    return 0;
}

#endif
