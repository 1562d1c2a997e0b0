/* t-db_faults.c: db/ when things end early: cancelled, cut off, closed, or with no database
 * there at all. */
#include "tests/unit/test.h"

#define SCHEMA "t_db_faults"
#include "tests/unit/db_probe_fixture.h"

/* The session in which a slow statement runs; 0: there is none. */
static int running(void)
{
    return (int)fixture_number(
        "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE application_name = '" SCHEMA
        "' AND state = 'active' AND query LIKE '%slow%'");
}

/* Runs the loop until one runs in another session than `before`. */
static int wait_running(int before)
{
    int pid = 0;

    for (int i = 0; i < 1000 && (pid == 0 || pid == before); i++) {
        run_ms(5);
        pid = running();
    }
    assert_true(pid != 0 && pid != before);
    return pid;
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

    assert_int_equal(ask(q), 0); /* both are connected */
    assert_int_equal(db_fetch(db, &p->f), 0);
    wait_running(0);
    db_cancel(db, &p->f);
    assert_true(run_until(&p->done, 5000));
    assert_int_equal(p->rc, ERR_CANCELED);
    arena_release(&p->arena); /* the memory is not touched any more */
    memset(p->keys, 0xEE, sizeof p->keys);
    for (int i = 0; i < 150 && running(); i++) /* less than its time-out of 2 s */
        run_ms(10);
    assert_int_equal(running(), 0);
    probe_free(p);
    probe_free(q);
}

static void test_cancel__not_while_another_waits(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 2, 1), *q = probe_range(PATH_SLOW, 2, 1);

    assert_int_equal(db_fetch(db, &p->f), 0);
    assert_int_equal(db_fetch(db, &q->f), 0);
    wait_running(0);
    db_cancel(db, &p->f);
    assert_true(run_until(&q->done, 5000));
    assert_int_equal(p->rc, ERR_CANCELED);
    assert_int_equal(q->rc, 0);
    check_str(row_cell(only_row(q, 0), S_VALUE), "2");
    probe_free(p);
    probe_free(q);
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
    wait_running(0);
    terminate_all();
    assert_true(run_until(&p->done, 5000));
    assert_int_equal(p->rc, 0);
    assert_true(stats().retries >= 1);
    probe_free(p);
}

static void test_fault__twice_cut_off_is_an_error(void **state)
{
    struct probe *p = probe_range(PATH_SLOW, 3, 1);
    int first;

    assert_int_equal(db_fetch(db, &p->f), 0);
    first = wait_running(0);
    terminate_all();
    wait_running(first);
    terminate_all();
    assert_true(run_until(&p->done, 5000));
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

/* However many ways lead into a table that is locked, its neighbours are answered. */
static void test_fault__a_locked_table_leaves_the_others_a_connection(void **state)
{
    struct probe *locked[] = {probe_range(PATH_ENTRY, 1, 5), probe_range(PATH_ENTRIES, 1, 5),
                              probe_range(PATH_ENTRIES, 6, 5)};
    struct probe *free_one = probe_range(PATH_SLOW, 2, 1);

    assert_int_equal(ask(free_one), 0); /* all are connected */
    probe_free(free_one);
    locked[2]->page.filter[0] = (struct filter_value){.set = true, .text = STR("odd")};
    fixture_exec("BEGIN; LOCK TABLE entry IN ACCESS EXCLUSIVE MODE");
    for (size_t i = 0; i < ARRAY_LEN(locked); i++)
        assert_int_equal(db_fetch(db, &locked[i]->f), 0);
    run_ms(1);
    for (int round = 0; round < 3; round++) { /* at once, and when the lock is known to be one */
        free_one = probe_range(PATH_PERSON, 10, 3);
        assert_int_equal(db_fetch(db, &free_one->f), 0);
        assert_true(
            run_until(&free_one->done, 1500)); /* the others wait for their time-out, of 2 s */
        assert_int_equal(free_one->rc, 0);
        only_row(free_one, 0);
        probe_free(free_one);
        run_ms(60);
    }
    for (size_t i = 0; i < ARRAY_LEN(locked); i++)
        assert_int_equal(locked[i]->done, 0);
    fixture_exec("COMMIT");
    for (size_t i = 0; i < ARRAY_LEN(locked); i++) {
        assert_true(run_until(&locked[i]->done, 5000));
        assert_int_equal(locked[i]->rc, 0);
        probe_free(locked[i]);
    }
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

    /* Where the database hardly gets a core there are more rounds. */
    for (int round = 0; round < 3000 || (round < 30000 && (answered < 50 || canceled < 20));
         round++) {
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

/* ---- closing and opening ---- */

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
        T(test_cancel__is_told_later_and_once),
        T(test_cancel__ends_the_statement),
        T(test_cancel__not_while_another_waits),
        T(test_fault__lost_connections_are_asked_elsewhere),
        T(test_fault__a_statement_cut_off_is_asked_once_more),
        T(test_fault__twice_cut_off_is_an_error),
        T(test_fault__statements_forgotten),
        T(test_fault__a_locked_table_leaves_the_others_a_connection),
        T(test_fault__stress),
        cmocka_unit_test(test_fault__table_that_is_gone),
        cmocka_unit_test(test_absent__refuses_soon_and_closes),
        cmocka_unit_test(test_close__ends_what_is_in_flight),
        cmocka_unit_test(test_close__while_connecting),
        cmocka_unit_test(test_open__refuses_bad_settings),
    };

    if (!fixture_open(SCHEMA))
        return fixture_skip();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
