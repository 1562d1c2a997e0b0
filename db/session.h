/* db/session.h: a connection of a command that changes something: one statement after another, with the command free to do
 * something else while one runs.
 *
 * Layer: db. Blocking: for commands, never on the loop. Each statement is a transaction of its own, unless one
 * of them is BEGIN. */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"
#include "db/pg_fault.h"

struct err;
struct session;

/* ptr NULL: null. */
struct session_param {
    struct str value;
    bool binary; /* PostgreSQL's binary form (db/array.h); else text, with a NUL behind it */
};

enum {
    SESSION_PARAMS_MAX = 8
};

/* Connects. ERR_CONFIG, ERR_DATABASE, ERR_MEMORY. */
int session_open(struct session **ret, const char *conninfo, const char *settings,
                 struct err *reterr) MUSTCHECK;
void session_close(
    struct session *s); /* NULL is fine; what runs is left to the server, which undoes it */

/* Hands the statement over, all of it, and returns while it runs; the values are of no more use then. ERR_DATABASE: the connection is
 * gone. session_wait must follow before the next. */
int session_send(struct session *s, const char *sql, uint32_t n_params,
                 const struct session_param *params, struct err *reterr) MUSTCHECK;
/* Waits for its end. 0: its rows are there until the next session_send. ERR_DATABASE: session_fault says of what sort, and
 * `*reterr` has the sentence of a function that refuses (PG_RULE), libpq's of a lost connection, and else one that names
 * the SQLSTATE and the table and constraint, but repeats nothing of PostgreSQL's words, which may quote a record. */
int session_wait(struct session *s, struct err *reterr) MUSTCHECK;
/* Both, one after the other. */
int session_run(struct session *s, const char *sql, uint32_t n_params,
                const struct session_param *params, struct err *reterr) MUSTCHECK;

/* Of the statement that session_wait was called for last. */
enum pg_fault session_fault(const struct session *s);

/* Its rows. A text in PostgreSQL's text form, with a NUL behind it, empty when it is null. */
uint32_t session_rows(const struct session *s);
const char *session_text(const struct session *s, uint32_t row, uint32_t column);

#endif
