/* db/array.h: one binary parameter that is an array, written element by element.
 *
 * Layer: db; includes base/ only. For statements whose shape is not made from a schema (db/append.h); those that are have
 * db/encode.h. The bytes are kept from use to use. */
#ifndef DB_ARRAY_H
#define DB_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/str.h"

struct array {
    struct buf bytes; /* the parameter, once array_end has run */
    uint32_t _oid, _n;
    bool _nulls;
    uint32_t _n_given; /* up to the last that is not null, */
    size_t _len_given; /* and the bytes to there */
};

/* `max_bytes`: what it may hold; an element that does not fit makes array_end fail. */
void array_init(struct array *a, size_t max_bytes);
void array_release(struct array *a);

/* Empties it. `oid`: of the elements (db/types.h). */
void array_begin(struct array *a, uint32_t oid);
/* Of bigint or timestamptz (microseconds since 2000). */
void array_add_number(struct array *a, int64_t n);
void array_add_bool(struct array *a, bool b);
/* Of text (valid UTF-8 without NUL: the caller sees to it) or bytea; ptr NULL: null. */
void array_add_bytes(struct array *a, struct str s);
/* Of jsonb, from the text of a JSON value; ptr NULL: null. */
void array_add_jsonb(struct array *a, struct str json);
/* Takes off the nulls at its end. Before array_end. */
void array_trim(struct array *a);
/* 0, or ERR_MEMORY. */
int array_end(struct array *a) MUSTCHECK;

#endif
