/* db/encode.h: binary parameters: one array for each parameter of a statement, one element a key.
 *
 * Layer: db; includes base/ only. The buffers are kept from batch to batch. Values that no row can
 * equal (an integer outside the column's type, a text with a NUL) never travel: encode_matchable()
 * tells, and the asker gets no row, as SQL would say. */
#ifndef DB_ENCODE_H
#define DB_ENCODE_H

#include "base/access.h"
#include "base/buf.h"
#include "db/decode.h"
#include "db/statement.h"

struct encoder {
    const struct statement *_s;
    struct buf _param[PARAM_MAX];
    uint32_t _n; /* elements so far */
    bool _nulls[PARAM_MAX];
    const char *values[PARAM_MAX]; /* set by encode_end: what PQsendQueryPrepared takes */
    int lengths[PARAM_MAX];
    int formats[PARAM_MAX]; /* all binary */
};

void encode_init(struct encoder *e);
void encode_release(struct encoder *e);

/* False when no row can match this key and these filters. */
bool encode_matchable(const struct access_path *path, const struct key *key,
                      const struct page *page);

void encode_begin(struct encoder *e, const struct statement *s);
/* Appends one key (and its page, for lists; NULL for rows). */
void encode_key(struct encoder *e, const struct key *key, const struct page *page);
/* Sets `values`, valid until the next encode_begin. ERR_MEMORY. */
int encode_end(struct encoder *e) MUSTCHECK;
/* Bytes so far, for bounding a batch. */
size_t encode_size(const struct encoder *e);

/* The parameters of a scan: how many rows, and, for STATEMENT_SCAN_NEXT, behind which key: its
 * columns' values as they came in a result. */
int encode_scan(struct encoder *e, const struct statement *s, const struct wire *last,
                uint32_t limit) MUSTCHECK;

#endif
