/* db/follow_priv.h: what the two files behind db/follow.h share: follow.c (the stream, step by step) and follow_sql.c
 * (what is said to the server). Layer: db. */
#ifndef DB_FOLLOW_PRIV_H
#define DB_FOLLOW_PRIV_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "db/follow.h"

/* Settings of the session that the stream comes on: a reader that is gone is noticed, and a transaction beyond 16 MB
 * waits on the server's disk for its end. */
#define FOLLOW_SETTINGS                                                                            \
    "-c wal_sender_timeout=20s -c logical_decoding_work_mem=16MB -c statement_timeout=0 "          \
    "-c lock_timeout=0"

/* A name for a slot that nobody else has. */
enum {
    FOLLOW_SLOT_MAX = 48
};
int follow_slot_name(char ret[FOLLOW_SLOT_MAX]) MUSTCHECK;

/* Commands, with a NUL behind them; false: out of memory. The first gives a row with the name of a table that the
 * publication lacks, if there is one. */
bool follow_sql_check(struct buf *b, PGconn *pg, const struct follow_config *config);
bool follow_sql_create(struct buf *b, const char *slot);
bool follow_sql_start(struct buf *b, PGconn *pg, const char *slot, const char *publication);

/* "Standby status update": so far it has come; `reply`: the server is to say where it is. */
enum {
    FOLLOW_STATUS_BYTES = 34
};
void follow_status(char ret[FOLLOW_STATUS_BYTES], uint64_t position, bool reply);

#endif
