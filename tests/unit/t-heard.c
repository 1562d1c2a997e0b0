/* t-heard.c: what was heard of is void once a snapshot sees it, and not before; what does not fit voids all, then. */
#include "server/heard.h"

#include "cache/cache.h"
#include "cache/generations.h"
#include "cache/hot_log.h"
#include "tests/unit/cache_fixture.h"

static const struct table *const owner = &fix_tables[OWNER], *const place = &fix_tables[PLACE];

struct fixture {
    struct generations *g;
    struct heard *heard;
};

static void open_fixture(struct fixture *f)
{
    assert_int_equal(hash_start(), 0);
    assert_int_equal(generations_open(&f->g, 65536, NULL), 0);
    f->heard = heard_new(f->g);
    assert_non_null(f->heard);
}

static void close_fixture(struct fixture *f)
{
    heard_free(f->heard);
    generations_close(f->g);
}

/* Settles by a snapshot that sees all before `end`, but `running`. */
static bool settle(struct fixture *f, uint8_t end, uint8_t running)
{
    const char bytes[] = {0, 0, 0, 1, 0, 0,         0, 0, 0, 0, 0, 1, 0, 0,
                          0, 0, 0, 0, 0, (char)end, 0, 0, 0, 0, 0, 0, 0, (char)running};

    return heard_settle(f->heard, (struct str){bytes, sizeof bytes});
}

static uint64_t generation(const struct fixture *f, struct key key)
{
    return generations_view(f->g, generations_slot(f->g, owner, &key)).generation;
}

static void test_heard__void_when_it_is_seen(void **state)
{
    struct fixture f;
    struct key first = fix_id(1), second = fix_id(2);
    uint64_t hot;

    open_fixture(&f);
    hot = hot_log_newest(generations_hot(f.g));
    heard_begins(f.heard, 10);
    heard_aggregate(f.heard, owner, &first);
    heard_hot(f.heard, place, &(int64_t){7});
    heard_begins(f.heard, 11);
    heard_aggregate(f.heard, owner, &second);
    assert_true(settle(&f, 10, 5)); /* neither */
    assert_int_equal(generation(&f, first), 0);
    assert_true(settle(&f, 12, 10)); /* the second alone */
    assert_int_equal(generation(&f, first), 0);
    assert_int_not_equal(generation(&f, second), 0);
    assert_int_equal(hot_log_newest(generations_hot(f.g)), hot);
    assert_true(settle(&f, 12, 5));
    assert_int_not_equal(generation(&f, first), 0);
    assert_int_equal(hot_log_newest(generations_hot(f.g)), hot + 1);
    hot = generation(&f, first);
    assert_true(settle(&f, 12, 5)); /* once */
    assert_int_equal(generation(&f, first), hot);
    close_fixture(&f);
}

static void test_heard__the_same_counts_once(void **state)
{
    struct fixture f;
    struct key key = fix_id(1);

    open_fixture(&f);
    heard_begins(f.heard, 10);
    for (int i = 0; i < 2 * HEARD_MAX; i++)
        heard_aggregate(f.heard, owner, &key);
    assert_true(settle(&f, 10, 5));
    heard_begins(f.heard, 11); /* another transaction, which may be seen later */
    heard_aggregate(f.heard, owner, &key);
    assert_true(settle(&f, 12, 11));
    assert_int_equal(generation(&f, key), 2);
    assert_true(settle(&f, 12, 5));
    assert_int_equal(generation(&f, key), 3);
    close_fixture(&f);
}

static void test_heard__more_than_fits(void **state)
{
    struct fixture f;
    uint64_t epoch;

    open_fixture(&f);
    epoch = generations_epoch(f.g);
    heard_begins(f.heard, 10);
    for (int i = 0; i < 4 * HEARD_MAX; i++)
        heard_aggregate(f.heard, owner, &(struct key){.part = {i}});
    assert_false(settle(&f, 12, 10)); /* something may be missing: nobody may trust the rest */
    assert_int_equal(generations_epoch(f.g), epoch);
    assert_true(settle(&f, 12, 5));
    assert_int_not_equal(generations_epoch(f.g), epoch);
    epoch = generations_epoch(f.g);
    assert_true(settle(&f, 12, 5));
    assert_int_equal(generations_epoch(f.g), epoch);
    close_fixture(&f);
}

static void test_heard__anything(void **state)
{
    struct fixture f;
    uint64_t epoch;

    open_fixture(&f);
    epoch = generations_epoch(f.g);
    heard_begins(f.heard, 11);
    heard_anything(f.heard);
    heard_begins(f.heard, 9);
    heard_anything(f.heard);
    assert_false(settle(&f, 12, 9));
    assert_false(settle(&f, 12, 11));
    assert_int_equal(generations_epoch(f.g), epoch);
    heard_clear(f.heard);
    assert_true(settle(&f, 12, 11));
    assert_int_equal(generations_epoch(f.g), epoch);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heard__void_when_it_is_seen),
        cmocka_unit_test(test_heard__the_same_counts_once),
        cmocka_unit_test(test_heard__more_than_fits),
        cmocka_unit_test(test_heard__anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
