/* server/secret.h: the operator's secret (--secret FILE), and the keys that are made of it.
 *
 * Read once, before any worker is forked; every byte of the file counts. A key is HMAC-SHA-256(secret, label), so what is known
 * of one key says nothing of another, and the same file gives the same keys on every machine and after every restart.
 * The secret and the keys of the seals lie in pages of their own that no core dump holds; they are in no log, no error and no
 * environment. Without a file every key is all zero: what it makes can be made by anybody. */
#ifndef SERVER_SECRET_H
#define SERVER_SECRET_H

#include "base/macros.h"
#include "base/seal.h"

struct err;
struct secret;

enum {
    SECRET_KEY_BYTES = 32
};

/* `path` NULL: no secret. ERR_CONFIG, with what is wrong with the file (too short, others may read it, ...). */
int secret_open(struct secret **ret, const char *path, struct err *reterr) MUSTCHECK;
/* Wipes it. NULL is fine. */
void secret_close(struct secret *s);

/* The key for `label`; the caller wipes his copy (explicit_bzero) when he is done with it. ERR_INTERNAL. */
int secret_derive(const struct secret *s, const char *label,
                  unsigned char ret[SECRET_KEY_BYTES]) MUSTCHECK;
/* Of ids and cursors; live as long as the secret. */
const struct seals *secret_seals(const struct secret *s);

#endif
