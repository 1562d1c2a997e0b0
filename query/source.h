/* query/source.h: what the engine asks of the world: rows. The one interface through which query/ reaches
 * data; server/source.c implements it over cache/ and db/, unit tests by a fake. */
#ifndef QUERY_SOURCE_H
#define QUERY_SOURCE_H

#include "base/access.h"
#include "base/macros.h"

struct source {
    /* Starts a fetch (base/access.h says who owns what): 0, FETCH_READY, or negative. */
    int (*fetch)(struct source *source, struct fetch *f);
    /* Nobody waits for `f` any more. done(f, ERR_CANCELED) still runs once, on a later turn. */
    void (*cancel)(struct source *source, struct fetch *f);
};

#endif
