/* t-cache.c: the door of cache/ without Redis: peek, look-ups, single flight, generations, hot rows. */
#include "cache/cache.h"

#include <uv.h>

#include "base/err.h"
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
    struct cache *c;
    struct arena arena;
    struct page head;
    bool closed;
};

static void on_done(struct cache_lookup *l, int outcome)
{
    struct asker *a = container_of(l, struct asker, l);

    a->told++;
    a->outcome = outcome;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct cache_config config = {.secret = STR("secret"),
                                  .namespace_ = STR("test"),
                                  .local_bytes = 1 << 20,
                                  .timeout_ms = 20,
                                  .ttl_s = 60};

    assert_int_equal(hash_start(), 0);
    uv_loop_init(&w->loop);
    arena_init(&w->arena, 0);
    w->head = (struct page){.limit = 10};
    assert_int_equal(generations_open(&w->g, NULL, 1024, NULL), 0);
    config.generations = w->g;
    assert_int_equal(cache_open(&w->c, &w->loop, &fix_access, &config, NULL), 0);
    *state = w;
    return 0;
}

static void on_closed(void *data)
{
    struct world *w = data;

    assert_false(w->closed);
    w->closed = true;
}

static int teardown(void **state)
{
    struct world *w = *state;

    if (w->c)
        cache_close(w->c, on_closed, w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0); /* nothing was left open */
    generations_close(w->g);
    arena_release(&w->arena);
    free(w);
    return 0;
}

static int ask(struct world *w, struct asker *a, int path, struct key key)
{
    *a = (struct asker){
        .l = {.path = &fix_paths[path], .key = key, .arena = &w->arena, .done = on_done}};
    if (a->l.path->kind == ACCESS_LIST)
        a->l.page = &w->head;
    return cache_lookup(w->c, &a->l);
}

static bool peek(struct world *w, int path, struct key key, struct slice *ret)
{
    const struct page *page = fix_paths[path].kind == ACCESS_LIST ? &w->head : NULL;

    return cache_peek(w->c, &fix_paths[path], &key, page, &w->arena, ret);
}

/* Misses and fills, as if the database had said this. */
static void fill(struct world *w, int path, struct key key, struct slice s)
{
    struct asker a;

    assert_int_equal(ask(w, &a, path, key), CACHE_MISS);
    cache_fill(w->c, &a.l, &s);
    assert_int_equal(a.told, 0);
}

static void turn(struct world *w)
{
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

static struct cache_stats stats(struct world *w)
{
    struct cache_stats s;

    cache_get_stats(w->c, &s);
    return s;
}

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

static void test_cache__hot_rows(void **state)
{
    struct world *w = *state;
    const struct table *t = &fix_tables[PLACE];
    const struct row *r;

    assert_null(cache_hot_get(w->c, t, 5));
    assert_false(cache_hot_is_loaded(w->c, t));
    assert_int_equal(cache_hot_put(w->c, t, fix_place(&w->arena, 5, "\"five\"")), 0);
    r = cache_hot_get(w->c, t, 5);
    assert_non_null(r);
    assert_cell(r, 1, "\"five\"");
    cache_hot_loaded(w->c, t);
    assert_true(cache_hot_is_loaded(w->c, t));
    assert_int_equal(stats(w).hot_hits, 1);
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
        T(joins_and_is_told_on_a_later_turn),
        T(other_pages_do_not_join),
        T(nobody_joins_across_a_write),
        T(who_joined_before_a_write_asks_again_after_it),
        T(abandon_passes_the_lead_on),
        T(an_error_of_the_key_is_shared),
        T(cancel_at_every_stage),
        T(close_tells_all_who_wait),
        T(bounds_the_lookups_in_flight),
        T(a_sweep_over_all_costs_neither_memory_nor_hits),
        T(a_long_text_is_looked_up_uncached),
        T(a_full_arena_is_a_miss),
        T(hot_rows),
        T(needs_generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
