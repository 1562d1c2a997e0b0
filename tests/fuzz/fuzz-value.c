/* tests/fuzz/fuzz-value.c: any bytes as a value out of Redis: as they are, and with a head and a seal put right
 * over them, so that the rows themselves are looked at. What is taken for a value can be read to its end. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "cache/value.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum {
    UNIT = 1,
    NAME = 2,
    SEED = 3
};

static volatile size_t bytes_read; /* so that they are read at all */

static void read_rows(const struct buf *b, uint32_t n_columns)
{
    struct arena arena;
    struct slice slice;
    size_t at = 0, sum = 0;
    uint32_t n = 0;

    arena_init(&arena, 1 << 20);
    if (!value_get_rows(b->ptr, b->len, value_head(b->ptr)->n_rows, &arena, &slice))
        abort();
    for (const struct row *r; (r = value_next_row(b->ptr, b->len, &at)); n++) {
        if (r->n != n_columns || memcmp(r, slice.rows[n], r->size) != 0)
            abort();
        for (uint32_t i = 0; i < n_columns; i++)
            for (size_t k = 0; k < row_cell(r, i).len; k++)
                sum += (unsigned char)row_cell(r, i).ptr[k];
    }
    bytes_read += sum;
    if (n != slice.n)
        abort();
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct value_head head;
    struct buf b;
    struct key key;

    if (hash_start() < 0)
        abort();
    buf_init(&b, 0);
    buf_add(&b, data, size);
    if (size && value_check(b.ptr, b.len, VALUE_ROWS, UNIT, NAME, 3, SEED))
        read_rows(&b, 3);
    if (size >= sizeof head) {
        memcpy(&head, b.ptr, sizeof head);
        head.magic = VALUE_MAGIC;
        head.unit = UNIT;
        head.name = NAME;
        memcpy(b.ptr, &head, sizeof head);
        value_seal(&b, 0, SEED);
        for (uint32_t n = 1; n <= 3; n++)
            if (value_check(b.ptr, b.len, VALUE_ROWS, UNIT, NAME, n, SEED))
                read_rows(&b, n);
        if (value_check(b.ptr, b.len, VALUE_ALIAS, UNIT, NAME, 0, SEED) &&
            (!value_get_alias(b.ptr, b.len, &key) || key.text.len > VALUE_TEXT_MAX))
            abort();
    }
    buf_release(&b);
    return 0;
}
