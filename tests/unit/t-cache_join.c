/* t-cache_join.c: who asks for the same at the same time waits for one answer (single flight):
 * who joins, who leads next, and what those who wait are told after a write, a cancel or a
 * close. */
#include "cache/cache.h"

#include "base/err.h"
#include "tests/unit/cache_door_fixture.h"

static void test_cache__joins_and_is_told_on_a_later_turn(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"x\""), got;
    struct asker a, b, c;

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
    assert_int_equal(ask(w, &c, ITEMS_OF_OWNER, fix_id(7)), 0);
    turn(w);
    assert_int_equal(b.told, 0);
    cache_fill(w->c, &a.l, &items);
    assert_int_equal(b.told, 0);
    turn(w);
    turn(w);
    assert_int_equal(a.told, 0);
    assert_int_equal(b.told, 1);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.outcome, CACHE_HIT);
    assert_int_equal(c.l.slice.n, 2);
    assert_cell(c.l.slice.rows[1], 2, "\"x\"");
    assert_ptr_not_equal(b.l.slice.rows[0], items.rows[0]); /* a copy */
    assert_int_equal(stats(w).joined, 2);
    assert_true(peek(w, ITEMS_OF_OWNER, fix_id(7), &got)); /* asked for by three: worth keeping */
}

static void test_cache__other_pages_do_not_join(void **state)
{
    struct world *w = *state;
    struct asker a, b;
    struct page second = {.limit = 10, .has_after = true, .after = {5}};
    struct page filtered = {.limit = 10, .filter = {{.set = true, .text = STR("x")}}};

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    b = (struct asker){
        .l = {.path = a.l.path, .key = a.l.key, .arena = &w->arena, .done = on_done}};
    b.l.page = &second;
    assert_int_equal(cache_lookup(w->c, &b.l), CACHE_MISS);
    cache_abandon(w->c, &b.l);
    b.l.page = &filtered;
    assert_int_equal(cache_lookup(w->c, &b.l), CACHE_MISS);
    cache_abandon(w->c, &b.l);
    cache_abandon(w->c, &a.l);
}

static void test_cache__nobody_joins_across_a_write(void **state)
{
    struct world *w = *state;
    struct slice old = fix_items(&w->arena, 7, 1, "\"old\""),
                 new = fix_items(&w->arena, 7, 1, "\"new\"");
    struct key key = fix_id(7);
    struct asker a, b, c;

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, key), CACHE_MISS); /* while it is written: alone */
    generations_bump(w->g, &fix_tables[OWNER], &key);
    assert_int_equal(ask(w, &c, ITEMS_OF_OWNER, key), CACHE_MISS); /* after it: not with `a` */
    cache_fill(w->c, &a.l, &old);
    cache_fill(w->c, &b.l, &old);
    cache_fill(w->c, &c.l, &new);
    turn(w);
    assert_int_equal(a.told + b.told + c.told, 0);
}

static void test_cache__who_joined_before_a_write_asks_again_after_it(void **state)
{
    struct world *w = *state;
    struct key code = fix_code(&w->arena, 7), key = fix_id(7);
    struct slice owner = fix_one(&w->arena, fix_owner(&w->arena, 7, "\"A\""));
    struct asker a, b, c;

    assert_int_equal(ask(w, &a, OWNER_BY_CODE, code), CACHE_MISS);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    assert_int_equal(ask(w, &b, OWNER_BY_CODE, code), 0); /* it can't be known yet */
    assert_int_equal(ask(w, &c, OWNER_BY_CODE, code), 0);
    cache_fill(w->c, &a.l, &owner);
    turn(w);
    turn(w);
    assert_int_equal(b.told, 1);
    assert_int_equal(b.outcome, CACHE_MISS);
    assert_int_equal(c.outcome, CACHE_MISS);
    cache_fill(w->c, &b.l, &owner);
    cache_abandon(w->c, &c.l);
    /* The same for a row that is not there, when anything at all was written. */
    struct slice none = {0};
    assert_int_equal(ask(w, &a, OWNER_BY_CODE, fix_code(&w->arena, 8)), CACHE_MISS);
    assert_int_equal(ask(w, &b, OWNER_BY_CODE, fix_code(&w->arena, 8)), 0);
    cache_fill(w->c, &a.l, &none);
    turn(w);
    turn(w);
    assert_int_equal(b.outcome, CACHE_HIT);
    assert_int_equal(b.l.slice.n, 0);
    assert_int_equal(ask(w, &a, OWNER_BY_CODE, fix_code(&w->arena, 8)), CACHE_MISS);
    assert_int_equal(ask(w, &b, OWNER_BY_CODE, fix_code(&w->arena, 8)), 0);
    generations_mark(w->g, &fix_tables[OWNER], &key);
    cache_fill(w->c, &a.l, &none);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    turn(w);
    turn(w);
    assert_int_equal(b.outcome, CACHE_MISS);
    cache_abandon(w->c, &b.l);
}

static void test_cache__abandon_passes_the_lead_on(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"x\"");
    struct asker a, b, c;

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
    assert_int_equal(ask(w, &c, ITEMS_OF_OWNER, fix_id(7)), 0);
    cache_abandon(w->c, &a.l);
    turn(w);
    turn(w);
    assert_int_equal(b.told, 1);
    assert_int_equal(b.outcome, CACHE_MISS);
    assert_int_equal(c.told, 0);
    cache_fill(w->c, &b.l, &items);
    turn(w);
    turn(w);
    assert_int_equal(c.outcome, CACHE_HIT);
    assert_int_equal(c.told, 1);
}

static void test_cache__an_error_of_the_key_is_shared(void **state)
{
    struct world *w = *state;
    struct slice bad = {.rc = ERR_DATA}, got;
    struct asker a, b;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
        assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
        cache_fill(w->c, &a.l, &bad);
        turn(w);
        turn(w);
        assert_int_equal(b.outcome, CACHE_HIT);
        assert_int_equal(b.l.slice.rc, ERR_DATA);
        assert_int_equal(b.l.slice.n, 0);
    }
    assert_false(peek(w, ITEMS_OF_OWNER, fix_id(7), &got));
}

static void test_cache__cancel_at_every_stage(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"x\"");
    struct asker a, b, c, d;

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
    assert_int_equal(ask(w, &c, ITEMS_OF_OWNER, fix_id(7)), 0);
    assert_int_equal(ask(w, &d, ITEMS_OF_OWNER, fix_id(7)), 0);
    cache_cancel(w->c, &a.l); /* the leader: b is to lead */
    cache_cancel(w->c, &b.l); /* promoted, not told yet: c is to lead */
    memset(&a, 0xee, sizeof a);
    memset(&b, 0xee, sizeof b); /* their memory is not touched any more */
    turn(w);
    turn(w);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.outcome, CACHE_MISS);
    cache_fill(w->c, &c.l, &items);
    cache_cancel(w->c, &d.l); /* ready, not told yet */
    memset(&d, 0xee, sizeof d);
    turn(w);
    turn(w);
    assert_int_equal(c.told, 1);
    /* A waiter while the leader is out; then the leader. */
    generations_flush(w->g);
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
    cache_cancel(w->c, &b.l);
    cache_cancel(w->c, &a.l);
    cache_cancel(w->c, &a.l); /* harmless */
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    cache_abandon(w->c, &a.l);
}

static void test_cache__close_tells_all_who_wait(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 2, "\"x\"");
    struct asker a, b, c, d;

    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(ask(w, &b, ITEMS_OF_OWNER, fix_id(7)), 0);
    assert_int_equal(ask(w, &c, ITEMS_OF_OWNER, fix_id(8)), CACHE_MISS);
    assert_int_equal(ask(w, &d, ITEMS_OF_OWNER, fix_id(8)), 0);
    cache_abandon(w->c, &c.l); /* d is to lead, not told yet */
    cache_close(w->c, on_closed, w);
    assert_int_equal(b.told, 0);
    cache_fill(w->c, &a.l, &items); /* came too late: harmless while the loop has not turned */
    assert_int_equal(ask(w, &c, ITEMS_OF_OWNER, fix_id(9)), CACHE_MISS);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    w->c = NULL;
    assert_int_equal(a.told, 0);
    assert_int_equal(b.told, 1);
    assert_int_equal(b.outcome, CACHE_MISS);
    assert_int_equal(d.told, 1);
    assert_int_equal(d.outcome, CACHE_MISS);
}

static void test_cache__bounds_the_lookups_in_flight(void **state)
{
    struct world *w = *state;
    enum {
        MORE = 5000
    };
    struct asker *many = calloc(MORE, sizeof *many), late;
    int waiting = 0;

    assert_int_equal(ask(w, &many[0], ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    for (int i = 1; i < MORE; i++)
        waiting += ask(w, &many[i], ITEMS_OF_OWNER, fix_id(7)) == 0;
    assert_int_equal(waiting, 4095);
    cache_fill(w->c, &many[MORE - 1].l, &(struct slice){0}); /* alone: nothing happens */
    cache_abandon(w->c, &many[MORE - 2].l);
    for (int i = 0; i < MORE; i++)
        cache_cancel(w->c, &many[i].l);
    turn(w);
    assert_int_equal(ask(w, &late, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    cache_abandon(w->c, &late.l);
    free(many);
}

static void test_cache__a_full_arena_is_a_miss(void **state)
{
    struct world *w = *state;
    struct slice items = fix_items(&w->arena, 7, 8, "\"x\""), got;
    struct key key = fix_id(7);
    struct arena tiny;
    struct asker a, b;

    for (int i = 0; i < 2; i++)
        fill(w, ITEMS_OF_OWNER, key, items);
    arena_init(&tiny, 16);
    assert_false(cache_peek(w->c, &fix_paths[ITEMS_OF_OWNER], &key, &w->head, &tiny, &got));
    assert_true(tiny.failed);
    arena_release(&tiny);
    generations_flush(w->g);
    assert_int_equal(ask(w, &a, ITEMS_OF_OWNER, key), CACHE_MISS);
    arena_init(&tiny, 16);
    b = (struct asker){
        .l = {.path = a.l.path, .key = key, .page = &w->head, .arena = &tiny, .done = on_done}};
    assert_int_equal(cache_lookup(w->c, &b.l), 0);
    cache_fill(w->c, &a.l, &items);
    turn(w);
    turn(w);
    assert_int_equal(b.told, 1);
    assert_int_equal(b.outcome, CACHE_MISS);
    cache_abandon(w->c, &b.l);
    arena_release(&tiny);
}

#define T(name) cmocka_unit_test_setup_teardown(test_cache__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(joins_and_is_told_on_a_later_turn),
        T(other_pages_do_not_join),
        T(nobody_joins_across_a_write),
        T(who_joined_before_a_write_asks_again_after_it),
        T(abandon_passes_the_lead_on),
        T(an_error_of_the_key_is_shared),
        T(cancel_at_every_stage),
        T(close_tells_all_who_wait),
        T(bounds_the_lookups_in_flight),
        T(a_full_arena_is_a_miss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
