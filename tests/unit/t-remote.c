/* t-remote.c: the connection to Redis and its circuit: up, down and up again, bounds, closing. */
#include "cache/remote.h"

#include "base/err.h"
#include "tests/unit/remote_fixture.h"

static void test_remote__addresses(void **state)
{
    static const char *const bad[] = {"",           "host",   "host:",       ":6379", "host:0",
                                      "host:65536", "host:x", "host:123456", "[]:1"};
    struct world *w = *state;
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct remote_config config = {.loop = &w->loop, .address = bad[i], .timeout_ms = 20};
        err = (struct err){0};
        assert_int_equal(remote_open(&w->r, &config, &err), ERR_CONFIG);
        assert_true(err.message[0]);
    }
    w->r = NULL;
    open_remote(w, "/nowhere/redis.sock");
    assert_true(remote_is_starting(w->r));
    RUN_UNTIL(w, w->downs, 10000);
    assert_int_equal(w->downs, 1);
    assert_false(remote_is_starting(w->r));
    assert_false(remote_is_up(w->r));
}

static void test_remote__answers_in_order(void **state)
{
    enum {
        N = 2000
    };
    struct world *w = *state;
    struct command *c;

    SKIP_WITHOUT_REDIS(have_redis);
    c = calloc(N, sizeof *c);
    open_remote(w, server.socket);
    assert_int_equal(send1(w, &c[0], "PING"), ERR_BUSY); /* not up yet */
    RUN_UNTIL(w, w->ups, 10000);
    assert_true(remote_is_up(w->r));
    for (int i = 0; i < N; i++) {
        char text[16];
        snprintf(text, sizeof text, "n%d", i);
        assert_int_equal(send2(w, &c[i], "ECHO", text), 0);
        assert_int_equal(c[i].told, 0);
    }
    RUN_UNTIL(w, c[N - 1].told, 10000);
    for (int i = 0; i < N; i++) {
        assert_int_equal(c[i].told, 1);
        assert_int_equal(strtol(c[i].text + 1, NULL, 10), i);
    }
    assert_int_equal(remote_commands(w->r), N);
    assert_int_equal(remote_errors(w->r), 0);
    free(c);
}

static int send_lazily(struct world *w, struct command *c, const char *text)
{
    *c = (struct command){.req = {.done = on_reply}};
    return remote_send_lazily(w->r, &c->req, 2, (const char *[]){"ECHO", text},
                              (size_t[]){4, strlen(text)});
}

/* It leaves by itself after a while, or with the next command that somebody waits for, before it. */
static void test_remote__what_nobody_waits_for_lies_a_while(void **state)
{
    struct world *w = *state;
    struct command c, d, e;

    SKIP_WITHOUT_REDIS(have_redis);
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 10000);
    assert_int_equal(send_lazily(w, &c, "c"), 0);
    RUN_UNTIL(w, c.told, 10000);
    assert_string_equal(c.text, "c");
    assert_int_equal(send_lazily(w, &d, "d"), 0);
    assert_int_equal(send2(w, &e, "ECHO", "e"), 0);
    RUN_UNTIL(w, e.told, 10000);
    assert_int_equal(d.told, 1);
    assert_string_equal(d.text, "d");
    assert_string_equal(e.text, "e");
    assert_int_equal(send_lazily(w, &c, "lost"), 0); /* closing answers it, too */
    close_remote(w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.type, 0);
}

static void test_remote__errors_about_a_command_are_replies(void **state)
{
    struct world *w = *state;
    struct command c, d;

    SKIP_WITHOUT_REDIS(have_redis);
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 10000);
    assert_int_equal(send1(w, &c, "NOSUCH"), 0);
    assert_int_equal(send1(w, &d, "PING"), 0);
    RUN_UNTIL(w, d.told, 10000);
    assert_int_equal(c.type, REDIS_REPLY_ERROR);
    assert_string_equal(d.text, "PONG");
    assert_true(remote_is_up(w->r));
}

static void test_remote__by_host_and_port(void **state)
{
    struct world *w = *state;
    struct command c;

    SKIP_WITHOUT_REDIS(have_redis);
    open_remote(w, server.tcp);
    RUN_UNTIL(w, w->ups || w->downs, 10000);
    assert_int_equal(w->ups, 1);
    assert_int_equal(send1(w, &c, "PING"), 0);
    RUN_UNTIL(w, c.told, 10000);
    assert_string_equal(c.text, "PONG");
}

static void test_remote__comes_back_after_a_kill(void **state)
{
    struct world *w = *state;
    struct command c;
    uint64_t t;

    SKIP_WITHOUT_REDIS(have_redis);
    w->probe_ms = 0; /* the default: a second */
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 10000);
    redis_signal(&server, SIGSTOP); /* so that the command is under way when it dies */
    assert_int_equal(send1(w, &c, "PING"), 0);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    redis_kill(&server);
    RUN_UNTIL(w, c.told, 10000);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.type, 0);
    assert_int_equal(w->downs, 1);
    assert_int_equal(send1(w, &c, "PING"), ERR_BUSY);
    RUN_UNTIL(w, false, 1300); /* probes in vain */
    assert_int_equal(w->downs, 1);
    assert_true(redis_start(&server));
    t = now_ms();
    RUN_UNTIL(w, w->ups == 2, 10000);
    assert_int_equal(w->ups, 2);
    assert_true(now_ms() - t < 5000); /* a second, and what a busy machine adds */
}

static void test_remote__a_hung_redis_costs_one_timeout(void **state)
{
    struct world *w = *state;
    struct command c, d;
    uint64_t t;
    int times = 1;

    SKIP_WITHOUT_REDIS(have_redis);
    w->timeout_ms = 20;
    w->probe_ms = 200;
    open_remote(w, server.socket);
    for (;; times++) {
        int rc;
        RUN_UNTIL(w, w->ups == times, 10000);
        redis_signal(&server, SIGSTOP);
        t = now_ms();
        assert_int_equal(send1(w, &c, "PING"), 0);
        RUN_UNTIL(w, false, 10);
        rc = send1(w, &d, "PING");
        RUN_UNTIL(w, c.told && (rc < 0 || d.told), 10000);
        assert_int_equal(c.type, 0);
        assert_int_equal(d.type, 0); /* goes with the connection */
        assert_true(c.at_ms - t >= 19);
        assert_int_equal(w->downs, times);
        if (rc == 0 && c.at_ms - t < 200) /* 20 and what a busy machine adds */
            break;
        assert_true(times < 5); /* a machine that stands still is no fault of ours */
        redis_signal(&server, SIGCONT);
    }
    assert_int_equal(send1(w, &c, "PING"), ERR_BUSY);
    RUN_UNTIL(w, w->ups > times, 1000); /* the kernel accepts, but no PONG comes */
    assert_int_equal(w->ups, times);
    redis_signal(&server, SIGCONT);
    RUN_UNTIL(w, w->ups > times, 10000);
    assert_int_equal(w->ups, times + 1);
}

static void test_remote__a_long_turn_of_the_loop_is_no_timeout(void **state)
{
    struct world *w = *state;
    struct command c;

    SKIP_WITHOUT_REDIS(have_redis);
    w->timeout_ms = 20;
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 10000);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(send1(w, &c, "PING"), 0);
        uv_run(&w->loop, UV_RUN_NOWAIT); /* sent */
        usleep(200000);                  /* somebody else's long callback */
        RUN_UNTIL(w, c.told, 10000);
        assert_string_equal(c.text, "PONG");
    }
    assert_int_equal(w->downs, 0);
}

static void test_remote__bounds_what_is_unsent(void **state)
{
    enum {
        N = 12,
        BIG = 1 << 20
    };
    struct world *w = *state;
    struct command c[N];
    char *big = malloc(BIG);
    int taken = 0;

    memset(big, 'x', BIG);
    w->fake.deaf = true;
    open_fake(w);
    RUN_UNTIL(w, w->ups, 10000);
    for (int i = 0; i < N; i++) {
        c[i] = (struct command){.req = {.done = on_reply}};
        if (remote_send(w->r, &c[i].req, 2, (const char *[]){"SET", big}, (size_t[]){3, BIG}) == 0)
            taken++;
        else
            c[i].told = -1;
    }
    assert_true(taken >= 3 && taken <= 5);
    for (int i = 0; i < N; i++)
        assert_true(c[i].told <= 0);
    RUN_UNTIL(w, w->downs, 500); /* at once, not by the time-out of a second */
    assert_int_equal(w->downs, 1);
    for (int i = 0; i < taken; i++) {
        assert_int_equal(c[i].told, 1);
        assert_int_equal(c[i].type, 0);
    }
    free(big);
}

static void test_remote__bounds_what_is_under_way(void **state)
{
    enum {
        N = 20000
    };
    struct world *w = *state;
    struct command *c = calloc(N, sizeof *c);
    int taken = 0;

    open_fake(w);
    RUN_UNTIL(w, w->ups, 10000);
    for (int i = 0; i < N; i++)
        taken += send1(w, &c[i], "X") == 0;
    assert_int_equal(taken, 16384);
    close_remote(w);
    RUN_UNTIL(w, w->closed, 10000);
    for (int i = 0; i < taken; i++)
        assert_int_equal(c[i].told, 1);
    free(c);
}

static void test_remote__closes_at_every_stage(void **state)
{
    struct world *w = *state;
    struct command c;

    SKIP_WITHOUT_REDIS(have_redis);
    open_remote(w, server.socket); /* before it connects */
    close_remote(w);
    RUN_UNTIL(w, w->closed, 10000);
    assert_true(w->closed);
    w->closed = false;
    open_remote(w, server.socket); /* while it connects */
    uv_run(&w->loop, UV_RUN_NOWAIT);
    close_remote(w);
    RUN_UNTIL(w, w->closed, 10000);
    assert_true(w->closed);
    w->closed = false;
    open_remote(w, server.tcp); /* while the name is resolved */
    uv_run(&w->loop, UV_RUN_NOWAIT);
    close_remote(w);
    RUN_UNTIL(w, w->closed, 10000);
    assert_true(w->closed);
    w->closed = false;
    open_remote(w, server.socket); /* with a command under way */
    RUN_UNTIL(w, w->ups, 10000);
    assert_int_equal(send1(w, &c, "PING"), 0);
    close_remote(w);
    assert_int_equal(c.told, 0);
    RUN_UNTIL(w, w->closed, 10000);
    assert_true(w->closed);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.type, 0);
}

struct preparer {
    uv_prepare_t h;
    struct world *w;
    struct command *c;
};

static void on_prepare(uv_prepare_t *h)
{
    struct preparer *p = container_of(h, struct preparer, h);

    uv_prepare_stop(h);
    assert_int_equal(send1(p->w, p->c, "PING"), 0);
}

/* A database's batch may be formed when the loop is about to sleep: what it asks of Redis then must not
 * wait for the next event. */
static void test_remote__sends_from_a_prepare_callback_at_once(void **state)
{
    struct world *w = *state;
    struct preparer p = {.w = w};
    struct command c = {0};

    SKIP_WITHOUT_REDIS(have_redis);
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 10000);
    p.c = &c;
    uv_prepare_init(&w->loop, &p.h);
    uv_prepare_start(&p.h, on_prepare);
    RUN_UNTIL(w, c.told, 10000);
    assert_string_equal(c.text, "PONG"); /* not NULL by the time-out */
    uv_close((uv_handle_t *)&p.h, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

#define T(name) cmocka_unit_test_setup_teardown(test_remote__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(addresses),
        T(answers_in_order),
        T(what_nobody_waits_for_lies_a_while),
        T(errors_about_a_command_are_replies),
        T(by_host_and_port),
        T(comes_back_after_a_kill),
        T(a_hung_redis_costs_one_timeout),
        T(a_long_turn_of_the_loop_is_no_timeout),
        T(bounds_what_is_unsent),
        T(bounds_what_is_under_way),
        T(closes_at_every_stage),
        T(sends_from_a_prepare_callback_at_once),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
