/* db/array.c: see db/array.h; db/encode.c has the format. */
#include "db/array.h"

#include <endian.h>

#include "base/err.h"

struct head {
    uint32_t dimensions, nulls, oid, length, lower;
};

static void put32(struct buf *b, uint32_t n)
{
    n = htobe32(n);
    buf_add(b, &n, sizeof n);
}

void array_init(struct array *a, size_t max_bytes)
{
    *a = (struct array){0};
    buf_init(&a->bytes, max_bytes);
}

void array_release(struct array *a)
{
    buf_release(&a->bytes);
}

void array_begin(struct array *a, uint32_t oid)
{
    static const struct head empty;

    buf_clear(&a->bytes);
    buf_add(&a->bytes, &empty, sizeof empty); /* written by array_end */
    a->_oid = oid;
    a->_n = a->_n_given = 0;
    a->_nulls = false;
}

static void added(struct array *a, bool null)
{
    a->_n++;
    a->_nulls |= null;
    if (!null) {
        a->_n_given = a->_n;
        a->_len_given = a->bytes.len;
    }
}

void array_add_number(struct array *a, int64_t n)
{
    uint64_t big = htobe64((uint64_t)n);

    put32(&a->bytes, sizeof big);
    buf_add(&a->bytes, &big, sizeof big);
    added(a, false);
}

void array_add_bool(struct array *a, bool b)
{
    put32(&a->bytes, 1);
    buf_add_char(&a->bytes, (char)b);
    added(a, false);
}

void array_add_bytes(struct array *a, struct str s)
{
    put32(&a->bytes, s.ptr ? (uint32_t)s.len : UINT32_MAX);
    if (s.ptr)
        buf_add_str(&a->bytes, s);
    added(a, !s.ptr);
}

void array_add_jsonb(struct array *a, struct str json)
{
    enum {
        VERSION = 1 /* of jsonb's binary form: the text follows */
    };

    put32(&a->bytes, json.ptr ? (uint32_t)json.len + 1 : UINT32_MAX);
    if (json.ptr) {
        buf_add_char(&a->bytes, VERSION);
        buf_add_str(&a->bytes, json);
    }
    added(a, !json.ptr);
}

void array_trim(struct array *a)
{
    if (a->_n_given < a->_n && !a->bytes.failed)
        a->bytes.len = a->_n_given ? a->_len_given : sizeof(struct head);
    a->_n = a->_n_given;
}

int array_end(struct array *a)
{
    /* An array without elements has no dimension. */
    struct head head = {htobe32(a->_n > 0), htobe32(a->_nulls), htobe32(a->_oid), htobe32(a->_n),
                        htobe32(1)};

    if (a->bytes.failed)
        return ERR_MEMORY;
    memcpy(a->bytes.ptr, &head, sizeof head);
    if (a->_n == 0)
        a->bytes.len = offsetof(struct head, length);
    return 0;
}
