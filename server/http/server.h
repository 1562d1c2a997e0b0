/* server/http/server.h: the HTTP/1.1 side of one loop: connections, their limits, their timers.
 *
 * One http_server a loop; not thread-safe. It knows nothing of paths: every complete request goes to
 * one handler. Layer: server/http, which includes base/, libuv and llhttp, and nothing of server/ above. */
#ifndef SERVER_HTTP_SERVER_H
#define SERVER_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/macros.h"
#include "server/http/limits.h"

struct uv_loop_s;
struct err;
struct exchange;
struct http_server;

struct http_server_config {
    struct http_limits limits;
    /* Called once for each complete request, never from inside another call of the same exchange. */
    void (*handle)(void *data, struct exchange *x);
    /* Adds header lines (each with its CRLF) to every reply: CORS. May be NULL. */
    void (*add_headers)(void *data, const struct exchange *x, struct buf *head);
    /* A reply is complete in the server's hands (not yet on the wire). May be NULL. For metrics. */
    void (*replied)(void *data, const struct exchange *x, int status);
    void *data;
};

struct http_stats {
    uint64_t accepted; /* connections, ever */
    uint64_t refused;  /* connections beyond the limit, or beyond the descriptors */
    uint64_t requests; /* heads that were complete */
    uint64_t bytes_in, bytes_out;
    uint64_t timeouts; /* of heads, bodies and replies; not of idle connections */
    uint64_t parse_errors;
    uint64_t aborted; /* connections that ended under a request or a reply */
    uint64_t
        held_bytes; /* of replies that have not left: they, their requests and what they are made from */
    uint32_t connections; /* open now */
    uint32_t in_flight;   /* handlers at work now */
};

/* ERR_MEMORY, ERR_INTERNAL: nothing is left behind once the loop has run again. `cfg` is copied. */
int http_server_open(struct http_server **ret, struct uv_loop_s *loop,
                     const struct http_server_config *cfg, struct err *reterr) MUSTCHECK;

/* Takes connections on `host` (an address) and `port`; 0 is any free one, and *ret_port says which. `shared`:
 * other processes of the same user may listen on the port too (SO_REUSEPORT). ERR_CONFIG with the reason. */
int http_server_listen(struct http_server *s, const char *host, unsigned port, bool shared,
                       unsigned *ret_port, struct err *reterr) MUSTCHECK;

/* Only the socket, bound and not listening: what a supervisor holds, so that the port stays the same
 * while workers come and go. The caller closes *ret_fd. */
int http_bind(const char *host, unsigned port, bool shared, int *ret_fd, unsigned *ret_port,
              struct err *reterr) MUSTCHECK;

/* Begins the end: no more connections (those in the backlog are still served), every reply is the last of its
 * connection, idle connections go after a moment. `on_drained` runs once, on a later turn, when the last
 * connection has closed; it is not called when http_server_close comes first. */
void http_server_drain(struct http_server *s, void (*on_drained)(void *data), void *data);

/* Cuts every connection now; handlers that are at work get `gone`. Then on_closed, on a later turn; the
 * server is freed just before it, or, when handlers still hold exchanges, after the last of them ended. */
void http_server_close(struct http_server *s, void (*on_closed)(void *data), void *data);

const struct http_stats *http_server_stats(const struct http_server *s);
const struct http_limits *http_server_limits(const struct http_server *s);

#endif
