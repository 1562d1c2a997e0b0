/* cache/remote.c: see cache/remote.h: the circuit before Redis: finds it, connects, probes, gives up and
 * tries again. Layer: cache; base/, uv.h. The connection itself is in remote_conn.c.
 *
 * hiredis parses replies; the sockets are libuv's own. hiredis' asynchronous layer was left out on
 * purpose: it resolves host names by blocking the loop, its libuv adapter drops errors of polling, it
 * bounds no output, and 0.14 has no time-outs.
 *
 *   DOWN --probe timer--> RESOLVING --> CONNECTING --> PROBING --PONG--> UP
 *     ^----------------------- any trouble, from any state --------------'
 *
 * Invariant: `conn` is set from CONNECTING to UP, and nothing is sent to it but in UP (and the PING). */
#include "cache/remote.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/hash.h"
#include "cache/remote_priv.h"

enum {
    CONNECT_MS = 1000,
    PROBE_MS = 1000,
    LAZY_MS = 5, /* a quarter of the time-out at most, which counts from the sending */
    LAZY_BYTES = 32 * 1024
};

static void remote_connect(struct remote *r);

/* ---- States ---- */

static void set_state(struct remote *r, enum remote_state state)
{
    bool was_up = r->state == REMOTE_UP, was_starting = r->starting;

    assert(r->state != REMOTE_CLOSED);
    assert(state != REMOTE_UP || r->state == REMOTE_PROBING);
    r->state = state;
    if (state == REMOTE_UP || state == REMOTE_DOWN)
        r->starting = false;
    if (r->config.on_change && (state == REMOTE_UP || (state == REMOTE_DOWN && was_up) ||
                                (state == REMOTE_DOWN && was_starting)))
        r->config.on_change(r->config.data, state == REMOTE_UP);
}

static void on_probe(uv_timer_t *timer);

void remote_go_down(struct remote *r)
{
    uint64_t ms = r->config.probe_ms;
    uint64_t wait = ms - ms / 5 + hash_u64(uv_hrtime()) % (2 * ms / 5 + 1);

    uv_timer_stop(&r->deadline);
    uv_timer_start(&r->probe, on_probe, wait, 0);
    set_state(r, REMOTE_DOWN);
}

void remote_drop_one(struct remote *r)
{
    void (*on_closed)(void *) = r->on_closed;
    void *data = r->closed_data;

    if (--r->n_open)
        return;
    buf_release(&r->out);
    free(r);
    if (on_closed)
        on_closed(data);
}

int remote_send(struct remote *r, struct remote_req *req, int argc, const char **argv,
                const size_t *lens)
{
    int rc;

    if (r->state != REMOTE_UP || !r->conn)
        return ERR_BUSY;
    rc = conn_send(r->conn, req, argc, argv, lens);
    if (rc == 0) {
        r->commands++;
        conn_flush_soon(r->conn);
    }
    return rc;
}

static void on_lazy(uv_timer_t *timer)
{
    struct remote *r = timer->data;

    if (r->conn)
        conn_flush_soon(r->conn);
}

int remote_send_lazily(struct remote *r, struct remote_req *req, int argc, const char **argv,
                       const size_t *lens)
{
    int rc;

    if (r->state != REMOTE_UP || !r->conn)
        return ERR_BUSY;
    rc = conn_send(r->conn, req, argc, argv, lens);
    if (rc < 0)
        return rc;
    r->commands++;
    if (r->out.len >= LAZY_BYTES)
        conn_flush_soon(r->conn);
    else if (!uv_is_active((uv_handle_t *)&r->lazy))
        uv_timer_start(&r->lazy, on_lazy, MIN(LAZY_MS, r->config.timeout_ms / 4), 0);
    return 0;
}

/* ---- Connecting ---- */

static void on_pong(struct remote_req *req, const struct redisReply *reply)
{
    struct remote *r = container_of(req, struct remote, ping);

    if (!reply)
        return; /* the connection is gone already */
    if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "PONG") != 0) {
        conn_fail(r->conn);
        return;
    }
    uv_timer_stop(&r->probe);
    set_state(r, REMOTE_UP);
}

static void on_connected(uv_connect_t *req, int status)
{
    struct conn *c = req->handle->data;
    struct remote *r = c->r;

    if (c->closing)
        return;
    if (status < 0 || conn_start(c) < 0) {
        conn_fail(c);
        return;
    }
    set_state(r, REMOTE_PROBING);
    r->ping = (struct remote_req){.done = on_pong};
    if (conn_send(c, &r->ping, 1, (const char *[]){"PING"}, (size_t[]){4}) < 0)
        conn_fail(c);
    else
        conn_flush_soon(c);
}

static void connect_unix(struct remote *r)
{
    struct conn *c = conn_new(r);

    if (!c) {
        remote_go_down(r);
        return;
    }
    set_state(r, REMOTE_CONNECTING);
    uv_pipe_connect(&c->connect, &c->pipe, r->host, on_connected);
}

static void connect_tcp(struct remote *r, const struct sockaddr *address)
{
    struct conn *c = conn_new(r);

    if (!c) {
        remote_go_down(r);
        return;
    }
    set_state(r, REMOTE_CONNECTING);
    uv_tcp_nodelay(&c->tcp, 1);
    if (uv_tcp_connect(&c->connect, &c->tcp, address, on_connected) < 0)
        conn_fail(c);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
    struct remote *r = req->data;

    if (r->state == REMOTE_RESOLVING) {
        if (status == 0 && res) {
            connect_tcp(r, res->ai_addr);
        } else {
            r->errors++;
            remote_go_down(r);
        }
    }
    uv_freeaddrinfo(res);
    remote_drop_one(r);
}

static void on_probe(uv_timer_t *timer)
{
    struct remote *r = timer->data;

    if (r->conn)
        conn_fail(r->conn); /* neither connected nor refused */
    else if (r->state == REMOTE_DOWN)
        remote_connect(r);
    else if (r->state == REMOTE_RESOLVING)
        uv_timer_start(&r->probe, on_probe, CONNECT_MS,
                       0); /* the resolver has time-outs of its own */
}

static void remote_connect(struct remote *r)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

    uv_timer_start(&r->probe, on_probe, CONNECT_MS, 0);
    if (!r->port[0]) {
        connect_unix(r);
        return;
    }
    set_state(r, REMOTE_RESOLVING);
    r->resolve.data = r;
    if (uv_getaddrinfo(r->loop, &r->resolve, on_resolved, r->host, r->port, &hints) < 0) {
        r->errors++;
        remote_go_down(r);
        return;
    }
    r->n_open++;
}

/* ---- Open and close ---- */

/* A path (it has a slash), "host:port" or "[v6]:port". */
static bool is_port(const char *text, size_t n)
{
    long port = n > 0 && n <= 5 && strspn(text, "0123456789") == n ? strtol(text, NULL, 10) : 0;

    return port >= 1 && port <= 65535;
}

static int parse_address(struct remote *r, const char *address, struct err *reterr)
{
    const char *colon = strrchr(address, ':');
    size_t n_host = colon ? (size_t)(colon - address) : 0, n_port = colon ? strlen(colon + 1) : 0;

    if (strchr(address, '/')) {
        if (strlen(address) >= sizeof((struct sockaddr_un *)0)->sun_path)
            return err_set(reterr, ERR_CONFIG, "redis: the socket's path is too long: %s", address);
        memcpy(r->host, address, strlen(address) + 1);
        return 0;
    }
    if (n_host >= 2 && address[0] == '[' && address[n_host - 1] == ']') {
        address++;
        n_host -= 2;
    }
    if (n_host == 0 || n_host >= sizeof r->host || !is_port(colon + 1, n_port))
        return err_set(reterr, ERR_CONFIG, "redis: neither the path of a socket nor host:port: %s",
                       address);
    memcpy(r->host, address, n_host);
    r->host[n_host] = '\0';
    memcpy(r->port, colon + 1, n_port + 1);
    return 0;
}

static void on_first(uv_timer_t *timer)
{
    remote_connect(timer->data);
}

int remote_open(struct remote **ret_r, const struct remote_config *config, struct err *reterr)
{
    struct remote *r = calloc(1, sizeof *r);
    int rc;

    if (!r)
        return err_set(reterr, ERR_MEMORY, "redis: out of memory");
    rc = parse_address(r, config->address, reterr);
    if (rc < 0) {
        free(r);
        return rc;
    }
    r->loop = config->loop;
    r->config = *config;
    r->config.address = NULL;
    if (r->config.probe_ms == 0)
        r->config.probe_ms = PROBE_MS;
    r->starting = true;
    buf_init(&r->out, REMOTE_UNSENT_MAX + (1 << 20));
    uv_timer_init(r->loop, &r->probe);
    uv_timer_init(r->loop, &r->deadline);
    uv_timer_init(r->loop, &r->lazy);
    uv_prepare_init(r->loop, &r->flush);
    uv_idle_init(r->loop, &r->awake);
    r->probe.data = r->deadline.data = r->lazy.data = r->flush.data = r->awake.data = r;
    r->n_open = 5;
    uv_timer_start(&r->probe, on_first, 0,
                   0); /* callbacks may come from connecting: not from here */
    *ret_r = r;
    return 0;
}

bool remote_is_up(const struct remote *r)
{
    return r->state == REMOTE_UP;
}

bool remote_is_starting(const struct remote *r)
{
    return r->starting;
}

uint64_t remote_commands(const struct remote *r)
{
    return r->commands;
}

uint64_t remote_errors(const struct remote *r)
{
    return r->errors;
}

static void on_handle_closed(uv_handle_t *handle)
{
    remote_drop_one(handle->data);
}

void remote_close(struct remote *r, void (*on_closed)(void *data), void *data)
{
    r->on_closed = on_closed;
    r->closed_data = data;
    if (r->state == REMOTE_RESOLVING)
        uv_cancel(
            (uv_req_t *)&r->resolve); /* or it runs to its end; on_resolved comes either way */
    r->config.on_change = NULL;
    if (r->conn)
        conn_close(r->conn);
    set_state(r, REMOTE_CLOSED);
    uv_close((uv_handle_t *)&r->probe, on_handle_closed);
    uv_close((uv_handle_t *)&r->deadline, on_handle_closed);
    uv_close((uv_handle_t *)&r->lazy, on_handle_closed);
    uv_close((uv_handle_t *)&r->flush, on_handle_closed);
    uv_close((uv_handle_t *)&r->awake, on_handle_closed);
}
