/* tests/unit/remote_fixture.h: a connection to Redis (cache/remote.h) in a loop of its own, to a
 * real redis-server or to a fake one, and commands that remember what they were told. A test of
 * the real one says SKIP_WITHOUT_REDIS(have_redis) first. */
#ifndef TESTS_UNIT_REMOTE_FIXTURE_H
#define TESTS_UNIT_REMOTE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "cache/remote.h"
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

static inline uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static inline void on_reply(struct remote_req *req, const struct redisReply *reply)
{
    struct command *c = container_of(req, struct command, req);

    c->told++;
    c->at_ms = now_ms();
    c->type = reply ? reply->type : 0;
    if (reply && reply->str)
        snprintf(c->text, sizeof c->text, "%s", reply->str);
}

static inline void on_change(void *data, bool up)
{
    struct world *w = data;

    if (up)
        w->ups++;
    else
        w->downs++;
}

static inline void on_closed(void *data)
{
    struct world *w = data;

    w->closed = true;
}

static inline int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    uv_loop_init(&w->loop);
    w->timeout_ms = 1000; /* a busy machine is no fault of the code; what is about time sets 20 */
    w->probe_ms = 50;
    *state = w;
    return 0;
}

static inline void close_remote(struct world *w)
{
    if (w->r)
        remote_close(w->r, on_closed, w);
    w->r = NULL;
}

static inline int teardown(void **state)
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

static inline void open_remote(struct world *w, const char *address)
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

static inline void open_fake(struct world *w)
{
    fake_start(&w->fake, &w->loop, server.dir);
    w->fake_on = true;
    open_remote(w, w->fake.path);
}

static inline void on_limit(uv_timer_t *t)
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

static inline int send1(struct world *w, struct command *c, const char *a)
{
    *c = (struct command){.req = {.done = on_reply}};
    return remote_send(w->r, &c->req, 1, (const char *[]){a}, (size_t[]){strlen(a)});
}

static inline int send2(struct world *w, struct command *c, const char *a, const char *b)
{
    *c = (struct command){.req = {.done = on_reply}};
    return remote_send(w->r, &c->req, 2, (const char *[]){a, b}, (size_t[]){strlen(a), strlen(b)});
}

/* cmocka: before the first test of the binary and after the last one. */
static inline int group_setup(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    if (hash_start() < 0)
        return -1;
    redis_prepare(&server);
    have_redis = redis_start(&server);
    return 0;
}

static inline int group_teardown(void **state)
{
    char fake[128];

    snprintf(fake, sizeof fake, "%s/fake.sock", server.dir);
    unlink(fake);
    redis_remove(&server);
    return 0;
}

#endif
