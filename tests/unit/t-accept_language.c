/* Tests of server/accept_language. */
#include "tests/unit/test.h"

#include "query/schema.h"
#include "server/accept_language.h"

static struct enum_def values[] = {
    {.name = {"KK", 2}, .stored = {"kk", 2}},
    {.name = {"RU", 2}, .stored = {"ru", 2}},
    {.name = {"EN", 2}, .stored = {"en", 2}},
};
static const struct type languages = {.kind = TYPE_ENUM, .values = values, .n_values = 3};

static void check_choice(const char *header, const char *want)
{
    struct str got = values[accept_language_choose(str_of(header), &languages)].stored;

    if (!str_is(got, want))
        fail_msg("Accept-Language: %s: got %.*s, want %s", header, STR_FMT(got), want);
}

static void test_accept_language__names(void **state)
{
    check_choice("", "kk");
    check_choice("kk", "kk");
    check_choice("ru", "ru");
    check_choice("en", "en");
    check_choice("EN", "en");
    check_choice("Ru-kz", "ru");
    check_choice("de", "kk");
    check_choice("de, en", "en");
    check_choice(" ,,\tru ,", "ru");
}

/* Only the primary subtag counts, and it counts as a whole. */
static void test_accept_language__subtags(void **state)
{
    check_choice("ru-RU", "ru");
    check_choice("kk-Cyrl-KZ, ru;q=0.9", "kk");
    check_choice("en-Latn-US-u-ca-gregory", "en");
    check_choice("sl-rozaj-1994, en-1994", "en");
    check_choice("ru-BY;q=0, ru;q=0.3, en;q=0.2", "ru");
    check_choice("ru;q=0.3, ru-RU;q=0.9, en;q=0.5", "ru");
    check_choice("rus", "kk");
    check_choice("ent, eng", "kk");
    check_choice("r, e", "kk");
}

static void test_accept_language__weights(void **state)
{
    check_choice("ru;q=0.4, en;q=0.5", "en");
    check_choice("en;q=0.899, ru;q=0.9", "ru");
    check_choice("kk;q=0.1,ru;Q=.2", "ru");
    check_choice("en ; q = 0.2 , ru", "ru");
    check_choice("ru;q=1.000, en", "ru");
    /* Equal: the first that is named. */
    check_choice("en, ru", "en");
    check_choice("ru, en, kk", "ru");
    check_choice("en;q=0.5, kk;q=0.5", "en");
    /* Not wanted at all. */
    check_choice("kk;q=0", "kk");
    check_choice("kk;q=0, en;q=0.001", "en");
    check_choice("kk;q=0, ru;q=0, en;q=0", "kk");
}

/* `*` is each of those that are not named. */
static void test_accept_language__any(void **state)
{
    check_choice("*", "kk");
    check_choice("*, en;q=0.5", "kk");
    check_choice("en, *;q=0.5", "en");
    check_choice("en;q=0.5, *", "kk");
    check_choice("kk;q=0.1, *", "ru");
    check_choice("*, kk;q=0.1", "ru");
    check_choice("kk;q=0, ru;q=0, *;q=0.1", "en");
    check_choice("*;q=0, en;q=0.1", "en");
    check_choice("*;q=0", "kk");
    check_choice("*;q=0.3, *;q=0.7, ru;q=0.5", "kk");
}

/* What is no range says nothing; the ranges beside it count. */
static void test_accept_language__malformed(void **state)
{
    check_choice("ru;q=high", "kk");
    check_choice("ru;q=1.5, en;q=0.1", "en");
    check_choice("ru;q=-1, en;q=0.1", "en");
    check_choice("ru;q=, en;q=0.1", "en");
    check_choice("ru;level=1, en;q=0.1", "en");
    check_choice("ru;q=0.5;q=0.1, en;q=0.1", "en");
    check_choice("ru en", "kk");
    check_choice("-ru, ru-, ru--RU, r u", "kk");
    check_choice("ru-abcdefghi", "kk");
    check_choice("1u, *-RU, ru-*", "kk");
    check_choice("\"ru\"", "kk");
    check_choice(";;;=,q=1,=,;q=1", "kk");
    check_choice("\"", "kk");
    check_choice("р\xd1\x83", "kk");
}

static void test_accept_language__length(void **state)
{
    char long_one[ACCEPT_LANGUAGE_MAX + 2];

    memset(long_one, ',', sizeof long_one);
    memcpy(long_one, "ru", 2);
    assert_int_equal(
        accept_language_choose((struct str){long_one, ACCEPT_LANGUAGE_MAX}, &languages), 1);
    assert_int_equal(
        accept_language_choose((struct str){long_one, ACCEPT_LANGUAGE_MAX + 1}, &languages), 0);
}

/* What browsers send. */
static void test_accept_language__in_the_wild(void **state)
{
    check_choice("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru");
    check_choice("kk-KZ,kk;q=0.9,ru;q=0.8,en;q=0.7", "kk");
    check_choice("en-US,en;q=0.5", "en");
    check_choice("uz,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru");
    check_choice("de-DE,de;q=0.9,*;q=0.5", "kk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept_language__names),
        cmocka_unit_test(test_accept_language__subtags),
        cmocka_unit_test(test_accept_language__weights),
        cmocka_unit_test(test_accept_language__any),
        cmocka_unit_test(test_accept_language__malformed),
        cmocka_unit_test(test_accept_language__length),
        cmocka_unit_test(test_accept_language__in_the_wild),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
