/* server/access.h: whether an answer may leave.
 *
 * The access log of every look hangs on this point (docs/security.md): the release gate stands between a finished
 * answer and the socket, so that no data leaves before its row in the log is safe. (Who asks is told by
 * server/identity, and travels with every fetch.) */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "base/macros.h"
#include "query/disclosure.h"

struct viewer;

/* An answer that wants to leave. The owner keeps it until the gate has decided. */
struct release {
    const struct viewer *viewer;
    const struct disclosure *disclosures; /* what it tells of whom; the owner's */
    uint32_t n_disclosures;
    void (*done)(struct release *r, int rc); /* 0: it may leave; negative: it must not */
};

enum {
    RELEASE_OPEN = 1
};

/* RELEASE_OPEN: it may leave now, done() will not run. 0: done() will run on a later turn. Negative: it must
 * not leave, done() will not run. */
int release_request(struct release *r) MUSTCHECK;

#endif
