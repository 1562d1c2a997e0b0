/* server/http/limits.h: every limit that an HTTP client can run into, in one table.
 *
 * name, default, what it bounds. Times are milliseconds. server/config.c lets an operator change those
 * that have a flag; the others are constants of the house. */
#ifndef SERVER_HTTP_LIMITS_H
#define SERVER_HTTP_LIMITS_H

#include <stdint.h>

#define HTTP_LIMITS(X)                                                                             \
    X(head_bytes, 16 * 1024, "request line and fields together: 431")                              \
    X(target_bytes, 8 * 1024, "request target: 414")                                               \
    X(fields, 100, "fields of a head: 431")                                                        \
    X(body_bytes, 1024 * 1024, "request body: 413")                                                \
    X(head_ms, 10 * 1000, "from a head's first byte to its last: 408")                             \
    X(body_ms, 10 * 1000, "from a head's end to the body's, plus body_ms_per_kb: 408")             \
    X(body_ms_per_kb, 1000, "more time for each KB of body that came")                             \
    X(idle_ms, 30 * 1000, "between requests: the connection is closed")                            \
    X(progress_ms, 10 * 1000, "of a reply that the client does not take: the connection is cut")   \
    X(linger_ms, 2 * 1000, "after the last reply, for a client that still sends")                  \
    X(drain_idle_ms, 1000, "for idle connections when the server is being stopped")                \
    X(pipeline, 32, "requests in the queue of a connection: reading stops")                        \
    X(write_bytes, 256 * 1024, "handed to the socket in one go: then others have their turn")      \
    X(read_bytes, 64 * 1024, "taken from the socket in one go")                                    \
    X(connections, 10000, "open connections: 503 and closed")                                      \
    X(in_flight, 1000, "requests that handlers work on: 503 with Retry-After")                     \
    X(held_bytes, 256 * 1024 * 1024, "of replies that did not leave yet: long ones get 503")       \
    X(turn_ms, 2, "requests of one connection in one go: then others have their turn")             \
    X(request_memory, 8 * 1024 * 1024, "an exchange's arena")                                      \
    X(pool_slots, 256, "idle exchanges that are kept for reuse")                                   \
    X(pool_buffer, 16 * 1024, "bytes of a buffer that an idle exchange keeps")

struct http_limits {
#define HTTP_LIMIT_X(name, value, what) uint32_t name;
    HTTP_LIMITS(HTTP_LIMIT_X)
#undef HTTP_LIMIT_X
};

static inline struct http_limits http_limits_default(void)
{
    return (struct http_limits){
#define HTTP_LIMIT_X(name, value, what) .name = (value),
        HTTP_LIMITS(HTTP_LIMIT_X)
#undef HTTP_LIMIT_X
    };
}

#endif
