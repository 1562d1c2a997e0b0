/* db/conninfo.h: a connection string, with the settings that every connection of ours needs added.
 *
 * Layer: db. What the user wrote wins where libpq lets it: his `options` come after ours. The
 * string may hold a password, so no message made here repeats any part of it. */
#ifndef DB_CONNINFO_H
#define DB_CONNINFO_H

#include <stdint.h>

#include "base/macros.h"

struct err;

/* Settings of a session that reads by prepared statements: one generic plan for each, index scans
 * only. Without them plans flip with the table's size and with the number of keys. */
#define CONNINFO_READ_SETTINGS                                                                     \
    "-c plan_cache_mode=force_generic_plan -c jit=off -c random_page_cost=1.1 "                    \
    "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_memoize=off "                        \
    "-c max_parallel_workers_per_gather=0 -c default_transaction_read_only=on"

/* Settings of a session that changes something: one plan for each function's statements, and whoever locks rows for long
 * is not waited for (lock_timeout, which the caller adds). */
#define CONNINFO_WRITE_SETTINGS                                                                    \
    "-c plan_cache_mode=force_generic_plan -c jit=off -c random_page_cost=1.1 "                    \
    "-c max_parallel_workers_per_gather=0"

/* Settings of a session that adds rows which must be safe when it says so, whatever the cluster's default is. */
#define CONNINFO_APPEND_SETTINGS                                                                   \
    "-c plan_cache_mode=force_generic_plan -c jit=off -c synchronous_commit=on"

/* What stands in a session's name behind that of the program: the number of the process, and of the server among all on this database,
 * since processes of different machines and containers have the same numbers. */
#define CONNINFO_WRITER " writer %ld %08x"

/* Arrays for PQconnectStartParams and PQconnectdbParams; all memory is the object's own. */
struct conninfo {
    const char **keywords, **values; /* NULL-terminated */
    void *_parsed;                   /* PQconninfoOption * */
    char *_options;
    char _name[64]; /* NAMEDATALEN: PostgreSQL keeps no more */
};

/* Parses `text` (libpq's form or a URI) and adds `settings` (as for PGOPTIONS).
 * ERR_CONFIG: not a connection string; ERR_MEMORY. Then there is nothing to release. */
int conninfo_init(struct conninfo *c, const char *text, const char *settings,
                  struct err *reterr) MUSTCHECK;
/* Once: adds to the session's name which process changes something there, so that others can ask for it (db/departed.h). */
void conninfo_name_writer(struct conninfo *c, long pid, uint32_t instance);
/* Once: the session is one that changes of its database are streamed to. */
void conninfo_set_replication(struct conninfo *c);
void conninfo_release(struct conninfo *c);

/* Whether libpq could connect with `text`, as far as that can be told without trying. ERR_CONFIG: it could not; the reason
 * begins with `flag`, which is where `text` came from. */
int conninfo_check(const char *text, const char *flag, struct err *reterr) MUSTCHECK;

/* Connects and waits (10 s, unless the text says otherwise). 0: `*ret_conn` is a PGconn in
 * CONNECTION_OK, which the caller ends with PQfinish. ERR_CONFIG, ERR_MEMORY, or ERR_DATABASE with
 * libpq's reason. For start-up and the command line only. */
int conninfo_connect(void **ret_conn, const char *text, const char *settings,
                     struct err *reterr) MUSTCHECK;

#endif
