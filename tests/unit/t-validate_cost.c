/* Tests of query/validate with documents that are made to be expensive: each is parsed and judged, or refused, in work
 * that grows with its length and not faster. Growth is measured, not time: the best of several runs of a document
 * and of one four times as long; linear work takes four times as long, quadratic sixteen times. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/parse.h"
#include "query/schema.h"
#include "query/validate.h"
#include "tests/unit/cases_validate.h"

enum {
    RUNS = 5,
    TRIES = 3,
    LONGER = 4,
    GROWTH_MAX = 10,        /* between linear and quadratic, with room for a busy machine */
    TOKENS = 2000,          /* that a document may have unless the operator says otherwise */
    TOO_SHORT_NS = 10000000 /* what takes less than that is fast enough, and too short to compare */
};

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

static int check(struct str text)
{
    static const struct validate_limits none = {.suggestions = true};
    struct err e = {0};
    int rc;

    arena_clear(&arena);
    result = (struct validate_result){0};
    rc = parse_document(&arena, text, &(struct parse_limits){0}, &doc, &e);
    return rc < 0 ? rc : validate_document(&arena, schema, &doc, &none, &result);
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Writes a document of size `n`. */
typedef void maker(struct buf *text, unsigned n);

static int64_t best_of(struct str text, int *ret_rc)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < RUNS; i++) {
        int64_t began = now_ns();
        *ret_rc = check(text);
        best = MIN(best, now_ns() - began);
    }
    return best;
}

/* `want`: what the longer one is, or 1: whatever, but no failure of ours. */
static void check_growth(const char *what, maker *make, unsigned n, int want)
{
    struct buf shorter, longer;
    int64_t a, b;
    int rc, tries = 0;

    buf_init(&shorter, 0);
    buf_init(&longer, 0);
    make(&shorter, n);
    make(&longer, n * LONGER);
    do { /* a neighbour of this machine slows down one of both for moments; growth that is there is there each time */
        a = best_of(buf_str(&shorter), &rc);
        b = best_of(buf_str(&longer), &rc);
    } while (b > TOO_SHORT_NS && b > a * GROWTH_MAX && ++tries < TRIES);
    if (want == 1 ? rc == ERR_MEMORY || rc == ERR_INTERNAL : rc != want)
        fail_msg("%s: %d %s", what, rc, result.n_errors ? result.errors[0].message : "");
    if (b > TOO_SHORT_NS && b > a * GROWTH_MAX)
        fail_msg("%s: %u took %lld us, %u took %lld us", what, n, (long long)a / 1000, n * LONGER,
                 (long long)b / 1000);
    buf_release(&shorter);
    buf_release(&longer);
}

static void repeat(struct buf *text, const char *head, const char *unit, unsigned n,
                   const char *tail)
{
    buf_add_z(text, head);
    for (unsigned i = 0; i < n; i++)
        buf_add_z(text, unit);
    buf_add_z(text, tail);
}

/* ---- fragments ---- */

/* 2^n fields, if anybody expanded them. */
static void doubling(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { a%u: mother { ...F%u } b%u: mother { ...F%u } }", i,
                 i, i + 1, i, i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

/* Every fragment meets every other. */
static void doubling_twice(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { ...F%u ...F%u mother { ...F%u ...F%u } }", i, i + 1,
                 i + 1, i + 1, i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

static void chain(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { name ...F%u }", i, i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

static void ring(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { mother { ...F%u } }", i, (i + 1) % n);
}

/* A complete graph of about n spreads, cycles and all. */
static void everybody_spreads_everybody(struct buf *text, unsigned n)
{
    unsigned side = 5;

    while (side * side * 4 < n)
        side++;
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < side * 2; i++) {
        buf_addf(text, " fragment F%u on Dog {", i);
        for (unsigned k = 0; k < side * 2; k++)
            buf_addf(text, " ...F%u", k);
        buf_add_z(text, " }");
    }
}

/* Operations that all reach all fragments. */
static void operations_and_fragments(struct buf *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "query Q%u($a: Int) { dog { ...F0 } } ", i);
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "fragment F%u on Dog { isAtLocation(x: $a) ...F%u } ", i, (i + 1) % n);
}

static void subscriptions(struct buf *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "subscription Q%u { ...F0 } ", i);
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "fragment F%u on SubscriptionRoot { ...F%u newMessage { body } } ", i,
                 i + 1);
}

static void introspection(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ ");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "a%u: __type(name: \"x\") { ...F%u } ", i, i);
    buf_add_z(text, "} ");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "fragment F%u on __Type { name ofType { ...F%u } } ", i, i + 1);
    buf_addf(text, "fragment F%u on __Type { name }", n);
}

static void test_validate_cost__fragments(void **state)
{
    check_growth("doubling", doubling, 60, 0);
    check_growth("doubling twice", doubling_twice, 60, 1);
    check_growth("a chain", chain, 30, 0);
    check_growth("a long chain", chain, 6000, ERR_LIMIT);
    check_growth("a ring", ring, 100, ERR_VALIDATION);
    check_growth("a long ring", ring, 6000, ERR_LIMIT);
    check_growth("a complete graph", everybody_spreads_everybody, 10000, 1);
    check_growth("operations and fragments", operations_and_fragments, 1000, 1);
    check_growth("subscriptions", subscriptions, 500, 1);
    check_growth("introspection", introspection, 200, 1);
}

/* ---- repetitions: each of these was once minutes of somebody's server ---- */

#define REPEATED(name, head, unit, tail)                                                           \
    static void name(struct buf *text, unsigned n)                                                 \
    {                                                                                              \
        repeat(text, head, unit, n, tail);                                                         \
    }

REPEATED(fields, "{ dog { ", "name ", "} }")
REPEATED(meta_fields, "{ dog { ", "__typename ", "} }")
REPEATED(aliased, "{ dog { ", "x: name ", "} }")
REPEATED(subfields, "{ dog { ", "mother { name mother { barks } } ", "} }")
REPEATED(inline_fragments, "{ dog { ", "... on Dog { name } ", "} }")
REPEATED(nested_fragments, "{ dog { ", "...{ ...{ name mother { name } } } ", "} }")
REPEATED(with_arguments, "{ dog { ", "isAtLocation(x: 1, y: 2) ", "} }")
REPEATED(with_directives, "{ dog { ", "name @rep ", "} }")
REPEATED(directives, "{ dog { name ", "@rep ", "} }")
REPEATED(same_directive, "{ dog { name ", "@onField ", "} }")
REPEATED(unknown_fields, "{ dog { ", "nope ", "} }")
REPEATED(conflicts, "{ dog { ", "name: nickname name ", "} }")
REPEATED(same_argument, "{ dog { isAtLocation(", "x: 1 ", ") } }")
REPEATED(many_arguments, "{ dog { isAtLocation(x: 1) isAtLocation(", "a: 1 ", "z: 1) } }")
REPEATED(same_variable, "query (", "$x: Int ", ") { dog { isAtLocation(x: $x) } }")
REPEATED(same_operation, "", "query Q { dog { name } } ", "")
REPEATED(anonymous, "", "{ dog { name } } ", "")
REPEATED(same_fragment, "{ dog { ...F } } ", "fragment F on Dog { name } ", "")
REPEATED(unknown_spreads, "{ dog { ", "...Nope ", "} }")
REPEATED(list_items, "{ human { friends(near: [", "1 ", "]) { name } } }")
REPEATED(wrong_items, "{ human { friends(near: [", "\"x\" ", "]) { name } } }")
REPEATED(same_entry, "{ complicatedArgs { complexArgField(complexArg: {requiredField: true ",
         "intField: 1 ", "}) } }")
REPEATED(unknown_entries, "{ complicatedArgs { anyArgField(any: {", "a: {b: 1} ", "}) } }")
REPEATED(definitions, "{ dog { name } } ", "type T { a: Int } ", "")

static void test_validate_cost__repetitions(void **state)
{
    check_growth("fields", fields, 10000, 0);
    check_growth("meta fields", meta_fields, 10000, 0);
    check_growth("aliases", aliased, 10000, 0);
    check_growth("subfields", subfields, 5000, 0);
    check_growth("inline fragments", inline_fragments, 5000, 0);
    check_growth("nested fragments", nested_fragments, 2500, 0);
    check_growth("arguments", with_arguments, 5000, 0);
    check_growth("fields with directives", with_directives, 5000, 0);
    check_growth("directives", directives, 10000, 0);
    check_growth("the same directive", same_directive, 10000, ERR_VALIDATION);
    check_growth("unknown fields", unknown_fields, 10000, ERR_VALIDATION);
    check_growth("conflicts", conflicts, 2500, ERR_VALIDATION);
    check_growth("an argument", same_argument, 10000, ERR_VALIDATION);
    check_growth("arguments of fields that differ", many_arguments, 10000, ERR_VALIDATION);
    check_growth("a variable", same_variable, 10000, ERR_VALIDATION);
    check_growth("an operation", same_operation, 5000, ERR_VALIDATION);
    check_growth("anonymous operations", anonymous, 5000, ERR_VALIDATION);
    check_growth("a fragment", same_fragment, 5000, ERR_VALIDATION);
    check_growth("unknown spreads", unknown_spreads, 10000, ERR_VALIDATION);
    check_growth("items of a list", list_items, 10000, 0);
    check_growth("wrong items of a list", wrong_items, 10000, ERR_VALIDATION);
    check_growth("an entry", same_entry, 10000, ERR_VALIDATION);
    check_growth("unknown entries", unknown_entries, 10000, ERR_VALIDATION);
    check_growth("type definitions", definitions, 5000, ERR_VALIDATION);
}

/* ---- fields that are compared ---- */

/* One name, n different selections. */
static void different(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, "mother { a%u: name } ", i);
    buf_add_z(text, "} }");
}

static void deep_pairs(struct buf *text, unsigned n)
{
    repeat(text, "{ dog { ", "mother { name mother { barks } ", n, "");
    repeat(text, "", "} ", n, "} }");
}

static void at_odds_at_last(struct buf *text, unsigned n)
{
    different(text, n);
    text->len -= 3;
    buf_add_z(text, "x: name x: barks } }");
}

static void test_validate_cost__overlap(void **state)
{
    struct buf text;

    check_growth("different selections", different, 1000, 0);
    check_growth("a conflict behind many pairs", at_odds_at_last, 1000, ERR_LIMIT);
    assert_non_null(strstr(result.errors[0].message, "10000 comparisons"));
    check_growth("deep pairs", deep_pairs, 16, 1);
    /* The conflict is behind more pairs than may be compared: still no document. */
    buf_init(&text, 0);
    repeat(&text, "{ dog { ", "mother { name } ", 1000, "x: name x: barks } }");
    assert_true(check(buf_str(&text)) < 0);
    assert_int_equal(result.n_errors, 1);
    buf_release(&text);
}

/* ---- valid documents, as large as they may come ---- */

static void chain_of_fields(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { a%u: name ...F%u }", i, i, i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

static void chain_of_sets(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { mother { a%u: name } ...F%u }", i, i, i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

/* Down and along at once. */
static void grid(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { a%u: name mother { ...F%u } ...F%u }", i, i, i + 1,
                 i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

static void ladder(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text,
                 " fragment F%u on Dog { x: mother { a%u: name ...F%u } y: mother { b%u: "
                 "barks ...F%u } }",
                 i, i, i + 1, i, i + 1);
    buf_addf(text, " fragment F%u on Dog { name }", n);
}

static void tree(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F1 } }");
    for (unsigned i = 1; i <= n; i++) {
        buf_addf(text, " fragment F%u on Dog { mother { a%u: name }", i, i);
        if (2 * i <= n)
            buf_addf(text, " ...F%u", 2 * i);
        if (2 * i < n)
            buf_addf(text, " ...F%u", 2 * i + 1);
        buf_add_z(text, " }");
    }
}

static void many_beside_each_other(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog {");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " ...F%u", i);
    buf_add_z(text, " } }");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text, " fragment F%u on Dog { mother { a%u: name mother { name } } }", i, i);
}

static void types_apart(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ pet {");
    for (unsigned i = 0; i < n; i++)
        buf_addf(text,
                 " ... on Dog { x: nickname a%u: barks } ... on Cat { x: name(surname: true) "
                 "a%u: meows }",
                 i, i);
    buf_add_z(text, " } }");
}

/* Each way down, of 2^n, has a merged set of its own: which of the G are in it tells where y was taken. */
static void subsets(struct buf *text, unsigned n)
{
    buf_add_z(text, "{ dog { ...F0 } }");
    for (unsigned i = 0; i < n; i++) {
        buf_addf(text, " fragment F%u on Dog { x: mother { ...F%u } y: mother { ...F%u ...G0 } }",
                 i, i + 1, i + 1);
        buf_addf(text, " fragment G%u on Dog { x: mother { ...G%u } y: mother { ...G%u } }", i,
                 i + 1, i + 1);
    }
    buf_addf(text, " fragment F%u on Dog { name } fragment G%u on Dog { barks }", n, n);
}

static const struct {
    const char *what;
    maker *make;
    unsigned most; /* 0: as many as the tokens allow */
} largest[] = {
    {"a chain of fields", chain_of_fields, 0},
    {"a chain of sets", chain_of_sets, 0},
    {"a chain of spreads", chain, 0},
    {"a grid", grid, 0},
    {"a ladder", ladder, 0},
    {"a tree", tree, 0},
    {"many beside each other", many_beside_each_other, 0},
    {"types apart", types_apart, 0},
    {"different selections", different, 0},
    {"doubling", doubling, 0},
    {"deep pairs", deep_pairs, 12},
    {"subsets", subsets, 11},
};

static bool fits(struct str text)
{
    struct err e = {0};

    arena_clear(&arena);
    return parse_document(&arena, text, &(struct parse_limits){.max_tokens = TOKENS}, &doc, &e) ==
           0;
}

static void test_validate_cost__the_largest_are_accepted(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(largest); i++) {
        struct buf text;
        unsigned n = 1;
        int rc;
        buf_init(&text, 0);
        for (;; n++) {
            buf_clear(&text);
            largest[i].make(&text, n + 1);
            if (!fits(buf_str(&text)) || n == largest[i].most)
                break;
        }
        buf_clear(&text);
        largest[i].make(&text, n);
        rc = check(buf_str(&text));
        if (rc != 0 || n < 10)
            fail_msg("%s: %u, %d %s", largest[i].what, n, rc,
                     result.n_errors ? result.errors[0].message : "");
        buf_release(&text);
    }
}

static void test_validate_cost__merged_sets(void **state)
{
    check_growth("a chain of fields", chain_of_fields, 200, 0);
    check_growth("a chain of sets", chain_of_sets, 200, 0);
    check_growth("a ladder", ladder, 100, 0);
    check_growth("a tree", tree, 2500, 0);
    check_growth("many beside each other", many_beside_each_other, 2500, 0);
    check_growth("types apart", types_apart, 2500, 0);
    check_growth("many subsets", subsets, 20, 1);
}

/* ---- a megabyte of anything ---- */

static void test_validate_cost__a_megabyte(void **state)
{
    static const char *const units[] = {
        "{",        "}",       "(",        "[",
        "a ",       "a:",      "$",        "@a ",
        "...",      "...a ",   "\"",       "\"\"\"",
        "#",        "\\",      "1",        "-",
        "1.",       "\n",      "\r",       ",",
        "{a",       "{a(b:[",  "{a(b:{c:", "query(",
        "query ",   "{...{",   "on ",      "\xEF\xBB\xBF",
        "\xC3\xA9", "\xFF",    "{__type{", "fragment a on ",
        "[[[",      "\"\\u{",  "\"\\",     "type ",
        "\"\" ",    "@a(b:[{", "{a}",      "query($a:[",
    };

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct buf text;
        int rc;
        buf_init(&text, 0);
        while (text.len < 1 << 20)
            buf_add_z(&text, units[i]);
        rc = check(buf_str(&text));
        if (rc != ERR_PARSE && rc != ERR_LIMIT && rc != ERR_VALIDATION)
            fail_msg("%s: %d", units[i], rc);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validate_cost__fragments),
        cmocka_unit_test(test_validate_cost__repetitions),
        cmocka_unit_test(test_validate_cost__overlap),
        cmocka_unit_test(test_validate_cost__the_largest_are_accepted),
        cmocka_unit_test(test_validate_cost__merged_sets),
        cmocka_unit_test(test_validate_cost__a_megabyte),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
