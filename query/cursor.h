/* query/cursor.h: where a row stands in its list, as an opaque string.
 *
 *     mark of the path  the values of the order's columns  seal
 *     4 bytes           8 bytes each                       8 bytes
 *
 * in base64url. No row is named. The seal is over the mark, the values and the key of the parent whose list it is: a
 * cursor is good for that one list, and nobody but the server makes one.
 *
 * A cursor is read in two steps, as the request's arguments are known before the parents are: cursor_read looks at form
 * and path, cursor_fits at the seal, for each parent. */
#ifndef QUERY_CURSOR_H
#define QUERY_CURSOR_H

#include <stdbool.h>

#include "base/access.h"
#include "base/macros.h"
#include "base/seal.h"

struct buf;

/* What an error says of it, behind the argument's name. */
#define CURSOR_REFUSED "is not a cursor of this list."

/* A cursor that came: page->after holds its values. */
struct cursor {
    unsigned char seal[SEAL_BYTES];
};

/* Writes the cursor of `row` in the list `path` of `parent` as a JSON string. */
void cursor_write(struct buf *out, const struct seal *seal, const struct access_path *path,
                  const struct key *parent, const struct row *row);
/* Reads a text that looks like a cursor of this path into `ret` and page->after. false: it is none. */
bool cursor_read(struct str text, const struct access_path *path, struct page *page,
                 struct cursor *ret) MUSTCHECK;
/* Whether cursor_write made it, with the same seal, for the list of `parent`. */
bool cursor_fits(const struct cursor *c, const struct seal *seal, const struct access_path *path,
                 const struct key *parent, const struct page *page) MUSTCHECK;

#endif
