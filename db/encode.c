/* db/encode.c: see db/encode.h.
 *
 * A one-dimensional array on the wire (array_recv): int32 dimensions (1), int32 has-nulls, int32
 * element type, int32 length, int32 lower bound (1), then each element as int32 size (-1: null) and
 * its bytes. All integers are big-endian. */
#include "db/encode.h"

#include <endian.h>
#include <limits.h>

#include "base/err.h"
#include "base/json.h"
#include "db/types.h"

enum {
    ARRAY_HEAD = 20,
    /* Longer than what a B-tree holds after compression of any real text; keeps a batch small. */
    TEXT_MAX = 64 << 10,
    PARAM_BYTES_MAX = 1 << 28
};

static void put32(struct buf *b, uint32_t n)
{
    n = htobe32(n);
    buf_add(b, &n, sizeof n);
}

void encode_init(struct encoder *e)
{
    *e = (struct encoder){0};
    for (int i = 0; i < PARAM_MAX; i++) {
        buf_init(&e->_param[i], PARAM_BYTES_MAX);
        e->formats[i] = 1;
    }
}

void encode_release(struct encoder *e)
{
    for (int i = 0; i < PARAM_MAX; i++)
        buf_release(&e->_param[i]);
}

static bool number_fits(const struct pg_type *type, int64_t n)
{
    if (type->oid == OID_DATE && (n == INT32_MIN || n == INT32_MAX))
        return true; /* the infinities */
    if (type->oid == OID_TIMESTAMPTZ && (n == INT64_MIN || n == INT64_MAX))
        return true;
    return n >= type->min && n <= type->max;
}

static bool text_fits(struct str s)
{
    return s.len <= TEXT_MAX && (s.len == 0 || !memchr(s.ptr, 0, s.len)) && utf8_valid(s);
}

bool encode_matchable(const struct access_path *path, const struct key *key,
                      const struct page *page)
{
    if (path->key_is_text && !text_fits(key->text))
        return false;
    for (uint32_t i = path->key_is_text; i < path->n_columns; i++) {
        const struct pg_type *type = pg_type_find(path->key_oid[i]);
        if (!type || !number_fits(type, key->part[i]))
            return false;
    }
    for (uint32_t i = 0; page && i < path->n_filter; i++) {
        const struct filter_value *f = &page->filter[i];
        const struct pg_type *type;
        if (!f->set)
            continue;
        if (path->filter[i].is_text) {
            if (!text_fits(f->text))
                return false;
            continue;
        }
        type = pg_type_find(path->filter[i].type_oid);
        if (!type || !number_fits(type, f->number))
            return false;
    }
    return true;
}

/* A bound for the cursor: nearest value that the type has, for those that somebody made up. */
static int64_t clamp(const struct pg_type *type, int64_t n)
{
    if (number_fits(type, n))
        return n;
    return n < type->min ? type->min : type->max;
}

/* What lies before (descending: behind) every row. */
static int64_t no_bound(const struct pg_type *type, bool descending)
{
    if (type->oid == OID_DATE)
        return descending ? INT32_MAX : INT32_MIN;
    if (type->oid == OID_TIMESTAMPTZ)
        return descending ? INT64_MAX : INT64_MIN;
    return descending ? type->max : type->min;
}

static void put_number(struct buf *b, const struct pg_type *type, int64_t n)
{
    put32(b, type->width);
    if (type->width == 8) {
        uint64_t big = htobe64((uint64_t)n);
        buf_add(b, &big, sizeof big);
    } else if (type->width == 4) {
        put32(b, (uint32_t)n);
    } else if (type->width == 2) {
        uint16_t big = htobe16((uint16_t)n);
        buf_add(b, &big, sizeof big);
    } else {
        buf_add_char(b, (char)n);
    }
}

static void put_text(struct buf *b, struct str s)
{
    put32(b, (uint32_t)s.len);
    buf_add_str(b, s);
}

/* Null where `s` has no bytes at all. */
static void put_optional(struct encoder *e, uint32_t i, struct str s)
{
    e->_nulls[i] |= !s.ptr;
    if (s.ptr)
        put_text(&e->_param[i], s);
    else
        put32(&e->_param[i], UINT32_MAX);
}

void encode_begin(struct encoder *e, const struct statement *s)
{
    static const char head[ARRAY_HEAD];

    e->_s = s;
    e->_n = 0;
    for (uint32_t i = 0; i < s->n_params; i++) {
        buf_clear(&e->_param[i]);
        buf_add(&e->_param[i], head, sizeof head); /* written by encode_end */
        e->_nulls[i] = false;
    }
}

void encode_key(struct encoder *e, const struct key *key, const struct page *page)
{
    const struct statement *s = e->_s;

    e->_n++;
    for (uint32_t i = 0; i < s->n_params; i++) {
        const struct param *p = &s->params[i];
        const struct pg_type *type = pg_type_find(p->oid);
        struct buf *b = &e->_param[i];

        switch (p->kind) {
        case PARAM_KEY:
            if (type->width == 0)
                put_text(b, key->text);
            else
                put_number(b, type, key->part[p->index]);
            break;
        case PARAM_LIMIT:
            put_number(b, type, MIN(page->limit, (uint32_t)INT32_MAX));
            break;
        case PARAM_AFTER:
            put_number(b, type,
                       page->has_after ? clamp(type, page->after[p->index])
                                       : no_bound(type, s->path->order[p->index].descending));
            break;
        case PARAM_FILTER:
            if (!page->filter[p->index].set && s->path->filter[p->index].of_order) {
                put_number(b, type,
                           no_bound(type, s->path->filter[p->index].compare == COMPARE_AT_MOST));
            } else if (!page->filter[p->index].set) {
                e->_nulls[i] = true;
                put32(b, UINT32_MAX);
            } else if (type->width == 0) {
                put_text(b, page->filter[p->index].text);
            } else {
                put_number(b, type, page->filter[p->index].number);
            }
            break;
        case PARAM_KINDS:
            put_optional(e, i, key->kinds);
            break;
        case PARAM_LEFT_OUT:
            put_optional(e, i, key->left_out);
            break;
        case PARAM_SCAN_KEY:
        case PARAM_SCAN_LIMIT:
            break; /* not of an array: encode_scan */
        }
    }
}

static int set_values(struct encoder *e)
{
    for (uint32_t i = 0; i < e->_s->n_params; i++) {
        if (e->_param[i].failed)
            return ERR_MEMORY;
        e->values[i] = e->_param[i].ptr;
        e->lengths[i] = (int)e->_param[i].len;
    }
    return 0;
}

int encode_end(struct encoder *e)
{
    for (uint32_t i = 0; i < e->_s->n_params; i++) {
        uint32_t head[ARRAY_HEAD / 4] = {htobe32(1), htobe32(e->_nulls[i]),
                                         htobe32(e->_s->params[i].oid), htobe32(e->_n), htobe32(1)};
        if (!e->_param[i].failed)
            memcpy(e->_param[i].ptr, head, sizeof head);
    }
    return set_values(e);
}

size_t encode_size(const struct encoder *e)
{
    size_t n = 0;
    for (uint32_t i = 0; i < e->_s->n_params; i++)
        n += e->_param[i].len;
    return n;
}

int encode_scan(struct encoder *e, const struct statement *s, const struct wire *last,
                uint32_t limit)
{
    e->_s = s;
    for (uint32_t i = 0; i < s->n_params; i++) {
        const struct param *p = &s->params[i];
        struct buf *b = &e->_param[i];

        buf_clear(b);
        if (p->kind == PARAM_SCAN_LIMIT) {
            put32(b, limit);
        } else {
            /* An empty text is a value all the same, so it needs an address. */
            if (!buf_reserve(b, 1))
                return ERR_MEMORY;
            buf_add(b, last[p->index].bytes, last[p->index].len);
        }
    }
    return set_values(e);
}
