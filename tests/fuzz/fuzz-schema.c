/* tests/fuzz/fuzz-schema.c: schema files, mostly well formed: each byte is a word of the schema language or a name. They
 * are refused with a place, or taken, and then their introspection can be written. (fuzz-parse has plain bytes.) */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/introspect.h"
#include "query/parse.h"
#include "query/schema.h"
#include "query/validate.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Whole definitions first, so that few bytes make a schema with a mapping; then single words. */
static const char *const words[] = {
    "type Query { q(id: ID!): A @lookup(column: \"id\", argument: \"id\") }",
    "type A @table(name: \"a\") { id: ID! b: B @reference(columns: [\"b_id\"]) }",
    "type B @table(name: \"b\", key: [\"a_id\", \"id\"]) { id: ID! }",
    "interface I { id: ID! }",
    "union U = A | B",
    "enum E { X Y @value(name: \"y\") }",
    "input In { n: Int = 1 in: In }",
    "input One @oneOf { a: Int b: One }",
    "scalar Day @codec(as: DATE)",
    "directive @d(a: Int) repeatable on FIELD | OBJECT",
    "schema { query: Query }",
    "extend",
    "type",
    "interface",
    "union",
    "enum",
    "input",
    "scalar",
    "directive",
    "schema",
    "implements",
    "repeatable",
    "on",
    "query",
    "mutation",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "=",
    "&",
    "|",
    "@",
    "$",
    "@table(name: \"a\")",
    "@column(name: \"c\")",
    "@column(name: \"c_{e}\")",
    "@reference(columns: [\"x\"])",
    "@list(column: \"a_id\", order: \"id desc\")",
    "@filter(column: \"c\")",
    "@value(name: \"v\")",
    "@hot",
    "@aggregate",
    "@deprecated",
    "@specifiedBy(url: \"u\")",
    "@oneOf",
    "@d",
    "@codec(as: FIXED, scale: 2)",
    "A",
    "B",
    "I",
    "U",
    "E",
    "In",
    "One",
    "Day",
    "Query",
    "X",
    "Int",
    "String",
    "ID",
    "Boolean",
    "id",
    "a",
    "b",
    "c",
    "first",
    "after",
    "1",
    "-1",
    "\"s\"",
    "\"\"\"text\"\"\"",
    "true",
    "null",
    "{ a: 1 }",
    "__a",
    "FIELD",
    "OBJECT",
    "AConnection",
    "type AConnection { nodes: [A!]! edges: [AEdge!]! pageInfo: PageInfo! }",
    "type AEdge { node: A! cursor: String! }",
    ("type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String "
     "endCursor: String }"),
};

static const char mapping[] =
    "directive @table(name: String!, key: [String!]! = [\"id\"]) on OBJECT directive @hot on "
    "OBJECT "
    "directive @aggregate on OBJECT directive @column(name: String!) on FIELD_DEFINITION "
    "directive @reference(columns: [String!]!) on FIELD_DEFINITION "
    "directive @lookup(column: String!, argument: String!) on FIELD_DEFINITION "
    "directive @list(column: String!, order: String!, where: String, limit: Int = 100) on "
    "FIELD_DEFINITION "
    "directive @filter(column: String!) on ARGUMENT_DEFINITION "
    "directive @value(name: String!) on ENUM_VALUE "
    "directive @codec(as: Codec!, scale: Int) on SCALAR "
    "enum Codec { STRING INT FLOAT BOOLEAN DATE TIMESTAMP FIXED } ";

static void introspect(const struct schema *schema)
{
    static const char text[] =
        "{ __schema { types { kind name fields(includeDeprecated: true) { name args { name "
        "defaultValue type { name } } type { kind name ofType { kind name ofType { name } } } } "
        "interfaces { name } possibleTypes { name } inputFields { name defaultValue } enumValues "
        "{ name } } directives { name locations args { name defaultValue } } } }";
    struct validate_result result;
    struct document doc;
    struct arena arena;
    const struct ast_selection *s;
    struct buf out;
    struct err e;

    arena_init(&arena, 0);
    buf_init(&out, 0);
    if (parse_document(&arena, str_of(text), &(struct parse_limits){0}, &doc, &e) < 0 ||
        validate_document(&arena, schema, &doc, &(struct validate_limits){0}, &result) < 0)
        abort();
    s = doc.operations->selections;
    if (introspect_write(schema, &doc, &s, 1, NULL, &out, &e) < 0)
        abort();
    buf_release(&out);
    arena_release(&arena);
}

static void check(int rc, struct schema *schema, const struct err *e)
{
    if (rc == 0)
        introspect(schema);
    else if (rc != ERR_MEMORY && (e->message[0] == '\0' || e->line < 0))
        abort();
    schema_free(schema);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct schema *schema = NULL;
    struct err e = {0};
    struct buf text;

    if (hash_start() < 0)
        abort();
    buf_init(&text, 256 * 1024);
    buf_add_z(&text, mapping);
    for (size_t i = 0; i < size; i++) {
        buf_add_z(&text, words[data[i] % ARRAY_LEN(words)]);
        buf_add_char(&text, ' ');
    }
    check(schema_build_types(&schema, buf_str(&text), &e), schema, &e);
    schema = NULL;
    e = (struct err){0};
    check(schema_build(&schema, buf_str(&text), &e), schema, &e);
    buf_release(&text);
    return 0;
}
