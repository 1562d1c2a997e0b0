/* db/db_priv.h: what the files behind db/db.h share: db.c, batch.c, pool.c, scan.c. Layer: db.
 *
 * The life of a key. db_fetch makes a job of a fetch and puts it in the lane of its statement. A turn
 * (db_turn: when the loop is about to sleep, and right after it woke) takes keys from lanes into
 * batches: an equal key that is already in the batch gets another *wait* at the same *ask*. The
 * answer walks the asks, copies rows to all waits, and a job whose keys are all answered is done.
 *
 *     fetch --job--> lane (keys not yet sent) --> batch: ask <-- wait, wait, ...  --> slices
 *
 * A job may end early (cancel, failure, closing). Its waits are then still in flight, so the job
 * itself stays until the last reference is dropped, with `fetch` NULL: whoever meets it skips it, and
 * nothing of the asker's is touched. done() is called from the lists `later` and `over` only, when no
 * structure here is half changed, because it may call anything of db/db.h. */
#ifndef DB_DB_PRIV_H
#define DB_DB_PRIV_H

#include "base/access.h"
#include "base/arena.h"
#include "base/list.h"
#include "db/conninfo.h"
#include "db/db.h"
#include "db/decode.h"
#include "db/encode.h"
#include "db/pg_conn.h"
#include "db/statement.h"

enum {
    CALL_VALUE_MAX = PROCEDURE_PARAM_MAX + 3, /* with the viewer, the digest and the request */
    TICK_MS = 20,                             /* while something waits that no event will report */
    LANE_HOLD_MS = 20, /* a batch that takes longer no longer holds up its lane */
    STALL_MS = 50,     /* a statement that runs so long gets nothing queued behind it */
    QUEUE_KEYS = 24,   /* fewer wait for a connection that carries nothing */
    NOTE_MS = 10000,   /* the least time between two notes on one statement */
    COMMIT_MS = 50,    /* a COMMIT that is on its way at the deadline may take so much longer */
    ORPHAN_MS = 100,   /* a statement that nobody waits for runs so long before it is cancelled */
    OUTAGE_GRACE_MS =
        1000, /* without any connection, questions wait so long (restarts are short) */
    WATCH_SLACK_MS =
        5000, /* beyond statement_timeout: then it is not the statement, but the server */
    BATCH_BYTES_MAX = 1 << 20
};

struct lane {
    uint32_t statement;
    struct list node;    /* in db->lanes while something waits */
    struct list jobs;    /* with keys that were never sent */
    struct list retries; /* struct retry */
    uint32_t keys;       /* never sent */
    uint32_t in_flight;  /* batches */
    uint64_t sent_ms;    /* loop time of the newest batch */
    uint64_t
        moved_ms; /* loop time when a batch last came back, or the first of those in flight was sent */
    bool slow;    /* the batch that came back last had stalled its connection */
    uint64_t noted_ms; /* loop time of the newest note on its failures; 0: none */
};

struct job {
    struct list node;    /* in lane->jobs, db->later, db->over, or alone */
    struct list live;    /* in db->live while `fetch` is set */
    struct fetch *fetch; /* NULL: over; only references are left */
    struct db *db;
    struct lane *lane;
    uint32_t next; /* first key that was never sent */
    uint32_t left; /* keys not answered */
    uint32_t refs; /* waits in flight, and retries */
    bool ending;   /* done(rc) is due: in `later` or `over` */
    int rc;
};

/* A key that is asked again. */
struct retry {
    struct list node;
    struct job *job;
    uint32_t key;
    uint32_t tries;
    uint64_t lost_ms; /* loop time when its connection was lost; 0: never */
    bool lone;        /* in a batch of its own */
};

struct wait {
    struct job *job;
    uint32_t key;  /* index in the fetch */
    uint32_t next; /* the next wait of the same ask, as index + 1; 0: none */
    uint32_t tries;
    uint64_t lost_ms; /* as in struct retry */
};

struct ask {
    uint32_t first, last; /* waits, as index + 1 */
    uint32_t n_rows;
    int rc;
    uint64_t hash;
};

struct batch {
    struct pg_task task;
    struct list node; /* in db->batches (free) or db->in_flight */
    struct db *db;
    struct lane *lane;
    const struct pg_conn *conn;
    uint64_t ready_ms; /* loop time when its connection was made */
    uint32_t n_asks, n_waits;
    struct ask *asks;
    struct wait *waits;
};

struct scan {
    struct pg_task task;
    struct list node; /* in db->scans (to be sent) or db->scanning */
    struct db *db;
    struct db_scan *scan;
    uint32_t tries;
    bool has_last;
    struct buf last[ACCESS_KEY_MAX]; /* the last row's key, as it came */
};

struct db {
    uv_loop_t *loop;
    const struct access *access;
    struct db_config config;
    struct conninfo info;
    struct arena arena; /* statements */
    struct statement *statements;
    const char **sql;
    uint32_t n_statements, n_path_statements;
    uint32_t *path_first;   /* path id -> its first statement */
    struct lane *lanes_all; /* one for each statement of a path */
    struct list lanes;      /* those with work */

    struct list live, later, over; /* jobs */
    struct list batches, in_flight;
    struct list scans, scanning;
    uint64_t
        scan_noted_ms; /* loop time of the newest note on a row that a scan can't read; 0: none */
    struct list free_jobs;
    uint32_t n_free_jobs;
    uint32_t max_waits;
    uint32_t *seen; /* ask index + 1 by hash, while a batch is built */
    uint32_t seen_cap;
    struct encoder encoder;
    struct decoder decoder;
    /* Calls of functions: call.c, writer.c. */
    struct statement
        *call_statements; /* by procedure; on connections for reads they follow all others */
    struct list calls, calls_over; /* struct db_call: waiting; withdrawn, whose done() is due */
    struct list reading;
    uint32_t
        calls_hurried; /* that run on with nobody waiting, to be cancelled; or whose COMMIT has a moment left */
    const char **write_sql;
    struct conninfo write_info;
    struct writer *writers;   /* config.writers of them */
    uint32_t writer_failures; /* attempts to connect in a row that failed */

    uint32_t dead_refs; /* of jobs that are over: waits in flight, retries */

    struct pg_conn *readers;
    uint32_t n_readers, n_ready;
    struct pg_conn control; /* carries cancel requests; opened when first needed */
    bool control_open;
    struct pg_task cancel;
    struct pg_conn *canceling; /* whose cancel request is under way */
    uint64_t down_ms;          /* loop time since when no reader is ready */
    uint32_t failures;         /* attempts that failed since then */

    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* active: a turn is due before the loop may sleep */
    uv_timer_t tick;
    unsigned handles;
    bool dirty, closing;
    void (*on_closed)(void *data);
    void *on_closed_data;
    struct db_stats stats;
};

/* db.c */
void db_wake(struct db *db); /* a turn is due */
void db_handle_closed(struct db *db);
/* The job's done(rc) becomes due; its keys in lanes are withdrawn. No-op when it is due already. */
void job_end(struct job *job, int rc, struct list *where);
void job_unref(struct job *job);
/* Calls what is due in `list`. */
void jobs_done(struct list *list);
void list_move(struct list *from, struct list *to);
void lane_add(struct db *db, struct lane *lane);

/* batch.c */
int batches_init(struct db *db) MUSTCHECK;
void batches_release(struct db *db);
bool lane_ready(const struct db *db, const struct lane *lane);
/* Its statements don't return (a lock, say): it may not have the last connection that still moves. */
bool lane_confined(const struct db *db, const struct lane *lane);
/* May its batch stand behind another one on a connection? */
bool lane_may_queue(const struct lane *lane);
/* Takes what fits from the lane and sends it. false: nothing was left to send. */
bool batch_send(struct db *db, struct lane *lane, struct pg_conn *c);
/* The batch behind a task when nobody waits for it any more, else NULL. */
struct batch *batch_orphan(struct pg_task *task);
void lane_fail(struct db *db, struct lane *lane, int rc);

/* pool.c */
int pool_open(struct db *db) MUSTCHECK;
void pool_close(struct db *db);
void pool_release(struct db *db);
/* The ready connection with the fewest tasks that can take one more, or NULL. */
struct pg_conn *pool_pick(struct db *db);
/* Not more than one connection still moves: it is for those whose statements return. */
bool pool_is_scarce(const struct db *db);
/* No connection, and none is expected at once. */
bool pool_is_down(const struct db *db);
void pool_mark_stale(struct db *db, uint32_t statement);
void pool_cancel_orphans(struct db *db);

/* scan.c */
void scan_send(struct db *db, struct pg_conn *c);
void scans_fail(struct db *db, struct list *list, int rc);

/* call.c */
int calls_init(struct db *db) MUSTCHECK; /* after all statements */
/* Moves all that can move on. true: look again soon, no event will tell. */
bool calls_turn(struct db *db);
/* All that wait end with `rc`. */
void calls_fail(struct db *db, int rc);
/* Whether a task of a connection for reads is a call that nobody waits for. */
bool call_orphan(struct pg_task *task);
/* The one row of a result, if there is one, into the call's slice. 0 or a negative ERR_. */
int call_rows(struct db *db, struct call *c, const struct statement *s,
              const PGresult *res) MUSTCHECK;
/* What became of a call that failed while it was certain that nothing would come of it: sets its message, gives its ERR_. */
int call_refused(struct db *db, struct call *c, const struct pg_conn *conn, enum pg_fault fault);
/* The function is not what it was checked to be: tells the log, gives ERR_INTERNAL. */
int call_internal(struct db *db, const struct procedure *p, const char *what);
/* The values as libpq takes them; how many. */
uint32_t call_values(const struct db_call *c, const char *values[CALL_VALUE_MAX]);
/* Calls done(). Nothing of `c` may be touched afterwards. */
void call_end(struct db *db, struct db_call *c, int rc);
/* The same on a later turn, in a hurry, for one that is under way: nothing comes of it, and whoever works on it has let go of it. */
void call_leave(struct db *db, struct db_call *c);

/* writer.c */
int writers_init(struct db *db) MUSTCHECK;
void writers_release(struct db *db);
void writers_close(struct db *db);
/* true: look again soon, no event will tell. */
bool writers_turn(struct db *db);
/* One that can take a call now, or NULL. */
struct writer *writer_free(struct db *db);
void writer_call(struct writer *w, struct db_call *c);
/* Its call's time is up. */
void writer_hurry(struct writer *w);
/* Some COMMIT is under way whose asker was told already that its outcome is not known. */
bool writers_committing(const struct db *db);
/* Opens connections where more calls wait than are about to have one. */
void writers_open(struct db *db, uint32_t waiting);
/* None is ready, and several attempts in a row have failed. */
bool writers_down(const struct db *db);
/* The connection of one whose call is to be cancelled, or NULL. */
struct pg_conn *writers_cancel_due(struct db *db);

#endif
