/* query/global_id.h: one id for each object of the API, as an opaque string (Relay's Object Identification).
 *
 *     version  hash of the type's name   the row's primary key                               seal
 *     1 byte   5 bytes                   8 bytes for each integer, or the bytes of one text  8 bytes
 *
 * in base64url, the seal's digits apart from the others'. Nothing but the names and the key enters it, so it is the same on
 * every machine with the same secret and after every restart, and it is written from cells that the row has anyway. The
 * mark is a whole number of base64 groups: its digits are made once for each type. The seal is over all digits before
 * it, and base64 has one text for the same bytes: an id is read only as it was written, and whoever knows a
 * key still can't make one. */
#ifndef QUERY_GLOBAL_ID_H
#define QUERY_GLOBAL_ID_H

#include <stdbool.h>

#include "base/access.h"
#include "base/macros.h"
#include "query/schema.h"

struct buf;
struct seal;

/* The digits of the mark of the type `name`. */
void global_id_mark(struct str name, char ret[GLOBAL_ID_MARK]);

/* Writes the id of a row of `type` (which has table and mark) as a JSON string. */
void global_id_write(struct buf *out, const struct seal *seal, const struct type *type,
                     const struct row *row);

/* Reads an id that global_id_write made for this type with the same seal. false: it is none. A text in `ret` lies
 * in `arena`. */
bool global_id_read(struct arena *arena, const struct seal *seal, struct str text,
                    const struct type *type, struct key *ret) MUSTCHECK;

#endif
