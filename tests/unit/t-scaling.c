/* Tests of how work grows: twice the input takes about twice the time, whatever the input is made of.
 *
 * Documents of the kinds that have been used against other servers, through all that a request meets before
 * execution, with the limits that would refuse most of them lifted. Time is this thread's CPU, the minimum of several runs
 * of n and 2n in turn, so that another process does not count. Linear work gives 2; quadratic work gives 4. */
#include "tests/unit/test.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/document.h"
#include "query/plan.h"
#include "query/schema.h"
#include "query/variables.h"
#include "server/graphql_json.h"

enum {
    ROUNDS = 5,
    ATTEMPTS = 4,
    ENOUGH_US = 2000, /* less is not measured, it is noise: n grows until it takes that long */
    BYTES_MAX = 1 << 20
};

#define RATIO_MAX 3.0

static const char schema_text[] = "type Query { a(x: Int, s: String, l: [Int], o: In): Query b: "
                                  "[Query] name: String node: Node one: A two: B }\n"
                                  "interface Node { id: ID } type A implements Node { id: ID n: "
                                  "Node a: A } type B implements Node { id: ID n: Node }\n"
                                  "input In { i: Int o: In l: [In!] }\n";
static struct schema *schema;

static int setup(void **state)
{
    struct err e = {0};

    /* Memory stays in the process: page faults of what was given back would be most of the larger run's time. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most it may be */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 256 << 20);
    return hash_start() < 0 || schema_build_types(&schema, str_of(schema_text), &e) < 0;
}

static int teardown(void **state)
{
    schema_free(schema);
    return 0;
}

/* ---- kinds of input: each writes about n times its unit ---- */

static void repeat(struct buf *out, const char *before, const char *unit, size_t n,
                   const char *after)
{
    buf_add_z(out, before);
    for (size_t i = 0; i < n; i++)
        buf_add_z(out, unit);
    buf_add_z(out, after);
}

/* The same with units that are numbered. */
static void number(struct buf *out, const char *before, void (*unit)(struct buf *out, size_t i),
                   size_t n, const char *after)
{
    buf_add_z(out, before);
    for (size_t i = 0; i < n; i++)
        unit(out, i);
    buf_add_z(out, after);
}

static void typenames(struct buf *out, size_t n)
{
    repeat(out, "{ ", "__typename ", n, "}");
}

static void same_alias(struct buf *out, size_t n)
{
    repeat(out, "{ ", "x: a(x: 1) { name } ", n, "}");
}

static void alias_unit(struct buf *out, size_t i)
{
    buf_addf(out, "x%zu: a { name } ", i);
}

static void aliases(struct buf *out, size_t n)
{
    number(out, "{ ", alias_unit, n, "}");
}

static void inlines(struct buf *out, size_t n)
{
    repeat(out, "{ ", "... { ... on Query { name } } ", n, "}");
}

static void variant_unit(struct buf *out, size_t i)
{
    buf_addf(out, "... on %s { n { x%zu: id } } ", i % 2 ? "A" : "B", i);
}

static void inline_variants(struct buf *out, size_t n)
{
    number(out, "{ node { ", variant_unit, n, "} }");
}

static void conflict_unit(struct buf *out, size_t i)
{
    buf_addf(out, "a(x: %zu) { name } ", i);
}

static void conflicts(struct buf *out, size_t n)
{
    number(out, "{ ", conflict_unit, n, "}");
}

static void same_deep(struct buf *out, size_t n)
{
    repeat(out, "{ ", "a { a { a { name } } } ", n, "}");
}

static void directives(struct buf *out, size_t n)
{
    repeat(out, "{ name ", "@skip(if: true) ", n, "}");
}

static void unknown_directives(struct buf *out, size_t n)
{
    repeat(out, "{ name ", "@x ", n, "}");
}

static void unknown_unit(struct buf *out, size_t i)
{
    buf_addf(out, "nam%zu ", i);
}

static void unknown_fields(struct buf *out, size_t n)
{
    number(out, "{ ", unknown_unit, n, "}");
}

static void argument_unit(struct buf *out, size_t i)
{
    buf_addf(out, "x%zu: 1 ", i);
}

static void many_arguments(struct buf *out, size_t n)
{
    number(out, "{ a(", argument_unit, n, ") { name } }");
}

static void chain_unit(struct buf *out, size_t i)
{
    buf_addf(out, "fragment F%zu on Query { ...F%zu } ", i, i + 1);
}

static void fragment_chain(struct buf *out, size_t n)
{
    number(out, "{ ...F0 } ", chain_unit, n, "");
    buf_addf(out, "fragment F%zu on Query { name }", n);
}

static void doubling_unit(struct buf *out, size_t i)
{
    buf_addf(out, "fragment F%zu on Query { a { ...F%zu ...F%zu } } ", i, i + 1, i + 1);
}

static void fragment_doubling(struct buf *out, size_t n)
{
    number(out, "{ ...F0 } ", doubling_unit, n, "");
    buf_addf(out, "fragment F%zu on Query { name }", n);
}

static void cycle_unit(struct buf *out, size_t i)
{
    buf_addf(out, "fragment F%zu on Query { ...F%zu ...F0 } ", i, i + 1);
}

static void fragment_cycles(struct buf *out, size_t n)
{
    number(out, "{ ...F0 } ", cycle_unit, n, "");
    buf_addf(out, "fragment F%zu on Query { ...F0 }", n);
}

static void operation_unit(struct buf *out, size_t i)
{
    buf_addf(out, "query Q%zu { ...F } ", i);
}

static void operations(struct buf *out, size_t n)
{
    number(out, "fragment F on Query { name } ", operation_unit, n, "");
}

static void variable_unit(struct buf *out, size_t i)
{
    buf_addf(out, "$v%zu: Int ", i);
}

static void variables(struct buf *out, size_t n)
{
    number(out, "query (", variable_unit, n, ") { name }");
}

static void spread_undefined(struct buf *out, size_t n)
{
    repeat(out, "{ ", "...Nope ", n, "}");
}

static void long_list(struct buf *out, size_t n)
{
    repeat(out, "{ a(l: [", "1,", n, "]) { name } }");
}

static void block_string(struct buf *out, size_t n)
{
    repeat(out, "{ a(s: \"\"\"", "  x\n\n \\\"\"\" ", n, "\"\"\") { name } }");
}

static void escapes(struct buf *out, size_t n)
{
    repeat(out, "{ a(s: \"", "\\u0041\\n\\uD83D\\uDE00", n, "\") { name } }");
}

static void comments(struct buf *out, size_t n)
{
    repeat(out, "{ ", "# comment\n", n, "name }");
}

static void one_comment(struct buf *out, size_t n)
{
    repeat(out, "{ #", "\xd0\xb6", n, "\nname }");
}

static void marks(struct buf *out, size_t n)
{
    repeat(out, "{ ", "\xef\xbb\xbf", n, "name }");
}

static void digits(struct buf *out, size_t n)
{
    repeat(out, "{ a(x: 1", "7", n, ") { name } }");
}

static void one_name(struct buf *out, size_t n)
{
    repeat(out, "{ nam", "e", n, " }");
}

static void open_braces(struct buf *out, size_t n)
{
    repeat(out, "", "{a", n, "");
}

static void deep_list(struct buf *out, size_t n)
{
    repeat(out, "{ a(l: ", "[", n, "");
}

/* Bodies: JSON around a query that takes them. */
#define BODY                                                                                       \
    "{\"query\":\"query ($o: In $l: [Int] $s: String) { a(o: $o, l: $l, s: $s) { name } "          \
    "}\",\"variables\":{"

static void body_list(struct buf *out, size_t n)
{
    repeat(out, BODY "\"l\":[0", ",1", n, "]}}");
}

static void key_unit(struct buf *out, size_t i)
{
    buf_addf(out, "\"k%zu\":1,", i);
}

static void body_keys(struct buf *out, size_t n)
{
    number(out, BODY, key_unit, n, "\"l\":[]}}");
}

static void body_object_keys(struct buf *out, size_t n)
{
    number(out, BODY "\"o\":{", key_unit, n, "\"i\":1}}}");
}

static void body_objects(struct buf *out, size_t n)
{
    repeat(out, BODY "\"o\":{\"l\":[{}", ",{\"i\":1}", n, "]}}}");
}

static void body_text(struct buf *out, size_t n)
{
    repeat(out, BODY "\"s\":\"", "\\u0416\\n", n, "\"}}");
}

static void body_deep(struct buf *out, size_t n)
{
    repeat(out, BODY "\"l\":", "[", n, "");
}

static const struct kind {
    const char *name;
    void (*write)(struct buf *out, size_t n);
    bool body;
} kinds[] = {
    {"__typename again and again", typenames, false},
    {"one alias again and again", same_alias, false},
    {"as many aliases", aliases, false},
    {"inline fragments", inlines, false},
    {"inline fragments, all different", inline_variants, false},
    {"fields that conflict", conflicts, false},
    {"equal trees", same_deep, false},
    {"directives", directives, false},
    {"unknown directives", unknown_directives, false},
    {"unknown fields", unknown_fields, false},
    {"unknown arguments", many_arguments, false},
    {"a chain of fragments", fragment_chain, false},
    {"fragments that double", fragment_doubling, false},
    {"fragments in cycles", fragment_cycles, false},
    {"operations", operations, false},
    {"variables", variables, false},
    {"unknown fragments", spread_undefined, false},
    {"a list", long_list, false},
    {"a block string", block_string, false},
    {"escapes", escapes, false},
    {"comments", comments, false},
    {"one comment", one_comment, false},
    {"byte order marks", marks, false},
    {"digits", digits, false},
    {"a name", one_name, false},
    {"fields never closed", open_braces, false},
    {"lists never closed", deep_list, false},
    {"JSON: a list", body_list, true},
    {"JSON: variables", body_keys, true},
    {"JSON: entries", body_object_keys, true},
    {"JSON: objects", body_objects, true},
    {"JSON: escapes", body_text, true},
    {"JSON: depth", body_deep, true},
};

/* ---- what a request meets before execution ---- */

/* All limits lifted that would refuse these inputs before the work they are made for. */
static const struct document_limits lifted = {.validate = {.max_depth = 1000000,
                                                           .max_aliases = 1000000,
                                                           .max_directives = 1000000,
                                                           .max_root_fields = 1000000,
                                                           .max_list = 10000000,
                                                           .suggestions = true},
                                              .max_fields = 1000000};

static void handle(struct str text, bool body)
{
    const struct ast_operation *op;
    const struct value **values;
    const struct plan *plan;
    struct graphql_params params = {.query = text};
    struct compiled *c;
    struct arena arena;
    struct err e;

    arena_init(&arena, 0);
    if ((!body || graphql_params_parse(&arena, text, &params, &e) == 0) &&
        compiled_new(&c, schema, &lifted, params.query) == 0) {
        if (c->errors.n_errors == 0 && compiled_operation(c, (struct str){0}, &op, &e) == 0 &&
            variables_coerce(&arena, schema, op, params.variables, &values, &e) == 0)
            (void)!compiled_plan(c, op, values, &arena, &plan, &e);
        compiled_unref(c);
    }
    arena_release(&arena);
}

static double took_us(const struct buf *text, bool body)
{
    struct timespec a, b;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    handle(buf_str(text), body);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
}

/* time(2n) / time(n), each the minimum of some rounds in turn; `ret_us` gets time(n). */
static double ratio_of(const struct kind *k, size_t n, double *ret_us)
{
    struct buf one, two;
    double min_one = 1e12, min_two = 1e12;

    buf_init(&one, 0);
    buf_init(&two, 0);
    k->write(&one, n);
    k->write(&two, n * 2);
    for (int i = 0; i < ROUNDS; i++) {
        min_one = MIN(min_one, took_us(&one, k->body));
        min_two = MIN(min_two, took_us(&two, k->body));
    }
    buf_release(&one);
    buf_release(&two);
    *ret_us = min_one;
    return min_two / min_one;
}

/* The n whose input takes long enough to be measured, or has half the most bytes. */
static size_t size_for(const struct kind *k)
{
    size_t n = 64;

    for (;; n *= 2) {
        struct buf text;
        double us;
        size_t len;
        buf_init(&text, 0);
        k->write(&text, n);
        len = text.len;
        us = took_us(&text, k->body);
        for (int i = 0; i < 3; i++) /* the first meets cold memory */
            us = MIN(us, took_us(&text, k->body));
        buf_release(&text);
        if (us > ENOUGH_US || len > BYTES_MAX / 4)
            return n;
    }
}

static void test_scaling__twice_is_twice(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t n = size_for(&kinds[i]);
        double us = 0, ratio = 0;
        int attempt = 0;
        do /* a ratio that is really high is so each time */
            ratio = ratio_of(&kinds[i], n, &us);
        while (ratio > RATIO_MAX && ++attempt < ATTEMPTS);
        print_message("%-34s n %7zu  %8.0f us  ratio %.2f\n", kinds[i].name, n, us, ratio);
        if (ratio > RATIO_MAX && us > ENOUGH_US / 4.0)
            fail_msg("%s: 2n takes %.2f times as long as n = %zu (%.0f us)", kinds[i].name, ratio,
                     n, us);
    }
}

/* The measure itself: what is quadratic is seen. */
static void quadratic(struct buf *out, size_t n)
{
    buf_add_z(out, "{ name }");
    for (volatile size_t i = 0; i < n * n; i++)
        ;
}

static void test_scaling__quadratic_work_is_seen(void **state)
{
    struct timespec a, b, c;
    struct buf out;
    double one = 1e12, two = 1e12;

    buf_init(&out, 0);
    for (int i = 0; i < ROUNDS; i++) {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        quadratic(&out, 2000);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        quadratic(&out, 4000);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &c);
        one = MIN(one, (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec));
        two = MIN(two, (double)(c.tv_sec - b.tv_sec) * 1e9 + (double)(c.tv_nsec - b.tv_nsec));
    }
    buf_release(&out);
    assert_true(two > RATIO_MAX * one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scaling__quadratic_work_is_seen),
        cmocka_unit_test(test_scaling__twice_is_twice),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
