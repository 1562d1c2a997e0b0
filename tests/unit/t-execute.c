/* Tests of query/{plan,execute,answer}: documents in, JSON out. */
#include "tests/unit/people_fixture.h"

/* ---- tests ---- */

static void test_execute__fields(void **state)
{
    check("{ person(id: 1) { id name nick } }",
          "{\"data\":{\"person\":{\"id\":\"1\",\"name\":\"Ann\",\"nick\":null}}}");
    check("{ __typename p: person(id: \"2\") { __typename n: name } }",
          "{\"data\":{\"__typename\":\"Query\",\"p\":{\"__typename\":\"Person\",\"n\":\"Bo\\\"b\"}}"
          "}");
    check("{ person(id: 77) { id } }", "{\"data\":{\"person\":null}}");
    check("{ person(id: \"x\") { id } }", "{\"data\":{\"person\":null}}");
    check("{ person(id: \"9223372036854775808\") { id } }", "{\"data\":{\"person\":null}}");
}

static void test_execute__text_key(void **state)
{
    check("{ named(name: \"Cy\") { id } none: named(name: \"\\u0000\") { id } }",
          "{\"data\":{\"named\":{\"id\":\"3\"},\"none\":null}}");
}

static void test_execute__nested(void **state)
{
    check("{ person(id: 1) { best { name best { name } } boss { name } } }",
          "{\"data\":{\"person\":{\"best\":{\"name\":\"Bo\\\"b\",\"best\":null},"
          "\"boss\":{\"name\":\"Cy\"}}}}");
}

static void test_execute__one_fetch_for_a_level(void **state)
{
    at_once = true;
    check_run("{ person(id: 1) { pets(first: 3) { nodes { name vet { name } } } } }", NULL,
              "{\"data\":{\"person\":{\"pets\":{\"nodes\":["
              "{\"name\":\"Rex\",\"vet\":{\"name\":\"Bo\\\"b\"}},"
              "{\"name\":\"Tom\",\"vet\":{\"name\":\"Cy\"}},{\"name\":\"Kit\",\"vet\":null}]}}}}",
              SIZE_MAX, false);
    assert_int_equal(n_fetches, 3); /* person, pets, vets: null keys are not asked */
    assert_int_equal(n_keys, 4);
}

static void test_execute__connection(void **state)
{
    char one[80], two[80], want[600];

    cursor_of(1, pet_rows[0], one, sizeof one);
    cursor_of(1, pet_rows[1], two, sizeof two);
    snprintf(want, sizeof want,
             "{\"data\":{\"person\":{\"pets\":{\"edges\":["
             "{\"cursor\":%s,\"node\":{\"name\":\"Rex\"}},"
             "{\"cursor\":%s,\"node\":{\"name\":\"Tom\"}}],"
             "\"nodes\":[{\"id\":\"12\"},{\"id\":\"11\"}],"
             "\"pageInfo\":{\"hasNextPage\":true,\"hasPreviousPage\":false,\"startCursor\":%s,"
             "\"endCursor\":%s}}}}}",
             one, two, one, two);
    check("{ person(id: 1) { pets { edges { cursor node { name } } nodes { id } pageInfo { "
          "hasNextPage hasPreviousPage startCursor endCursor } } } }",
          want);
}

static void test_execute__after(void **state)
{
    char cursor[80], text[300];

    cursor_of(1, pet_rows[1], cursor, sizeof cursor);
    snprintf(text, sizeof text,
             "{ person(id: 1) { pets(after: %s) { nodes { name } pageInfo { hasNextPage "
             "hasPreviousPage } } } }",
             cursor);
    check(text, "{\"data\":{\"person\":{\"pets\":{\"nodes\":[{\"name\":\"Kit\"}],\"pageInfo\":{"
                "\"hasNextPage\":false,\"hasPreviousPage\":true}}}}}");
}

/* What an error says of such a cursor: message, place, and a path that is given. */
#define FOREIGN(column, path)                                                                      \
    "{\"message\":\"Argument \\\"after\\\" of \\\"Person.pets\\\" is not a cursor of this "        \
    "list.\","                                                                                     \
    "\"locations\":[{\"line\":1,\"column\":" column "}],\"path\":[" path "],"                      \
    "\"extensions\":{\"code\":\"BAD_USER_INPUT\"}}"

/* A cursor of one person's list is refused by another's, for that field alone, and nothing is asked for it. */
static void test_execute__cursor_of_another_parent(void **state)
{
    char cursor[80], text[300];

    cursor_of(2, pet_rows[3], cursor, sizeof cursor);
    snprintf(text, sizeof text,
             "{ person(id: 1) { name pets(after: %s) { nodes { vet { name } } } } "
             "b: person(id: 2) { pets(after: %s) { nodes { name } } } }",
             cursor, cursor);
    check(text, "{\"data\":{\"person\":null,\"b\":{\"pets\":{\"nodes\":[]}}},\"errors\":[" FOREIGN(
                    "24", "\"person\",\"pets\"") "]}");
    at_once = true;
    n_fetches = 0;
    snprintf(text, sizeof text, "{ person(id: 1) { pets(after: %s) { nodes { name } } } }", cursor);
    check_run(text, NULL,
              "{\"data\":{\"person\":null},\"errors\":[" FOREIGN("19", "\"person\",\"pets\"") "]}",
              SIZE_MAX, false);
    assert_int_equal(n_fetches, 1);
    /* nobody's list: nothing to refuse */
    snprintf(text, sizeof text, "{ person(id: 77) { pets(after: %s) { nodes { name } } } }",
             cursor);
    check(text, "{\"data\":{\"person\":null}}");
}

/* One argument stands for the lists of all parents: the cursor is good for its own. */
static void test_execute__cursor_of_one_of_the_parents(void **state)
{
    char cursor[80], text[300];

    cursor_of(2, "person_id=2 id=21 born=6", cursor, sizeof cursor);
    snprintf(text, sizeof text,
             "{ person(id: 1) { pets(first: 2) { nodes { name vet { pets(after: %s) { nodes { name "
             "} } } } } } }",
             cursor);
    check(text, "{\"data\":{\"person\":{\"pets\":{\"nodes\":["
                "{\"name\":\"Rex\",\"vet\":{\"pets\":{\"nodes\":[{\"name\":\"Fay\"}]}}},"
                "{\"name\":\"Tom\",\"vet\":null}]}}},\"errors\":[" FOREIGN(
                    "55", "\"person\",\"pets\",\"nodes\",1,\"vet\",\"pets\"") "]}");
}

/* Made up digit by digit: refused before anything is fetched where it looks like none, and by its list elsewhere. */
static void test_execute__cursor_made_up(void **state)
{
    unsigned early = 0, late = 0;
    char cursor[80], text[300];
    size_t n;

    at_once = true;
    n = strlen(cursor_of(1, pet_rows[1], cursor, sizeof cursor));
    for (size_t i = 1; i + 1 < n; i++) {
        struct run r;
        char right = cursor[i];
        cursor[i] = right == 'A' ? 'B' : 'A';
        snprintf(text, sizeof text, "{ person(id: 1) { pets(after: %s) { nodes { id } } } }",
                 cursor);
        cursor[i] = right;
        run_start(&r, text, NULL);
        if (r.rc == ERR_VARIABLES) {
            assert_string_equal(
                r.err.message,
                "Argument \"after\" of \"Person.pets\" is not a cursor of this list.");
            early++;
        } else {
            assert_int_equal(r.rc, EXECUTION_READY);
            check_run(text, NULL,
                      "{\"data\":{\"person\":null},\"errors\":[" FOREIGN(
                          "19", "\"person\",\"pets\"") "]}",
                      SIZE_MAX, false);
            late++;
        }
        arena_clear(&arena);
        compiled_unref(r.document);
    }
    assert_int_equal(early + late, n - 2);
    assert_true(early > 0 && late > 30);
}

/* Where no error may name a type that the client did not. */
static void test_execute__cursor_refused_discreetly(void **state)
{
    char cursor[80], text[300];
    struct buf out;
    struct run r;

    at_once = true;
    cursor_of(2, pet_rows[3], cursor, sizeof cursor);
    snprintf(text, sizeof text, "{ person(id: 1) { pets(after: %s) { nodes { name } } } }", cursor);
    run_start(&r, text, NULL);
    r.x.discreet = true;
    buf_init(&out, 0);
    write_out(&r.x, &out, SIZE_MAX);
    buf_add_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "\"Argument \\\"after\\\" of \\\"?.pets\\\" is not a cursor"));
    assert_null(strstr(out.ptr, "Person"));
    buf_release(&out);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static void test_execute__empty_page(void **state)
{
    check("{ person(id: 3) { pets { nodes { id } edges { cursor } pageInfo { startCursor endCursor "
          "hasNextPage } } toys { id } } }",
          "{\"data\":{\"person\":{\"pets\":{\"nodes\":[],\"edges\":[],\"pageInfo\":{"
          "\"startCursor\":null,\"endCursor\":null,\"hasNextPage\":false}},\"toys\":[]}}}");
}

static void test_execute__filter(void **state)
{
    check("{ person(id: 1) { pets(kind: CAT) { nodes { kind } } d: pets(kind: DOG) { nodes { name "
          "} } "
          "n: pets(kind: null, first: 1) { nodes { name } } } }",
          "{\"data\":{\"person\":{\"pets\":{\"nodes\":[{\"kind\":\"CAT\"},{\"kind\":\"CAT\"}]},"
          "\"d\":{\"nodes\":[{\"name\":\"Rex\"}]},\"n\":{\"nodes\":[{\"name\":\"Rex\"}]}}}}");
}

static void test_execute__choice_of_column(void **state)
{
    check("{ person(id: 1) { label b: label(lang: SECOND) } }",
          "{\"data\":{\"person\":{\"label\":\"A1\",\"b\":\"B1\"}}}");
}

/* What the request asks for stands in where nothing is given. */
static void test_execute__negotiated(void **state)
{
    static const char text[] =
        "query ($no: Lang, $own: Lang = FIRST) { person(id: 1) { spoken n: spoken(lang: null) "
        "v: spoken(lang: $no) d: spoken(lang: $own) f: spoken(lang: FIRST) label } }";
    struct run r;

    check(text, "{\"data\":{\"person\":{\"spoken\":\"A1\",\"n\":\"A1\",\"v\":\"A1\",\"d\":\"A1\","
                "\"f\":\"A1\",\"label\":\"A1\"}}}");
    language = 1;
    check(text, "{\"data\":{\"person\":{\"spoken\":\"B1\",\"n\":\"B1\",\"v\":\"B1\",\"d\":\"A1\","
                "\"f\":\"A1\",\"label\":\"A1\"}}}");
    at_once = true;
    run_start(&r, "{ person(id: 4) { spoken(lang: FIRST) } }", NULL);
    assert_true(r.x.plan->negotiated);
    arena_clear(&arena);
    compiled_unref(r.document);
    run_start(&r, "{ person(id: 4) { label } }", NULL);
    assert_false(r.x.plan->negotiated);
    arena_clear(&arena);
    compiled_unref(r.document);
    language = 0;
}

static void test_execute__merges_selections(void **state)
{
    check("{ person(id: 1) { best { name } ...F } person(id: 1) { nick } } "
          "fragment F on Person { best { id } ... on Person { id } ...G } "
          "fragment G on Person { best { nick } }",
          "{\"data\":{\"person\":{\"best\":{\"name\":\"Bo\\\"b\",\"id\":\"2\",\"nick\":\"B\"},"
          "\"id\":\"1\",\"nick\":null}}}");
}

static void test_execute__skip_and_include(void **state)
{
    const char *text =
        "query($a: Boolean!) { person(id: 1) { id @include(if: $a) name "
        "nick @skip(if: $a) ... @skip(if: $a) { id } best @include(if: false) { id } } }";
    struct value v, given = {.kind = VALUE_OBJECT, .items = boolean(&v, "a", true), .n_items = 1};

    check_with(text, &given, "{\"data\":{\"person\":{\"id\":\"1\",\"name\":\"Ann\"}}}");
    boolean(&v, "a", false); /* now the first `id` is another: the order changes */
    check_with(text, &given,
               "{\"data\":{\"person\":{\"name\":\"Ann\",\"nick\":null,\"id\":\"1\"}}}");
    check("{ person(id: 1) { id @skip(if: true) } }", "{\"data\":{\"person\":{}}}");
    check("{ person(id: 1) @skip(if: true) { id } }", "{\"data\":{}}");
}

static void test_execute__missing_row_nulls_its_parent(void **state)
{
    /* boss of 3 is 98, who does not exist; boss is non-null, so person 3 becomes null */
    check("{ person(id: 4) { name best { name boss { name } } } }",
          "{\"data\":{\"person\":{\"name\":\"Di\",\"best\":null}},\"errors\":[{\"message\":"
          "\"Cannot return null for non-nullable field Person.boss.\",\"locations\":[{\"line\":1,"
          "\"column\":36}],\"path\":[\"person\",\"best\",\"boss\"],\"extensions\":{\"code\":"
          "\"DATA_ERROR\",\"requestId\":\"rid\"}}]}");
    check("{ person(id: 3) { boss { name } } a: person(id: 2) { id } }",
          "{\"data\":{\"person\":null,\"a\":{\"id\":\"2\"}},\"errors\":[{\"message\":"
          "\"Cannot return null for non-nullable field Person.boss.\",\"locations\":[{\"line\":1,"
          "\"column\":19}],\"path\":[\"person\",\"boss\"],\"extensions\":{\"code\":\"DATA_ERROR\","
          "\"requestId\":\"rid\"}}]}");
}

static void test_execute__null_cell_nobody_foresaw(void **state)
{
    /* label_b of person 4 is null though the field is not */
    at_once = true;
    check_run(
        "{ a: person(id: 4) { label(lang: SECOND) } b: person(id: 1) { id } }", NULL,
        "{\"data\":{\"a\":null,\"b\":{\"id\":\"1\"}},\"errors\":[{\"message\":"
        "\"Cannot return null for non-nullable field Person.label.\",\"locations\":[{\"line\":1,"
        "\"column\":22}],\"path\":[\"a\",\"label\"],\"extensions\":{\"code\":\"DATA_ERROR\","
        "\"requestId\":\"rid\"}}]}",
        SIZE_MAX, false);
}

/* When bytes have left already there is no way back: the answer ends with an error, never well-formed. */
static void test_execute__null_cell_after_the_first_piece(void **state)
{
    struct run r;
    struct answer a;
    struct buf out;
    int rc;

    at_once = true;
    run_start(&r, "{ a: person(id: 4) { id label(lang: SECOND) } }", NULL);
    assert_int_equal(answer_open(&a, &r.x, STR("rid")), 0);
    buf_init(&out, 0);
    rc = answer_next(&a, &out, 20);
    assert_int_equal(rc, 1);
    check_str(buf_str(&out), "{\"data\":{\"a\":{\"id\":\"4\"");
    while (rc == 1)
        rc = answer_next(&a, &out, 1);
    assert_int_equal(rc, ERR_DATA);
    answer_release(&a);
    buf_release(&out);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static void test_execute__failed_key_fails_alone(void **state)
{
    failing_table = "person";
    failing_rc = ERR_DATA;
    failing_key = 3;
    check("{ person(id: 1) { pets(first: 2) { nodes { name vet { name } } } } }",
          "{\"data\":{\"person\":{\"pets\":{\"nodes\":[{\"name\":\"Rex\",\"vet\":{\"name\":"
          "\"Bo\\\"b\"}},{\"name\":\"Tom\",\"vet\":null}]}}},\"errors\":[{\"message\":"
          "\"A record could not be read.\",\"locations\":[{\"line\":1,\"column\":49}],\"path\":["
          "\"person\",\"pets\",\"nodes\",1,\"vet\"],\"extensions\":{\"code\":\"DATA_ERROR\","
          "\"requestId\":\"rid\"}}]}");
}

static void test_execute__failed_list_nulls_the_person(void **state)
{
    for (failing_key = -1; failing_key <= 0; failing_key++) {
        failing_table = "pet";
        failing_rc = ERR_DATABASE;
        check(
            "{ person(id: 1) { pets { nodes { name } } } }",
            "{\"data\":{\"person\":null},\"errors\":[{\"message\":\"The database can't be reached "
            "just now. Please try again.\",\"locations\":[{\"line\":1,\"column\":19}],\"path\":["
            "\"person\",\"pets\"],\"extensions\":{\"code\":\"DATABASE_UNAVAILABLE\","
            "\"requestId\":\"rid\"}}]}");
    }
}

static void test_execute__plain_list_is_never_cut(void **state)
{
    check("{ person(id: 1) { toys { name } } }",
          "{\"data\":{\"person\":{\"toys\":[{\"name\":\"ball\"}]}}}");
    check(
        "{ person(id: 2) { toys { name } } }", /* three toys, limit: 2 */
        "{\"data\":{\"person\":null},\"errors\":[{\"message\":\"The list is longer than this field "
        "can show.\",\"locations\":[{\"line\":1,\"column\":19}],\"path\":[\"person\",\"toys\"],"
        "\"extensions\":{\"code\":\"LIMIT_EXCEEDED\"}}]}");
}

static void test_execute__refuses_arguments(void **state)
{
    check_refused("{ person(id: 1) { pets(first: 0) { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"first\" of \"Person.pets\" must be from 1 to 100, not 0.");
    check_refused("{ person(id: 1) { pets(first: 101) { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"first\" of \"Person.pets\" must be from 1 to 100, not 101.");
    check_refused("{ person(id: 1) { pets(after: \"x\") { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"after\" of \"Person.pets\" is not a cursor of this list.");
    check_refused(
        "{ person(id: 1) { pets(first: 100) { nodes { vet { pets(first: 100) { nodes { id } "
        "} } } } } }",
        ERR_LIMIT,
        "The operation may return 10201 rows (page sizes multiply); at most 1000 are "
        "allowed. Ask for smaller pages.");
    assert_int_equal(n_fetches, 0);
}

static void test_execute__cancel(void **state)
{
    struct run r;

    at_once = false;
    n_done = 0;
    run_start(&r, "{ a: person(id: 1) { id } b: person(id: 2) { id } }", NULL);
    assert_int_equal(r.rc, 0);
    execution_cancel(&r.x, true);
    assert_int_equal(n_canceled, 2);
    assert_int_equal(n_done, 0);
    pump(false, ERR_CANCELED);
    assert_int_equal(n_done, 1);
    assert_int_equal(done_rc, ERR_CANCELED);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static void test_execute__memory_limit_is_an_error(void **state)
{
    unsigned refused = 0;

    for (size_t limit = 4096; limit < 40000; limit += 512) {
        struct run r;
        arena_init(&arena, limit);
        at_once = true;
        run_start(&r, "{ person(id: 1) { boss { id } toys { name } label } }", NULL);
        if (r.rc < 0) {
            assert_int_equal(r.rc, ERR_MEMORY);
            refused++;
        }
        arena_release(&arena);
        compiled_unref(r.document);
    }
    assert_true(refused < 70);
    arena_init(&arena, 0);
}

/* ---- cost ---- */

/* What `text` costs, and that it is refused when one less is allowed: before any fetch. */
static void check_cost(const char *text, uint64_t want)
{
    struct run r;

    at_once = true;
    for (int less = 0; less <= 1; less++) {
        unsigned fetches = n_fetches;
        max_cost = (uint32_t)want - (uint32_t)less;
        run_start(&r, text, NULL);
        assert_int_equal(r.rc, less ? ERR_LIMIT : EXECUTION_READY);
        assert_true(r.x.cost == want);
        if (less)
            assert_int_equal(n_fetches, fetches);
        arena_clear(&arena);
        compiled_unref(r.document);
    }
    max_cost = 1000;
}

static void test_execute__cost(void **state)
{
    check_cost("{ person(id: 1) { name } }", 1);
    check_cost("{ person(id: 1) { best { name } boss { best { id } } } }", 4);
    check_cost("{ a: person(id: 1) { id } b: person(id: 1) { id } }", 2);
    check_cost("{ person(id: 1) { pets { nodes { id } } } }", 3);                /* default: 2 */
    check_cost("{ person(id: 1) { pets(first: null) { nodes { id } } } }", 101); /* the most */
    check_cost("{ person(id: 1) { pets(first: 7) { nodes { vet { name } } } } }", 15);
    check_cost("{ person(id: 1) { pets(first: 7) { nodes { id } edges { node { id } } "
               "pageInfo { hasNextPage } } } }",
               8); /* one list, however it is looked at */
    check_cost("{ person(id: 1) { pets { totalCount } } }", 11);
    check_cost("{ person(id: 1) { pets { nodes { id } n: totalCount m: totalCount } } }", 13);
    check_cost("{ person(id: 1) { pets { nodes { vet { pets { totalCount } } } } } }",
               1 + 2 + 2 + 20);
    check_cost("{ person(id: 1) { pets { __typename } } }", 1);
    check_cost("{ person(id: 1) { toys { name } } }", 3); /* a plain list: its limit */
    check_cost("{ person(id: 1) { pets(first: 3) { nodes { vet { pets(first: 4) { nodes { id } } } "
               "} } } }",
               1 + 3 + 3 + 12);
    check_cost("{ person(id: 1) { best @skip(if: true) { name } id } }", 1);
}

static void test_execute__page_size_has_a_limit(void **state)
{
    max_page = 1; /* below the schema's default of 2, which is cut to it */
    check_cost("{ person(id: 1) { pets { nodes { id } } } }", 2);
    check_cost("{ person(id: 1) { pets(first: 1) { nodes { id } } } }", 2);
    check_refused("{ person(id: 1) { pets(first: 2) { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"first\" of \"Person.pets\" must be from 1 to 1, not 2.");
    check_cost("{ person(id: 1) { toys { name } } }", 3); /* nobody pages through it */
    max_page = INT32_MAX;                                 /* the schema's limit holds */
    check_cost("{ person(id: 1) { pets(first: 100) { nodes { id } } } }", 101);
    check_refused("{ person(id: 1) { pets(first: 101) { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"first\" of \"Person.pets\" must be from 1 to 100, not 101.");
    check_refused("{ person(id: 1) { pets(first: 2147483647) { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"first\" of \"Person.pets\" must be from 1 to 100, not 2147483647.");
    check_refused("{ person(id: 1) { pets(first: -1) { nodes { id } } } }", ERR_VARIABLES,
                  "Argument \"first\" of \"Person.pets\" must be from 1 to 100, not -1.");
    max_page = 100;
    assert_true(n_fetches > 0);
}

/* Extensions come last, in a whole answer as in one of single bytes. */
static void test_execute__extensions(void **state)
{
    for (size_t piece = 1; piece; piece = piece == 1 ? SIZE_MAX : 0) {
        struct run r;
        struct answer a;
        struct buf out;
        int rc = 1;
        at_once = true;
        run_start(&r, "{ person(id: 1) { name } }", NULL);
        assert_int_equal(answer_open(&a, &r.x, STR("rid")), 0);
        a.extensions = STR("{\"cost\":1}");
        buf_init(&out, 0);
        while (rc == 1)
            rc = answer_next(&a, &out, piece == 1 ? out.len + 1 : piece);
        assert_int_equal(rc, 0);
        check_str(buf_str(&out),
                  "{\"data\":{\"person\":{\"name\":\"Ann\"}},\"extensions\":{\"cost\":1}}");
        buf_release(&out);
        answer_release(&a);
        arena_clear(&arena);
        compiled_unref(r.document);
    }
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_execute__fields, setup),
        cmocka_unit_test_setup(test_execute__text_key, setup),
        cmocka_unit_test_setup(test_execute__nested, setup),
        cmocka_unit_test_setup(test_execute__one_fetch_for_a_level, setup),
        cmocka_unit_test_setup(test_execute__connection, setup),
        cmocka_unit_test_setup(test_execute__after, setup),
        cmocka_unit_test_setup(test_execute__cursor_of_another_parent, setup),
        cmocka_unit_test_setup(test_execute__cursor_of_one_of_the_parents, setup),
        cmocka_unit_test_setup(test_execute__cursor_made_up, setup),
        cmocka_unit_test_setup(test_execute__cursor_refused_discreetly, setup),
        cmocka_unit_test_setup(test_execute__empty_page, setup),
        cmocka_unit_test_setup(test_execute__filter, setup),
        cmocka_unit_test_setup(test_execute__choice_of_column, setup),
        cmocka_unit_test_setup(test_execute__negotiated, setup),
        cmocka_unit_test_setup(test_execute__merges_selections, setup),
        cmocka_unit_test_setup(test_execute__skip_and_include, setup),
        cmocka_unit_test_setup(test_execute__missing_row_nulls_its_parent, setup),
        cmocka_unit_test_setup(test_execute__null_cell_nobody_foresaw, setup),
        cmocka_unit_test_setup(test_execute__null_cell_after_the_first_piece, setup),
        cmocka_unit_test_setup(test_execute__failed_key_fails_alone, setup),
        cmocka_unit_test_setup(test_execute__failed_list_nulls_the_person, setup),
        cmocka_unit_test_setup(test_execute__plain_list_is_never_cut, setup),
        cmocka_unit_test_setup(test_execute__refuses_arguments, setup),
        cmocka_unit_test_setup(test_execute__cancel, setup),
        cmocka_unit_test_setup(test_execute__memory_limit_is_an_error, setup),
        cmocka_unit_test_setup(test_execute__cost, setup),
        cmocka_unit_test_setup(test_execute__page_size_has_a_limit, setup),
        cmocka_unit_test_setup(test_execute__extensions, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(schema_text, people, ARRAY_LEN(people), prepare_people, run_all);
}
