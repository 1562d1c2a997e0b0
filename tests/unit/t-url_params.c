/* Tests of server/url_params, and of server/graphql_json over it: GET /graphql?... */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "base/err.h"
#include "query/ast.h"
#include "server/graphql_json.h"
#include "server/url_params.h"

static struct arena arena;

static int setup(void **state)
{
    arena_init(&arena, 1024 * 1024);
    return 0;
}

static int teardown(void **state)
{
    arena_release(&arena);
    return 0;
}

/* All parameters as `name=value` lines; or "!" and the sentence of the error. */
static const char *list(struct str text)
{
    static char out[1024];
    struct url_params p = {.rest = text};
    struct str name, value;
    struct err err;
    size_t n = 0;
    int rc;

    out[0] = '\0';
    while ((rc = url_params_next(&p, &arena, &name, &value, &err)) > 0)
        n +=
            (size_t)snprintf(out + n, sizeof out - n, "%.*s=%.*s\n", STR_FMT(name), STR_FMT(value));
    if (rc < 0)
        snprintf(out, sizeof out, "!%d %s", rc == ERR_REQUEST, err.message);
    return out;
}

static void test_url_params__decoded(void **state)
{
    assert_string_equal(list(STR("")), "");
    assert_string_equal(list(STR("&&&")), "");
    assert_string_equal(list(STR("a=1&b=2")), "a=1\nb=2\n");
    assert_string_equal(list(STR("&a=1&&b&=c&")), "a=1\nb=\n=c\n");
    assert_string_equal(list(STR("a=b=c")), "a=b=c\n");
    assert_string_equal(list(STR("a+b=c+%2B+d")), "a b=c + d\n");
    assert_string_equal(list(STR("%61=%7B%7d%26%3D%25")), "a={}&=%\n");
    assert_string_equal(list(STR("q=%D2%9B%d0%b0%F0%9F%8F%83")), "q=қа🏃\n");
    assert_string_equal(list(STR("q=%41")), "q=A\n");
    assert_string_equal(list(STR("a=1&a=2")), "a=1\na=2\n");
}

static void test_url_params__nul(void **state)
{
    struct url_params p = {.rest = STR("a=x%00y")};
    struct str name, value;
    struct err err;

    assert_int_equal(url_params_next(&p, &arena, &name, &value, &err), 1);
    assert_true(str_eq(value, STR("x\0y")));
}

static void test_url_params__refused(void **state)
{
    static const char *const percent[] = {"a=%",    "a=%4",  "a=%4&b",   "a=%G1", "a=%1G", "%=a",
                                          "a=%%41", "a=% 1", "a=%u0041", "a=%+1", "a=%0x1"};
    static const char *const bytes[] = {"a=%FF", "a=%C0%80",       "a=%ED%A0%80", "a=%D0",
                                        "%80=1", "a=%F5%80%80%80", "a=\xff"};

    for (size_t i = 0; i < ARRAY_LEN(percent); i++)
        assert_string_equal(list(str_of(percent[i])),
                            "!1 Parameter 1 of the URL has a % without two hexadecimal digits.");
    for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
        assert_string_equal(list(str_of(bytes[i])), "!1 Parameter 1 of the URL is not UTF-8.");
    assert_string_equal(list(STR("a=1&b=2&c=%zz")),
                        "!1 Parameter 3 of the URL has a % without two hexadecimal digits.");
}

static void test_url_params__memory(void **state)
{
    struct arena small;
    struct url_params p = {.rest = STR("a=%41")};
    struct str name, value;
    struct err err;
    char big[4096];

    arena_init(&small, 512);
    memset(big, '+', sizeof big);
    p.rest = (struct str){big, sizeof big};
    assert_int_equal(url_params_next(&p, &small, &name, &value, &err), ERR_MEMORY);
    arena_release(&small);
}

/* ---- as a GraphQL request ---- */

static struct graphql_params params;

static const char *read(struct str text)
{
    static struct err err;
    int rc = graphql_params_from_url(&arena, text, &params, &err);

    return rc < 0 ? err.message : NULL;
}

static void test_url_params__request(void **state)
{
    assert_null(
        read(STR("query=%7B+a+%7D&operationName=A&variables=%7B%22x%22%3A%5B1%2C%22%2B%22%5D%7D"
                 "&extensions=%7B%22cost%22%3Atrue%7D")));
    assert_true(str_is(params.query, "{ a }"));
    assert_true(str_is(params.operation_name, "A"));
    assert_true(params.wants_cost);
    assert_non_null(params.variables);
    assert_int_equal(params.variables->kind, VALUE_OBJECT);
    assert_true(str_is(params.variables->items->name, "x"));
    assert_true(str_is(params.variables->items[0].items[1].text, "+"));
    /* Empty or null is not given; what nobody knows is ignored. */
    assert_null(
        read(STR("query=q&operationName=&variables=&extensions=&other=1&other=2&operationname=x")));
    assert_null(params.operation_name.ptr);
    assert_null(params.variables);
    assert_null(read(STR("query=q&variables=null&extensions=null")));
    assert_null(params.variables);
    assert_null(read(STR("query=q&operationName=null")));
    assert_true(str_is(params.operation_name, "null"));
    assert_null(read(STR("query=")));
    assert_true(params.query.ptr && params.query.len == 0);
    /* A document by its hash alone. */
    assert_null(read(STR("extensions=%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%"
                         "22sha256Hash%22%3A%22ab%22%7D%7D")));
    assert_true(str_is(params.persisted_hash, "ab"));
    assert_null(params.query.ptr);
    assert_null(read(STR("documentId=sha256%3Aab")));
    assert_true(str_is(params.document_id, "sha256:ab"));
}

static void test_url_params__request_refused(void **state)
{
    char deep[256];

    assert_string_equal(read(STR("variables=%7B%7D")),
                        "\"query\" is missing: it holds the text of the GraphQL document.");
    assert_string_equal(read(STR("query=a&query=a")), "The URL has the parameter \"query\" twice.");
    assert_string_equal(read(STR("query=a&variables=&variables=%7B%7D")),
                        "The URL has the parameter \"variables\" twice.");
    assert_string_equal(read(STR("query=a&variables=%7B%22a%22%3A1")),
                        "The URL's \"variables\" is not valid JSON (line 1, column 6).");
    assert_string_equal(read(STR("query=a&variables=%5B1%5D")),
                        "\"variables\" must be an object or null.");
    assert_string_equal(read(STR("query=a&extensions=1")),
                        "\"extensions\" must be an object or null.");
    assert_string_equal(read(STR("query=a&extensions=x")),
                        "The URL's \"extensions\" is not valid JSON (line 1, column 1).");
    assert_string_equal(read(STR("query=a&variables=%7B%22a%22%3A1%2C%22a%22%3A2%7D")),
                        "The URL's \"variables\" has an object with two members of one name "
                        "(line 1, column 10).");
    assert_string_equal(read(STR("query=%")),
                        "Parameter 1 of the URL has a % without two hexadecimal digits.");
    snprintf(deep, sizeof deep, "query=a&variables=%.*s", 65,
             "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
             "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
    assert_string_equal(read(str_of(deep)), "The URL's \"variables\" is JSON nested more than 64 "
                                            "levels deep (line 1, column 65).");
}

static void test_url_params__body_duplicates(void **state)
{
    static const char *const twice[] = {
        "{\"query\":\"{a}\",\"query\":\"{b}\"}",
        "{\"query\":\"{a}\",\"variables\":{\"a\":{\"b\":1,\"b\":1}}}",
        "{\"query\":\"{a}\",\"que\\u0072y\":\"{b}\"}",
    };
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
        assert_int_equal(graphql_params_parse(&arena, str_of(twice[i]), &params, &err),
                         ERR_REQUEST);
        assert_non_null(strstr(err.message, "The body has an object with two members of one name"));
    }
    assert_int_equal(graphql_params_parse(&arena,
                                          STR("{\"query\":\"{a}\",\"unknown\":{\"query\":1}}"),
                                          &params, &err),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_url_params__decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_url_params__nul, setup, teardown),
        cmocka_unit_test_setup_teardown(test_url_params__refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_url_params__memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_url_params__request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_url_params__request_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_url_params__body_duplicates, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
