/* base/json.h: writing JSON text into a buffer. (Reading JSON is jansson's, in server/.) */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdint.h>

#include "base/buf.h"

/* `s` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that the
 * result is always valid JSON. */
void json_add_string(struct buf *b, struct str s);
/* A finite double in its shortest form that reads back the same; not finite: null. */
void json_add_double(struct buf *b, double d);
/* Days since 2000-01-01 as "YYYY-MM-DD" with quotes (PostgreSQL's date). Years beyond 9999 or
 * before 1 and infinities: null. */
void json_add_date(struct buf *b, int32_t days);
/* Microseconds since 2000-01-01 00:00 UTC as "YYYY-MM-DDThh:mm:ss[.ffffff]Z" with quotes. */
void json_add_timestamp(struct buf *b, int64_t us);
/* `units` of 10^-scale as a decimal string with quotes: 129773, 2 -> "1297.73". scale 0 to 18. */
void json_add_fixed(struct buf *b, int64_t units, int scale);

/* Length of the valid UTF-8 sequence at p (1 to 4), or 0. */
size_t utf8_sequence(const unsigned char *p, size_t n);
/* True when all of `s` is valid UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(struct str s);

#endif
