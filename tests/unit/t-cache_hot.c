/* t-cache_hot.c: hot rows that change: what two workers serve, keep and hand on, with a real Redis between them. */
#include "tests/unit/cache_workers_fixture.h"

#include "cache/cache_priv.h"
#include "cache/hot_log.h"

static const struct table *const place = &fix_tables[PLACE];
static const int64_t five = 5, six = 6;

static void put(struct world *w, struct cache *c, int64_t id, const char *name, uint64_t token)
{
    assert_int_equal(cache_hot_put(c, place, fix_place(&w->arena, id, name), token), 0);
}

/* Both workers hold two rows. */
static void fill_both(struct world *w)
{
    struct cache *workers[] = {w->a, w->b};

    for (int i = 0; i < 2; i++) {
        put(w, workers[i], five, "\"five\"", cache_hot_token(workers[i]));
        put(w, workers[i], six, "\"six\"", cache_hot_token(workers[i]));
        cache_hot_loaded(workers[i], place, cache_hot_token(workers[i]));
    }
}

static void test_hot__a_change_is_seen_by_all_from_its_mark(void **state)
{
    SKIP_WITHOUT_REDIS(have_redis);
    struct world *w = *state;
    uint64_t before, during;

    fill_both(w);
    before = cache_hot_token(w->b);
    generations_mark_hot(w->g, place, &five);
    assert_null(fix_hot_get(w->a, place, five));
    assert_null(fix_hot_get(w->b, place, five));
    assert_non_null(fix_hot_get(w->b, place, six));
    during = cache_hot_token(w->b);
    put(w, w->b, five, "\"old\"", during); /* read before the commit */
    assert_null(fix_hot_get(w->b, place, five));
    generations_bump_hot(w->g, place, &five);
    put(w, w->b, five, "\"old\"", before);
    put(w, w->b, five, "\"old\"", during);
    assert_null(fix_hot_get(w->b, place, five));
    put(w, w->b, five, "\"new\"", cache_hot_token(w->b));
    assert_cell(fix_hot_get(w->b, place, five), 1, "\"new\"");
    assert_true(cache_hot_is_loaded(w->b, place));
    assert_int_equal(stats(w->b).hot_dropped, 2);
}

static void test_hot__a_whole_table(void **state)
{
    SKIP_WITHOUT_REDIS(have_redis);
    struct world *w = *state;
    uint64_t before;

    fill_both(w);
    before = cache_hot_token(w->a);
    generations_heard_hot(w->g, place, NULL);
    assert_null(fix_hot_get(w->a, place, six));
    assert_false(cache_hot_is_loaded(w->a, place));
    cache_hot_loaded(w->a, place, before); /* by a scan that had begun before */
    assert_false(cache_hot_is_loaded(w->a, place));
    cache_hot_loaded(w->a, place, cache_hot_token(w->a));
    assert_true(cache_hot_is_loaded(w->a, place));
}

static void test_hot__everything_is_void_after_a_flush(void **state)
{
    SKIP_WITHOUT_REDIS(have_redis);
    struct world *w = *state;

    fill_both(w);
    generations_flush(w->g);
    assert_null(fix_hot_get(w->a, place, five));
    assert_false(cache_hot_is_loaded(w->b, place) && fix_hot_get(w->b, place, five));
}

static void test_hot__who_is_far_behind_drops_all(void **state)
{
    SKIP_WITHOUT_REDIS(have_redis);
    struct world *w = *state;

    fill_both(w);
    for (int64_t i = 0; i <= HOT_LOG_ENTRIES; i++)
        generations_heard_hot(w->g, place, &(int64_t){1000 + i});
    assert_null(fix_hot_get(w->a, place, five));
    assert_false(cache_hot_is_loaded(w->a, place));
    put(w, w->a, five, "\"five\"", cache_hot_token(w->a));
    assert_non_null(fix_hot_get(w->a, place, five));
}

/* Who took a number in the log and died before it wrote holds up nobody for long. */
static void test_hot__an_entry_that_never_comes(void **state)
{
    SKIP_WITHOUT_REDIS(have_redis);
    struct world *w = *state;

    fill_both(w);
    atomic_fetch_add(&generations_hot(w->g)->newest, 1);
    assert_null(fix_hot_get(w->a, place, five)); /* for now */
    RUN_UNTIL(w, false, HOT_STUCK_MS + 50);
    uv_update_time(&w->loop);
    assert_null(fix_hot_get(w->a, place, five));
    assert_false(cache_hot_is_loaded(w->a, place));
    put(w, w->a, five, "\"five\"", cache_hot_token(w->a));
    assert_non_null(fix_hot_get(w->a, place, five));
}

/* While nobody hears of other systems' changes hot rows don't count, and values as long as their second. */
static void test_hot__not_followed(void **state)
{
    SKIP_WITHOUT_REDIS(have_redis);
    struct world *w = *state;

    fill_both(w);
    assert_true(stats(w->a).followed);
    generations_follow(w->g, uv_now(&w->loop));
    assert_null(fix_hot_get(w->a, place, five));
    assert_false(stats(w->a).followed);
    generations_follow(w->g, uv_now(&w->loop) + GENERATIONS_LAG_MS);
    assert_non_null(fix_hot_get(w->a, place, five));
}

#define T(name) cmocka_unit_test_setup_teardown(test_hot__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_change_is_seen_by_all_from_its_mark),
        T(a_whole_table),
        T(everything_is_void_after_a_flush),
        T(who_is_far_behind_drops_all),
        T(an_entry_that_never_comes),
        T(not_followed),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
