/* t-cache_redis_faults.c: what Redis does wrong (values that are not ours or not whole, no
 * memory left, killed, hung) is a miss, never a wrong row. */
#include "cache/cache.h"

#include "tests/unit/cache_workers_fixture.h"

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
    RUN_UNTIL(w, stats(w->b).remote_up, 10000);
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
    RUN_UNTIL(w, stats(w->a).remote_errors > 0, 10000);
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
    RUN_UNTIL(w, a[0].told && a[1].told, 10000);
    /* One leader each; the others wait for it: no stampede. */
    assert_int_equal(stats(w->b).misses - misses, 2);
    for (int i = 0; i < 2; i++) {
        struct slice s = fix_items(&w->arena, 7, 1, "\"db\"");
        assert_int_equal(a[i].outcome, CACHE_MISS);
        cache_fill(w->b, &a[i].l, &s);
    }
    RUN_UNTIL(w, a[N - 1].told, 10000);
    for (int i = 2; i < N; i++) {
        assert_int_equal(a[i].told, 1);
        assert_int_equal(a[i].outcome, CACHE_HIT);
        assert_cell(a[i].l.slice.rows[0], 2, "\"db\"");
    }
    assert_false(stats(w->b).remote_up);
    /* And it comes back. */
    assert_true(redis_start(&server));
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 10000);
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
    for (int tries = 0;; tries++) {
        RUN_UNTIL(w, stats(w->b).remote_up, 10000);
        redis_signal(&server, SIGSTOP);
        t = uv_hrtime() / 1000000;
        assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), 0);
        RUN_UNTIL(w, a.told, 10000);
        assert_int_equal(a.outcome, CACHE_MISS);
        cache_abandon(w->b, &a.l);
        if (a.at_ms - t < 200) /* 20 and what a busy machine adds */
            break;
        assert_true(tries < 4); /* a machine that stands still is no fault of ours */
        redis_signal(&server, SIGCONT);
    }
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)),
                     CACHE_MISS); /* at once from now on */
    cache_abandon(w->b, &a.l);
    /* What lay in its socket is answered to nobody; what it still holds still counts. */
    redis_signal(&server, SIGCONT);
    RUN_UNTIL(w, stats(w->b).remote_up, 10000);
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_HIT);
    assert_cell(a.l.slice.rows[0], 2, "\"item\"");
}

#define T(name) cmocka_unit_test_setup_teardown(test_shared__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(wrong_types_are_misses),       T(corruption_is_a_miss), T(anothers_value_is_a_miss),
        T(a_full_redis_only_keeps_less), T(killed_under_way),     T(hung_costs_one_timeout),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
