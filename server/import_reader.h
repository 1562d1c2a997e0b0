/* server/import_reader.h: the records in a file of FHIR, one after another, however long the file is.
 *
 * A file is any number of JSON objects one behind another: Bundles, whose `entry` array is taken apart entry by entry, and bare
 * resources, so that NDJSON (a resource on each line) is read too. Memory: one record and one chunk of the file. The reader
 * finds where a record begins and ends by its brackets and strings, and no more: whether it is JSON says
 * server/import_record.h. So a bad record costs nobody else, unless its brackets don't close: then nobody knows where the
 * next one begins, and the file ends there. In NDJSON (which a file is once a resource stood alone on its line) the next line is where.
 *
 * No socket, no clock: bytes come from a function. */
#ifndef SERVER_IMPORT_READER_H
#define SERVER_IMPORT_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macros.h"
#include "base/str.h"

struct err;
struct import_reader;

enum {
    IMPORT_RECORD_MAX = 16 << 20 /* bytes; a longer one is passed over */
};

/* Up to `n` bytes of the file; 0: its end; < 0: it can't be read on (errno says why). */
typedef ssize_t import_read_fn(void *data, char *to, size_t n);

struct import_record {
    uint64_t number; /* its place in the file, from 1 */
    uint64_t line;   /* where it begins, from 1 */
    bool bare;       /* a resource by itself: no entry of a Bundle around it */
    struct str json; /* until the next call */
    const char *bad; /* why it can't be looked at, for people, a static text; NULL: it can */
};

/* ERR_MEMORY. `read` is called with `data` until the file ends or import_reader_free. */
int import_reader_new(struct import_reader **ret, import_read_fn *read, void *data) MUSTCHECK;
void import_reader_free(struct import_reader *r); /* NULL is fine */

/* 1: `*ret` is the next record. 0: the file is read. ERR_DATA: it can't be read on, and `*reterr` says what is wrong on
 * which line (never a word that is in it). After 0 and an error the same comes again. */
int import_reader_next(struct import_reader *r, struct import_record *ret,
                       struct err *reterr) MUSTCHECK;

/* Bytes of the file that have been taken. */
uint64_t import_reader_offset(const struct import_reader *r);

#endif
