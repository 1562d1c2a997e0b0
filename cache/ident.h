/* cache/ident.h: what is cached under one name, and the bytes of that name inside the process.
 *
 *   unit   the row of an aggregate (whichever path found it), the head of one list, or an alias:
 *          what a unique column's value stands for
 *   name   unit and key; of a look-up that may be joined also the page
 * Names hold keys as they are, so they stay in the process; Redis sees keyed hashes of them.
 * Layer: cache; base/ only. */
#ifndef CACHE_IDENT_H
#define CACHE_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"
#include "base/buf.h"

enum ident_use {
    IDENT_NOT,  /* not cached */
    IDENT_ROW,  /* the aggregate's row, by its key */
    IDENT_PART, /* a list (or a row of another table) that hangs on the aggregate's key */
    IDENT_ALIAS /* the aggregate's row, by another unique column */
};

/* How rows of this path are cached. */
enum ident_use ident_use(const struct access_path *path);
/* The table whose key leads to what this path returns: the slot, the hash in Redis. */
const struct table *ident_aggregate(const struct access_path *path);

uint32_t ident_unit(const struct access_path *path); /* of the rows */
uint32_t ident_row_unit(const struct table *aggregate);
uint32_t ident_alias_unit(const struct access_path *path);
/* The path that a unit of this aggregate belongs to; NULL for the aggregate's own row, and `*ret_known`
 * false when there is no such unit. */
const struct access_path *ident_path(const struct access *access, const struct table *aggregate,
                                     uint32_t unit, bool *ret_known);

/* True when the key of the aggregate is a text. */
bool ident_key_is_text(const struct table *aggregate);
/* The aggregate's key, taken from its row. False: the row lacks it. The text lies in the row. */
bool ident_key_of_row(const struct table *aggregate, const struct row *row, struct key *ret);

/* Each replaces what is in `b`. False: a text is too long to be cached, or out of memory. */
bool ident_name(struct buf *b, uint32_t unit, const struct table *aggregate, const struct key *key);
bool ident_alias_name(struct buf *b, const struct access_path *path, const struct key *key);
/* Of a path with a `subject`: who asks, and about whom. */
bool ident_rights_name(struct buf *b, const struct access_path *path, const struct key *key);
/* Key and page of a look-up, exactly. */
bool ident_flight_name(struct buf *b, const struct access_path *path, const struct key *key,
                       const struct page *page);

#endif
