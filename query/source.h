/* query/source.h: what the engine asks of the world: rows, and calls of SQL functions. The one interface through which query/ reaches
 * data; server/source.c implements it over cache/ and db/, unit tests by a fake. */
#ifndef QUERY_SOURCE_H
#define QUERY_SOURCE_H

#include "base/access.h"
#include "base/macros.h"
#include "base/procedure.h"

struct source {
    /* Starts a fetch (base/access.h says who owns what): 0, FETCH_READY, or negative. */
    int (*fetch)(struct source *source, struct fetch *f);
    /* Nobody waits for `f` any more. done(f, ERR_CANCELED) still runs once, on a later turn. */
    void (*cancel)(struct source *source, struct fetch *f);
    /* Starts a call (base/procedure.h says who owns what): 0, or negative. */
    int (*call)(struct source *source, struct call *c);
    /* Nobody waits for `c` any more. done() still runs once, on a later turn, and says what became of it: one that waits
     * its turn is withdrawn; one that is under way is called off only in a `hurry`, and comes to its end otherwise. */
    void (*cancel_call)(struct source *source, struct call *c, bool hurry);
};

#endif
