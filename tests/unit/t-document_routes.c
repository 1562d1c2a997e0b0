/* Tests of server/document_routes: the file of documents, and the paths and variables of requests. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/ast.h"
#include "query/schema.h"
#include "server/document_routes.h"
#include "tests/unit/language_fixture.h"

static struct arena arena;
static char dir[] = "/tmp/tolqujat-routes-XXXXXX";

static int setup(void **state)
{
    arena_init(&arena, 1024 * 1024);
    return hash_start() == 0 && mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    char path[128];

    snprintf(path, sizeof path, "%s/documents.graphql", dir);
    unlink(path);
    rmdir(dir);
    arena_release(&arena);
    return 0;
}

/* Reads `text` as the file beside a schema. */
static int routes_of(const char *text, struct document_routes *ret, struct err *err)
{
    char path[128], schema[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/documents.graphql", dir);
    snprintf(schema, sizeof schema, "%s/passport.graphql", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return document_routes_read(&arena, schema, ret, err);
}

static const char two[] = "# A comment.\n\n# GET /a/{id}/$x text/one\nquery A {\n  a\n}\n"
                          "# GET /b text/two\nquery B { b }";

static void test_routes__read(void **state)
{
    struct document_routes r;
    struct err err = {0};

    assert_int_equal(routes_of(two, &r, &err), 0);
    assert_int_equal(r.n, 2);
    assert_true(str_is(r.all[0].path, "/a/{id}/$x"));
    assert_true(str_is(r.all[0].operation, "query A {\n  a\n}"));
    assert_string_equal(r.all[0].media_type, "text/one");
    assert_true(str_is(r.all[1].operation, "query B { b }"));
    assert_string_equal(r.all[1].media_type, "text/two");

    assert_int_equal(document_routes_read(&arena, "/nowhere/x.graphql", &r, &err), 0);
    assert_int_equal(r.n, 0);
    assert_null(document_routes_find(&r, STR("/b")));
    assert_int_equal(routes_of("# GET a text/one\n", &r, &err), ERR_CONFIG);
    assert_int_equal(routes_of("# GET /a\n", &r, &err), ERR_CONFIG);
}

static void test_routes__find(void **state)
{
    struct document_routes r;
    struct err err;

    assert_int_equal(routes_of(two, &r, &err), 0);
    assert_ptr_equal(document_routes_find(&r, STR("/a/7/$x")), &r.all[0]);
    assert_ptr_equal(document_routes_find(&r, STR("/a/7/%24x")), &r.all[0]);
    assert_ptr_equal(document_routes_find(&r, STR("/b")), &r.all[1]);
    assert_null(document_routes_find(&r, STR("/a//$x")));
    assert_null(document_routes_find(&r, STR("/a/7")));
    assert_null(document_routes_find(&r, STR("/a/7/$x/y")));
    assert_null(document_routes_find(&r, STR("/a/7/x")));
    assert_null(document_routes_find(&r, STR("/%24b")));
    assert_null(document_routes_find(&r, STR("/")));
    assert_null(document_routes_find(&r, STR("")));
}

static void test_routes__variables(void **state)
{
    struct document_routes r;
    struct value *v;
    struct err err;

    assert_int_equal(routes_of(two, &r, &err), 0);
    assert_int_equal(document_routes_variables(&arena, &r.all[0], STR("/a/7/$x"),
                                               STR("lang=R%55&empty="), &v, &err),
                     0);
    assert_int_equal(v->n_items, 3);
    assert_true(str_is(v->items[0].name, "id") && str_is(v->items[0].text, "7"));
    assert_true(str_is(v->items[1].name, "lang") && str_is(v->items[1].text, "RU"));
    assert_true(str_is(v->items[2].name, "empty") && v->items[2].text.len == 0);
    /* What the path says no parameter says again. */
    assert_int_equal(
        document_routes_variables(&arena, &r.all[0], STR("/a/7/$x"), STR("id=8"), &v, &err),
        ERR_REQUEST);
    assert_int_equal(
        document_routes_variables(&arena, &r.all[0], STR("/a/7/$x"), STR("x=%4"), &v, &err),
        ERR_REQUEST);
    assert_int_equal(document_routes_variables(&arena, &r.all[0], STR("/a/7/$x"),
                                               STR("a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q"), &v, &err),
                     ERR_REQUEST);
}

static void test_routes__set_a_variable(void **state)
{
    struct document_routes r;
    struct value *v;
    struct err err;

    assert_int_equal(routes_of(two, &r, &err), 0);
    /* As many as a request may bring, and one more of ours. */
    assert_int_equal(document_routes_variables(&arena, &r.all[0], STR("/a/7/$x"),
                                               STR("a&b&c&d&e&f&g&h&i&j&k&l&m&n&o"), &v, &err),
                     0);
    document_routes_set_variable(v, STR("after"), STR("1"));
    assert_int_equal(v->n_items, 17);
    document_routes_set_variable(v, STR("after"), STR("2"));
    document_routes_set_variable(v, STR("o"), STR("3"));
    assert_int_equal(v->n_items, 17);
    assert_true(str_is(v->items[16].name, "after") && str_is(v->items[16].text, "2"));
    assert_true(str_is(v->items[15].name, "o") && str_is(v->items[15].text, "3"));
}

/* ---- what their operations have to be ---- */

static const char shapes[] = MAPPING
    "interface Node { id: ID! }\n"
    "type Query {\n"
    "  node(id: ID!): Node @node(argument: \"id\")\n"
    "  person(id: ID!): Person @lookup(column: \"id\", argument: \"id\")\n"
    "}\n"
    "type Mutation { change(id: ID!): Person @procedure(name: \"change\") }\n"
    "type Person implements Node @table(name: \"person\") {\n"
    "  id: ID!  name: String!  nick: String  age: Int\n"
    "  only: Page @list(function: \"only_page\")\n"
    "  pages(first: Int, after: String): PageConnection! @list(column: \"person_id\", order: "
    "\"id\")\n"
    "  all: [Page!]! @list(column: \"person_id\", order: \"id\")\n"
    "}\n"
    "type Page implements Node @table(name: \"page\") { id: ID!  text: String! }\n"
    "type PageConnection { nodes: [Page!]!  edges: [PageEdge!]!  pageInfo: PageInfo! }\n"
    "type PageEdge { node: Page!  cursor: String! }\n"
    "type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  "
    "endCursor: String }\n";

/* One route with this operation: 0, or ERR_CONFIG with words of the reason. */
static void check_shape(const struct schema *schema, const char *operation, bool paged,
                        const char *why)
{
    struct document_routes r;
    struct err err = {0};
    char text[1024];
    int rc;

    snprintf(text, sizeof text, "# Words.\n# GET /a/{id} text/plain\n%s\n", operation);
    assert_int_equal(routes_of(text, &r, &err), 0);
    rc = document_routes_compile(&r, schema, &err);
    if (why ? rc != ERR_CONFIG || !strstr(err.message, why) : rc != 0)
        fail_msg("%s: %d, %s", operation, rc, err.message);
    if (!why)
        assert_int_equal(r.all[0].paged, paged);
    document_routes_release(&r);
    assert_int_equal(r.n, 0);
}

static void test_routes__shapes(void **state)
{
    static const char alone[] = "must select one string, and nothing beside it";
    static const char page[] = "must take $after, and select of its connection";
    struct schema *schema;
    struct err err = {0};

    if (schema_build(&schema, str_of(shapes), &err) < 0)
        fail_msg("line %d: %s", err.line, err.message);
    check_shape(schema, "query($id: ID!) { person(id: $id) { name } }", false, NULL);
    check_shape(schema, "query($id: ID!) { node(id: $id) { ... on Person { it: nick } } }", false,
                NULL);
    check_shape(schema,
                "query($id: ID!, $x: Boolean!) { person(id: $id) { name nick @include(if: $x) } }",
                false, NULL);
    check_shape(schema,
                "query($id: ID!, $after: String) { person(id: $id) { pages(after: $after) { "
                "pageInfo { hasNextPage endCursor } nodes { text } } } }",
                true, NULL);

    check_shape(schema, "query($id: ID!) { person(id: $id) { only { text } } }", false, NULL);
    check_shape(schema, "query($id: ID!) { person(id: $id) { name nick } }", false, alone);
    check_shape(schema, "query($id: ID!) { person(id: $id) { age } }", false, alone);
    check_shape(schema, "query($id: ID!) { person(id: $id) { id } }", false, alone);
    check_shape(schema, "query($id: ID!) { person(id: $id) { all { text } } }", false, alone);
    check_shape(schema,
                "query($id: ID!) { node(id: $id) { ... on Person { name } ... on Page { text } } }",
                false, alone);
    check_shape(schema,
                "query($id: ID!) { person(id: $id) { pages { pageInfo { hasNextPage endCursor } "
                "nodes { text } } } }",
                false, page);
    check_shape(schema,
                "query($id: ID!, $after: String) { person(id: $id) { pages(after: $after) { nodes "
                "{ text } pageInfo { hasNextPage endCursor } } } }",
                false, page);
    check_shape(schema,
                "query($id: ID!, $after: String) { person(id: $id) { pages(after: $after) { "
                "pageInfo { more: hasNextPage endCursor } nodes { text } } } }",
                false, page);
    check_shape(schema,
                "query($id: ID!, $after: String) { person(id: $id) { pages(after: $after) { "
                "pageInfo { hasNextPage endCursor } nodes { id text } } } }",
                false, page);
    check_shape(schema, "mutation($id: ID!) { change(id: $id) { name } }", false,
                "must be one query, alone");
    check_shape(schema, "query A { person(id: 1) { name } } query B { person(id: 1) { name } }",
                false, "must be one query, alone");
    check_shape(schema, "query {\n  person(id: 1) { nothing } }", false,
                "documents.graphql:4: Cannot query field \"nothing\"");
    check_shape(schema, "query {", false, "Syntax Error");
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes__read),      cmocka_unit_test(test_routes__find),
        cmocka_unit_test(test_routes__variables), cmocka_unit_test(test_routes__set_a_variable),
        cmocka_unit_test(test_routes__shapes),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
