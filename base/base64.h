/* base/base64.h: bytes as text that needs no escape in a URL or in JSON (RFC 4648, section 5), without padding. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/str.h"

struct buf;

/* The digits that `n` bytes become. */
static inline size_t base64_length(size_t n)
{
    return (n * 4 + 2) / 3;
}

/* Appends the digits of `n` bytes. */
void base64_add(struct buf *out, const void *bytes, size_t n);

/* Reads `text` into `out` (room for `room` bytes). false: it is no base64url, has bits that no byte needs, or
 * does not fit; so that two texts are never the same bytes. */
bool base64_read(struct str text, void *out, size_t room, size_t *ret_n) MUSTCHECK;

#endif
