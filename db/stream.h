/* db/stream.h: the rows of one query, one at a time, however many they are.
 *
 * Layer: db. Blocking, with memory for one row: for commands, never on the loop. */
#ifndef DB_STREAM_H
#define DB_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct err;
struct stream;

/* Connects and starts `sql`, whose parameters are texts (NULL: null). ERR_CONFIG, ERR_DATABASE, ERR_MEMORY. */
int stream_open(struct stream **ret, const char *conninfo, const char *sql, uint32_t n_params,
                const char *const *params, struct err *reterr) MUSTCHECK;
/* 1: there is a row; 0: there are no more; ERR_DATABASE. */
int stream_next(struct stream *s, struct err *reterr) MUSTCHECK;
void stream_close(struct stream *s); /* NULL is fine */

/* Of the row that is there, until the next: the bytes of a text or bytea (ptr NULL: null); a bigint or a timestamptz
 * (microseconds since 2000), 0 when it is null; a boolean. */
struct str stream_bytes(const struct stream *s, int column);
int64_t stream_number(const struct stream *s, int column);
bool stream_bool(const struct stream *s, int column);

#endif
