/* query/global_id.c: see query/global_id.h. */
#include "query/global_id.h"

#include <assert.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/seal.h"

enum {
    VERSION = 2, /* 1 had no seal */
    MARK_BYTES = GLOBAL_ID_MARK / 4 * 3,
    PART_BYTES = 8,
    SEAL_DIGITS = (SEAL_BYTES * 4 + 2) / 3,
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

/* Seals what `out` holds from `start` on. */
static void add_seal(struct buf *out, const struct seal *seal, size_t start)
{
    unsigned char bytes[SEAL_BYTES];

    if (out->failed)
        return;
    seal_make(seal, (struct str){out->ptr + start, out->len - start}, bytes);
    base64_add(out, bytes, sizeof bytes);
}

void global_id_write(struct buf *out, const struct seal *seal, const struct type *type,
                     const struct row *row)
{
    const struct table *t = type->table;
    unsigned char parts[ACCESS_KEY_MAX * PART_BYTES];
    size_t start;

    buf_add_char(out, '"');
    start = out->len;
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
    add_seal(out, seal, start);
    buf_add_char(out, '"');
}

/* Takes the seal off the end. false: it is not that of what is before it. */
static bool read_seal(const struct seal *seal, struct str *text)
{
    struct str sealed = {text->ptr, text->len - SEAL_DIGITS};
    unsigned char given[SEAL_BYTES];
    size_t n;

    if (!base64_read((struct str){text->ptr + sealed.len, SEAL_DIGITS}, given, sizeof given, &n) ||
        n != sizeof given || !seal_fits(seal, sealed, given))
        return false;
    *text = sealed;
    return true;
}

static bool read_text(struct arena *arena, struct str digits, struct key *ret)
{
    char *text = arena_alloc(arena, digits.len + 1);

    ret->text.ptr = text;
    return text && base64_read(digits, text, digits.len, &ret->text.len) &&
           !memchr(text, '\0', ret->text.len);
}

bool global_id_read(struct arena *arena, const struct seal *seal, struct str text,
                    const struct type *type, struct key *ret)
{
    const struct table *t = type->table;
    unsigned char parts[ACCESS_KEY_MAX * PART_BYTES];
    struct str digits;
    size_t n;

    *ret = (struct key){0};
    if (text.len < GLOBAL_ID_MARK + SEAL_DIGITS ||
        text.len > GLOBAL_ID_MARK + TEXT_DIGITS_MAX + SEAL_DIGITS ||
        memcmp(text.ptr, type->id_mark, GLOBAL_ID_MARK) != 0 || !read_seal(seal, &text))
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
