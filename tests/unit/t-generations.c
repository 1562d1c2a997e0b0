/* t-generations.c: the table by which the workers of a machine agree on what cached values are worth. */
#include "cache/generations.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cache/cache.h"
#include "tests/unit/cache_fixture.h"

static const struct table *const owner = &fix_tables[OWNER];

static struct generations *open_some(uint32_t slots)
{
    struct generations *g = NULL;

    assert_int_equal(hash_start(), 0);
    assert_int_equal(generations_open(&g, slots, NULL), 0);
    return g;
}

/* Two keys that don't share a slot, so that a test says what it means. */
static struct key other_than(const struct generations *g, struct key key)
{
    struct key k = fix_id(key.part[0] + 1);

    while (generations_slot(g, owner, &k) == generations_slot(g, owner, &key))
        k.part[0]++;
    return k;
}

static bool holds(const struct generations *g, struct token t, struct key key)
{
    uint64_t generation;

    return generations_holds(g, t, generations_slot(g, owner, &key), &generation);
}

static struct slot_view view(const struct generations *g, struct key key)
{
    return generations_view(g, generations_slot(g, owner, &key));
}

static void test_generations__slots_are_of_no_process(void **state)
{
    struct generations *g = open_some(1024);
    struct key key = fix_id(7);
    uint32_t slot = generations_slot(g, owner, &key);

    assert_int_equal(hash_start(), 0); /* another process has another seed for its own tables */
    assert_int_equal(generations_slot(g, owner, &key), slot);
    generations_close(g);
}

static void test_generations__arguments(void **state)
{
    static const uint32_t bad[] = {0, 1, 8, 1000, 1u << 27, 0x80000000u, UINT32_MAX};
    struct generations *g = NULL;
    struct err err = {0};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(generations_open(&g, bad[i], &err), ERR_CONFIG);
    assert_null(g);
    generations_close(NULL);
    g = open_some(16);
    assert_int_equal(generations_set_owner(g, GENERATIONS_OWNERS), ERR_LIMIT);
    assert_int_equal(generations_set_owner(g, GENERATIONS_OWNERS - 1), 0);
    generations_clear_owner(g, GENERATIONS_OWNERS); /* nobody: nothing happens */
    generations_close(g);
}

static void test_generations__a_token_holds_until_a_write(void **state)
{
    struct generations *g = open_some(1024);
    struct key key = fix_id(7), other = other_than(g, key);
    struct token t = generations_token(g);
    uint64_t before = view(g, key).generation;

    assert_true(holds(g, t, key));
    generations_mark(g, owner, &key);
    assert_true(view(g, key).marked);
    assert_false(view(g, other).marked);
    assert_false(holds(g, t, key));
    assert_false(holds(g, generations_token(g), key)); /* a new one neither, while it is marked */
    assert_true(holds(g, t, other));
    generations_bump(g, owner, &key);
    assert_false(view(g, key).marked);
    assert_true(view(g, key).generation > before);
    assert_false(holds(g, t, key));
    assert_true(holds(g, t, other));
    assert_true(holds(g, generations_token(g), key));
    generations_close(g);
}

static void test_generations__every_bump_is_another_generation(void **state)
{
    struct generations *g = open_some(16);
    uint64_t last = 0;

    for (int i = 0; i < 1000; i++) {
        struct key key = fix_id(i % 5);
        generations_bump(g, owner, &key); /* without a mark: somebody else wrote */
        assert_true(view(g, key).generation > last);
        assert_false(view(g, key).marked);
        last = view(g, key).generation;
    }
    generations_close(g);
}

static void test_generations__marks_nest(void **state)
{
    struct generations *g = open_some(1024);
    struct key key = fix_id(7);
    struct token t;

    generations_mark(g, owner, &key);
    generations_mark(g, owner, &key);
    generations_bump(g, owner, &key);
    assert_true(view(g, key).marked);
    t = generations_token(g);
    generations_bump(g, owner, &key);
    assert_false(view(g, key).marked);
    assert_false(holds(g, t, key));
    assert_true(generations_quiet(g, generations_token(g)));
    generations_close(g);
}

static void test_generations__quiet_means_nobody_wrote_anywhere(void **state)
{
    struct generations *g = open_some(1024);
    struct key key = fix_id(7);
    struct token t = generations_token(g);

    assert_true(generations_quiet(g, t));
    generations_mark(g, owner, &key);
    assert_false(generations_quiet(g, t));
    assert_false(generations_quiet(g, generations_token(g)));
    generations_bump(g, owner, &key);
    assert_false(generations_quiet(g, t));
    t = generations_token(g);
    assert_true(generations_quiet(g, t));
    generations_flush(g);
    assert_false(generations_quiet(g, t));
    generations_close(g);
}

static void test_generations__more_marks_than_places(void **state)
{
    enum {
        N = 3000
    };
    struct generations *g = open_some(1 << 16);
    unsigned still = 0;

    for (int i = 0; i < N; i++) {
        struct key key = fix_id(i);
        generations_mark(g, owner, &key);
        assert_true(view(g, key).marked);
    }
    for (int i = 0; i < N; i++) {
        struct key key = fix_id(i);
        struct token t = generations_token(g);
        generations_bump(g, owner, &key);
        assert_false(holds(g, t, key));
    }
    for (int i = 0; i < N; i++)
        still += view(g, fix_id(i)).marked;
    assert_true(still > 0 && still <= N - 1024); /* slow, not wrong */
    generations_clear_owner(g, 0);
    for (int i = 0; i < N; i++)
        assert_false(view(g, fix_id(i)).marked);
    generations_close(g);
}

static void test_generations__a_worker_that_died(void **state)
{
    struct generations *g = open_some(1024);
    struct key dead = fix_id(7), alive = other_than(g, dead);
    struct token t;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (generations_set_owner(g, 3) < 0)
            _exit(1);
        generations_mark(g, owner, &dead);
        generations_mark(g, owner, &dead);
        _exit(0); /* between COMMIT and bump */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(generations_set_owner(g, 1), 0);
    generations_mark(g, owner, &alive);
    generations_mark(g, owner, &dead); /* here too */
    assert_true(view(g, dead).marked); /* the memory is shared */
    t = generations_token(g);
    generations_clear_owner(g, 3);
    assert_true(view(g, dead).marked); /* by owner 1 still */
    assert_true(view(g, alive).marked);
    assert_false(generations_quiet(g, generations_token(g)));
    generations_bump(g, owner, &dead);
    assert_false(view(g, dead).marked);
    assert_false(holds(g, t, dead));
    generations_bump(g, owner, &alive);
    assert_true(generations_quiet(g, generations_token(g)));
    generations_close(g);
}

static void test_generations__flush_is_a_new_epoch(void **state)
{
    struct generations *g = open_some(16);
    struct token t = generations_token(g);
    uint64_t epoch = generations_epoch(g);

    generations_flush(g);
    assert_int_not_equal(generations_epoch(g), epoch);
    assert_false(holds(g, t, fix_id(7)));
    assert_true(holds(g, generations_token(g), fix_id(7)));
    generations_close(g);
}

static void test_generations__present(void **state)
{
    struct generations *g = open_some(1024);
    struct key key = fix_id(7);
    uint32_t slot = generations_slot(g, owner, &key);
    uint64_t generation = view(g, key).generation;

    assert_false(view(g, key).present);
    generations_set_present(g, slot);
    assert_true(view(g, key).present);
    generations_clear_present(g, slot, generation + 1); /* Redis was asked before a write */
    assert_true(view(g, key).present);
    generations_clear_present(g, slot, generation);
    assert_false(view(g, key).present);
    generations_set_present(g, slot);
    generations_bump(g, owner, &key); /* what is there is dead */
    assert_false(view(g, key).present);
    generations_close(g);
}

static void test_generations__the_doorkeeper_forgets(void **state)
{
    struct generations *g = open_some(1 << 16);
    unsigned wrong = 0;

    assert_false(generations_seen(g, STR("a"), 1000));
    assert_true(generations_seen(g, STR("a"), 1000));
    assert_true(generations_seen(g, STR("a"), 1003));
    assert_false(generations_seen(g, STR("a"), 1007));
    assert_true(generations_seen(g, STR("a"), 1007));
    assert_false(generations_seen(g, STR("b"), 1007));
    /* 20,000 names in 131,072 places: hardly any is taken for another. */
    for (uint64_t i = 0; i < 20000; i++)
        wrong += generations_seen(g, (struct str){(const char *)&i, sizeof i}, 2000);
    assert_true(wrong < 50);
    wrong = 0;
    for (uint64_t i = 0; i < 20000; i++)
        wrong += !generations_seen(g, (struct str){(const char *)&i, sizeof i}, 2001);
    assert_true(wrong < 20000 / 4); /* one that was pushed out waits for its next time */
    generations_close(g);
}

static void test_generations__text_keys_and_tables_have_slots_of_their_own(void **state)
{
    static struct column text_key = {.codec = CODEC_KEY, .raw_is_text = true};
    const struct table t = {.id = 9, .columns = &text_key, .n_columns = 1, .n_key = 1};
    struct generations *g = open_some(1 << 20);
    struct key a = {.text = STR("aa")}, b = {.text = STR("ab")}, n = fix_id(7);

    assert_int_not_equal(generations_slot(g, &t, &a), generations_slot(g, &t, &b));
    assert_int_not_equal(generations_slot(g, owner, &n),
                         generations_slot(g, &fix_tables[ITEM], &n));
    generations_close(g);
}

/* Writers in other processes bump; a reader here must never see a token hold across a whole write. */
static void test_generations__many_writers(void **state)
{
    enum {
        WRITERS = 3,
        WRITES = 20000
    };
    struct generations *g = open_some(16);
    pid_t pids[WRITERS];
    int status;

    for (unsigned w = 0; w < WRITERS; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            if (generations_set_owner(g, w) < 0)
                _exit(1);
            for (int i = 0; i < WRITES; i++) {
                struct key key = fix_id(i % 3);
                struct token t;
                generations_mark(g, owner, &key);
                t = generations_token(g);
                if (holds(g, t, key))
                    _exit(2);
                generations_bump(g, owner, &key);
                if (holds(g, t, key))
                    _exit(3);
            }
            _exit(0);
        }
    }
    for (unsigned w = 0; w < WRITERS; w++) {
        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        assert_int_equal(status, 0);
    }
    for (int i = 0; i < 3; i++)
        assert_false(view(g, fix_id(i)).marked);
    assert_true(generations_token(g).clock > WRITERS * WRITES);
    assert_true(generations_quiet(g, generations_token(g)));
    generations_close(g);
}

/* What is heard of somebody else's change (and of one's own, as a rule before its end is known) takes back no mark. */
static void test_generations__heard_of(void **state)
{
    struct generations *g = open_some(1024);
    struct key key = fix_id(7);
    struct token t = generations_token(g);

    assert_true(holds(g, t, key));
    generations_heard(g, generations_slot(g, owner, &key));
    assert_false(holds(g, t, key));
    assert_true(holds(g, generations_token(g), key));
    generations_mark(g, owner, &key);
    generations_heard(g, generations_slot(g, owner, &key));
    assert_true(view(g, key).marked);
    assert_false(generations_quiet(g, generations_token(g)));
    generations_bump(g, owner, &key);
    assert_false(view(g, key).marked);
    assert_true(generations_quiet(g, generations_token(g)));
    generations_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generations__slots_are_of_no_process),
        cmocka_unit_test(test_generations__arguments),
        cmocka_unit_test(test_generations__a_token_holds_until_a_write),
        cmocka_unit_test(test_generations__every_bump_is_another_generation),
        cmocka_unit_test(test_generations__marks_nest),
        cmocka_unit_test(test_generations__quiet_means_nobody_wrote_anywhere),
        cmocka_unit_test(test_generations__more_marks_than_places),
        cmocka_unit_test(test_generations__a_worker_that_died),
        cmocka_unit_test(test_generations__flush_is_a_new_epoch),
        cmocka_unit_test(test_generations__present),
        cmocka_unit_test(test_generations__the_doorkeeper_forgets),
        cmocka_unit_test(test_generations__text_keys_and_tables_have_slots_of_their_own),
        cmocka_unit_test(test_generations__many_writers),
        cmocka_unit_test(test_generations__heard_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
