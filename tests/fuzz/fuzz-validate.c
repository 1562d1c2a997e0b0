/* tests/fuzz/fuzz-validate.c: documents through all that happens to them before execution: parser, rules, variables,
 * introspection. When the first byte is even, each further byte is a word, so that most inputs are documents. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/introspect.h"
#include "query/parse.h"
#include "query/schema.h"
#include "query/validate.h"
#include "query/variables.h"
#include "tests/unit/cases_validate.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char *const words[] = {"{",
                                    "}",
                                    "(",
                                    ")",
                                    "[",
                                    "]",
                                    ":",
                                    "!",
                                    "=",
                                    "$a",
                                    "$b",
                                    "$c",
                                    "@skip",
                                    "@include",
                                    "@rep",
                                    "@onField",
                                    "...",
                                    "on",
                                    "query",
                                    "mutation",
                                    "subscription",
                                    "fragment",
                                    "F",
                                    "G",
                                    "H",
                                    "Q",
                                    "dog",
                                    "cat",
                                    "pet",
                                    "catOrDog",
                                    "human",
                                    "complicatedArgs",
                                    "someBox",
                                    "name",
                                    "nickname",
                                    "mother",
                                    "father",
                                    "barks",
                                    "isAtLocation",
                                    "x",
                                    "y",
                                    "doesKnowCommand",
                                    "dogCommand",
                                    "SIT",
                                    "Dog",
                                    "Cat",
                                    "Pet",
                                    "Canine",
                                    "CatOrDog",
                                    "Human",
                                    "Int",
                                    "String",
                                    "Boolean",
                                    "ComplexInput",
                                    "OneOfInput",
                                    "FurColor",
                                    "complexArgField",
                                    "complexArg",
                                    "oneOfArgField",
                                    "oneOfArg",
                                    "requiredField",
                                    "child",
                                    "stringListField",
                                    "anyArgField",
                                    "any",
                                    "matrix",
                                    "m",
                                    "1",
                                    "2.5",
                                    "\"s\"",
                                    "\"\"\"b\"\"\"",
                                    "true",
                                    "false",
                                    "null",
                                    "if",
                                    "a",
                                    "b",
                                    "__typename",
                                    "__schema",
                                    "__type",
                                    "types",
                                    "fields",
                                    "type",
                                    "ofType",
                                    "interfaces",
                                    "possibleTypes",
                                    "inputFields",
                                    "enumValues",
                                    "args",
                                    "includeDeprecated",
                                    "kind",
                                    "newMessage",
                                    "body",
                                    "setHuman",
                                    "id",
                                    "friends",
                                    "first",
                                    "near",
                                    "QueryRoot",
                                    "__Type",
                                    "__Schema"};

static struct schema *schema;

static struct str document_of(const unsigned char *data, size_t size, struct buf *text)
{
    if (size == 0 || data[0] % 2)
        return (struct str){(const char *)data + (size > 0), size - (size > 0)};
    for (size_t i = 1; i < size; i++) {
        buf_add_z(text, words[data[i] % ARRAY_LEN(words)]);
        buf_add_char(text, ' ');
    }
    return buf_str(text);
}

static void run(struct arena *arena, const struct document *doc)
{
    for (const struct ast_operation *op = doc->operations; op; op = op->next) {
        const struct value **variables;
        struct err e = {0};
        if (variables_coerce(arena, schema, op, NULL, &variables, &e) < 0)
            continue;
        for (const struct ast_selection *s = op->selections; s; s = s->next) {
            struct buf out;
            if (s->kind != SELECTION_FIELD || op->kind != OPERATION_QUERY ||
                !(str_is(s->name, "__schema") || str_is(s->name, "__type")))
                continue;
            buf_init(&out, 256 * 1024);
            if (introspect_write(schema, doc, &s, 1, variables, &out, &e) == 0 && out.len < 2)
                abort();
            buf_release(&out);
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct parse_limits limits = {.max_tokens = 2000};
    const struct validate_limits bounds = {.max_depth = 12,
                                           .max_aliases = 30,
                                           .max_directives = 50,
                                           .max_root_fields = 20,
                                           .max_list = 100,
                                           .suggestions = true};
    struct validate_result result;
    struct document doc;
    struct arena arena;
    struct buf text;
    struct err e = {0};

    if (!schema && (hash_start() < 0 || schema_build_types(&schema, str_of(cases_schema), &e) < 0))
        abort();
    arena_init(&arena, 16 << 20);
    buf_init(&text, 1 << 20);
    if (parse_document(&arena, document_of(data, size, &text), &limits, &doc, &e) == 0) {
        int rc = validate_document(&arena, schema, &doc, &bounds, &result);
        if (rc == 0)
            run(&arena, &doc);
        else if (rc != ERR_MEMORY &&
                 (result.n_errors == 0 || result.n_errors > VALIDATE_ERRORS_MAX))
            abort();
    }
    buf_release(&text);
    arena_release(&arena);
    return 0;
}
