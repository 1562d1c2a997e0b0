/* Tests of server/import_loader over a real PostgreSQL, with functions of our own in the place of those of db/functions: what is
 * sent in which batches, what becomes of a batch that fails. (The real ones: tests/e2e/import.) */
#include "tests/unit/test.h"

#include "server/import_loader.h"
#include "tests/unit/db_fixture.h"

#define SCHEMA "t_import_loader"
#define FAKES                                                                                      \
    "CREATE TABLE got (call int, file text, place bigint, url text, body jsonb);"                  \
    "CREATE TABLE bad (file text, place bigint, reason text);"                                     \
    "CREATE SEQUENCE calls; CREATE SEQUENCE races; CREATE TABLE settled (n int); "                 \
    "CREATE FUNCTION import_source(name text, new boolean, people boolean) RETURNS smallint "      \
    "LANGUAGE plpgsql AS $$ BEGIN IF NOT new THEN RAISE 'No such source.' USING ERRCODE = "        \
    "'TQ002'; END IF; RETURN 3 + people::int; END $$;"                                             \
    "CREATE FUNCTION import_begin(source smallint) RETURNS bigint LANGUAGE sql AS "                \
    "'SELECT 100 + source';"                                                                       \
    "CREATE FUNCTION import_batch(run bigint, files text[], places bigint[], urls text[], "        \
    "bodies jsonb[]) RETURNS TABLE (file text, place bigint, outcome text, reason text) "          \
    "LANGUAGE plpgsql AS $$ DECLARE c int := nextval('calls'); BEGIN "                             \
    "IF run <> 104 THEN RAISE 'another run'; END IF; "                                             \
    "IF bodies[1] ? 'race' AND nextval('races') < 3 THEN RAISE 'x' USING ERRCODE = '40001'; "      \
    "END IF; "                                                                                     \
    "IF bodies[1] ? 'always' THEN RAISE 'x' USING ERRCODE = '40001'; END IF; "                     \
    "IF bodies[1] ? 'gone' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "          \
    "INSERT INTO got SELECT c, f, p, u, b FROM unnest(files, places, urls, bodies) x (f, p, u, "   \
    "b); PERFORM 1 / (b ->> 'divisor')::int FROM unnest(bodies) b WHERE b ? 'divisor'; "           \
    "RETURN QUERY SELECT x.f, x.p, 'quarantined', 'nobody' FROM unnest(files, places, bodies) x "  \
    "(f, p, b) WHERE x.b ? 'nobody'; END $$;"                                                      \
    "CREATE FUNCTION import_bad(run bigint, files text[], places bigint[], reasons text[]) "       \
    "RETURNS void LANGUAGE sql AS 'INSERT INTO bad SELECT * FROM unnest(files, places, "           \
    "reasons)';"                                                                                   \
    "CREATE FUNCTION import_settle(run bigint) RETURNS bigint LANGUAGE sql AS "                    \
    "'INSERT INTO settled VALUES (1); SELECT 3 - count(*) FROM settled';"                          \
    "CREATE FUNCTION import_end(run bigint) RETURNS void LANGUAGE sql AS "                         \
    "'INSERT INTO settled VALUES (-1)';"                                                           \
    "CREATE FUNCTION import_report(run bigint) RETURNS TABLE (resource_type text, outcome text, "  \
    "reason text, n bigint) LANGUAGE sql AS "                                                      \
    "$$VALUES ('B', 'kept', '', 5000000000), ('A', 'bad', 'why', 2)$$;"

static struct import_loader *l;
static char told[4096];

static void on_told(void *data, const struct import_place *at, const char *outcome,
                    const char *reason)
{
    size_t n = strlen(told);

    assert_ptr_equal(data, &l);
    snprintf(told + n, sizeof told - n, "%s %d@%d %s: %s\n", at->file, (int)at->number,
             (int)at->line, outcome, reason);
}

static void open_loader(uint32_t batch)
{
    struct import_loader_config config = {
        .conninfo = fixture_conninfo, .batch = batch, .tell = on_told, .data = &l};
    struct err err = {0};

    fixture_exec("TRUNCATE got, bad, settled; ALTER SEQUENCE calls RESTART; "
                 "ALTER SEQUENCE races RESTART");
    told[0] = '\0';
    assert_int_equal(import_loader_open(&l, &config, &err), 0);
    assert_int_equal(import_loader_begin(l, "s", true, true, &err), 0);
}

static int add(int number, const char *body, const char *url)
{
    struct import_place at = {number % 2 ? "odd" : "even", (uint64_t)number, (uint64_t)number * 10};
    char copy[64] = "";
    struct import_resource resource = {str_of(body), url ? copy : NULL};
    struct err err = {0};

    if (url)
        snprintf(copy, sizeof copy, "%s", url);
    return import_loader_add(l, &at, &resource, &err);
}

static void flush_and_close(void)
{
    struct err err = {0};

    assert_int_equal(import_loader_flush(l, &err), 0);
    import_loader_close(l);
    l = NULL;
}

#define NUMBER(sql, want) assert_int_equal(fixture_number(sql), want)

static void test_loader__batches(void **state)
{
    struct import_place at = {"odd", 5, 50};
    struct err err = {0};

    open_loader(3);
    for (int i = 1; i <= 4; i++)
        assert_int_equal(add(i, "{\"a\": 1.10}", i == 2 ? "urn:uuid:2" : NULL), 0);
    assert_int_equal(import_loader_add_bad(l, &at, "it is not JSON", &err), 0);
    assert_string_equal(told, "odd 5@50 bad: it is not JSON\n"); /* at once */
    assert_int_equal(add(6, "{}", ""), 0);
    assert_int_equal(add(7, "{\"nobody\": 1}", NULL), 0);
    assert_int_equal(import_loader_flush(l, &err), 0);
    assert_int_equal(import_loader_done(l), 7);
    assert_int_equal(import_loader_flush(l, &err), 0); /* of nothing */
    flush_and_close();
    NUMBER("SELECT count(*) FROM got", 6);
    NUMBER("SELECT max(call) FROM got", 3);
    NUMBER("SELECT count(*) FROM got WHERE call = 1 AND place <= 3", 3);
    NUMBER("SELECT count(*) FROM got WHERE call = 2 AND place IN (4, 6)", 2);
    NUMBER("SELECT count(*) FROM got WHERE (url = 'urn:uuid:2') = (place = 2) AND "
           "(url = '') = (place = 6)",
           2);
    NUMBER("SELECT count(*) FROM got WHERE file = CASE place % 2 WHEN 1 THEN 'odd' ELSE 'even' "
           "END",
           6);
    NUMBER("SELECT count(*) FROM got WHERE body::text = '{\"a\": 1.10}'", 4);
    NUMBER("SELECT count(*) FROM bad WHERE file = 'odd' AND place = 5 AND reason = "
           "'it is not JSON'",
           1);
    assert_string_equal(told, "odd 5@50 bad: it is not JSON\nodd 7@70 quarantined: nobody\n");
}

/* One that the database can't take is found by halves; the others are on record, each once. */
static void test_loader__one_is_at_fault(void **state)
{
    open_loader(16);
    for (int i = 1; i <= 33; i++)
        assert_int_equal(add(i, i == 6 || i == 16 || i == 33 ? "{\"divisor\": 0}" : "{}", NULL), 0);
    flush_and_close();
    NUMBER("SELECT count(*) FROM got", 30);
    NUMBER("SELECT count(DISTINCT place) FROM got", 30);
    NUMBER("SELECT sum(place) FROM bad", 6 + 16 + 33);
    assert_string_equal(told, "even 6@60 bad: the database can't take it (SQLSTATE 22012)\n"
                              "even 16@160 bad: the database can't take it (SQLSTATE 22012)\n"
                              "odd 33@330 bad: the database can't take it (SQLSTATE 22012)\n");
}

static void test_loader__all_are_at_fault(void **state)
{
    struct import_place at = {"odd", 1, 10};
    struct err err = {0};

    open_loader(4);
    assert_int_equal(import_loader_add_bad(l, &at, "why", &err), 0);
    for (int i = 2; i <= 8; i++)
        assert_int_equal(add(i, "{\"divisor\": 0}", NULL), 0);
    flush_and_close();
    NUMBER("SELECT count(*) FROM got", 0);
    NUMBER("SELECT count(*) FROM bad", 8);
}

static void test_loader__races(void **state)
{
    struct err err = {0};

    open_loader(2);
    assert_int_equal(add(1, "{\"race\": 1}", NULL), 0);
    assert_int_equal(add(2, "{}", NULL), 0);
    assert_int_equal(add(3, "{}", NULL), 0);
    flush_and_close();
    NUMBER("SELECT count(*) FROM got", 3);
    NUMBER("SELECT last_value FROM races", 3);
    open_loader(2);
    assert_int_equal(add(1, "{\"always\": 1}", NULL), 0);
    assert_int_equal(import_loader_flush(l, &err), ERR_DATABASE);
    assert_string_equal(err.message, "the database can't take it (SQLSTATE 40001)");
    import_loader_close(l);
    NUMBER("SELECT count(*) FROM got", 0);
    assert_string_equal(told, "");
}

static void test_loader__lost(void **state)
{
    struct err err = {0};

    open_loader(1);
    assert_int_equal(add(1, "{}", NULL), 0);
    assert_int_equal(add(2, "{\"gone\": 1}", NULL), 0);
    assert_int_equal(import_loader_flush(l, &err), ERR_DATABASE);
    assert_non_null(strstr(err.message, "the connection to the database is lost"));
    assert_int_equal(import_loader_done(l), 1);
    import_loader_close(l);
    NUMBER("SELECT count(*) FROM got", 1);
}

/* Large records make small batches. */
static void test_loader__bytes(void **state)
{
    static char body[IMPORT_BATCH_BYTES / 2 + 100];

    open_loader(100);
    snprintf(body, sizeof body, "{\"a\": \"%0*d\"}", (int)sizeof body - 20, 0);
    assert_int_equal(add(1, "{}", NULL), 0);
    assert_int_equal(add(2, body, NULL), 0);
    assert_int_equal(add(3, body, NULL), 0);
    assert_int_equal(add(4, "{}", NULL), 0);
    flush_and_close();
    NUMBER("SELECT count(*) FROM got WHERE call = 1 AND place IN (1, 2)", 2);
    NUMBER("SELECT count(*) FROM got WHERE call = 2 AND place IN (3, 4)", 2);
}

static void on_row(void *data, const char *type, const char *outcome, const char *reason,
                   uint64_t n)
{
    char *text = data;
    size_t len = strlen(text);

    snprintf(text + len, 200 - len, "%s %s %s %llu\n", type, outcome, reason,
             (unsigned long long)n);
}

static void test_loader__run(void **state)
{
    struct import_loader_config config = {
        .conninfo = fixture_conninfo, .batch = 1, .tell = on_told};
    struct err err = {0};
    char text[200] = "";
    uint64_t n = 9;

    fixture_exec("TRUNCATE settled");
    assert_int_equal(import_loader_open(&l, &config, &err), 0);
    assert_int_equal(import_loader_begin(l, "s", false, false, &err), ERR_CONFIG);
    assert_string_equal(err.message, "No such source.");
    assert_int_equal(import_loader_begin(l, "s", true, false, &err), 0);
    assert_int_equal(import_loader_settle(l, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(import_loader_end(l, &err), 0);
    assert_int_equal(import_loader_report(l, on_row, text, &err), 0);
    assert_string_equal(text, "A bad why 2\nB kept  5000000000\n");
    import_loader_close(l);
    NUMBER("SELECT count(*) FROM settled WHERE n = -1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loader__batches),
        cmocka_unit_test(test_loader__one_is_at_fault),
        cmocka_unit_test(test_loader__all_are_at_fault),
        cmocka_unit_test(test_loader__races),
        cmocka_unit_test(test_loader__lost),
        cmocka_unit_test(test_loader__bytes),
        cmocka_unit_test(test_loader__run),
    };
    int failed;

    if (!fixture_open(SCHEMA))
        return fixture_skip();
    fixture_exec(FAKES);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(SCHEMA);
    return failed;
}
