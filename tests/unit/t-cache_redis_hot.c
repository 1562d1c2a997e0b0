/* t-cache_redis_hot.c: hot tables by way of Redis: one worker publishes, one that starts loads
 * all of it or nothing. */
#include "cache/cache.h"

#include "base/err.h"
#include "tests/unit/cache_workers_fixture.h"

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
    assert_int_equal(cache_hot_put(l->into, load->table, row, load->token), 0);
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
    RUN_UNTIL(w, l->told, 10000);
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
        assert_int_equal(
            cache_hot_put(w->a, &fix_tables[PLACE], fix_place(&a, id, name), cache_hot_token(w->a)),
            0);
        arena_release(&a);
    }
    cache_hot_loaded(w->a, &fix_tables[PLACE], cache_hot_token(w->a));
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
    r = fix_hot_get(w->b, &fix_tables[PLACE], 19999);
    assert_non_null(r);
    assert_int_equal(r->size, fix_hot_get(w->a, &fix_tables[PLACE], 19999)->size);
    assert_memory_equal(r, fix_hot_get(w->a, &fix_tables[PLACE], 19999), r->size);
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
    RUN_UNTIL(w, l.told, 10000);
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
    RUN_UNTIL(w, l.rows > 100, 10000);
    redis_kill(&server);
    RUN_UNTIL(w, l.told, 10000);
    assert_int_equal(l.told, 1);
    assert_true(l.rc == ERR_NOT_FOUND || l.rows == 5000);
    assert_true(redis_start(&server));
    RUN_UNTIL(w, stats(w->a).remote_up, 10000);
    cache_hot_publish(w->a, &fix_tables[PLACE]);
    RUN_UNTIL(w, false, 1);
    redis_kill(&server); /* while it is published */
    RUN_UNTIL(w, !stats(w->a).remote_up, 10000);
    assert_true(redis_start(&server));
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 10000);
    publish(w, 5000);
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0);
}

/* What changed after it was published is not taken from there; of a void table nothing is. */
static void test_shared__hot_rows_that_changed_since(void **state)
{
    struct world *w = *state;
    struct loader l;
    const int64_t seven = 7;

    SKIP_WITHOUT_REDIS(have_redis);
    publish(w, 100);
    generations_heard_hot(w->g, &fix_tables[PLACE], &seven);
    load(w, w->b, &l);
    assert_int_equal(l.rc, 0);
    assert_null(fix_hot_get(w->b, &fix_tables[PLACE], seven));
    assert_non_null(fix_hot_get(w->b, &fix_tables[PLACE], 8));
    generations_heard_hot(w->g, &fix_tables[PLACE], NULL);
    load(w, w->b, &l);
    assert_int_equal(l.rc, ERR_NOT_FOUND);
    assert_null(fix_hot_get(w->b, &fix_tables[PLACE], 8));
}

#define T(name) cmocka_unit_test_setup_teardown(test_shared__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(hot_rows_for_a_worker_that_starts),
        T(an_empty_hot_table_is_complete),
        T(hot_rows_that_are_not_whole),
        T(hot_rows_of_an_earlier_epoch),
        T(hot_rows_without_redis),
        T(hot_rows_that_changed_since),
        T(killed_while_hot_rows_travel),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
