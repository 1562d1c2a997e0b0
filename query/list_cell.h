/* query/list_cell.h: cells that are lists of scalars or enums: their ready text beside their type, which says where
 * null may not stand.
 *
 * Layer: query, private; base only. What comes from a database has passed its codec, so the text is JSON without blanks,
 * of as many lists in lists as the type has (or an empty list early). Almost always no null is in it; then it is copied. */
#ifndef QUERY_LIST_CELL_H
#define QUERY_LIST_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/str.h"

struct type_ref;

enum {
    LIST_CELL_VANISHED = 1
};

/* All take the type of the field, which is a list. */

/* False: null may stand everywhere within. */
bool list_cell_is_strict(const struct type_ref *type);
/* True when an item of the innermost list may not be null: the only one that is, in an array. */
bool list_cell_may_lack(const struct type_ref *type);
/* True when no list within the outermost may be null, nor an item: then such a null leaves nothing of the value. */
bool list_cell_may_vanish(const struct type_ref *type);

/* True when null stands anywhere within. */
bool list_cell_has_null(struct str cell);

/* Appends the value as the specification completes it: of a null where none may be, the innermost list around it
 * that may be null becomes null. `missing` is told of each such place: its `n` indexes, outermost first. 0; or
 * LIST_CELL_VANISHED: no list may be null, the field included, and nothing was appended; or ERR_DATA: the text is not of
 * the type, and nothing was appended. */
int list_cell_write(struct buf *out, const struct type_ref *type, struct str cell,
                    void (*missing)(void *data, const uint32_t *at, uint32_t n),
                    void *data) MUSTCHECK;

#endif
