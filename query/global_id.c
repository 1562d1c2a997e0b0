/* query/global_id.c: see query/global_id.h. */
#include "query/global_id.h"

#include <assert.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/hash.h"

enum {
    VERSION = 1,
    MARK_BYTES = GLOBAL_ID_MARK / 4 * 3,
    PART_BYTES = 8,
    TEXT_DIGITS_MAX = 4096 /* of a text key; longer than any that an index holds */
};

static_assert(GLOBAL_ID_MARK % 4 == 0, "the key's digits begin where a byte begins");

void global_id_mark(struct str name, char ret[GLOBAL_ID_MARK])
{
    uint64_t hash = hash_seeded(name, 1); /* a fixed seed: ids outlive the process */
    unsigned char bytes[MARK_BYTES];
    struct buf b;

    bytes[0] = VERSION;
    for (size_t i = 1; i < sizeof bytes; i++, hash >>= 8)
        bytes[i] = (unsigned char)hash;
    buf_init(&b, 0);
    base64_add(&b, bytes, sizeof bytes);
    memset(ret, 0, GLOBAL_ID_MARK);
    if (!b.failed)
        memcpy(ret, b.ptr, GLOBAL_ID_MARK);
    buf_release(&b);
}

static bool key_is_text(const struct table *t)
{
    return t->columns[t->key_cell[0]].raw_is_text;
}

void global_id_write(struct buf *out, const struct type *type, const struct row *row)
{
    const struct table *t = type->table;
    unsigned char parts[ACCESS_KEY_MAX * PART_BYTES];

    buf_add_char(out, '"');
    buf_add(out, type->id_mark, GLOBAL_ID_MARK);
    if (key_is_text(t)) {
        struct str text = row_cell(row, t->key_cell[0]);
        base64_add(out, text.ptr, text.len);
    } else {
        for (uint32_t i = 0; i < t->n_key; i++) {
            uint64_t n = (uint64_t)row_number(row, t->key_cell[i]);
            for (unsigned k = PART_BYTES; k-- > 0; n >>= 8)
                parts[i * PART_BYTES + k] = (unsigned char)n;
        }
        base64_add(out, parts, (size_t)t->n_key * PART_BYTES);
    }
    buf_add_char(out, '"');
}

static bool read_text(struct arena *arena, struct str digits, struct key *ret)
{
    char *text;

    if (digits.len > TEXT_DIGITS_MAX)
        return false;
    text = arena_alloc(arena, digits.len + 1);
    ret->text.ptr = text;
    return text && base64_read(digits, text, digits.len, &ret->text.len) &&
           !memchr(text, '\0', ret->text.len);
}

bool global_id_read(struct arena *arena, struct str text, const struct type *type, struct key *ret)
{
    const struct table *t = type->table;
    unsigned char parts[ACCESS_KEY_MAX * PART_BYTES];
    struct str digits;
    size_t n;

    *ret = (struct key){0};
    if (text.len < GLOBAL_ID_MARK || memcmp(text.ptr, type->id_mark, GLOBAL_ID_MARK) != 0)
        return false;
    digits = (struct str){text.ptr + GLOBAL_ID_MARK, text.len - GLOBAL_ID_MARK};
    if (key_is_text(t))
        return read_text(arena, digits, ret);
    if (!base64_read(digits, parts, sizeof parts, &n) || n != (size_t)t->n_key * PART_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        ret->part[i / PART_BYTES] = (int64_t)((uint64_t)ret->part[i / PART_BYTES] << 8 | parts[i]);
    return true;
}
