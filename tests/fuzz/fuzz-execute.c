/* tests/fuzz/fuzz-execute.c: documents that the passport's schema allows (or nearly), answered from made-up rows of which
 * some are missing, null or failing: whatever happens, the answer is JSON with "data", whole or in pieces alike. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/seal.h"
#include "query/answer.h"
#include "query/cursor.h"
#include "query/document.h"
#include "query/execute.h"
#include "query/global_id.h"
#include "query/schema.h"
#include "query/variables.h"
#include "tests/unit/made_up_source.h"

enum {
    DEPTH_MAX = 8,
    TEXT_BYTES_MAX = 64 * 1024
};

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct schema *schema;
static const struct seals seals; /* all zero: a fuzzer may hit one */

struct input {
    const unsigned char *data;
    size_t size, at;
};

static unsigned next(struct input *in)
{
    return in->at < in->size ? in->data[in->at++] : 0;
}

static void add_str(struct buf *out, struct str s)
{
    buf_addf(out, "%.*s", STR_FMT(s));
}

/* A row whose every cell is the number `n`, as in made-up rows when it is 1001. */
static const struct row *row_of(int64_t n)
{
    enum {
        HEAD_WORDS = 2 + ACCESS_COLUMN_MAX
    };
    static uint32_t words[HEAD_WORDS + 2 * ACCESS_COLUMN_MAX] = {sizeof words, ACCESS_COLUMN_MAX};

    for (uint32_t i = 0; i < ACCESS_COLUMN_MAX; i++) {
        words[2 + i] = 8 * (i + 1);
        memcpy(words + HEAD_WORDS + (size_t)2 * i, &n, sizeof n);
    }
    return (const struct row *)(const void *)words;
}

/* An id of some type, good more often than not. */
static void write_id(struct input *in, struct buf *out)
{
    const struct type *t = schema->types[next(in) % schema->n_types];

    if (t->has_global_id)
        global_id_write(out, &seals.ids, t, row_of(next(in) % 4 ? 1001 : 1));
    else
        buf_addf(out, "\"%u\"", next(in));
}

static bool write_cursor(struct input *in, const struct field *f, uint32_t argument,
                         struct buf *out)
{
    const struct key parent = {.part = {next(in) % 4 ? 1001 : 1}};

    if ((int)argument != f->after_argument)
        return false;
    cursor_write(out, &seals.cursors, f->path, &parent, row_of(next(in)));
    return true;
}

static void write_value(struct input *in, const struct type_ref *type, struct buf *out)
{
    const struct type *t = type_ref_named(type);
    unsigned dice = next(in);

    if (t->kind == TYPE_ENUM && dice % 8)
        add_str(out, t->values[dice % t->n_values].name);
    else if (str_is(t->name, "Int"))
        buf_addf(out, "%d", (int)dice % 20 - 2);
    else if (str_is(t->name, "ID") && dice % 4)
        write_id(in, out);
    else if (str_is(t->name, "Boolean"))
        buf_add_z(out, dice % 2 ? "true" : "$b");
    else
        buf_addf(out, dice % 4 ? "\"%u\"" : "\"IyMj%u\"", dice);
}

static void write_selections(struct input *in, const struct type *type, unsigned depth,
                             struct buf *out)
{
    unsigned n = next(in) % 5 + 1;

    buf_add_z(out, "{ ");
    for (unsigned i = 0; i < n && !out->failed; i++) {
        unsigned dice = next(in);
        const struct field *f = type->n_fields ? &type->fields[dice % type->n_fields] : NULL;
        const struct type *t = f ? type_ref_named(f->type) : NULL;
        unsigned extra = next(in);
        bool open = false;

        if (!f || extra % 16 == 0 || (type_is_composite(t) && depth == DEPTH_MAX)) {
            buf_add_z(out, extra % 32 ? "__typename " : "... on Query { __typename } ");
            continue;
        }
        if (extra % 16 == 1)
            buf_addf(out, "a%u: ", i);
        add_str(out, f->name);
        for (uint32_t k = 0; k < f->n_arguments; k++) {
            if (!f->arguments[k].type->non_null && next(in) % 3)
                continue;
            buf_add_z(out, open ? ", " : "(");
            open = true;
            add_str(out, f->arguments[k].name);
            buf_add_z(out, ": ");
            if (!write_cursor(in, f, k, out))
                write_value(in, f->arguments[k].type, out);
        }
        buf_add_z(out, open ? ") " : " ");
        if (extra % 16 == 2)
            buf_add_z(out, "@include(if: $b) ");
        if (type_is_composite(t))
            write_selections(in, t, depth + 1, out);
    }
    buf_add_z(out, "} ");
}

static void done(struct execution *x, int rc)
{
    (void)x;
    (void)rc;
}

static bool write_answer(const struct execution *x, size_t piece, struct buf *out)
{
    struct answer a;
    struct buf part;
    int rc = answer_open(&a, x, STR("id"));

    buf_init(&part, 1 << 20);
    do {
        buf_clear(&part);
        rc = rc < 0 ? rc : answer_next(&a, &part, piece);
        buf_add_str(out, buf_str(&part));
    } while (rc == 1);
    buf_release(&part);
    answer_release(&a);
    return rc == 0;
}

static void execute(struct input *in, const struct plan *plan, const struct value **variables,
                    struct arena *arena)
{
    struct execution x = {.plan = plan,
                          .variables = variables,
                          .arena = arena,
                          .limits = {.max_cost = 300, .max_page = 20, .max_list = 100},
                          .seals = &seals,
                          .done = done};
    struct made_up rows;
    struct buf whole, pieces;
    struct err e = {0};
    json_t *json;

    made_up_init(&rows);
    rows.rows_max = next(in) % 4;
    rows.dice = in->data + in->at;
    rows.n_dice = in->size - in->at;
    x.source = &rows.source;
    if (execution_start(&x, &e) < 0) {
        if (e.message[0] == '\0')
            abort();
        return;
    }
    buf_init(&whole, 0);
    buf_init(&pieces, 0);
    if (write_answer(&x, SIZE_MAX, &whole)) {
        json = json_loadb(whole.ptr, whole.len, 0, NULL);
        if (!json || !json_object_get(json, "data"))
            abort();
        json_decref(json);
        if (write_answer(&x, 1, &pieces) && !str_eq(buf_str(&whole), buf_str(&pieces)))
            abort();
    }
    buf_release(&whole);
    buf_release(&pieces);
}

static void run(struct input *in, struct str text)
{
    const struct document_limits limits = {.parse = {.max_tokens = 2000},
                                           .validate = {.max_depth = 20, .max_aliases = 100},
                                           .max_fields = 1000};
    const struct ast_operation *op;
    const struct value **variables;
    const struct plan *plan;
    struct value b = {.kind = VALUE_BOOLEAN, .boolean = next(in) % 2, .name = STR("b")};
    struct value given = {.kind = VALUE_OBJECT, .items = &b, .n_items = 1};
    struct compiled *c;
    struct arena arena;
    struct err e = {0};

    if (compiled_new(&c, schema, &limits, text) < 0)
        return;
    arena_init(&arena, 32 << 20);
    if (c->errors.n_errors == 0 && compiled_operation(c, (struct str){0}, &op, &e) == 0 &&
        variables_coerce(&arena, schema, op, &given, &variables, &e) == 0 &&
        compiled_plan(c, op, variables, &arena, &plan, &e) == 0)
        execute(in, plan, variables, &arena);
    compiled_unref(c);
    arena_release(&arena);
}

static void start(void)
{
    static char text[1 << 20];
    FILE *f = fopen(SCHEMA_FILE, "r");
    struct err e = {0};

    if (!f || hash_start() < 0 ||
        schema_build(&schema, (struct str){text, fread(text, 1, sizeof text, f)}, &e) < 0)
        abort();
    fclose(f);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct input in = {data, size, 0};
    struct buf text;

    if (!schema)
        start();
    buf_init(&text, TEXT_BYTES_MAX);
    buf_add_z(&text, "query ($b: Boolean!) ");
    write_selections(&in, schema->root[OPERATION_QUERY], 0, &text);
    if (!text.failed)
        run(&in, buf_str(&text));
    buf_release(&text);
    return 0;
}
