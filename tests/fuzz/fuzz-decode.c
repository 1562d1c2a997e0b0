/* tests/fuzz/fuzz-decode.c: any bytes as one value from the database, of every codec, alone and as an array: what is
 * not refused is JSON, lists in lists of the promised depth. The first byte says which. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/decode.h"
#include "db/types.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct enum_value values[] = {
    {{"a", 1}, {"\"ALPHA\"", 7}},
    {{"b", 1}, {"\"BETA\"", 6}},
};

static const struct column columns[] = {
    {.codec = CODEC_INT, .type_oid = OID_INT4},
    {.codec = CODEC_ID, .type_oid = OID_INT8},
    {.codec = CODEC_STRING, .type_oid = OID_TEXT},
    {.codec = CODEC_FLOAT, .type_oid = OID_FLOAT8},
    {.codec = CODEC_FLOAT, .type_oid = OID_FLOAT4},
    {.codec = CODEC_BOOLEAN, .type_oid = OID_BOOL},
    {.codec = CODEC_DATE, .type_oid = OID_DATE},
    {.codec = CODEC_TIMESTAMP, .type_oid = OID_TIMESTAMPTZ},
    {.codec = CODEC_FIXED, .type_oid = OID_INT8, .scale = 2},
    {.codec = CODEC_ENUM, .type_oid = OID_TEXT, .values = values, .n_values = 2},
};

/* Lists all the way down to depth `lists`, but where one is empty. */
static void check_depth(const json_t *json, unsigned lists)
{
    const json_t *item;
    size_t i;

    if (json_is_array(json) != (lists > 0))
        abort();
    if (lists > 0)
        json_array_foreach(json, i, item) check_depth(item, lists - 1);
}

static void decode(const struct column *column, struct wire value)
{
    struct buf b;

    buf_init(&b, 0);
    if (decode_cell(&b, column, value) == 0) {
        json_t *json = json_loadb(b.ptr, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (!json)
            abort();
        check_depth(json, column->lists);
        json_decref(json);
    }
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct column column;
    struct wire value;
    char *bytes;

    if (size < 1)
        return 0;
    bytes = malloc(size); /* of just this size, so that the sanitizer sees its end */
    if (!bytes)
        return 0;
    memcpy(bytes, data + 1, size - 1);
    column = columns[data[0] % ARRAY_LEN(columns)];
    column.lists = (uint8_t)(data[0] / ARRAY_LEN(columns) % (ACCESS_LIST_MAX + 1));
    value = (struct wire){bytes, (uint32_t)size - 1};
    decode(&column, value);
    if (column.lists && value.len >= 12) { /* with the right type in its head */
        uint32_t element = pg_type_sent(column.codec, column.type_oid);
        for (int i = 0; i < 4; i++)
            bytes[8 + i] = (char)(element >> (24 - 8 * i));
        decode(&column, value);
    }
    free(bytes);
    return 0;
}
