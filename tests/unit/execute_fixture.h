/* tests/unit/execute_fixture.h: documents in, JSON out, over rows in memory. For tests of what runs a document. */
#ifndef TESTS_UNIT_EXECUTE_FIXTURE_H
#define TESTS_UNIT_EXECUTE_FIXTURE_H

#include "tests/unit/fake_rows.h"

#include "base/seal.h"
#include "base/viewer.h"
#include "query/answer.h"
#include "query/cursor.h"
#include "query/document.h"
#include "query/execute.h"
#include "query/schema.h"
#include "query/variables.h"

/* ---- running a document ---- */

static struct schema *schema;
static struct documents *documents;
static struct arena arena;
static const struct seals seals = {.ids.key = "the key of ids",
                                   .cursors.key = "the key of cursors"};
static int done_rc;
static unsigned n_done;
static uint32_t max_cost = 1000, max_page = 100, language;
static const struct viewer *viewer; /* NULL: no rights are asked */

static void on_done(struct execution *x, int rc)
{
    done_rc = rc;
    n_done++;
}

struct run {
    struct compiled *document;
    struct execution x;
    struct err err;
    int rc;
};

static inline struct value *boolean(struct value *v, const char *name, bool value)
{
    *v = (struct value){.kind = VALUE_BOOLEAN, .boolean = value, .name = str_of(name)};
    return v;
}

static void run_start(struct run *r, const char *text, const struct value *given)
{
    const struct ast_operation *operation;
    const struct value **variables;

    memset(r, 0, sizeof *r);
    assert_int_equal(documents_get(documents, str_of(text), &r->document), 0);
    if (r->document->errors.n_errors)
        fail_msg("%s: %s", text, r->document->errors.errors[0].message);
    assert_int_equal(compiled_operation(r->document, (struct str){0}, &operation, &r->err), 0);
    r->rc = variables_coerce(&arena, schema, operation, given, &variables, &r->err);
    if (r->rc == 0)
        r->rc = compiled_plan(r->document, operation, variables, &arena, &r->x.plan, &r->err);
    r->x.variables = variables;
    r->x.source = &source;
    r->x.viewer = viewer;
    r->x.arena = &arena;
    r->x.limits = (struct cost_limits){.max_cost = max_cost, .max_page = max_page};
    r->x.seals = &seals;
    r->x.language = language;
    r->x.done = on_done;
    if (r->rc == 0)
        r->rc = execution_start(&r->x, &r->err);
}

static void write_out(struct execution *x, struct buf *out, size_t piece)
{
    struct answer a;
    struct buf part;
    int rc;

    assert_int_equal(answer_open(&a, x, STR("rid")), 0);
    buf_init(&part, 0);
    do {
        buf_clear(&part);
        rc = answer_next(&a, &part, piece);
        assert_true(rc >= 0);
        buf_add_str(out, buf_str(&part));
    } while (rc == 1);
    buf_release(&part);
    answer_release(&a);
}

static void check_run(const char *text, const struct value *given, const char *want, size_t piece,
                      bool last_first)
{
    struct run r;
    struct buf out;

    buf_init(&out, 0);
    n_done = 0;
    run_start(&r, text, given);
    if (r.rc == 0) {
        assert_int_equal(n_done, 0);
        pump(last_first, 0);
        assert_int_equal(n_done, 1);
        assert_int_equal(done_rc, 0);
    } else {
        assert_int_equal(r.rc, EXECUTION_READY);
    }
    write_out(&r.x, &out, piece);
    check_str(buf_str(&out), want);
    buf_release(&out);
    arena_clear(&arena);
    compiled_unref(r.document);
}

/* Every document is run at once and later, in both orders, whole and in pieces of a byte. */
static void check_with(const char *text, const struct value *given, const char *want)
{
    for (int way = 0; way < 6; way++) {
        at_once = way >= 4;
        check_run(text, given, want, way % 2 ? 1 : SIZE_MAX, way & 2);
    }
}

static inline void check(const char *text, const char *want)
{
    check_with(text, NULL, want);
}

static inline void check_refused(const char *text, int code, const char *message)
{
    struct run r;
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, code);
    assert_string_equal(r.err.message, message);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static int setup(void **state)
{
    failing_table = NULL;
    failing_key = 0;
    n_fetches = n_keys = n_canceled = n_queue = 0;
    return 0;
}

/* What every main does: builds the schema, runs the tests. `prepare` sets what db_check would say. */
static int execute_main(const char *text, const struct fake_table *tables, size_t n_tables,
                        void (*prepare)(struct access *access), int (*run_all)(void))
{
    const struct document_limits limits = {.parse = {2000, 200},
                                           .validate = {.max_depth = 12, .suggestions = true},
                                           .max_fields = 2000,
                                           .max_good = 100,
                                           .max_bad = 4};
    struct err err;
    int rc;

    if (hash_start() < 0)
        return 1;
    if (schema_build(&schema, str_of(text), &err) < 0) {
        fprintf(stderr, "line %d: %s\n", err.line, err.message);
        return 1;
    }
    prepare(&schema->access);
    fake_tables = tables;
    n_fake_tables = n_tables;
    if (documents_new(&documents, schema, &limits) < 0)
        return 1;
    arena_init(&arena, 0);
    rc = run_all();
    arena_release(&arena);
    documents_free(documents);
    schema_free(schema);
    return rc;
}

#endif
