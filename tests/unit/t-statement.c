/* Tests of db/statement: SQL out of access paths. */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/procedure.h"
#include "db/db.h"
#include "db/statement.h"
#include "db/types.h"

static struct column columns[] = {
    {.name = {"id", 2}, .codec = CODEC_KEY, .type_oid = OID_INT8},
    {.name = {"made_on", 7}, .codec = CODEC_KEY, .type_oid = OID_DATE},
    {.name = {"weight", 6}, .codec = CODEC_FLOAT, .type_oid = OID_NUMERIC},
    {.name = {"code", 4}, .codec = CODEC_STRING, .type_oid = 2950 /* uuid */},
    {.name = {"cap", 3}, .codec = CODEC_FIXED, .type_oid = OID_INT8, .computed = true},
    {.name = {"made_on", 7}, .codec = CODEC_DATE, .type_oid = OID_DATE},     /* sent once */
    {.name = {"weight", 6}, .codec = CODEC_STRING, .type_oid = OID_NUMERIC}, /* as text, too */
};

static struct table thing = {
    .name = {"thing", 5},
    .columns = columns,
    .n_columns = 7,
    .key = {{"id", 2}},
    .n_key = 1,
    .key_cell = {0},
};

static struct access_path row = {
    .kind = ACCESS_ROW,
    .table = &thing,
    .column = {{"id", 2}},
    .n_columns = 1,
    .key_oid = {OID_INT4},
};

static struct access_path list = {
    .kind = ACCESS_LIST,
    .table = &thing,
    .column = {{"owner", 5}},
    .n_columns = 1,
    .key_oid = {OID_INT8},
    .order = {{.name = {"made_on", 7}, .cell = 1, .descending = true, .type_oid = OID_DATE},
              {.name = {"id", 2}, .cell = 0, .descending = true, .type_oid = OID_INT8}},
    .n_order = 2,
    .filter = {{.name = {"state", 5}, .type_oid = OID_VARCHAR, .is_text = true},
               {.name = {"grade", 5}, .type_oid = OID_INT2}},
    .n_filter = 2,
    .where = {"gone IS NULL", 12},
};

static struct arena arena;

#define CELLS                                                                                      \
    "t.\"id\" AS c0, t.\"made_on\" AS c1, t.\"weight\"::double precision AS c2, "                  \
    "t.\"code\"::text AS c3, \"cap\"(t) AS c4, t.\"weight\"::text AS c5 FROM \"thing\" AS t"

static void test_statement__row(void **state)
{
    assert_string_equal(
        db_statement_sql(&row, 0, &arena),
        "SELECT k.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5 FROM unnest($1::integer[]) "
        "WITH ORDINALITY AS k (k1, ord) CROSS JOIN LATERAL (SELECT " CELLS
        " WHERE t.\"id\" = k.k1 LIMIT 1) AS r");
    assert_null(db_statement_sql(&row, 1, &arena));
}

static void test_statement__head(void **state)
{
    assert_string_equal(
        db_statement_sql(&list, 0, &arena),
        "SELECT k.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5 FROM unnest($1::bigint[], $2::integer[]) "
        "WITH ORDINALITY AS k (k1, lim, ord) CROSS JOIN LATERAL (SELECT " CELLS
        " WHERE t.\"owner\" = k.k1 AND (gone IS NULL) ORDER BY t.\"made_on\" DESC, t.\"id\" DESC "
        "LIMIT k.lim) AS r");
}

static void test_statement__page(void **state)
{
    assert_string_equal(
        db_statement_sql(&list, 1, &arena),
        "SELECT k.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5 FROM unnest($1::bigint[], $2::integer[], "
        "$3::date[], $4::bigint[], $5::text[], $6::smallint[]) "
        "WITH ORDINALITY AS k (k1, lim, a1, a2, f1, f2, ord) CROSS JOIN LATERAL (SELECT " CELLS
        " WHERE t.\"owner\" = k.k1 AND (gone IS NULL) AND (t.\"made_on\", t.\"id\") < (k.a1, k.a2)"
        " AND (k.f1 IS NULL OR t.\"state\"::text = k.f1)"
        " AND (k.f2 IS NULL OR t.\"grade\" = k.f2)"
        " ORDER BY t.\"made_on\" DESC, t.\"id\" DESC LIMIT k.lim) AS r");
    assert_null(db_statement_sql(&list, 2, &arena));
}

/* A bound of a column of the order is an index condition: it has a value always. */
static void test_statement__ranges(void **state)
{
    struct access_path ranged = list;
    const char *sql;

    ranged.filter[0] = (struct filter_column){.name = {"made_on", 7},
                                              .compare = COMPARE_AT_LEAST,
                                              .of_order = true,
                                              .type_oid = OID_DATE};
    ranged.filter[1].compare = COMPARE_AT_MOST;
    sql = db_statement_sql(&ranged, 1, &arena);
    assert_non_null(strstr(sql, " AND t.\"made_on\" >= k.f1"
                                " AND (k.f2 IS NULL OR t.\"grade\" <= k.f2) ORDER BY"));
    assert_non_null(strstr(sql, "$5::date[], $6::smallint[]"));
}

/* An array is cast where it is not sent as one that can be read; one column as two lists is sent once. */
static void test_statement__arrays(void **state)
{
    struct column lists[] = {
        {.name = {"id", 2}, .codec = CODEC_KEY, .type_oid = OID_INT8},
        {.name = {"a", 1}, .codec = CODEC_INT, .type_oid = OID_INT4, .array_oid = 1007, .lists = 1},
        {.name = {"a", 1}, .codec = CODEC_INT, .type_oid = OID_INT4, .array_oid = 1007, .lists = 2},
        {.name = {"a", 1},
         .codec = CODEC_STRING,
         .type_oid = OID_INT4,
         .array_oid = 1007,
         .lists = 1},
        {.name = {"b", 1},
         .codec = CODEC_FLOAT,
         .type_oid = OID_NUMERIC,
         .array_oid = 1231,
         .lists = 1},
        {.name = {"c", 1},
         .codec = CODEC_INT,
         .type_oid = OID_INT4,
         .array_oid = 70001,
         .lists = 1},
        {.name = {"f", 1},
         .codec = CODEC_ENUM,
         .type_oid = 70002,
         .array_oid = 70003,
         .lists = 1,
         .computed = true},
    };
    struct table table = thing;
    struct access_path path = row;

    table.columns = lists;
    table.n_columns = ARRAY_LEN(lists);
    path.table = &table;
    assert_string_equal(
        db_statement_sql(&path, 0, &arena),
        "SELECT k.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5 FROM unnest($1::integer[]) "
        "WITH ORDINALITY AS k (k1, ord) CROSS JOIN LATERAL (SELECT t.\"id\" AS c0, t.\"a\" AS c1, "
        "t.\"a\"::text[] AS c2, t.\"b\"::double precision[] AS c3, t.\"c\"::integer[] AS c4, "
        "\"f\"(t)::text[] AS c5 FROM \"thing\" AS t WHERE t.\"id\" = k.k1 LIMIT 1) AS r");
}

/* The key and what may be null behind it are the function's arguments; its order is kept, and there is one statement. */
static void test_statement__function(void **state)
{
    struct access_path of = list;
    struct page page = {.limit = 1};
    struct statement s;

    of.function = STR("due.items");
    of.n_order = 0;
    of.where = (struct str){0};
    assert_int_equal(statement_variants(&of), 1);
    assert_int_equal(statement_variant_of(&of, &page), 0);
    page.filter[0].set = true;
    assert_int_equal(statement_variant_of(&of, &page), 0);
    assert_int_equal(statement_variant_of(&list, &page), 1);
    assert_int_equal(statement_variant_of(&row, NULL), 0);
    assert_int_equal(statement_of_path(&s, &of, 0, &arena), 0);
    assert_int_equal(s.kind, STATEMENT_PAGE);
    assert_string_equal(
        s.sql, "SELECT k.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5 FROM unnest($1::bigint[], "
               "$2::integer[], $3::text[], $4::smallint[]) WITH ORDINALITY AS k (k1, lim, f1, f2, "
               "ord) CROSS JOIN LATERAL (SELECT t.\"id\" AS c0, t.\"made_on\" AS c1, "
               "t.\"weight\"::double precision AS c2, t.\"code\"::text AS c3, \"cap\"(t) AS c4, "
               "t.\"weight\"::text AS c5 FROM \"due\".\"items\"(k.k1, k.f1, k.f2) AS t LIMIT "
               "k.lim) AS r");
    assert_int_equal(s.n_params, 4);
    assert_int_equal(s.params[2].kind, PARAM_FILTER);
}

/* What bounds a page goes to the function that has pages, and the kinds that are wanted. */
static void test_statement__pages_of_a_function(void **state)
{
    struct access_path of = list;
    struct statement s;

    of.function = STR("timeline");
    of.by_kind = true;
    of.where = (struct str){0};
    assert_int_equal(statement_of_path(&s, &of, 0, &arena), 0);
    assert_non_null(strstr(s.sql, "FROM unnest($1::bigint[], $2::integer[], $3::date[], "
                                  "$4::bigint[], $5::text[], $6::smallint[], $7::text[]) WITH "
                                  "ORDINALITY AS k (k1, lim, a1, a2, f1, f2, kinds, ord)"));
    assert_non_null(strstr(s.sql, "FROM \"timeline\"(k.k1, k.f1, k.f2, k.lim, k.a1, k.a2, k.kinds) "
                                  "AS t LIMIT k.lim) AS r"));
    assert_int_equal(s.params[6].kind, PARAM_KINDS);
}

/* A count is the last variant of a list that has one: no order, no cursor; what is kept from somebody is left out. */
static void test_statement__count(void **state)
{
    struct access_path of = list;
    struct table personal = thing;
    struct page page = {.limit = 1, .counts = true};
    struct statement s;

    of.counted = true;
    assert_int_equal(statement_variants(&of), 3);
    assert_int_equal(statement_variant_of(&of, &page), 2);
    page.counts = false;
    assert_int_equal(statement_variant_of(&of, &page), 0);
    assert_string_equal(
        db_statement_sql(&of, 2, &arena),
        "SELECT k.ord, r.c0 FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::smallint[]) "
        "WITH ORDINALITY AS k (k1, lim, f1, f2, ord) CROSS JOIN LATERAL (SELECT least(count(*), "
        "10000)::integer AS c0 FROM (SELECT FROM \"thing\" AS t WHERE t.\"owner\" = k.k1 AND (gone "
        "IS NULL) AND (k.f1 IS NULL OR t.\"state\"::text = k.f1) AND (k.f2 IS NULL OR t.\"grade\" "
        "= "
        "k.f2) LIMIT k.lim) AS n) AS r");
    personal.personal = true;
    of.table = &personal;
    assert_int_equal(statement_of_path(&s, &of, 2, &arena), 0);
    assert_int_equal(s.kind, STATEMENT_COUNT);
    assert_int_equal(s.n_fields, 1);
    assert_true(s.table == &personal && s.cells != &personal);
    assert_int_equal(s.params[4].kind, PARAM_LEFT_OUT);
    assert_non_null(strstr(s.sql, "$5::text[]) WITH ORDINALITY AS k (k1, lim, f1, f2, out, ord)"));
    assert_non_null(strstr(s.sql, " AND (k.out IS NULL OR k.out <> '*' AND t.\"id\"::text <> ALL "
                                  "(string_to_array(k.out, ','))) LIMIT k.lim) AS n) AS r"));
    personal.stands_for = true;
    personal.entry_kind_cell = 1;
    personal.entry_id_cell = 0;
    of.function = STR("timeline");
    of.by_kind = true;
    of.where = (struct str){0};
    assert_int_equal(statement_variants(&of), 2);
    assert_int_equal(statement_of_path(&s, &of, 1, &arena), 0);
    assert_int_equal(s.kind, STATEMENT_COUNT);
    assert_non_null(strstr(s.sql, "AS k (k1, lim, a1, a2, f1, f2, kinds, out, ord)"));
    assert_non_null(
        strstr(s.sql, "(SELECT FROM \"timeline\"(k.k1, k.f1, k.f2, k.lim, k.a1, k.a2, k.kinds) AS "
                      "t WHERE (k.out IS NULL OR k.out <> '*' AND t.\"made_on\" || ':' || "
                      "t.\"id\" <> ALL (string_to_array(k.out, ','))) LIMIT k.lim) AS n) AS r"));
}

static void test_statement__calls(void **state)
{
    struct procedure_param params[] = {{.name = STR("n")}};
    struct procedure p = {.name = STR("all_due"), .params = params, .n_params = 1};
    struct statement s;

    p.result.table = &thing;
    assert_int_equal(statement_of_call(&s, &p, &arena), 0);
    assert_non_null(strstr(s.sql, "FROM \"all_due\"(\"viewer\" => $1, \"n\" => $2) AS t"));
    assert_null(strstr(s.sql, "LIMIT"));
    p.limit = 100;
    assert_int_equal(statement_of_call(&s, &p, &arena), 0);
    assert_non_null(strstr(s.sql, ") AS t LIMIT 101"));
    assert_int_equal(s.n_params, 2);
    p.writes = p.digested = true; /* then it is told of which request it is */
    assert_int_equal(statement_of_call(&s, &p, &arena), 0);
    assert_int_equal(s.n_params, 4);
    assert_non_null(
        strstr(s.sql, "(\"viewer\" => CASE WHEN set_config('tolqujat.request', $4, true) IS NOT "
                      "NULL THEN $1::text END, \"n\" => $2, \"payload_digest\" => $3) AS t"));
}

static void test_statement__ascending(void **state)
{
    struct access_path up = list;
    const char *sql;

    up.order[0].descending = up.order[1].descending = false;
    sql = db_statement_sql(&up, 1, &arena);
    assert_non_null(strstr(sql, "(t.\"made_on\", t.\"id\") > (k.a1, k.a2)"));
    assert_non_null(strstr(sql, "ORDER BY t.\"made_on\" ASC, t.\"id\" ASC"));
}

static void test_statement__order_without_index(void **state)
{
    struct access_path sorted = list;
    const char *sql;

    sorted.sorts = true;
    sorted.order[0].type_oid = OID_TIMESTAMPTZ;
    sql = db_statement_sql(&sorted, 1, &arena);
    assert_non_null(strstr(sql, "(t.\"made_on\" + interval '0', t.\"id\" + 0) < (k.a1, k.a2)"));
    assert_non_null(strstr(sql, "ORDER BY t.\"made_on\" + interval '0' DESC, t.\"id\" + 0 DESC"));
}

static void test_statement__cells_share_fields(void **state)
{
    struct statement s;

    assert_int_equal(statement_of_path(&s, &row, 0, &arena), 0);
    assert_int_equal(s.n_fields, 6);
    assert_int_equal(s.field[1], 1);
    assert_int_equal(s.field[5], 1); /* the date of cell 1 */
    assert_int_equal(s.field[6], 5);
}

static void test_statement__compound_key(void **state)
{
    struct access_path two = row;

    two.n_columns = 2;
    two.column[1] = STR("made_on");
    two.key_oid[1] = OID_DATE;
    assert_non_null(strstr(db_statement_sql(&two, 0, &arena),
                           "unnest($1::integer[], $2::date[]) WITH ORDINALITY AS k (k1, k2, ord)"));
    assert_non_null(strstr(db_statement_sql(&two, 0, &arena),
                           "WHERE t.\"id\" = k.k1 AND t.\"made_on\" = k.k2 LIMIT 1"));
}

static void test_statement__scan(void **state)
{
    struct statement s;

    assert_int_equal(statement_of_scan(&s, &thing, false, &arena), 0);
    assert_string_equal(s.sql, "SELECT " CELLS " ORDER BY t.\"id\" LIMIT $1::integer");
    assert_int_equal(s.n_params, 1);
    assert_int_equal(statement_of_scan(&s, &thing, true, &arena), 0);
    assert_string_equal(s.sql, "SELECT " CELLS " WHERE (t.\"id\") > ($1::bigint)"
                               " ORDER BY t.\"id\" LIMIT $2::integer");
    assert_int_equal(s.n_params, 2);
}

static void test_statement__names_are_quoted(void **state)
{
    struct buf b;

    buf_init(&b, 0);
    statement_add_name(&b, STR("med.we\"ird; --"));
    check_str(buf_str(&b), "\"med\".\"we\"\"ird; --\"");
    buf_release(&b);
}

static int set_up(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    arena_release(&arena);
    return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_statement__row),
        T(test_statement__head),
        T(test_statement__page),
        T(test_statement__ranges),
        T(test_statement__arrays),
        T(test_statement__function),
        T(test_statement__pages_of_a_function),
        T(test_statement__count),
        T(test_statement__calls),
        T(test_statement__ascending),
        T(test_statement__order_without_index),
        T(test_statement__cells_share_fields),
        T(test_statement__compound_key),
        T(test_statement__scan),
        T(test_statement__names_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
