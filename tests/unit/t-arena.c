/* Tests of base/arena. */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "base/err.h"

static void test_arena__aligns_and_zeroes(void **state)
{
    struct arena a;
    arena_init(&a, 0);
    for (size_t n = 0; n < 100; n++) {
        unsigned char *p = arena_zalloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xAA, n);
    }
    arena_release(&a);
    assert_int_equal(a.used, 0);
}

static void test_arena__keeps_its_limit(void **state)
{
    struct arena a;
    size_t got = 0;
    arena_init(&a, 100000);
    while (arena_alloc(&a, 1000))
        got += 1000;
    assert_true(got >= 90000 && got <= 100000);
    assert_true(a.used <= 100000);
    assert_true(a.failed && a.limited);
    arena_clear(&a);
    assert_false(a.failed || a.limited);
    assert_non_null(arena_alloc(&a, 1000));
    arena_release(&a);
}

static void test_arena__refuses_sizes_that_wrap(void **state)
{
    struct arena a;
    arena_init(&a, 0);
    assert_null(arena_array(&a, SIZE_MAX / 2, 16));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_true(a.failed && !a.limited);
    arena_release(&a);
}

static char order[4];
static size_t n_order;

static void note(void *arg)
{
    order[n_order++] = *(char *)arg;
}

static void test_arena__defers_run_last_first(void **state)
{
    struct arena a;
    char x = 'x', y = 'y';
    arena_init(&a, 0);
    n_order = 0;
    assert_int_equal(arena_defer(&a, note, &x), 0);
    assert_int_equal(arena_defer(&a, note, &y), 0);
    arena_clear(&a);
    assert_int_equal(n_order, 2);
    assert_memory_equal(order, "yx", 2);
    arena_release(&a);
    assert_int_equal(n_order, 2);
}

static void test_arena__copies_text(void **state)
{
    struct arena a;
    struct str s;
    arena_init(&a, 0);
    s = arena_str(&a, STR("Қазақстан"));
    check_str(s, "Қазақстан");
    assert_int_equal(s.ptr[s.len], 0);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__aligns_and_zeroes),
        cmocka_unit_test(test_arena__keeps_its_limit),
        cmocka_unit_test(test_arena__refuses_sizes_that_wrap),
        cmocka_unit_test(test_arena__defers_run_last_first),
        cmocka_unit_test(test_arena__copies_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
