/* db/pg_conn.h: one PostgreSQL connection on the loop, in pipeline mode, with statements prepared.
 *
 * Layer: db. Knows nothing of batches: it carries tasks, each one execution of a prepared statement
 * under a sync of its own (so that an error stops at its task), and answers them in order. It
 * connects by itself, again and again with a growing pause, until it is closed.
 *
 *     WAITING --timer--> CONNECTING --> PREPARING --> READY
 *        ^-------------------+--------------+-----------'  failure, loss       any --close--> CLOSED
 *
 * Nothing here blocks but name resolution inside libpq: give an address or a socket where that
 * matters. Every callback comes from the loop, never from inside a call of this header. */
#ifndef DB_PG_CONN_H
#define DB_PG_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>
#include <uv.h>

#include "base/macros.h"
#include "db/pg_fault.h"

struct conninfo;
struct pg_conn;
struct pg_poller;

enum {
    PG_SAID_MAX = 512
};

enum pg_state {
    PG_STATE_WAITING,
    PG_STATE_CONNECTING,
    PG_STATE_PREPARING,
    PG_STATE_READY,
    PG_STATE_CLOSED
};

/* One execution; embedded in what asks for it, and owned by that until done() ran. */
struct pg_task {
    uint32_t statement;
    const char *before;  /* a command in front of it, under the same sync; NULL: none */
    bool maybe_canceled; /* a cancel request meant for its neighbour may have hit it */
    uint64_t took_ms;    /* set before done(): how long it was the oldest of its connection */
    /* `res` (rows, or the end of a command without any) is libpq's, valid during the call, NULL unless `fault` is
     * PG_FINE. */
    void (*done)(struct pg_task *task, enum pg_fault fault, const PGresult *res);
};

struct pg_conn_config {
    uv_loop_t *loop;
    const struct conninfo *info; /* must outlive the connection, as must `sql` */
    const char *const *sql;
    uint32_t n_sql;
    uint32_t n_prepare; /* the first n are prepared on connect, the others when first used */
    uint32_t max_tasks; /* most tasks in flight */
    unsigned connect_timeout_ms;
    unsigned
        watch_ms; /* a task that takes longer means that the peer hangs: give the connection up */
    void (*on_ready)(struct pg_conn *c);
    /* An attempt failed, or a ready connection was lost: its tasks have had their done(). */
    void (*on_down)(struct pg_conn *c, const char *why);
    void (*on_closed)(struct pg_conn *c);
    void *owner;
};

struct pg_expect {
    uint8_t kind;
    uint32_t statement;
    struct pg_task *task; /* of the sync that ends it; else NULL */
};

struct pg_conn {
    struct pg_conn_config config;
    enum pg_state state;
    uint32_t tasks; /* in flight */
    uint64_t attempts;
    PGconn *_pg;
    uv_timer_t _timer; /* back-off, connect timeout, or watch, as the state says */
    struct pg_poller *_poller;
    unsigned _handles;       /* uv handles that are not yet closed */
    struct pg_expect *_fifo; /* ring of results to come */
    uint32_t _fifo_cap, _fifo_from, _fifo_n;
    uint8_t *_prepared; /* for each statement: see pg_conn.c */
    PGresult *_res;     /* rows of the group that is being read */
    enum pg_fault _fault;
    unsigned _failures; /* attempts in a row */
    uint64_t _ready_ms; /* loop time when it became ready */
    uint64_t _head_ms;  /* loop time since when the oldest task is running */
    uint64_t _random;
    bool _broken;           /* a send failed: given up on the next turn */
    bool _cancel_pending;   /* a cancel request may still hit */
    char sqlstate[6];       /* of the newest error */
    char said[PG_SAID_MAX]; /* PG_RULE: the function's sentence */
    int64_t about;          /* PG_RULE: the number that is its detail (db/refusal.h); 0: none */
    /* Since the newest task was sent a function noted a refusal that its transaction keeps, about this person (0: nobody who is there). */
    bool noted;
    int64_t noted_about;
    char _why[160];
};

/* Starts connecting on the next turn. 0 or ERR_MEMORY (nothing to close). */
int pg_conn_open(struct pg_conn *c, const struct pg_conn_config *config) MUSTCHECK;

/* Sends `task` to a READY connection with fewer than max_tasks. done() runs exactly once. */
void pg_conn_send(struct pg_conn *c, struct pg_task *task, uint32_t n_params,
                  const char *const *values, const int *lengths, const int *formats);

/* The task that the server is working on, or NULL; and since when (loop time). */
struct pg_task *pg_conn_head(const struct pg_conn *c, uint64_t *ret_since_ms);
/* The backend's process id, for pg_cancel_backend. */
int pg_conn_backend(const struct pg_conn *c);
/* A cancel request for this backend is on its way / has been answered: tasks in flight then may
 * come back PG_CANCELED through no fault of theirs, and are marked. */
void pg_conn_cancel_sent(struct pg_conn *c);
void pg_conn_cancel_answered(struct pg_conn *c);
/* The tables behind a statement changed: it is prepared anew before its next use. */
void pg_conn_mark_stale(struct pg_conn *c, uint32_t statement);

/* Ends everything: tasks get PG_LOST from inside this call, on_closed comes later. */
void pg_conn_close(struct pg_conn *c);

#endif
