/* Tests of mutations: the root's fields one after another, each with all below it. */
#include "tests/unit/fake_records.h"

static struct key asked[32]; /* first key of each fetch, in the order in which they were started */
static unsigned n_asked;

/* Notes what is started; the rest is the fake's. */
static int noting_fetch(struct source *s, struct fetch *f)
{
    asked[n_asked++] = f->keys[0];
    return fake_fetch(s, f);
}

static int note(void **state)
{
    source.fetch = noting_fetch;
    n_asked = n_done = 0;
    at_once = false;
    return setup(state);
}

static void finish(struct run *r, const char *want)
{
    struct buf out;

    buf_init(&out, 0);
    write_out(&r->x, &out, SIZE_MAX);
    check_str(buf_str(&out), want);
    buf_release(&out);
    arena_clear(&arena);
    compiled_unref(r->document);
}

/* Answers the oldest fetch that waits. */
static void answer_one(void)
{
    struct fetch *f = queue[0];

    memmove(queue, queue + 1, --n_queue * sizeof(struct fetch *));
    answer_fetch(f);
    f->_answerer = NULL;
    f->done(f, 0);
}

#define TWO                                                                                        \
    "{ a: person(id: 1) { name last { day ... on Visit { doctor { name } } } } b: person(id: 2) "  \
    "{ name } }"

static void test_query__fields_run_side_by_side(void **state)
{
    struct run r;

    run_start(&r, "query " TWO, NULL);
    assert_int_equal(n_queue, 2);
    pump(false, 0);
    finish(&r, "{\"data\":{\"a\":{\"name\":\"Ann\",\"last\":{\"day\":\"30\",\"doctor\":{\"name\":"
               "\"Bob\"}}},"
               "\"b\":{\"name\":\"Bob\"}}}");
}

static void test_mutation__fields_run_one_after_another(void **state)
{
    static const int64_t order[] = {1, 12, 2,
                                    2}; /* person 1, its event, the doctor; only then person 2 */
    struct run r;

    run_start(&r, "mutation " TWO, NULL);
    assert_int_equal(r.rc, 0);
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        assert_int_equal(n_queue, 1);
        assert_int_equal(n_asked, i + 1);
        assert_int_equal(asked[i].part[0], order[i]);
        assert_int_equal(n_done, 0);
        answer_one();
    }
    assert_int_equal(n_done, 1);
    assert_int_equal(done_rc, 0);
    finish(&r, "{\"data\":{\"a\":{\"name\":\"Ann\",\"last\":{\"day\":\"30\",\"doctor\":{\"name\":"
               "\"Bob\"}}},"
               "\"b\":{\"name\":\"Bob\"}}}");
}

/* Also where nothing has to be waited for, and where a field has no key at all. */
static void test_mutation__order_at_once(void **state)
{
    static const int64_t order[] = {2, 10, 3, 1};
    struct run r;

    at_once = true;
    run_start(&r,
              "mutation { x: person(id: \"none\") { name } a: person(id: 2) { last { ... on Visit "
              "{ doctor { "
              "name } } } } y: node(id: \"none\") { id } b: person(id: 1) { name } }",
              NULL);
    assert_int_equal(r.rc, EXECUTION_READY);
    assert_int_equal(n_asked, ARRAY_LEN(order));
    for (unsigned i = 0; i < ARRAY_LEN(order); i++)
        assert_int_equal(asked[i].part[0], order[i]);
    finish(
        &r,
        "{\"data\":{\"x\":null,\"a\":{\"last\":{\"doctor\":{\"name\":\"Cy\"}}},\"y\":null,\"b\":{"
        "\"name\":\"Ann\"}}}");
}

/* A field that fails is null; those behind it run. */
static void test_mutation__goes_on_after_a_failure(void **state)
{
    struct run r;

    failing_table = "person";
    failing_rc = ERR_DATA;
    failing_key = 1;
    run_start(&r, "mutation { a: person(id: 1) { name } b: person(id: 2) { name } }", NULL);
    pump(false, 0);
    assert_int_equal(n_asked, 2);
    finish(&r,
           "{\"data\":{\"a\":null,\"b\":{\"name\":\"Bob\"}},\"errors\":[{\"message\":\"A record "
           "could not "
           "be read.\",\"locations\":[{\"line\":1,\"column\":12}],\"path\":[\"a\"],\"extensions\":{"
           "\"code\":\"DATA_ERROR\",\"requestId\":\"rid\"}}]}");
}

/* When all data is null already, nothing more is begun. */
static void test_mutation__ends_when_data_is_null(void **state)
{
    struct run r;

    run_start(&r, "mutation { a: must(id: 9) { name } b: person(id: 2) { name } }", NULL);
    pump(false, 0);
    assert_int_equal(n_asked, 1);
    assert_int_equal(n_done, 1);
    finish(&r,
           "{\"data\":null,\"errors\":[{\"message\":\"Cannot return null for non-nullable field "
           "Mutation.must.\",\"locations\":[{\"line\":1,\"column\":12}],\"path\":[\"a\"],"
           "\"extensions\":{\"code\":\"DATA_ERROR\",\"requestId\":\"rid\"}}]}");
    n_asked = 0;
    run_start(&r,
              "mutation { a: must(id: 1) { events { nodes { ... on Visit { doctor { name } } } } } "
              "c: must(id: 2) { events { nodes { ... on Visit { doctor { name } } } } } "
              "b: person(id: 3) { name } }",
              NULL);
    pump(false, 0);
    assert_int_equal(n_asked, 6); /* a, its events and doctors; c the same, and no b */
    finish(&r,
           "{\"data\":null,\"errors\":[{\"message\":\"Cannot return null for non-nullable field "
           "Visit.doctor.\",\"locations\":[{\"line\":1,\"column\":134}],\"path\":[\"c\",\"events\","
           "\"nodes\",0,\"doctor\"],\"extensions\":{\"code\":\"DATA_ERROR\",\"requestId\":\"rid\"}}"
           "]}");
}

static void test_mutation__cancel_begins_nothing_more(void **state)
{
    struct run r;

    run_start(&r, "mutation " TWO, NULL);
    execution_cancel(&r.x, true);
    pump(false, ERR_CANCELED);
    assert_int_equal(n_done, 1);
    assert_int_equal(done_rc, ERR_CANCELED);
    assert_int_equal(n_asked, 1);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_query__fields_run_side_by_side, note),
        cmocka_unit_test_setup(test_mutation__fields_run_one_after_another, note),
        cmocka_unit_test_setup(test_mutation__order_at_once, note),
        cmocka_unit_test_setup(test_mutation__goes_on_after_a_failure, note),
        cmocka_unit_test_setup(test_mutation__ends_when_data_is_null, note),
        cmocka_unit_test_setup(test_mutation__cancel_begins_nothing_more, note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(records_schema, records, ARRAY_LEN(records), prepare_records, run_all);
}
