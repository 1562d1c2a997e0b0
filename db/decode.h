/* db/decode.h: a row of a binary PostgreSQL result as a struct row.
 *
 * Layer: db; includes base/ only (a wire value is bytes and a type, so tests need no server). Each
 * cell becomes ready-escaped JSON text, or a raw key; see enum codec in base/access.h. */
#ifndef DB_DECODE_H
#define DB_DECODE_H

#include "base/access.h"
#include "base/buf.h"

struct err;

/* One value as it came: its bytes are the result's. */
struct wire {
    const char *bytes; /* NULL: SQL null */
    uint32_t len;
};

/* Builds rows one after another in memory of its own. */
struct decoder {
    struct buf _b;
    struct issuer *_issuer;
    char fault
        [160]; /* after ERR_DATA and ERR_CONFIG: which column, and what is wrong; no data. For a log */
};

/* `issuer` makes the cells of CODEC_SIGNED and CODEC_LINK, and must outlive it; NULL: rows that have one are ERR_CONFIG. */
void decode_init(struct decoder *d, struct issuer *issuer);
void decode_release(struct decoder *d);

/* The row of `table` in `values` (n_columns of them). Valid until the next call; NULL and `*ret_rc`:
 * ERR_DATA (a value that its codec can't write: see decode_cell; `d->fault` says more), ERR_CONFIG (nothing here issues what a cell
 * needs; likewise) or ERR_MEMORY. */
const struct row *decode_row(struct decoder *d, const struct table *table,
                             const struct wire *values, int *ret_rc);

/* Appends the cell of a value that is not null and that nobody issues. ERR_DATA: an integer outside 32 bits for Int, an
 * infinite date, an enum value that the schema does not know, a length that its type can't have. An
 * array becomes lists in lists, whatever its subscripts begin with; ERR_DATA when it has another number
 * of dimensions than the field has lists (an empty one has none, and fits all). */
int decode_cell(struct buf *b, const struct column *column, struct wire value) MUSTCHECK;

#endif
