/* server/heard.h: changes that were heard of, until everybody sees them.
 *
 * The log has a COMMIT before other sessions see what it did (db/follow.h). What is cached may be void only afterwards: a reader
 * that asks between the two gets what was before, and would keep it. So what a transaction changed is noted here, and made void
 * when a snapshot sees that transaction. What does not fit makes everything void, then; until then nobody may be told that
 * all is known. Layer: server. */
#ifndef SERVER_HEARD_H
#define SERVER_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct generations;
struct heard;
struct key;
struct table;

enum {
    HEARD_MAX =
        16384 /* changes that wait; of one row or one patient in one transaction counts once, nearly always */
};

/* `generations` must outlive it. NULL: out of memory. */
struct heard *heard_new(struct generations *generations);
void heard_free(struct heard *h);

/* What follows is of that transaction. */
void heard_begins(struct heard *h, uint32_t xid);
/* Of this aggregate; of a row of a hot table, or of all of it (`key` NULL); of it is not known what. The key is copied. */
void heard_aggregate(struct heard *h, const struct table *aggregate, const struct key *key);
void heard_hot(struct heard *h, const struct table *table, const int64_t *key);
void heard_anything(struct heard *h);

/* Makes void what `snapshot` (follow_sees) sees, in the order in which it was heard. False: of what it does not see something could not be noted. */
bool heard_settle(struct heard *h, struct str snapshot) MUSTCHECK;
/* Forgets all: the caller has made everything void. */
void heard_clear(struct heard *h);

#endif
