/* tests/unit/db_fixture.h: a small schema in a real PostgreSQL, and the access paths over it.
 *
 * For t-db and t-catalog. TOLQUJAT_TEST_DATABASE names the database; each binary makes a schema of its
 * own there and drops it. Without it the tests are skipped, loudly. */
#ifndef TESTS_UNIT_DB_FIXTURE_H
#define TESTS_UNIT_DB_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/access.h"
#include "base/err.h"
#include "db/conninfo.h"

enum { /* cells of person */
    P_ID_KEY,
    P_ID,
    P_CODE,
    P_NAME,
    P_SEX,
    P_BORN,
    P_NOTE,
    P_RATIO,
    P_CELLS
};

enum { /* cells of entry */
    E_PERSON_KEY,
    E_ID_KEY,
    E_MADE_KEY,
    E_MADE,
    E_STATUS,
    E_AMOUNT,
    E_CELLS
};

enum { /* cells of slow */
    S_ID_KEY,
    S_SECONDS,
    S_VALUE,
    S_CELLS
};

enum {
    PATH_PERSON,  /* by id */
    PATH_BY_CODE, /* by text */
    PATH_ENTRY,   /* by (person_id, id) */
    PATH_ENTRIES, /* the list of a person, newest first */
    PATH_SLOW,    /* by id; its function sleeps, or divides by zero */
    PATH_COUNT
};

enum {
    TABLE_PERSON,
    TABLE_ENTRY,
    TABLE_SLOW,
    TABLE_COUNT
};

static const struct enum_value sexes[] = {
    {{"f", 1}, {"\"FEMALE\"", 8}},
    {{"m", 1}, {"\"MALE\"", 6}},
};

static struct column person_columns[P_CELLS] = {
    [P_ID_KEY] = {.name = {"id", 2}, .codec = CODEC_KEY, .required = true, .line = 11},
    [P_ID] = {.name = {"id", 2}, .codec = CODEC_ID, .required = true, .line = 11},
    [P_CODE] = {.name = {"code", 4}, .codec = CODEC_STRING, .required = true, .line = 12},
    [P_NAME] = {.name = {"name", 4}, .codec = CODEC_STRING, .required = true, .line = 13},
    [P_SEX] = {.name = {"sex", 3}, .codec = CODEC_ENUM, .values = sexes, .n_values = 2, .line = 14},
    [P_BORN] = {.name = {"born", 4}, .codec = CODEC_DATE, .line = 15},
    [P_NOTE] = {.name = {"note", 4}, .codec = CODEC_STRING, .line = 16},
    [P_RATIO] = {.name = {"ratio", 5}, .codec = CODEC_STRING, .line = 17},
};

static struct column entry_columns[E_CELLS] = {
    [E_PERSON_KEY] = {.name = {"person_id", 9}, .codec = CODEC_KEY, .required = true, .line = 21},
    [E_ID_KEY] = {.name = {"id", 2}, .codec = CODEC_KEY, .required = true, .line = 22},
    [E_MADE_KEY] = {.name = {"made_on", 7}, .codec = CODEC_KEY, .required = true, .line = 23},
    [E_MADE] = {.name = {"made_on", 7}, .codec = CODEC_DATE, .required = true, .line = 23},
    [E_STATUS] = {.name = {"status", 6}, .codec = CODEC_STRING, .line = 24},
    [E_AMOUNT] = {.name = {"amount", 6}, .codec = CODEC_FIXED, .scale = 2, .line = 25},
};

static struct column slow_columns[S_CELLS] = {
    [S_ID_KEY] = {.name = {"id", 2}, .codec = CODEC_KEY, .required = true, .line = 31},
    [S_SECONDS] = {.name = {"seconds", 7}, .codec = CODEC_FLOAT, .line = 32},
    [S_VALUE] = {.name = {"slow_value", 10}, .codec = CODEC_INT, .computed = true, .line = 33},
};

static struct table tables[TABLE_COUNT] = {
    [TABLE_PERSON] = {.id = TABLE_PERSON,
                      .name = {"person", 6},
                      .columns = person_columns,
                      .n_columns = P_CELLS,
                      .key = {{"id", 2}},
                      .n_key = 1,
                      .key_cell = {P_ID_KEY},
                      .hot = true,
                      .line = 10},
    [TABLE_ENTRY] = {.id = TABLE_ENTRY,
                     .name = {"entry", 5},
                     .columns = entry_columns,
                     .n_columns = E_CELLS,
                     .key = {{"person_id", 9}, {"id", 2}},
                     .n_key = 2,
                     .key_cell = {E_PERSON_KEY, E_ID_KEY},
                     .line = 20},
    [TABLE_SLOW] = {.id = TABLE_SLOW,
                    .name = {"slow", 4},
                    .columns = slow_columns,
                    .n_columns = S_CELLS,
                    .key = {{"id", 2}},
                    .n_key = 1,
                    .key_cell = {S_ID_KEY},
                    .line = 30},
};

static struct access_path paths[PATH_COUNT] = {
    [PATH_PERSON] = {.id = PATH_PERSON,
                     .kind = ACCESS_ROW,
                     .table = &tables[TABLE_PERSON],
                     .column = {{"id", 2}},
                     .n_columns = 1,
                     .by_primary_key = true,
                     .line = 41},
    [PATH_BY_CODE] = {.id = PATH_BY_CODE,
                      .kind = ACCESS_ROW,
                      .table = &tables[TABLE_PERSON],
                      .column = {{"code", 4}},
                      .n_columns = 1,
                      .line = 42},
    [PATH_ENTRY] = {.id = PATH_ENTRY,
                    .kind = ACCESS_ROW,
                    .table = &tables[TABLE_ENTRY],
                    .column = {{"person_id", 9}, {"id", 2}},
                    .n_columns = 2,
                    .by_primary_key = true,
                    .line = 43},
    [PATH_ENTRIES] = {.id = PATH_ENTRIES,
                      .kind = ACCESS_LIST,
                      .table = &tables[TABLE_ENTRY],
                      .column = {{"person_id", 9}},
                      .n_columns = 1,
                      .order = {{.name = {"made_on", 7}, .cell = E_MADE_KEY, .descending = true},
                                {.name = {"id", 2}, .cell = E_ID_KEY, .descending = true}},
                      .n_order = 2,
                      .filter = {{.name = {"status", 6}}},
                      .n_filter = 1,
                      .where = {"superseded_by IS NULL", 21},
                      .line = 44},
    [PATH_SLOW] = {.id = PATH_SLOW,
                   .kind = ACCESS_ROW,
                   .table = &tables[TABLE_SLOW],
                   .column = {{"id", 2}},
                   .n_columns = 1,
                   .by_primary_key = true,
                   .line = 45},
};

static struct access access_all __attribute__((unused)) = {
    .tables = tables, .n_tables = TABLE_COUNT, .paths = paths, .n_paths = PATH_COUNT};

/* person 1 to 100 with (id % 7) entries and one superseded; person 3 has an infinite date of birth,
 * person 4 an unknown sex. slow: 1 answers at once, 2 in 0.5 s, 3 in 30 s, 4 divides by zero,
 * 5 to 59 answer at once, 60 in 1.5 s. */
static const char fixture_sql[] =
    "CREATE TABLE person (id bigint PRIMARY KEY, code text COLLATE \"C\" NOT NULL UNIQUE,"
    " name text NOT NULL, sex char(1), born date, note text, ratio numeric);"
    "CREATE TABLE entry (person_id bigint NOT NULL, id integer NOT NULL, made_on date NOT NULL,"
    " status varchar(20), amount bigint, superseded_by bigint, PRIMARY KEY (person_id, id));"
    "CREATE INDEX entry_list ON entry (person_id, made_on DESC, id DESC)"
    " WHERE superseded_by IS NULL;"
    "CREATE TABLE slow (id smallint PRIMARY KEY, seconds float8 NOT NULL);"
    "CREATE FUNCTION slow_value(s slow) RETURNS integer LANGUAGE plpgsql STABLE AS $$"
    " BEGIN IF s.id = 4 THEN RETURN 1 / (s.id - 4); END IF;"
    " IF s.seconds > 0 THEN PERFORM pg_sleep(s.seconds); END IF; RETURN s.id; END $$;"
    "INSERT INTO person SELECT i, lpad(i::text, 12, '0'), 'Name \"' || i || '\"',"
    " CASE WHEN i = 4 THEN 'x' WHEN i % 2 = 0 THEN 'f' ELSE 'm' END,"
    " CASE WHEN i = 3 THEN 'infinity'::date ELSE '2000-01-01'::date + i END,"
    " CASE WHEN i % 3 = 0 THEN NULL ELSE E'line\\n' || i END, i / 4.0"
    " FROM generate_series(1, 100) AS i;"
    "INSERT INTO entry SELECT p, e, '2020-01-01'::date + e, CASE WHEN e % 2 = 0 THEN 'even'"
    " ELSE 'odd' END, p * 100 + e, CASE WHEN e = 7 THEN 1 END"
    " FROM generate_series(1, 100) AS p, generate_series(1, 7) AS e WHERE e <= p % 7 OR e = 7;"
    "INSERT INTO slow SELECT i, CASE i WHEN 2 THEN 0.5 WHEN 3 THEN 30 WHEN 60 THEN 1.5 ELSE 0 END"
    " FROM generate_series(1, 60) AS i;"
    "ANALYZE person, entry, slow;";

static PGconn *fixture_pg;          /* for what the tests do beside the code under test */
static char fixture_conninfo[4096]; /* with the schema in its search path */

static void fixture_exec(const char *sql)
{
    PGresult *res = PQexec(fixture_pg, sql);
    if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(fixture_pg));
        abort();
    }
    PQclear(res);
}

/* A number that a query answers with. */
static inline long fixture_number(const char *sql)
{
    PGresult *res = PQexec(fixture_pg, sql);
    long n = PQntuples(res) == 1 ? strtol(PQgetvalue(res, 0, 0), NULL, 10) : -1;
    PQclear(res);
    return n;
}

/* false: no database was given, and the caller ends with fixture_skip(). */
static bool fixture_open(const char *schema)
{
    const char *text = getenv("TOLQUJAT_TEST_DATABASE");
    char sql[256];

    if (!text || !*text)
        return false;
    fixture_pg = PQconnectdb(text);
    if (PQstatus(fixture_pg) != CONNECTION_OK) {
        fprintf(stderr, "TOLQUJAT_TEST_DATABASE: %s", PQerrorMessage(fixture_pg));
        exit(1);
    }
    fixture_exec("SET client_min_messages = error");
    snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s", schema, schema);
    fixture_exec(sql);
    snprintf(sql, sizeof sql, "SET search_path = %s", schema);
    fixture_exec(sql);
    fixture_exec(fixture_sql);
    snprintf(fixture_conninfo, sizeof fixture_conninfo,
             "%s application_name=%s options='-c search_path=%s'", text, schema, schema);
    return true;
}

static void fixture_close(const char *schema)
{
    char sql[256];

    snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", schema);
    fixture_exec(sql);
    PQfinish(fixture_pg);
}

static int fixture_skip(void)
{
    fprintf(stderr, "SKIPPED: TOLQUJAT_TEST_DATABASE names no database, so nothing was tested.\n");
    printf("1..0 # SKIP TOLQUJAT_TEST_DATABASE names no database\n");
    return 0; /* TAP has said it */
}

#endif
