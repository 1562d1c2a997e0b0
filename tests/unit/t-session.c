/* Tests of db/session over a real PostgreSQL: rows, and what is said when a statement fails. */
#include "tests/unit/test.h"

#include "db/array.h"
#include "db/session.h"
#include "db/types.h"
#include "tests/unit/db_fixture.h"

#define SCHEMA "t_session"

static struct session *s;

static int set_up(void **state)
{
    struct err err = {0};

    return session_open(&s, fixture_conninfo, "", &err);
}

static int tear_down(void **state)
{
    session_close(s);
    s = NULL;
    return 0;
}

static int run(const char *sql, struct err *err)
{
    *err = (struct err){0};
    return session_run(s, sql, 0, NULL, err);
}

static void test_session__rows(void **state)
{
    struct array numbers, values;
    struct session_param params[3] = {{.value = {0}}, {.binary = true}, {.binary = true}};
    struct err err = {0};

    array_init(&numbers, 0);
    array_init(&values, 0);
    array_begin(&numbers, OID_INT8);
    array_begin(&values, OID_JSONB);
    array_add_number(&numbers, -7);
    array_add_number(&numbers, 8);
    array_add_jsonb(&values, STR("{\"a\": 1.10}"));
    array_add_jsonb(&values, (struct str){0});
    assert_int_equal(array_end(&numbers) | array_end(&values), 0);
    params[1].value = buf_str(&numbers.bytes);
    params[2].value = buf_str(&values.bytes);
    assert_int_equal(session_send(s,
                                  "SELECT n, v, $1::text FROM unnest($2::bigint[], $3::jsonb[]) x "
                                  "(n, v) ORDER BY n",
                                  3, params, &err),
                     0);
    array_release(&numbers); /* it has gone */
    array_release(&values);
    assert_int_equal(session_wait(s, &err), 0);
    assert_int_equal(session_rows(s), 2);
    assert_string_equal(session_text(s, 0, 0), "-7");
    assert_string_equal(session_text(s, 0, 1), "{\"a\": 1.10}");
    assert_string_equal(session_text(s, 0, 2), "");
    assert_string_equal(session_text(s, 1, 1), "");
    assert_int_equal(session_fault(s), PG_FINE);
    assert_int_equal(run("SELECT 1 WHERE false", &err), 0);
    assert_int_equal(session_rows(s), 0);
}

/* Of errors about data nothing is repeated but names. */
static void test_session__failures(void **state)
{
    static const struct {
        const char *sql;
        enum pg_fault fault;
        const char *message;
    } cases[] = {
        {"SELECT 'Secret'::int", PG_DATA, "the database can't take it (SQLSTATE 22P02)"},
        {"INSERT INTO thing VALUES (1), (1)", PG_DATA,
         "the database can't take it (SQLSTATE 23505, table thing, constraint thing_pkey)"},
        {"INSERT INTO thing VALUES (NULL)", PG_DATA,
         "the database can't take it (SQLSTATE 23502, table thing, column id)"},
        {"DO $$ BEGIN RAISE 'Secret' USING ERRCODE = '40P01'; END $$", PG_AGAIN,
         "the database can't take it (SQLSTATE 40P01)"},
        {"DO $$ BEGIN RAISE 'Secret' USING ERRCODE = '54000'; END $$", PG_DATA,
         "the database can't take it (SQLSTATE 54000)"},
        {"DO $$ BEGIN RAISE 'A sentence.' USING ERRCODE = 'TQ002'; END $$", PG_RULE, "A sentence."},
        {"SELECT nothing()", PG_REFUSED, "function nothing() does not exist"},
        {"SET statement_timeout = 1; SELECT 1", PG_REFUSED,
         "cannot insert multiple commands into a prepared statement"},
    };
    struct err err;

    fixture_exec("CREATE TABLE thing (id int PRIMARY KEY)");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(run(cases[i].sql, &err), ERR_DATABASE);
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(session_fault(s), cases[i].fault);
    }
    assert_int_equal(run("SELECT count(*) FROM thing", &err), 0); /* it goes on */
    assert_string_equal(session_text(s, 0, 0), "0");
}

static void test_session__lost(void **state)
{
    struct err err = {0};
    int rc;

    assert_int_equal(session_send(s, "SELECT pg_sleep(60)", 0, NULL, &err), 0);
    fixture_exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE application_name = '" SCHEMA "' AND pid <> pg_backend_pid()");
    assert_int_equal(session_wait(s, &err), ERR_DATABASE);
    assert_int_equal(session_fault(s), PG_LOST);
    assert_non_null(strstr(err.message, "the connection to the database is lost"));
    rc = run("SELECT 1", &err);
    assert_int_equal(rc, ERR_DATABASE);
    assert_int_equal(session_fault(s), PG_LOST);
}

static void test_session__no_connection(void **state)
{
    struct session *none = NULL;
    struct err err = {0};

    assert_int_equal(session_open(&none, "host=/nowhere dbname=x", "", &err), ERR_DATABASE);
    assert_null(none);
    assert_int_equal(session_open(&none, "what?", "", &err), ERR_CONFIG);
    session_close(none);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_session__rows),
        T(test_session__failures),
        T(test_session__lost),
        T(test_session__no_connection),
    };
    int failed;

    if (!fixture_open(SCHEMA))
        return fixture_skip();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(SCHEMA);
    return failed;
}
