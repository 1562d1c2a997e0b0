/* db/types.c: see db/types.h. */
#include "db/types.h"

#include <stddef.h>

#include "base/macros.h"

/* date: days since 2000-01-01, from 4714-11-24 BC to 5874897-12-31; timestamptz: microseconds, up to
 * 294276-12-31. The infinities are the ends of the integers; what lies between them and the last
 * valid value is refused by PostgreSQL, and key_fits() in encode.c knows. */
static const struct pg_type types[] = {
    {OID_INT8, "bigint", 8, INT64_MIN, INT64_MAX},
    {OID_INT4, "integer", 4, INT32_MIN, INT32_MAX},
    {OID_INT2, "smallint", 2, INT16_MIN, INT16_MAX},
    {OID_DATE, "date", 4, -2451545, 2145031948},
    {OID_TIMESTAMPTZ, "timestamptz", 8, INT64_C(-211813488000000000), INT64_C(9223371331199999999)},
    {OID_BOOL, "boolean", 1, 0, 1},
    {OID_TEXT, "text", 0, 0, 0},
    {OID_VARCHAR, "varchar", 0, 0, 0},
    {OID_BPCHAR, "bpchar", 0, 0, 0},
};

static const struct pg_array arrays[] = {
    {OID_BOOL, 1000, "boolean[]"},
    {OID_INT2, 1005, "smallint[]"},
    {OID_INT4, 1007, "integer[]"},
    {OID_TEXT, 1009, "text[]"},
    {OID_BPCHAR, 1014, "bpchar[]"},
    {OID_VARCHAR, 1015, "varchar[]"},
    {OID_INT8, 1016, "bigint[]"},
    {OID_FLOAT4, 1021, "real[]"},
    {OID_FLOAT8, 1022, "double precision[]"},
    {OID_DATE, 1182, "date[]"},
    {OID_TIMESTAMPTZ, 1185, "timestamptz[]"},
};

const struct pg_type *pg_type_find(uint32_t oid)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].oid == oid)
            return &types[i];
    return NULL;
}

bool pg_type_is_text(uint32_t oid)
{
    return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR;
}

static bool is_integer(uint32_t oid)
{
    return oid == OID_INT2 || oid == OID_INT4 || oid == OID_INT8;
}

uint32_t pg_type_sent(enum codec codec, uint32_t oid)
{
    switch (codec) {
    case CODEC_KEY:
        return is_integer(oid) || oid == OID_DATE || oid == OID_TIMESTAMPTZ || pg_type_is_text(oid)
                   ? oid
                   : 0;
    case CODEC_ID:
        return is_integer(oid) || pg_type_is_text(oid) ? oid : OID_TEXT;
    case CODEC_STRING:
    case CODEC_ENUM:
        return pg_type_is_text(oid) ? oid : OID_TEXT;
    case CODEC_INT:
    case CODEC_FIXED:
        return is_integer(oid) ? oid : 0;
    case CODEC_FLOAT:
        if (oid == OID_NUMERIC)
            return OID_FLOAT8;
        return is_integer(oid) || oid == OID_FLOAT4 || oid == OID_FLOAT8 ? oid : 0;
    case CODEC_BOOLEAN:
        return oid == OID_BOOL ? oid : 0;
    case CODEC_DATE:
        return oid == OID_DATE ? oid : 0;
    case CODEC_TIMESTAMP:
        return oid == OID_TIMESTAMPTZ ? oid : 0;
    case CODEC_SIGNED:
    case CODEC_LINK:
        return pg_type_is_text(oid) ? oid : 0;
    }
    return 0;
}

const struct pg_array *pg_array_of(uint32_t element)
{
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++)
        if (arrays[i].element == element)
            return &arrays[i];
    return NULL;
}

uint32_t pg_type_of_cell(const struct column *column)
{
    uint32_t sent = pg_type_sent(column->codec, column->type_oid);
    const struct pg_array *array = column->lists ? pg_array_of(sent) : NULL;

    return array ? array->oid : sent;
}
