/* server/card_key.h: the key that signs emergency cards (--card-key FILE), and what is published of it.
 *
 * FILE is a private JWK on P-256, or a set of them: the first signs, the public halves of all are published, so that cards that an
 * earlier key signed are known until they have expired. Read once, before workers are forked. */
#ifndef SERVER_CARD_KEY_H
#define SERVER_CARD_KEY_H

#include "base/macros.h"
#include "base/str.h"

struct card_key;
struct err;
struct json_t;

/* ERR_CONFIG with the path and what is wrong (others may read the file, no such key, ...); ERR_MEMORY. */
int card_key_open(struct card_key **ret, const char *path, struct err *reterr) MUSTCHECK;
void card_key_close(struct card_key *key); /* NULL is fine */

const char *card_key_id(const struct card_key *key);
const struct json_t *card_key_private(const struct card_key *key);
/* A JWKS, as JSON; lives as long as the key. */
struct str card_key_published(const struct card_key *key);

/* Makes a private key in the file `path`, which may not exist, its id its thumbprint (RFC 7638), and the JWKS of its public half beside it:
 * PATH.jwks. ERR_CONFIG, ERR_MEMORY, ERR_INTERNAL. */
int card_key_new(const char *path, struct err *reterr) MUSTCHECK;

#endif
