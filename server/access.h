/* server/access.h: whether an answer may leave.
 *
 * The record of every look (docs/security.md) hangs on this point: the release gate stands between a finished answer
 * and the socket, so that no data leaves before its rows in the record are safe. (Who asks is told by server/identity,
 * and travels with every fetch.) */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include <stdbool.h>

#include "base/list.h"
#include "base/macros.h"
#include "query/disclosure.h"

struct audit;
struct viewer;

/* An answer that wants to leave. The owner keeps it, and what it points at, until the gate has decided. */
struct release {
    struct audit *audit; /* NULL: there is no record, so only what needs none may leave */
    const struct viewer *viewer;
    const struct disclosure *disclosures; /* what it tells of whom; the owner's */
    uint32_t n_disclosures;
    void (*done)(struct release *r, int rc); /* 0: it may leave; negative: it must not */
    struct list _rows;                       /* of the record, not yet safe; audit.c's */
    struct list _over;                       /* in a list of those whose done() is due */
    uint32_t _left;
    bool _pending;
    int _rc;
};

enum {
    RELEASE_OPEN = 1
};

/* RELEASE_OPEN: it may leave now, done() will not run. 0: done() will run on a later turn. Negative: it must
 * not leave, done() will not run: ERR_DATABASE (the record can't be written), ERR_MEMORY, ERR_CLOSING. */
int release_request(struct release *r) MUSTCHECK;

/* Nobody waits for the answer any more: done(ERR_CANCELED) runs on a later turn, and what is not yet on its way into the
 * record never gets there. No-op when nothing is pending. */
void release_cancel(struct release *r);

#endif
