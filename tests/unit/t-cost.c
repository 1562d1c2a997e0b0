/* Tests of query/cost: rows multiply and add up, and never wrap; lists that clients give. Whole operations:
 * t-execute.c. */
#include "tests/unit/test.h"

#include "base/err.h"
#include "query/cost.h"
#include "query/plan.h"
#include "tests/unit/language_fixture.h"

static struct arena arena;

/* ---- rows ---- */

/* Steps one below the other, with these page sizes; checks the total and at which step it was too much (-1: never). */
static void check_chain(const uint32_t *page, uint32_t n, uint32_t max, uint64_t want,
                        int want_over)
{
    struct ast_selection selection[4] = {
        {.loc = {1, 1}}, {.loc = {2, 2}}, {.loc = {3, 3}}, {.loc = {4, 4}}};
    struct plan_step step[4];
    struct cost cost = {0};
    uint64_t rows = 1;
    struct err err = {0};
    int rc;

    for (uint32_t i = 0; i < n; i++) {
        step[i] = (struct plan_step){.selection = &selection[i]};
        rows = cost_add(&cost, &step[i], rows, page[i], max);
    }
    assert_true(cost.total == want);
    rc = cost_check(&cost, max, &err);
    assert_int_equal(rc, want_over < 0 ? 0 : ERR_LIMIT);
    if (want_over >= 0)
        assert_int_equal(err.line, want_over + 1);
}

static void test_cost__pages_multiply(void **state)
{
    check_chain((const uint32_t[]){1, 10, 1}, 3, 100, 21, -1);
    check_chain((const uint32_t[]){1, 10, 7, 2}, 4, 1000, 1 + 10 + 70 + 140, -1);
    check_chain(NULL, 0, 1, 0, -1);
}

static void test_cost__one_below_at_and_one_above(void **state)
{
    const uint32_t page[] = {1, 10, 1};

    check_chain(page, 3, 22, 21, -1);
    check_chain(page, 3, 21, 21, -1);
    check_chain(page, 3, 20, 21, 2);
    check_chain(page, 3, 10, 21, 1);
    check_chain((const uint32_t[]){INT32_MAX - 1}, 1, INT32_MAX, INT32_MAX - 1, -1);
    check_chain((const uint32_t[]){INT32_MAX}, 1, INT32_MAX, INT32_MAX, -1);
    check_chain((const uint32_t[]){(uint32_t)INT32_MAX + 1}, 1, INT32_MAX, (uint64_t)INT32_MAX + 1,
                0);
    check_chain((const uint32_t[]){UINT32_MAX}, 1, UINT32_MAX, UINT32_MAX, -1);
}

static void test_cost__never_wraps(void **state)
{
    const uint64_t one = UINT32_MAX, two = one * one + one;

    check_chain((const uint32_t[]){UINT32_MAX, UINT32_MAX}, 2, UINT32_MAX, two, 1);
    check_chain((const uint32_t[]){UINT32_MAX, UINT32_MAX, UINT32_MAX}, 3, UINT32_MAX, UINT64_MAX,
                1);
    check_chain((const uint32_t[]){UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, 4, 5000,
                UINT64_MAX, 0);
}

static void test_cost__says_how_much_and_how_much_may_be(void **state)
{
    struct ast_selection selection = {.loc = {3, 9}};
    struct plan_step step = {.selection = &selection};
    struct cost cost = {0};
    struct err err;

    cost_add(&cost, &step, 1, 101, 100);
    assert_int_equal(cost_check(&cost, 100, &err), ERR_LIMIT);
    assert_string_equal(err.message,
                        "The operation may return 101 rows (page sizes multiply); at most 100 are "
                        "allowed. Ask for smaller pages.");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
}

/* ---- lists ---- */

static void check_longest(const char *text, uint32_t max, uint32_t want)
{
    const struct value *found = value_long_list(literal(&arena, text), max);

    if ((found ? found->n_items : 0) != want)
        fail_msg("%s: %u, not %u", text, found ? found->n_items : 0, want);
}

static void test_cost__longest_list(void **state)
{
    check_longest("[1, 2, 3]", 4, 0);
    check_longest("[1, 2, 3]", 3, 0);
    check_longest("[1, 2, 3]", 2, 3);
    check_longest("[1, 2, 3]", INT32_MAX, 0);
    check_longest("[[1, 2, 3], [4, 5, 6, 7]]", 2, 4);
    check_longest("{a: 1, b: 2, c: 3, d: {e: [1, 2]}}", 1,
                  2); /* entries of an object are no items */
    check_longest("{a: 1, b: 2, c: 3}", 1, 0);
    check_longest("\"abc\"", 1, 0);
    check_longest("[]", 0, 0);
    check_longest("null", 0, 0);
}

static int check_given(const char *json, uint32_t max, struct err *err)
{
    struct document doc;

    assert_int_equal(parse_document(&arena, STR("query ($a: Int,\n $ids: [ID!]) { x }"),
                                    &(struct parse_limits){0}, &doc, err),
                     0);
    return cost_check_variables(doc.operations, json ? literal(&arena, json) : NULL, max, err);
}

static void test_cost__variables(void **state)
{
    struct err err = {0};

    assert_int_equal(check_given(NULL, 1, &err), 0);
    assert_int_equal(check_given("{a: 1}", 1, &err), 0);
    assert_int_equal(check_given("{ids: [1, 2]}", 3, &err), 0);
    assert_int_equal(check_given("{ids: [1, 2]}", 2, &err), 0);
    assert_int_equal(check_given("{ids: [1, 2]}", 1, &err), ERR_LIMIT);
    assert_string_equal(err.message,
                        "Variable \"$ids\" holds a list of 2 items; at most 1 are allowed.");
    assert_int_equal(err.line, 2);
    assert_int_equal(check_given("{nobody: [1, 2]}", 1, &err),
                     0); /* ignored, so it costs nothing */
}

static int setup(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static int teardown(void **state)
{
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cost__pages_multiply),
        cmocka_unit_test(test_cost__one_below_at_and_one_above),
        cmocka_unit_test(test_cost__never_wraps),
        cmocka_unit_test(test_cost__says_how_much_and_how_much_may_be),
        cmocka_unit_test(test_cost__longest_list),
        cmocka_unit_test(test_cost__variables),
    };

    if (hash_start() < 0)
        return 1;
    return cmocka_run_group_tests(tests, setup, teardown);
}
