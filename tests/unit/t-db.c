/* Tests of db/ over a real PostgreSQL: fetches in, rows out, and what happens when things break. */
#include "tests/unit/test.h"

#include <uv.h>

#include "base/arena.h"
#include "db/db.h"
#include "tests/unit/db_fixture.h"

#define SCHEMA "t_db"

/* One fetch with all that it needs. */
struct probe {
    struct fetch f;
    struct arena arena;
    struct key keys[600];
    struct page page;
    int done, rc;
};

static uv_loop_t loop;
static struct db *db;
static bool closed;

static void on_done(struct fetch *f, int rc)
{
    struct probe *p = container_of(f, struct probe, f);
    p->done++;
    p->rc = rc;
}

static struct probe *probe_new(int path, uint32_t n)
{
    struct probe *p = calloc(1, sizeof *p);
    arena_init(&p->arena, 0);
    p->f = (struct fetch){.path = &paths[path],
                          .keys = p->keys,
                          .n = n,
                          .page = paths[path].kind == ACCESS_LIST ? &p->page : NULL,
                          .arena = &p->arena,
                          .done = on_done};
    p->page.limit = 10;
    return p;
}

/* A probe for the keys from, from + 1, ... */
static struct probe *probe_range(int path, int64_t from, uint32_t n)
{
    struct probe *p = probe_new(path, n);
    for (uint32_t i = 0; i < n; i++)
        p->keys[i].part[0] = from + i;
    return p;
}

static void probe_free(struct probe *p)
{
    assert_int_equal(p->done, 1);
    arena_release(&p->arena);
    free(p);
}

static void on_late(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

static void on_timer_closed(uv_handle_t *h)
{
    *(bool *)h->data = false;
}

/* Runs the loop until `*what` is not 0 any more, at most so long. */
static bool run_until(const int *what, unsigned ms)
{
    uv_timer_t timer;
    bool late = false, open = true;

    uv_timer_init(&loop, &timer);
    timer.data = &late;
    uv_timer_start(&timer, on_late, ms, 0);
    while (!*what && !late)
        uv_run(&loop, UV_RUN_ONCE);
    timer.data = &open;
    uv_close((uv_handle_t *)&timer, on_timer_closed);
    while (open)
        uv_run(&loop, UV_RUN_NOWAIT);
    return *what != 0;
}

static void run_ms(unsigned ms)
{
    int never = 0;
    run_until(&never, ms);
}

/* Starts the fetch and waits for its end. */
static int ask(struct probe *p)
{
    int rc = db_fetch(db, &p->f);
    if (rc < 0)
        return rc;
    assert_int_equal(p->done, 0);
    assert_true(run_until(&p->done, 20000));
    return p->rc;
}

static struct db_stats stats(void)
{
    struct db_stats s;
    db_get_stats(db, &s);
    return s;
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

static void open_with(const struct db_config *config)
{
    struct err err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    closed = false;
    assert_int_equal(db_open(&db, &loop, &access_all, config, &err), 0);
}

static struct db_config usual(void)
{
    return (struct db_config){.conninfo = fixture_conninfo,
                              .readers = 2,
                              .batches = 2,
                              .batch_keys = 64,
                              .queue_keys = 5000,
                              .statement_timeout_ms = 2000,
                              .connect_timeout_ms = 3000};
}

static int set_up(void **state)
{
    struct db_config config = usual();
    open_with(&config);
    return 0;
}

/* Closing must leave the loop empty: uv_run ends by itself, and uv_loop_close agrees. */
static int tear_down(void **state)
{
    db_close(db, on_closed, &closed);
    assert_false(closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static const struct row *only_row(const struct probe *p, uint32_t key)
{
    assert_int_equal(p->f.slices[key].rc, 0);
    assert_int_equal(p->f.slices[key].n, 1);
    return p->f.slices[key].rows[0];
}

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

/* ---- cancelling ---- */

static void test_cancel__is_told_later_and_once(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 1, 3);

    assert_int_equal(db_fetch(db, &p->f), 0);
    db_cancel(db, &p->f);
    db_cancel(db, &p->f);
    assert_int_equal(p->done, 0);
    assert_true(run_until(&p->done, 1000));
    assert_int_equal(p->rc, ERR_CANCELED);
    run_ms(100);
    assert_int_equal(stats().waiting, 0);
    probe_free(p);
}

static void test_cancel__ends_the_statement(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 3, 1), *q = probe_range(PATH_SLOW, 5, 1);
    const char *running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" SCHEMA
                          "'"
                          " AND state = 'active' AND query LIKE '%slow%'";

    assert_int_equal(ask(q), 0); /* both are connected */
    assert_int_equal(db_fetch(db, &p->f), 0);
    run_ms(100);
    assert_int_equal(fixture_number(running), 1);
    db_cancel(db, &p->f);
    assert_true(run_until(&p->done, 100));
    assert_int_equal(p->rc, ERR_CANCELED);
    arena_release(&p->arena); /* the memory is not touched any more */
    memset(p->keys, 0xEE, sizeof p->keys);
    run_ms(600);
    assert_int_equal(fixture_number(running), 0);
    probe_free(p);
    probe_free(q);
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

static void test_cancel__not_while_another_waits(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 2, 1), *q = probe_range(PATH_SLOW, 2, 1);

    assert_int_equal(db_fetch(db, &p->f), 0);
    assert_int_equal(db_fetch(db, &q->f), 0);
    run_ms(150);
    db_cancel(db, &p->f);
    assert_true(run_until(&q->done, 2000));
    assert_int_equal(p->rc, ERR_CANCELED);
    assert_int_equal(q->rc, 0);
    check_str(row_cell(only_row(q, 0), S_VALUE), "2");
    probe_free(p);
    probe_free(q);
}

/* ---- scans ---- */

struct scan_probe {
    struct db_scan scan;
    int64_t last;
    int rows, done, rc;
};

static void on_each(struct db_scan *scan, const struct row *row)
{
    struct scan_probe *s = container_of(scan, struct scan_probe, scan);
    assert_true(row_number(row, 0) >= s->last);
    s->last = row_number(row, 0);
    s->rows++;
}

static void on_scanned(struct db_scan *scan, int rc)
{
    struct scan_probe *s = container_of(scan, struct scan_probe, scan);
    s->done++;
    s->rc = rc;
}

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

/* ---- what breaks ---- */

static void terminate_all(void)
{
    fixture_exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
                 "'" SCHEMA "'");
}

static void test_fault__lost_connections_are_asked_elsewhere(void **state)
{
    int failed = 0, rounds = 0;

    for (; rounds < 30; rounds++) {
        struct probe *p[8];
        for (int i = 0; i < 8; i++) {
            p[i] = probe_range(PATH_PERSON, 10 + i, 20);
            assert_int_equal(db_fetch(db, &p[i]->f), 0);
        }
        run_ms(1);
        if (rounds % 3 == 0)
            terminate_all();
        for (int i = 0; i < 8; i++) {
            assert_true(run_until(&p[i]->done, 5000));
            failed += p[i]->rc != 0;
            for (uint32_t k = 0; p[i]->rc == 0 && k < 20; k++)
                assert_int_equal(row_number(only_row(p[i], k), P_ID_KEY), 10 + i + k);
            probe_free(p[i]);
        }
    }
    assert_int_equal(failed, 0);
    assert_true(stats().connects > 2);
}

static void test_fault__a_statement_cut_off_is_asked_once_more(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 2, 1);

    assert_int_equal(db_fetch(db, &p->f), 0);
    run_ms(200);
    terminate_all();
    assert_true(run_until(&p->done, 5000));
    assert_int_equal(p->rc, 0);
    assert_true(stats().retries >= 1);
    probe_free(p);
}

static void test_fault__twice_cut_off_is_an_error(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 3, 1);

    assert_int_equal(db_fetch(db, &p->f), 0);
    run_ms(200);
    terminate_all();
    run_ms(300);
    terminate_all();
    assert_true(run_until(&p->done, 1500));
    assert_int_equal(p->rc, ERR_DATABASE);
    probe_free(p);
}

static void test_fault__statements_forgotten(void **state)
{
    struct probe *p = probe_range(PATH_PERSON, 1, 2), *q = probe_range(PATH_PERSON, 1, 2);

    assert_int_equal(ask(p), 0);
    /* The column's type changes, so the plan that is kept no longer fits; the cell's text stays. */
    fixture_exec("ALTER TABLE person ALTER COLUMN name TYPE varchar(100)");
    assert_int_equal(ask(q),
                     ERR_DATABASE); /* asked again, but the rows are not those of the check */
    fixture_exec("ALTER TABLE person ALTER COLUMN name TYPE text");
    probe_free(q);
    q = probe_range(PATH_PERSON, 1, 2);
    assert_int_equal(ask(q), 0);
    only_row(q, 0);
    fixture_exec("ALTER TABLE person ADD COLUMN more int");
    probe_free(q);
    q = probe_range(PATH_PERSON, 1, 2);
    assert_int_equal(ask(q), 0);
    only_row(q, 1);
    probe_free(p);
    probe_free(q);
}

static char noted[200];

static void on_note(const char *why)
{
    snprintf(noted, sizeof noted, "%s", why);
}

static void test_fault__table_that_is_gone(void **state)
{
    struct db_config config = usual();
    struct probe *p = probe_range(PATH_PERSON, 1, 2), *q = probe_range(PATH_SLOW, 5, 1);

    config.note = on_note;
    open_with(&config);
    fixture_exec("ALTER TABLE person RENAME TO away");
    assert_int_equal(ask(p), ERR_DATABASE);
    assert_string_equal(noted, "a statement on table person failed: 42P01");
    assert_int_equal(ask(q), 0); /* the others go on */
    fixture_exec("ALTER TABLE away RENAME TO person");
    probe_free(p);
    p = probe_range(PATH_PERSON, 1, 2);
    assert_int_equal(ask(p), 0); /* and it comes back by itself */
    tear_down(state);
    probe_free(p);
    probe_free(q);
}

/* Fetches that come and go at random, cancelled or not, while connections die: each ends once, with
 * its own rows or a clear error, and what is cancelled is never touched again. */
static void test_fault__stress(void **state)
{
    struct probe *p[40] = {0};
    unsigned seed = 12345, answered = 0, canceled = 0;

    for (int round = 0; round < 3000; round++) {
        int i = rand_r(&seed) % 40;
        if (p[i] && p[i]->done) {
            assert_true(p[i]->rc == 0 || p[i]->rc == ERR_CANCELED || p[i]->rc == ERR_DATABASE);
            for (uint32_t k = 0; p[i]->rc == 0 && k < p[i]->f.n; k++)
                for (uint32_t r = 0; r < p[i]->f.slices[k].n; r++)
                    assert_int_equal(row_number(p[i]->f.slices[k].rows[r], 0),
                                     p[i]->keys[k].part[0]);
            answered += p[i]->rc == 0;
            canceled += p[i]->rc == ERR_CANCELED;
            probe_free(p[i]);
            p[i] = NULL;
        } else if (p[i]) {
            if (rand_r(&seed) % 3 == 0)
                db_cancel(db, &p[i]->f);
        } else {
            static const int which[] = {PATH_PERSON, PATH_ENTRIES, PATH_ENTRIES, PATH_SLOW};
            int path = which[rand_r(&seed) % 4];
            p[i] = probe_range(path, 10 + rand_r(&seed) % 20, 1 + (uint32_t)rand_r(&seed) % 30);
            if (rand_r(&seed) % 2)
                p[i]->page.filter[0] = (struct filter_value){.set = true, .text = STR("odd")};
            if (db_fetch(db, &p[i]->f) < 0) {
                p[i]->done = 1;
                probe_free(p[i]);
                p[i] = NULL;
            }
        }
        if (round % 500 == 250)
            terminate_all();
        if (round % 4)
            uv_run(&loop, UV_RUN_NOWAIT);
        else
            run_ms(1);
    }
    for (int i = 0; i < 40; i++) {
        if (!p[i])
            continue;
        assert_true(run_until(&p[i]->done, 5000));
        probe_free(p[i]);
    }
    if (answered < 50 || canceled < 20)
        fail_msg("only %u answered and %u cancelled", answered, canceled);
    run_ms(200);
    assert_int_equal(stats().waiting, 0);
}

/* ---- without a database ---- */

static void test_absent__refuses_soon_and_closes(void **state)
{
    struct db_config config = usual();
    struct probe *p = probe_range(PATH_PERSON, 1, 2), *q = probe_range(PATH_PERSON, 1, 1);

    config.conninfo = "host=/nonexistent dbname=x";
    open_with(&config);
    assert_int_equal(db_fetch(db, &p->f), 0); /* it may still come */
    assert_true(run_until(&p->done, 3000));
    assert_int_equal(p->rc, ERR_DATABASE);
    assert_int_equal(db_fetch(db, &q->f), ERR_DATABASE);
    q->done = 1;
    run_ms(1000);
    assert_int_equal(stats().connects, 0);
    tear_down(state);
    probe_free(p);
    probe_free(q);
}

static void test_close__ends_what_is_in_flight(void **state)
{
    struct db_config config = usual();
    struct scan_probe s = {
        .scan = {.table = &tables[TABLE_ENTRY], .each = on_each, .done = on_scanned}};
    struct probe *p = probe_range(PATH_SLOW, 3, 1), *q = probe_range(PATH_PERSON, 1, 500),
                 *c = probe_range(PATH_PERSON, 1, 1);

    open_with(&config);
    assert_int_equal(db_fetch(db, &p->f), 0);
    run_ms(100);
    assert_int_equal(db_fetch(db, &q->f), 0);
    assert_int_equal(db_fetch(db, &c->f), 0);
    assert_int_equal(db_scan(db, &s.scan), 0);
    db_cancel(db, &c->f);
    db_close(db, on_closed, &closed);
    assert_int_equal(p->done + q->done + c->done + s.done, 0);
    assert_int_equal(db_fetch(db, &p->f), ERR_CLOSING);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(p->rc, ERR_CLOSING);
    assert_int_equal(q->rc, ERR_CLOSING);
    assert_int_equal(c->rc, ERR_CANCELED);
    assert_int_equal(s.done, 1);
    assert_int_equal(s.rc, ERR_CLOSING);
    probe_free(p);
    probe_free(q);
    probe_free(c);
}

static void test_close__while_connecting(void **state)
{
    struct db_config config = usual();

    for (int turns = 0; turns < 8; turns++) {
        open_with(&config);
        for (int i = 0; i < turns; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        tear_down(state);
    }
}

static void test_open__refuses_bad_settings(void **state)
{
    struct db_config config = usual();
    struct err err = {0};

    uv_loop_init(&loop);
    config.readers = 0;
    assert_int_equal(db_open(&db, &loop, &access_all, &config, &err), ERR_CONFIG);
    config = usual();
    config.conninfo = "pasword=secret x";
    assert_int_equal(db_open(&db, &loop, &access_all, &config, &err), ERR_CONFIG);
    assert_null(strstr(err.message, "secret"));
    assert_int_equal(uv_loop_close(&loop), 0);
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
        T(test_cancel__is_told_later_and_once),
        T(test_cancel__ends_the_statement),
        T(test_cancel__not_while_another_waits),
        T(test_scan__all_rows_in_key_order),
        T(test_scan__two_at_once),
        T(test_scan__row_that_can_not_be_written),
        T(test_fault__lost_connections_are_asked_elsewhere),
        T(test_fault__a_statement_cut_off_is_asked_once_more),
        T(test_fault__twice_cut_off_is_an_error),
        T(test_fault__statements_forgotten),
        T(test_fault__stress),
        cmocka_unit_test(test_fault__table_that_is_gone),
        cmocka_unit_test(test_absent__refuses_soon_and_closes),
        cmocka_unit_test(test_close__ends_what_is_in_flight),
        cmocka_unit_test(test_close__while_connecting),
        cmocka_unit_test(test_open__refuses_bad_settings),
    };
    struct err err = {0};
    int failed;

    if (!fixture_open(SCHEMA))
        return fixture_skip();
    if (db_check(fixture_conninfo, &access_all, &err) < 0) {
        fprintf(stderr, "db_check: line %d: %s\n", err.line, err.message);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_close(SCHEMA);
    return failed;
}
