/* Tests of query/validate: every rule, beside the reference implementation's words; limits. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/parse.h"
#include "query/schema.h"
#include "query/validate.h"
#include "tests/unit/cases_validate_fields.h"
#include "tests/unit/cases_validate_fragments.h"
#include "tests/unit/cases_validate_operations.h"
#include "tests/unit/cases_validate_overlap.h"
#include "tests/unit/cases_validate_values.h"
#include "tests/unit/cases_validate_variables.h"

static struct schema *schema;
static struct arena arena;
static struct document doc;
static struct validate_result result;

static int setup(void **state)
{
    struct err e = {0};

    assert_int_equal(hash_start(), 0);
    if (schema_build_types(&schema, str_of(cases_schema), &e) < 0)
        fail_msg("%d:%d %s", e.line, e.column, e.message);
    arena_init(&arena, 0);
    return 0;
}

static int teardown(void **state)
{
    schema_free(schema);
    arena_release(&arena);
    return 0;
}

static int check(struct str text, const struct validate_limits *limits)
{
    static const struct validate_limits none = {.suggestions = true};
    struct err e = {0};

    arena_clear(&arena);
    if (parse_document(&arena, text, &(struct parse_limits){0}, &doc, &e) < 0)
        fail_msg("%.*s\n%s", (int)MIN(text.len, (size_t)300), text.ptr, e.message);
    return validate_document(&arena, schema, &doc, limits ? limits : &none, &result);
}

/* Every error in words, a line each, its places in front of it. */
static struct str errors_text(struct buf *out)
{
    buf_clear(out);
    for (uint32_t i = 0; i < result.n_errors; i++) {
        const struct validate_places *places = &result.places[i];
        assert_int_equal(places->at[0].line, result.errors[i].line);
        assert_int_equal(places->at[0].column, result.errors[i].column);
        for (uint32_t k = 0; k < places->n; k++)
            buf_addf(out, "%s%u:%u",
                     k   ? ","
                     : i ? "\n"
                         : "",
                     places->at[k].line, places->at[k].column);
        buf_addf(out, " %s", result.errors[i].message);
    }
    return buf_str(out);
}

static void check_cases(const struct validate_case *cases, size_t n)
{
    struct buf got;

    buf_init(&got, 0);
    for (size_t i = 0; i < n; i++) {
        int rc = check(str_of(cases[i].text), NULL);
        if (!str_eq(errors_text(&got), str_of(cases[i].errors)))
            fail_msg("%s\n got\n%.*s\n want\n%s", cases[i].text, STR_FMT(buf_str(&got)),
                     cases[i].errors);
        assert_int_equal(rc, got.len ? ERR_VALIDATION : 0);
    }
    buf_release(&got);
}

#define CASES(subject)                                                                             \
    static void test_validate__agrees_on_##subject(void **state)                                   \
    {                                                                                              \
        check_cases(cases_validate_##subject, ARRAY_LEN(cases_validate_##subject));                \
    }

CASES(operations)
CASES(fields)
CASES(fragments)
CASES(variables)
CASES(values)
CASES(overlap)

/* Where the specification (IsVariableUsageAllowed) and graphql-js 17.1 differ, we follow the former. */
static void test_validate__one_of_by_the_specification(void **state)
{
    static const char types[] = "type Query { f(a: O! b: [O]): Int } input O @oneOf { x: Int }";
    struct schema *before = schema;
    struct err e = {0};

    assert_int_equal(check(STR("query ($a: Int = 1) { complicatedArgs { oneOfArgField(oneOfArg: "
                               "{intField: $a}) } }"),
                           NULL),
                     0);
    assert_int_equal(check(STR("query ($a: Int = null) { complicatedArgs { oneOfArgField(oneOfArg: "
                               "{intField: $a}) } }"),
                           NULL),
                     ERR_VALIDATION);
    assert_int_equal(schema_build_types(&schema, str_of(types), &e), 0);
    assert_int_equal(check(STR("query ($v: Int) { f(a: {x: $v}, b: [{x: $v}]) }"), NULL),
                     ERR_VALIDATION);
    assert_int_equal(result.n_errors, 2);
    assert_int_equal(check(STR("query ($v: Int!) { f(a: {x: $v}, b: {x: $v}) }"), NULL), 0);
    schema_free(schema);
    schema = before;
}

static void test_validate__resolves(void **state)
{
    const struct ast_operation *op;
    const struct ast_selection *f;

    assert_int_equal(check(STR("query A($x: Int, $y: Int) { dog { ...F } }"
                               "query B($y: Int, $x: Int) { dog { ...F } }"
                               "fragment F on Dog { isAtLocation(x: $x, y: $y) }"),
                           NULL),
                     0);
    op = doc.operations;
    f = doc.fragments->selections;
    /* One fragment, two operations that declare in different order: a name has one index. */
    assert_int_equal(f->arguments->value->variable, op->variables->index);
    assert_int_equal(f->arguments->value->variable, op->next->variables->next->index);
    assert_int_equal(f->arguments->next->value->variable, op->next->variables->index);
    assert_int_equal(op->n_variables, 2);
    check_str(op->variables->type->type->name, "Int");
}

static void test_validate__without_suggestions(void **state)
{
    const struct validate_limits hardened = {.suggestions = false};

    assert_int_equal(
        check(STR("query ($a: Catt) { dogg pet { barks } dog { doesKnowCommand(dogCommand: SITT)"
                  " name(surnam: true) @ski(if: 1) } complicatedArgs {"
                  " complexArgField(complexArg: {requiredField: true, intFeld: 1}) } }"),
              &hardened),
        ERR_VALIDATION);
    assert_true(result.n_errors >= 6);
    for (uint32_t i = 0; i < result.n_errors; i++)
        assert_null(strstr(result.errors[i].message, "Did you mean"));
}

static void test_validate__at_most_20_errors(void **state)
{
    char text[4096] = "{";
    size_t at = 1;

    for (int i = 0; i < 100; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, " nope%d", i);
    (void)snprintf(text + at, sizeof text - at, " }");
    assert_int_equal(check(str_of(text), NULL), ERR_VALIDATION);
    assert_int_equal(result.n_errors, VALIDATE_ERRORS_MAX);
}

/* ---- limits: one below, at, and one above ---- */

static void check_limit(const char *head, const char *unit, const char *tail,
                        const struct validate_limits *limits, uint32_t limit, const char *message)
{
    for (uint32_t n = limit - 1; n <= limit + 1; n++) {
        struct buf text;
        int rc;
        buf_init(&text, 0);
        buf_add_z(&text, head);
        for (uint32_t i = 0; i < n; i++) {
            if (strchr(unit, '%'))
                for (const char *c = unit; *c; c++)
                    if (*c == '%')
                        buf_add_int(&text, i);
                    else
                        buf_add_char(&text, *c);
            else
                buf_add_z(&text, unit);
        }
        buf_add_z(&text, tail);
        rc = check(buf_str(&text), limits);
        if (rc != (n > limit ? ERR_LIMIT : 0))
            fail_msg("%u of %u: %d %s", n, limit, rc,
                     result.n_errors ? result.errors[0].message : "");
        if (n > limit)
            assert_string_equal(result.errors[0].message, message);
        buf_release(&text);
    }
}

static void test_validate__limits(void **state)
{
    const struct validate_limits limits = {.max_depth = 12,
                                           .max_aliases = 30,
                                           .max_directives = 50,
                                           .max_root_fields = 20,
                                           .max_list = 25};

    check_limit("{ dog { ", "a%: name ", "} }", &limits, 30,
                "The document has 31 aliases; at most 30 are allowed.");
    check_limit("{ dog { name ", "@rep ", "} }", &limits, 50,
                "The document has 51 directives; at most 50 are allowed.");
    check_limit("{ ", "cat { name } ", "}", &limits, 20,
                "The operation has 21 fields at its root; at most 20 are allowed.");
    check_limit("{ human { friends(near: [", "1.5 ", "]) { name } } }", &limits, 25,
                "The list has 26 items; at most 25 are allowed.");
    check_limit("query ($near: [Float!] = [", "1 ",
                "]) { human { friends(near: $near) { name } } }", &limits, 25,
                "The list has 26 items; at most 25 are allowed.");
    /* Through fragments as well, each counted once. */
    assert_int_equal(check(STR("{ ...F ...F } fragment F on QueryRoot { dog { name } }"),
                           &(struct validate_limits){.max_root_fields = 1}),
                     0);
    assert_int_equal(check(STR("{ ...F cat { name } } fragment F on QueryRoot { dog { name } }"),
                           &(struct validate_limits){.max_root_fields = 1}),
                     ERR_LIMIT);
}

/* The largest limits are limits, and nothing wraps. */
static void test_validate__limits_at_their_largest(void **state)
{
    const uint32_t large[] = {INT32_MAX - 1, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};

    for (size_t i = 0; i < ARRAY_LEN(large); i++) {
        const uint32_t n = large[i];
        const struct validate_limits limits = {n, n, n, n, n, true};
        assert_int_equal(check(STR("{ a: dog @rep { b: name @rep @rep } human { friends(near: [1 2 "
                                   "3]) { name } } }"),
                               &limits),
                         0);
    }
}

/* dog, n times mother, name: n + 2 fields. */
static struct str mothers(uint32_t n, bool fragments)
{
    static char text[65536];
    size_t at = (size_t)snprintf(text, sizeof text, "{ dog { ");

    for (uint32_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               fragments ? "mother { ... { ... on Dog { " : "mother { ");
    at += (size_t)snprintf(text + at, sizeof text - at, "name");
    for (uint32_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, fragments ? "} } }" : "}");
    at += (size_t)snprintf(text + at, sizeof text - at, "} }");
    return (struct str){text, at};
}

static void test_validate__depth(void **state)
{
    const struct validate_limits limits = {.max_depth = 12};

    for (int fragments = 0; fragments < 2; fragments++) { /* which don't count */
        assert_int_equal(check(mothers(9, fragments), &limits), 0);
        assert_int_equal(check(mothers(10, fragments), &limits), 0);
        assert_int_equal(check(mothers(11, fragments), &limits), ERR_LIMIT);
        assert_string_equal(result.errors[0].message,
                            "The operation is 13 fields deep; at most 12 are allowed.");
    }
    assert_int_equal(check(STR("{ dog { ...A } } fragment A on Dog { mother { ...B } }"
                               "fragment B on Dog { mother { name } }"),
                           &(struct validate_limits){.max_depth = 4}),
                     0);
    assert_int_equal(check(STR("{ dog { ...A } } fragment A on Dog { mother { ...B } }"
                               "fragment B on Dog { mother { name } }"),
                           &(struct validate_limits){.max_depth = 3}),
                     ERR_LIMIT);
    /* Introspection has its own: the usual query is 13 fields deep and must pass. */
    assert_int_equal(
        check(
            STR("{ __schema { types { fields { args { type { ofType { ofType { ofType { ofType { "
                "ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } } }"),
            &limits),
        0);
    assert_int_equal(
        check(
            STR("{ __schema { types { ofType { ofType { ofType { ofType { ofType { ofType { ofType "
                "{ "
                "ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { "
                "ofType { ofType { ofType { name } } } } } } } } } } } } } } } } } } } } } }"),
            &limits),
        ERR_LIMIT);
}

static void test_validate__memory(void **state)
{
    static const struct str text = STR(
        "query Q($a: Int) { dog { ...F name: nickname name isAtLocation(x: $a, y: \"s\") nope } }"
        " fragment F on Dog { mother { name } }");

    for (size_t limit = 4096; limit < 60000; limit += 512) {
        struct arena small;
        struct err e;
        int rc;
        arena_init(&small, limit);
        rc = parse_document(&small, text, &(struct parse_limits){0}, &doc, &e);
        if (rc == 0)
            rc = validate_document(&small, schema, &doc,
                                   &(struct validate_limits){.suggestions = true}, &result);
        assert_true(rc == ERR_MEMORY || (rc == ERR_VALIDATION && !small.failed));
        arena_release(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validate__agrees_on_operations),
        cmocka_unit_test(test_validate__agrees_on_fields),
        cmocka_unit_test(test_validate__agrees_on_fragments),
        cmocka_unit_test(test_validate__agrees_on_variables),
        cmocka_unit_test(test_validate__agrees_on_values),
        cmocka_unit_test(test_validate__agrees_on_overlap),
        cmocka_unit_test(test_validate__one_of_by_the_specification),
        cmocka_unit_test(test_validate__resolves),
        cmocka_unit_test(test_validate__without_suggestions),
        cmocka_unit_test(test_validate__at_most_20_errors),
        cmocka_unit_test(test_validate__limits),
        cmocka_unit_test(test_validate__limits_at_their_largest),
        cmocka_unit_test(test_validate__depth),
        cmocka_unit_test(test_validate__memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
