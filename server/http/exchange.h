/* server/http/exchange.h: one HTTP request and its reply, as the handlers see them.
 *
 * Lifetime, the one rule: an exchange is born when its head has been parsed, its handler is called once,
 * when the body is complete, and it lives until its reply has left (or can't leave any more). Its
 * arena is the only memory that the request owns. The client may vanish at any time: then `gone` is
 * called (once, never from inside a handler's call), after which the handler still has to end the exchange
 * with exchange_reply or exchange_abandon when nothing of its own is pending any more; what it writes then
 * goes nowhere. Pipelined requests may be worked on side by side; replies leave in the order of the requests. */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/macros.h"
#include "base/str.h"

enum http_method {
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_OTHER
};

/* Where the body of a long reply comes from: asked for the next piece only when the one before has been
 * taken by the socket, so that a slow reader stops the writing, not the process. */
struct producer {
    /* Appends the next 16 to 64 KB to `out`. 1: more will follow; 0: that was the last; PRODUCER_WAITS; negative ERR_:
     * the body can't be ended well: the connection is cut where everybody sees it. */
    int (*next)(struct producer *p, struct buf *out);
    size_t holds; /* bytes of its own, which go with the exchange; kept up to date from next() */
};

enum {
    /* What is next is not there yet, and exchange_resume will say when it is. Until then the exchange is in the handler's
     * hands again: next() may have set x->gone, and when that was called, exchange_abandon ends the exchange. */
    PRODUCER_WAITS = 2
};

struct http_conn;

struct exchange {
    /* The request. All views live as long as the exchange; of a field that came twice the values are
     * joined by ", ". */
    enum http_method method;
    struct str method_name;
    struct str path;  /* without the query, not decoded */
    struct str query; /* behind the `?`, or empty */
    struct str content_type, accept, origin, authorization, accept_language; /* empty: not sent */
    bool has_authorization; /* the field was sent, be it empty */
    struct str content_encoding, if_none_match, preflight_method, fetch_site, range; /* likewise */
    struct str body;
    char id[17];         /* request id, hexadecimal: in logs, in errors of ours, in X-Request-Id */
    uint64_t started_us; /* monotonic (uv_hrtime / 1000), when the head was complete */

    /* The handler's. */
    void (*gone)(
        struct exchange *x); /* set by the handler when it has work pending; may stay NULL */
    void *data;
    const char *error_type; /* Content-Type of exchange_error's body, a static string; NULL: JSON */

    struct arena arena; /* limit: config.request_memory */

    /* The connection's own. */
    struct http_conn *_conn; /* NULL when it is gone */
    struct exchange *_next;
    uint32_t _state;
    bool keep_alive, is_gone;
};

/* An extra header of a reply. A value with a control character in it is left out. Cache-Control replaces
 * the default `no-store`. */
struct http_header {
    const char *name, *value;
};

/* An empty buffer that may be given to exchange_reply as `body`; it keeps its memory from request to
 * request, which saves an allocation for each. Its content dies with the exchange. */
struct buf *exchange_buffer(struct exchange *x);

/* Ends the exchange with `body` (taken over: *body is left empty; NULL or empty: no body). The Content-Length,
 * Date, Connection, X-Request-Id, Cache-Control: no-store, CORS and X-Content-Type-Options headers are
 * added here; a HEAD request gets the head alone. `headers` (may be NULL) ends with a NULL name. After this
 * call the exchange belongs to the connection: touch nothing. A `body` that failed (out of memory) becomes
 * a 503. `content_type` may be NULL when there is no body. */
void exchange_reply(struct exchange *x, int status, const char *content_type, struct buf *body,
                    const struct http_header *headers);
/* The same with bytes that outlive the exchange (files that are served from memory): nothing is copied. */
void exchange_reply_static(struct exchange *x, int status, const char *content_type,
                           struct str body, const struct http_header *headers);
/* Ends the exchange with a chunked body from `producer`, which lies in x->arena. next() is called from the
 * loop, one piece a turn. To a client of HTTP/1.0 the body goes without chunks and the connection is closed.
 * When the client vanishes next() is just never called again. Touch nothing of x after this call, except from
 * next() (what it reads must lie in the arena; arena_defer tells when it is over). */
void exchange_stream(struct exchange *x, int status, const char *content_type,
                     struct producer *producer, const struct http_header *headers);
/* The same with a body of `length` bytes, which is said in its head; a producer that ends before is cut off like one that fails. */
void exchange_stream_sized(struct exchange *x, int status, const char *content_type,
                           struct producer *producer, uint64_t length,
                           const struct http_header *headers);
/* Whether a reply that holds `bytes` until the client has taken it may begin: no when those that have not left hold too
 * much already. A handler that has changed something replies all the same. */
bool exchange_may_hold(struct exchange *x, size_t bytes);
/* The producer that waited can go on: next() is called on a later turn, or in this one. Not for an exchange that is gone. */
void exchange_resume(struct exchange *x);
/* An error as JSON: {"errors":[{"message":...,"extensions":{"code":...,"requestId":...}}]}; `err->code` gives
 * the status (503 comes with Retry-After). The handlers' way of failing. */
struct err;
void exchange_error(struct exchange *x, const struct err *err, const struct http_header *headers);
/* The same with a status that no ERR_ code stands for. */
void exchange_error_status(struct exchange *x, int status, const char *message,
                           const struct http_header *headers);
/* Ends an exchange whose client has vanished (is_gone). */
void exchange_abandon(struct exchange *x);

#endif
