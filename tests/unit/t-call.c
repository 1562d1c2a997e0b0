/* Tests of fields that call a SQL function: what their arguments become, what comes back, refusals, the early end. */
#include "tests/unit/fake_records.h"

#include "base/viewer.h"

static int start(void **state)
{
    viewer = NULL;
    n_calls = n_calls_canceled = n_done = 0;
    calling = NULL;
    calling_rc = 0;
    at_once = true;
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

/* What the function would do: a row as text, NULL for none; or a failure with its sentence. */
static void answer_call(const char *row, int rc, const char *sentence)
{
    struct call *c = calling;

    calling = NULL;
    c->_answerer = NULL;
    if (row) {
        c->slice.rows = arena_array(c->arena, 1, sizeof(struct row *));
        c->slice.rows[0] = make_row(c->arena, c->procedure->result.table, row);
        c->slice.n = 1;
    }
    c->message = str_of(sentence);
    c->done(c, rc);
}

static void check_value(const char *name, const char *want)
{
    const struct procedure *p = calling->procedure;

    for (uint32_t i = 0; i < p->n_params; i++) {
        struct str value = calling->values[i];
        if (!str_is(p->params[i].name, name))
            continue;
        if (!want && value.ptr)
            fail_msg("%s is %s", name, value.ptr);
        if (want && (!value.ptr || !str_is(value, want) || value.ptr[value.len] != '\0'))
            fail_msg("%s is %s, not %s", name, value.ptr ? value.ptr : "null", want);
        return;
    }
    fail_msg("there is no parameter %s", name);
}

static void test_call__arguments_are_parameters(void **state)
{
    char text[512];
    struct run r;

    snprintf(
        text, sizeof text,
        "mutation { meet(who: \"%s\", what: \"%s\", on: \"2026-03-01\", words: [\"a\\\"b\", null], "
        "more: {firstDay: \"2026-03-02\", last: null}) { name last { day } } }",
        id_of("Person", record_person_rows[1]), id_of("Pet", record_pet_rows[0]));
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, 0);
    assert_int_equal(n_calls, 1);
    assert_true(calling->procedure->writes);
    assert_int_equal(calling->procedure->n_params, 8);
    check_str(calling->procedure->field, "Mutation(meet)");
    check_value("a", "2");
    check_value("sort", "pet");
    check_value("b", "1");
    check_value("on", "2026-03-01");
    check_value("times", "1");
    check_value("words", "{\"a\\\"b\",NULL}");
    check_value("more_first_day", "2026-03-02");
    check_value("end", NULL);
    answer_call(record_person_rows[0], 0, "");
    assert_int_equal(n_done, 1);
    assert_true(r.x.changed);
    finish(&r, "{\"data\":{\"meet\":{\"name\":\"Ann\",\"last\":{\"day\":\"30\"}}}}");
}

/* Of a list of input objects each field is an array. */
static void test_call__lists_of_input_objects(void **state)
{
    char text[512], ann[64];
    struct run r;

    snprintf(ann, sizeof ann, "%s", id_of("Person", record_person_rows[0]));
    snprintf(text, sizeof text,
             "mutation { gather(all: [{who: \"%s\", n: 3}, {who: \"%s\", day: \"2026-03-01\", n: "
             "null}]) { name } }",
             id_of("Person", record_person_rows[1]), ann);
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, 0);
    assert_int_equal(calling->procedure->n_params, 3);
    check_value("guests", "{\"2\",\"1\"}");
    check_value("all_day", "{NULL,\"2026-03-01\"}");
    check_value("all_n", "{\"3\",NULL}");
    answer_call(NULL, 0, "");
    finish(&r, "{\"data\":{\"gather\":null}}");
    run_start(&r, "mutation { gather(all: []) { name } }", NULL);
    check_value("guests", "{}");
    check_value("all_n", "{}");
    answer_call(NULL, 0, "");
    finish(&r, "{\"data\":{\"gather\":null}}");
    snprintf(text, sizeof text, "mutation { gather(all: [{who: \"%s\"}, {who: \"1\"}]) { name } }",
             ann);
    check_refused(
        text, ERR_VARIABLES,
        "Field \"who\" of argument \"all\" of \"Mutation.gather\" is no id of \"Person\".");
    snprintf(text, sizeof text, "mutation { gather(all: [{who: \"%s\", day: \"x\"}]) { name } }",
             ann);
    check_refused(text, ERR_VARIABLES,
                  "Field \"day\" of argument \"all\" of \"Mutation.gather\" is no day: it must be "
                  "\"YYYY-MM-DD\".");
}

static void test_call__what_is_not_given_is_null(void **state)
{
    char text[256];
    struct run r;

    snprintf(text, sizeof text, "mutation { meet(who: \"%s\", times: null) { name } }",
             id_of("Person", record_person_rows[0]));
    run_start(&r, text, NULL);
    check_value("a", "1");
    check_value("sort", NULL);
    check_value("b", NULL);
    check_value("times", NULL);
    check_value("more_first_day", NULL);
    answer_call(NULL, 0, "");
    finish(&r, "{\"data\":{\"meet\":null}}");
}

static void test_call__no_value_of_its_type(void **state)
{
    char text[256];
    const char *id;

    check_refused("mutation { tell meet(who: \"1\") { name } }", ERR_VARIABLES,
                  "Argument \"who\" of \"Mutation.meet\" is no id of \"Person\".");
    id = id_of("Pet", record_pet_rows[0]);
    snprintf(text, sizeof text, "mutation { tell meet(who: \"%s\") { name } }", id);
    check_refused(text, ERR_VARIABLES,
                  "Argument \"who\" of \"Mutation.meet\" is no id of \"Person\".");
    id = id_of("Person", record_person_rows[0]);
    snprintf(text, sizeof text,
             "mutation { tell meet(who: \"%s\", more: {firstDay: \"2026-02-30\"}) { name } }", id);
    check_refused(
        text, ERR_VARIABLES,
        "Field \"firstDay\" of argument \"more\" of \"Mutation.meet\" is no day: it must be "
        "\"YYYY-MM-DD\".");
    assert_int_equal(n_calls, 0);
}

static void test_call__one_after_another_and_scalars(void **state)
{
    struct run r;

    run_start(&r, "mutation { a: tell b: mustMeet(who: 1) { name } c: tell }", NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(n_calls, i + 1);
        assert_int_equal(n_done, 0);
        answer_call(i == 1 ? record_person_rows[1] : "value=true", 0, "");
    }
    assert_int_equal(n_done, 1);
    finish(&r, "{\"data\":{\"a\":\"true\",\"b\":{\"name\":\"Bob\"},\"c\":\"true\"}}");
}

static void test_call__refusals(void **state)
{
    struct run r;

    run_start(&r, "mutation { tell mustMeet(who: 1) { name } c: tell }", NULL);
    answer_call("value=true", 0, "");
    answer_call(NULL, ERR_CONFLICT, "They have met.");
    assert_int_equal(n_calls, 2); /* all data is null: nothing more is begun */
    assert_true(r.x.changed);
    finish(&r,
           "{\"data\":null,\"errors\":[{\"message\":\"They have met.\",\"locations\":[{\"line\":1,"
           "\"column\":17}],\"path\":[\"mustMeet\"],\"extensions\":{\"code\":\"CONFLICT\"}}]}");
    calling_rc = ERR_BUSY;
    run_start(&r, "mutation { tell }", NULL);
    assert_int_equal(r.rc, EXECUTION_READY);
    assert_false(r.x.changed);
    finish(&r, "{\"data\":null,\"errors\":[{\"message\":\"The server has too much to do just now. "
               "Please try again.\",\"locations\":[{\"line\":1,\"column\":12}],\"path\":[\"tell\"],"
               "\"extensions\":{\"code\":\"OVERLOADED\",\"requestId\":\"rid\"}}]}");
}

static void test_call__an_unknown_outcome_may_have_changed_something(void **state)
{
    struct run r;

    run_start(&r, "mutation { tell }", NULL);
    answer_call(NULL, ERR_OUTCOME_UNKNOWN, "Who knows?");
    assert_true(r.x.changed);
    finish(&r, "{\"data\":null,\"errors\":[{\"message\":\"Who knows?\",\"locations\":[{\"line\":1,"
               "\"column\":12}],\"path\":[\"tell\"],\"extensions\":{\"code\":\"OUTCOME_UNKNOWN\","
               "\"requestId\":\"rid\"}}]}");
}

static void test_call__cancel(void **state)
{
    struct run r;

    run_start(&r, "mutation { a: tell b: tell }", NULL);
    execution_cancel(&r.x, false);
    assert_int_equal(n_calls_canceled, 1);
    assert_false(hurried);
    execution_cancel(&r.x, true);
    assert_int_equal(n_calls_canceled, 2);
    assert_true(hurried);
    assert_int_equal(n_done, 0);
    answer_call("value=true", 0, "");
    assert_int_equal(n_done, 1);
    assert_int_equal(done_rc, ERR_CANCELED);
    assert_int_equal(n_calls, 1);
    assert_true(r.x.changed);
    arena_clear(&arena);
    compiled_unref(r.document);
}

/* Before anything of the request runs. */
static void test_call__nobody_without_a_token(void **state)
{
    static const struct viewer anonymous = {.kind = VIEWER_ANONYMOUS};

    viewer = &anonymous;
    check_refused("mutation { person(id: 1) { name } tell }", ERR_UNAUTHENTICATED,
                  "This needs a token that says who asks.");
    check_refused("{ hear learn }", ERR_UNAUTHENTICATED, "This needs a token that says who asks.");
    viewer = NULL;
    assert_int_equal(n_calls, 0);
    assert_int_equal(n_fetches, 0);
}

static void test_call__anybody_where_it_is_public(void **state)
{
    static const struct viewer anonymous = {.kind = VIEWER_ANONYMOUS};
    struct run r;

    viewer = &anonymous;
    run_start(&r, "{ hear }", NULL);
    assert_int_equal(n_calls, 1);
    assert_false(calling->procedure->writes);
    answer_call("value=true", 0, "");
    finish(&r, "{\"data\":{\"hear\":\"true\"}}");
    viewer = NULL;
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_call__arguments_are_parameters, start),
        cmocka_unit_test_setup(test_call__lists_of_input_objects, start),
        cmocka_unit_test_setup(test_call__what_is_not_given_is_null, start),
        cmocka_unit_test_setup(test_call__no_value_of_its_type, start),
        cmocka_unit_test_setup(test_call__one_after_another_and_scalars, start),
        cmocka_unit_test_setup(test_call__refusals, start),
        cmocka_unit_test_setup(test_call__an_unknown_outcome_may_have_changed_something, start),
        cmocka_unit_test_setup(test_call__cancel, start),
        cmocka_unit_test_setup(test_call__nobody_without_a_token, start),
        cmocka_unit_test_setup(test_call__anybody_where_it_is_public, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(records_schema, records, ARRAY_LEN(records), prepare_records, run_all);
}
