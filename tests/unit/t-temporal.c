/* Tests of query/temporal: days and times against another calendar (libc's). */
#include "tests/unit/test.h"

#include <stdio.h>
#include <time.h>

#include "query/temporal.h"

static void test_date__every_day_of_800_years(void **state)
{
    struct tm tm = {.tm_year = 1700 - 1900, .tm_mday = 1};
    int64_t first = timegm(&tm) / 86400 - 10957; /* 10957 days from 1970 to 2000 */

    for (int64_t day = first; day < first + 800 * 365; day++) {
        time_t t = (time_t)(day + 10957) * 86400;
        int64_t got;
        char text[64];
        gmtime_r(&t, &tm);
        snprintf(text, sizeof text, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
        assert_true(parse_date(str_of(text), &got));
        assert_int_equal(got, day);
    }
}

static void test_date__ends(void **state)
{
    int64_t got;

    assert_true(parse_date(STR("2000-01-01"), &got));
    assert_int_equal(got, 0);
    assert_true(parse_date(STR("0001-01-01"), &got));
    assert_int_equal(got, -730119);
    assert_true(parse_date(STR("9999-12-31"), &got));
    assert_int_equal(got, 2921939);
}

static void test_date__refuses(void **state)
{
    static const char *const bad[] = {"",           "2000-1-01",  "2000-00-01", "2000-13-01",
                                      "2000-01-00", "2000-01-32", "2001-02-29", "1900-02-29",
                                      "2000-04-31", "0000-01-01", "2000/01/01", "2000-01-01 ",
                                      "+000-01-01", "20000-01-1", "2000-01-0a"};
    int64_t got;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(parse_date(str_of(bad[i]), &got));
    assert_true(parse_date(STR("2000-02-29"), &got));
}

static void test_timestamp__values(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"2000-01-01T00:00:00Z", 0},         {"2000-01-01T05:00:00+05:00", 0},
        {"1999-12-31T19:30:00-04:30", 0},    {"2000-01-01t00:00:01z", 1000000},
        {"2000-01-01T00:00:00.5Z", 500000},  {"2000-01-01T00:00:00.0000019Z", 1},
        {"1999-12-31T23:59:59.999999Z", -1}, {"2026-03-31T04:30:00Z", INT64_C(828246600000000)},
    };
    int64_t got;

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(parse_timestamp(str_of(good[i].text), &got));
        assert_int_equal(got, good[i].us);
    }
}

static void test_timestamp__refuses(void **state)
{
    static const char *const bad[] = {"",
                                      "2000-01-01",
                                      "2000-01-01T00:00:00",
                                      "2000-01-01 00:00:00Z",
                                      "2000-01-01T24:00:00Z",
                                      "2000-01-01T00:60:00Z",
                                      "2000-01-01T00:00:60Z",
                                      "2000-01-01T00:00:00.Z",
                                      "2000-01-01T00:00:00+5:00",
                                      "2000-01-01T00:00:00+05",
                                      "2000-01-01T00:00:00+24:00",
                                      "2000-01-01T00:00:00Zx",
                                      "2000-02-30T00:00:00Z"};
    int64_t got;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(parse_timestamp(str_of(bad[i]), &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date__every_day_of_800_years),
        cmocka_unit_test(test_date__ends),
        cmocka_unit_test(test_date__refuses),
        cmocka_unit_test(test_timestamp__values),
        cmocka_unit_test(test_timestamp__refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
