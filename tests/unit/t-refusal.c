/* Tests of db/refusal.c: which error a client sees for a SQLSTATE, and that only rules speak for themselves. */
#include "tests/unit/test.h"

#include "base/err.h"
#include "db/refusal.h"

static void check_refusal(const char *sqlstate, int rc, const char *begins)
{
    struct refusal r = refusal_of(sqlstate);

    if (r.rc != rc)
        fail_msg("%s: %s", sqlstate, err_text(r.rc));
    if (begins ? !r.sentence || strncmp(r.sentence, begins, strlen(begins)) != 0
               : r.sentence != NULL)
        fail_msg("%s: %s", sqlstate, r.sentence ? r.sentence : "(its own)");
    if (r.sentence)
        assert_non_null(strstr(r.sentence, "Nothing was changed."));
}

static void test_refusal__rules(void **state)
{
    check_refusal("TQ001", ERR_FORBIDDEN, NULL);
    check_refusal("TQ002", ERR_NOT_FOUND, NULL);
    check_refusal("TQ003", ERR_VARIABLES, NULL);
    check_refusal("TQ004", ERR_CONFLICT, NULL);
    check_refusal("TQ005", ERR_RATE_LIMITED, NULL);
    check_refusal("TQ006", ERR_CONFLICT, NULL);
}

static void test_refusal__others(void **state)
{
    check_refusal("23505", ERR_CONFLICT, "This is on record already.");
    check_refusal("23P01", ERR_CONFLICT, "This overlaps");
    check_refusal("23502", ERR_CONFLICT, "This contradicts a rule");
    check_refusal("22P02", ERR_VARIABLES, "An argument");
    check_refusal("40001", ERR_TRY_AGAIN, "Others changed");
    check_refusal("40P01", ERR_TRY_AGAIN, "Others changed");
    check_refusal("55P03", ERR_TRY_AGAIN, "Others are changing");
    check_refusal("57014", ERR_TIMEOUT, "This took longer");
    check_refusal("57P01", ERR_DATABASE, "The database is being restarted.");
    check_refusal("53300", ERR_DATABASE, "The database has no room");
    check_refusal("25006", ERR_DATABASE, "The database takes no changes");
    check_refusal("P0001", ERR_INTERNAL, "Something went wrong");
    check_refusal("42501", ERR_INTERNAL, "Something went wrong");
    check_refusal("", ERR_INTERNAL, "Something went wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusal__rules),
        cmocka_unit_test(test_refusal__others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
