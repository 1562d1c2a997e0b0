/* t-remote_replies.c: what a fake Redis says that no Redis should: it ends the connection and is
 * nobody's reply. */
#include "cache/remote.h"

#include "tests/unit/remote_fixture.h"

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
        RUN_UNTIL(w, w->ups == (int)i + 1, 10000);
        assert_int_equal(send1(w, &c, "GET"), 0);
        c.req.done = on_reply_ask_again;
        c.again_in = w;
        c.again = &again;
        RUN_UNTIL(w, c.told && w->downs == (int)i + 1, 10000);
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
    RUN_UNTIL(w, w->ups, 10000);
    assert_int_equal(send1(w, &c, "GET"), 0);
    RUN_UNTIL(w, c.told, 10000);
    assert_string_equal(c.text, "mine");
    assert_int_equal(w->downs, 0);
    RUN_UNTIL(w, w->downs, 10000);
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
        RUN_UNTIL(w, w->ups == (int)i + 1, 10000);
        assert_int_equal(w->ups, i + 1);
        assert_int_equal(send1(w, &c, "GET"), 0);
        RUN_UNTIL(w, c.told, 10000);
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
        RUN_UNTIL(w, remote_is_up(w->r), 10000);
        assert_true(remote_is_up(w->r));
        assert_int_equal(send1(w, &c, "GET"), 0);
        RUN_UNTIL(w, c.told, 10000);
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
    RUN_UNTIL(w, w->ups, 10000);
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

#define T(name) cmocka_unit_test_setup_teardown(test_remote__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_reply_that_nobody_waits_for_ends_the_connection),
        T(a_late_reply_is_given_to_nobody),
        T(garbage_ends_the_connection),
        T(random_bytes_are_survived),
        T(a_wrong_pong_is_not_up),
        T(a_greeting_is_nobodys_reply),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
