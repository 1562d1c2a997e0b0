/* server/notes.h: what the log says of parts that come and go, and of answers that failed by our fault.
 *
 * Layer: server. Lines have no personal data: the words come from the parts, never from requests or rows. */
#ifndef SERVER_NOTES_H
#define SERVER_NOTES_H

#include <stdbool.h>

#include "base/str.h"

/* Why a connection to the database was lost, or can't be made. */
void note_database(const char *why);
/* The same of the access log's. */
void note_audit(const char *why);
/* Redis answers, or it does not (also when it never did). */
void note_redis(bool up);
/* An answer went out with the error `code`, a failure of ours, and this request id. At most ten lines a second of a process; the first line of a
 * later second says how many were left out. */
void note_failure(struct str request_id, int code);

#endif
