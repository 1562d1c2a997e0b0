/* Tests of query/document: which documents are kept, for how long, and who may ask for them by hash. */
#include "tests/unit/document_fixture.h"

#include "base/buf.h"

static struct documents *documents;
static struct arena arena;

static const struct document_limits small = {.parse = {.max_tokens = 2000},
                                             .validate = {.max_depth = 12, .max_root_fields = 20},
                                             .max_fields = 2000,
                                             .max_good = 3,
                                             .max_bad = 2,
                                             .max_registered = 2};

static int setup(void **state)
{
    return documents_new(&documents, schema, &small);
}

static int teardown(void **state)
{
    documents_free(documents);
    arena_clear(&arena);
    return 0;
}

static struct compiled *get(const char *text)
{
    struct compiled *c;
    assert_int_equal(documents_get(documents, str_of(text), &c), 0);
    return c;
}

static const char *numbered(const char *what, int i)
{
    static char text[64];
    snprintf(text, sizeof text, "{ %s%d: __typename }", what, i);
    return text;
}

static void touch(const char *text)
{
    compiled_unref(get(text));
}

static struct document_stats stats(void)
{
    struct document_stats s;
    documents_get_stats(documents, &s);
    return s;
}

static bool is_registered(const char *text)
{
    struct sha256 hash;
    struct compiled *c;

    assert_int_equal(sha256(str_of(text), &hash), 0);
    c = documents_registered(documents, &hash);
    if (!c)
        return false;
    check_str(c->text, text);
    compiled_unref(c);
    return true;
}

static void register_text(const char *text)
{
    struct compiled *c = get(text);
    documents_register(documents, c);
    compiled_unref(c);
}

static void test_document__good_and_bad_are_kept_apart(void **state)
{
    struct compiled *good = get("{ person(id: 5) { id } }"),
                    *again = get("{ person(id: 5) { id } }");

    assert_ptr_equal(good, again);
    for (int i = 0; i < 50; i++) {
        char text[64];
        struct compiled *bad;
        snprintf(text, sizeof text, "{ nothing%d }", i);
        bad = get(text);
        assert_true(bad->errors.n_errors > 0);
        compiled_unref(bad);
    }
    assert_int_equal(stats().bad, 2);
    assert_int_equal(stats().good, 1);
    assert_int_equal(stats().hits, 1);
    compiled_unref(good);
    compiled_unref(again);
}

static void test_document__the_least_recently_used_goes(void **state)
{
    for (int i = 0; i < 3; i++)
        touch(numbered("a", i));
    touch(numbered("a", 0));
    touch(numbered("a", 3)); /* a1 goes */
    assert_int_equal(stats().good, 3);
    assert_int_equal(stats().misses, 4);
    touch(numbered("a", 0));
    assert_int_equal(stats().misses, 4);
    touch(numbered("a", 1));
    assert_int_equal(stats().misses, 5);
}

static void test_document__only_what_was_registered_is_found_by_hash(void **state)
{
    touch("{ __typename }");
    assert_false(is_registered("{ __typename }"));
    register_text("{ __typename }");
    assert_true(is_registered("{ __typename }"));
    assert_int_equal(stats().registered, 1);
    assert_int_equal(stats().good, 0);
    register_text("{ __typename }"); /* again */
    assert_int_equal(stats().registered, 1);
    register_text("{ nothing }"); /* bad */
    assert_false(is_registered("{ nothing }"));
    assert_int_equal(stats().bad, 1);
}

static void test_document__passing_ones_push_no_registered_one_out(void **state)
{
    register_text("{ __typename }");
    for (int i = 0; i < 100; i++) {
        touch(numbered("a", i));
        touch(numbered("nothing x", i)); /* bad: there is no field `nothing` */
    }
    assert_true(is_registered("{ __typename }"));
    assert_int_equal(stats().good, 3);
    assert_int_equal(stats().bad, 2);
}

static void test_document__registered_ones_are_bounded(void **state)
{
    for (int i = 0; i < 3; i++)
        register_text(numbered("a", i));
    assert_false(is_registered(numbered("a", 0)));
    assert_true(is_registered(numbered("a", 1)));
    assert_true(is_registered(numbered("a", 2)));
    assert_true(is_registered(numbered("a", 1))); /* now the most recent */
    register_text(numbered("a", 3));
    assert_true(is_registered(numbered("a", 1)));
    assert_false(is_registered(numbered("a", 2)));
    assert_int_equal(stats().registered, 2);
}

static void test_document__zero_registers_nothing(void **state)
{
    struct document_limits none = small;

    none.max_registered = 0;
    documents_free(documents);
    assert_int_equal(documents_new(&documents, schema, &none), 0);
    register_text("{ __typename }");
    assert_false(is_registered("{ __typename }"));
}

/* 16 KB and a byte, and one below; spaces and all. */
static void test_document__long_texts_run_unregistered(void **state)
{
    static char text[REGISTERED_BYTES_MAX + 2];

    for (int n = -1; n <= 1; n++) {
        struct compiled *c;
        memset(text, ' ', sizeof text);
        text[REGISTERED_BYTES_MAX + n] = '\0';
        memcpy(text, "{ __typename }", 14);
        c = get(text);
        assert_int_equal(c->errors.n_errors, 0);
        assert_int_equal(c->text.len, REGISTERED_BYTES_MAX + n);
        compiled_unref(c);
        register_text(text);
        assert_int_equal(is_registered(text), n <= 0);
    }
}

static void test_document__one_that_is_used_survives_its_place(void **state)
{
    struct compiled *held = get("{ person(id: 1) { name } }");

    for (int i = 0; i < 10; i++)
        touch(numbered("a", i));
    assert_int_equal(stats().good, 3);
    documents_register(documents, held); /* it is on no shelf any more: nothing happens */
    assert_false(is_registered("{ person(id: 1) { name } }"));
    check_str(held->document.operations->selections->name, "person");
    documents_free(documents);
    documents = NULL;
    check_str(held->document.operations->selections->name, "person");
    compiled_unref(held);
}

/* Bytes are counted with the plans that come later. */
static void test_document__bytes_are_bounded(void **state)
{
    struct document_limits limits = small;
    size_t one;

    limits.max_good = 1000;
    documents_free(documents);
    assert_int_equal(documents_new(&documents, schema, &limits), 0);
    touch("{ one: __typename }");
    one = stats().bytes;
    assert_true(one > 0);
    limits.max_bytes = one * 5;
    documents_free(documents);
    assert_int_equal(documents_new(&documents, schema, &limits), 0);
    for (int i = 0; i < 100; i++) {
        touch(numbered("a", i));
        assert_true(stats().bytes <= limits.max_bytes);
    }
    assert_int_equal(stats().good, 5);
}

static void test_document__plans_count(void **state)
{
    const struct value yes = {.kind = VALUE_BOOLEAN, .boolean = true}, *given = NULL;
    struct compiled *c = get("query ($a: Boolean = false) { person(id: 1) { boss { id name "
                             "} best @include(if: $a) { name } } }");
    const struct ast_operation *operation;
    const struct plan *first, *second, *again;
    struct err err;

    assert_int_equal(compiled_operation(c, (struct str){0}, &operation, &err), 0);
    assert_int_equal(compiled_plan(c, operation, &given, &arena, &first, &err), 0);
    given = &yes;
    assert_int_equal(compiled_plan(c, operation, &given, &arena, &second, &err), 0);
    assert_ptr_not_equal(first, second);
    assert_int_equal(compiled_plan(c, operation, &given, &arena, &again, &err), 0);
    assert_ptr_equal(again, second);
    assert_int_equal(stats().bytes, c->arena.used);
    compiled_unref(c);
}

/* Three fields where two may be: the place of the third is said. */
static void test_document__fields_of_a_plan_are_bounded(void **state)
{
    struct document_limits limits = small;
    const char *text = "{ person(id: 1) { id\n name } }";

    for (uint32_t max = 2; max <= 4; max++) {
        const struct ast_operation *operation;
        const struct plan *plan;
        struct compiled *c;
        struct err err = {0};
        limits.max_fields = max;
        assert_int_equal(compiled_new(&c, schema, &limits, str_of(text)), 0);
        assert_int_equal(compiled_operation(c, (struct str){0}, &operation, &err), 0);
        assert_int_equal(compiled_plan(c, operation, NULL, &arena, &plan, &err),
                         max < 3 ? ERR_LIMIT : 0);
        if (max < 3) {
            assert_string_equal(err.message, "The operation selects more than 2 fields.");
            assert_int_equal(err.line, 2);
        }
        compiled_unref(c);
    }
}

static void test_document__operation_by_name(void **state)
{
    struct compiled *c = get("query A { __typename } query B { __typename }");
    const struct ast_operation *o;
    struct err err;

    assert_int_equal(compiled_operation(c, STR("B"), &o, &err), 0);
    check_str(o->name, "B");
    assert_int_equal(compiled_operation(c, STR("C"), &o, &err), ERR_OPERATION);
    assert_string_equal(err.message, "Unknown operation named \"C\".");
    assert_int_equal(compiled_operation(c, (struct str){0}, &o, &err), ERR_OPERATION);
    assert_string_equal(err.message,
                        "Must provide operation name if query contains multiple operations.");
    compiled_unref(c);
}

/* Not as if the server were out of memory, and what it took is given back. */
static void test_document__one_that_needs_too_much_is_told_so(void **state)
{
    const struct document_limits lax = {
        .parse = {.max_tokens = 1000000}, .max_fields = 2000, .max_good = 3, .max_bad = 2};
    struct documents *own;
    struct compiled *c;
    struct buf text;

    buf_init(&text, 0);
    buf_add_z(&text, "{ person(id: 5) { ");
    for (int i = 0; i < 200000; i++)
        buf_add_z(&text, "id ");
    buf_add_z(&text, "} }");
    assert_int_equal(documents_new(&own, schema, &lax), 0);
    assert_int_equal(documents_get(own, buf_str(&text), &c), 0);
    assert_int_equal(c->errors.n_errors, 1);
    assert_int_equal(c->errors.errors[0].code, ERR_LIMIT);
    assert_string_equal(
        c->errors.errors[0].message,
        "The document needs more memory than one may have (8 MB). Send or ask for less.");
    assert_true(c->arena.used < 1 << 20);
    compiled_unref(c);
    documents_free(own);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_document__##name, setup, teardown)
        T(good_and_bad_are_kept_apart),
        T(the_least_recently_used_goes),
        T(only_what_was_registered_is_found_by_hash),
        T(passing_ones_push_no_registered_one_out),
        T(registered_ones_are_bounded),
        T(zero_registers_nothing),
        T(long_texts_run_unregistered),
        T(one_that_is_used_survives_its_place),
        T(bytes_are_bounded),
        T(plans_count),
        T(fields_of_a_plan_are_bounded),
        T(operation_by_name),
        T(one_that_needs_too_much_is_told_so),
#undef T
    };
    int rc;

    if (hash_start() < 0 || !fixture_schema())
        return 1;
    arena_init(&arena, 0);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    schema_free(schema);
    return rc;
}
