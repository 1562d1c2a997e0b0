/* server/http/conn.c: one connection from accept to close: reading, the order of replies, its end.
 *
 * Bytes are read into the server's one buffer and parsed at once; what is kept is what a request needs.
 * The parser pauses after each request, so that a handler is never called from inside it. A connection
 * ends in one of three ways:
 *   conn_abort   the client is gone, or nothing can be said any more: all of it goes now
 *   conn_last    no more requests; the queue is answered; then linger, then close
 *   linger       the writing side is shut, and input is thrown away for a moment, because closing a socket
 *                with unread input makes the kernel take back what the client has not read yet */
#include "server/http/http_priv.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/failpoint.h"

enum {
    LINGER_BYTES = 16 * 1024 * 1024,
    STASH_BYTES = 16 * 1024 /* more are not read while requests wait */
};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes);

/* ---- its end ---- */

static void on_conn_closed(uv_handle_t *handle)
{
    struct http_conn *c = container_of(handle, struct http_conn, tcp);
    struct http_server *s = c->server;

    buf_release(&c->stash);
    free(c);
    server_conn_closed(s);
}

/* Leaves the lists and closes the handle; the queue is empty by now. */
static void conn_close_handle(struct http_conn *c, bool reset)
{
    if (c->state == CONN_CLOSED)
        return;
    c->state = CONN_CLOSED;
    list_remove(&c->link);
    list_remove(&c->timer);
    list_remove(&c->work);
    if (reset && uv_tcp_close_reset(&c->tcp, on_conn_closed) == 0)
        return;
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
}

static void conn_forget(struct http_slot *slot, struct list *gone)
{
    bool waits = slot->x._state == SLOT_STREAM && slot->stream_waits;

    if (slot->x._state != SLOT_HANDLER && !waits) {
        slot_free(slot);
        return;
    }
    if (waits)
        slot->server->stats.in_flight++; /* it has work pending again: see exchange_leave */
    slot->x._state = SLOT_ORPHAN;
    slot->x._conn = NULL;
    slot->x._next = NULL;
    slot->x.is_gone = true;
    list_push_back(gone, &slot->link);
}

void conn_abort(struct http_conn *c, bool reset)
{
    struct http_server *s = c->server;
    struct exchange *x = c->first;
    struct list gone;

    if (c->state == CONN_CLOSED)
        return;
    list_init(&gone);
    if (c->reading && c->reading->x._state == SLOT_HEAD)
        slot_free(c->reading);
    if (x || c->reading)
        s->stats.aborted++;
    c->reading = NULL;
    c->first = c->last = NULL;
    c->n_queue = 0;
    while (x) {
        struct exchange *next = x->_next;
        conn_forget(slot_of(x), &gone);
        x = next;
    }
    conn_close_handle(c, reset);
    /* Handlers may end their exchanges from inside gone(), so each leaves the list first. */
    while (!list_empty(&gone)) {
        struct http_slot *slot = container_of(gone.next, struct http_slot, link);
        list_remove(&slot->link);
        list_push_back(&s->orphans, &slot->link);
        if (slot->x.gone)
            slot->x.gone(&slot->x);
    }
}

static void on_shut(uv_shutdown_t *req, int status)
{
}

static void conn_linger(struct http_conn *c)
{
    /* EALREADY is fine: reading may have been stopped, and the client's end must be seen. */
    if (!c->eof)
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
    if (c->eof || uv_shutdown(&c->req.shutdown, (uv_stream_t *)&c->tcp, on_shut) < 0) {
        conn_close_handle(c, false);
        return;
    }
    c->state = CONN_LINGER;
    c->since_ms = uv_now(c->server->loop);
    conn_rearm(c);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct http_conn *c = container_of(handle, struct http_conn, tcp);
    *ret = uv_buf_init(c->server->read_buffer, c->server->cfg.limits.read_bytes);
}

/* No more requests are taken from this connection. */
static void conn_last(struct http_conn *c)
{
    if (c->state == CONN_OPEN)
        c->state = CONN_LAST;
    buf_release(&c->stash);
}

/* Answers what can't be a request with an error that ends the connection, after the replies before it. */
static void conn_refuse(struct http_conn *c, int status, const char *message)
{
    struct http_slot *slot = c->reading;
    char text[160];

    if (c->refuse_most) {
        snprintf(text, sizeof text, "%s: at most %u", message, c->refuse_most);
        message = text;
    }
    c->reading = NULL;
    conn_last(c);
    if (!slot && !(slot = slot_new(c->server)))
        return; /* closes without a word */
    if (slot->x._state == SLOT_HEAD) {
        slot->x._conn = c;
        if (c->last)
            c->last->_next = &slot->x;
        else
            c->first = &slot->x;
        c->last = &slot->x;
        c->n_queue++;
    }
    reply_refuse(slot, status, message);
}

/* The parser stopped at byte `at` of the head (or body) because of the bytes themselves. */
static void conn_refuse_bytes(struct http_conn *c, enum llhttp_errno rc, size_t at)
{
    char message[160];
    const char *reason = llhttp_get_error_reason(&c->parser);

    c->server->stats.parse_errors++;
    if (c->refuse_status) {
        conn_refuse(c, c->refuse_status, c->refuse_message);
        return;
    }
    if (rc == HPE_PAUSED_H2_UPGRADE || rc == HPE_PAUSED_UPGRADE || rc == HPE_INVALID_VERSION) {
        conn_refuse(c, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
        return;
    }
    snprintf(message, sizeof message, "malformed HTTP request: %s, at byte %zu of its %s",
             reason && *reason ? reason : "unexpected byte", at,
             c->reading && c->reading->x._state == SLOT_BODY ? "body" : "head");
    conn_refuse(c, 400, message);
}

static void conn_dispatch(struct http_conn *c)
{
    struct http_server *s = c->server;
    struct http_slot *slot = c->reading;
    struct exchange *x = &slot->x;

    c->reading = NULL;
    c->served = true;
    slot->want_continue = false;
    if (!c->turn_us)
        c->turn_us = x->started_us;
    if (s->draining)
        x->keep_alive = false;
    if (!x->keep_alive)
        conn_last(c);
    x->_state = SLOT_HANDLER;
    s->stats.in_flight++;
    s->cfg.handle(s->cfg.data, x);
}

/* One execution of the parser: at most to the end of one request. Returns the bytes it took, or 0 when the
 * connection takes no more requests. */
static size_t conn_parse(struct http_conn *c, const char *p, size_t n)
{
    bool in_head = !c->reading || c->reading->x._state == SLOT_HEAD;
    size_t limit = c->server->cfg.limits.head_bytes;
    enum llhttp_errno rc;

    if (in_head)
        n = MIN(n, limit - MIN(c->head_bytes, limit));
    c->run++;
    c->run_at = p;
    c->run_end = p + n;
    rc = llhttp_execute(&c->parser, p, n);
    if (rc == HPE_PAUSED) {
        n = (size_t)(llhttp_get_error_pos(&c->parser) - p);
        llhttp_resume(&c->parser);
        c->head_bytes = 0;
        conn_dispatch(c);
        return n;
    }
    if (rc != HPE_OK) {
        conn_refuse_bytes(c, rc, c->head_bytes + (size_t)(llhttp_get_error_pos(&c->parser) - p));
        return 0;
    }
    if (!c->reading || c->reading->x._state == SLOT_HEAD) {
        c->head_bytes += (uint32_t)n;
        if (c->head_bytes >= limit) {
            c->refuse_most = (uint32_t)limit;
            conn_refuse(c, 431, "the request head is too large");
            return 0;
        }
    }
    return n;
}

bool conn_full(const struct http_conn *c)
{
    size_t waiting = 0;

    if (c->writing || c->n_queue >= c->server->cfg.limits.pipeline)
        return true;
    for (struct exchange *x = c->first; x; x = x->_next) {
        if (x->_state == SLOT_STREAM)
            return true;
        for (int i = 0; i < SLOT_OUT; i++)
            waiting += slot_of(x)->out[i].len;
    }
    return waiting > c->server->cfg.limits.write_bytes;
}

/* It had a request answered, and that took as long as one connection may have in one turn of the loop. */
static bool conn_had_turn(const struct http_conn *c)
{
    return c->turn_us &&
           uv_hrtime() / 1000 - c->turn_us >= (uint64_t)c->server->cfg.limits.turn_ms * 1000;
}

/* Puts what was read behind what waits. A little more is read all the same, so that a client that leaves is seen to. */
static void conn_stash(struct http_conn *c, const char *p, size_t n)
{
    buf_add(&c->stash, p, n);
    if (c->stash.failed)
        conn_refuse(c, 503, "out of memory");
    else if (c->stash.len >= STASH_BYTES)
        uv_read_stop((uv_stream_t *)&c->tcp);
    c->stopped = true;
}

/* Parses what was read. While the connection is full, and when it had its turn, the rest waits in the stash. */
static void conn_input(struct http_conn *c, const char *p, size_t n)
{
    c->turn_us = 0;
    c->parsing = true;
    while (n && c->state == CONN_OPEN) {
        size_t took;
        if (c->stopped || conn_full(c) || conn_had_turn(c)) {
            conn_stash(c, p, n);
            break;
        }
        took = conn_parse(c, p, n);
        p += took;
        n -= took;
    }
    c->parsing = false;
}

static void conn_ended(struct http_conn *c)
{
    c->eof = true;
    if (c->state == CONN_LINGER) {
        conn_close_handle(c, false);
        return;
    }
    if (c->stopped && c->state == CONN_OPEN)
        return; /* what came before its end is answered: conn_unstash */
    if (c->reading)
        conn_refuse(c, 400, "the connection ended inside a request");
    conn_last(c);
    conn_flush(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct http_conn *c = container_of(stream, struct http_conn, tcp);

    if (n == 0)
        return;
    if (n == UV_EOF) {
        conn_ended(c);
        return;
    }
    if (n < 0) {
        conn_abort(c, false);
        return;
    }
    c->server->stats.bytes_in += (uint64_t)n;
    if (c->state == CONN_OPEN) {
        conn_input(c, bytes->base, (size_t)n);
        conn_flush(c);
        return;
    }
    /* Thrown away, but not for ever. */
    c->linger_bytes += (uint32_t)n;
    if (c->linger_bytes > LINGER_BYTES)
        conn_abort(c, false);
}

/* Goes on with the stash after replies have left, or in its next turn, and then with the socket. */
static void conn_unstash(struct http_conn *c)
{
    struct buf bytes = c->stash;
    int rc;

    if (conn_full(c) || c->state != CONN_OPEN)
        return;
    buf_init(&c->stash, 0);
    c->stopped = false;
    if (c->reading)
        c->since_ms = uv_now(c->server->loop); /* it was not the client that took its time */
    conn_input(c, bytes.ptr, bytes.len);
    buf_release(&bytes);
    if (c->stopped || c->state != CONN_OPEN)
        return;
    if (c->eof) {
        conn_ended(c);
        return;
    }
    rc = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
    if (rc < 0 && rc != UV_EALREADY) /* it may not have been stopped */
        conn_abort(c, true);
}

void conn_turn(struct http_conn *c)
{
    if (c->stopped)
        conn_unstash(c);
    if (c->state != CONN_CLOSED)
        conn_flush(c);
}

/* ---- the queue ---- */

void conn_replied(struct http_conn *c, struct http_slot *slot)
{
    c->first = slot->x._next;
    if (!c->first)
        c->last = NULL;
    c->n_queue--;
    slot_free(slot);
}

void conn_quiet(struct http_conn *c)
{
    c->reply_ms = 0;
    if (c->state == CONN_LAST && c->reading && c->reading->x._state == SLOT_HEAD) {
        slot_free(c->reading); /* a head that began behind the last reply is nobody's any more */
        c->reading = NULL;
    }
    if (c->reading || (c->stopped && c->state == CONN_OPEN))
        return;
    if (c->state == CONN_LAST)
        conn_linger(c);
    else
        c->since_ms = uv_now(c->server->loop);
}

/* ---- time ---- */

static uint64_t conn_read_deadline(const struct http_conn *c)
{
    const struct http_limits *l = &c->server->cfg.limits;

    if (c->state == CONN_LINGER)
        return c->since_ms + l->linger_ms;
    if (c->stopped || c->state != CONN_OPEN)
        return UINT64_MAX;
    if (c->reading && c->reading->x._state == SLOT_BODY)
        return c->since_ms + l->body_ms +
               (uint64_t)c->reading->body_in.len * l->body_ms_per_kb / 1024;
    if (c->reading)
        return c->since_ms + l->head_ms;
    if (c->first)
        return UINT64_MAX;
    if (c->server->draining)
        return c->since_ms + l->drain_idle_ms;
    return c->since_ms + (c->served ? l->idle_ms : l->head_ms);
}

void conn_rearm(struct http_conn *c)
{
    uint64_t at = conn_read_deadline(c);

    if (c->writing)
        at = MIN(at, c->progress_ms + c->server->cfg.limits.progress_ms);
    server_arm(c, at);
}

/* A client that takes less than 1 KB/s is as good as one that takes nothing. */
static bool conn_reader_stalls(struct http_conn *c, uint64_t now)
{
    const struct http_limits *l = &c->server->cfg.limits;
    size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
    uint64_t spent = now - c->reply_ms;

    if (left < c->write_left) {
        c->reply_bytes += c->write_left - left;
        c->write_left = left;
        c->progress_ms = now;
    }
    if (now >= c->progress_ms + l->progress_ms)
        return true;
    return spent > l->progress_ms && c->reply_bytes * 1000 / spent < 1024;
}

void conn_expired(struct http_conn *c)
{
    struct http_server *s = c->server;
    uint64_t now = uv_now(s->loop);

    if (c->writing && conn_reader_stalls(c, now)) {
        s->stats.timeouts++;
        conn_abort(c, true);
        return;
    }
    if (now < conn_read_deadline(c)) {
        conn_rearm(c);
        return;
    }
    if (c->state == CONN_OPEN && c->reading) {
        s->stats.timeouts++;
        conn_refuse(c, 408,
                    c->reading->x._state == SLOT_BODY ? "the request body took too long"
                                                      : "the request head took too long");
        conn_flush(c);
        return;
    }
    conn_close_handle(c, false);
}

void conn_drain(struct http_conn *c)
{
    if (c->state != CONN_OPEN)
        return;
    if (c->stopped) {
        /* The next request of those that were read is told that it is the last. */
    } else if (c->last && !c->reading) {
        if (c->last->_state == SLOT_HANDLER)
            c->last->keep_alive = false;
        conn_last(c);
    } else if (!c->reading) {
        c->since_ms = uv_now(c->server->loop);
    }
    conn_rearm(c);
}

/* ---- its beginning ---- */

static struct http_conn *conn_new(struct http_server *s)
{
    struct http_conn *c = failpoint("no-memory-for-connection") ? NULL : calloc(1, sizeof *c);

    if (!c)
        return NULL;
    if (uv_tcp_init(s->loop, &c->tcp) < 0) {
        free(c);
        return NULL;
    }
    c->server = s;
    list_init(&c->link);
    list_init(&c->timer);
    list_init(&c->work);
    llhttp_init(&c->parser, HTTP_REQUEST, &http_parse_settings);
    c->parser.data = c;
    list_push_back(&s->conns, &c->link);
    s->stats.accepted++;
    s->stats.connections++;
    return c;
}

static void conn_start(struct http_conn *c)
{
    struct http_server *s = c->server;

    if (s->stats.connections > s->cfg.limits.connections) {
        uv_buf_t b =
            uv_buf_init((char *)(uintptr_t)http_overloaded.ptr, (unsigned)http_overloaded.len);
        s->stats.refused++;
        uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
        conn_close_handle(c, false);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    c->deadline_ms = c->wheel_ms = UINT64_MAX;
    c->since_ms = uv_now(s->loop);
    if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0) {
        conn_close_handle(c, true);
        return;
    }
    conn_rearm(c);
}

bool conn_accept(struct http_server *s, uv_stream_t *listener)
{
    struct http_conn *c = conn_new(s);

    if (!c)
        return false;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0)
        conn_close_handle(c, false);
    else
        conn_start(c);
    return true;
}

void conn_adopt(struct http_server *s, int fd)
{
    struct http_conn *c = conn_new(s);

    if (!c || uv_tcp_open(&c->tcp, fd) < 0) {
        close(fd);
        if (c)
            conn_close_handle(c, false);
        return;
    }
    conn_start(c);
}
