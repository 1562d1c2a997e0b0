/* t-cache_redis.c: two workers (two caches over one table of generations) and a real redis-server: what one
 * fills the other finds, and what Redis then does wrong is a miss, never a wrong row. */
#include "cache/cache.h"

#include <uv.h>

#include "base/err.h"
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

static void on_done(struct cache_lookup *l, int outcome)
{
    struct asker *a = container_of(l, struct asker, l);

    a->told++;
    a->outcome = outcome;
    a->at_ms = uv_hrtime() / 1000000;
}

static void on_closed(void *data)
{
    ((struct world *)data)->closed++;
}

static struct cache_stats stats(struct cache *c)
{
    struct cache_stats s;

    cache_get_stats(c, &s);
    return s;
}

static struct cache *open_worker(struct world *w, const char *redis, unsigned timeout_ms,
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

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_int_equal(hash_start(), 0);
    uv_loop_init(&w->loop);
    arena_init(&w->arena, 0);
    w->head = (struct page){.limit = 10};
    assert_int_equal(generations_open(&w->g, NULL, 1024, NULL), 0);
    *state = w;
    if (!have_redis)
        return 0;
    redis_run(&server, "FLUSHALL");
    redis_run(&server, "CONFIG SET maxmemory 0");
    w->a = open_worker(w, server.socket, 1000, 1 << 20, 60);
    w->b = open_worker(w, server.socket, 1000, 1 << 20, 60);
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 3000);
    assert_true(stats(w->b).remote_up);
    return 0;
}

static void close_worker(struct world *w, struct cache **c)
{
    if (*c)
        cache_close(*c, on_closed, w);
    *c = NULL;
}

static int teardown(void **state)
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

static int ask(struct world *w, struct cache *c, struct asker *a, int path, struct key key)
{
    *a = (struct asker){
        .l = {.path = &fix_paths[path], .key = key, .arena = &w->arena, .done = on_done}};
    if (a->l.path->kind == ACCESS_LIST)
        a->l.page = &w->head;
    return cache_lookup(c, &a->l);
}

/* Looks up and waits for the outcome; a miss is abandoned. */
static int outcome(struct world *w, struct cache *c, struct asker *a, int path, struct key key)
{
    int rc = ask(w, c, a, path, key);

    if (rc == 0) {
        RUN_UNTIL(w, a->told, 3000);
        assert_int_equal(a->told, 1);
        rc = a->outcome;
    }
    if (rc == CACHE_MISS)
        cache_abandon(c, &a->l);
    return rc;
}

static bool peek(struct world *w, struct cache *c, int path, struct key key, struct slice *ret)
{
    const struct page *page = fix_paths[path].kind == ACCESS_LIST ? &w->head : NULL;

    return cache_peek(c, &fix_paths[path], &key, page, &w->arena, ret);
}

/* Misses and fills, twice, so that it is kept. */
static void fill(struct world *w, struct cache *c, int path, struct key key, struct slice s)
{
    struct asker a;

    for (int i = 0; i < 2; i++) {
        int rc = ask(w, c, &a, path, key);
        if (rc == 0) {
            RUN_UNTIL(w, a.told, 3000);
            rc = a.outcome;
        }
        if (i && rc == CACHE_HIT)
            return; /* the doorkeeper had let the first one in */
        assert_int_equal(rc, CACHE_MISS);
        cache_fill(c, &a.l, &s);
    }
}

/* Owner `id` with two lists, in Redis and in a's LRU; waits until Redis has it. */
static void fill_passport(struct world *w, int64_t id)
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
static redisReply *all_keys(void)
{
    redisReply *r = redis_do(&server, "KEYS *");

    assert_int_equal(r->type, REDIS_REPLY_ARRAY);
    return r;
}

/* The key of the kind ('p' or 'a'), copied to `out`. */
static void key_of_kind(char kind, char *out, size_t n)
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

static void test_shared__another_worker_finds_it(void **state)
{
    struct world *w = *state;
    struct asker a;
    struct slice got;
    uint64_t commands;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    commands = stats(w->b).remote_commands;
    assert_int_equal(outcome(w, w->b, &a, OWNER_BY_CODE, fix_code(&w->arena, 7)), CACHE_HIT);
    assert_int_equal(a.l.slice.n, 1);
    assert_cell(a.l.slice.rows[0], 2, "\"A\"");
    assert_cell(a.l.slice.rows[0], 1, "\"code-7\"");
    assert_int_equal(stats(w->b).remote_commands, commands + 2); /* alias, aggregate */
    /* The lists came along. */
    assert_true(peek(w, w->b, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 3);
    assert_cell(got.rows[2], 2, "\"item\"");
    assert_true(peek(w, w->b, NOTES_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 2);
    assert_cell(got.rows[0], 2, "\"note\"");
    assert_true(peek(w, w->b, OWNER_BY_CODE, fix_code(&w->arena, 7), &got));
    assert_int_equal(stats(w->b).remote_commands, commands + 2);
    assert_int_equal(stats(w->b).remote_hits, 1);
    assert_int_equal(stats(w->b).local_hits, 3);
}

static void test_shared__one_command_for_all_who_wait(void **state)
{
    struct world *w = *state;
    struct asker a[6];
    static const int paths[6] = {ITEMS_OF_OWNER, NOTES_OF_OWNER, ITEMS_OF_OWNER,
                                 OWNER_BY_ID,    NOTES_OF_OWNER, OWNER_BY_ID};
    uint64_t commands;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    commands = stats(w->b).remote_commands;
    for (int i = 0; i < 6; i++)
        assert_int_equal(ask(w, w->b, &a[i], paths[i], fix_id(7)), 0);
    RUN_UNTIL(w, a[5].told, 3000);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(a[i].told, 1);
        assert_int_equal(a[i].outcome, CACHE_HIT);
    }
    assert_int_equal(stats(w->b).remote_commands, commands + 1);
    assert_cell(a[4].l.slice.rows[0], 2, "\"note\"");
}

static void test_shared__redis_is_not_asked_in_vain(void **state)
{
    struct world *w = *state;
    struct asker a;

    SKIP_WITHOUT_REDIS(have_redis);
    for (int64_t id = 0; id < 100; id++) {
        assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(id)), CACHE_MISS); /* at once */
        cache_abandon(w->b, &a.l);
        assert_int_equal(ask(w, w->b, &a, OWNER_BY_CODE, fix_code(&w->arena, id)), CACHE_MISS);
        cache_abandon(w->b, &a.l);
    }
    assert_int_equal(stats(w->b).remote_commands, 0);
    /* What was emptied behind our back is asked for once. */
    fill_passport(w, 7);
    redis_run(&server, "FLUSHALL");
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), 0);
    RUN_UNTIL(w, a.told, 3000);
    assert_int_equal(a.outcome, CACHE_MISS);
    cache_abandon(w->b, &a.l);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    cache_abandon(w->b, &a.l);
    assert_int_equal(stats(w->b).remote_commands, 1);
}

static void test_shared__a_write_voids_it_everywhere(void **state)
{
    struct world *w = *state;
    struct slice got;
    struct asker a;
    struct key key = fix_id(7);
    uint64_t commands;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    assert_false(peek(w, w->a, ITEMS_OF_OWNER, key, &got));
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    cache_abandon(w->b, &a.l);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    commands = stats(w->b).remote_commands;
    assert_false(peek(w, w->a, ITEMS_OF_OWNER, key, &got));
    assert_false(peek(w, w->a, OWNER_BY_CODE, fix_code(&w->arena, 7), &got));
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    assert_int_equal(stats(w->b).remote_commands, commands);
    /* The alias' slot is not the owner's: Redis is asked and says what is dead. */
    assert_int_equal(outcome(w, w->b, &a, OWNER_BY_CODE, fix_code(&w->arena, 7)), CACHE_MISS);
    /* One list is filled again: the others of the same hash stay dead. */
    fill(w, w->a, ITEMS_OF_OWNER, key, fix_items(&w->arena, 7, 1, "\"new\""));
    RUN_UNTIL(w, false, 50);
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, key), CACHE_HIT);
    assert_int_equal(a.l.slice.n, 1);
    assert_cell(a.l.slice.rows[0], 2, "\"new\"");
    assert_int_equal(outcome(w, w->b, &a, NOTES_OF_OWNER, key), CACHE_MISS);
    assert_int_equal(outcome(w, w->b, &a, OWNER_BY_ID, key), CACHE_MISS);
}

/* A write that begins and ends while Redis is being asked. */
static void test_shared__a_reply_that_raced_with_a_write_is_a_miss(void **state)
{
    struct world *w = *state;
    struct key key = fix_id(7);
    struct slice got;
    struct asker a;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, key), 0);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    RUN_UNTIL(w, a.told, 3000);
    assert_int_equal(a.outcome, CACHE_MISS);
    cache_abandon(w->b, &a.l);
    assert_false(peek(w, w->b, ITEMS_OF_OWNER, key, &got));
    fill_passport(w, 8);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(8)), 0);
    generations_flush(w->g);
    RUN_UNTIL(w, a.told, 3000);
    assert_int_equal(a.outcome, CACHE_MISS);
    cache_abandon(w->b, &a.l);
}

static void test_shared__names_say_nothing_about_persons(void **state)
{
    struct world *w = *state;
    redisReply *keys;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 990101350123);
    keys = all_keys();
    assert_int_equal(keys->elements, 2);
    for (size_t i = 0; i < keys->elements; i++) {
        const char *key = keys->element[i]->str;
        redisReply *ttl = redis_do(&server, "TTL %s", key);
        assert_true(ttl->integer > 0 && ttl->integer <= 60);
        freeReplyObject(ttl);
        assert_memory_equal(key, "tq:test:", 8);
        assert_null(strstr(key, "990101350123"));
        assert_null(strstr(key, "code"));
        assert_int_equal(strlen(strrchr(key, ':') + 1), 32);
    }
    freeReplyObject(keys);
}

static void test_shared__what_is_too_old_is_a_miss(void **state)
{
    struct world *w = *state;
    struct slice got;
    struct asker a;
    char key[128];

    SKIP_WITHOUT_REDIS(have_redis);
    close_worker(w, &w->a);
    close_worker(w, &w->b);
    w->a = open_worker(w, server.socket, 1000, 1 << 20, 1);
    w->b = open_worker(w, server.socket, 1000, 1 << 20, 1);
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 3000);
    fill(w, w->a, ITEMS_OF_OWNER, fix_id(7), fix_items(&w->arena, 7, 3, "\"item\""));
    RUN_UNTIL(w, false, 50);
    key_of_kind('p', key, sizeof key);
    freeReplyObject(redis_do(&server, "PERSIST %s", key)); /* even if Redis forgot to forget */
    RUN_UNTIL(w, false, 1100);
    assert_false(peek(w, w->a, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(stats(w->b).remote_commands, 1);
}

static void test_shared__wrong_types_are_misses(void **state)
{
    struct world *w = *state;
    char p[128], alias[128];
    struct asker a;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    key_of_kind('p', p, sizeof p);
    key_of_kind('a', alias, sizeof alias);
    freeReplyObject(redis_do(&server, "SET %s x", p));
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    freeReplyObject(redis_do(&server, "DEL %s", alias));
    freeReplyObject(redis_do(&server, "RPUSH %s x", alias));
    assert_int_equal(outcome(w, w->b, &a, OWNER_BY_CODE, fix_code(&w->arena, 7)), CACHE_MISS);
    assert_true(stats(w->b).remote_up);
    assert_int_equal(stats(w->b).remote_commands, 2);
}

/* Puts a hash of three fields in place of the one that is there, as if it had been filled just now. */
static void plant(struct world *w, const char *name, redisReply *const *field)
{
    struct key key = fix_id(7);

    freeReplyObject(redis_do(&server, "DEL %s", name));
    freeReplyObject(redis_do(&server, "HSET %s %b %b %b %b %b %b", name, field[0]->str,
                             field[0]->len, field[1]->str, field[1]->len, field[2]->str,
                             field[2]->len, field[3]->str, field[3]->len, field[4]->str,
                             field[4]->len, field[5]->str, field[5]->len));
    generations_set_present(w->g, generations_slot(w->g, &fix_tables[OWNER], &key));
}

/* A bit in every byte of every value is changed in turn, and the value is cut off there. */
static void test_shared__corruption_is_a_miss(void **state)
{
    static const int paths[3] = {ITEMS_OF_OWNER, NOTES_OF_OWNER, OWNER_BY_ID};
    struct world *w = *state;
    char name[128];
    redisReply *all;
    struct asker a;
    unsigned misses = 0, hits = 0, tried = 0;

    SKIP_WITHOUT_REDIS(have_redis);
    close_worker(w, &w->b);
    w->b = open_worker(w, server.socket, 1000, 0, 60); /* no LRU: each look-up asks Redis */
    RUN_UNTIL(w, stats(w->b).remote_up, 3000);
    fill_passport(w, 7);
    key_of_kind('p', name, sizeof name);
    all = redis_do(&server, "HGETALL %s", name);
    assert_int_equal(all->elements, 6);
    for (size_t i = 1; i < 6; i += 2) {
        size_t len = all->element[i]->len;
        for (size_t at = 0; at < len; at++) {
            all->element[i]->str[at] ^= (char)(1 << (at % 8));
            if (at % 4 == 3)
                all->element[i]->len = at;
            plant(w, name, all->element);
            for (int p = 0; p < 3; p++) {
                int got = outcome(w, w->b, &a, paths[p], fix_id(7));
                misses += got == CACHE_MISS;
                hits += got == CACHE_HIT;
            }
            tried++;
            all->element[i]->str[at] ^= (char)(1 << (at % 8));
            all->element[i]->len = len;
        }
    }
    assert_true(tried > 300);
    assert_int_equal(misses, tried);   /* the one that was changed */
    assert_int_equal(hits, 2 * tried); /* and no other */
    freeReplyObject(all);
}

static void test_shared__anothers_value_is_a_miss(void **state)
{
    struct world *w = *state;
    char seven[128], eight[128];
    redisReply *keys;
    struct asker a;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    key_of_kind('p', seven, sizeof seven);
    fill_passport(w, 8);
    keys = all_keys();
    eight[0] = '\0';
    for (size_t i = 0; i < keys->elements; i++)
        if (strstr(keys->element[i]->str, ":p:") && strcmp(keys->element[i]->str, seven) != 0)
            snprintf(eight, sizeof eight, "%s", keys->element[i]->str);
    freeReplyObject(keys);
    assert_true(eight[0]);
    freeReplyObject(redis_do(&server, "COPY %s %s REPLACE", seven, eight));
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(8)), CACHE_MISS);
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_HIT); /* not vacuous */
}

static void test_shared__a_full_redis_only_keeps_less(void **state)
{
    static const char *const policies[] = {"allkeys-lru", "noeviction"};
    struct world *w = *state;
    struct slice big =
        fix_items(&w->arena, 1, 10, "\"................................................\"");
    struct asker a;

    SKIP_WITHOUT_REDIS(have_redis);
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        unsigned hits = 0, wrong = 0;
        redis_run(&server, "FLUSHALL");
        freeReplyObject(redis_do(&server, "CONFIG SET maxmemory-policy %s", policies[i]));
        redis_run(&server, "CONFIG SET maxmemory 2mb");
        for (int64_t id = 0; id < 1500; id++) {
            fill(w, w->a, ITEMS_OF_OWNER, fix_id(id + 10000 * (int64_t)i), big);
            if (id % 50 == 0)
                RUN_UNTIL(w, false, 5);
        }
        RUN_UNTIL(w, false, 50);
        for (int64_t id = 0; id < 1500; id++)
            if (outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(id + 10000 * (int64_t)i)) ==
                CACHE_HIT) {
                hits++;
                wrong += a.l.slice.n != 10 || row_number(a.l.slice.rows[9], 1) != 991;
            }
        assert_int_equal(wrong, 0);
        assert_true(stats(w->a).remote_up && stats(w->b).remote_up);
        assert_true(hits > 0 && hits < 1500);
    }
    assert_true(stats(w->a).remote_errors > 0); /* OOM was said, and was no catastrophe */
    redis_run(&server, "CONFIG SET maxmemory 0");
}

static void test_shared__killed_under_way(void **state)
{
    enum {
        N = 200
    };
    struct world *w = *state;
    struct asker a[N];
    uint64_t misses;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    misses = stats(w->b).misses;
    redis_signal(&server, SIGSTOP);
    for (int i = 0; i < N; i++)
        assert_int_equal(ask(w, w->b, &a[i], i % 2 ? ITEMS_OF_OWNER : NOTES_OF_OWNER, fix_id(7)),
                         0);
    RUN_UNTIL(w, false, 5);
    redis_kill(&server);
    RUN_UNTIL(w, a[0].told && a[1].told, 3000);
    /* One leader each; the others wait for it: no stampede. */
    assert_int_equal(stats(w->b).misses - misses, 2);
    for (int i = 0; i < 2; i++) {
        struct slice s = fix_items(&w->arena, 7, 1, "\"db\"");
        assert_int_equal(a[i].outcome, CACHE_MISS);
        cache_fill(w->b, &a[i].l, &s);
    }
    RUN_UNTIL(w, a[N - 1].told, 3000);
    for (int i = 2; i < N; i++) {
        assert_int_equal(a[i].told, 1);
        assert_int_equal(a[i].outcome, CACHE_HIT);
        assert_cell(a[i].l.slice.rows[0], 2, "\"db\"");
    }
    assert_false(stats(w->b).remote_up);
    /* And it comes back. */
    assert_true(redis_start(&server));
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 5000);
    fill_passport(w, 9);
    assert_int_equal(outcome(w, w->b, &a[0], ITEMS_OF_OWNER, fix_id(9)), CACHE_HIT);
}

static void test_shared__hung_costs_one_timeout(void **state)
{
    struct world *w = *state;
    struct asker a;
    uint64_t t;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    close_worker(w, &w->b);
    w->b = open_worker(w, server.socket, 20, 1 << 20, 60);
    RUN_UNTIL(w, stats(w->b).remote_up, 5000);
    redis_signal(&server, SIGSTOP);
    t = uv_hrtime() / 1000000;
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), 0);
    RUN_UNTIL(w, a.told, 3000);
    assert_int_equal(a.outcome, CACHE_MISS);
    assert_true(a.at_ms - t < 200); /* 20 and what a busy machine adds */
    cache_abandon(w->b, &a.l);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)),
                     CACHE_MISS); /* at once from now on */
    cache_abandon(w->b, &a.l);
    /* What lay in its socket is answered to nobody; what it still holds still counts. */
    redis_signal(&server, SIGCONT);
    RUN_UNTIL(w, stats(w->b).remote_up, 5000);
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_HIT);
    assert_cell(a.l.slice.rows[0], 2, "\"item\"");
}

static void test_shared__cancel_and_close_while_redis_is_asked(void **state)
{
    struct world *w = *state;
    struct asker a, b, c;
    struct slice got;

    SKIP_WITHOUT_REDIS(have_redis);
    fill_passport(w, 7);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), 0);
    assert_int_equal(ask(w, w->b, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
    cache_cancel(w->b, &a.l);
    memset(&a, 0xee, sizeof a);
    RUN_UNTIL(w, b.told, 3000);
    assert_int_equal(b.outcome, CACHE_HIT);
    generations_bump(w->g, &fix_tables[OWNER], &(struct key){.part = {7}});
    fill_passport(w, 8);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(8)), 0);
    cache_cancel(w->b, &a.l); /* nobody waits: the reply still fills the LRU */
    memset(&a, 0xee, sizeof a);
    RUN_UNTIL(w, peek(w, w->b, ITEMS_OF_OWNER, fix_id(8), &got), 3000);
    assert_true(peek(w, w->b, ITEMS_OF_OWNER, fix_id(8), &got));
    fill_passport(w, 9);
    assert_int_equal(ask(w, w->b, &c, OWNER_BY_CODE, fix_code(&w->arena, 9)), 0);
    cache_cancel(w->b, &c.l); /* while the alias is asked for */
    memset(&c, 0xee, sizeof c);
    assert_int_equal(ask(w, w->b, &a, OWNER_BY_CODE, fix_code(&w->arena, 9)), 0);
    assert_int_equal(ask(w, w->b, &b, NOTES_OF_OWNER, fix_id(9)), 0);
    cache_close(w->b, on_closed, w);
    w->b = NULL;
    assert_int_equal(a.told + b.told, 0);
    RUN_UNTIL(w, w->closed == 1, 3000);
    assert_int_equal(a.outcome, CACHE_MISS);
    assert_int_equal(b.outcome, CACHE_MISS);
}

/* ---- Hot tables ---- */

struct loader {
    struct cache_hot_load load;
    struct cache *into;
    uint64_t rows;
    int told, rc;
};

static void on_hot_row(struct cache_hot_load *load, const struct row *row)
{
    struct loader *l = container_of(load, struct loader, load);

    l->rows++;
    assert_int_equal(cache_hot_put(l->into, load->table, row), 0);
}

static void on_hot_done(struct cache_hot_load *load, int rc)
{
    struct loader *l = container_of(load, struct loader, load);

    l->told++;
    l->rc = rc;
}

static void load(struct world *w, struct cache *c, struct loader *l)
{
    *l = (struct loader){
        .load = {.table = &fix_tables[PLACE], .each = on_hot_row, .done = on_hot_done}, .into = c};
    assert_int_equal(cache_hot_load(c, &l->load), 0);
    assert_int_equal(l->told, 0);
    RUN_UNTIL(w, l->told, 5000);
    assert_int_equal(l->told, 1);
}

static void publish(struct world *w, int64_t n)
{
    redisReply *r = NULL;
    bool there = false;

    for (int64_t id = 0; id < n; id++) {
        char name[400];
        struct arena a;
        arena_init(&a, 0);
        memset(name, 'n', sizeof name);
        snprintf(name + id % 300, sizeof name - 300, "%lld", (long long)id);
        assert_int_equal(cache_hot_put(w->a, &fix_tables[PLACE], fix_place(&a, id, name)), 0);
        arena_release(&a);
    }
    cache_hot_loaded(w->a, &fix_tables[PLACE]);
    cache_hot_publish(w->a, &fix_tables[PLACE]);
    cache_hot_publish(w->a, &fix_tables[PLACE]); /* once is enough */
    for (int i = 0; i < 500 && !there; i++) {
        RUN_UNTIL(w, false, 5);
        r = redis_do(&server, "KEYS *:hot:place:m");
        there = r->elements == 1;
        freeReplyObject(r);
    }
    assert_true(there);
}

static void test_shared__hot_rows_for_a_worker_that_starts(void **state)
{
    struct world *w = *state;
    struct loader l;
    const struct row *r;

    SKIP_WITHOUT_REDIS(have_redis);
    load(w, w->b, &l);
    assert_int_equal(l.rc, ERR_NOT_FOUND); /* nothing there yet */
    assert_int_equal(l.rows, 0);
    publish(w, 20000);
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.rows, 20000);
    r = cache_hot_get(w->b, &fix_tables[PLACE], 19999);
    assert_non_null(r);
    assert_int_equal(r->size, cache_hot_get(w->a, &fix_tables[PLACE], 19999)->size);
    assert_memory_equal(r, cache_hot_get(w->a, &fix_tables[PLACE], 19999), r->size);
    /* A worker that has just opened its cache: the connection is not there yet. */
    close_worker(w, &w->b);
    w->b = open_worker(w, server.socket, 1000, 1 << 20, 60);
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.rows, 20000);
}

static void test_shared__an_empty_hot_table_is_complete(void **state)
{
    struct world *w = *state;
    struct loader l;

    SKIP_WITHOUT_REDIS(have_redis);
    publish(w, 0);
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.rows, 0);
}

static void test_shared__hot_rows_that_are_not_whole(void **state)
{
    struct world *w = *state;
    struct loader l;
    redisReply *r, *keys;

    SKIP_WITHOUT_REDIS(have_redis);
    publish(w, 1000);
    keys = redis_do(&server, "KEYS *:hot:place:3");
    assert_int_equal(keys->elements, 1);
    r = redis_do(&server, "GET %s", keys->element[0]->str);
    freeReplyObject(redis_do(&server, "DEL %s", keys->element[0]->str));
    load(w, w->b, &l);
    assert_int_equal(l.rc, ERR_NOT_FOUND);
    freeReplyObject(redis_do(&server, "SET %s %b", keys->element[0]->str, r->str, r->len));
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0); /* the repair shows that the test can fail */
    r->str[r->len / 2] ^= 1;
    freeReplyObject(redis_do(&server, "SET %s %b", keys->element[0]->str, r->str, r->len));
    load(w, w->b, &l);
    assert_int_equal(l.rc, ERR_NOT_FOUND);
    r->str[r->len / 2] ^= 1;
    keys->element[0]->str[strlen(keys->element[0]->str) - 1] = '4'; /* the third as the fourth */
    freeReplyObject(redis_do(&server, "SET %s %b", keys->element[0]->str, r->str, r->len));
    load(w, w->b, &l);
    assert_int_equal(l.rc, ERR_NOT_FOUND);
    freeReplyObject(r);
    freeReplyObject(keys);
}

static void test_shared__hot_rows_of_an_earlier_epoch(void **state)
{
    struct world *w = *state;
    struct loader l;

    SKIP_WITHOUT_REDIS(have_redis);
    publish(w, 1000);
    generations_flush(w->g);
    load(w, w->b, &l);
    assert_int_equal(l.rc, ERR_NOT_FOUND);
    assert_int_equal(l.rows, 0);
}

static void test_shared__hot_rows_without_redis(void **state)
{
    struct world *w = *state;
    struct loader l = {
        .load = {.table = &fix_tables[PLACE], .each = on_hot_row, .done = on_hot_done}};

    if (!have_redis)
        w->a = open_worker(w, NULL, 20, 1 << 20, 60);
    close_worker(w, &w->b);
    w->b = open_worker(w, NULL, 20, 1 << 20, 60);
    assert_true(cache_hot_load(w->b, &l.load) < 0);
    cache_hot_publish(w->b, &fix_tables[PLACE]);
    close_worker(w, &w->b);
    w->b = open_worker(w, "/nowhere/redis.sock", 20, 1 << 20, 60);
    load(w, w->b, &l); /* waits for the first attempt to connect, which fails */
    assert_int_equal(l.rc, ERR_NOT_FOUND);
    assert_true(cache_hot_load(w->b, &l.load) < 0);
    assert_int_equal(l.told, 1);
    /* Closed while it waits. */
    close_worker(w, &w->b);
    w->b = open_worker(w, "/nowhere/redis.sock", 20, 1 << 20, 60);
    l.into = w->b;
    l.told = 0;
    assert_int_equal(cache_hot_load(w->b, &l.load), 0);
    close_worker(w, &w->b);
    assert_int_equal(l.told, 0);
    RUN_UNTIL(w, l.told, 3000);
    assert_int_equal(l.told, 1);
    assert_true(l.rc < 0);
}

static void test_shared__killed_while_hot_rows_travel(void **state)
{
    struct world *w = *state;
    struct loader l = {
        .load = {.table = &fix_tables[PLACE], .each = on_hot_row, .done = on_hot_done}};

    SKIP_WITHOUT_REDIS(have_redis);
    publish(w, 5000);
    l.into = w->b;
    assert_int_equal(cache_hot_load(w->b, &l.load), 0);
    RUN_UNTIL(w, l.rows > 100, 3000);
    redis_kill(&server);
    RUN_UNTIL(w, l.told, 3000);
    assert_int_equal(l.told, 1);
    assert_true(l.rc == ERR_NOT_FOUND || l.rows == 5000);
    assert_true(redis_start(&server));
    RUN_UNTIL(w, stats(w->a).remote_up, 5000);
    cache_hot_publish(w->a, &fix_tables[PLACE]);
    RUN_UNTIL(w, false, 1);
    redis_kill(&server); /* while it is published */
    RUN_UNTIL(w, !stats(w->a).remote_up, 3000);
    assert_true(redis_start(&server));
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 5000);
    publish(w, 5000);
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_shared__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(another_worker_finds_it),
        T(one_command_for_all_who_wait),
        T(redis_is_not_asked_in_vain),
        T(a_write_voids_it_everywhere),
        T(a_reply_that_raced_with_a_write_is_a_miss),
        T(names_say_nothing_about_persons),
        T(what_is_too_old_is_a_miss),
        T(wrong_types_are_misses),
        T(corruption_is_a_miss),
        T(anothers_value_is_a_miss),
        T(a_full_redis_only_keeps_less),
        T(killed_under_way),
        T(hung_costs_one_timeout),
        T(cancel_and_close_while_redis_is_asked),
        T(hot_rows_for_a_worker_that_starts),
        T(an_empty_hot_table_is_complete),
        T(hot_rows_that_are_not_whole),
        T(hot_rows_of_an_earlier_epoch),
        T(hot_rows_without_redis),
        T(killed_while_hot_rows_travel),
    };
    int failed;

    signal(SIGPIPE, SIG_IGN);
    redis_prepare(&server);
    have_redis = redis_start(&server);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_remove(&server);
    return failed;
}
