/* db/db.h: the door of db/: rows out of PostgreSQL for the one loop of a worker.
 *
 * Keys of one access path asked by all requests in flight merge into one prepared statement with
 * array parameters. A batch leaves when the loop is about to sleep, or when the previous batch of
 * its path has returned; there is no timer. All callbacks run on the loop, never from inside the
 * call that started them. Not thread-safe; one struct db a loop. */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdint.h>

#include "base/access.h"
#include "base/list.h"
#include "base/macros.h"
#include "base/procedure.h"

struct uv_loop_s;
struct db;
struct writer;
struct reading;
struct err;

struct db_config {
    const char *conninfo; /* libpq's, as text or URI */
    unsigned
        readers; /* connections for reads; as many paths can hang without harm to the others, less one; 4 */
    unsigned batches;    /* batches in flight for each connection */
    unsigned batch_keys; /* most keys in one statement; 256 */
    unsigned queue_keys; /* most keys that wait; beyond: ERR_BUSY */
    unsigned writers; /* connections for calls that change something, opened when first needed; 2 */
    unsigned queue_calls;     /* most calls that wait for one; beyond: ERR_BUSY */
    unsigned lock_timeout_ms; /* of a call: how long it waits for what others are changing */
    unsigned statement_timeout_ms;
    unsigned connect_timeout_ms;
    uint32_t
        instance; /* a random number of this server's, alike in all its workers: in the names of sessions */
    /* Told why a connection failed or was lost (now and then, not each time): a sentence for the
     * log, with no personal data and no password, valid during the call. May be NULL. */
    void (*note)(const char *why);
    struct issuer *issuer; /* of signed and sealed cells; must outlive the db. May be NULL */
};

/* Figures since the start, for /metrics. */
struct db_stats {
    uint64_t statements; /* batches sent */
    uint64_t keys;       /* keys in them */
    uint64_t rows;
    uint64_t retries; /* keys asked again alone after a data error, or after a lost connection */
    uint64_t errors;
    uint64_t connects;
    uint32_t ready;               /* connections that can take work now */
    uint32_t waiting;             /* keys in the queue now */
    uint64_t calls, calls_failed; /* of SQL functions; those that were refused or failed */
    uint64_t calls_again;         /* begun once more, because they had lost a race */
    uint32_t calls_waiting;       /* for a connection, now */
};

/* ---- At start-up, blocking, before the loop runs. ---- */

/* Compares `access` with the live database and fills in the fields that say "set by db_check".
 * ERR_CONFIG: the first mismatch, with its line in the schema file and the reason;
 * ERR_DATABASE: no connection, with the reason (never the password). */
int db_check(const char *conninfo, struct access *access, struct err *reterr) MUSTCHECK;

/* The statement of a path as it will be prepared, for tests and `check --sql`; `variant` counts
 * from 0, NULL when there is no such variant. The text is put in `arena`. */
const char *db_statement_sql(const struct access_path *path, unsigned variant, struct arena *arena);

/* ---- On the loop. ---- */

/* Starts connecting in the background and returns at once; the database may be absent, and come
 * later. `access` must outlive the db, `config` is copied. */
int db_open(struct db **ret_db, struct uv_loop_s *loop, const struct access *access,
            const struct db_config *config, struct err *reterr) MUSTCHECK;

/* Starts a fetch (base/access.h says who owns what). Never FETCH_READY.
 * done(f, 0): slices are set; a key whose own data was at fault has slice.rc = ERR_DATA (ERR_CONFIG: nothing here issues what it needs).
 * done(f, ERR_DATABASE | ERR_TIMEOUT | ERR_CANCELED | ERR_CLOSING | ERR_MEMORY): nothing was found out.
 * Returns ERR_BUSY (queue full), ERR_DATABASE (no connection and none is expected at once),
 * ERR_CLOSING, ERR_MEMORY: nothing was started. A connection that dies under a batch has its
 * reads asked once more elsewhere before they fail. */
int db_fetch(struct db *db, struct fetch *f) MUSTCHECK;

/* Nobody waits for `f` any more: done(f, ERR_CANCELED) runs on a later turn, and its memory is not
 * touched after that. The statement is cancelled only when no other fetch shares it. */
void db_cancel(struct db *db, struct fetch *f);

/* A call of a SQL function (base/procedure.h). One that writes has a transaction of its own, alone on a connection:
 * BEGIN, the function, COMMIT. One that loses a race (deadlock, serialization) was undone by the database for certain and is
 * begun again, a few times; what failed in any other way is its asker's to decide. A function that returns no row is
 * committed like any other (it may have counted an attempt). One that only reads runs beside the batches. */
struct db_call {
    struct call *call; /* slice and message are set */
    /* Its row is there (call->slice), if there is any, and COMMIT goes next: what the asker has to do before. NULL: nothing. When it returns
     * an error, the transaction is rolled back instead, and done() is told. What it sets *ret_kept to, unless that is NULL, is given to
     * settled(), once, when the transaction has ended and nothing can come of it any more: before done(), or, when the connection was lost
     * on COMMIT, after it, as soon as that session is known to be gone. */
    int (*committing)(struct db_call *c, void **ret_kept);
    void (*settled)(void *kept);
    /* As call->done. The object is not touched any more. */
    void (*done)(struct db_call *c, int rc);
    struct list _node;        /* waits for a connection, or its end is due */
    struct writer *_writer;   /* which does it; NULL: none does */
    struct reading *_reading; /* the same, of one that only reads */
    const char *_viewer;      /* the viewer's key, with a NUL behind it; in the call's arena */
    const char *_digest;      /* of its values, in the same way; NULL: its function takes none */
    const char *
        _request; /* for the record of what changed, in the same way: see statement_of_call; NULL: it only reads */
    unsigned _tries; /* how often it lost a race and was begun again */
    int _rc;
    bool _hurried, _started, _over;
};

/* 0: done() runs once, on a later turn. ERR_BUSY, ERR_DATABASE, ERR_CLOSING, ERR_MEMORY: nothing was started. */
int db_call(struct db *db, struct db_call *c) MUSTCHECK;
/* Nobody waits for it any more, or may. One that waits for a connection ends with ERR_CANCELED. One that is under way comes to its
 * own end, but in a `hurry`: then it ends at once with ERR_TIMEOUT, however long the database takes to hear of it, and for certain
 * without effect; when its COMMIT was sent it has a moment for that, and ends with ERR_OUTCOME_UNKNOWN behind it. Idempotent. */
void db_call_cancel(struct db *db, struct db_call *c, bool hurry);

/* All rows of a table in key order (hot tables at start). each() runs for every row, which lives
 * only during the call; then done() once: 0, ERR_DATABASE, ERR_CLOSING. The scan object is the
 * caller's until done(). Rows come in pieces (a portal or keyset pages), so that the loop never
 * stalls on a large table. */
struct db_scan {
    const struct table *table;
    void (*each)(struct db_scan *scan, const struct row *row);
    void (*done)(struct db_scan *scan, int rc);
    void *_state;
};
int db_scan(struct db *db, struct db_scan *scan) MUSTCHECK;

void db_get_stats(const struct db *db, struct db_stats *ret);

/* Takes no more work, ends what is in flight (done(ERR_CLOSING)), closes the connections, then
 * calls on_closed; the db is freed just before that call. */
void db_close(struct db *db, void (*on_closed)(void *data), void *data);

#endif
