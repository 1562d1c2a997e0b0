/* bench/micro.c: what the language costs: documents read, checked, planned and answered from made-up rows, with no
 * socket and no database. Prints a table in Markdown; bench/language prints it beside the reference implementation.
 *
 *   micro SCHEMA QUERY...              times: minimum and median of many runs, in microseconds
 *   micro --work PHASE N SCHEMA QUERY  only does the work, N times, up to PHASE: for counting instructions
 *
 * Phases: none, lex, parse, validate, plan, answer; first (a document cache that does not have it) and again (one
 * that has). `parse` reads tokens as it goes; each of the others follows the one before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/seal.h"
#include "query/answer.h"
#include "query/document.h"
#include "query/execute.h"
#include "query/lex.h"
#include "query/schema.h"
#include "query/variables.h"
#include "tests/unit/made_up_source.h"

enum {
    RUNS = 3000,
    WARM = 300,
    TEXT_MAX = 1 << 20
};

enum phase {
    PHASE_NONE,
    PHASE_LEX,
    PHASE_PARSE,
    PHASE_VALIDATE,
    PHASE_PLAN,
    PHASE_ANSWER,
    PHASE_FIRST,
    PHASE_AGAIN,
    PHASE_COUNT
};

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_NONE] = "none",         [PHASE_LEX] = "lex",     [PHASE_PARSE] = "parse",
    [PHASE_VALIDATE] = "validate", [PHASE_PLAN] = "plan",   [PHASE_ANSWER] = "answer",
    [PHASE_FIRST] = "first",       [PHASE_AGAIN] = "again",
};

/* The server's defaults. */
static const struct document_limits limits = {.parse = {.max_tokens = 2000},
                                              .validate = {.max_depth = 12,
                                                           .max_aliases = 30,
                                                           .max_directives = 50,
                                                           .max_root_fields = 20,
                                                           .max_list = 100,
                                                           .suggestions = true},
                                              .max_fields = 5000,
                                              .max_good = 1000,
                                              .max_bad = 200};
static const struct cost_limits cost = {.max_cost = 5000, .max_page = 100, .max_list = 100};

static const struct seals seals;
static struct schema *schema;
static struct arena document_arena, request_arena;
static struct made_up rows;
static struct documents *warm, *cold;

static void must(int rc, const struct err *e)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "micro: %s\n", e->message);
    exit(1);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = malloc(TEXT_MAX + 1);
    size_t n = f && text ? fread(text, 1, TEXT_MAX, f) : 0;

    if (n == 0) {
        fprintf(stderr, "micro: %s can't be read\n", path);
        exit(1);
    }
    text[n] = '\0';
    fclose(f);
    return text;
}

/* A value for every variable of the queries here. */
static const struct value *given(void)
{
    static struct value v[] = {
        {.kind = VALUE_STRING, .text = STR("581011381944"), .name = STR("iin")},
        {.kind = VALUE_STRING, .text = STR("1"), .name = STR("id")},
        {.kind = VALUE_BOOLEAN, .boolean = true, .name = STR("history")}};
    static const struct value all = {.kind = VALUE_OBJECT, .items = v, .n_items = ARRAY_LEN(v)};

    v[0].next = &v[1];
    v[1].next = &v[2];
    return &all;
}

static void lex(struct str text)
{
    struct lexer l;
    struct token t = {.kind = TOKEN_EOF};
    struct err e = {0};

    lexer_init(&l, &document_arena, text);
    do
        must(lexer_next(&l, &t, &e), &e);
    while (t.kind != TOKEN_EOF);
}

static void done(struct execution *x, int rc)
{
    (void)x;
    (void)rc;
}

static void answer(const struct plan *plan, const struct value *const *variables)
{
    struct execution x = {.plan = plan,
                          .variables = variables,
                          .source = &rows.source,
                          .arena = &request_arena,
                          .limits = cost,
                          .seals = &seals,
                          .done = done};
    struct err e = {0};
    struct answer a;
    struct buf out;
    int rc;

    must(execution_start(&x, &e), &e);
    buf_init(&out, 0);
    must(answer_open(&a, &x, STR("id")), &e);
    while ((rc = answer_next(&a, &out, 64 * 1024)) == 1)
        buf_clear(&out);
    must(rc, &e);
    answer_release(&a);
    buf_release(&out);
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* parse, validate, plan, answer: one after the other, up to `last`; `spent` gets each one's time. */
static void in_turn(struct str text, enum phase last, double spent[PHASE_COUNT])
{
    struct document doc;
    struct validate_result result;
    struct plan_conditions conditions;
    const struct value **variables;
    struct plan *plan;
    struct err e = {0};
    double t[PHASE_COUNT] = {0};

    t[PHASE_LEX] = now_us();
    must(parse_document(&document_arena, text, &limits.parse, &doc, &e), &e);
    t[PHASE_PARSE] = now_us();
    if (last >= PHASE_VALIDATE)
        must(validate_document(&document_arena, schema, &doc, &limits.validate, &result), &e);
    t[PHASE_VALIDATE] = now_us();
    if (last >= PHASE_PLAN) {
        must(variables_coerce(&request_arena, schema, doc.operations, given(), &variables, &e), &e);
        must(plan_conditions(schema, &doc, doc.operations, &conditions, &e), &e);
        must(plan_make(&document_arena, schema, &doc, doc.operations, &conditions, UINT32_MAX,
                       limits.max_fields, &plan, &e),
             &e);
    }
    t[PHASE_PLAN] = now_us();
    if (last >= PHASE_ANSWER)
        answer(plan, variables);
    t[PHASE_ANSWER] = now_us();
    for (int p = PHASE_PARSE; p <= (int)last; p++)
        spent[p] = t[p] - t[p - 1];
}

/* As the server does: found by its hash or compiled, then its plan. */
static void through_cache(struct documents *documents, struct str text)
{
    const struct ast_operation *operation;
    const struct value **variables;
    const struct plan *plan;
    struct compiled *c;
    struct err e = {0};

    must(documents_get(documents, text, &c), &e);
    must(compiled_operation(c, (struct str){0}, &operation, &e), &e);
    must(variables_coerce(&request_arena, schema, operation, given(), &variables, &e), &e);
    must(compiled_plan(c, operation, variables, &request_arena, &plan, &e), &e);
    compiled_unref(c);
}

static void run(struct str text, enum phase phase, double spent[PHASE_COUNT])
{
    double began = now_us();

    if (phase == PHASE_LEX)
        lex(text);
    else if (phase == PHASE_FIRST)
        through_cache(cold, text);
    else if (phase == PHASE_AGAIN)
        through_cache(warm, text);
    else if (phase != PHASE_NONE)
        in_turn(text, phase, spent);
    if (phase == PHASE_LEX || phase == PHASE_FIRST || phase == PHASE_AGAIN)
        spent[phase] = now_us() - began;
    arena_clear(&document_arena);
    arena_clear(&request_arena);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(const char *path)
{
    static double all[PHASE_COUNT][RUNS];
    char *text = read_file(path);
    const char *name = strrchr(path, '/');

    for (int i = -WARM; i < RUNS; i++) {
        double spent[PHASE_COUNT] = {0};
        run(str_of(text), PHASE_LEX, spent);
        run(str_of(text), PHASE_ANSWER, spent);
        run(str_of(text), PHASE_FIRST, spent);
        run(str_of(text), PHASE_AGAIN, spent);
        for (int p = 0; p < PHASE_COUNT && i >= 0; p++)
            all[p][i] = spent[p];
    }
    printf("| %s | %zu |", name ? name + 1 : path, strlen(text));
    for (int p = PHASE_LEX; p < PHASE_COUNT; p++) {
        qsort(all[p], RUNS, sizeof all[p][0], compare);
        printf(" %.1f / %.1f |", all[p][0], all[p][RUNS / 2]);
    }
    putchar('\n');
    free(text);
}

static void work(const char *phase, const char *times, const char *path)
{
    char *text = read_file(path);
    double spent[PHASE_COUNT];
    int p = 0;

    while (p < PHASE_COUNT && strcmp(phase_names[p], phase) != 0)
        p++;
    for (long i = 0; i < strtol(times, NULL, 10) && p < PHASE_COUNT; i++)
        run(str_of(text), (enum phase)p, spent);
    free(text);
}

int main(int argc, char **argv)
{
    bool works = argc == 6 && strcmp(argv[1], "--work") == 0;
    struct document_limits none = limits;
    struct err e = {0};
    char *text;

    if (argc < 3 || (argv[1][0] == '-' && !works)) {
        fprintf(stderr, "usage: micro [--work PHASE N] SCHEMA QUERY...\n");
        return 2;
    }
    none.max_good = 0;
    text = read_file(argv[works ? 4 : 1]);
    must(hash_start(), &e);
    must(schema_build(&schema, str_of(text), &e), &e);
    must(documents_new(&warm, schema, &limits), &e);
    must(documents_new(&cold, schema, &none), &e);
    arena_init(&document_arena, 0);
    arena_init(&request_arena, 0);
    made_up_init(&rows);
    if (works) {
        work(argv[2], argv[3], argv[5]);
    } else {
        printf("| query | bytes | lex | parse | validate | plan | answer | first seen | seen "
               "before |\n"
               "|---|---|---|---|---|---|---|---|---|\n");
        for (int i = 2; i < argc; i++)
            measure(argv[i]);
    }
    documents_free(cold);
    documents_free(warm);
    arena_release(&request_arena);
    arena_release(&document_arena);
    schema_free(schema);
    free(text);
    return 0;
}
