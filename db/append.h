/* db/append.h: statements that must be committed, one after another, on a connection of their own.
 *
 * Layer: db; includes base/ only. One statement is in flight at a time, so what its caller collects meanwhile goes
 * with the next. A statement whose connection is lost, or that the server refuses (a full disk, a standby), is sent
 * again until it is committed: it may then have been committed already, so the second sending is another
 * statement, which has to do no harm; it comes when the session of the first is gone, so that it sees what that one did. Each commits by itself, and is safe on disk when done() runs
 * (synchronous_commit is on, whatever the cluster's default). All callbacks run on the loop, never from inside a call. */
#ifndef DB_APPEND_H
#define DB_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct append;
struct array;
struct err;
struct pg_result;
struct uv_loop_s;

enum {
    APPEND_PARAMS_MAX = 16
};

struct append_config {
    const char *conninfo;   /* libpq's, as text or URI */
    const char *const *sql; /* the statements; must outlive it */
    uint32_t n_sql;
    unsigned connect_timeout_ms;
    unsigned watch_ms; /* a statement that takes longer: the connection is given up for a new one */
    void (*note)(const char *why); /* as in struct db_config */
    void (*on_free)(void *data);   /* append_send may be called again, after the start too */
    void *data;
};

/* One statement; the caller's until done() ran or the append is closed. */
struct append_task {
    uint32_t statement, again;  /* which, the first time; which, when it may be there already */
    bool once;                  /* a refusal ends it too, */
    bool forget;                /* and so does a lost connection */
    const struct array *params; /* unchanged meanwhile */
    uint32_t n_params;
    void (*done)(struct append_task *task); /* it is committed */
    const struct pg_result *_rows;
};

int append_open(struct append **ret, struct uv_loop_s *loop, const struct append_config *config,
                struct err *reterr) MUSTCHECK;

/* Nothing is in flight and the connection stands: append_send may be called. */
bool append_is_free(const struct append *a);
void append_send(struct append *a, struct append_task *task);

/* Inside done() only: whether it was done at all (false: see `once` and `forget`), how many rows it gave, and a value of one of
 * them: of a column bigint or timestamptz (us since 2000-01-01), 0 for null; of a text column, ptr NULL for null, valid during done(). */
bool append_was_done(const struct append_task *task);
int append_n_rows(const struct append_task *task);
int64_t append_number(const struct append_task *task, int row, int column);
struct str append_text(const struct append_task *task, int row, int column);

/* The connection stands, and what was last sent was not refused. */
bool append_is_ready(const struct append *a);
/* It is not ready, and was not within the time that a restart takes. */
bool append_is_down(const struct append *a);

/* Ends it: a task in flight gets no done(), and may be committed or not. The object is freed just before on_closed. */
void append_close(struct append *a, void (*on_closed)(void *data), void *data);

#endif
