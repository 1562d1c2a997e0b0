/* db/decode.c: see db/decode.h. */
#include "db/decode.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "db/types.h"

enum {
    ROW_BYTES_MAX = 64 << 20 /* one row; a text field of PostgreSQL may be longer */
};

void decode_init(struct decoder *d)
{
    buf_init(&d->_b, ROW_BYTES_MAX);
}

void decode_release(struct decoder *d)
{
    buf_release(&d->_b);
}

/* False when the length is none that the integer types have. */
static bool get_integer(struct wire v, int64_t *ret)
{
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;

    switch (v.len) {
    case 8:
        memcpy(&u64, v.bytes, 8);
        *ret = (int64_t)be64toh(u64);
        return true;
    case 4:
        memcpy(&u32, v.bytes, 4);
        *ret = (int32_t)be32toh(u32);
        return true;
    case 2:
        memcpy(&u16, v.bytes, 2);
        *ret = (int16_t)be16toh(u16);
        return true;
    default:
        return false;
    }
}

static int add_float(struct buf *b, uint32_t sent, struct wire v)
{
    int64_t n;
    double d;

    if (!get_integer(v, &n))
        return ERR_DATA;
    if (sent == OID_FLOAT8 && v.len == 8) {
        memcpy(&d, &n, sizeof d);
    } else if (sent == OID_FLOAT4 && v.len == 4) {
        int32_t bits = (int32_t)n;
        float f;
        char text[32];
        memcpy(&f, &bits, sizeof f);
        if (!isfinite(f))
            return ERR_DATA;
        /* The shortest text that reads back the same float, not the double that it widens to. */
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, (double)f);
            if (strtof(text, NULL) == f)
                break;
        }
        buf_add_z(b, text);
        return 0;
    } else {
        buf_add_int(b, n);
        return 0;
    }
    if (!isfinite(d))
        return ERR_DATA;
    json_add_double(b, d);
    return 0;
}

static int add_enum(struct buf *b, const struct column *column, struct str s)
{
    for (uint32_t i = 0; i < column->n_values; i++) {
        if (str_eq(column->values[i].stored, s)) {
            buf_add_str(b, column->values[i].json);
            return 0;
        }
    }
    return ERR_DATA;
}

/* Dates and times outside what their text form can say are data errors, not nulls. */
static int add_time(struct buf *b, enum codec codec, int64_t n)
{
    size_t before = b->len;

    if (codec == CODEC_DATE)
        json_add_date(b, (int32_t)n);
    else
        json_add_timestamp(b, n);
    if (!b->failed && b->ptr[before] != '"')
        return ERR_DATA;
    return 0;
}

int decode_cell(struct buf *b, const struct column *column, struct wire v)
{
    uint32_t sent = pg_type_sent(column->codec, column->type_oid);
    struct str text = {v.bytes, v.len};
    int64_t n = 0;

    if (!pg_type_is_text(sent) && column->codec != CODEC_BOOLEAN && !get_integer(v, &n))
        return ERR_DATA;
    switch (column->codec) {
    case CODEC_KEY:
        if (pg_type_is_text(sent))
            buf_add_str(b, text);
        else
            buf_add(b, &n, sizeof n);
        return 0;
    case CODEC_ID:
        if (pg_type_is_text(sent))
            json_add_string(b, text);
        else
            json_add_fixed(b, n, 0);
        return 0;
    case CODEC_STRING:
        json_add_string(b, text);
        return 0;
    case CODEC_INT:
        if (n < INT32_MIN || n > INT32_MAX)
            return ERR_DATA;
        buf_add_int(b, n);
        return 0;
    case CODEC_FLOAT:
        return add_float(b, sent, v);
    case CODEC_BOOLEAN:
        if (v.len != 1)
            return ERR_DATA;
        buf_add_z(b, v.bytes[0] ? "true" : "false");
        return 0;
    case CODEC_DATE:
    case CODEC_TIMESTAMP:
        return add_time(b, column->codec, n);
    case CODEC_FIXED:
        json_add_fixed(b, n, column->scale);
        return 0;
    case CODEC_ENUM:
        return add_enum(b, column, text);
    }
    return ERR_DATA;
}

const struct row *decode_row(struct decoder *d, const struct table *table,
                             const struct wire *values, int *ret_rc)
{
    size_t head = sizeof(struct row) + table->n_columns * sizeof(uint32_t);
    uint32_t end[ACCESS_COLUMN_MAX];
    struct buf *b = &d->_b;
    struct row *row;

    buf_clear(b);
    if (!buf_reserve(b, head))
        goto no_memory;
    b->len = head;
    for (uint32_t i = 0; i < table->n_columns; i++) {
        if (values[i].bytes) {
            *ret_rc = decode_cell(b, &table->columns[i], values[i]);
            if (*ret_rc < 0)
                return NULL;
        }
        end[i] = (uint32_t)(b->len - head) | (values[i].bytes ? 0 : ROW_NULL);
    }
    if (b->failed)
        goto no_memory;
    row = (struct row *)(void *)b->ptr;
    row->size = (uint32_t)b->len;
    row->n = table->n_columns;
    memcpy(row->end, end, table->n_columns * sizeof end[0]);
    return row;
no_memory:
    *ret_rc = ERR_MEMORY;
    return NULL;
}
