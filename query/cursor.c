/* query/cursor.c: see query/cursor.h. */
#include "query/cursor.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/hash.h"

enum {
    MARK_BYTES = 4,
    NUMBER_BYTES = 8,
    PLACE_BYTES_MAX = MARK_BYTES + ACCESS_ORDER_MAX * NUMBER_BYTES,
    PARENT_BYTES = ACCESS_KEY_MAX * NUMBER_BYTES + SEAL_BYTES
};

/* What is sealed: what the cursor shows (`n` bytes), and behind it the parent's key. */
struct sealed {
    unsigned char bytes[PLACE_BYTES_MAX + PARENT_BYTES];
    size_t n;
};

static void put(unsigned char *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0; value >>= 8)
        to[i] = (unsigned char)value;
}

static uint64_t get(const unsigned char *from, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | from[i];
    return value;
}

/* Stable over processes and restarts: from the names of the table and the columns. */
static uint64_t path_mark(const struct access_path *path)
{
    uint64_t mark = hash_seeded(path->table->name, 1);
    for (uint32_t i = 0; i < path->n_columns; i++)
        mark = hash_seeded(path->column[i], mark);
    for (uint32_t i = 0; i < path->n_order; i++)
        mark = hash_seeded(path->order[i].name, mark + path->order[i].descending);
    return mark & UINT32_MAX;
}

static size_t sealed_shown(const struct access_path *path)
{
    return MARK_BYTES + (size_t)path->n_order * NUMBER_BYTES;
}

static void sealed_set(struct sealed *p, const struct access_path *path,
                       const int64_t values[ACCESS_ORDER_MAX])
{
    p->n = sealed_shown(path);
    put(p->bytes, path_mark(path), MARK_BYTES);
    for (uint32_t i = 0; i < path->n_order; i++)
        put(p->bytes + MARK_BYTES + (size_t)i * NUMBER_BYTES, (uint64_t)values[i], NUMBER_BYTES);
}

/* All that the seal is over. */
static struct str sealed_text(struct sealed *p, const struct seal *seal, const struct key *parent)
{
    unsigned char *to = p->bytes + p->n;

    for (size_t i = 0; i < ACCESS_KEY_MAX; i++, to += NUMBER_BYTES)
        put(to, (uint64_t)parent->part[i], NUMBER_BYTES);
    if (parent->text.len)
        seal_digest(seal, parent->text, to);
    else
        memset(to, 0, SEAL_BYTES);
    return (struct str){(const char *)p->bytes, p->n + PARENT_BYTES};
}

void cursor_write(struct buf *out, const struct seal *seal, const struct access_path *path,
                  const struct key *parent, const struct row *row)
{
    unsigned char text[PLACE_BYTES_MAX + SEAL_BYTES];
    int64_t values[ACCESS_ORDER_MAX];
    struct sealed sealed;

    for (uint32_t i = 0; i < path->n_order; i++)
        values[i] = row_number(row, path->order[i].cell);
    sealed_set(&sealed, path, values);
    memcpy(text, sealed.bytes, sealed.n);
    seal_make(seal, sealed_text(&sealed, seal, parent), text + sealed.n);
    buf_add_char(out, '"');
    base64_add(out, text, sealed.n + SEAL_BYTES);
    buf_add_char(out, '"');
}

bool cursor_read(struct str text, const struct access_path *path, struct page *page,
                 struct cursor *ret)
{
    unsigned char bytes[PLACE_BYTES_MAX + SEAL_BYTES];
    size_t n;

    if (!base64_read(text, bytes, sizeof bytes, &n) || n != sealed_shown(path) + SEAL_BYTES ||
        get(bytes, MARK_BYTES) != path_mark(path))
        return false;
    for (uint32_t i = 0; i < path->n_order; i++)
        page->after[i] = (int64_t)get(bytes + MARK_BYTES + (size_t)i * NUMBER_BYTES, NUMBER_BYTES);
    memcpy(ret->seal, bytes + sealed_shown(path), SEAL_BYTES);
    page->has_after = true;
    return true;
}

bool cursor_fits(const struct cursor *c, const struct seal *seal, const struct access_path *path,
                 const struct key *parent, const struct page *page)
{
    struct sealed sealed;

    sealed_set(&sealed, path, page->after);
    return seal_fits(seal, sealed_text(&sealed, seal, parent), c->seal);
}
