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

static void test_media_type__weights(void **state)
{
    check_accept("application/json;q=0.899, application/graphql-response+json;q=0.9",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/json;q=0.901, application/graphql-response+json;q=0.9", ANSWER_JSON);
    check_accept("application/json; Q=0.5 , application/graphql-response+json ;q=0.4", ANSWER_JSON);
    check_accept("application/json;q=0.000", ANSWER_NOT_ACCEPTABLE);
    check_accept("application/json;q=0.001", ANSWER_JSON);
    check_accept("application/json;q=0.", ANSWER_NOT_ACCEPTABLE);
    check_accept("application/json;q=0.9;q=0.1, application/graphql-response+json;q=0.2",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("*/*;q=0", ANSWER_NOT_ACCEPTABLE);
    /* What is no weight counts as 1. */
    check_accept("application/json;q=high, application/graphql-response+json;q=0.9", ANSWER_JSON);
    check_accept("application/json;q=-1", ANSWER_JSON);
    check_accept("application/json;q=0.x1, application/graphql-response+json;q=0.9", ANSWER_JSON);
    check_accept("application/json;q=1.5", ANSWER_JSON);
    check_accept("application/json;q=", ANSWER_JSON);
    check_accept("application/json;q", ANSWER_JSON);
}

static void test_media_type__exactness(void **state)
{
    /* The most exact range decides about a type, in any order. */
    check_accept("application/json;q=0, */*", ANSWER_GRAPHQL_RESPONSE);
    check_accept("*/*, application/json;q=0", ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/graphql-response+json;q=0, */*", ANSWER_JSON);
    check_accept("application/*;q=0, */*", ANSWER_NOT_ACCEPTABLE);
    check_accept("application/*;q=0, application/json;q=0.1", ANSWER_JSON);
    check_accept("*/*;q=1, application/*;q=0.2, application/json;q=0.3", ANSWER_JSON);
    check_accept("application/json, */*", ANSWER_JSON);
    check_accept("application/json;q=0.9, */*", ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/graphql-response+json;q=0.5, */*", ANSWER_JSON);
    check_accept("application/graphql-response+json, application/json; charset=utf-8",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/json;q=0, application/json;charset=utf-8", ANSWER_JSON);
    check_accept("application/json;charset=utf-8;q=0, application/json", ANSWER_NOT_ACCEPTABLE);
    check_accept("application/json;q=0.1, application/json;q=0.9, "
                 "application/graphql-response+json;q=0.5",
                 ANSWER_JSON);
    /* Other charsets are other representations. */
    check_accept("application/json; charset=utf-16", ANSWER_NOT_ACCEPTABLE);
    check_accept("application/json; charset=utf-16, application/graphql-response+json;q=0.1",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/json; charset=\"UTF-8\"", ANSWER_JSON);
    check_accept("application/json; profile=\"a;b,c\"", ANSWER_JSON);
}

/* What browsers and libraries send when nobody told them. */
static void test_media_type__in_the_wild(void **state)
{
    check_accept("application/json, text/plain, */*", ANSWER_JSON);
    check_accept("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
                 ANSWER_JSON);
    check_accept("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", ANSWER_JSON);
    check_accept("application/graphql-response+json,application/json;q=0.9",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("application/graphql-response+json, application/graphql+json, application/json, "
                 "text/event-stream, multipart/mixed",
                 ANSWER_GRAPHQL_RESPONSE);
    check_accept("multipart/mixed; deferSpec=20220824, application/json", ANSWER_JSON);
    check_accept(
        "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
        ANSWER_GRAPHQL_RESPONSE);
}

static void test_media_type__request(void **state)
{
    assert_true(media_type_is_json(STR("application/json")));
    assert_true(media_type_is_json(STR("application/json; charset=utf-8")));
    assert_true(media_type_is_json(STR("Application/Json ;Charset=\"UTF-8\"")));
    assert_true(media_type_is_json(STR("application/json; profile=x")));
    assert_true(media_type_is_json(STR("application/json;charset=utf8")));
    assert_true(media_type_is_json(STR(" application/json ; ; ")));
    assert_false(media_type_is_json(STR("application/json; charset=utf-8; charset=latin1")));
    assert_false(media_type_is_json(STR("application/json; charset=")));
    assert_false(media_type_is_json(STR("application/json; charset=\"utf-16\"")));
    assert_false(media_type_is_json(STR("application/json, text/plain")));
    assert_false(media_type_is_json(STR("text/plain; application/json")));
    assert_false(media_type_is_json(STR("application/x-www-form-urlencoded")));
    assert_false(media_type_is_json(STR("multipart/form-data; boundary=application/json")));
    assert_false(media_type_is_json(STR("application/graphql")));
    assert_false(media_type_is_json(STR("application/graphql-response+json")));
    assert_false(media_type_is_json(STR("application/json; charset=utf-16")));
    assert_false(media_type_is_json(STR("text/plain")));
    assert_false(media_type_is_json(STR("application/jsonx")));
    assert_false(media_type_is_json(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media_type__answer),
        cmocka_unit_test(test_media_type__weights),
        cmocka_unit_test(test_media_type__exactness),
        cmocka_unit_test(test_media_type__in_the_wild),
        cmocka_unit_test(test_media_type__request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
