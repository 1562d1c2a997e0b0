/* server/http/write.c: replies, in the order of the requests, into the socket.
 *
 * What is ready goes out in one uv_try_write; only what the kernel does not take becomes a uv_write, and
 * until that is done nothing else is written, so that a slow reader holds up only itself. A stream gives one
 * piece a turn; long bodies go write_bytes a turn. Nothing here calls a handler, only producers. */
#include "server/http/http_priv.h"

#include <stdio.h>

#include "base/err.h"
#include "base/log.h"

enum {
    WRITE_PARTS = 64
};

static bool slot_has_output(const struct http_slot *slot)
{
    for (int i = 0; i < SLOT_OUT; i++)
        if (slot->out[i].len)
            return true;
    return false;
}

/* No more and no less than the head said. */
static int stream_count(struct http_slot *slot, int rc)
{
    if (slot->body_out.len > slot->length_left ||
        (rc == 0 && slot->body_out.len < slot->length_left))
        return ERR_INTERNAL;
    slot->length_left -= slot->body_out.len;
    return rc;
}

/* Puts the next piece of a stream into out[], behind what head_out holds (the head, the first time). */
static int stream_next(struct http_conn *c, struct http_slot *slot)
{
    int rc;

    if (slot->stream_started)
        buf_clear(&slot->head_out);
    buf_clear(&slot->body_out);
    rc = slot->producer->next(slot->producer, &slot->body_out);
    if (slot->sized)
        rc = stream_count(slot, rc);
    if (rc < 0 || slot->body_out.failed) {
        log_error("request id=%s its reply broke off inside the body", slot->x.id);
        conn_abort(c, true);
        return -1;
    }
    slot->stream_started = true;
    slot->stream_done = rc == 0;
    slot->stream_waits = rc == PRODUCER_WAITS;
    slot->out[2] = STR("");
    if (slot->chunked && slot->body_out.len) {
        buf_addf(&slot->head_out, "%zx\r\n", slot->body_out.len);
        slot->out[2] = slot->stream_done ? STR("\r\n0\r\n\r\n") : STR("\r\n");
    } else if (slot->chunked && slot->stream_done) {
        slot->out[2] = STR("0\r\n\r\n");
    }
    slot->out[0] = buf_str(&slot->head_out);
    slot->out[1] = buf_str(&slot->body_out);
    if (slot->head_out.failed) {
        conn_abort(c, true);
        return -1;
    }
    slot_hold(slot);
    return 0;
}

/* True when it has something for the next turn: more than one turn's worth, or the next piece of a stream. */
static bool slot_goes_on(const struct http_slot *slot)
{
    return slot_has_output(slot) || (slot->x._state == SLOT_STREAM && !slot->stream_waits);
}

/* True when the reply of this slot is in out[] or has left, so that the next one may follow at once. */
static bool slot_whole(const struct http_slot *slot)
{
    return slot->x._state == SLOT_READY || (slot->x._state == SLOT_STREAM && slot->stream_done);
}

/* Collects what can be written now. Returns the number of parts, or -1 when the connection ended. */
static int conn_gather(struct http_conn *c, uv_buf_t *parts, size_t *ret_total)
{
    size_t total = 0, most = c->server->cfg.limits.write_bytes;
    int n = 0;

    for (struct exchange *x = c->first; x; x = x->_next) {
        struct http_slot *slot = slot_of(x);
        if (x->_state == SLOT_BODY && slot->want_continue && !slot_has_output(slot)) {
            slot->want_continue = false;
            slot->out[0] = http_continue;
        }
        /* A stream's first piece waits until its turn has come: pieces are memory. */
        if (x->_state == SLOT_STREAM && !slot->stream_started && x == c->first &&
            stream_next(c, slot) < 0)
            return -1;
        for (int i = 0; i < SLOT_OUT && n < WRITE_PARTS && total < most; i++) {
            size_t len = MIN(slot->out[i].len, most - total);
            if (!len)
                continue;
            parts[n++] = uv_buf_init((char *)(uintptr_t)slot->out[i].ptr, (unsigned)len);
            total += len;
        }
        if (!slot_whole(slot) || n == WRITE_PARTS || total == most)
            break;
    }
    *ret_total = total;
    return n;
}

/* `n` bytes have left: moves out[] on, frees what is done. */
static void conn_consume(struct http_conn *c, size_t n)
{
    bool ends;

    c->server->stats.bytes_out += n;
    while (c->first) {
        struct http_slot *slot = slot_of(c->first);
        for (int i = 0; i < SLOT_OUT && n; i++) {
            size_t part = MIN(n, slot->out[i].len);
            if (part == 0)
                continue;
            slot->out[i].ptr += part;
            slot->out[i].len -= part;
            n -= part;
        }
        if (slot_has_output(slot))
            return;
        if (!slot_whole(slot))
            return;
        /* A body that ends where the connection ends: nothing can follow it. */
        ends = slot->producer && !slot->chunked && !slot->sized;
        conn_replied(c, slot);
        if (ends && c->first) {
            conn_abort(c, false);
            return;
        }
    }
}

static void on_written(uv_write_t *req, int status)
{
    struct http_conn *c = container_of(req, struct http_conn, req.write);

    if (c->state == CONN_CLOSED)
        return;
    c->writing = false;
    if (status < 0) {
        conn_abort(c, false);
        return;
    }
    c->progress_ms = uv_now(c->server->loop);
    c->reply_bytes += c->write_left;
    conn_consume(c, c->written);
    conn_flush(c);
}

/* What the kernel did not take now, it takes when the client has. */
static void conn_write_rest(struct http_conn *c)
{
    uv_buf_t parts[WRITE_PARTS];
    uint64_t now = uv_now(c->server->loop);
    size_t total;
    int n = conn_gather(c, parts, &total);

    if (n <= 0)
        return;
    if (uv_write(&c->req.write, (uv_stream_t *)&c->tcp, parts, (unsigned)n, on_written) < 0) {
        conn_abort(c, true);
        return;
    }
    c->writing = true;
    c->written = c->write_left = total;
    c->progress_ms = now;
    if (c->reply_ms == 0) {
        c->reply_ms = now;
        c->reply_bytes = 0;
    }
}

/* The first piece of a stream after one that has left. */
static int conn_refill(struct http_conn *c)
{
    struct http_slot *slot = c->first ? slot_of(c->first) : NULL;

    if (slot && slot->x._state == SLOT_STREAM && slot->stream_started && !slot->stream_done &&
        !slot->stream_waits && !slot_has_output(slot))
        return stream_next(c, slot);
    return 0;
}

void conn_flush(struct http_conn *c)
{
    uv_buf_t parts[WRITE_PARTS];
    size_t total;
    int n, rc;

    list_remove(&c->work);
    if (c->writing || c->state == CONN_CLOSED || c->state == CONN_LINGER)
        return;
    if (conn_refill(c) < 0)
        return;
    n = conn_gather(c, parts, &total);
    if (n < 0)
        return;
    if (n == 0) {
        conn_consume(c, 0); /* a stream may end with nothing more to say */
    } else {
        rc = uv_try_write((uv_stream_t *)&c->tcp, parts, (unsigned)n);
        if (rc < 0 && rc != UV_EAGAIN) {
            conn_abort(c, false);
            return;
        }
        if (rc > 0)
            conn_consume(c, (size_t)rc);
        if (rc < 0 || (size_t)rc < total)
            conn_write_rest(c);
        else
            c->reply_ms = 0;
    }
    if (c->state == CONN_CLOSED)
        return;
    if (!c->writing && c->first && slot_goes_on(slot_of(c->first)))
        server_later(c);
    if (c->stopped && c->state == CONN_OPEN && !conn_full(c))
        server_later(c); /* room for more requests */
    if (!c->writing && !c->first)
        conn_quiet(c);
    if (c->state != CONN_CLOSED)
        conn_rearm(c);
}
