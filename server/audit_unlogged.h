/* server/audit_unlogged.h: changes that were made and have no row in the record of every look.
 *
 * The row of a change comes behind its COMMIT, as the seal covers what was shown of it; so it is missing where the worker was
 * killed in between, the client had gone, or the record was out of reach. The database knows of the change all the same
 * (private.change_record, in its own transaction, db/functions/changes_unlogged.sql). What it gives becomes a row like others,
 * of the time of the change.
 *
 * One worker looks, every few seconds, over a connection of its own, since looking may take long when much was changed. Before it does it has
 * the log's index tidied, so that neither who adds a row nor who reads does. */
#ifndef SERVER_AUDIT_UNLOGGED_H
#define SERVER_AUDIT_UNLOGGED_H

#include <stdbool.h>

#include "base/macros.h"

struct audit_config;
struct audit_entry;
struct audit_unlogged;
struct uv_loop_s;

/* Of `config`, which is copied, it uses the connection string (which must outlive it), the patience and the note. found() runs on the loop for each
 * change, and has the entry from then on; only while may() says so is asked at all: rows that are late are not missing. 0 or ERR_MEMORY. */
int audit_unlogged_open(struct audit_unlogged **ret, struct uv_loop_s *loop,
                        const struct audit_config *config, bool (*may)(void *data),
                        void (*found)(void *data, struct audit_entry *e), void *data) MUSTCHECK;

/* No found() from here on; freed just before on_closed, which runs on a later turn. */
void audit_unlogged_close(struct audit_unlogged *u, void (*on_closed)(void *data), void *data);

#endif
