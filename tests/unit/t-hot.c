/* t-hot.c: all rows of the hot tables, packed in blocks. */
#include "cache/hot.h"

#include "base/err.h"
#include "tests/unit/cache_fixture.h"

static const struct table *const place = &fix_tables[PLACE];

static struct hot *open_hot(void)
{
    struct hot *h = NULL;

    assert_int_equal(hash_start(), 0);
    assert_int_equal(hot_new(&h, &fix_access), 0);
    return h;
}

static void put(struct hot *h, int64_t id, const char *name)
{
    struct arena a;

    arena_init(&a, 0);
    assert_int_equal(hot_put(h, place, fix_place(&a, id, name)), 0);
    arena_release(&a);
}

/* Whatever is dropped in whatever order, all others are found: places that were moved up too. */
static void test_hot__finds_the_others_when_some_are_dropped(void **state)
{
    enum {
        N = 3000
    };
    struct hot *h = open_hot();
    uint64_t change;

    for (int64_t i = 0; i < N; i++)
        put(h, i, "\"x\"");
    for (int64_t i = 0; i < N; i++) {
        if (i % 3 == 0)
            hot_drop(h, place, i * 7 % N);
    }
    for (int64_t i = 0; i < N; i++) {
        bool dropped = false;
        for (int64_t k = 0; k < N; k += 3)
            dropped |= k * 7 % N == i;
        assert_int_equal(hot_get(h, place, i) == NULL, dropped);
    }
    assert_int_equal(hot_rows(h), N - N / 3);
    change = hot_change(h, place);
    hot_drop(h, place, N + 1); /* nothing is there */
    assert_int_equal(hot_change(h, place), change);
    hot_free(h);
}

static void test_hot__drops_all_and_keeps_the_bytes_a_while(void **state)
{
    struct hot *h = open_hot();
    const struct row *r;

    put(h, 5, "\"five\"");
    hot_set_loaded(h, place);
    r = hot_get(h, place, 5);
    hot_drop_all(h, place, 1000);
    assert_null(hot_get(h, place, 5));
    assert_false(hot_is_loaded(h, place));
    assert_int_equal(hot_rows(h), 0);
    hot_sweep(h, 1000 + HOT_GRACE_MS - 1);
    assert_cell(r, 1, "\"five\"");
    put(h, 5, "\"new\"");
    hot_sweep(h, 1000 + HOT_GRACE_MS);
    assert_cell(hot_get(h, place, 5), 1, "\"new\"");
    hot_drop_all(h, place, 0);
    hot_drop_all(h, place, 0); /* of nothing */
    hot_free(h);
}

static void test_hot__finds_what_was_put(void **state)
{
    static const int64_t keys[] = {0, 1, -1, INT64_MIN, INT64_MAX, 1 << 20, 42};
    struct hot *h = open_hot();

    assert_null(hot_get(h, place, 0));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char name[32];
        snprintf(name, sizeof name, "n%lld", (long long)keys[i]);
        put(h, keys[i], name);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char name[32];
        const struct row *r = hot_get(h, place, keys[i]);
        snprintf(name, sizeof name, "n%lld", (long long)keys[i]);
        assert_non_null(r);
        assert_cell(r, 1, name);
    }
    assert_null(hot_get(h, place, 2));
    assert_int_equal(hot_rows(h), ARRAY_LEN(keys));
    hot_free(h);
}

static void test_hot__sixty_thousand_rows_are_lean(void **state)
{
    enum {
        N = 60000
    };
    struct hot *h = open_hot();
    char name[180];
    size_t at = 0;
    uint64_t n = 0, sum = 0;

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    for (int64_t id = 0; id < N; id++) {
        name[id % 7] = (char)('a' + id % 26);
        put(h, id * 3, name);
    }
    assert_int_equal(hot_rows(h), N);
    assert_true(hot_bytes(h) < 16u << 20); /* rows of 203 bytes */
    for (const struct row *r; (r = hot_next(h, place, &at)); n++) {
        assert_true(row_valid(r, r->size, 2));
        sum += (uint64_t)row_number(r, 0);
    }
    assert_int_equal(n, N);
    assert_int_equal(sum, 3 * (uint64_t)N * (N - 1) / 2);
    hot_free(h);
}

static void test_hot__a_replaced_row_lives_on_for_a_while(void **state)
{
    struct hot *h = open_hot();
    const struct row *old, *new;
    uint64_t change;
    char big[1000];

    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    put(h, 1, "first");
    old = hot_get(h, place, 1);
    change = hot_change(h, place);
    put(h, 1, "first"); /* the same: nothing changes */
    assert_ptr_equal(hot_get(h, place, 1), old);
    assert_int_equal(hot_change(h, place), change);
    put(h, 1, "second");
    assert_int_not_equal(hot_change(h, place), change);
    new = hot_get(h, place, 1);
    assert_cell(old, 1, "first"); /* the sanitizer would say */
    assert_cell(new, 1, "second");
    for (int i = 0; i < 1000; i++) { /* so much is dead that it is packed */
        big[i % 900] = (char)('a' + i % 26);
        put(h, 2, big);
    }
    assert_true(hot_bytes(h) > 900000);
    hot_sweep(h, 1000);
    assert_cell(old, 1, "first");
    assert_cell(new, 1, "second");
    assert_cell(hot_get(h, place, 1), 1, "second");
    assert_ptr_not_equal(hot_get(h, place, 1), new); /* moved */
    hot_sweep(h, 1000 + HOT_GRACE_MS - 1);
    assert_cell(new, 1, "second");
    hot_sweep(h, 1000 + HOT_GRACE_MS);
    assert_true(hot_bytes(h) < 20000);
    assert_cell(hot_get(h, place, 1), 1, "second");
    assert_cell(hot_get(h, place, 2), 1, big);
    assert_int_equal(hot_rows(h), 2);
    hot_free(h);
}

static void test_hot__refuses_what_is_no_row_of_the_table(void **state)
{
    struct hot *h = open_hot();
    struct arena a;
    struct row *null_key;

    arena_init(&a, 0);
    assert_int_equal(hot_put(h, place, fix_item(&a, 1, 2, "x")), ERR_DATA);
    assert_int_equal(hot_put(h, &fix_tables[ITEM], fix_item(&a, 1, 2, "x")),
                     ERR_DATA); /* two columns */
    null_key = (struct row *)(uintptr_t)fix_place(&a, 1, "x");
    null_key->end[0] |= ROW_NULL;
    assert_int_equal(hot_put(h, place, null_key), ERR_DATA);
    assert_int_equal(hot_rows(h), 0);
    arena_release(&a);
    hot_free(h);
}

static void test_hot__loaded(void **state)
{
    struct hot *h = open_hot();

    assert_false(hot_is_loaded(h, place));
    hot_set_loaded(h, place);
    assert_true(hot_is_loaded(h, place));
    assert_false(hot_is_loaded(h, &fix_tables[OWNER]));
    hot_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hot__finds_what_was_put),
        cmocka_unit_test(test_hot__finds_the_others_when_some_are_dropped),
        cmocka_unit_test(test_hot__drops_all_and_keeps_the_bytes_a_while),
        cmocka_unit_test(test_hot__sixty_thousand_rows_are_lean),
        cmocka_unit_test(test_hot__a_replaced_row_lives_on_for_a_while),
        cmocka_unit_test(test_hot__refuses_what_is_no_row_of_the_table),
        cmocka_unit_test(test_hot__loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
