/* query/cursor.c: see query/cursor.h. */
#include "query/cursor.h"

#include "base/buf.h"
#include "base/hash.h"

enum {
    MARK_DIGITS = 8,
    NUMBER_DIGITS = 16
};

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

static void put_hex(struct buf *out, uint64_t n, unsigned digits)
{
    char text[NUMBER_DIGITS];
    for (unsigned i = digits; i-- > 0; n >>= 4)
        text[i] = "0123456789abcdef"[n & 15];
    buf_add(out, text, digits);
}

static bool get_hex(const char *p, unsigned digits, uint64_t *ret)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (p[i] >= '0' && p[i] <= '9')
            n = n << 4 | (uint64_t)(p[i] - '0');
        else if (p[i] >= 'a' && p[i] <= 'f')
            n = n << 4 | (uint64_t)(p[i] - 'a' + 10);
        else
            return false;
    }
    *ret = n;
    return true;
}

void cursor_write(struct buf *out, const struct access_path *path, const struct row *row)
{
    buf_add_char(out, '"');
    put_hex(out, path_mark(path), MARK_DIGITS);
    for (uint32_t i = 0; i < path->n_order; i++)
        put_hex(out, (uint64_t)row_number(row, path->order[i].cell), NUMBER_DIGITS);
    buf_add_char(out, '"');
}

bool cursor_read(struct str text, const struct access_path *path, struct page *page)
{
    uint64_t n;

    if (text.len != MARK_DIGITS + (size_t)path->n_order * NUMBER_DIGITS ||
        !get_hex(text.ptr, MARK_DIGITS, &n) || n != path_mark(path))
        return false;
    for (uint32_t i = 0; i < path->n_order; i++) {
        if (!get_hex(text.ptr + MARK_DIGITS + (size_t)i * NUMBER_DIGITS, NUMBER_DIGITS, &n))
            return false;
        page->after[i] = (int64_t)n;
    }
    page->has_after = true;
    return true;
}
