/* Tests of server/document_routes: the file of documents, and the paths and variables of requests. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/ast.h"
#include "server/document_routes.h"

static struct arena arena;
static char dir[] = "/tmp/tolqujat-routes-XXXXXX";

static int setup(void **state)
{
    arena_init(&arena, 1024 * 1024);
    return mkdtemp(dir) ? 0 : -1;
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
    const struct value *v;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes__read),
        cmocka_unit_test(test_routes__find),
        cmocka_unit_test(test_routes__variables),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
