/* cache/remote.h: one pipelined connection to Redis, and the circuit before it.
 * Layer: cache; the only header here that knows hiredis' replies. One a loop; not thread-safe.
 *
 * Any trouble (a time-out, a protocol error, a reply that nobody waits for, an error reply that is not
 * about the one command, too much unsent) closes the connection, which answers all that is under way
 * with NULL. Then nothing is sent until a probe (connect and PING, each second, with jitter) succeeds
 * within the time-out. */
#ifndef CACHE_REMOTE_H
#define CACHE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/macros.h"

struct err;
struct redisReply;
struct remote;
struct uv_loop_s;

struct remote_config {
    struct uv_loop_s *loop;
    const char *address; /* path of a Unix socket, or "host:port"; copied */
    unsigned timeout_ms; /* from sending a command to its reply */
    unsigned probe_ms;   /* between attempts to connect, give or take a fifth; 0: 1,000 */
    /* The circuit closed (`up`) or opened. Also once, with false, when the first attempt to connect
     * failed. Never from inside a call. May be NULL. */
    void (*on_change)(void *data, bool up);
    void *data;
};

/* One command; the asker's until done() ran. */
struct remote_req {
    /* `reply` is valid during the call only; NULL: none came. Never from inside remote_send. */
    void (*done)(struct remote_req *req, const struct redisReply *reply);
    struct list _link;
    uint64_t _deadline_ms;
};

/* Starts connecting and returns at once. ERR_CONFIG: the address is of neither form. */
int remote_open(struct remote **ret_r, const struct remote_config *config,
                struct err *reterr) MUSTCHECK;
bool remote_is_up(const struct remote *r);
/* True until the first attempt to connect has an outcome. */
bool remote_is_starting(const struct remote *r);
/* 0: done() will run. ERR_BUSY: down, or too much under way; ERR_MEMORY. Then nothing was started. */
int remote_send(struct remote *r, struct remote_req *req, int argc, const char **argv,
                const size_t *lens) MUSTCHECK;
/* The same for what nobody waits for: it may lie for some milliseconds, so that many leave in one write. */
int remote_send_lazily(struct remote *r, struct remote_req *req, int argc, const char **argv,
                       const size_t *lens) MUSTCHECK;
uint64_t remote_commands(const struct remote *r);
uint64_t remote_errors(const struct remote *r);
/* Answers what is under way with NULL, then calls on_closed; `r` is gone. */
void remote_close(struct remote *r, void (*on_closed)(void *data), void *data);

#endif
