/* query/cursor.h: where a row stands in its list, as an opaque string.
 *
 * It holds the values of the order's columns, behind a mark of the list that it belongs to, in hexadecimal:
 * no row is named, and a cursor of one list is refused by another. */
#ifndef QUERY_CURSOR_H
#define QUERY_CURSOR_H

#include <stdbool.h>

#include "base/access.h"
#include "base/macros.h"

struct buf;

/* Writes the cursor of `row` in the list `path` as a JSON string. */
void cursor_write(struct buf *out, const struct access_path *path, const struct row *row);
/* Reads a cursor that cursor_write made for this path into page->after. false: it is none. */
bool cursor_read(struct str text, const struct access_path *path, struct page *page) MUSTCHECK;

#endif
