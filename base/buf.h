/* base/buf.h: bytes that grow at the end, on the heap. The memory is the buffer's own.
 *
 * Invariant: len <= cap. When memory or `limit` runs out, the append does nothing and `failed`
 * stays set, so that a writer may test once at its end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/str.h"

struct buf {
    char *ptr;
    size_t len, cap;
    size_t limit; /* most bytes it may hold; 0: no limit */
    bool failed;
};

void buf_init(struct buf *b, size_t limit_bytes);
void buf_release(struct buf *b);
/* Empties it and clears `failed`; keeps the memory. */
void buf_clear(struct buf *b);

/* Makes sure that `n` more bytes fit; false (and `failed`) when they can't. */
bool buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_z(struct buf *b, const char *z);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, long long n);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline struct str buf_str(const struct buf *b)
{
    return (struct str){b->ptr, b->len};
}

#endif
