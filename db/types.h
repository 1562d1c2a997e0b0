/* db/types.h: the PostgreSQL types that this program can read, compare with and write.
 *
 * Layer: db; includes base/ only. One table says for each type what its arrays are called in SQL,
 * how wide its binary form is and which integers fit. Everything else about types follows from it:
 * statement.c asks for names and casts, encode.c for widths and ranges, decode.c for what arrives. */
#ifndef DB_TYPES_H
#define DB_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"

/* Fixed by PostgreSQL's catalog (src/include/catalog/pg_type.dat); they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_DATE = 1082,
    OID_TIMESTAMPTZ = 1184,
    OID_NUMERIC = 1700,
    OID_JSONB = 3802
};

/* A type whose values can be keys, cursors and filters. */
struct pg_type {
    uint32_t oid;
    const char *name; /* in SQL */
    uint8_t width;    /* bytes of its binary form; 0: text */
    int64_t min, max; /* the integers that stand for a value of it, infinities included */
};

/* NULL: not a type that keys can have. */
const struct pg_type *pg_type_find(uint32_t oid);

/* Text, varchar or char(n): sent and received as their bytes. */
bool pg_type_is_text(uint32_t oid);

/* The type that a column of type `oid` arrives as in a cell of `codec`: `oid` itself, or what the
 * statement has to cast it to (OID_TEXT, OID_FLOAT8). 0: that codec can't come from that type. */
uint32_t pg_type_sent(enum codec codec, uint32_t oid);

/* An array type of a binary form that this program can read. */
struct pg_array {
    uint32_t element, oid;
    const char *name; /* in SQL */
};

/* The array of what pg_type_sent gives; NULL: there is none. */
const struct pg_array *pg_array_of(uint32_t element);

/* The type that a column which db_check passed arrives as, arrays included. */
uint32_t pg_type_of_cell(const struct column *column);

#endif
