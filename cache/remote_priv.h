/* cache/remote_priv.h: what remote.c (the circuit) and remote_conn.c (one connection) share. */
#ifndef CACHE_REMOTE_PRIV_H
#define CACHE_REMOTE_PRIV_H

#include <hiredis/hiredis.h>
#include <uv.h>

#include "base/buf.h"
#include "cache/remote.h"

enum {
    REMOTE_UNSENT_MAX = 4 << 20,
    REMOTE_READ_BYTES = 64 * 1024,
    REMOTE_HOST_MAX = 256
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
    char host[REMOTE_HOST_MAX]; /* or the socket's path */
    char port[8];               /* empty: a Unix socket */
    enum remote_state state;
    bool starting, broken, graced;
    struct conn *conn; /* NULL when DOWN */
    struct buf out;    /* commands that have not left */
    uv_timer_t probe;  /* DOWN: the next attempt; else: the end of this one */
    uv_timer_t deadline;
    uv_timer_t lazy; /* ends the wait of what was sent lazily */
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
    char read_buffer[REMOTE_READ_BYTES];
};

/* ---- remote_conn.c ---- */

/* A connection's object, not connected yet; it is `r->conn` now. NULL: no memory. */
struct conn *conn_new(struct remote *r);
/* It is connected: replies are read from now on. Negative: libuv's error. */
int conn_start(struct conn *c) MUSTCHECK;
/* As remote_send, whatever the state of the circuit, but the command leaves with the next flush only. */
int conn_send(struct conn *c, struct remote_req *req, int argc, const char **argv,
              const size_t *lens) MUSTCHECK;
/* All that has not left leaves when the loop is about to sleep. */
void conn_flush_soon(struct conn *c);
/* Closes it; what is under way is answered with NULL from the close callback. Idempotent. */
void conn_close(struct conn *c);
/* The same because of trouble: the circuit opens. Idempotent. */
void conn_fail(struct conn *c);

/* ---- remote.c ---- */

/* The circuit opens; the next attempt is a probe's time away. */
void remote_go_down(struct remote *r);
/* One of the things that `n_open` counts is closed; the last one frees `r`. */
void remote_drop_one(struct remote *r);

#endif
