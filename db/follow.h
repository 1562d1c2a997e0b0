/* db/follow.h: what anybody else commits, heard from PostgreSQL's own log (logical decoding, pgoutput).
 *
 * Layer: db. A temporary slot of a publication that has the tables' keys, read on a connection of its own; it connects again and
 * again until it is closed. Between two connections changes may be missed, so each begins with begins(). All callbacks
 * come from the loop, never from inside a call of this header.
 *
 * How far it is, is known, not guessed: every BEAT it asks, on a second connection, where the end of the log is, and
 * has caught up when the sender of the stream says that it is past it. A database that hangs, a stream that lags behind a
 * large transaction, a loop that stalls: then caught_up() does not come, and who relies on it sees that.
 *
 * The log has a COMMIT before others see what it did: for a moment, or for as long as a synchronous standby is waited for. So with
 * how far it is comes a snapshot; what was told is good for anything only when that one sees it (db/follow_message.h).
 * It is asked for soon after a change was told.
 *
 * Memory is that of one message: PostgreSQL keeps what a transaction changed until it ends, on its disk beyond 16 MB. */
#ifndef DB_FOLLOW_H
#define DB_FOLLOW_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct err;
struct follow;
struct follow_message;
struct uv_loop_s;

struct follow_config {
    const char *conninfo; /* libpq's, of a role with REPLICATION */
    const char *publication;
    const struct str *tables; /* that it has to have; must outlive it, as must the two texts */
    uint32_t n_tables;
    unsigned connect_timeout_ms;
    void (*note)(const char *why); /* as in struct db_config; may not be NULL */
    /* From now on nothing is missed; what was committed before may have been. */
    void (*begins)(void *data);
    /* Anything but FOLLOW_OTHER; good during the call. */
    void (*told)(void *data, const struct follow_message *m);
    /* All that could be seen before `ms` (loop time) has been told, and `snapshot` (for follow_sees) sees it. */
    void (*caught_up)(void *data, uint64_t ms, struct str snapshot);
    void *data;
};

struct follow_stats {
    uint64_t changes, begun;
};

int follow_open(struct follow **ret, struct uv_loop_s *loop, const struct follow_config *config,
                struct err *reterr) MUSTCHECK;
void follow_get_stats(const struct follow *f, struct follow_stats *ret);
/* The object is freed just before on_closed. */
void follow_close(struct follow *f, void (*on_closed)(void *data), void *data);

/* Blocking, for the command line: whether it could be done. ERR_DATABASE with the reason; ERR_CONFIG. */
int follow_check(const struct follow_config *config, struct err *reterr) MUSTCHECK;

#endif
