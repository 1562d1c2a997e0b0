/* Tests of query/execute_count: how long lists are, and that nobody asks for what is not shown. What may not be seen: t-judge. */
#include "tests/unit/people_fixture.h"

/* The whole list counts, with its filter, wherever the page is. */
static void test_totals__counts(void **state)
{
    char cursor[80], text[300];

    check("{ person(id: 1) { pets(first: 1) { totalCount nodes { name } } n: pets(kind: CAT) { "
          "totalCount } } }",
          "{\"data\":{\"person\":{\"pets\":{\"totalCount\":3,\"nodes\":[{\"name\":\"Rex\"}]},"
          "\"n\":{\"totalCount\":2}}}}");
    check("{ person(id: 4) { pets { nodes { name } all: totalCount } } }",
          "{\"data\":{\"person\":{\"pets\":{\"nodes\":[],\"all\":0}}}}");
    cursor_of(1, pet_rows[1], cursor, sizeof cursor);
    snprintf(text, sizeof text,
             "{ person(id: 1) { pets(after: %s) { totalCount nodes { name } } } }", cursor);
    check(text,
          "{\"data\":{\"person\":{\"pets\":{\"totalCount\":3,\"nodes\":[{\"name\":\"Kit\"}]}}}}");
    check("{ person(id: 1) { pets(first: 2) { nodes { vet { pets { totalCount } } } } } }",
          "{\"data\":{\"person\":{\"pets\":{\"nodes\":[{\"vet\":{\"pets\":{\"totalCount\":1}}},{"
          "\"vet\":{\"pets\":{\"totalCount\":0}}}]}}}}");
}

static void check_asked(const char *text, unsigned fetches, unsigned keys)
{
    struct run r;

    at_once = true;
    n_fetches = n_keys = 0;
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, EXECUTION_READY);
    assert_int_equal(n_fetches, fetches);
    assert_int_equal(n_keys, keys);
    arena_clear(&arena);
    compiled_unref(r.document);
}

/* What nobody wants to see is not asked for, neither rows nor their number. */
static void test_totals__asks_for_what_is_shown(void **state)
{
    check_asked("{ person(id: 1) { pets { nodes { name } } } }", 2, 2);
    check_asked("{ person(id: 1) { pets { totalCount } } }", 2, 2);
    check_asked("{ person(id: 1) { pets { totalCount pageInfo { hasNextPage } } } }", 3, 3);
    check_asked("{ person(id: 1) { pets { totalCount } pets { ...F } } } fragment F on "
                "PetConnection { n: totalCount edges { cursor } }",
                3, 3);
    check_asked("{ person(id: 1) { pets { __typename } } }", 1, 1);
    check_asked("{ person(id: 1) { pets { nodes { name } totalCount @skip(if: true) } } }", 2, 2);
    /* One question about the lists of all parents. */
    check_asked("{ person(id: 1) { pets { nodes { vet { pets { totalCount } } } } } }", 4, 6);
}

/* A list that can't be counted has failed, whatever its rows are. */
static void test_totals__failure(void **state)
{
    static const char *const texts[] = {"{ person(id: 1) { pets { totalCount } } }",
                                        "{ person(id: 1) { pets { nodes { id } totalCount } } }"};

    for (failing_key = -1; failing_key <= 1; failing_key++)
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
            failing_table = "pet";
            failing_rc = ERR_DATABASE;
            check(
                texts[i],
                "{\"data\":{\"person\":null},\"errors\":[{\"message\":\"The database can't be "
                "reached just now. Please try again.\",\"locations\":[{\"line\":1,\"column\":19}],"
                "\"path\":[\"person\",\"pets\"],\"extensions\":{\"code\":"
                "\"DATABASE_UNAVAILABLE\",\"requestId\":\"rid\"}}]}");
        }
}

/* Both questions are called off, and the end comes once, behind both. */
static void test_totals__cancel(void **state)
{
    struct run r;

    at_once = false;
    n_done = 0;
    run_start(&r, "{ person(id: 1) { pets { nodes { id } totalCount } } }", NULL);
    assert_int_equal(r.rc, 0);
    n_queue--;
    answer_fetch(queue[0]);
    queue[0]->_answerer = NULL;
    queue[0]->done(queue[0], 0);
    assert_int_equal(n_queue, 2);
    n_canceled = 0;
    execution_cancel(&r.x, false);
    assert_int_equal(n_canceled, 2);
    pump(true, ERR_CANCELED);
    assert_int_equal(n_done, 1);
    assert_int_equal(done_rc, ERR_CANCELED);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_totals__counts, setup),
        cmocka_unit_test_setup(test_totals__asks_for_what_is_shown, setup),
        cmocka_unit_test_setup(test_totals__failure, setup),
        cmocka_unit_test_setup(test_totals__cancel, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(schema_text, people, ARRAY_LEN(people), prepare_people, run_all);
}
