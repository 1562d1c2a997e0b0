/* db/decode.c: see db/decode.h. */
#include "db/decode.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "base/macros.h"
#include "db/types.h"

enum {
    ROW_BYTES_MAX = 64 << 20 /* one row; a text field of PostgreSQL may be longer */
};

void decode_init(struct decoder *d, struct issuer *issuer)
{
    *d = (struct decoder){._issuer = issuer};
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

/* A value that is no array: `sent` is its type. */
static int add_value(struct buf *b, const struct column *column, uint32_t sent, struct wire v)
{
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
    case CODEC_SIGNED:
    case CODEC_LINK:
        break; /* see issue_cell */
    }
    return ERR_DATA;
}

/* ---- arrays ---- */

struct array {
    uint32_t n; /* dimensions */
    uint32_t extent[ACCESS_LIST_MAX];
    uint32_t items; /* in all; 0: empty, whatever dimensions it has */
    uint32_t element;
};

static bool take_u32(struct wire *v, uint32_t *ret)
{
    if (v->len < sizeof *ret)
        return false;
    memcpy(ret, v->bytes, sizeof *ret);
    *ret = be32toh(*ret);
    v->bytes += sizeof *ret;
    v->len -= (uint32_t)sizeof *ret;
    return true;
}

/* What stands before the items. False: it is no array, or has not the bytes for its items. */
static bool take_head(struct wire *v, struct array *ret)
{
    uint32_t has_nulls, lower;
    uint64_t items = 1;

    if (!take_u32(v, &ret->n) || !take_u32(v, &has_nulls) || !take_u32(v, &ret->element) ||
        ret->n > ACCESS_LIST_MAX)
        return false;
    for (uint32_t i = 0; i < ret->n; i++) {
        if (!take_u32(v, &ret->extent[i]) || !take_u32(v, &lower))
            return false;
        items *= ret->extent[i];
        if (items > v->len / sizeof(uint32_t)) /* each has its length before it */
            return false;
    }
    ret->items = ret->n ? (uint32_t)items : 0;
    return true;
}

static int add_item(struct buf *b, const struct column *column, uint32_t sent, struct wire *v)
{
    struct wire item = {0};

    if (!take_u32(v, &item.len))
        return ERR_DATA;
    if (item.len == UINT32_MAX) {
        buf_add(b, "null", 4);
        return 0;
    }
    if (item.len > v->len)
        return ERR_DATA;
    item.bytes = v->bytes;
    v->bytes += item.len;
    v->len -= item.len;
    return add_value(b, column, sent, item);
}

/* A bracket for each list that begins before item `i` (or ends behind item `i` - 1). */
static void add_brackets(struct buf *b, const struct array *a, uint32_t i, char bracket)
{
    uint64_t of_list = 1;

    for (uint32_t d = a->n; d-- > 0;) {
        of_list *= a->extent[d];
        if (i % of_list != 0)
            break; /* then it is the edge of no wider list either */
        buf_add_char(b, bracket);
    }
}

static int add_array(struct buf *b, const struct column *column, uint32_t sent, struct wire v)
{
    struct array a;

    if (!take_head(&v, &a) || a.element != sent)
        return ERR_DATA;
    if (a.items > 0 && a.n != column->lists)
        return ERR_DATA;
    if (a.items == 0)
        buf_add(b, "[]", 2);
    for (uint32_t i = 0; i < a.items; i++) {
        int rc;
        if (i > 0)
            buf_add_char(b, ',');
        add_brackets(b, &a, i, '[');
        rc = add_item(b, column, sent, &v);
        if (rc < 0)
            return rc;
        add_brackets(b, &a, i + 1, ']');
    }
    return v.len == 0 ? 0 : ERR_DATA;
}

int decode_cell(struct buf *b, const struct column *column, struct wire v)
{
    uint32_t sent = pg_type_sent(column->codec, column->type_oid);

    return column->lists ? add_array(b, column, sent, v) : add_value(b, column, sent, v);
}

/* ---- rows ---- */

static void tell_fault(struct decoder *d, const struct column *column, struct wire v, int rc)
{
    struct array a;
    int n = snprintf(d->fault, sizeof d->fault, "%s %.*s ",
                     column->computed ? "function" : "column", (int)MIN(column->name.len, 64u),
                     column->name.ptr);

    if (!v.bytes)
        snprintf(d->fault + n, sizeof d->fault - (size_t)n,
                 "is null, but its field (line %d of the schema) never is", column->line);
    else if (rc == ERR_CONFIG)
        snprintf(d->fault + n, sizeof d->fault - (size_t)n,
                 "can't be issued: this server was given nothing for it (line %d of the schema)",
                 column->line);
    else if (column->lists && take_head(&v, &a) && a.items > 0 && a.n != column->lists)
        snprintf(d->fault + n, sizeof d->fault - (size_t)n,
                 "holds a %u-dimensional array, its field (line %d of the schema) takes %u "
                 "dimensions",
                 a.n, column->line, column->lists);
    else
        snprintf(d->fault + n, sizeof d->fault - (size_t)n,
                 "holds what its field (line %d of the schema) can't show", column->line);
}

static int issue_cell(struct decoder *d, const struct column *column, struct wire v)
{
    int rc = ERR_CONFIG;

    buf_add_char(&d->_b, '"');
    if (d->_issuer)
        rc = d->_issuer->issue(d->_issuer, column->codec, (struct str){v.bytes, v.len}, &d->_b);
    buf_add_char(&d->_b, '"');
    return rc;
}

/* Of a table a required column is NOT NULL; of a view or a composite type nobody but the row can tell. */
static int take_cell(struct decoder *d, const struct table *table, uint32_t i, struct wire v)
{
    const struct column *column = &table->columns[i];

    if (v.bytes && codec_is_issued(column->codec))
        return issue_cell(d, column, v);
    if (v.bytes)
        return decode_cell(&d->_b, column, v);
    return (table->view || table->rowless) && column->required && !column->computed ? ERR_DATA : 0;
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
        *ret_rc = take_cell(d, table, i, values[i]);
        if (*ret_rc < 0) {
            tell_fault(d, &table->columns[i], values[i], *ret_rc);
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
