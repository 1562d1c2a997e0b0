/* t-cache_shared.c: two workers over one ring: what one read the other has, until a write, a flush or its age
 * voids it for both. */
#include "cache/cache.h"

#include <unistd.h>

#include "tests/unit/cache_door_fixture.h"

static int setup_shared(void **state)
{
    return setup_with(state, 1 << 20);
}

/* From now on the other worker is asked. */
static void turn_to_other(struct world *w)
{
    struct cache *c = w->c;

    w->c = w->other;
    w->other = c;
}

static void fill_passport(struct world *w, const char *what)
{
    fill(w, OWNER_BY_CODE, fix_code(&w->arena, 7),
         fix_one(&w->arena, fix_owner(&w->arena, 7, what)));
    fill(w, ITEMS_OF_OWNER, fix_id(7), fix_items(&w->arena, 7, 3, what));
}

/* How many of the ways to a passport's parts find one. */
static unsigned found(struct world *w)
{
    struct slice got;

    return peek(w, OWNER_BY_CODE, fix_code(&w->arena, 7), &got) +
           peek(w, OWNER_BY_ID, fix_id(7), &got) + peek(w, ITEMS_OF_OWNER, fix_id(7), &got);
}

static void test_cache_shared__what_one_missed_once_both_have(void **state)
{
    struct world *w = *state;
    struct slice got;

    fill_passport(w, "\"x\"");
    assert_int_equal(stats(w).shared_fills, 2);
    assert_int_equal(stats(w).fills, 0); /* the LRU's doorkeeper */
    turn_to_other(w);
    assert_true(peek(w, OWNER_BY_CODE, fix_code(&w->arena, 7), &got));
    assert_int_equal(got.n, 1);
    assert_cell(got.rows[0], 1, "\"code-7\"");
    assert_true(peek(w, OWNER_BY_ID, fix_id(7), &got));
    assert_cell(got.rows[0], 2, "\"x\"");
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 3);
    assert_int_equal(row_number(got.rows[2], 1), 998);
    assert_cell(got.rows[2], 2, "\"x\"");
    assert_int_equal(stats(w).shared_hits,
                     2); /* by code it was asked for twice: it is in the LRU, too */
    assert_true(stats(w).shared_bytes > 0);
    assert_false(peek(w, NOTES_OF_OWNER, fix_id(7), &got));
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(8), &got));
    assert_false(peek(w, OWNER_BY_CODE, fix_code(&w->arena, 8), &got));
}

static void test_cache_shared__what_is_found_again_comes_into_the_process(void **state)
{
    struct world *w = *state;

    fill_passport(w, "\"x\""); /* missed: each name was seen once but the row's by its key */
    assert_int_equal(found(w), 3);
    assert_int_equal(stats(w).shared_hits,
                     2); /* the row came in under both its names with the first */
    assert_int_equal(stats(w).local_hits, 1);
    assert_int_equal(found(w), 3);
    assert_int_equal(stats(w).local_hits, 4);
    assert_int_equal(stats(w).local_rows, 4);
}

static void test_cache_shared__a_write_voids_it_for_both(void **state)
{
    struct world *w = *state;
    struct key key = fix_id(7);

    fill_passport(w, "\"x\"");
    generations_mark(w->g, &fix_tables[OWNER], &key);
    assert_int_equal(found(w), 0);
    turn_to_other(w);
    assert_int_equal(found(w), 0);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    assert_int_equal(found(w), 0);
    turn_to_other(w);
    assert_int_equal(found(w), 0);
    fill_passport(w, "\"y\"");
    turn_to_other(w);
    assert_int_equal(found(w), 3);
}

static void test_cache_shared__a_fill_that_raced_with_a_write_loses(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"old\"");
    struct key key = fix_id(7);
    struct asker a;

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    cache_fill(w->c, &a.l, &items);
    assert_int_equal(stats(w).fills_lost, 1);
    assert_int_equal(stats(w).shared_fills, 0);
    assert_int_equal(found(w), 0);
}

static void test_cache_shared__a_flush_voids_everything(void **state)
{
    struct world *w = *state;

    fill_passport(w, "\"x\"");
    generations_flush(w->g);
    assert_int_equal(found(w), 0);
    turn_to_other(w);
    assert_int_equal(found(w), 0);
}

static void test_cache_shared__its_age_voids_it(void **state)
{
    struct world *w = *state;

    fill_passport(w, "\"x\"");
    turn_to_other(w);
    assert_int_equal(found(w), 3);
    usleep(2200 * 1000);
    turn(w); /* the loop's clock */
    assert_int_equal(found(w), 0);
}

static void test_cache_shared__serves_shorter_pages_and_none_that_are_longer(void **state)
{
    struct world *w = *state;
    struct slice got;

    fill(w, ITEMS_OF_OWNER, fix_id(7),
         fix_items(&w->arena, 7, 10, "\"x\"")); /* there may be more */
    turn_to_other(w);
    w->head.limit = 4;
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 4);
    w->head.limit = 11;
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    w->head = (struct page){.limit = 4, .has_after = true, .after = {5}};
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got)); /* no head */
}

static void test_cache_shared__a_row_that_is_not_there_is_not_kept(void **state)
{
    struct world *w = *state;
    struct slice none = {0}, got;

    fill(w, OWNER_BY_CODE, fix_code(&w->arena, 7), none);
    fill(w, OWNER_BY_ID, fix_id(7), none);
    assert_int_equal(stats(w).shared_fills, 0);
    fill(w, ITEMS_OF_OWNER, fix_id(7), none); /* an empty list is something to keep */
    turn_to_other(w);
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(got.n, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(test_cache_shared__##name, setup_shared, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_one_missed_once_both_have),
        T(what_is_found_again_comes_into_the_process),
        T(a_write_voids_it_for_both),
        T(a_fill_that_raced_with_a_write_loses),
        T(a_flush_voids_everything),
        T(its_age_voids_it),
        T(serves_shorter_pages_and_none_that_are_longer),
        T(a_row_that_is_not_there_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
