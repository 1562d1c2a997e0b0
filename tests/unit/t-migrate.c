/* Tests of db/migrate over a real PostgreSQL, in a schema of their own. */
#include "tests/unit/test.h"

#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "db/migrate.h"
#include "tests/unit/db_fixture.h"

#define SCHEMA "t_migrate"

static char dir[64];
static int applied;

static void on_applied(const char *name, double seconds)
{
    assert_non_null(strchr(name, '/'));
    assert_true(seconds >= 0);
    applied++;
}

static void put(const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void take_away(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static int run(struct err *err)
{
    struct migrate m = {fixture_conninfo, dir, on_applied};
    int n = 0, rc;

    applied = 0;
    rc = migrate_run(&m, &n, err);
    assert_int_equal(rc == 0 ? n : applied, applied);
    return rc;
}

static void check_refused(int code, const char *part)
{
    struct err err = {0};

    assert_int_equal(run(&err), code);
    if (!strstr(err.message, part))
        fail_msg("got  %s\nwant ...%s...", err.message, part);
}

static int set_up(void **state)
{
    char path[128];

    snprintf(dir, sizeof dir, "/tmp/t-migrate-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/migrations", dir);
    mkdir(path, 0700);
    fixture_exec("DROP SCHEMA " SCHEMA " CASCADE; CREATE SCHEMA " SCHEMA);
    put("migrations/0001_a.sql", "CREATE TABLE a (id int); INSERT INTO a VALUES (1);");
    put("migrations/0002_b.sql", "-- \xD0\x96\nALTER TABLE a ADD b int;");
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int tear_down(void **state)
{
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_migrate__once_in_order(void **state)
{
    struct err err = {0};

    assert_int_equal(run(&err), 0);
    assert_int_equal(applied, 2);
    assert_int_equal(run(&err), 0);
    assert_int_equal(applied, 0);
    put("migrations/0003_c.sql", "INSERT INTO a VALUES (2, 3)");
    assert_int_equal(run(&err), 0);
    assert_int_equal(applied, 1);
    assert_int_equal(fixture_number("SELECT count(*) FROM " SCHEMA ".a"), 2);
}

static void test_migrate__functions_when_they_change(void **state)
{
    struct err err = {0};
    char path[128];

    snprintf(path, sizeof path, "%s/functions", dir);
    mkdir(path, 0700);
    put("functions/f.sql", "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    assert_int_equal(run(&err), 0);
    assert_int_equal(applied, 3);
    put("functions/f.sql", "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'");
    assert_int_equal(run(&err), 0);
    assert_int_equal(applied, 1);
    assert_int_equal(fixture_number("SELECT " SCHEMA ".f()"), 2);
    assert_int_equal(run(&err), 0);
    assert_int_equal(applied, 0);
}

static void test_migrate__error_has_its_line(void **state)
{
    put("migrations/0003_c.sql",
        "CREATE TABLE c (id int);\n\nSELECT '\xD0\x96', x FROM nowhere;\n");
    check_refused(ERR_DATABASE, "migrations/0003_c.sql:3: relation \"nowhere\" does not exist");
    assert_int_equal(applied, 2);
    assert_int_equal(
        fixture_number("SELECT count(*) FROM pg_class WHERE oid = to_regclass('" SCHEMA ".c')"),
        0); /* all or nothing */
}

static void test_migrate__error_has_its_statement(void **state)
{
    put("migrations/0003_c.sql", "SELECT 1; SELECT 2; SELECT 1 / 0;");
    check_refused(ERR_DATABASE, "migrations/0003_c.sql: statement 3: division by zero");
}

static void test_migrate__changed_file(void **state)
{
    struct err err = {0};

    assert_int_equal(run(&err), 0);
    put("migrations/0001_a.sql", "CREATE TABLE a (id int);");
    check_refused(ERR_CONFIG, "migrations/0001_a.sql has changed since it was applied");
}

static void test_migrate__missing_file(void **state)
{
    struct err err = {0};

    assert_int_equal(run(&err), 0);
    take_away("migrations/0001_a.sql");
    check_refused(ERR_CONFIG, "migrations/0001_a.sql was applied to this database, but the file");
}

static void test_migrate__late_file(void **state)
{
    struct err err = {0};

    assert_int_equal(run(&err), 0);
    put("migrations/0001_z.sql", "SELECT 1");
    check_refused(ERR_CONFIG, "migrations/0001_z.sql is new, but sorts before");
}

static void test_migrate__own_transaction(void **state)
{
    put("migrations/0003_c.sql", "CREATE TABLE c (id int); COMMIT;");
    check_refused(ERR_CONFIG, "0003_c.sql ends the transaction");
}

static void test_migrate__copy_from_client(void **state)
{
    put("migrations/0003_c.sql", "COPY a FROM STDIN;");
    check_refused(ERR_CONFIG, "0003_c.sql: statement 1: COPY with data of the client");
}

static void test_migrate__no_folder(void **state)
{
    struct migrate m = {fixture_conninfo, "/nonexistent", NULL};
    struct err err = {0};
    int n = 7;

    assert_int_equal(migrate_run(&m, &n, &err), ERR_CONFIG);
    assert_int_equal(n, 7);
    assert_non_null(strstr(err.message, "/nonexistent/migrations"));
}

/* Four at the same moment: together they apply each file once, and none fails. */
static void test_migrate__race(void **state)
{
    pid_t pids[4];

    put("migrations/0002_b.sql", "ALTER TABLE a ADD b int; SELECT pg_sleep(0.2);");
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            struct migrate m = {fixture_conninfo, dir, NULL};
            struct err err = {0};
            int n = 0;
            int rc = migrate_run(&m, &n, &err);
            if (rc < 0)
                fprintf(stderr, "%s\n", err.message);
            _exit(rc < 0 ? 100 : n);
        }
    }
    for (int i = 0, sum = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
        if (i == 3)
            assert_int_equal(sum, 2);
    }
    assert_int_equal(fixture_number("SELECT count(*) FROM " SCHEMA ".a"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_migrate__once_in_order),
        T(test_migrate__functions_when_they_change),
        T(test_migrate__error_has_its_line),
        T(test_migrate__error_has_its_statement),
        T(test_migrate__changed_file),
        T(test_migrate__missing_file),
        T(test_migrate__late_file),
        T(test_migrate__own_transaction),
        T(test_migrate__copy_from_client),
        T(test_migrate__no_folder),
        T(test_migrate__race),
    };
    int failed;

    if (hash_start() < 0)
        return 1;
    if (!fixture_open(SCHEMA))
        return fixture_skip();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(SCHEMA);
    return failed;
}
