/* tests/fuzz/fuzz-variables.c: any bytes as the body of a request: read as JSON, and its variables coerced to types of
 * every kind. What comes out fits its type, or there is a sentence that says why not. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/ast.h"
#include "query/cost.h"
#include "query/parse.h"
#include "query/schema.h"
#include "query/validate.h"
#include "query/variables.h"
#include "server/graphql_json.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char types[] = "type Query { f(i: Int, r: Float, s: String, b: Boolean, d: ID, e: E, "
                            "y: Any, n: [[Int!]!], o: In, c: One, l: [In!] "
                            "= [{}]): Int }\n"
                            "enum E { RED GREEN }\nscalar Any\n"
                            "input In { n: Int! = 1 e: E s: [String] o: In c: One any: Any }\n"
                            "input One @oneOf { a: Int b: String c: [One!] }\n";
static const char operation[] = "query ($i: Int!, $r: Float = 1, $s: String, $b: Boolean, $d: ID, "
                                "$e: E = RED, $y: Any, $n: [[Int!]!] = [[1]], $o: "
                                "In = {n: 2}, $c: One, $l: [In!]) { f(i: $i, r: $r, s: $s, b: $b, "
                                "d: $d, e: $e, y: $y, n: $n, o: $o, c: $c, l: $l) }";

static struct schema *schema;
static struct document doc;
static struct arena forever;

static void start(void)
{
    struct validate_result result;
    struct err e = {0};

    if (schema)
        return;
    arena_init(&forever, 0);
    if (hash_start() < 0 || schema_build_types(&schema, str_of(types), &e) < 0 ||
        parse_document(&forever, str_of(operation), &(struct parse_limits){0}, &doc, &e) < 0 ||
        validate_document(&forever, schema, &doc, &(struct validate_limits){0}, &result) < 0)
        abort();
}

/* A coerced value is what its type says. */
static void check(const struct type_ref *type, const struct value *v)
{
    const struct type *t = type->type;

    if (v->kind == VALUE_NULL) {
        if (type->non_null)
            abort();
        return;
    }
    if (type->kind == TYPE_REF_LIST) {
        if (v->kind != VALUE_LIST)
            abort();
        for (uint32_t i = 0; i < v->n_items; i++)
            check(type->inner, &v->items[i]);
    } else if (t->kind == TYPE_INPUT) {
        if (v->kind != VALUE_OBJECT || (t->one_of && v->n_items != 1))
            abort();
        for (uint32_t i = 0; i < v->n_items; i++)
            for (uint32_t k = 0; k < t->n_inputs; k++)
                if (str_eq(t->inputs[k].name, v->items[i].name))
                    check(t->inputs[k].type, &v->items[i]);
    } else if ((t->kind == TYPE_ENUM && !map_get(&t->value_map, v->text)) ||
               (str_is(t->name, "Int") &&
                (v->kind != VALUE_INT || v->integer != (int32_t)v->integer)) ||
               (str_is(t->name, "Boolean") && v->kind != VALUE_BOOLEAN) ||
               (str_is(t->name, "String") && v->kind != VALUE_STRING)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct graphql_params params;
    const struct value **variables;
    struct arena arena;
    struct err e = {0};

    start();
    arena_init(&arena, 8 << 20);
    if (graphql_params_parse(&arena, (struct str){(const char *)data, size}, &params, &e) == 0) {
        (void)!cost_check_variables(doc.operations, params.variables, 10, &e);
        e = (struct err){0};
        if (variables_coerce(&arena, schema, doc.operations, params.variables, &variables, &e) ==
            0) {
            for (const struct ast_variable *v = doc.operations->variables; v; v = v->next)
                if (variables[v->index])
                    check(v->type, variables[v->index]);
        } else if (e.message[0] == '\0') {
            abort();
        }
    } else if (e.message[0] == '\0') {
        abort();
    }
    arena_release(&arena);
    return 0;
}
