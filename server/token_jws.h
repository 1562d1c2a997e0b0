/* server/token_jws.h: a compact JWS (RFC 7515), taken apart, verified and made: what tokens and cards share. José does the work. */
#ifndef SERVER_TOKEN_JWS_H
#define SERVER_TOKEN_JWS_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/str.h"

struct buf;
struct err;
struct json_t;
struct token_key;

/* The parts as they stand in the text, in base64url. */
struct token_jws {
    struct str header, payload, signature;
};

/* Three parts with two dots between them; false: it is something else. */
bool token_jws_split(struct str text, struct token_jws *ret) MUSTCHECK;

/* A JSON object without a member that comes twice, or NULL. The caller's. */
struct json_t *token_jws_object(struct str json) MUSTCHECK;

/* Whether the signature is that of the key. */
bool token_jws_fits(const struct token_jws *jws, const struct token_key *key);

/* Appends the compact JWS of `payload` under the members of `header` (both stay the caller's), signed with the private JWK `key`
 * by the header's `alg`. ERR_CONFIG: it is no key for that; ERR_MEMORY. */
int token_jws_sign(const struct json_t *header, struct str payload, const struct json_t *key,
                   struct buf *out) MUSTCHECK;

/* Writes a new JSON file with that mode; one that is there is not touched. ERR_CONFIG, ERR_MEMORY. */
int token_jws_write_file(const char *path, const struct json_t *json, unsigned mode,
                         struct err *reterr) MUSTCHECK;

#endif
