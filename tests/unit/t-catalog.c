/* Tests of db/catalog.c: what db_check says of a schema file that does not fit a real database. */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "db/db.h"
#include "db/types.h"
#include "tests/unit/db_fixture.h"

#define SCHEMA "t_catalog"

static struct column saved_person[P_CELLS], saved_entry[E_CELLS], saved_slow[S_CELLS];
static struct table saved_tables[TABLE_COUNT];
static struct access_path saved_paths[PATH_COUNT];

static int save(void **state)
{
    memcpy(saved_person, person_columns, sizeof saved_person);
    memcpy(saved_entry, entry_columns, sizeof saved_entry);
    memcpy(saved_slow, slow_columns, sizeof saved_slow);
    memcpy(saved_tables, tables, sizeof saved_tables);
    memcpy(saved_paths, paths, sizeof saved_paths);
    return 0;
}

static int restore(void **state)
{
    memcpy(person_columns, saved_person, sizeof saved_person);
    memcpy(entry_columns, saved_entry, sizeof saved_entry);
    memcpy(slow_columns, saved_slow, sizeof saved_slow);
    memcpy(tables, saved_tables, sizeof saved_tables);
    memcpy(paths, saved_paths, sizeof saved_paths);
    return 0;
}

/* The check fails at `line` with a message that holds `part`. */
static void check_refused(int line, const char *part)
{
    struct err err = {0};

    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), ERR_CONFIG);
    if (err.line != line || !strstr(err.message, part))
        fail_msg("line %d: %s\nwant line %d: ...%s...", err.line, err.message, line, part);
}

static void test_check__sets_types(void **state)
{
    struct err err = {0};

    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0);
    assert_int_equal(person_columns[P_ID_KEY].type_oid, 20);
    assert_int_equal(person_columns[P_RATIO].type_oid, 1700);
    assert_false(person_columns[P_ID_KEY].raw_is_text);
    assert_int_equal(slow_columns[S_VALUE].type_oid, 23); /* of the function */
    assert_int_equal(paths[PATH_ENTRY].key_oid[1], 23);
    assert_true(paths[PATH_BY_CODE].key_is_text);
    assert_false(paths[PATH_PERSON].key_is_text);
    assert_int_equal(paths[PATH_ENTRIES].order[0].type_oid, 1082);
    assert_true(paths[PATH_ENTRIES].filter[0].is_text);
    assert_int_equal(paths[PATH_ENTRIES].filter[0].type_oid, 1043);
}

static void test_check__no_database(void **state)
{
    struct err err = {0};

    assert_int_equal(db_check("host=/nonexistent dbname=x password=secret", &access_all, &err),
                     ERR_DATABASE);
    assert_null(strstr(err.message, "secret"));
    assert_non_null(strstr(err.message, "/nonexistent"));
}

static void test_check__no_table(void **state)
{
    tables[TABLE_ENTRY].name = STR("entries");
    check_refused(20, "there is no table entries");
}

static void test_check__view(void **state)
{
    struct err err = {0};

    fixture_exec(
        "CREATE VIEW v AS SELECT e.* FROM entry AS e JOIN person AS p ON p.id = e.person_id;"
        "CREATE VIEW w AS SELECT e.person_id + 0 AS person_id, e.id, e.made_on, e.status, "
        "e.amount, e.superseded_by FROM entry AS e; CREATE SEQUENCE q");
    tables[TABLE_ENTRY].name = STR("v");
    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0);
    assert_true(tables[TABLE_ENTRY].view);
    tables[TABLE_ENTRY].aggregate = true;
    check_refused(20, "v is no table, so nothing would say when its rows change");
    tables[TABLE_ENTRY].aggregate = false;
    tables[TABLE_ENTRY].name = STR("w");
    check_refused(43, "no index serves a search by person_id, id");
    tables[TABLE_ENTRY].name = STR("q");
    check_refused(20, "q is not a table");
}

static void test_check__type_without_rows(void **state)
{
    fixture_exec(
        "CREATE TYPE c AS (person_id bigint, id integer, made_on date, status varchar(20), "
        "amount bigint)");
    tables[TABLE_ENTRY].name = STR("c");
    check_refused(43, "c is a type without rows of its own: functions alone return them");
    assert_true(tables[TABLE_ENTRY].rowless);
}

static void list_by_function(struct str name)
{
    struct access_path *path = &paths[PATH_ENTRIES];

    path->function = name;
    path->n_order = 0;
    path->where = (struct str){0};
    path->filter[0].codec = CODEC_STRING;
}

static void test_check__list_of_a_function(void **state)
{
    struct err err = {0};

    fixture_exec(
        "CREATE FUNCTION entries_of(bigint, text) RETURNS SETOF entry LANGUAGE sql STABLE "
        "AS $$ SELECT * FROM entry WHERE person_id = $1 $$;"
        "CREATE FUNCTION one(bigint, text) RETURNS entry LANGUAGE sql STABLE AS $$ "
        "SELECT * FROM entry $$;"
        "CREATE FUNCTION changing(bigint, text) RETURNS SETOF entry LANGUAGE sql AS $$ "
        "SELECT * FROM entry $$;"
        "CREATE FUNCTION dated(bigint, date) RETURNS SETOF entry LANGUAGE sql STABLE AS $$ "
        "SELECT * FROM entry $$");
    list_by_function(STR("entries_of"));
    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0);
    assert_int_equal(paths[PATH_ENTRIES].key_oid[0], 20);
    assert_int_equal(paths[PATH_ENTRIES].filter[0].type_oid, 25);
    assert_true(paths[PATH_ENTRIES].filter[0].is_text);
    list_by_function(STR("none"));
    check_refused(44, "function none does not exist");
    list_by_function(STR("one"));
    check_refused(44, "function one must return SETOF entry");
    list_by_function(STR("changing"));
    check_refused(44, "function changing is of a query, so it must be STABLE");
    list_by_function(STR("dated"));
    check_refused(44, "argument 2 of function dated is of a type that can't take \"status\"");
}

static void test_check__no_column(void **state)
{
    person_columns[P_NAME].name = STR("full_name");
    check_refused(13, "column t.full_name does not exist");
}

static void test_check__null_where_none_may_be(void **state)
{
    person_columns[P_NOTE].required = true;
    check_refused(16, "column person.note may be null, but the field is non-null");
}

static void test_check__type_that_codec_can_not_write(void **state)
{
    person_columns[P_BORN].codec = CODEC_INT;
    check_refused(15, "person.born is of type date, and Int can't be made of that");
}

static void test_check__no_function(void **state)
{
    slow_columns[S_VALUE].name = STR("fast_value");
    check_refused(33, "function fast_value(slow) does not exist");
}

static void test_check__look_up_without_unique_index(void **state)
{
    fixture_exec("CREATE INDEX person_name ON person (name)");
    paths[PATH_BY_CODE].column[0] = STR("name");
    check_refused(42, "person by name needs a unique index");
}

static void test_check__unique_index_of_part(void **state)
{
    struct err err = {0};

    fixture_exec("CREATE UNIQUE INDEX person_born ON person (born) WHERE note IS NOT NULL");
    paths[PATH_BY_CODE].column[0] = STR("born");
    check_refused(42, "person by born needs a unique index");
    paths[PATH_BY_CODE].where = STR("note is not null");
    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0);
    fixture_exec("DROP INDEX person_born");
}

static void test_check__list_without_index(void **state)
{
    paths[PATH_ENTRIES].column[0] = STR("amount");
    check_refused(
        44, "no index serves a search by amount; the best plan is: Index Scan using entry_list");
}

/* Any way through a few rows costs the same, so the plan may be any: an index that would serve is enough. (Here none of the statements can use it.) */
static void test_check__a_small_table_tells_nothing(void **state)
{
    struct err err = {0};

    fixture_exec("CREATE INDEX entry_amount ON entry (amount) WHERE amount > 5");
    paths[PATH_ENTRIES].column[0] = STR("amount");
    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0);
    assert_false(paths[PATH_ENTRIES].sorts);
    fixture_exec("DROP INDEX entry_amount");
}

/* Of two indexes that cost the same the plan has the younger one, which may have a part of the key: no fault while another has all of it. */
static void test_check__an_older_index_as_good(void **state)
{
    static const char whole[] = "ALTER TABLE entry ADD PRIMARY KEY (person_id, id)";
    struct err err = {0};

    fixture_exec("ALTER TABLE entry DROP CONSTRAINT entry_pkey");
    fixture_exec(whole);
    fixture_exec("CREATE INDEX a_part ON entry (person_id, made_on)");
    if (db_check(fixture_conninfo, &access_all, &err) < 0)
        fail_msg("line %d: %s", err.line, err.message);
    fixture_exec("ALTER TABLE entry DROP CONSTRAINT entry_pkey");
    fixture_exec("CREATE UNIQUE INDEX not_all ON entry (person_id, id) WHERE amount > 5");
    check_refused(43, "needs a unique index");
    fixture_exec("DROP INDEX not_all");
    fixture_exec(whole);
    fixture_exec("DROP INDEX a_part");
}

/* The column stands second in the primary key, so that index would be read from end to end. */
static void test_check__index_with_column_in_second_place(void **state)
{
    fixture_exec("DROP INDEX entry_list");
    paths[PATH_ENTRIES].column[0] = STR("id");
    check_refused(44, "no index serves a search by id; the best plan is: Index");
    fixture_exec("CREATE INDEX entry_list ON entry (person_id, made_on DESC, id DESC)"
                 " WHERE superseded_by IS NULL");
}

static void test_check__order_may_lack_an_index(void **state)
{
    struct err err = {0};

    fixture_exec("DROP INDEX entry_list");
    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0); /* by the primary key */
    fixture_exec("CREATE INDEX entry_list ON entry (person_id, made_on DESC, id DESC)"
                 " WHERE superseded_by IS NULL");
}

/* Few rows and an index of the order alone: the planner would walk it, so it is hidden. */
static void test_check__order_index_alone_is_not_walked(void **state)
{
    struct err err = {0};

    fixture_exec("CREATE TABLE few (id bigint PRIMARY KEY, person_id bigint NOT NULL);"
                 "CREATE INDEX few_person ON few (person_id);"
                 "INSERT INTO few VALUES (1, 1), (2, 1); ANALYZE few");
    tables[TABLE_ENTRY].name = STR("few");
    tables[TABLE_ENTRY].n_columns = E_MADE_KEY;
    paths[PATH_ENTRIES].order[0] =
        (struct order_column){.name = STR("id"), .cell = E_ID_KEY, .descending = true};
    paths[PATH_ENTRIES].n_order = 1;
    paths[PATH_ENTRIES].n_filter = 0;
    paths[PATH_ENTRIES].where = STR("");
    paths[PATH_ENTRY].n_columns = 1;
    paths[PATH_ENTRY].column[0] = STR("id");
    if (db_check(fixture_conninfo, &access_all, &err) < 0)
        fail_msg("line %d: %s", err.line, err.message);
    assert_true(paths[PATH_ENTRIES].sorts);
    assert_int_equal(err.code, 0);
    fixture_exec("DROP TABLE few");
}

static void test_check__order_by_what_may_be_null(void **state)
{
    paths[PATH_ENTRIES].order[0].name = STR("amount");
    check_refused(44, "column entry.amount may be null, but a list is ordered by it");
}

static void test_check__order_by_text(void **state)
{
    tables[TABLE_ENTRY].columns[E_STATUS].codec = CODEC_KEY;
    paths[PATH_ENTRIES].order[0] =
        (struct order_column){.name = STR("status"), .cell = E_STATUS, .descending = true};
    check_refused(44, "ordered by integers, dates and times only");
}

static void test_check__order_both_ways(void **state)
{
    paths[PATH_ENTRIES].order[1].descending = false;
    check_refused(44, "all asc or all desc");
}

static void test_check__filter_without_column(void **state)
{
    paths[PATH_ENTRIES].filter[0].name = STR("state");
    check_refused(44, "t.state does not exist");
}

static void test_check__range_of_text(void **state)
{
    paths[PATH_ENTRIES].filter[0].compare = COMPARE_AT_MOST;
    check_refused(44, "only integers, dates and times are compared by more than equality");
}

static void test_check__where_that_is_no_sql(void **state)
{
    paths[PATH_ENTRIES].where = STR("superseded IS NULL");
    check_refused(44, "PostgreSQL refuses the statement: column \"superseded\" does not exist");
}

static void test_check__key_of_an_odd_type(void **state)
{
    paths[PATH_BY_CODE].column[0] = STR("ratio");
    check_refused(42, "person.ratio is of type numeric, and no key can be compared with that");
}

/* A list of `codec` in the column `name`, which is there in the test alone. */
static void make_list(const char *name, enum codec codec)
{
    person_columns[P_NOTE].name = str_of(name);
    person_columns[P_NOTE].codec = codec;
    person_columns[P_NOTE].lists = 1;
}

static void check_list(const char *name, enum codec codec, uint32_t element, uint32_t sent)
{
    struct err err = {0};

    make_list(name, codec);
    if (db_check(fixture_conninfo, &access_all, &err) < 0)
        fail_msg("%s, line %d: %s", name, err.line, err.message);
    assert_int_equal(person_columns[P_NOTE].type_oid, element);
    assert_int_equal(pg_type_of_cell(&person_columns[P_NOTE]), sent);
}

static void test_check__lists(void **state)
{
    fixture_exec(
        "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN small AS integer;"
        "CREATE DOMAIN tiny AS small; CREATE DOMAIN row_of AS integer[];"
        "ALTER TABLE person ADD ints integer[], ADD texts text[][], ADD moods mood[],"
        " ADD numbers numeric[], ADD tinies tiny[], ADD rows row_of, ADD vector int2vector");
    check_list("ints", CODEC_INT, OID_INT4, 1007);
    check_list("ints", CODEC_FIXED, OID_INT4, 1007);
    check_list("ints", CODEC_STRING, OID_INT4, 1009);
    check_list("texts", CODEC_STRING, OID_TEXT, 1009);
    check_list("numbers", CODEC_FLOAT, OID_NUMERIC, 1022);
    check_list("tinies", CODEC_INT, OID_INT4, 1007);
    check_list("rows", CODEC_INT, OID_INT4, 1007);
    make_list("moods", CODEC_STRING); /* by a cast */
    assert_int_equal(db_check(fixture_conninfo, &access_all, NULL), 0);
    assert_int_equal(pg_type_of_cell(&person_columns[P_NOTE]), 1009);
    make_list("ints", CODEC_DATE);
    check_refused(16,
                  "person.ints is of type integer[], and a list of a date can't be made of that");
    make_list("note", CODEC_STRING);
    check_refused(16, "person.note is of type text, and the field is a list, so it has to be an "
                      "array");
    make_list("vector", CODEC_INT);
    check_refused(16, "person.vector is of type int2vector, and the field is a list, so it has to "
                      "be an array");
    make_list("texts", CODEC_STRING);
    person_columns[P_NOTE].lists = 0;
    check_refused(16, "person.texts is of type text[], and the field is no list, so it can't be an "
                      "array");
    make_list("ints", CODEC_INT);
    person_columns[P_NOTE].lists = 0;
    check_refused(16, "person.ints is of type integer[], and the field is no list, so it can't be "
                      "an array");
    make_list("ints", CODEC_INT);
    person_columns[P_NOTE].required = true;
    check_refused(16, "column person.ints may be null, but the field is non-null");
    fixture_exec("ALTER TABLE person DROP ints, DROP texts, DROP moods, DROP numbers, DROP tinies,"
                 " DROP rows, DROP vector; DROP DOMAIN tiny, small, row_of; DROP TYPE mood");
}

/* Every statement as it will be prepared: its generic plan has no Seq Scan and no Sort, in tables as
 * small as these and with the settings of the server's connections. */
static void test_check__plans(void **state)
{
    struct err err = {0};
    struct arena arena;
    int statements = 0;

    assert_int_equal(db_check(fixture_conninfo, &access_all, &err), 0);
    arena_init(&arena, 0);
    fixture_exec("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
                 "SET enable_bitmapscan = off; SET enable_memoize = off");
    for (int i = 0; i < PATH_COUNT; i++) {
        const char *sql;
        for (unsigned v = 0; (sql = db_statement_sql(&paths[i], v, &arena)); v++) {
            static const char *const nulls[] = {"NULL", "NULL, NULL", "", "",
                                                "NULL, NULL, NULL, NULL, NULL"};
            PGresult *res = PQprepare(fixture_pg, "q", sql, 0, NULL);
            char text[160];
            int scans = 0, n;
            assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
            PQclear(res);
            res = PQdescribePrepared(fixture_pg, "q");
            n = PQnparams(res);
            PQclear(res);
            snprintf(text, sizeof text, "EXPLAIN (COSTS OFF) EXECUTE q (%s)", nulls[n - 1]);
            res = PQexec(fixture_pg, text);
            for (int r = 0; r < PQntuples(res); r++) {
                const char *row = PQgetvalue(res, r, 0);
                scans += strstr(row, "Index Scan using") || strstr(row, "Index Only Scan using");
                if (strstr(row, "Seq Scan") || strstr(row, "Sort"))
                    fail_msg("path %d, variant %u: %s", i, v, row);
            }
            PQclear(res);
            fixture_exec("DEALLOCATE q");
            assert_int_equal(scans, 1);
            statements++;
        }
    }
    assert_int_equal(statements, 6); /* four for rows, two for the list */
    fixture_exec("RESET ALL; SET client_min_messages = error; SET search_path = " SCHEMA);
    arena_release(&arena);
}

#define T(name) cmocka_unit_test_setup_teardown(name, save, restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_check__sets_types),
        T(test_check__no_database),
        T(test_check__no_table),
        T(test_check__view),
        T(test_check__type_without_rows),
        T(test_check__list_of_a_function),
        T(test_check__no_column),
        T(test_check__null_where_none_may_be),
        T(test_check__type_that_codec_can_not_write),
        T(test_check__no_function),
        T(test_check__look_up_without_unique_index),
        T(test_check__unique_index_of_part),
        T(test_check__list_without_index),
        T(test_check__a_small_table_tells_nothing),
        T(test_check__an_older_index_as_good),
        T(test_check__index_with_column_in_second_place),
        T(test_check__order_may_lack_an_index),
        T(test_check__order_index_alone_is_not_walked),
        T(test_check__order_by_what_may_be_null),
        T(test_check__order_by_text),
        T(test_check__order_both_ways),
        T(test_check__filter_without_column),
        T(test_check__range_of_text),
        T(test_check__where_that_is_no_sql),
        T(test_check__key_of_an_odd_type),
        T(test_check__lists),
        T(test_check__plans),
    };
    int failed;

    if (!fixture_open(SCHEMA))
        return fixture_skip();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(SCHEMA);
    return failed;
}
