/* Tests of query/discreet: which names stay in a message. */
#include "tests/unit/test.h"

#include "query/ast.h"
#include "query/discreet.h"

static void check(const char *message, const char *document, const struct value *variables,
                  const char *want)
{
    char text[256];

    snprintf(text, sizeof text, "%s", message);
    discreet_message(text, str_of(document), variables);
    assert_string_equal(text, want);
}

static void test_discreet__names_that_were_not_sent(void **state)
{
    check("Field \"patient\" argument \"iin\" of type \"ID!\" is required.", "{ patient }", NULL,
          "Field \"patient\" argument \"?\" of type \"ID!\" is required.");
    check("Expected value of type \"[Sex!]!\", found BLUE.", "{ f(a: BLUE) }", NULL,
          "Expected value of type \"[?!]!\", found BLUE.");
    check("Cannot query field \"a\" on type \"Abc\".", "{ a Abcd xAbc }", NULL,
          "Cannot query field \"a\" on type \"?\".");
    check("on type \"Abc\" and \"__Type\".", "Abc", NULL, "on type \"Abc\" and \"__Type\".");
    check("on type \"Abc\".", "xAbc Abc", NULL, "on type \"Abc\".");
    check("of \"Abc.first\" must", "first", NULL, "of \"?.first\" must");
}

static void test_discreet__quotes_in_values(void **state)
{
    /* The quote inside does not end the text, so what follows is quoted where it was. */
    check("type \"Abc\", found \"a\\\"b\", not \"Def\"", "\"a\\\"b\"", NULL,
          "type \"?\", found \"a\\\"b\", not \"?\"");
    check("cut \"", "", NULL, "cut \"");
    check("cut \\", "", NULL, "cut \\");
    check("", "", NULL, "");
    check("\"a\"", "", NULL, "\"?\"");
}

static void test_discreet__names_in_variables(void **state)
{
    struct value inner = {.kind = VALUE_NULL, .name = STR("depth")};
    struct value list = {.kind = VALUE_OBJECT, .items = &inner, .n_items = 1};
    struct value x = {.kind = VALUE_LIST, .items = &list, .n_items = 1, .name = STR("x")};
    const struct value given = {.kind = VALUE_OBJECT, .items = &x, .n_items = 1};

    check("at \"x[0].depth\"; Field \"width\"", "", &given, "at \"x[0].depth\"; Field \"?\"");
    check("\"12 x\"", "", &given, "\"12 x\""); /* numbers are no names */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discreet__names_that_were_not_sent),
        cmocka_unit_test(test_discreet__quotes_in_values),
        cmocka_unit_test(test_discreet__names_in_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
