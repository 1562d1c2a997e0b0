/* server/viewers.h: who asked before: what verified tokens said, until they expire.
 *
 * Verifying a signature costs more than the rest of a request; a token that is known costs a hash and a comparison of all
 * its bytes. Only good tokens are kept, and who was not seen for longest goes first. One for each
 * worker; no clock: the caller brings one. */
#ifndef SERVER_VIEWERS_H
#define SERVER_VIEWERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct arena;
struct token;
struct viewer;
struct viewers;

/* ERR_MEMORY. `max_bytes`: of all that is kept. */
int viewers_new(struct viewers **ret, size_t max_bytes) MUSTCHECK;
void viewers_free(struct viewers *v); /* NULL is fine */

enum {
    VIEWERS_FOUND = 1
};

/* VIEWERS_FOUND: the texts of *ret (all but request_id, which is left alone) are copies in `arena`. 0: not known, or not to
 * be taken at this time. ERR_MEMORY. */
int viewers_find(struct viewers *v, struct str token, int64_t now_s, struct arena *arena,
                 struct viewer *ret) MUSTCHECK;
/* Keeps what a token that viewers_find does not have says; nothing happens when there is no memory. */
void viewers_keep(struct viewers *v, struct str token, const struct token *said);
/* The keys are others: whatever was verified before no longer counts. */
void viewers_forget(struct viewers *v);

size_t viewers_count(const struct viewers *v);

/* A viewer of what a token says, its texts in `arena`. ERR_MEMORY. */
int viewer_from_token(const struct token *said, struct arena *arena, struct viewer *ret) MUSTCHECK;

#endif
