/* db/follow_message.h: what pgoutput says of changes (protocol version 1), taken apart.
 *
 * Layer: db; pure. The messages come from PostgreSQL, and all the same nothing behind their end is read. Of a row only
 * the columns of the publication come: keys. Texts lie in the message. */
#ifndef DB_FOLLOW_MESSAGE_H
#define DB_FOLLOW_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

enum {
    FOLLOW_COLUMNS = 8 /* published of one table; what comes behind them is not looked at */
};

enum follow_kind {
    FOLLOW_OTHER,    /* that a transaction ends, a type, an origin */
    FOLLOW_BEGINS,   /* what follows was committed together */
    FOLLOW_RELATION, /* a table is described before its first change, and anew when it is altered */
    FOLLOW_CHANGED,  /* a row was inserted, changed or deleted */
    FOLLOW_TRUNCATED
};

struct follow_message {
    enum follow_kind kind;
    uint32_t xid;      /* FOLLOW_BEGINS: of that transaction */
    uint32_t relation; /* FOLLOW_RELATION, FOLLOW_CHANGED: the table's oid */
    struct str name;   /* FOLLOW_RELATION */
    uint32_t n_columns;
    struct str columns
        [FOLLOW_COLUMNS]; /* names; of a change the values, as text; ptr NULL: null or not told */
    bool has_old;         /* FOLLOW_CHANGED: the key was another before */
    struct str old[FOLLOW_COLUMNS];
};

/* ERR_DATA: it is no whole message. */
int follow_read(struct str bytes, struct follow_message *ret) MUSTCHECK;

/* Whether who reads with that snapshot (a pg_snapshot, in binary), or a later one, sees what all transactions from `first` to
 * `last` did, both of which have committed in the log. The log has a COMMIT before others can see it. */
bool follow_sees(struct str snapshot, uint32_t first, uint32_t last);

#endif
