/* server/audit_heads.h: heads of chains, written down where the database can't reach: one file for each chain in
 * the folder --audit-heads, one line a head, only ever added to.
 *
 *     1 CHAIN STARTED SEQ AT MAC SIGNATURE       CHAIN in 16 hexadecimal digits, times in microseconds since 2000 (UTC)
 *
 * The file of a chain is CHAIN.heads. A line that a dying process left unfinished has no newline, and does not count. */
#ifndef SERVER_AUDIT_HEADS_H
#define SERVER_AUDIT_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"
#include "server/audit_chain.h"

struct audit_heads;
struct buf;
struct err;
struct uv_loop_s;

enum {
    AUDIT_HEAD_LINE_MAX = 256,
    AUDIT_HEAD_NAME_MAX = 32
};

/* The line of a head that is written down at `at`, with its newline. 0 or ERR_INTERNAL. */
int audit_head_write(struct hmac *key, const struct audit_head *head, int64_t at,
                     struct buf *out) MUSTCHECK;
/* Reads one line (without its newline). False: it is none of ours, or its signature is wrong. */
bool audit_head_read(struct hmac *key, struct str line, struct audit_head *ret, int64_t *ret_at);
/* The name of a chain's file. */
void audit_head_name(int64_t chain, char ret[AUDIT_HEAD_NAME_MAX]);

/* Whether heads can be written into `dir`. ERR_CONFIG with the reason. Blocks: for the start. */
int audit_heads_check(const char *dir, struct err *reterr) MUSTCHECK;

/* ---- Writing, off the loop. `dir` and `key` must outlive it; `note` is told why a head could not be written. ---- */

int audit_heads_open(struct audit_heads **ret, struct uv_loop_s *loop, const char *dir,
                     struct hmac *key, void (*note)(const char *why)) MUSTCHECK;
/* Writes the head down, and sees that it is on disk. One that fails is told and left: the next says more. */
void audit_heads_add(struct audit_heads *h, const struct audit_head *head, int64_t at);
uint64_t audit_heads_failed(const struct audit_heads *h);
/* When all that was added has been written (or failed): frees it, then calls on_closed, from a later turn. */
void audit_heads_close(struct audit_heads *h, void (*on_closed)(void *data), void *data);

#endif
