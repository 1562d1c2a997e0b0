/* server/audit_batch.h: rows of the record of every look as the parameters of one statement, and what statements there are.
 *
 * The texts of parts repeat, so a row holds a number instead and the text lies in a table of its own; it travels with the
 * statement only when this worker has not yet seen it committed. What it has seen it remembers, up to a bound. */
#ifndef SERVER_AUDIT_BATCH_H
#define SERVER_AUDIT_BATCH_H

#include <stdint.h>

#include "base/macros.h"
#include "base/map.h"
#include "db/append.h"
#include "db/array.h"
#include "server/audit_chain.h"

enum {
    AUDIT_PARAMS = 16,
    AUDIT_PARTS_KNOWN = 4096,         /* texts that are remembered, */
    AUDIT_PARTS_KNOWN_BYTES = 4 << 20 /* and their bytes; beyond: all are forgotten */
};

enum audit_sql {
    AUDIT_SQL_UPKEEP,
    AUDIT_SQL_BEGIN,
    AUDIT_SQL_ROWS,
    AUDIT_SQL_ROWS_AGAIN, /* what is there already is left */
    AUDIT_SQL_ROWS_AND_PARTS,
    AUDIT_SQL_ROWS_AND_PARTS_AGAIN,
    AUDIT_SQL_COUNT
};

extern const char *const audit_sql[AUDIT_SQL_COUNT];

struct parts_text;

struct audit_batch {
    struct append_task task; /* its owner sets done() */
    uint32_t n;
    struct array _params[AUDIT_PARAMS];
    struct map _known; /* text -> struct parts_text */
    size_t _known_bytes;
    struct parts_text **_new;
    uint32_t _n_new, _cap_new;
};

void audit_batch_init(struct audit_batch *b);
void audit_batch_release(struct audit_batch *b);

/* The statement that begins a chain. 0 or ERR_MEMORY. */
int audit_batch_begin_chain(struct audit_batch *b, const struct audit_head *head) MUSTCHECK;

/* A statement of rows: clear, then each row with its MAC, then end; the one before must have been committed. When add or end
 * fails (ERR_MEMORY, ERR_INTERNAL) there is no statement, and audit_batch_forget comes next. */
void audit_batch_clear(struct audit_batch *b);
int audit_batch_add(struct audit_batch *b, struct hmac *key, struct buf *scratch,
                    const struct audit_row *row, const struct audit_mac *mac) MUSTCHECK;
int audit_batch_end(struct audit_batch *b) MUSTCHECK;
/* Forgets which texts of parts are known. */
void audit_batch_forget(struct audit_batch *b);

#endif
