/* t-db.c: db/ over a real PostgreSQL: fetches and scans in, rows out, and how fetches share
 * their statements. */
#include "tests/unit/test.h"

#define SCHEMA "t_db"
#include "tests/unit/db_probe_fixture.h"

/* ---- rows ---- */

static void test_row__cells(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 2, 1);
    const struct row *r;

    assert_int_equal(ask(p), 0);
    r = only_row(p, 0);
    assert_int_equal(row_number(r, P_ID_KEY), 2);
    check_str(row_cell(r, P_ID), "\"2\"");
    check_str(row_cell(r, P_CODE), "\"000000000002\"");
    check_str(row_cell(r, P_NAME), "\"Name \\\"2\\\"\"");
    check_str(row_cell(r, P_SEX), "\"FEMALE\"");
    check_str(row_cell(r, P_BORN), "\"2000-01-03\"");
    check_str(row_cell(r, P_NOTE), "\"line\\n2\"");
    check_str(row_cell(r, P_RATIO), "\"0.50000000000000000000\"");
    assert_true(row_valid(r, r->size, P_CELLS));
    probe_free(p);
}

static void test_row__null_and_absent(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 6, 2);

    p->keys[1].part[0] = 1000000;
    assert_int_equal(ask(p), 0);
    assert_true(row_is_null(only_row(p, 0), P_NOTE));
    assert_int_equal(p->f.slices[1].n, 0);
    assert_int_equal(p->f.slices[1].rc, 0);
    probe_free(p);
}

static void test_row__by_text(void **state)
{
    struct probe *p = probe_new(PATH_BY_CODE, 5);

    p->keys[0].text = STR("000000000042");
    p->keys[1].text = STR("nobody");
    p->keys[2].text = STR("with\0nul");
    p->keys[3].text = STR("\xFF\xFE");
    p->keys[4].text = STR("");
    assert_int_equal(ask(p), 0);
    assert_int_equal(row_number(only_row(p, 0), P_ID_KEY), 42);
    for (int i = 1; i < 5; i++) {
        assert_int_equal(p->f.slices[i].n, 0);
        assert_int_equal(p->f.slices[i].rc, 0);
    }
    assert_int_equal(stats().retries, 0);
    probe_free(p);
}

static void test_row__compound_key(void **state)
{
    struct probe *p = probe_new(PATH_ENTRY, 3);

    p->keys[0] = (struct key){.part = {6, 5}};
    p->keys[1] = (struct key){.part = {6, INT64_C(5000000000)}}; /* outside the column's type */
    p->keys[2] = (struct key){.part = {6, 4}};
    assert_int_equal(ask(p), 0);
    check_str(row_cell(only_row(p, 0), E_AMOUNT), "\"6.05\"");
    assert_int_equal(p->f.slices[1].n, 0);
    check_str(row_cell(only_row(p, 2), E_AMOUNT), "\"6.04\"");
    probe_free(p);
}

static void test_row__no_keys(void **state)
{
    struct probe *p = probe_new(PATH_PERSON, 0);
    assert_int_equal(ask(p), 0);
    probe_free(p);
}

static void test_row__only_impossible_keys(void **state)
{
    struct probe *p = probe_new(PATH_SLOW, 1);
    p->keys[0].part[0] = 70000; /* the column is a smallint */
    assert_int_equal(ask(p), 0);
    assert_int_equal(p->f.slices[0].n, 0);
    probe_free(p);
}

static void test_row__more_keys_than_a_batch(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 5, 500);

    assert_int_equal(ask(p), 0);
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(p->f.slices[i].n, i + 5 <= 100);
    assert_int_equal(row_number(p->f.slices[50].rows[0], P_ID_KEY), 55);
    assert_int_equal(stats().statements, 8); /* 500 keys, 64 each */
    probe_free(p);
}

/* ---- lists ---- */

static void check_entries(const struct slice *s, const char *want)
{
    char got[256] = "";
    for (uint32_t i = 0; i < s->n; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%lld", i ? " " : "",
                 (long long)row_number(s->rows[i], E_ID_KEY));
    assert_string_equal(got, want);
}

static void test_list__head(void **state)
{
    struct probe *p = probe_range(PATH_ENTRIES, 1, 7);

    p->page.limit = 3;
    assert_int_equal(ask(p), 0);
    check_entries(&p->f.slices[0], "1");
    check_entries(&p->f.slices[1], "2 1");
    check_entries(&p->f.slices[4], "5 4 3");
    check_entries(&p->f.slices[6], ""); /* only one, superseded */
    check_str(row_cell(p->f.slices[4].rows[0], E_MADE), "\"2020-01-06\"");
    probe_free(p);
}

static void test_list__after(void **state)
{
    struct probe *p = probe_range(PATH_ENTRIES, 5, 1);

    p->page.has_after = true;
    p->page.after[0] = 7305 + 4; /* 2020-01-05, entry 4 */
    p->page.after[1] = 4;
    assert_int_equal(ask(p), 0);
    check_entries(&p->f.slices[0], "3 2 1");
    probe_free(p);
}

static void test_list__forged_cursor(void **state)
{
    struct probe *p = probe_range(PATH_ENTRIES, 5, 1);

    p->page.has_after = true;
    p->page.after[0] = INT64_MAX;
    p->page.after[1] = INT64_MIN;
    assert_int_equal(ask(p), 0);
    check_entries(&p->f.slices[0], "5 4 3 2 1");
    probe_free(p);
}

static void test_list__filter(void **state)
{
    struct probe *p = probe_range(PATH_ENTRIES, 6, 1);

    p->page.filter[0] = (struct filter_value){.set = true, .text = STR("even")};
    p->page.limit = 2;
    assert_int_equal(ask(p), 0);
    check_entries(&p->f.slices[0], "6 4");
    probe_free(p);
}

static void test_list__pages_of_many_merge(void **state)
{
    struct probe *a = probe_range(PATH_ENTRIES, 6, 1), *b = probe_range(PATH_ENTRIES, 6, 1),
                 *c = probe_range(PATH_ENTRIES, 6, 1), *d = probe_range(PATH_ENTRIES, 6, 1);
    uint64_t before;

    run_ms(50); /* connections are there */
    before = stats().statements;
    a->page.filter[0] = (struct filter_value){.set = true, .text = STR("odd")};
    b->page.filter[0] = (struct filter_value){.set = true, .text = STR("even")};
    c->page.has_after = true;
    c->page.after[0] = 7305 + 3;
    c->page.after[1] = 3;
    d->page = a->page;
    assert_int_equal(db_fetch(db, &a->f), 0);
    assert_int_equal(db_fetch(db, &b->f), 0);
    assert_int_equal(db_fetch(db, &d->f), 0);
    assert_int_equal(ask(c), 0);
    check_entries(&a->f.slices[0], "5 3 1");
    check_entries(&b->f.slices[0], "6 4 2");
    check_entries(&c->f.slices[0], "2 1");
    check_entries(&d->f.slices[0], "5 3 1");
    assert_int_equal(stats().statements - before, 1);
    assert_int_equal(stats().keys, 3); /* a and d ask the same */
    probe_free(a);
    probe_free(b);
    probe_free(c);
    probe_free(d);
}

/* ---- batches ---- */

static void test_batch__equal_keys_are_asked_once(void **state)
{
    struct probe *p[20];

    for (int i = 0; i < 20; i++) {
        p[i] = probe_range(PATH_PERSON, 10, 3);
        p[i]->keys[2].part[0] = 10; /* within one fetch, too */
        assert_int_equal(db_fetch(db, &p[i]->f), 0);
    }
    assert_true(run_until(&p[19]->done, 5000));
    assert_int_equal(stats().statements, 1);
    assert_int_equal(stats().keys, 2);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(row_number(only_row(p[i], 0), P_ID_KEY), 10);
        assert_int_equal(row_number(only_row(p[i], 1), P_ID_KEY), 11);
        assert_int_equal(row_number(only_row(p[i], 2), P_ID_KEY), 10);
        probe_free(p[i]);
    }
}

static void test_batch__data_error_stays_with_its_key(void **state)
{
    struct probe *good = probe_range(PATH_SLOW, 5, 10), *bad = probe_range(PATH_SLOW, 4, 3);

    assert_int_equal(db_fetch(db, &good->f), 0);
    assert_int_equal(ask(bad), 0);
    assert_int_equal(bad->f.slices[0].rc, ERR_DATA);
    assert_int_equal(bad->f.slices[0].n, 0);
    check_str(row_cell(only_row(bad, 1), S_VALUE), "5");
    assert_true(run_until(&good->done, 5000));
    assert_int_equal(good->rc, 0);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(row_number(only_row(good, i), S_ID_KEY), 5 + i);
    assert_true(stats().retries >= 3);
    probe_free(good);
    probe_free(bad);
}

static void test_batch__value_that_no_codec_writes(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 2, 4);

    assert_int_equal(ask(p), 0);
    only_row(p, 0);
    assert_int_equal(p->f.slices[1].rc, ERR_DATA); /* infinite date */
    assert_int_equal(p->f.slices[2].rc, ERR_DATA); /* unknown enum value */
    only_row(p, 3);
    assert_int_equal(stats().retries, 0);
    probe_free(p);
}

static void test_batch__statement_timeout(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 3, 1);
    assert_int_equal(ask(p), ERR_TIMEOUT);
    probe_free(p);
}

static void test_batch__arena_too_small(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 1, 1), *q = probe_range(PATH_PERSON, 1, 1);

    arena_init(&p->arena, 1); /* no chunk fits: db_fetch itself has no room */
    assert_int_equal(db_fetch(db, &p->f), ERR_MEMORY);
    arena_release(&p->arena);
    arena_init(&p->arena, 0);
    assert_int_equal(db_fetch(db, &p->f), 0);
    p->arena.limit = 1; /* the answer has none */
    p->arena._at = p->arena._end;
    assert_int_equal(ask(q), 0);
    assert_int_equal(p->rc, ERR_MEMORY);
    only_row(q, 0);
    probe_free(p);
    probe_free(q);
}

static void test_batch__queue_is_bounded(void **state)
{
    struct probe *p[10];
    int refused = 0;

    for (int i = 0; i < 10; i++) {
        int rc;
        p[i] = probe_range(PATH_PERSON, 1, 600);
        rc = db_fetch(db, &p[i]->f);
        assert_true(rc == 0 || rc == ERR_BUSY);
        if (rc < 0) {
            refused++;
            p[i]->done = 1;
        }
    }
    assert_int_equal(refused, 2); /* 8 * 600 fit in 5000 */
    for (int i = 0; i < 10; i++) {
        assert_true(run_until(&p[i]->done, 5000));
        probe_free(p[i]);
    }
    assert_int_equal(stats().waiting, 0);
}

/* What is cheap does not wait behind what is dear, with several lanes and two connections. */
static void test_batch__slow_statement_holds_nothing_up(void **state)
{
    struct probe *slow = probe_range(PATH_SLOW, 60, 1);
    struct probe *p[3];

    while (stats().ready < 2)
        run_ms(5);
    assert_int_equal(db_fetch(db, &slow->f), 0);
    run_ms(100);
    for (int round = 0; round < 5; round++) {
        p[0] = probe_range(PATH_PERSON, 10, 1);
        p[1] = probe_range(PATH_ENTRY, 10, 1);
        p[2] = probe_range(PATH_ENTRIES, 10, 1);
        for (int i = 0; i < 3; i++)
            assert_int_equal(db_fetch(db, &p[i]->f), 0);
        for (int i = 0; i < 3; i++) {
            assert_true(run_until(&p[i]->done, 2000));
            assert_int_equal(p[i]->rc, 0);
            assert_int_equal(slow->done, 0);
            probe_free(p[i]);
        }
    }
    assert_true(run_until(&slow->done, 5000));
    assert_int_equal(slow->rc, 0);
    probe_free(slow);
}

/* ---- scans ---- */

static void test_scan__all_rows_in_key_order(void **state)
{
    struct scan_probe s = {
        .scan = {.table = &tables[TABLE_ENTRY], .each = on_each, .done = on_scanned}};

    fixture_exec("INSERT INTO entry SELECT 1000 + p, 1, '2020-01-01' FROM generate_series(1, 2100)"
                 " AS p");
    assert_int_equal(db_scan(db, &s.scan), 0);
    assert_int_equal(s.done, 0);
    assert_true(run_until(&s.done, 5000));
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.rows, fixture_number("SELECT count(*) FROM entry"));
    fixture_exec("DELETE FROM entry WHERE person_id > 1000");
}

static void test_scan__row_that_can_not_be_written(void **state)
{
    struct scan_probe s = {
        .scan = {.table = &tables[TABLE_PERSON], .each = on_each, .done = on_scanned}};

    assert_int_equal(db_scan(db, &s.scan), 0);
    assert_true(run_until(&s.done, 5000));
    assert_int_equal(s.rc, ERR_DATA);
}

/* Both need the same statement, which is prepared when first used: that may happen once only. */
static void test_scan__two_at_once(void **state)
{
    struct scan_probe s[8];

    fixture_exec("UPDATE slow SET id = 400 WHERE id = 4");
    fixture_exec("CREATE TABLE kept AS SELECT * FROM slow; UPDATE slow SET seconds = 0");
    for (int i = 0; i < 8; i++) {
        s[i] = (struct scan_probe){
            .scan = {.table = &tables[TABLE_SLOW], .each = on_each, .done = on_scanned}};
        assert_int_equal(db_scan(db, &s[i].scan), 0);
    }
    for (int i = 0; i < 8; i++) {
        assert_true(run_until(&s[i].done, 5000));
        assert_int_equal(s[i].rc, 0);
        assert_int_equal(s[i].rows, 60);
    }
    fixture_exec("UPDATE slow SET seconds = k.seconds FROM kept AS k WHERE k.id = slow.id");
    fixture_exec("UPDATE slow SET id = 4 WHERE id = 400; DROP TABLE kept");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_row__cells),
        T(test_row__null_and_absent),
        T(test_row__by_text),
        T(test_row__compound_key),
        T(test_row__no_keys),
        T(test_row__only_impossible_keys),
        T(test_row__more_keys_than_a_batch),
        T(test_list__head),
        T(test_list__after),
        T(test_list__forged_cursor),
        T(test_list__filter),
        T(test_list__pages_of_many_merge),
        T(test_batch__equal_keys_are_asked_once),
        T(test_batch__data_error_stays_with_its_key),
        T(test_batch__value_that_no_codec_writes),
        T(test_batch__statement_timeout),
        T(test_batch__arena_too_small),
        T(test_batch__slow_statement_holds_nothing_up),
        T(test_batch__queue_is_bounded),
        T(test_scan__all_rows_in_key_order),
        T(test_scan__two_at_once),
        T(test_scan__row_that_can_not_be_written),
    };

    if (!fixture_open(SCHEMA))
        return fixture_skip();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
