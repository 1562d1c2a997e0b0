/* Tests of ids over all types: query/global_id, and @node in execution. */
#include "tests/unit/fake_records.h"

static char text[1200], want[1200];

static const char *person_id(unsigned i)
{
    return id_of("Person", record_person_rows[i]);
}

/* An id that was given out once has to be read for ever: under the same secret this text may not change. */
static void test_global_id__is_stable(void **state)
{
    assert_string_equal(person_id(0), "Aq7ksXqjAAAAAAAAAAELLlkrBQCMa8");
    assert_string_equal(id_of("Toy", record_toy_rows[0]),
                        "AuRRLw64AAAAAAAAAAH_________-wu15Fv9XJ8O4");
    assert_string_equal(id_of("Code", record_code_rows[0]), "Apwxarw9QTEp8cpeJIW4dg");
}

static bool reads(const char *type, struct str id, struct key *ret)
{
    return global_id_read(&arena, &seals.ids, id, schema_type(schema, str_of(type)), ret);
}

static void test_global_id__reads_its_own_alone(void **state)
{
    const struct seal other = {.key = "another key of ids"};
    struct key key;

    assert_true(reads("Person", str_of(person_id(2)), &key));
    assert_int_equal(key.part[0], 3);
    assert_true(reads("Toy", str_of(id_of("Toy", record_toy_rows[0])), &key));
    assert_int_equal(key.part[0], 1);
    assert_int_equal(key.part[1], -5);
    assert_true(reads("Code", str_of(id_of("Code", record_code_rows[0])), &key));
    check_str(key.text, "A1");
    assert_false(reads("Pet", str_of(person_id(0)), &key));
    assert_false(reads("Person", str_of(id_of("Pet", record_pet_rows[0])), &key));
    assert_false(global_id_read(&arena, &other, str_of(person_id(0)),
                                schema_type(schema, STR("Person")), &key));
    arena_clear(&arena);
}

/* No digit is another, left out or added, of any kind of key. */
static void test_global_id__has_one_text(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char *const types[] = {"Person", "Toy", "Code"};
    const char *const rows[] = {record_person_rows[0], record_toy_rows[0], record_code_rows[0]};
    struct key key;
    char id[100];

    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        size_t n = strlen(id_of(types[t], rows[t]));
        snprintf(id, sizeof id, "%s", id_of(types[t], rows[t]));
        for (size_t i = 0; i < n; i++) {
            char right = id[i];
            for (const char *c = digits; *c; c++) {
                id[i] = *c;
                assert_int_equal(reads(types[t], str_of(id), &key), *c == right);
            }
            id[i] = '!';
            assert_false(reads(types[t], str_of(id), &key));
            id[i] = right;
            assert_false(reads(types[t], (struct str){id, i}, &key));
        }
        for (const char *c = digits; *c; c++) {
            id[n] = *c;
            assert_false(reads(types[t], (struct str){id, n + 1}, &key));
        }
        id[n] = '=';
        assert_false(reads(types[t], (struct str){id, n + 1}, &key));
    }
    arena_clear(&arena);
}

/* What can be put together of good ids is none. */
static void test_global_id__is_not_put_together(void **state)
{
    const char *one = person_id(0), *two = person_id(1), *toy = id_of("Toy", record_toy_rows[0]);
    char id[200];
    struct key key;

    snprintf(id, sizeof id, "%.*s%s", GLOBAL_ID_MARK, one, toy + GLOBAL_ID_MARK);
    assert_false(reads("Person", str_of(id), &key));
    snprintf(id, sizeof id, "%.*s%s", (int)strlen(one) - 11, one, two + strlen(two) - 11);
    assert_false(reads("Person", str_of(id), &key));
    assert_false(reads("Person", STR("Aa7ksXqjAAAAAAAAAAE"), &key)); /* before there were seals */
    assert_false(reads("Person", STR("Aq7ksXqjAAAAAAAAAAE"), &key));
    assert_false(reads("Code", STR(""), &key));
    snprintf(id, sizeof id, "%.*s", GLOBAL_ID_MARK, id_of("Code", record_code_rows[0]));
    assert_false(reads("Code", str_of(id), &key));
    arena_clear(&arena);
}

/* A number that anybody can guess finds a row that is about no person, and a person's row not. */
static void test_lookup__by_bare_key(void **state)
{
    struct table *table = NULL;

    check("{ person(id: 1) { name } find(by: {id: 1}) { name } code(id: \"A1\") { text } }",
          "{\"data\":{\"person\":{\"name\":\"Ann\"},\"find\":{\"name\":\"Ann\"},"
          "\"code\":{\"text\":\"one\"}}}");
    for (uint32_t i = 0; i < schema->access.n_tables; i++)
        if (str_is(schema->access.tables[i].name, "person"))
            table = &schema->access.tables[i];
    assert_non_null(table);
    table->personal = true;
    check("{ person(id: 1) { name } b: person(id: \"1\") { name } find(by: {id: 1}) { name } }",
          "{\"data\":{\"person\":null,\"b\":null,\"find\":null}}");
    snprintf(text, sizeof text, "{ person(id: \"%s\") { name } find(by: {id: \"%s\"}) { name } }",
             person_id(0), person_id(1));
    check(text, "{\"data\":{\"person\":{\"name\":\"Ann\"},\"find\":{\"name\":\"Bob\"}}}");
    check("{ find(by: {tag: 200}) { name } }", "{\"data\":{\"find\":{\"name\":\"Bob\"}}}");
    table->personal = false;
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
        cmocka_unit_test_setup(test_global_id__is_not_put_together, setup),
        cmocka_unit_test_setup(test_lookup__by_bare_key, setup),
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
