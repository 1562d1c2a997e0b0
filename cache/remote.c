/* cache/remote.c: see cache/remote.h. Layer: cache; base/, uv.h, hiredis' reply parser.
 *
 * hiredis parses; the sockets are libuv's own. hiredis' asynchronous layer was left out on purpose: it
 * resolves host names by blocking the loop, its libuv adapter drops errors of polling, it bounds no
 * output, and 0.14 has no time-outs. Commands of one turn of the loop go out in one write (prepare);
 * replies come in order, so the oldest command's deadline is the only one that is watched.
 *
 *   DOWN --probe timer--> RESOLVING --> CONNECTING --> PROBING --PONG--> UP
 *     ^----------------------- any trouble, from any state --------------'
 *
 * A reply that nobody waits for is never handed to the next in line: it closes the connection. */
#include "cache/remote.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <hiredis/hiredis.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

enum {
    CONNECT_MS = 1000,
    PROBE_MS = 1000,
    UNSENT_MAX = 4 << 20,
    PENDING_MAX = 16384,
    REPLY_MAX = 8 << 20, /* bytes of one reply */
    ELEMENTS_MAX = 4096, /* of one array in a reply */
    READ_BYTES = 64 * 1024,
    HOST_MAX = 256,
    GRACE_MS = 1 /* see on_deadline */
};

enum remote_state {
    REMOTE_DOWN,
    REMOTE_RESOLVING,
    REMOTE_CONNECTING,
    REMOTE_PROBING,
    REMOTE_UP,
    REMOTE_CLOSED
};

/* One connection. Lives until its handle is closed, which then answers what was under way. */
struct conn {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    };
    uv_connect_t connect;
    struct remote *r;
    redisReader *reader;
    struct list fifo; /* remote_req._link, oldest first */
    uint32_t n_fifo;
    size_t unread; /* bytes since the last whole reply */
    bool closing;
};

struct remote {
    uv_loop_t *loop;
    struct remote_config config;
    char host[HOST_MAX]; /* or the socket's path */
    char port[8];        /* empty: a Unix socket */
    enum remote_state state;
    bool starting, broken, graced;
    struct conn *conn; /* NULL when DOWN */
    struct buf out;    /* commands of this turn */
    uv_timer_t probe;  /* DOWN: the next attempt; else: the end of this one */
    uv_timer_t deadline;
    uv_prepare_t flush;
    uv_idle_t awake; /* keeps the loop from sleeping before `flush` has run */
    uv_getaddrinfo_t resolve;
    struct remote_req ping;
    redisReplyObjectFunctions reply_functions;
    redisReplyObjectFunctions *hiredis_functions;
    uint64_t commands, errors;
    unsigned n_open; /* handles, connections, a resolution under way */
    void (*on_closed)(void *data);
    void *closed_data;
    char read_buffer[READ_BYTES];
};

/* A write that the socket did not take at once. */
struct write {
    uv_write_t req;
    char bytes[];
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

static void go_down(struct remote *r)
{
    uint64_t ms = r->config.probe_ms;
    uint64_t wait = ms - ms / 5 + hash_u64(uv_hrtime()) % (2 * ms / 5 + 1);

    uv_timer_stop(&r->deadline);
    uv_timer_start(&r->probe, on_probe, wait, 0);
    set_state(r, REMOTE_DOWN);
}

static void drop_one(struct remote *r)
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

static void on_conn_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct remote *r = c->r;

    while (!list_empty(&c->fifo)) {
        struct remote_req *req = container_of(c->fifo.next, struct remote_req, _link);
        list_remove(&req->_link);
        req->done(req, NULL);
    }
    if (c->reader)
        redisReaderFree(c->reader);
    free(c);
    drop_one(r);
}

/* Closes the connection; what is under way is answered from the close callback. */
static void conn_close(struct conn *c)
{
    struct remote *r = c->r;

    if (c->closing)
        return;
    c->closing = true;
    r->conn = NULL;
    r->broken = false;
    buf_clear(&r->out);
    uv_prepare_stop(&r->flush);
    uv_idle_stop(&r->awake);
    uv_close(&c->handle, on_conn_closed);
}

static void conn_fail(struct conn *c)
{
    struct remote *r = c->r;

    if (c->closing)
        return;
    r->errors++;
    conn_close(c);
    go_down(r);
}

/* ---- Sending ---- */

static void on_written(uv_write_t *req, int status)
{
    struct conn *c = req->handle->data;

    free(container_of(req, struct write, req));
    if (status < 0)
        conn_fail(c);
}

/* The rest of `r->out`, from byte `from`, in a write of its own. */
static int write_later(struct conn *c, size_t from)
{
    struct buf *out = &c->r->out;
    struct write *w = malloc(sizeof *w + out->len - from);
    uv_buf_t b;

    if (!w)
        return UV_ENOMEM;
    memcpy(w->bytes, out->ptr + from, out->len - from);
    b = uv_buf_init(w->bytes, (unsigned)(out->len - from));
    if (uv_write(&w->req, &c->stream, &b, 1, on_written) < 0) {
        free(w);
        return UV_EPIPE;
    }
    return 0;
}

static void on_flush(uv_prepare_t *prepare)
{
    struct remote *r = prepare->data;
    struct conn *c = r->conn;
    uv_buf_t b = uv_buf_init(r->out.ptr, (unsigned)r->out.len);
    int n = 0;

    uv_prepare_stop(&r->flush);
    uv_idle_stop(&r->awake);
    if (!c)
        return;
    if (!r->broken && r->out.len) {
        n = uv_try_write(&c->stream, &b, 1);
        if (n == UV_EAGAIN)
            n = 0;
        if (n >= 0 && (size_t)n < r->out.len)
            n = write_later(c, (size_t)n);
    }
    buf_clear(&r->out);
    if (n < 0 || r->broken)
        conn_fail(c);
}

static void on_awake(uv_idle_t *idle)
{
}

static void flush_soon(struct remote *r)
{
    uv_prepare_start(&r->flush, on_flush);
    uv_idle_start(&r->awake, on_awake);
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* The oldest command is late. Timers run before sockets are read, so after a long turn of the loop its
 * reply may lie there unread: it gets one more turn. */
static void on_deadline(uv_timer_t *timer)
{
    struct remote *r = timer->data;
    struct conn *c = r->conn;
    struct remote_req *req;
    uint64_t now = now_ms();

    if (!c || list_empty(&c->fifo))
        return;
    req = container_of(c->fifo.next, struct remote_req, _link);
    if (req->_deadline_ms > now) {
        uv_timer_start(&r->deadline, on_deadline, req->_deadline_ms - now, 0);
    } else if (!r->graced) {
        r->graced = true;
        uv_timer_start(&r->deadline, on_deadline, GRACE_MS, 0);
    } else {
        conn_fail(c);
    }
}

static bool add_command(struct buf *out, int argc, const char **argv, const size_t *lens)
{
    buf_addf(out, "*%d\r\n", argc);
    for (int i = 0; i < argc; i++) {
        buf_addf(out, "$%zu\r\n", lens[i]);
        buf_add(out, argv[i], lens[i]);
        buf_add(out, "\r\n", 2);
    }
    return !out->failed;
}

static int conn_send(struct conn *c, struct remote_req *req, int argc, const char **argv,
                     const size_t *lens)
{
    struct remote *r = c->r;

    if (r->broken || c->n_fifo >= PENDING_MAX)
        return ERR_BUSY;
    if (r->out.len + uv_stream_get_write_queue_size(&c->stream) > UNSENT_MAX ||
        !add_command(&r->out, argc, argv, lens)) {
        r->broken =
            true; /* half a command may be in `out`: the connection ends at the next flush */
        flush_soon(r);
        return ERR_BUSY;
    }
    if (r->out.len)
        flush_soon(r);
    req->_deadline_ms = now_ms() + r->config.timeout_ms;
    list_init(&req->_link);
    list_push_back(&c->fifo, &req->_link);
    c->n_fifo++;
    if (c->n_fifo == 1) {
        r->graced = false;
        uv_timer_start(&r->deadline, on_deadline, r->config.timeout_ms, 0);
    }
    return 0;
}

int remote_send(struct remote *r, struct remote_req *req, int argc, const char **argv,
                const size_t *lens)
{
    int rc;

    if (r->state != REMOTE_UP || !r->conn)
        return ERR_BUSY;
    rc = conn_send(r->conn, req, argc, argv, lens);
    if (rc == 0)
        r->commands++;
    return rc;
}

/* ---- Receiving ---- */

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

/* hiredis would allocate for as many elements as the other side claims to send. */
static void *limited_array(const redisReadTask *task, array_size n)
{
    const struct remote *r = task->privdata;

    if (n > ELEMENTS_MAX)
        return NULL; /* hiredis: out of memory, and the connection ends */
    return r->hiredis_functions->createArray(task, n);
}

/* Errors that say something about one command only; others are the server's state. */
static bool is_about_command(const redisReply *reply)
{
    static const char *const prefixes[] = {"WRONGTYPE ", "OOM ", "READONLY ", "MISCONF ", "ERR "};

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (reply->len > strlen(prefixes[i]) &&
            memcmp(reply->str, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* One reply. False: the connection can't be trusted any more. */
static bool take_reply(struct conn *c, const redisReply *reply)
{
    struct remote *r = c->r;
    struct remote_req *req;

    if (list_empty(&c->fifo) || (reply->type == REDIS_REPLY_ERROR && !is_about_command(reply)))
        return false;
    req = container_of(c->fifo.next, struct remote_req, _link);
    list_remove(&req->_link);
    c->n_fifo--;
    r->graced = false;
    if (c->n_fifo == 0)
        uv_timer_stop(&r->deadline);
    req->done(req, reply); /* may close the connection */
    return true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = handle->data;

    *buf = uv_buf_init(c->r->read_buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = stream->data;
    void *reply;

    if (n == 0 || c->closing)
        return;
    if (n < 0 || redisReaderFeed(c->reader, buf->base, (size_t)n) != REDIS_OK) {
        conn_fail(c);
        return;
    }
    c->unread += (size_t)n;
    for (;;) {
        bool ok;
        if (redisReaderGetReply(c->reader, &reply) != REDIS_OK) {
            conn_fail(c);
            return;
        }
        if (!reply)
            break;
        c->unread = c->reader->len - c->reader->pos; /* of the next one */
        ok = take_reply(c, reply);
        freeReplyObject(reply);
        if (!ok)
            conn_fail(c);
        if (c->closing)
            return;
    }
    if (c->unread > REPLY_MAX || (c->unread > 0 && c->n_fifo == 0))
        conn_fail(c); /* too much, or the start of a reply that nobody asked for */
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
    if (status < 0 || uv_read_start(&c->stream, on_alloc, on_read) < 0) {
        conn_fail(c);
        return;
    }
    set_state(r, REMOTE_PROBING);
    r->ping = (struct remote_req){.done = on_pong};
    if (conn_send(c, &r->ping, 1, (const char *[]){"PING"}, (size_t[]){4}) < 0)
        conn_fail(c);
}

static struct conn *conn_new(struct remote *r)
{
    struct conn *c = calloc(1, sizeof *c);
    int rc;

    if (!c)
        return NULL;
    c->reader = redisReaderCreate();
    rc = !c->reader   ? UV_ENOMEM
         : r->port[0] ? uv_tcp_init(r->loop, &c->tcp)
                      : uv_pipe_init(r->loop, &c->pipe, 0);
    if (rc < 0) {
        if (c->reader)
            redisReaderFree(c->reader);
        free(c);
        return NULL;
    }
    r->hiredis_functions = c->reader->fn;
    r->reply_functions = *c->reader->fn;
    r->reply_functions.createArray = limited_array;
    c->reader->fn = &r->reply_functions;
    c->reader->privdata = r;
    c->handle.data = c;
    c->r = r;
    list_init(&c->fifo);
    r->conn = c;
    r->n_open++;
    return c;
}

static void connect_unix(struct remote *r)
{
    struct conn *c = conn_new(r);

    if (!c) {
        go_down(r);
        return;
    }
    set_state(r, REMOTE_CONNECTING);
    uv_pipe_connect(&c->connect, &c->pipe, r->host, on_connected);
}

static void connect_tcp(struct remote *r, const struct sockaddr *address)
{
    struct conn *c = conn_new(r);

    if (!c) {
        go_down(r);
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
            go_down(r);
        }
    }
    uv_freeaddrinfo(res);
    drop_one(r);
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
        go_down(r);
        return;
    }
    r->n_open++;
}

/* ---- Open and close ---- */

/* A path (it has a slash), "host:port" or "[v6]:port". */
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
    if (n_host == 0 || n_host >= sizeof r->host || n_port == 0 || n_port > 5 ||
        strspn(colon + 1, "0123456789") != n_port || atoi(colon + 1) < 1 || atoi(colon + 1) > 65535)
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
    buf_init(&r->out, UNSENT_MAX + (1 << 20));
    uv_timer_init(r->loop, &r->probe);
    uv_timer_init(r->loop, &r->deadline);
    uv_prepare_init(r->loop, &r->flush);
    uv_idle_init(r->loop, &r->awake);
    r->probe.data = r->deadline.data = r->flush.data = r->awake.data = r;
    r->n_open = 4;
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
    drop_one(handle->data);
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
    uv_close((uv_handle_t *)&r->flush, on_handle_closed);
    uv_close((uv_handle_t *)&r->awake, on_handle_closed);
}
