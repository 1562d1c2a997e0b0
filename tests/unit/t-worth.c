/* t-worth.c: the rate at which values are put into Redis follows what comes back from there. */
#include "cache/worth.h"

#include "tests/unit/test.h"

/* `seconds` of `wanted` stores a second, each of which is read `reads` times in the end. Returns how many of
 * the last second's were let through. */
static unsigned run(struct worth *w, uint64_t *now, uint64_t *counter, unsigned seconds,
                    unsigned wanted, double reads)
{
    unsigned passed = 0;
    double owed = 0;

    for (unsigned s = 0; s < seconds; s++) {
        passed = 0;
        for (unsigned i = 0; i < wanted; i++)
            passed += worth_take(w, *now + i * 999 / wanted, *counter);
        *now += 1000;
        owed += passed * reads;
        *counter += (uint64_t)(owed / 20); /* over the next minute */
        owed -= owed / 20;
    }
    return passed;
}

static void test_worth__a_hot_set_is_stored_at_once(void **state)
{
    struct worth w;
    unsigned passed = 0;

    worth_init(&w, 5000, 0);
    for (int i = 0; i < 10000; i++)
        passed += worth_take(&w, 5000, 0);
    assert_int_equal(passed, WORTH_BURST);
}

static void test_worth__a_sweep_is_hardly_stored(void **state)
{
    struct worth w;
    uint64_t now = 1000, counter = 0;

    worth_init(&w, now, 0);
    assert_int_equal(run(&w, &now, &counter, 20, 10000, 0), WORTH_RATE_MIN);
    assert_int_equal(run(&w, &now, &counter, 300, 10000, 5), WORTH_RATE_MIN);
}

static void test_worth__what_is_read_often_is_stored_at_full_rate(void **state)
{
    struct worth w;
    uint64_t now = 1000, counter = 0;

    worth_init(&w, now, 0);
    run(&w, &now, &counter, 20, 10000, 0); /* after a sweep */
    assert_int_equal(run(&w, &now, &counter, 300, 10000, 100), WORTH_RATE_MAX);
    assert_int_equal(run(&w, &now, &counter, 300, 10000, 1), WORTH_RATE_MIN); /* and down again */
}

static void test_worth__a_long_rest(void **state)
{
    struct worth w;

    worth_init(&w, 0, 0);
    assert_true(worth_take(&w, 0, 0));
    assert_true(worth_take(&w, UINT64_MAX / 2, 0));
    assert_true(w.rate >= WORTH_RATE_MIN && w.rate <= WORTH_RATE_MAX);
}

static void test_worth__a_rate_that_somebody_set(void **state)
{
    struct worth w;
    uint64_t now = 1000, counter = 0;

    worth_init(&w, now, 300);
    assert_int_equal(run(&w, &now, &counter, 20, 10000, 0), 300);
    assert_int_equal(run(&w, &now, &counter, 20, 10000, 100), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worth__a_hot_set_is_stored_at_once),
        cmocka_unit_test(test_worth__a_sweep_is_hardly_stored),
        cmocka_unit_test(test_worth__what_is_read_often_is_stored_at_full_rate),
        cmocka_unit_test(test_worth__a_long_rest),
        cmocka_unit_test(test_worth__a_rate_that_somebody_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
