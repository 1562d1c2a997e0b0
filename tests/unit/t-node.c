/* Tests of ids over all types: query/global_id, and @node in execution. */
#include "tests/unit/fake_records.h"

static char text[1200], want[1200];

static const char *person_id(unsigned i)
{
    return id_of("Person", record_person_rows[i]);
}

/* An id that was given out once has to be read for ever: this text may not change. */
static void test_global_id__is_stable(void **state)
{
    assert_string_equal(person_id(0), "Aa7ksXqjAAAAAAAAAAE");
    assert_string_equal(id_of("Toy", record_toy_rows[0]), "AeRRLw64AAAAAAAAAAH_________-w");
    assert_string_equal(id_of("Code", record_code_rows[0]), "AZwxarw9QTE");
}

static bool reads(const char *type, const char *id, struct key *ret)
{
    return global_id_read(&arena, str_of(id), schema_type(schema, str_of(type)), ret);
}

static void test_global_id__reads_its_own_alone(void **state)
{
    struct key key;
    char id[100];

    assert_true(reads("Person", person_id(2), &key));
    assert_int_equal(key.part[0], 3);
    assert_true(reads("Toy", id_of("Toy", record_toy_rows[0]), &key));
    assert_int_equal(key.part[0], 1);
    assert_int_equal(key.part[1], -5);
    assert_true(reads("Code", id_of("Code", record_code_rows[0]), &key));
    check_str(key.text, "A1");
    assert_false(reads("Pet", person_id(0), &key));
    assert_false(reads("Person", id_of("Pet", record_pet_rows[0]), &key));
    /* no byte can be left out, added or made another */
    for (size_t cut = 0; cut < strlen(person_id(0)); cut++) {
        snprintf(id, sizeof id, "%.*s", (int)cut, person_id(0));
        assert_false(reads("Person", id, &key));
        snprintf(id, sizeof id, "%s", person_id(0));
        id[cut] = '!';
        assert_false(reads("Person", id, &key));
    }
    snprintf(id, sizeof id, "%sA", person_id(0));
    assert_false(reads("Person", id, &key));
    snprintf(id, sizeof id, "%s=", person_id(0));
    assert_false(reads("Person", id, &key));
    arena_clear(&arena);
}

/* The last digit of 11 has two bits that no byte needs: only one text is the id. */
static void test_global_id__has_one_text(void **state)
{
    unsigned read = 0;
    struct key key;
    char id[100];

    snprintf(id, sizeof id, "%s", person_id(0));
    for (const char *c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; *c;
         c++) {
        id[strlen(id) - 1] = *c;
        read += reads("Person", id, &key);
    }
    assert_int_equal(read, 16);
}

static void test_node__round_trip(void **state)
{
    static const struct {
        const char *type, *row, *fields, *json;
    } all[] = {
        {"Person", "id=1 name=Ann", "... on Person { name }", "\"name\":\"Ann\""},
        {"Pet", "id=1", "... on Named { name }", "\"name\":\"Rex\""},
        {"Toy", "person_id=1 id=-5", "... on Named { name }", "\"name\":\"ball\""},
        {"Visit", "id=12 kind=visit", "... on Event { day }", "\"day\":\"30\""},
        {"Call", "id=11 kind=call", "... on Call { number }", "\"number\":\"77\""},
        {"Code", "code=A1", "... on Code { text }", "\"text\":\"one\""},
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const char *id = id_of(all[i].type, all[i].row);
        snprintf(text, sizeof text, "{ node(id: \"%s\") { __typename id %s } }", id, all[i].fields);
        snprintf(want, sizeof want,
                 "{\"data\":{\"node\":{\"__typename\":\"%s\",\"id\":\"%s\",%s}}}", all[i].type, id,
                 all[i].json);
        check(text, want);
    }
}

/* What is no id costs nothing, what is one asks its own table alone. */
static void test_node__null_without_an_error(void **state)
{
    static const char *const none[] = {"", "1", "x", "\\u0000", "Person:1", "AAAAAAAAAAAAAAAAAAA"};

    at_once = true;
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        snprintf(text, sizeof text, "{ node(id: \"%s\") { id } }", none[i]);
        check_run(text, NULL, "{\"data\":{\"node\":null}}", SIZE_MAX, false);
    }
    assert_int_equal(n_fetches, 0);
    snprintf(text, sizeof text, "{ node(id: \"%s\") { id } }", id_of("Person", "id=77"));
    check_run(text, NULL, "{\"data\":{\"node\":null}}", SIZE_MAX, false);
    assert_int_equal(n_fetches, 1);
    /* a row of the same table, but of another type */
    snprintf(text, sizeof text, "{ node(id: \"%s\") { id } }", id_of("Call", "id=12"));
    check_run(text, NULL, "{\"data\":{\"node\":null}}", SIZE_MAX, false);
    assert_int_equal(n_fetches, 2);
}

static void test_node__selections_by_type(void **state)
{
    snprintf(
        text, sizeof text,
        "query { node(id: \"%s\") { ... on Pet { owner { name } } ... on Person { a: last { day } "
        "last { ...E } } ...N } } fragment E on Event { ... on Visit { doctor { name } } } "
        "fragment N on Named { ... on Node { ... on Person { last { day } } } }",
        person_id(0));
    check(text,
          "{\"data\":{\"node\":{\"a\":{\"day\":\"30\"},\"last\":{\"doctor\":{\"name\":\"Bob\"},"
          "\"day\":\"30\"}}}}");
}

static void test_nodes__in_order_with_nulls(void **state)
{
    snprintf(text, sizeof text,
             "{ nodes(ids: [\"%s\", \"x\", \"%s\", \"%s\", \"%s\"]) { __typename ... on Named { "
             "name } } }",
             person_id(1), id_of("Pet", "id=1"), id_of("Pet", "id=9"), person_id(1));
    check(text, "{\"data\":{\"nodes\":[{\"__typename\":\"Person\",\"name\":\"Bob\"},null,"
                "{\"__typename\":\"Pet\",\"name\":\"Rex\"},null,"
                "{\"__typename\":\"Person\",\"name\":\"Bob\"}]}}");
    check("{ nodes(ids: []) { id } }", "{\"data\":{\"nodes\":[]}}");
    at_once = true;
    n_fetches = 0;
    check_run(text, NULL,
              "{\"data\":{\"nodes\":[{\"__typename\":\"Person\",\"name\":\"Bob\"},null,"
              "{\"__typename\":\"Pet\",\"name\":\"Rex\"},null,"
              "{\"__typename\":\"Person\",\"name\":\"Bob\"}]}}",
              SIZE_MAX, false);
    assert_int_equal(n_fetches, 2); /* one for each type that was asked for */
}

static void test_nodes__null_item_where_none_may_be(void **state)
{
    snprintf(text, sizeof text, "{ strict(ids: [\"%s\", \"%s\", \"x\"]) { id } }", person_id(0),
             id_of("Pet", "id=9"));
    check(text,
          "{\"data\":{\"strict\":null},\"errors\":[{\"message\":\"Cannot return null for "
          "non-nullable "
          "field Query.strict.\",\"locations\":[{\"line\":1,\"column\":3}],\"path\":[\"strict\",1],"
          "\"extensions\":{\"code\":\"DATA_ERROR\",\"requestId\":\"rid\"}}]}");
    check("{ must(id: \"x\") { name } }",
          "{\"data\":null,\"errors\":[{\"message\":\"Cannot return null for non-nullable field "
          "Query.must.\","
          "\"locations\":[{\"line\":1,\"column\":3}],\"path\":[\"must\"],\"extensions\":{\"code\":"
          "\"DATA_ERROR\",\"requestId\":\"rid\"}}]}");
}

static void test_nodes__failed_keys_fail_alone(void **state)
{
    failing_table = "pet";
    failing_rc = ERR_DATABASE;
    snprintf(text, sizeof text, "{ nodes(ids: [\"%s\", \"%s\"]) { ... on Named { name } } }",
             id_of("Pet", "id=1"), person_id(0));
    check(
        text,
        "{\"data\":{\"nodes\":[null,{\"name\":\"Ann\"}]},\"errors\":[{\"message\":\"The database "
        "can't be reached just now. Please try again.\",\"locations\":[{\"line\":1,\"column\":3}],"
        "\"path\":[\"nodes\",0],\"extensions\":{\"code\":\"DATABASE_UNAVAILABLE\",\"requestId\":"
        "\"rid\"}}]}");
}

/* Of a field's types a row takes one: the dearest counts, and every id. */
static void test_nodes__cost(void **state)
{
    struct run r;
    size_t n;

    at_once = true;
    run_start(&r,
              "{ nodes(ids: [\"1\", \"2\"]) { ... on Person { events(first: 3) { nodes { day } } } "
              "... on Pet { owner { name } } } }",
              NULL);
    assert_int_equal(r.rc, EXECUTION_READY);
    assert_int_equal((int)r.x.cost, 2 * (1 + 3));
    arena_clear(&arena);
    compiled_unref(r.document);
    n = (size_t)snprintf(text, sizeof text, "{ nodes(ids: [");
    for (int i = 0; i < 101; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d ", i);
    snprintf(text + n, sizeof text - n, "]) { id } }");
    check_refused(text, ERR_VARIABLES,
                  "Argument \"ids\" of \"Query.nodes\" has 101 entries; at most 100 are allowed.");
}

/* A look-up by primary key takes the id and the bare key. */
static void test_lookup__takes_both(void **state)
{
    snprintf(
        text, sizeof text,
        "{ a: person(id: \"%s\") { name } b: person(id: 1) { name } c: person(id: \"%s\") { name } "
        "d: find(by: {id: \"%s\"}) { name } e: code(id: \"%s\") { text } f: code(id: 7) { text } "
        "g: code(id: null) { text } h: find(by: {name: \"%s\"}) { name } }",
        person_id(0), id_of("Pet", "id=1"), person_id(1), id_of("Code", "code=A1"), person_id(2));
    check(text,
          "{\"data\":{\"a\":{\"name\":\"Ann\"},\"b\":{\"name\":\"Ann\"},\"c\":null,"
          "\"d\":{\"name\":\"Bob\"},\"e\":{\"text\":\"one\"},\"f\":{\"text\":\"seven\"},\"g\":null,"
          "\"h\":null}}");
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_global_id__is_stable, setup),
        cmocka_unit_test_setup(test_global_id__reads_its_own_alone, setup),
        cmocka_unit_test_setup(test_global_id__has_one_text, setup),
        cmocka_unit_test_setup(test_node__round_trip, setup),
        cmocka_unit_test_setup(test_node__null_without_an_error, setup),
        cmocka_unit_test_setup(test_node__selections_by_type, setup),
        cmocka_unit_test_setup(test_nodes__in_order_with_nulls, setup),
        cmocka_unit_test_setup(test_nodes__null_item_where_none_may_be, setup),
        cmocka_unit_test_setup(test_nodes__failed_keys_fail_alone, setup),
        cmocka_unit_test_setup(test_nodes__cost, setup),
        cmocka_unit_test_setup(test_lookup__takes_both, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(records_schema, records, ARRAY_LEN(records), prepare_records, run_all);
}
