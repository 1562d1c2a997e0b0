/* query/global_id.h: one id for each object of the API, as an opaque string (Relay's Object Identification).
 *
 *     version  hash of the type's name   the row's primary key
 *     1 byte   5 bytes                   8 bytes for each integer, or the bytes of one text
 *
 * in base64url. Nothing but the names and the key enters it, so it is the same on every machine and after every
 * restart, and it is written from cells that the row has anyway. The mark is a whole number of base64 groups:
 * its digits are made once for each type. Whoever guesses keys can guess ids: a seal (a MAC over all of it) would
 * stand behind the key, added in global_id_write and checked in global_id_read, under another version. */
#ifndef QUERY_GLOBAL_ID_H
#define QUERY_GLOBAL_ID_H

#include <stdbool.h>

#include "base/access.h"
#include "base/macros.h"
#include "query/schema.h"

struct buf;

/* The digits of the mark of the type `name`. */
void global_id_mark(struct str name, char ret[GLOBAL_ID_MARK]);

/* Writes the id of a row of `type` (which has table and mark) as a JSON string. */
void global_id_write(struct buf *out, const struct type *type, const struct row *row);

/* Reads an id that global_id_write made for this type. false: it is none. A text in `ret` lies in `arena`. */
bool global_id_read(struct arena *arena, struct str text, const struct type *type,
                    struct key *ret) MUSTCHECK;

#endif
