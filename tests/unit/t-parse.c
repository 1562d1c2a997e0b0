/* Tests of query/parse: every production of the grammar, beside the reference implementation's words; limits. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/parse.h"
#include "tests/unit/cases_parse.h"

static struct arena arena;
static struct document doc;
static struct err err;

/* `text` alone on the heap, so that a read behind its end is seen. */
static int parse(struct str text, const struct parse_limits *limits)
{
    static const struct parse_limits none;
    static char *copy;
    int rc;

    free(copy);
    copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    arena_clear(&arena);
    err = (struct err){0};
    rc = parse_document(&arena, (struct str){copy, text.len}, limits ? limits : &none, &doc, &err);
    if (rc < 0) { /* nothing points into it */
        free(copy);
        copy = NULL;
    }
    return rc;
}

static int setup(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static int teardown(void **state)
{
    arena_release(&arena);
    (void)parse(STR("{"), NULL); /* frees the copy */
    arena_release(&arena);
    return 0;
}

static void test_parse__agrees_with_the_reference(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases_parse); i++) {
        char got[ERR_MESSAGE_MAX + 32] = "";
        if (parse(str_of(cases_parse[i].text), NULL) < 0)
            snprintf(got, sizeof got, "%d:%d %s", err.line, err.column, err.message);
        if (strcmp(got, cases_parse[i].error) != 0)
            fail_msg("%s\ngot  %s\nwant %s", cases_parse[i].text, got, cases_parse[i].error);
    }
}

/* Cut at any byte, a document is an error or a document; under the sanitizers nothing else happens. */
static void test_parse__cut_anywhere(void **state)
{
    static const struct str text = STR(
        "query Q($a: [Int!]! = [1, -2.5e3] @d(x: {y: \"\\u{1F600}\\uD83D\\uDE00\"})) @e {\n"
        "  x: f(a: $a, b: \"\"\"\n  block \\\"\"\"\n\"\"\", c: E) @skip(if: true) { ...F ... on T "
        "{ g } } # \xC3\xA9\n"
        "}\nfragment F on T { a }\n\"d\" type T implements A & B @x { \"e\" f(g: Int = 3): [H!] }\n"
        "union U = | A | B extend enum E { V } directive @d(a: B) repeatable on FIELD | QUERY");

    for (size_t n = 0; n < text.len; n++) {
        int rc = parse((struct str){text.ptr, n}, NULL);
        assert_true(rc == 0 || rc == ERR_PARSE);
        assert_true(rc == 0 || err.line > 0);
    }
    assert_int_equal(parse(text, NULL), 0);
    assert_int_equal(doc.n_operations, 1);
    assert_int_equal(doc.n_fragments, 1);
}

static void test_parse__tree(void **state)
{
    const struct ast_operation *op;
    const struct ast_selection *s;
    const struct value *v;

    assert_int_equal(
        parse(STR("\"why\" query Q(\"what\" $a: [Int!]! = [1]) @d {\n"
                  "  x: f(a: $a, b: {c: 12345678901234567890, d: null}) ... on T { g }\n"
                  "  ...F\n}\nfragment F on T { h }"),
              NULL),
        0);
    op = doc.operations;
    check_str(op->name, "Q");
    check_str(op->description, "why");
    assert_int_equal(op->loc.column, 1);
    assert_int_equal(op->name_loc.column, 13);
    assert_int_equal(op->n_variables, 1);
    check_str(op->variables->name, "a");
    check_str(op->variables->description, "what");
    assert_true(op->variables->type->non_null && op->variables->type->inner->non_null);
    assert_int_equal(op->variables->default_value->n_items, 1);
    check_str(op->directives->name, "d");
    s = op->selections;
    check_str(s->alias, "x");
    check_str(s->name, "f");
    assert_int_equal(s->loc.column, 3);
    assert_int_equal(s->name_loc.column, 6);
    assert_int_equal(s->arguments->value->kind, VALUE_VARIABLE);
    v = s->arguments->next->value;
    assert_int_equal(v->n_items, 2);
    check_str(v->items[0].name, "c");
    assert_true(v->items[0].overflow);
    assert_true(v->items[0].next == &v->items[1]);
    assert_int_equal(v->items[1].kind, VALUE_NULL);
    s = s->next;
    assert_int_equal(s->kind, SELECTION_INLINE);
    check_str(s->name, "T");
    check_str(s->selections->name, "g");
    assert_int_equal(s->next->kind, SELECTION_SPREAD);
    check_str(doc.fragments->condition, "T");
}

static void test_parse__numbers(void **state)
{
    const struct ast_argument *a;

    assert_int_equal(
        parse(STR("{f(a: -9223372036854775808, b: 9223372036854775808, c: 1e2, d: -0)}"), NULL), 0);
    a = doc.operations->selections->arguments;
    assert_true(a->value->integer == INT64_MIN && !a->value->overflow);
    assert_true(a->next->value->overflow);
    assert_true(a->next->next->value->kind == VALUE_FLOAT && a->next->next->value->real == 100);
    assert_int_equal(a->next->next->next->value->integer, 0);
}

static void test_parse__token_limit(void **state)
{
    for (uint32_t limit = 1; limit < 10; limit++) {
        struct parse_limits limits = {.max_tokens = limit};
        int rc = parse(STR("{a b c}"), &limits); /* five */
        assert_int_equal(rc, limit < 5 ? ERR_LIMIT : 0);
        if (rc == 0)
            assert_int_equal(doc.n_tokens, 5);
    }
    assert_int_equal(parse(STR("{a\n b}"), &(struct parse_limits){.max_tokens = 2}), ERR_LIMIT);
    assert_string_equal(err.message, "The document has more than 2 tokens.");
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 2);
}

/* `open` n times, then `middle`, then `close` n times, with `head` and `tail` around. */
static struct str nested(const char *head, const char *open, uint32_t n, const char *middle,
                         const char *close, const char *tail)
{
    static char text[1 << 20];
    size_t at = (size_t)snprintf(text, sizeof text, "%s", head);

    for (uint32_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", open);
    at += (size_t)snprintf(text + at, sizeof text - at, "%s", middle);
    for (uint32_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", close);
    at += (size_t)snprintf(text + at, sizeof text - at, "%s", tail);
    assert_true(at < sizeof text);
    return (struct str){text, at};
}

static void test_parse__depth_limit(void **state)
{
    struct parse_limits limits = {.max_depth = 10};

    for (uint32_t n = 8; n <= 10; n++) {
        assert_int_equal(parse(nested("", "{a", n + 1, "", "}", ""), &limits),
                         n < 10 ? 0 : ERR_LIMIT);
        assert_int_equal(parse(nested("query($a:", "[", n, "A", "]", "){a}"), &limits),
                         n < 10 ? 0 : ERR_LIMIT);
        /* inside a selection set, and the innermost value counts too */
        assert_int_equal(parse(nested("{a(b:", "[", n, "", "]", ")}"), &limits),
                         n < 10 ? 0 : ERR_LIMIT);
        assert_int_equal(parse(nested("{a(b:", "{c:", n - 1, "1", "}", ")}"), &limits),
                         n < 10 ? 0 : ERR_LIMIT);
    }
    assert_string_equal(err.message, "The document is nested deeper than 10 levels.");
}

static void test_parse__200_kb_of_braces(void **state)
{
    static const char *const open[] = {"{", "{a", "{...", "{a(b:[", "{a(b:{c:", "query($a:[["};

    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        int rc = parse(nested("", open[i], 200000 / (uint32_t)strlen(open[i]), "", "", ""), NULL);
        assert_true(rc == ERR_LIMIT || rc == ERR_PARSE);
    }
    assert_int_equal(parse(nested("{a(b:", "[", 200000, "", "", ""), NULL), ERR_LIMIT);
    assert_int_equal(parse(nested("{a", "{a", 200000, "", "", ""), NULL), ERR_LIMIT);
}

static void test_parse__schema_files(void **state)
{
    assert_int_equal(
        parse_schema(&arena, STR("type A { b: C } extend type A { d: E }"), &doc, &err), 0);
    assert_false(doc.types->extends);
    assert_true(doc.types->next->extends);
    assert_int_equal(parse_schema(&arena, STR("type A { b: C }\n{ a }"), &doc, &err), ERR_PARSE);
    assert_int_equal(err.line, 2);
    assert_int_equal(
        parse_schema(&arena, STR("schema { query: A } schema { query: B }"), &doc, &err), 0);
    assert_true(doc.schema.repeated);
}

static void test_parse__memory(void **state)
{
    static const struct str text =
        STR("query Q($a: [Int] = [1]) { a(b: {c: [$a]}) @d(e: \"\\n\") { f ...G } }");
    struct arena small;

    for (size_t limit = 64; limit < 3000; limit += 64) {
        arena_init(&small, limit);
        err = (struct err){0};
        assert_true(parse_document(&small, text, &(struct parse_limits){0}, &doc, &err) ==
                        ERR_MEMORY ||
                    !small.failed);
        arena_release(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__agrees_with_the_reference),
        cmocka_unit_test(test_parse__cut_anywhere),
        cmocka_unit_test(test_parse__tree),
        cmocka_unit_test(test_parse__numbers),
        cmocka_unit_test(test_parse__token_limit),
        cmocka_unit_test(test_parse__depth_limit),
        cmocka_unit_test(test_parse__200_kb_of_braces),
        cmocka_unit_test(test_parse__schema_files),
        cmocka_unit_test(test_parse__memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
