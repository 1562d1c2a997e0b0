/* server/audit.h: the record of every look: no row, no data.
 *
 * One for each worker. Each patient of an answer becomes a row; an answer that tells of another person leaves when its rows
 * are committed, one's own at once, as long as the rows follow within a second. What one turn of the loop brings, and what
 * came while a statement was in flight, goes in one statement; rows that nobody waits for are collected for 0.1 s before:
 *
 *     audit_release --rows--> waiting --sealed, in order--> in flight --committed--> done(0)
 *                   |          ^ |
 *                   +-> later -+ +-- deadline, client gone: taken out (no answer, so no row) --> done(ERR_DATABASE)
 *
 * Sealed rows are sent until they are committed: a chain has no gap. The queue is bounded; when it is full, or the
 * database is away, the answer is refused. */
#ifndef SERVER_AUDIT_H
#define SERVER_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct audit;
struct err;
struct release;
struct uv_loop_s;

struct audit_config {
    const char *conninfo;
    struct str key;    /* of the seals; copied */
    const char *heads; /* the folder of heads; NULL: none are written */
    unsigned rows;     /* most rows that wait; 20000 */
    size_t bytes;      /* of those; 16 MB */
    /* A change that has no row by then gets one; more than a request may take. 0: another worker looks for those. */
    unsigned patience_s;
    void (*note)(const char *why); /* of the log: a sentence without personal data */
};

struct audit_stats {
    uint64_t rows, batches; /* committed */
    uint64_t failed;        /* answers that were refused */
    uint64_t heads_failed;
    uint64_t unlogged; /* changes that got their row afterwards */
    uint32_t waiting;  /* rows not yet committed */
    uint32_t lag_ms;   /* age of the oldest of them */
};

/* Starts connecting in the background. `config` is copied but for `conninfo` and `heads`, which must outlive it. */
int audit_open(struct audit **ret, struct uv_loop_s *loop, const struct audit_config *config,
               struct err *reterr) MUSTCHECK;

/* As release_request (server/access.h), for an answer that tells of somebody. */
int audit_release(struct audit *a, struct release *r) MUSTCHECK;
/* See release_cancel. */
void audit_cancel(struct audit *a, struct release *r);

/* A chain has begun, and rows can be added. */
bool audit_is_ready(const struct audit *a);
void audit_get_stats(const struct audit *a, struct audit_stats *ret);

/* Takes no more, waits for the rows that are left (for at most `flush_ms`), refuses who still waits then, writes the head of
 * the chain down, and calls on_closed; freed just before that. */
void audit_close(struct audit *a, unsigned flush_ms, void (*on_closed)(void *data), void *data);

#endif
