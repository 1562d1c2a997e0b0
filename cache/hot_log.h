/* cache/hot_log.h: which rows of hot tables changed, told to all workers by way of memory that they share.
 *
 * Layer: cache; base/ only. Each worker holds all hot rows itself, so there is no slot to look at for each row, only
 * one number: a worker whose number is the log's has missed nothing, which is all that the hot path asks. Else it
 * reads what came since and drops those rows; they are read from the database when they are next asked for. Who is
 * further behind than the log is long drops everything.
 *
 * A writer enters the row before COMMIT (so that nobody serves the old row while others may see the new one) and
 * again after it, and counts itself as writing in between. A row that was read may be kept only when nobody is
 * writing and it was not entered since before it was read: the argument of generations.c, with the log in place of
 * the slot. Who writes elsewhere and is only heard of enters the row once. */
#ifndef CACHE_HOT_LOG_H
#define CACHE_HOT_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    HOT_LOG_ENTRIES = 4096, /* a power of two */
    HOT_LOG_WRITERS = 24
};

#define HOT_LOG_EVERY_TABLE UINT32_MAX

/* Which rows: one, all of a table, or all of all tables. */
struct hot_change {
    uint32_t table; /* its id, or HOT_LOG_EVERY_TABLE */
    bool all;       /* whatever the key */
    int64_t key;
};

struct hot_log_entry {
    _Atomic uint64_t number; /* of the entry; set last */
    _Atomic uint64_t what;   /* table, and whether all */
    _Atomic int64_t key;
};

/* In shared memory, all zero at the start. */
struct hot_log {
    _Alignas(64) _Atomic uint64_t newest;
    _Alignas(64) _Atomic uint64_t writing[HOT_LOG_WRITERS];
    struct hot_log_entry entries[HOT_LOG_ENTRIES];
};

static inline uint64_t hot_log_newest(struct hot_log *l)
{
    return atomic_load(&l->newest);
}

void hot_log_enter(struct hot_log *l, struct hot_change change);
/* Around a write of `writer`. */
void hot_log_begin(struct hot_log *l, unsigned writer, struct hot_change change);
void hot_log_end(struct hot_log *l, unsigned writer, struct hot_change change);
/* This writer died: what it was writing is not known. */
void hot_log_clear(struct hot_log *l, unsigned writer);

enum {
    HOT_LOG_READ,   /* `*ret` is set */
    HOT_LOG_LATER,  /* who took that number has not written it yet */
    HOT_LOG_MISSED, /* it was overwritten */
};

int hot_log_read(struct hot_log *l, uint64_t number, struct hot_change *ret);
/* True when a row that was read from the database after the newest entry was `since` is still what it holds, or who keeps it
 * now will read in the log that it is not. */
bool hot_log_holds(struct hot_log *l, uint64_t since, uint32_t table, int64_t key);
/* True when all of the table became void after the newest entry was `since`, or may have. */
bool hot_log_voided(struct hot_log *l, uint64_t since, uint32_t table);

#endif
