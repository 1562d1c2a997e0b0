/* server/access.h: who asks, for what purpose, and whether an answer may leave.
 *
 * Rights, hidden entries and the access log of every look hang on these two points (docs/security.md): the
 * viewer travels with every fetch, so that rights are decided before rows are released, and the release gate
 * stands between a finished answer and the socket, so that no data leaves before its row in the log is safe.
 * Until tokens exist every viewer is anonymous and the gate is open; the server must then not be reachable
 * from outside (it listens on 127.0.0.1 unless told otherwise). */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "base/macros.h"
#include "base/viewer.h"
#include "query/disclosure.h"

struct exchange;

/* Who asks, from the head of the request. 0, or an ERR_ when nobody may ask so. */
int viewer_of(const struct exchange *x, struct viewer *ret) MUSTCHECK;

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
