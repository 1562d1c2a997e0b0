/* Tests of interfaces and unions in execution: which type a row is of, what each type's selections are, cells apart. */
#include "tests/unit/fake_records.h"

#define VISIT12 "{\"__typename\":\"Visit\",\"day\":\"30\"}"

/* ---- a table that several types share (@kind) ---- */

static void test_kind__rows_say_their_type(void **state)
{
    check("{ person(id: 1) { log { __typename day } } }",
          "{\"data\":{\"person\":{\"log\":[" VISIT12 ",{\"__typename\":\"Call\",\"day\":\"20\"},"
          "{\"__typename\":\"Visit\",\"day\":\"10\"}]}}}");
    check("{ person(id: 1) { last { __typename day } } b: person(id: 3) { last { day } } }",
          "{\"data\":{\"person\":{\"last\":" VISIT12 "},\"b\":{\"last\":null}}}");
    check("{ person(id: 1) { events(first: 1) { nodes { __typename day } edges { node { day } } } "
          "} }",
          "{\"data\":{\"person\":{\"events\":{\"nodes\":[" VISIT12
          "],\"edges\":[{\"node\":{\"day\":"
          "\"30\"}}]}}}}");
}

static void test_kind__selections_by_type(void **state)
{
    check("{ person(id: 1) { log { ... on Visit { doctor { name } } day ... on Call { number day } "
          "} } }",
          "{\"data\":{\"person\":{\"log\":[{\"doctor\":{\"name\":\"Bob\"},\"day\":\"30\"},"
          "{\"day\":\"20\",\"number\":\"77\"},{\"doctor\":{\"name\":\"Cy\"},\"day\":\"10\"}]}}}");
    /* the same response name is another field of another type; a condition may be an interface or a union */
    check(
        "{ person(id: 1) { log { ...V ... on Node { ... on Call { x: number } } ... on Event { d: "
        "day } } } }"
        " fragment V on Visit { x: place }",
        "{\"data\":{\"person\":{\"log\":[{\"x\":\"P12\",\"d\":\"30\"},{\"x\":\"77\",\"d\":\"20\"},"
        "{\"x\":\"P10\",\"d\":\"10\"}]}}}");
}

/* Only rows of the type send their keys on, and all of them in one fetch. */
static void test_kind__fetches_for_rows_of_the_type(void **state)
{
    at_once = true;
    check_run("{ person(id: 1) { log { ... on Visit { doctor { name } } } } }", NULL,
              "{\"data\":{\"person\":{\"log\":[{\"doctor\":{\"name\":\"Bob\"}},{},{\"doctor\":{"
              "\"name\":\"Cy\"}}]}}}",
              SIZE_MAX, false);
    assert_int_equal(n_fetches, 3); /* person, events, doctors */
    assert_int_equal(n_keys, 4);
}

/* A field of one of the types shows that type's rows alone. */
static void test_kind__one_of_the_types(void **state)
{
    check("{ person(id: 1) { visits { day } } }",
          "{\"data\":{\"person\":{\"visits\":[{\"day\":\"30\"},{\"day\":\"10\"}]}}}");
}

static void test_kind__missing_row_nulls_the_nearest(void **state)
{
    check("{ person(id: 2) { name log { day ... on Visit { doctor { name } } } } p: person(id: 3) "
          "{ id: name } }",
          "{\"data\":{\"person\":null,\"p\":{\"id\":\"Cy\"}},\"errors\":[{\"message\":"
          "\"Cannot return null for non-nullable field Visit.doctor.\",\"locations\":[{\"line\":1,"
          "\"column\":49}],\"path\":[\"person\",\"log\",0,\"doctor\"],\"extensions\":{\"code\":"
          "\"DATA_ERROR\",\"requestId\":\"rid\"}}]}");
}

/* ---- a row that says which type it refers to ---- */

static void test_reference__of_several_types(void **state)
{
    check("{ person(id: 1) { log { about { __typename ... on Named { name } ... on Person { note } "
          "} } } }",
          "{\"data\":{\"person\":{\"log\":[{\"about\":{\"__typename\":\"Pet\",\"name\":\"Rex\"}},"
          "{\"about\":{\"__typename\":\"Person\",\"name\":\"Cy\",\"note\":null}},{\"about\":null}]}"
          "}}");
    check(
        "{ person(id: 1) { last { about { ... on Pet { owner { name last { day } } } } } } }",
        "{\"data\":{\"person\":{\"last\":{\"about\":{\"owner\":{\"name\":\"Bob\",\"last\":{\"day\":"
        "\"10\"}}}}}}}");
}

/* Each possible type is asked for its own keys, and no table that no row refers to. */
static void test_reference__asks_no_other_table(void **state)
{
    at_once = true;
    check_run("{ person(id: 1) { last { about { __typename } } } }", NULL,
              "{\"data\":{\"person\":{\"last\":{\"about\":{\"__typename\":\"Pet\"}}}}}", SIZE_MAX,
              false);
    assert_int_equal(n_fetches, 3);
}

static void test_reference__failure_has_its_path(void **state)
{
    failing_table = "pet";
    failing_rc = ERR_DATA;
    check("{ person(id: 1) { log { day about { __typename } } } }",
          "{\"data\":{\"person\":{\"log\":[{\"day\":\"30\",\"about\":null},{\"day\":\"20\","
          "\"about\":{"
          "\"__typename\":\"Person\"}},{\"day\":\"10\",\"about\":null}]}},\"errors\":[{\"message\":"
          "\"A record could not be read.\",\"locations\":[{\"line\":1,\"column\":29}],\"path\":["
          "\"person\",\"log\",0,\"about\"],\"extensions\":{\"code\":\"DATA_ERROR\",\"requestId\":"
          "\"rid\"}}]}");
}

/* ---- cells apart ---- */

static void test_apart__is_read_when_asked_for(void **state)
{
    at_once = true;
    check_run("{ person(id: 1) { last { about { ... on Pet { name } } } } }", NULL,
              "{\"data\":{\"person\":{\"last\":{\"about\":{\"name\":\"Rex\"}}}}}", SIZE_MAX, false);
    assert_int_equal(n_fetches, 3);
    check_run(
        "{ person(id: 1) { last { about { ... on Pet { name note owner { name } } } } } }", NULL,
        "{\"data\":{\"person\":{\"last\":{\"about\":{\"name\":\"Rex\",\"note\":\"good\",\"owner\":{"
        "\"name\":\"Bob\"}}}}}}",
        SIZE_MAX, false);
    assert_int_equal(n_fetches, 3 + 5); /* the pet's second group once, then its owner */
}

static void test_apart__missing_row_behind_it(void **state)
{
    char text[300], want[500];

    snprintf(text, sizeof text, "{ node(id: \"%s\") { ... on Pet { name note owner { name } } } }",
             id_of("Pet", record_pet_rows[1]));
    snprintf(
        want, sizeof want,
        "{\"data\":{\"node\":null},\"errors\":[{\"message\":\"Cannot return null for non-nullable "
        "field "
        "Pet.owner.\",\"locations\":[{\"line\":1,\"column\":%d}],\"path\":[\"node\",\"owner\"],"
        "\"extensions\":{\"code\":\"DATA_ERROR\",\"requestId\":\"rid\"}}]}",
        (int)(strstr(text, "owner") - text) + 1);
    check(text, want);
}

/* ---- lists narrowed by input objects ---- */

#define EVENTS(arguments) "{ person(id: 1) { events(" arguments ") { nodes { day } } } }"
#define DAYS(days) "{\"data\":{\"person\":{\"events\":{\"nodes\":[" days "]}}}}"

static void test_filter__by_input_object(void **state)
{
    /* the fake's days are numbers of days since 2000-01-01 */
    check(EVENTS("on: {from: \"2000-01-21\"}"), DAYS("{\"day\":\"30\"},{\"day\":\"20\"}"));
    check(EVENTS("on: {to: \"2000-01-21\"}"), DAYS("{\"day\":\"20\"},{\"day\":\"10\"}"));
    check(EVENTS("on: {from: \"2000-01-21\", to: \"2000-01-21\"}"), DAYS("{\"day\":\"20\"}"));
    check(EVENTS("on: {from: \"2000-01-22\", to: \"2000-01-21\"}"), DAYS(""));
    check(EVENTS("on: {from: \"2000-01-12\", to: null}, room: 2"), DAYS("{\"day\":\"20\"}"));
    check(EVENTS("on: {}"), DAYS("{\"day\":\"30\"},{\"day\":\"20\"},{\"day\":\"10\"}"));
    check(EVENTS("on: null"), DAYS("{\"day\":\"30\"},{\"day\":\"20\"},{\"day\":\"10\"}"));
}

static void test_filter__by_variables(void **state)
{
    struct value day = {.kind = VALUE_STRING, .text = STR("2000-01-31"), .name = STR("from")};
    struct value range = {.kind = VALUE_OBJECT, .items = &day, .n_items = 1, .name = STR("on")};
    const struct value whole = {.kind = VALUE_OBJECT, .items = &range, .n_items = 1};
    const struct value part = {.kind = VALUE_OBJECT, .items = &day, .n_items = 1};

    check_with("query($on: Days) { person(id: 1) { events(on: $on) { nodes { day } } } }", &whole,
               DAYS("{\"day\":\"30\"}"));
    check_with("query($from: Day, $to: Day) { person(id: 1) { events(on: {from: $from, to: $to}) { "
               "nodes { day } } } }",
               &part, DAYS("{\"day\":\"30\"}"));
}

static void test_filter__refuses_what_is_no_day(void **state)
{
    static const char *const bad[] = {"\"2000-02-30\"", "\"2000-1-1\"", "\"\"", "20000101", "true"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[200];
        snprintf(text, sizeof text, EVENTS("on: {to: %s}"), bad[i]);
        check_refused(text, ERR_VARIABLES,
                      "Field \"to\" of argument \"on\" of \"Person.events\" is no day: it must be "
                      "\"YYYY-MM-DD\".");
    }
    assert_int_equal(n_fetches, 0);
}

/* ---- one of several keys ---- */

static void test_one_of__look_up(void **state)
{
    check("{ a: find(by: {id: 2}) { name } b: find(by: {name: \"Cy\"}) { name } c: find(by: {tag: "
          "100}) { name } "
          "d: find(by: {name: \"nobody\"}) { name } e: find(by: {id: \"x\"}) { name } }",
          "{\"data\":{\"a\":{\"name\":\"Bob\"},\"b\":{\"name\":\"Cy\"},\"c\":{\"name\":\"Ann\"},"
          "\"d\":null,"
          "\"e\":null}}");
}

/* Wherever memory runs out, the answer is refused or whole. */
static void test_abstract__memory_limit_is_an_error(void **state)
{
    static const char text[] =
        "{ person(id: 1) { log { __typename about { ... on Pet { note owner { name } } } "
        "... on Visit { doctor { name } } } } nodes(ids: [\"x\"]) { id } }";
    unsigned refused = 0, whole = 0;

    for (size_t limit = 2048; limit < 60000; limit += 256) {
        struct run r;
        struct answer a;
        struct buf out;
        int rc;
        arena_init(&arena, limit);
        at_once = true;
        arena_may_fail = true;
        run_start(&r, text, NULL);
        rc = r.rc;
        buf_init(&out, 0);
        if (rc == EXECUTION_READY && (rc = answer_open(&a, &r.x, STR("rid"))) == 0) {
            rc = answer_next(&a, &out, SIZE_MAX);
            answer_release(&a);
        }
        assert_true(rc == 0 || rc == ERR_MEMORY);
        refused += rc == ERR_MEMORY;
        whole += rc == 0;
        if (rc == 0)
            check_str(
                buf_str(&out),
                "{\"data\":{\"person\":{\"log\":[{\"__typename\":\"Visit\",\"about\":{\"note\":"
                "\"good\",\"owner\":{\"name\":\"Bob\"}},\"doctor\":{\"name\":\"Bob\"}},"
                "{\"__typename\":\"Call\",\"about\":{}},{\"__typename\":\"Visit\",\"about\":null,"
                "\"doctor\":{\"name\":\"Cy\"}}]},\"nodes\":[null]}}");
        buf_release(&out);
        arena_release(&arena);
        compiled_unref(r.document);
    }
    arena_may_fail = false;
    assert_true(refused > 10 && whole > 10);
    arena_init(&arena, 0);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_kind__rows_say_their_type, setup),
        cmocka_unit_test_setup(test_kind__selections_by_type, setup),
        cmocka_unit_test_setup(test_kind__fetches_for_rows_of_the_type, setup),
        cmocka_unit_test_setup(test_kind__one_of_the_types, setup),
        cmocka_unit_test_setup(test_kind__missing_row_nulls_the_nearest, setup),
        cmocka_unit_test_setup(test_reference__of_several_types, setup),
        cmocka_unit_test_setup(test_reference__asks_no_other_table, setup),
        cmocka_unit_test_setup(test_reference__failure_has_its_path, setup),
        cmocka_unit_test_setup(test_apart__is_read_when_asked_for, setup),
        cmocka_unit_test_setup(test_apart__missing_row_behind_it, setup),
        cmocka_unit_test_setup(test_filter__by_input_object, setup),
        cmocka_unit_test_setup(test_filter__by_variables, setup),
        cmocka_unit_test_setup(test_filter__refuses_what_is_no_day, setup),
        cmocka_unit_test_setup(test_one_of__look_up, setup),
        cmocka_unit_test_setup(test_abstract__memory_limit_is_an_error, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(records_schema, records, ARRAY_LEN(records), prepare_records, run_all);
}
