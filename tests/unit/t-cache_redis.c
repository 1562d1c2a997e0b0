/* t-cache_redis.c: two workers over one Redis: what one fills the other finds, and what is
 * written or too old neither of them finds. */
#include "cache/cache.h"

#include "tests/unit/cache_workers_fixture.h"

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
    RUN_UNTIL(w, a[5].told, 10000);
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
    RUN_UNTIL(w, a.told, 10000);
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
    RUN_UNTIL(w, a.told, 10000);
    assert_int_equal(a.outcome, CACHE_MISS);
    cache_abandon(w->b, &a.l);
    assert_false(peek(w, w->b, ITEMS_OF_OWNER, key, &got));
    fill_passport(w, 8);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(8)), 0);
    generations_flush(w->g);
    RUN_UNTIL(w, a.told, 10000);
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
    RUN_UNTIL(w, stats(w->a).remote_up && stats(w->b).remote_up, 10000);
    fill(w, w->a, ITEMS_OF_OWNER, fix_id(7), fix_items(&w->arena, 7, 3, "\"item\""));
    RUN_UNTIL(w, false, 50);
    key_of_kind('p', key, sizeof key);
    freeReplyObject(redis_do(&server, "PERSIST %s", key)); /* even if Redis forgot to forget */
    RUN_UNTIL(w, false, 1100);
    assert_false(peek(w, w->a, ITEMS_OF_OWNER, fix_id(7), &got));
    assert_int_equal(outcome(w, w->b, &a, ITEMS_OF_OWNER, fix_id(7)), CACHE_MISS);
    assert_int_equal(stats(w->b).remote_commands, 1);
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
    RUN_UNTIL(w, b.told, 10000);
    assert_int_equal(b.outcome, CACHE_HIT);
    generations_bump(w->g, &fix_tables[OWNER], &(struct key){.part = {7}});
    fill_passport(w, 8);
    assert_int_equal(ask(w, w->b, &a, ITEMS_OF_OWNER, fix_id(8)), 0);
    cache_cancel(w->b, &a.l); /* nobody waits: the reply still fills the LRU */
    memset(&a, 0xee, sizeof a);
    RUN_UNTIL(w, peek(w, w->b, ITEMS_OF_OWNER, fix_id(8), &got), 10000);
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
    RUN_UNTIL(w, w->closed == 1, 10000);
    assert_int_equal(a.outcome, CACHE_MISS);
    assert_int_equal(b.outcome, CACHE_MISS);
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
        T(cancel_and_close_while_redis_is_asked),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
