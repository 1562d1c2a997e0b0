/* Tests of query/ahead: what is written ahead is what would be written, and its bytes are bounded. */
#include "tests/unit/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/ahead.h"
#include "query/answer_meta.h"
#include "query/document.h"
#include "query/execute.h"
#include "query/introspect.h"
#include "query/parse.h"
#include "query/plan.h"
#include "query/validate.h"
#include "query/variables.h"

enum {
    PLANS = 8
};

static const char schema_text[] = "type Query { pet: Pet }\n"
                                  "\"A pet, with words enough that its description is long.\"\n"
                                  "type Pet { id: ID! name: String }\n";
static struct schema *schema;

static int setup(void **state)
{
    struct err e = {0};

    assert_int_equal(hash_start(), 0);
    if (schema_build_types(&schema, str_of(schema_text), &e) < 0)
        fail_msg("%d:%d %s", e.line, e.column, e.message);
    return 0;
}

static int teardown(void **state)
{
    schema_free(schema);
    return 0;
}

static struct plan *plan_of(struct arena *arena, const char *text, const struct value *given,
                            const struct value ***variables)
{
    struct document *doc = arena_zalloc(arena, sizeof *doc);
    struct plan_conditions conditions;
    struct validate_result result;
    struct plan *plan;
    struct err e;

    assert_int_equal(parse_document(arena, str_of(text), &(struct parse_limits){0}, doc, &e), 0);
    if (validate_document(arena, schema, doc, &(struct validate_limits){0}, &result) < 0)
        fail_msg("%s: %s", text, result.errors[0].message);
    assert_int_equal(variables_coerce(arena, schema, doc->operations, given, variables, &e), 0);
    assert_int_equal(plan_conditions(schema, doc, doc->operations, &conditions, &e), 0);
    assert_int_equal(plan_make(arena, schema, doc, doc->operations, &conditions, 0, 100, &plan, &e),
                     0);
    plan->ahead = ahead_new(arena, plan);
    assert_non_null(plan->ahead);
    return plan;
}

static struct str ahead_of(const struct plan *plan, unsigned field)
{
    return ahead_value(plan, &plan->root->fields[field]);
}

static void test_ahead__is_what_would_be_written(void **state)
{
    struct ahead_shelf shelf;
    const struct value **variables;
    struct arena arena;
    struct plan *plan;
    struct buf out;
    struct err e;

    arena_init(&arena, 0);
    ahead_init(&shelf, 1 << 20);
    plan = plan_of(&arena,
                   "{ __typename a: __schema { types { name fields { name } } } b: __type(name: "
                   "\"Pet\") { kind } c: __type(name: \"None\") { kind } }",
                   NULL, &variables);
    ahead_use(&shelf, plan, variables);
    assert_null(ahead_of(plan, 0).ptr);
    for (uint32_t i = 1; i < plan->root->n_fields; i++) {
        const struct plan_field *f = &plan->root->fields[i];
        buf_init(&out, 0);
        assert_int_equal(introspect_write(schema, plan->document, f->selections, f->n_selections,
                                          variables, &out, &e),
                         0);
        check_str(ahead_value(plan, f), out.len ? (buf_add_char(&out, '\0'), out.ptr) : "");
        buf_release(&out);
    }
    ahead_drop(plan->ahead);
    assert_null(ahead_of(plan, 1).ptr);
    assert_int_equal(shelf.bytes, 0);
    ahead_drop(plan->ahead); /* idempotent */
    arena_release(&arena);
}

/* What lies ahead may go while an answer is copied from it: the rest is written, from any byte on. */
static void test_ahead__goes_in_the_middle(void **state)
{
    struct ahead_shelf shelf;
    const struct value **variables;
    struct arena arena;
    struct plan *plan;
    struct str whole;

    arena_init(&arena, 0);
    ahead_init(&shelf, 1 << 20);
    plan =
        plan_of(&arena, "{ __schema { types { name kind fields { name } } } }", NULL, &variables);
    ahead_use(&shelf, plan, variables);
    whole = ahead_of(plan, 0);
    assert_true(whole.len > 300);
    whole = arena_str(&arena, whole);
    for (size_t from = 1; from < whole.len; from += 7) {
        const struct execution x = {.plan = plan, .variables = variables};
        struct answer_meta m;
        struct buf out;

        buf_init(&out, 0);
        buf_add_char(&out, ':');
        ahead_use(&shelf, plan, variables);
        answer_meta_open(&m, &plan->root->fields[0]);
        assert_int_equal(answer_meta_next(&m, &x, &out, from + 1), 1);
        assert_int_equal(out.len, from + 1);
        ahead_drop(plan->ahead);
        while (answer_meta_is_open(&m))
            assert_true(answer_meta_next(&m, &x, &out, out.len + 50) >= 0);
        buf_add_char(&out, '\0');
        check_str(whole, out.ptr + 1);
        buf_release(&out);
    }
    ahead_release(&shelf);
    arena_release(&arena);
}

static void test_ahead__not_what_varies(void **state)
{
    struct ahead_shelf shelf;
    const struct value **variables;
    struct arena arena;
    struct plan *plan;
    struct value given = {.kind = VALUE_OBJECT};

    arena_init(&arena, 0);
    ahead_init(&shelf, 1 << 20);
    plan = plan_of(&arena,
                   "query ($all: Boolean = true) { a: __schema { types { fields(includeDeprecated: "
                   "$all) { name } } } b: __schema { queryType { name } } }",
                   &given, &variables);
    ahead_use(&shelf, plan, variables);
    assert_null(ahead_of(plan, 0).ptr);
    check_str(ahead_of(plan, 1), "{\"queryType\":{\"name\":\"Query\"}}");
    ahead_drop(plan->ahead);
    plan = plan_of(&arena, "query ($n: String = \"Pet\") { __type(name: $n) { name } }", &given,
                   &variables);
    ahead_use(&shelf, plan, variables);
    assert_null(ahead_of(plan, 0).ptr);
    assert_int_equal(shelf.bytes, 0);
    plan = plan_of(&arena, "{ __typename }", NULL, &variables);
    ahead_use(&shelf, plan, variables);
    assert_null(ahead_of(plan, 0).ptr);
    arena_release(&arena);
}

static void test_ahead__is_bounded(void **state)
{
    static const char text[] = "{ __schema { types { name fields { name } } } }";
    struct ahead_shelf shelf;
    const struct value **variables;
    struct arena arena;
    struct plan *plans[PLANS];
    size_t one;

    arena_init(&arena, 0);
    ahead_init(&shelf, 1 << 20);
    plans[0] = plan_of(&arena, text, NULL, &variables);
    ahead_use(&shelf, plans[0], variables);
    one = shelf.bytes;
    assert_true(one > 500);
    ahead_drop(plans[0]->ahead);

    ahead_init(&shelf, one * 4);
    for (unsigned i = 0; i < PLANS; i++) {
        plans[i] = plan_of(&arena, text, NULL, &variables);
        ahead_use(&shelf, plans[i], variables);
        assert_true(shelf.bytes <= shelf.max);
        if (i == 4)
            ahead_use(&shelf, plans[1], variables); /* not among the longest unused any more */
    }
    assert_null(ahead_of(plans[0], 0).ptr);
    assert_non_null(ahead_of(plans[7], 0).ptr);
    assert_null(ahead_of(plans[2], 0).ptr);
    assert_non_null(ahead_of(plans[5], 0).ptr);
    ahead_use(&shelf, plans[0], variables); /* it gets its own again */
    assert_non_null(ahead_of(plans[0], 0).ptr);
    assert_int_equal(shelf.bytes, one * 4);
    ahead_release(&shelf);
    assert_int_equal(shelf.bytes, 0);
    assert_null(ahead_of(plans[0], 0).ptr);

    ahead_init(&shelf, one); /* it would take more than a quarter of that */
    ahead_use(&shelf, plans[0], variables);
    assert_null(ahead_of(plans[0], 0).ptr);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ahead__is_what_would_be_written),
        cmocka_unit_test(test_ahead__goes_in_the_middle),
        cmocka_unit_test(test_ahead__not_what_varies),
        cmocka_unit_test(test_ahead__is_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
