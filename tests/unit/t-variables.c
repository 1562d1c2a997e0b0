/* Tests of query/variables: input coercion of variables and literals. */
#include "tests/unit/test.h"

#include "tests/unit/language_fixture.h"

static struct schema *schema;
static struct arena arena;

static const char types[] =
    "type Query { f(int: Int, float: Float, id: ID, s: String, b: Boolean, e: E, ints: [Int!], m: "
    "[[Int]], i: I,\n"
    "  o: O, any: Any): Int }\n"
    "enum E { RED GREEN }\nscalar Any\ninput O @oneOf { a: Int b: String }\n"
    "input I { a: Int! b: String = \"d\" c: [E!] d: I e: Float! = 1 }\n";

static int setup(void **state)
{
    struct err e = {0};

    assert_int_equal(hash_start(), 0);
    if (schema_build_types(&schema, str_of(types), &e) < 0)
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

static const char *text_of(const struct value *v, char out[512])
{
    struct buf b;

    buf_init(&b, 0);
    print_value(&b, v);
    snprintf(out, 512, "%.*s", STR_FMT(buf_str(&b)));
    buf_release(&b);
    return out;
}

/* Coerces { v: `given` } for `query ($v: declaration)`; what comes out as text, or the message. */
static const char *coerced(const char *declaration, const char *given, char out[512])
{
    char text[512], json[512];
    struct document doc;
    struct validate_result result;
    const struct value **all;
    struct err e = {0};

    arena_clear(&arena);
    snprintf(text, sizeof text, "query ($v: %s) { f(any: {x: $v}) }", declaration);
    snprintf(json, sizeof json, given ? "{v: %s, nobody: [1]}" : "{}%s", given ? given : "");
    if (parse_document(&arena, str_of(text), &(struct parse_limits){0}, &doc, &e) < 0 ||
        validate_document(&arena, schema, &doc, &(struct validate_limits){0}, &result) < 0)
        fail_msg("%s: %s", text, e.code ? e.message : result.errors[0].message);
    if (variables_coerce(&arena, schema, doc.operations, literal(&arena, json), &all, &e) < 0) {
        assert_int_equal(e.code, ERR_VARIABLES);
        assert_int_equal(e.line, 1);
        assert_int_equal(e.column, 8);
        snprintf(out, 512, "%s", e.message);
        return out;
    }
    if (!all[doc.operations->variables->index])
        return "(none)";
    return text_of(all[doc.operations->variables->index], out);
}

static const struct {
    const char *declaration, *given, *want;
} cases[] = {
    {"Int", NULL, "(none)"},
    {"Int", "null", "null"},
    {"Int = 4", NULL, "4"},
    {"Int = 4", "null", "null"},
    {"Int! = 4", NULL, "4"},
    {"Int!", NULL, "Variable \"$v\" of required type \"Int!\" was not provided."},
    {"Int!", "null", "Variable \"$v\" of non-null type \"Int!\" must not be null."},
    {"Int", "2147483647", "2147483647"},
    {"Int", "-2147483648", "-2147483648"},
    {"Int", "2147483648",
     "Variable \"$v\" got invalid value 2147483648; Int cannot represent non 32-bit signed integer "
     "value: 2147483648"},
    {"Int", "123456789012",
     "Variable \"$v\" got invalid value (a number); Int cannot represent non 32-bit signed integer "
     "value: (a number)"},
    {"Int", "99999999999999999999",
     "Variable \"$v\" got invalid value (a number); Int cannot represent non 32-bit signed integer "
     "value: (a number)"},
    {"Int", "1.0", "1"},
    {"Int", "1.5",
     "Variable \"$v\" got invalid value 1.5; Int cannot represent non-integer value: 1.5"},
    {"Int", "1e400",
     "Variable \"$v\" got invalid value 1e400; Int cannot represent non-integer value: 1e400"},
    {"Int", "\"1\"",
     "Variable \"$v\" got invalid value (a string); Int cannot represent non-integer value: (a "
     "string)"},
    {"Int", "true",
     "Variable \"$v\" got invalid value true; Int cannot represent non-integer value: true"},
    {"Float", "1", "1"},
    {"Float", "2.5e0", "2.5e0"},
    {"Float", "1e400",
     "Variable \"$v\" got invalid value 1e400; Float cannot represent non numeric value: 1e400"},
    {"Float", "\"1\"",
     "Variable \"$v\" got invalid value (a string); Float cannot represent non numeric value: (a "
     "string)"},
    {"ID", "\"x\"", "\"x\""},
    {"ID", "7", "\"7\""},
    {"ID", "1.5", "Variable \"$v\" got invalid value 1.5; ID cannot represent value: 1.5"},
    {"ID", "true", "Variable \"$v\" got invalid value true; ID cannot represent value: true"},
    {"String", "\"x\"", "\"x\""},
    {"String", "1",
     "Variable \"$v\" got invalid value 1; String cannot represent a non string value: 1"},
    {"Boolean", "true", "true"},
    {"Boolean", "0",
     "Variable \"$v\" got invalid value 0; Boolean cannot represent a non boolean value: 0"},
    {"E", "\"RED\"", "RED"},
    {"E", "\"BLUE\"",
     "Variable \"$v\" got invalid value (a string); Value does not exist in \"E\" enum."},
    {"E", "1",
     "Variable \"$v\" got invalid value 1; Enum \"E\" cannot represent non-string value: 1."},
    {"E = GREEN", NULL, "GREEN"},
    {"[Int!]", "[1, 2]", "[1, 2]"},
    {"[Int!]", "3", "[3]"},
    {"[Int!]", "[]", "[]"},
    {"[Int!]", "[1, null]",
     "Variable \"$v\" got invalid value null at \"v[1]\"; Expected non-nullable type \"Int!\" not "
     "to be null."},
    {"[Int!]", "[1, [2]]",
     "Variable \"$v\" got invalid value (a list) at \"v[1]\"; Int cannot represent non-integer "
     "value: (a list)"},
    {"[[Int]]", "1", "[[1]]"},
    {"[[Int]]", "[1, [2, null]]", "[[1], [2, null]]"},
    {"[Int!] = 5", NULL, "[5]"},
    {"I", "{a: 1}", "{a: 1, b: \"d\", e: 1}"},
    {"I", "{a: 1, b: null, c: \"RED\", d: {a: 2, e: 3}}",
     "{a: 1, b: null, c: [RED], d: {a: 2, b: \"d\", e: 3}, e: 1}"},
    {"I = {a: 1, c: [RED]}", NULL, "{a: 1, b: \"d\", c: [RED], e: 1}"},
    {"I", "{}",
     "Variable \"$v\" got invalid value (an object); Field \"a\" of required type \"Int!\" was not "
     "provided."},
    {"I", "{a: 1, d: {a: 1, d: {a: \"secret\"}}}",
     "Variable \"$v\" got invalid value (a string) at \"v.d.d.a\"; Int cannot represent "
     "non-integer value: (a string)"},
    {"I", "{a: 1, zz: 2}",
     "Variable \"$v\" got invalid value (an object); Field \"zz\" is not defined by type \"I\"."},
    {"I", "{a: 1, e: null}",
     "Variable \"$v\" got invalid value null at \"v.e\"; Expected non-nullable type \"Float!\" not "
     "to be null."},
    {"I", "3", "Variable \"$v\" got invalid value 3; Expected type \"I\" to be an object."},
    {"O", "{a: 1}", "{a: 1}"},
    {"O", "{a: 1, b: \"x\"}",
     "Variable \"$v\" got invalid value (an object); Exactly one key must be specified for OneOf "
     "type \"O\"."},
    {"O", "{}",
     "Variable \"$v\" got invalid value (an object); Exactly one key must be specified for OneOf "
     "type \"O\"."},
    {"O", "{a: null}",
     "Variable \"$v\" got invalid value null at \"v.a\"; Field \"a\" must be non-null."},
    {"Any", "{x: [1, {y: \"z\"}]}", "{x: [1, {y: \"z\"}]}"},
    {"Any", "\"x\"", "\"x\""},
};

static void test_variables__coerce(void **state)
{
    char out[512];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *got;
        got = coerced(cases[i].declaration, cases[i].given, out);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("$v: %s, v: %s\ngot  %s\nwant %s", cases[i].declaration,
                     cases[i].given ? cases[i].given : "(none)", got, cases[i].want);
    }
}

/* All that is wrong with `json`, for `query (declarations)`: a line each. */
static int all_errors(const char *declarations, const char *uses, const char *json, char out[8192])
{
    char text[512];
    struct document doc;
    struct validate_result result;
    const struct value **all;
    struct err e = {0};
    size_t at = 0;

    arena_clear(&arena);
    snprintf(text, sizeof text, "query (%s) { f(any: {%s}) }", declarations, uses);
    if (parse_document(&arena, str_of(text), &(struct parse_limits){0}, &doc, &e) < 0 ||
        validate_document(&arena, schema, &doc, &(struct validate_limits){0}, &result) < 0)
        fail_msg("%s: %s", text, e.code ? e.message : result.errors[0].message);
    out[0] = '\0';
    if (variables_coerce_all(&arena, schema, doc.operations, literal(&arena, json), &all,
                             &result) == 0)
        return 0;
    for (uint32_t i = 0; i < result.n_errors; i++) {
        assert_int_equal(result.errors[i].code, ERR_VARIABLES);
        at += (size_t)snprintf(out + at, 8192 - at, "%s1:%d %s", i ? "\n" : "",
                               result.errors[i].column, result.errors[i].message);
    }
    return (int)result.n_errors;
}

static void test_variables__all_that_is_wrong(void **state)
{
    char out[8192], json[512] = "{v: [";
    size_t at = strlen(json);

    assert_int_equal(all_errors("$v: I!, $w: Int!, $x: [Int!]! = [1], $y: O",
                                "a: $v, b: $w, c: "
                                "$x, d: $y",
                                "{v: {b: 1, c: [RED, \"no\"], zz: 1, d: {}}, x: [1, \"secret\", "
                                "null], y: {a: null, b: 1}}",
                                out),
                     11);
    assert_string_equal(
        out,
        "1:8 Variable \"$v\" got invalid value (an object); Field \"a\" of required type \"Int!\" "
        "was not provided.\n"
        "1:8 Variable \"$v\" got invalid value 1 at \"v.b\"; String cannot represent a non string "
        "value: 1\n"
        "1:8 Variable \"$v\" got invalid value (a string) at \"v.c[1]\"; Value does not exist in "
        "\"E\" enum.\n"
        "1:8 Variable \"$v\" got invalid value (an object) at \"v.d\"; Field \"a\" of required "
        "type \"Int!\" was not provided.\n"
        "1:8 Variable \"$v\" got invalid value (an object); Field \"zz\" is not defined by type "
        "\"I\".\n"
        "1:16 Variable \"$w\" of required type \"Int!\" was not provided.\n"
        "1:26 Variable \"$x\" got invalid value (a string) at \"x[1]\"; Int cannot represent "
        "non-integer value: (a string)\n"
        "1:26 Variable \"$x\" got invalid value null at \"x[2]\"; Expected non-nullable type "
        "\"Int!\" not to be null.\n"
        "1:45 Variable \"$y\" got invalid value 1 at \"y.b\"; String cannot represent a non string "
        "value: 1\n"
        "1:45 Variable \"$y\" got invalid value (an object); Exactly one key must be specified for "
        "OneOf type \"O\".\n"
        "1:45 Variable \"$y\" got invalid value null at \"y.a\"; Field \"a\" must be non-null.");
    /* No more than 20 are told, and what comes behind them is not looked at. */
    for (int i = 0; i < 25; i++)
        at += (size_t)snprintf(json + at, sizeof json - at, "true, ");
    snprintf(json + at, sizeof json - at, "], w: true}");
    assert_int_equal(all_errors("$v: [Int], $w: Int", "a: $v, b: $w", json, out),
                     VALIDATE_ERRORS_MAX);
    assert_non_null(strstr(out, "v[19]"));
    assert_null(strstr(out, "v[20]"));
    assert_null(strstr(out, "$w"));
}

/* As a server may hand numbers over: without their digits. */
static void test_variables__numbers_without_text(void **state)
{
    static const struct {
        double real;
        const char *text;
    } wholes[] = {{0, "0"},
                  {-7, "-7"},
                  {1e3, "1000"},
                  {120, "120"},
                  {123456789012345680000.0, "123456789012345680000"},
                  {-1e20, "-100000000000000000000"},
                  {1e21, "1e+21"},
                  {1.5e300, "1.5e+300"}};
    struct value number = {.kind = VALUE_INT, .integer = -42, .real = -42, .name = STR("v")};
    const struct value given = {.kind = VALUE_OBJECT, .items = &number, .n_items = 1};
    const struct value **all;
    struct document doc;
    struct validate_result result;
    struct err e = {0};

    arena_clear(&arena);
    assert_int_equal(parse_document(&arena, STR("query ($v: ID!) { f(id: $v) }"),
                                    &(struct parse_limits){0}, &doc, &e),
                     0);
    assert_int_equal(validate_document(&arena, schema, &doc, &(struct validate_limits){0}, &result),
                     0);
    assert_int_equal(variables_coerce(&arena, schema, doc.operations, &given, &all, &e), 0);
    check_str(all[0]->text, "-42");
    number.kind = VALUE_FLOAT;
    for (size_t i = 0; i < ARRAY_LEN(wholes); i++) {
        number.real = wholes[i].real;
        assert_int_equal(variables_coerce(&arena, schema, doc.operations, &given, &all, &e), 0);
        check_str(all[0]->text, wholes[i].text);
    }
    number.real = 3;
    assert_int_equal(variables_coerce(&arena, schema, doc.operations, &given, &all, &e), 0);
    check_str(all[0]->text, "3");
    assert_int_equal(variables_coerce(&arena, schema, doc.operations, NULL, &all, &e),
                     ERR_VARIABLES);
}

/* ---- literals, with variables in them ---- */

static const struct {
    const char *argument, *literal, *given, *want;
} literals[] = {
    {"int", "3", "", "3"},
    {"float", "3", "", "3"},
    {"id", "3", "", "\"3\""},
    {"ints", "3", "", "[3]"},
    {"ints", "$v", "[1]", "[1]"},
    {"ints", "[$x, 2]", "[1]", "Expected non-nullable type \"Int!\" not to be null."},
    {"m", "[$v, [$x]]", "[1]", "[[1], [null]]"},
    {"m", "[[7, $x]]", "", "[[7, null]]"},
    {"int", "$x", "", "null"},
    {"int", "$w", "", "(none)"},
    {"i", "{a: 1, b: $w}", "", "{a: 1, b: \"d\", e: 1}"},
    {"i", "{a: 1, b: $x}", "", "{a: 1, b: null, e: 1}"},
    {"i", "{a: 1, e: $x}", "", "Expected non-nullable type \"Float!\" not to be null."},
    {"any", "{a: [$v, $w, $x], b: RED}", "[1]", "{a: [[1], null, null], b: RED}"},
    {"e", "GREEN", "", "GREEN"},
};

static void test_variables__literals(void **state)
{
    const struct type *query = schema->root[OPERATION_QUERY];

    for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
        const struct value *given = NULL, *out = NULL;
        static const struct value null = {.kind = VALUE_NULL};
        const struct value *variables[3]; /* v: as given, w: not given, x: null */
        const struct type_ref *type = NULL;
        struct value *text;
        char got[512] = "(none)";
        struct err e = {0};

        arena_clear(&arena);
        given = literals[i].given[0] ? literal(&arena, literals[i].given) : NULL;
        variables[0] = given;
        variables[1] = NULL;
        variables[2] = &null;
        for (uint32_t k = 0; k < query->fields[0].n_arguments; k++)
            if (str_is(query->fields[0].arguments[k].name, literals[i].argument))
                type = query->fields[0].arguments[k].type;
        assert_non_null(type);
        text = (struct value *)(uintptr_t)literal(&arena, literals[i].literal);
        assert_non_null(text);
        /* What validation does: v, w, x are 0, 1, 2. */
        struct value *stack[32] = {text};
        for (int top = 1; top > 0;) {
            struct value *v = stack[--top];
            if (v->kind == VALUE_VARIABLE)
                v->variable = (uint32_t)(v->text.ptr[0] - 'v');
            for (uint32_t k = 0; k < v->n_items; k++)
                stack[top++] = &v->items[k];
        }
        if (literal_coerce(&arena, schema, type, text, variables, &out, &e) < 0) {
            assert_true(e.line > 0);
            snprintf(got, sizeof got, "%s", e.message);
        } else if (out) {
            (void)text_of(out, got);
        }
        if (strcmp(got, literals[i].want) != 0)
            fail_msg("%s: %s\ngot  %s\nwant %s", literals[i].argument, literals[i].literal, got,
                     literals[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variables__coerce),
        cmocka_unit_test(test_variables__all_that_is_wrong),
        cmocka_unit_test(test_variables__numbers_without_text),
        cmocka_unit_test(test_variables__literals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
