/* Tests of base/json: what an answer is made of. */
#include "tests/unit/test.h"

#include <math.h>

#include "base/json.h"

static struct buf out;

static int clear(void **state)
{
    buf_clear(&out);
    return 0;
}

#define check_string(bytes, want)                                                                  \
    do {                                                                                           \
        buf_clear(&out);                                                                           \
        json_add_string(&out, STR(bytes));                                                         \
        check_str(buf_str(&out), want);                                                            \
    } while (0)

static void test_json__escapes(void **state)
{
    check_string("", "\"\"");
    check_string("a\"b\\c", "\"a\\\"b\\\\c\"");
    check_string("\n\r\t\b\f\x01\x7F", "\"\\n\\r\\t\\u0008\\u000c\\u0001\\u007f\"");
    check_string("a\0b", "\"a\\u0000b\"");
    check_string("ә ғ қ ң ө ұ ү һ і", "\"ә ғ қ ң ө ұ ү һ і\"");
    check_string("\xF0\x9F\x92\x8A", "\"\xF0\x9F\x92\x8A\"");
}

static void test_json__never_writes_invalid_utf8(void **state)
{
    check_string("a\xFFz", "\"a\xEF\xBF\xBDz\"");
    check_string("\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                 /* overlong */
    check_string("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); /* surrogate */
    check_string("\xF4\x90\x80\x80",
                 "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); /* beyond U+10FFFF */
    check_string("x\xE2\x82", "\"x\xEF\xBF\xBD\xEF\xBF\xBD\"");           /* cut off */
    assert_true(utf8_valid(STR("қ")));
    assert_false(utf8_valid(STR("\xD0")));
}

#define check_call(call, want)                                                                     \
    do {                                                                                           \
        buf_clear(&out);                                                                           \
        call;                                                                                      \
        check_str(buf_str(&out), want);                                                            \
    } while (0)

static void test_json__dates(void **state)
{
    check_call(json_add_date(&out, 0), "\"2000-01-01\"");
    check_call(json_add_date(&out, -1), "\"1999-12-31\"");
    check_call(json_add_date(&out, 59), "\"2000-02-29\"");
    check_call(json_add_date(&out, 60), "\"2000-03-01\"");
    check_call(json_add_date(&out, 9800), "\"2026-10-31\"");
    check_call(json_add_date(&out, -730119), "\"0001-01-01\"");
    check_call(json_add_date(&out, -730120), "null");
    check_call(json_add_date(&out, 2921939), "\"9999-12-31\"");
    check_call(json_add_date(&out, 2921940), "null");
    check_call(json_add_date(&out, INT32_MAX), "null"); /* infinity */
}

static void test_json__timestamps(void **state)
{
    check_call(json_add_timestamp(&out, 0), "\"2000-01-01T00:00:00Z\"");
    check_call(json_add_timestamp(&out, -1), "\"1999-12-31T23:59:59.999999Z\"");
    check_call(json_add_timestamp(&out, INT64_C(86399000000)), "\"2000-01-01T23:59:59Z\"");
    check_call(json_add_timestamp(&out, INT64_C(1500000)), "\"2000-01-01T00:00:01.500000Z\"");
    check_call(json_add_timestamp(&out, INT64_MAX), "null");
    check_call(json_add_timestamp(&out, INT64_MIN), "null");
}

static void test_json__fixed(void **state)
{
    check_call(json_add_fixed(&out, 129773, 2), "\"1297.73\"");
    check_call(json_add_fixed(&out, 5, 2), "\"0.05\"");
    check_call(json_add_fixed(&out, -5, 2), "\"-0.05\"");
    check_call(json_add_fixed(&out, 0, 2), "\"0.00\"");
    check_call(json_add_fixed(&out, 7, 0), "\"7\"");
    check_call(json_add_fixed(&out, INT64_MIN, 2), "\"-92233720368547758.08\"");
}

static void test_json__doubles(void **state)
{
    check_call(json_add_double(&out, 0.1), "0.1");
    check_call(json_add_double(&out, 1.0 / 3), "0.3333333333333333");
    check_call(json_add_double(&out, 1e300), "1e+300");
    check_call(json_add_double(&out, -0.0), "-0");
    check_call(json_add_double(&out, INFINITY), "null");
    check_call(json_add_double(&out, NAN), "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_json__escapes, clear),
        cmocka_unit_test_setup(test_json__never_writes_invalid_utf8, clear),
        cmocka_unit_test_setup(test_json__dates, clear),
        cmocka_unit_test_setup(test_json__timestamps, clear),
        cmocka_unit_test_setup(test_json__fixed, clear),
        cmocka_unit_test_setup(test_json__doubles, clear),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    buf_release(&out);
    return rc;
}
