/* server/token_keys.h: the public keys of who issues tokens: a JWKS (RFC 7517), read once and constant from then on.
 *
 * Two kinds of key are taken, each with the one algorithm that goes with it: EC on P-256 (ES256) and RSA of 2048 to 8192
 * bits (RS256). A set with anything secret in it is refused as a whole: it is the wrong file. Which file, and when it
 * is read again: server/keyring.h. */
#ifndef SERVER_TOKEN_KEYS_H
#define SERVER_TOKEN_KEYS_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/str.h"

struct err;
struct json_t;
struct token_keys;

enum {
    TOKEN_KEYS_MAX = 64,
    TOKEN_KID_MAX = 128 /* bytes of a key's id */
};

/* What the id of a demo's own key begins with. Its private half lies about in a checkout, so it must never count
 * where there are real people. */
#define TOKEN_KID_DEMO "demo-"

struct token_key {
    const char *kid, *alg; /* "ES256" or "RS256" */
    size_t signature_bytes;
    struct json_t *jwk; /* public, with nothing in it but what was looked at */
};

/* Reads the text of a JWKS. `demo`: a demo's own key may be in it. Keys for encryption are passed over. ERR_CONFIG with
 * what is wrong with which key; ERR_MEMORY. */
int token_keys_parse(struct token_keys **ret, struct str text, bool demo,
                     struct err *reterr) MUSTCHECK;
void token_keys_free(struct token_keys *keys); /* NULL is fine */

unsigned token_keys_count(const struct token_keys *keys);
/* The key of that id, or NULL. */
const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid);

#endif
