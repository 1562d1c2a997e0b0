/* t-cache.c: the door of cache/ without Redis: what it keeps, what it serves from it, and what a
 * write voids. */
#include "cache/cache.h"

#include "base/err.h"
#include "tests/unit/cache_door_fixture.h"

static void test_cache__wants_what_hangs_on_an_aggregate(void **state)
{
    struct world *w = *state;

    assert_true(cache_wants(w->c, &fix_paths[OWNER_BY_CODE]));
    assert_true(cache_wants(w->c, &fix_paths[OWNER_BY_ID]));
    assert_true(cache_wants(w->c, &fix_paths[ITEMS_OF_OWNER]));
    assert_false(cache_wants(w->c, &fix_paths[PLACE_BY_ID]));
}

static void test_cache__keeps_what_is_missed_twice(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 3, "\"x\""), got;

    fill(w, ITEMS_OF_OWNER, fix_id(7), items);
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got)); /* the doorkeeper */
    assert_int_equal(stats(w).fills, 0);
    fill(w, ITEMS_OF_OWNER, fix_id(7), items);
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 3);
    assert_int_equal(got.rc, 0);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(row_number(got.rows[i], 1), 1000 - i);
    assert_cell(got.rows[2], 2, "\"x\"");
    assert_int_equal(stats(w).local_hits, 1);
    assert_int_equal(stats(w).fills, 1);
    assert_int_equal(stats(w).local_rows, 3);
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(8), &got));
    assert_false(peek(w, NOTES_OF_OWNER, fix_id(7), &got));
}

static void test_cache__siblings_do_not_vouch_for_each_other(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 1, "\"x\""), got;

    fill(w, ITEMS_OF_OWNER, fix_id(7), items);
    fill(w, NOTES_OF_OWNER, fix_id(7), items);
    assert_false(peek(w, NOTES_OF_OWNER, fix_id(7), &got));
    assert_int_equal(stats(w).fills, 0);
}

static void test_cache__finds_a_row_by_another_column(void **state)
{
    struct world *w = *state;
    struct slice owner = fix_one(&w->arena, fix_owner(&w->arena, 7, "\"A\"")), got;
    struct key code = fix_code(&w->arena, 7);

    fill(w, OWNER_BY_CODE, code, owner);
    fill(w, OWNER_BY_CODE, code, owner);
    assert_true(peek(w, OWNER_BY_CODE, code, &got));
    assert_int_equal(got.n, 1);
    assert_cell(got.rows[0], 2, "\"A\"");
    assert_true(peek(w, OWNER_BY_ID, fix_id(7), &got)); /* the same row */
    assert_cell(got.rows[0], 1, "\"code-7\"");
    generations_mark(w->g, &fix_tables[OWNER], &(struct key){.part = {7}});
    assert_false(peek(w, OWNER_BY_CODE, code, &got));
    generations_bump(w->g, &fix_tables[OWNER], &(struct key){.part = {7}});
    assert_false(peek(w, OWNER_BY_CODE, code, &got));
    assert_false(peek(w, OWNER_BY_ID, fix_id(7), &got));
}

static void test_cache__a_row_that_is_not_there_is_not_kept(void **state)
{
    struct world *w = *state;
    struct slice none = {0}, got;

    for (int i = 0; i < 3; i++)
        fill(w, OWNER_BY_CODE, fix_code(&w->arena, 9), none);
    assert_false(peek(w, OWNER_BY_CODE, fix_code(&w->arena, 9), &got));
    assert_int_equal(stats(w).local_bytes, 0);
    /* An empty list is something to keep. */
    for (int i = 0; i < 2; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(9), none);
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(9), &got));
    assert_int_equal(got.n, 0);
}

static void test_cache__serves_shorter_and_longer_pages(void **state)
{
    struct world *w = *state;
    struct slice ten = fix_items(&w->arena, 7, 10, "\"x\""), got;

    for (int i = 0; i < 2; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(7), ten); /* limit 10: there may be more */
    w->head.limit = 4;
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 4);
    w->head.limit = 11;
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    for (int i = 0; i < 2; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(7), ten); /* limit 11: that is all */
    w->head.limit = 100;
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 10);
}

static void test_cache__only_heads_are_kept(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"x\""), got;

    w->head.has_after = true;
    w->head.after[0] = 5;
    for (int i = 0; i < 3; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(7), items);
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    w->head = (struct page){.limit = 10};
    w->head.filter[0] = (struct filter_value){.set = true, .text = STR("x")};
    for (int i = 0; i < 3; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(7), items);
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    w->head.filter[0].set = false;
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
}

static void test_cache__a_fill_that_raced_with_a_write_loses(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"old\""), got;
    struct key key = fix_id(7);
    struct asker a;

    fill(w, ITEMS_OF_OWNER, key, items);
    /* Marked and bumped between look-up and fill. */
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    cache_fill(w->c, &a.l, &items);
    assert_false(peek(w, ITEMS_OF_OWNER, key, &got));
    assert_int_equal(stats(w).fills_lost, 1);
    /* Still marked at the fill. */
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    cache_fill(w->c, &a.l, &items);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    assert_false(peek(w, ITEMS_OF_OWNER, key, &got));
    /* Marked before the look-up, bumped before the fill. */
    generations_mark(w->g, &fix_tables[OWNER], &key);
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    cache_fill(w->c, &a.l, &items);
    assert_false(peek(w, ITEMS_OF_OWNER, key, &got));
    /* And by another column, whose slot is not known before. */
    struct key code = fix_code(&w->arena, 7);
    struct slice owner = fix_one(&w->arena, fix_owner(&w->arena, 7, "\"A\""));
    fill(w, OWNER_BY_CODE, code, owner);
    assert_int_equal(ask(w, &a, OWNER_BY_CODE, code), CACHE_MISS);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    cache_fill(w->c, &a.l, &owner);
    assert_false(peek(w, OWNER_BY_CODE, code, &got));
    /* The same without a write is kept: the test above could fail. */
    fill(w, OWNER_BY_CODE, code, owner);
    assert_true(peek(w, OWNER_BY_CODE, code, &got));
    fill(w, ITEMS_OF_OWNER, key, items);
    assert_true(peek(w, ITEMS_OF_OWNER, key, &got));
}

static void test_cache__flush_voids_everything(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"x\""), got;
    struct asker a;

    for (int i = 0; i < 2; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(7), items);
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(8)), CACHE_MISS);
    generations_flush(w->g);
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    cache_fill(w->c, &a.l, &items);
    assert_int_equal(stats(w).fills_lost, 1);
}

static void test_cache__a_sweep_over_all_costs_neither_memory_nor_hits(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 1, "\"x\""), got;

    for (int i = 0; i < 2; i++)
        fill(w, ITEMS_OF_OWNER, fix_id(1000000), items);
    for (int64_t id = 0; id < 1000; id++)
        fill(w, ITEMS_OF_OWNER, fix_id(id), items);
    assert_true(stats(w).fills < 10); /* 1000 places for names: a few collide */
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(1000000), &got));
}

static void test_cache__a_long_text_is_looked_up_uncached(void **state)
{
    struct world *w = *state;
    static char text[100000];
    struct key key = {.text = {text, sizeof text}};
    struct slice got, none = {0};
    struct asker a;

    memset(text, 'x', sizeof text);
    assert_false(peek(w, OWNER_BY_CODE, key, &got));
    assert_int_equal(ask(w, &a, OWNER_BY_CODE, key), CACHE_MISS);
    cache_fill(w->c, &a.l, &none);
    w->head.filter[0] = (struct filter_value){.set = true, .text = key.text};
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    cache_fill(w->c, &a.l, &none);
}

static void test_cache__hot_rows(void **state)
{
    struct world *w = *state;
    const struct table *t = &fix_tables[PLACE];
    const struct row *r, *many[3];

    assert_null(fix_hot_get(w->c, t, 5));
    cache_hot_get_many(w->c, t, (struct key[]){fix_id(4), fix_id(5)}, 2, many); /* an empty table */
    assert_null(many[0]);
    assert_null(many[1]);
    assert_false(cache_hot_is_loaded(w->c, t));
    assert_int_equal(
        cache_hot_put(w->c, t, fix_place(&w->arena, 5, "\"five\""), cache_hot_token(w->c)), 0);
    r = fix_hot_get(w->c, t, 5);
    assert_non_null(r);
    assert_cell(r, 1, "\"five\"");
    cache_hot_loaded(w->c, t, cache_hot_token(w->c));
    assert_true(cache_hot_is_loaded(w->c, t));
    cache_hot_get_many(w->c, t, (struct key[]){fix_id(5), fix_id(6), fix_id(5)}, 3, many);
    assert_ptr_equal(many[0], r);
    assert_null(many[1]);
    assert_ptr_equal(many[2], r);
    assert_int_equal(stats(w).hot_hits, 3);
    assert_int_equal(stats(w).hot_rows, 1);
    assert_true(stats(w).hot_bytes > 0);
    assert_false(stats(w).remote_up);
}

static void test_cache__needs_generations(void **state)
{
    struct world *w = *state;
    struct cache_config config = {.secret = STR("s"), .namespace_ = STR("n")};
    struct cache *c = NULL;
    struct err err = {0};

    assert_int_equal(cache_open(&c, &w->loop, &fix_access, &config, &err), ERR_CONFIG);
    config.generations = w->g;
    config.redis = "nonsense";
    assert_int_equal(cache_open(&c, &w->loop, &fix_access, &config, &err), ERR_CONFIG);
    assert_null(c);
    assert_non_null(strstr(err.message, "nonsense"));
}

#define T(name) cmocka_unit_test_setup_teardown(test_cache__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(wants_what_hangs_on_an_aggregate),
        T(keeps_what_is_missed_twice),
        T(siblings_do_not_vouch_for_each_other),
        T(finds_a_row_by_another_column),
        T(a_row_that_is_not_there_is_not_kept),
        T(serves_shorter_and_longer_pages),
        T(only_heads_are_kept),
        T(a_fill_that_raced_with_a_write_loses),
        T(flush_voids_everything),
        T(a_sweep_over_all_costs_neither_memory_nor_hits),
        T(a_long_text_is_looked_up_uncached),
        T(hot_rows),
        T(needs_generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
