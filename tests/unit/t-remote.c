/* t-remote.c: the connection to Redis and its circuit, against a real redis-server and a fake one. */
#include "cache/remote.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/hash.h"
#include "tests/unit/redis_fixture.h"

struct world {
    uv_loop_t loop;
    struct remote *r;
    struct fake_redis fake;
    bool fake_on;
    int ups, downs;
    unsigned timeout_ms, probe_ms;
    bool opened, closed;
};

struct command {
    struct remote_req req;
    int told;
    int type; /* of the reply; 0: NULL */
    char text[64];
    uint64_t at_ms;
    struct world *again_in;
    struct command *again;
};

static struct redis_server server;
static bool have_redis;

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void on_reply(struct remote_req *req, const struct redisReply *reply)
{
    struct command *c = container_of(req, struct command, req);

    c->told++;
    c->at_ms = now_ms();
    c->type = reply ? reply->type : 0;
    if (reply && reply->str)
        snprintf(c->text, sizeof c->text, "%s", reply->str);
}

static void on_change(void *data, bool up)
{
    struct world *w = data;

    if (up)
        w->ups++;
    else
        w->downs++;
}

static void on_closed(void *data)
{
    struct world *w = data;

    w->closed = true;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    uv_loop_init(&w->loop);
    w->timeout_ms = 1000; /* a busy machine is no fault of the code; what is about time sets 20 */
    w->probe_ms = 50;
    *state = w;
    return 0;
}

static void close_remote(struct world *w)
{
    if (w->r)
        remote_close(w->r, on_closed, w);
    w->r = NULL;
}

static int teardown(void **state)
{
    struct world *w = *state;

    redis_signal(&server, SIGCONT);
    close_remote(w);
    if (w->fake_on)
        fake_stop(&w->fake);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed || !w->opened);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    free(w);
    return 0;
}

static void open_remote(struct world *w, const char *address)
{
    struct remote_config config = {.loop = &w->loop,
                                   .address = address,
                                   .timeout_ms = w->timeout_ms,
                                   .probe_ms = w->probe_ms,
                                   .on_change = on_change,
                                   .data = w};

    assert_int_equal(remote_open(&w->r, &config, NULL), 0);
    w->opened = true;
}

static void open_fake(struct world *w)
{
    fake_start(&w->fake, &w->loop, server.dir);
    w->fake_on = true;
    open_remote(w, w->fake.path);
}

static void on_limit(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

/* Runs the loop until the condition holds, at most `ms`. */
#define RUN_UNTIL(w, condition, ms)                                                                \
    do {                                                                                           \
        bool over_ = false;                                                                        \
        uv_timer_t limit_;                                                                         \
        uv_timer_init(&(w)->loop, &limit_);                                                        \
        limit_.data = &over_;                                                                      \
        uv_timer_start(&limit_, on_limit, (ms), 0);                                                \
        while (!(condition) && !over_)                                                             \
            uv_run(&(w)->loop, UV_RUN_ONCE);                                                       \
        uv_close((uv_handle_t *)&limit_, NULL);                                                    \
        uv_run(&(w)->loop, UV_RUN_NOWAIT);                                                         \
    } while (0)

static int send1(struct world *w, struct command *c, const char *a)
{
    *c = (struct command){.req = {.done = on_reply}};
    return remote_send(w->r, &c->req, 1, (const char *[]){a}, (size_t[]){strlen(a)});
}

static int send2(struct world *w, struct command *c, const char *a, const char *b)
{
    *c = (struct command){.req = {.done = on_reply}};
    return remote_send(w->r, &c->req, 2, (const char *[]){a, b}, (size_t[]){strlen(a), strlen(b)});
}

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
    RUN_UNTIL(w, w->downs, 1000);
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
    RUN_UNTIL(w, w->ups, 1000);
    assert_true(remote_is_up(w->r));
    for (int i = 0; i < N; i++) {
        char text[16];
        snprintf(text, sizeof text, "n%d", i);
        assert_int_equal(send2(w, &c[i], "ECHO", text), 0);
        assert_int_equal(c[i].told, 0);
    }
    RUN_UNTIL(w, c[N - 1].told, 2000);
    for (int i = 0; i < N; i++) {
        assert_int_equal(c[i].told, 1);
        assert_int_equal(atoi(c[i].text + 1), i);
    }
    assert_int_equal(remote_commands(w->r), N);
    assert_int_equal(remote_errors(w->r), 0);
    free(c);
}

static void test_remote__errors_about_a_command_are_replies(void **state)
{
    struct world *w = *state;
    struct command c, d;

    SKIP_WITHOUT_REDIS(have_redis);
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 1000);
    assert_int_equal(send1(w, &c, "NOSUCH"), 0);
    assert_int_equal(send1(w, &d, "PING"), 0);
    RUN_UNTIL(w, d.told, 1000);
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
    RUN_UNTIL(w, w->ups || w->downs, 3000);
    assert_int_equal(w->ups, 1);
    assert_int_equal(send1(w, &c, "PING"), 0);
    RUN_UNTIL(w, c.told, 1000);
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
    RUN_UNTIL(w, w->ups, 1000);
    redis_signal(&server, SIGSTOP); /* so that the command is under way when it dies */
    assert_int_equal(send1(w, &c, "PING"), 0);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    redis_kill(&server);
    RUN_UNTIL(w, c.told, 1000);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.type, 0);
    assert_int_equal(w->downs, 1);
    assert_int_equal(send1(w, &c, "PING"), ERR_BUSY);
    RUN_UNTIL(w, false, 1300); /* probes in vain */
    assert_int_equal(w->downs, 1);
    assert_true(redis_start(&server));
    t = now_ms();
    RUN_UNTIL(w, w->ups == 2, 3000);
    assert_int_equal(w->ups, 2);
    assert_true(now_ms() - t < 2500);
}

static void test_remote__a_hung_redis_costs_one_timeout(void **state)
{
    struct world *w = *state;
    struct command c, d;
    uint64_t t;

    SKIP_WITHOUT_REDIS(have_redis);
    w->timeout_ms = 20;
    w->probe_ms = 200;
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 3000);
    redis_signal(&server, SIGSTOP);
    t = now_ms();
    assert_int_equal(send1(w, &c, "PING"), 0);
    RUN_UNTIL(w, false, 10);
    assert_int_equal(send1(w, &d, "PING"), 0);
    RUN_UNTIL(w, c.told && d.told, 1000);
    assert_int_equal(c.type, 0);
    assert_int_equal(d.type, 0); /* goes with the connection */
    assert_true(c.at_ms - t >= 19);
    assert_true(c.at_ms - t < 200); /* 20 and what a busy machine adds */
    assert_int_equal(w->downs, 1);
    assert_int_equal(send1(w, &c, "PING"), ERR_BUSY);
    RUN_UNTIL(w, w->ups > 1, 1000); /* the kernel accepts, but no PONG comes */
    assert_int_equal(w->ups, 1);
    redis_signal(&server, SIGCONT);
    RUN_UNTIL(w, w->ups > 1, 3000);
    assert_int_equal(w->ups, 2);
}

static void test_remote__a_long_turn_of_the_loop_is_no_timeout(void **state)
{
    struct world *w = *state;
    struct command c;

    SKIP_WITHOUT_REDIS(have_redis);
    w->timeout_ms = 20;
    open_remote(w, server.socket);
    RUN_UNTIL(w, w->ups, 3000);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(send1(w, &c, "PING"), 0);
        uv_run(&w->loop, UV_RUN_NOWAIT); /* sent */
        usleep(200000);                  /* somebody else's long callback */
        RUN_UNTIL(w, c.told, 1000);
        assert_string_equal(c.text, "PONG");
    }
    assert_int_equal(w->downs, 0);
}

/* Asks for something else as soon as it has its reply. */
static void on_reply_ask_again(struct remote_req *req, const struct redisReply *reply)
{
    struct command *c = container_of(req, struct command, req);
    struct world *w = c->again_in;

    on_reply(req, reply);
    if (reply)
        send1(w, c->again, "GET");
}

static void test_remote__a_reply_that_nobody_waits_for_ends_the_connection(void **state)
{
    static const char *const surplus[] = {"+mine\r\n+somebody else's\r\n",
                                          "+mine\r\n$100\r\nsomebo", "+mine\r\n*2\r\n",
                                          "+mine\r\n+"};
    struct world *w = *state;

    open_fake(w);
    for (size_t i = 0; i < ARRAY_LEN(surplus); i++) {
        struct command again = {.told = 0}, c;
        w->fake.say = surplus[i];
        w->fake.say_len = strlen(w->fake.say);
        RUN_UNTIL(w, w->ups == (int)i + 1, 3000);
        assert_int_equal(send1(w, &c, "GET"), 0);
        c.req.done = on_reply_ask_again;
        c.again_in = w;
        c.again = &again;
        RUN_UNTIL(w, c.told && w->downs == (int)i + 1, 3000);
        assert_int_equal(c.told, 1);
        assert_int_equal(w->downs, i + 1);
        assert_int_equal(c.type, 0); /* whose was it? */
        assert_int_equal(again.told, 0);
    }
}

/* The same, when it comes later, and nobody is waiting. */
static void test_remote__a_late_reply_is_given_to_nobody(void **state)
{
    struct world *w = *state;
    struct command c;

    w->fake.say = "+mine\r\n";
    w->fake.say_len = strlen(w->fake.say);
    w->fake.late = "+late\r\n";
    open_fake(w);
    RUN_UNTIL(w, w->ups, 3000);
    assert_int_equal(send1(w, &c, "GET"), 0);
    RUN_UNTIL(w, c.told, 3000);
    assert_string_equal(c.text, "mine");
    assert_int_equal(w->downs, 0);
    RUN_UNTIL(w, w->downs, 3000);
    assert_int_equal(w->downs, 1);
    assert_int_equal(c.told, 1);
}

static void test_remote__garbage_ends_the_connection(void **state)
{
    static const char *const garbage[] = {
        "HTTP/1.1 200 OK\r\n\r\n",
        "*2147483647\r\n",
        "*-2\r\n",
        "*99999999999999999999\r\n",
        "*5000\r\n",
        "$99999999999999999999\r\n",
        "$-5\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        ":12x\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-NOAUTH Authentication required.\r\n",
        "-MOVED 1 127.0.0.1:1\r\n",
        "$1000000000\r\nabc", /* never ends: the time-out */
        "\r\n",
        "\xff\xff\xff\xff",
        "%1\r\n+a\r\n+b\r\n", /* RESP3 was not asked for */
    };
    struct world *w = *state;
    struct command c;

    w->timeout_ms = 100; /* some of it just never ends */
    open_fake(w);
    for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
        w->fake.say = garbage[i];
        w->fake.say_len = strlen(garbage[i]);
        RUN_UNTIL(w, w->ups == (int)i + 1, 3000);
        assert_int_equal(w->ups, i + 1);
        assert_int_equal(send1(w, &c, "GET"), 0);
        RUN_UNTIL(w, c.told, 1000);
        assert_int_equal(c.told, 1);
        if (c.type != 0)
            fail_msg("case %zu was believed: type %d", i, c.type);
        assert_int_equal(w->downs, i + 1);
    }
}

static void test_remote__random_bytes_are_survived(void **state)
{
    struct world *w = *state;
    char bytes[200];
    struct command c;
    uint64_t seed = 42;

    w->timeout_ms = 100;
    open_fake(w);
    for (int round = 0; round < 30; round++) {
        w->fake.say = bytes;
        w->fake.say_len = sizeof bytes;
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = hash_u64(seed + i);
            bytes[i] = "$*:+-\r\n0123456789abc"[seed % 20];
        }
        bytes[0] = '*';
        bytes[1] = '3';
        bytes[2] = '\r';
        bytes[3] = '\n';
        RUN_UNTIL(w, remote_is_up(w->r), 3000);
        assert_true(remote_is_up(w->r));
        assert_int_equal(send1(w, &c, "GET"), 0);
        RUN_UNTIL(w, c.told, 1000);
        assert_int_equal(c.told, 1);
        RUN_UNTIL(w, !remote_is_up(w->r), 100);
    }
}

static void test_remote__a_wrong_pong_is_not_up(void **state)
{
    struct world *w = *state;

    w->fake.pong = "-LOADING Redis is loading the dataset in memory\r\n";
    open_fake(w);
    RUN_UNTIL(w, w->ups, 300);
    assert_int_equal(w->ups, 0);
    assert_int_equal(w->downs, 1);
    assert_true(w->fake.connections >= 2); /* tries again */
    w->fake.pong = ":1\r\n";
    RUN_UNTIL(w, w->ups, 300);
    assert_int_equal(w->ups, 0);
    w->fake.pong = NULL;
    RUN_UNTIL(w, w->ups, 2500);
    assert_int_equal(w->ups, 1);
}

static void test_remote__a_greeting_is_nobodys_reply(void **state)
{
    struct world *w = *state;

    w->fake.greeting = "-ERR max number of clients reached\r\n";
    open_fake(w);
    RUN_UNTIL(w, w->ups, 300);
    assert_int_equal(w->ups, 0);
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
    RUN_UNTIL(w, w->ups, 1000);
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
    RUN_UNTIL(w, w->ups, 1000);
    for (int i = 0; i < N; i++)
        taken += send1(w, &c[i], "X") == 0;
    assert_int_equal(taken, 16384);
    close_remote(w);
    RUN_UNTIL(w, w->closed, 1000);
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
    RUN_UNTIL(w, w->closed, 1000);
    assert_true(w->closed);
    w->closed = false;
    open_remote(w, server.socket); /* while it connects */
    uv_run(&w->loop, UV_RUN_NOWAIT);
    close_remote(w);
    RUN_UNTIL(w, w->closed, 1000);
    assert_true(w->closed);
    w->closed = false;
    open_remote(w, server.tcp); /* while the name is resolved */
    uv_run(&w->loop, UV_RUN_NOWAIT);
    close_remote(w);
    RUN_UNTIL(w, w->closed, 3000);
    assert_true(w->closed);
    w->closed = false;
    open_remote(w, server.socket); /* with a command under way */
    RUN_UNTIL(w, w->ups, 1000);
    assert_int_equal(send1(w, &c, "PING"), 0);
    close_remote(w);
    assert_int_equal(c.told, 0);
    RUN_UNTIL(w, w->closed, 1000);
    assert_true(w->closed);
    assert_int_equal(c.told, 1);
    assert_int_equal(c.type, 0);
}

static void test_remote__sends_from_a_prepare_callback_at_once(void **state);

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
    RUN_UNTIL(w, w->ups, 1000);
    p.c = &c;
    uv_prepare_init(&w->loop, &p.h);
    uv_prepare_start(&p.h, on_prepare);
    RUN_UNTIL(w, c.told, 1000);
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
        T(errors_about_a_command_are_replies),
        T(by_host_and_port),
        T(comes_back_after_a_kill),
        T(a_hung_redis_costs_one_timeout),
        T(a_long_turn_of_the_loop_is_no_timeout),
        T(a_reply_that_nobody_waits_for_ends_the_connection),
        T(a_late_reply_is_given_to_nobody),
        T(garbage_ends_the_connection),
        T(random_bytes_are_survived),
        T(a_wrong_pong_is_not_up),
        T(a_greeting_is_nobodys_reply),
        T(bounds_what_is_unsent),
        T(bounds_what_is_under_way),
        T(closes_at_every_stage),
        T(sends_from_a_prepare_callback_at_once),
    };
    int failed;

    signal(SIGPIPE, SIG_IGN);
    if (hash_start() < 0)
        return 99;
    redis_prepare(&server);
    have_redis = redis_start(&server);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    {
        char fake[128];
        snprintf(fake, sizeof fake, "%s/fake.sock", server.dir);
        unlink(fake);
    }
    redis_remove(&server);
    return failed;
}
