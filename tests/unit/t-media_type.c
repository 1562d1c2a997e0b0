/* Tests of server/media_type. */
#include "tests/unit/test.h"

#include "server/media_type.h"

static void check_accept(const char *accept, enum answer_type want)
{
    enum answer_type got = media_type_answer(str_of(accept));
    if (got != want)
        fail_msg("Accept: %s: got %d, want %d", accept, (int)got, (int)want);
}

static void test_media_type__answer(void **state)
{
    check_accept("", ANSWER_JSON);
    check_accept("*/*", ANSWER_JSON);
    check_accept("application/*", ANSWER_JSON);
    check_accept("application/json", ANSWER_JSON);
    check_accept("application/graphql-response+json", ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/graphql-response+json; charset=utf-8", ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/graphql-response+json, application/json;q=0.9",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/json;q=0.9, application/graphql-response+json;q=0.5", ANSWER_JSON);
    check_accept("application/json, application/graphql-response+json", ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/graphql-response+json, */*", ANSWER_GRAPHQL_RESPONSE);
    check_accept("text/html, */*;q=0.1", ANSWER_JSON);
    check_accept("text/html", ANSWER_NOT_ACCEPTABLE);
    check_accept("application/json;q=0", ANSWER_NOT_ACCEPTABLE);
    check_accept("Application/JSON", ANSWER_JSON);
    check_accept("text/x;a=\"application/json, \\\",\"", ANSWER_NOT_ACCEPTABLE);
    check_accept(",,;;=,", ANSWER_NOT_ACCEPTABLE);
}

static void test_media_type__request(void **state)
{
    assert_true(media_type_is_json(STR("application/json")));
    assert_true(media_type_is_json(STR("application/json; charset=utf-8")));
    assert_true(media_type_is_json(STR("Application/Json ;Charset=\"UTF-8\"")));
    assert_true(media_type_is_json(STR("application/json; profile=x")));
    assert_false(media_type_is_json(STR("application/json; charset=utf-16")));
    assert_false(media_type_is_json(STR("text/plain")));
    assert_false(media_type_is_json(STR("application/jsonx")));
    assert_false(media_type_is_json(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media_type__answer),
        cmocka_unit_test(test_media_type__request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
