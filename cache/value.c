/* cache/value.c: see cache/value.h. Numbers are in the byte order of the machine: the epoch, which is
 * part of every key in Redis, is this machine's own. */
#include "cache/value.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

static_assert(sizeof(struct value_head) == 48, "no padding: the head is hashed as it lies");
static_assert(_Alignof(struct row) == 4, "rows are padded to 4 bytes");

static size_t padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

static bool add_head(struct buf *out, const struct value_head *h)
{
    buf_add(out, h, sizeof *h);
    return !out->failed;
}

bool value_add_rows(struct buf *out, struct value_head *h, const struct slice *slice)
{
    static const char zeros[4];
    uint32_t n = MIN(slice->n, (uint32_t)VALUE_ROWS_MAX);
    size_t bytes = sizeof *h;

    h->magic = VALUE_MAGIC;
    h->kind = VALUE_ROWS;
    h->n_rows = n;
    if (n < slice->n)
        h->complete = false;
    for (uint32_t i = 0; i < n; i++) {
        bytes += padded(slice->rows[i]->size);
        if (bytes > VALUE_BYTES_MAX)
            return false;
    }
    if (!buf_reserve(out, bytes) || !add_head(out, h))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const struct row *r = slice->rows[i];
        buf_add(out, r, r->size);
        buf_add(out, zeros, padded(r->size) - r->size);
    }
    return !out->failed;
}

bool value_add_alias(struct buf *out, struct value_head *h, const struct key *key)
{
    h->magic = VALUE_MAGIC;
    h->kind = VALUE_ALIAS;
    h->n_rows = 0;
    if (key->text.len > VALUE_TEXT_MAX || !add_head(out, h))
        return false;
    buf_add(out, key->part, sizeof key->part);
    buf_add_str(out, key->text);
    return !out->failed;
}

/* The head's own checksum counts as 0, so it is left out; the rest of the head comes first. */
static uint64_t value_sum(const char *bytes, size_t len, uint64_t seed)
{
    uint64_t head = hash_seeded((struct str){bytes, offsetof(struct value_head, checksum)}, seed);
    size_t from = sizeof(struct value_head);

    return hash_seeded((struct str){bytes + from, len - from}, head ^ seed);
}

void value_seal(struct buf *out, size_t at, uint64_t seed)
{
    uint64_t sum = value_sum(out->ptr + at, out->len - at, seed);

    memcpy(out->ptr + at + offsetof(struct value_head, checksum), &sum, sizeof sum);
}

const struct value_head *value_head(const void *bytes)
{
    return bytes;
}

/* The row at `at`, or NULL when it does not lie within `len` bytes. */
static const struct row *row_at(const char *bytes, size_t at, size_t len)
{
    const struct row *r = (const void *)(bytes + at);

    if (len - at < sizeof *r || r->size < sizeof *r || padded(r->size) > len - at)
        return NULL;
    return r;
}

bool value_check(const void *bytes, size_t len, enum value_kind kind, uint32_t unit, uint64_t name,
                 uint32_t n_columns, uint64_t seed)
{
    const struct value_head *h = bytes;
    size_t at = sizeof *h;

    if (len < sizeof *h || len > VALUE_BYTES_MAX ||
        (uintptr_t)bytes % _Alignof(struct value_head) || h->magic != VALUE_MAGIC ||
        h->kind != kind || h->complete > 1 || h->unit != unit || h->name != name ||
        h->n_rows > VALUE_ROWS_MAX || h->checksum != value_sum(bytes, len, seed))
        return false;
    if (kind == VALUE_ALIAS)
        return len >= at + sizeof((struct key *)0)->part && h->n_rows == 0 &&
               len - at - sizeof((struct key *)0)->part <= VALUE_TEXT_MAX;
    for (uint32_t i = 0; i < h->n_rows; i++) {
        const struct row *r = row_at(bytes, at, len);
        if (!r || !row_valid(r, r->size, n_columns))
            return false;
        at += padded(r->size);
    }
    return at == len;
}

bool value_get_rows(const void *bytes, size_t len, uint32_t n, struct arena *arena,
                    struct slice *ret)
{
    const char *from = (const char *)bytes + sizeof(struct value_head);
    size_t size = 0, room = len - sizeof(struct value_head), at = 0;
    const struct row **rows;
    char *copy;

    for (uint32_t i = 0; i < n; i++) {
        const struct row *r = row_at(from, size, room);
        if (!r)
            return false;
        size += padded(r->size);
    }
    rows = arena_alloc(arena, n * sizeof *rows + size + 1); /* 1: an empty slice is a hit too */
    if (!rows)
        return false;
    copy = (char *)(rows + n);
    if (size)
        memcpy(copy, from, size);
    for (uint32_t i = 0; i < n; i++) {
        rows[i] = (const void *)(copy + at);
        at += padded(rows[i]->size);
    }
    *ret = (struct slice){rows, n, 0};
    return true;
}

const struct row *value_next_row(const void *bytes, size_t len, size_t *at)
{
    const char *from = (const char *)bytes + sizeof(struct value_head);
    size_t room = len - sizeof(struct value_head);
    const struct row *r = *at < room ? row_at(from, *at, room) : NULL;

    if (r)
        *at += padded(r->size);
    return r;
}

bool value_get_alias(const void *bytes, size_t len, struct key *ret)
{
    const char *from = (const char *)bytes + sizeof(struct value_head);
    size_t text = sizeof(struct value_head) + sizeof ret->part;

    if (len < text)
        return false;
    memcpy(ret->part, from, sizeof ret->part);
    ret->text = (struct str){from + sizeof ret->part, len - text};
    return true;
}
