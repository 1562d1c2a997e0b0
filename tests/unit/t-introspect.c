/* Tests of query/introspect: answers byte for byte, merged selections, what is hidden, bounds. */
#include "tests/unit/test.h"

#include "query/introspect.h"
#include "tests/unit/language_fixture.h"

static const char zoo[] =
    "\"Animals.\"\nschema { query: Query }\n" MAPPING
    "directive @tag(name: String!, old: Int @deprecated) repeatable on FIELD | QUERY\n"
    "\"The root.\"\ntype Query { animal(id: ID!, kind: Kind = CAT): Animal\n"
    "  old(a: Int @deprecated, b: [String!]! = [\"x\\n\"]): String! @deprecated(reason: "
    "\"unsafe\") }\n"
    "interface Animal { name: String }\ntype Cat implements Animal { name: String lives: Int! }\n"
    "type Dog implements Animal { name: String }\nunion Pet = Cat | Dog\n"
    "enum Kind { \"purrs\" CAT DOG @deprecated }\ninput Search @oneOf { name: String kind: Kind }\n"
    "input Box { depth: Int = 3 name: String @deprecated(reason: \"no\") }\n"
    "scalar Day @specifiedBy(url: \"https://example.com/day\") @codec(as: DATE)\n"
    "type Unused { search(s: Search, b: Box): [Pet] d: Day }\n";

static struct schema *schema;

static int setup(void **state)
{
    struct err e = {0};

    assert_int_equal(hash_start(), 0);
    if (schema_build_types(&schema, str_of(zoo), &e) < 0)
        fail_msg("%d:%d %s", e.line, e.column, e.message);
    return 0;
}

static int teardown(void **state)
{
    schema_free(schema);
    return 0;
}

static size_t piece_bytes, longest_piece; /* 0: in one */

static int write_pieces(const struct schema *s, const struct document *doc,
                        const struct ast_selection *const *fields, uint32_t n,
                        const struct value *const *variables, struct buf *out, struct err *e)
{
    struct introspection *w;
    int rc = introspect_open(&w, s, doc, fields, n, variables, e);

    if (rc < 0)
        return rc;
    longest_piece = 0;
    do {
        size_t start = out->len;
        rc = introspect_next(w, out, start + piece_bytes);
        longest_piece = MAX(longest_piece, out->len - start);
    } while (rc == 1);
    introspect_close(w);
    return rc;
}

/* The value of the document's one root field; `given`: its variables. */
static int ask_of(const struct schema *s, const char *text, const char *given, size_t limit,
                  struct buf *out, struct err *e)
{
    struct arena arena;
    struct document doc;
    struct validate_result result;
    const struct value **variables;
    const struct ast_selection *fields[8];
    uint32_t n = 0;
    int rc;

    arena_init(&arena, 0);
    if (parse_document(&arena, str_of(text), &(struct parse_limits){0}, &doc, e) < 0)
        fail_msg("%s: %s", text, e->message);
    if (validate_document(&arena, s, &doc, &(struct validate_limits){0}, &result) < 0)
        fail_msg("%s: %s", text, result.errors[0].message);
    assert_int_equal(
        variables_coerce(&arena, s, doc.operations, literal(&arena, given), &variables, e), 0);
    for (const struct ast_selection *f = doc.operations->selections; f; f = f->next)
        fields[n++] = f; /* all of one response name */
    buf_init(out, limit);
    rc = piece_bytes ? write_pieces(s, &doc, fields, n, variables, out, e)
                     : introspect_write(s, &doc, fields, n, variables, out, e);
    arena_release(&arena);
    return rc;
}

static void check_answer(const char *text, const char *given, const char *want)
{
    struct buf out;
    struct err e = {0};

    if (ask_of(schema, text, given, 0, &out, &e) < 0)
        fail_msg("%s: %s", text, e.message);
    check_str(buf_str(&out), want);
    buf_release(&out);
}

static void test_introspect__types(void **state)
{
    check_answer(
        "{ __type(name: \"Cat\") { __typename kind name description isOneOf specifiedByURL ofType "
        "{ name }"
        " fields { name type { kind name ofType { kind name ofType { name } } } } interfaces { "
        "name }"
        " possibleTypes { name } enumValues { name } inputFields { name } } }",
        "{}",
        "{\"__typename\":\"__Type\",\"kind\":\"OBJECT\",\"name\":\"Cat\",\"description\":null,"
        "\"isOneOf\":null,\"specifiedByURL\":null,\"ofType\":null,\"fields\":[{\"name\":\"name\","
        "\"type\":{\"kind\":\"SCALAR\",\"name\":\"String\",\"ofType\":null}},{\"name\":\"lives\","
        "\"type\":"
        "{\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"SCALAR\",\"name\":\"Int\","
        "\"ofType\":null}"
        "}}],\"interfaces\":[{\"name\":\"Animal\"}],\"possibleTypes\":null,\"enumValues\":null,"
        "\"inputFields\":null}");
    check_answer("{ __type(name: \"Pet\") { kind fields { name } interfaces { name } possibleTypes "
                 "{ name } } }",
                 "{}",
                 "{\"kind\":\"UNION\",\"fields\":null,\"interfaces\":null,\"possibleTypes\":[{"
                 "\"name\":\"Cat\"},"
                 "{\"name\":\"Dog\"}]}");
    check_answer("{ __type(name: \"Animal\") { kind interfaces { name } possibleTypes { name } } }",
                 "{}",
                 "{\"kind\":\"INTERFACE\",\"interfaces\":[],\"possibleTypes\":[{\"name\":\"Cat\"},{"
                 "\"name\":\"Dog\"}]}");
    check_answer("{ __type(name: \"Day\") { kind specifiedByURL } }", "{}",
                 "{\"kind\":\"SCALAR\",\"specifiedByURL\":\"https://example.com/day\"}");
    check_answer("{ __type(name: \"Search\") { kind isOneOf inputFields { name } } }", "{}",
                 "{\"kind\":\"INPUT_OBJECT\",\"isOneOf\":true,\"inputFields\":[{\"name\":\"name\"},"
                 "{\"name\":\"kind\"}]}");
    check_answer("{ __type(name: \"Nobody\") { name } }", "{}", "null");
}

static void test_introspect__deprecations(void **state)
{
    check_answer(
        "{ __type(name: \"Query\") { fields { name } all: fields(includeDeprecated: true) { name "
        "isDeprecated"
        " deprecationReason args { name } every: args(includeDeprecated: true) { name defaultValue "
        "} } } }",
        "{}",
        "{\"fields\":[{\"name\":\"animal\"}],\"all\":[{\"name\":\"animal\",\"isDeprecated\":false,"
        "\"deprecationReason\":null,\"args\":[{\"name\":\"id\"},{\"name\":\"kind\"}],\"every\":[{"
        "\"name\":\"id\","
        "\"defaultValue\":null},{\"name\":\"kind\",\"defaultValue\":\"CAT\"}]},{\"name\":\"old\","
        "\"isDeprecated\":true,\"deprecationReason\":\"unsafe\",\"args\":[{\"name\":\"b\"}],"
        "\"every\":[{\"name\":"
        "\"a\",\"defaultValue\":null},{\"name\":\"b\",\"defaultValue\":\"[\\\"x\\\\n\\\"]\"}]}]}");
    check_answer("query ($all: Boolean = false) { __type(name: \"Kind\") { "
                 "enumValues(includeDeprecated: $all) { name"
                 " description } } }",
                 "{}", "{\"enumValues\":[{\"name\":\"CAT\",\"description\":\"purrs\"}]}");
    check_answer("query ($all: Boolean = false) { __type(name: \"Kind\") { "
                 "enumValues(includeDeprecated: $all) { name"
                 " deprecationReason } } }",
                 "{all: true}",
                 "{\"enumValues\":[{\"name\":\"CAT\",\"deprecationReason\":null},{\"name\":\"DOG\","
                 "\"deprecationReason\":\"No longer supported\"}]}");
    check_answer("{ __type(name: \"Box\") { inputFields { name } all: "
                 "inputFields(includeDeprecated: true) { name"
                 " isDeprecated } } }",
                 "{}",
                 "{\"inputFields\":[{\"name\":\"depth\"}],\"all\":[{\"name\":\"depth\","
                 "\"isDeprecated\":false},{\"name\":"
                 "\"name\",\"isDeprecated\":true}]}");
}

static void test_introspect__selections_are_merged(void **state)
{
    check_answer(
        "{ __type(name: \"Cat\") { ...F ...F n: name ... on __Type { fields { name } } ...G } }"
        " fragment F on __Type { name fields { t: type { ...H } } ...G }"
        " fragment G on __Type { kind } fragment H on __Type { name }",
        "{}",
        "{\"name\":\"Cat\",\"fields\":[{\"t\":{\"name\":\"String\"},\"name\":\"name\"},{\"t\":{"
        "\"name\":null},"
        "\"name\":\"lives\"}],\"kind\":\"OBJECT\",\"n\":\"Cat\"}");
    check_answer(
        "query ($no: Boolean!) { __type(name: \"Cat\") { name @include(if: $no) kind @skip(if: "
        "$no) ... @skip("
        "if: true) { description } ...F @include(if: false) } } fragment F on __Type { n: name }",
        "{no: false}", "{\"kind\":\"OBJECT\"}");
    check_answer("{ __type(name: \"Cat\") { name } __type(name: \"Cat\") { kind } }", "{}",
                 "{\"name\":\"Cat\",\"kind\":\"OBJECT\"}");
    check_answer("query ($n: String = \"Dog\") { __type(name: $n) { name } }", "{n: \"Pet\"}",
                 "{\"name\":\"Pet\"}");
}

static void test_introspect__schema(void **state)
{
    struct buf out;
    struct err e = {0};

    check_answer(
        "{ __schema { description queryType { name } mutationType { name } subscriptionType { name "
        "} } }",
        "{}",
        "{\"description\":\"Animals.\",\"queryType\":{\"name\":\"Query\"},\"mutationType\":null,"
        "\"subscriptionType\":null}");
    check_answer(
        "{ __schema { directives { name isRepeatable locations args { name } } } }", "{}",
        "{\"directives\":[{\"name\":\"tag\",\"isRepeatable\":true,\"locations\":[\"QUERY\","
        "\"FIELD\"],\"args\":["
        "{\"name\":\"name\"}]},{\"name\":\"skip\",\"isRepeatable\":false,\"locations\":[\"FIELD\","
        "\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"],\"args\":[{\"name\":\"if\"}]},{\"name\":"
        "\"include\","
        "\"isRepeatable\":false,\"locations\":[\"FIELD\",\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"],"
        "\"args\":["
        "{\"name\":\"if\"}]},{\"name\":\"deprecated\",\"isRepeatable\":false,\"locations\":["
        "\"FIELD_DEFINITION\",\"ARGUMENT_DEFINITION\",\"ENUM_VALUE\",\"INPUT_FIELD_DEFINITION\"],"
        "\"args\":["
        "{\"name\":\"reason\"}]},{\"name\":\"specifiedBy\",\"isRepeatable\":false,\"locations\":["
        "\"SCALAR\"],"
        "\"args\":[{\"name\":\"url\"}]},{\"name\":\"oneOf\",\"isRepeatable\":false,\"locations\":["
        "\"INPUT_OBJECT\"],\"args\":[]}]}");
    assert_int_equal(ask_of(schema, "{ __schema { types { name } } }", "{}", 0, &out, &e), 0);
    buf_add_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "{\"name\":\"__Type\"}"));
    assert_non_null(strstr(out.ptr, "{\"name\":\"Unused\"}"));
    assert_null(strstr(out.ptr, "Codec"));     /* only the mapping uses it */
    assert_null(strstr(out.ptr, "\"Float\"")); /* nothing uses it */
    assert_null(strstr(out.ptr, "__Meta"));
    buf_release(&out);
}

static const char whole[] =
    "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name "
    "kind }"
    " subscriptionType { name kind } types { ...FullType } directives { name description "
    "isRepeatable locations"
    " args(includeDeprecated: true) { ...InputValue } } } }"
    " fragment FullType on __Type { kind name description isOneOf specifiedByURL"
    " fields(includeDeprecated: true) { name description args(includeDeprecated: true) { "
    "...InputValue } type {"
    " ...TypeRef } isDeprecated deprecationReason } inputFields(includeDeprecated: true) { "
    "...InputValue }"
    " interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated"
    " deprecationReason } possibleTypes { ...TypeRef } }"
    " fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue "
    "isDeprecated"
    " deprecationReason }"
    " fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind "
    "name ofType { kind"
    " name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { "
    "kind name } } } } } }"
    " } } } }";

/* What tools send first, over the schema that is shipped. */
static void test_introspect__whole_passport(void **state)
{
    struct schema *s = NULL;
    struct err e = {0};
    struct buf out;
    size_t n, full;
    char *text = source_file("schema/passport.graphql", &n);

    assert_non_null(text);
    if (schema_build(&s, (struct str){text, n}, &e) < 0)
        fail_msg("%s", e.message);
    assert_int_equal(ask_of(s, whole, "{}", 0, &out, &e), 0);
    full = out.len;
    buf_add_char(&out, '\0');
    assert_true(full > 20000 && full < (1 << 20));
    assert_non_null(strstr(out.ptr, "\"Individual identification number"));
    assert_null(strstr(out.ptr, "\"table\""));
    assert_null(strstr(out.ptr, "\"name\":\"Codec\""));
    buf_release(&out);
    for (size_t limit = 1000; limit < full;
         limit += 7919) { /* ends at the limit, whatever is written there */
        e = (struct err){0};
        assert_int_equal(ask_of(s, whole, "{}", limit, &out, &e), ERR_LIMIT);
        assert_true(out.len <= limit);
        buf_release(&out);
    }
    free(text);
    schema_free(s);
}

/* Pieces of any size are the whole, and none is much longer than was asked for. */
static void test_introspect__in_pieces(void **state)
{
    struct buf all, out;
    struct err e = {0};

    assert_int_equal(ask_of(schema, whole, "{}", 0, &all, &e), 0);
    for (size_t piece = 1; piece < all.len * 2; piece = piece * 3 + 1) {
        piece_bytes = piece;
        assert_int_equal(ask_of(schema, whole, "{}", 0, &out, &e), 0);
        assert_true(longest_piece < piece + 200);
        buf_add_char(&out, '\0');
        check_str(buf_str(&all), out.ptr);
        buf_release(&out);
    }
    piece_bytes = 0;
    buf_release(&all);
}

/* A plan that multiplies ends at its memory limit. */
static void test_introspect__fragments_that_multiply(void **state)
{
    struct buf text, out;
    struct err e = {0};
    int rc;

    buf_init(&text, 0);
    buf_add_z(&text, "{ __type(name: \"Cat\") { ...F0 } }");
    for (int i = 0; i < 18; i++)
        buf_addf(&text, " fragment F%d on __Type { a: ofType { ...F%d } b: ofType { ...F%d } }", i,
                 i + 1, i + 1);
    buf_add_z(&text, " fragment F18 on __Type { name }");
    buf_add_char(&text, '\0');
    rc = ask_of(schema, text.ptr, "{}", 1 << 20, &out, &e);
    assert_int_equal(rc, ERR_LIMIT);
    buf_release(&out);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_introspect__types),
        cmocka_unit_test(test_introspect__deprecations),
        cmocka_unit_test(test_introspect__selections_are_merged),
        cmocka_unit_test(test_introspect__schema),
        cmocka_unit_test(test_introspect__whole_passport),
        cmocka_unit_test(test_introspect__in_pieces),
        cmocka_unit_test(test_introspect__fragments_that_multiply),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
