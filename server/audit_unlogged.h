/* server/audit_unlogged.h: changes that were made and have no row in the record of every look.
 *
 * The row of a change comes behind its COMMIT, as the seal covers what was shown of it; so it is missing where the worker was
 * killed in between, the client had gone, or the record was out of reach. The database knows of the change all the same
 * (private.change_record, in its own transaction, db/functions/changes_unlogged.sql). What it gives becomes a row like others,
 * of the time of the change. */
#ifndef SERVER_AUDIT_UNLOGGED_H
#define SERVER_AUDIT_UNLOGGED_H

#include <stddef.h>
#include <stdint.h>

struct append_task;
struct list;

/* Inside done() of that statement: adds an entry (server/audit_entry.h) to the end of `entries` for each row that it gave, and its size to
 * `bytes`, and returns how many. What there is no memory for is given again later; a question that was refused is noted. */
uint32_t audit_unlogged_read(const struct append_task *task, uint64_t now_ms,
                             void (*note)(const char *why), struct list *entries, size_t *bytes);

#endif
