/* server/token.h: a signed token (a JWT as a compact JWS, RFC 7515, 7519, 8725, 9068) to who it says that asks.
 *
 * Strict where formats leave room: one way to write each byte, no member twice, only ES256 and RS256, each with a key of
 * its own kind, and nothing that a token says about keys is looked at. The signature is checked by José; before that, no
 * more of a token is read than the name of its key. */
#ifndef SERVER_TOKEN_H
#define SERVER_TOKEN_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct json_t;
struct token_keys;

enum {
    TOKEN_BYTES_MAX = 8192,
    TOKEN_LEEWAY_S = 60,   /* clocks may differ by that much */
    TOKEN_NAME_MAX = 256,  /* bytes of a person's name, */
    TOKEN_CLIENT_MAX = 128 /* and of a client's */
};

/* Why a token is refused: name, for metrics and the log; what it means. The client is never told. */
#define TOKEN_FAULTS(X)                                                                            \
    X(SCHEME, scheme, "the header is not Bearer and one token")                                    \
    X(FORM, form, "no compact JWS, or too long")                                                   \
    X(HEADER, header, "a header that may not be")                                                  \
    X(ALGORITHM, algorithm, "an algorithm that is not taken, or not the key's")                    \
    X(KEY, key, "an unknown key")                                                                  \
    X(SIGNATURE, signature, "a signature that does not fit")                                       \
    X(CLAIMS, claims, "claims that are missing or malformed")                                      \
    X(ISSUER, issuer, "another issuer")                                                            \
    X(AUDIENCE, audience, "another audience")                                                      \
    X(EXPIRED, expired, "expired")                                                                 \
    X(EARLY, early, "not valid yet")

enum token_fault {
    TOKEN_GOOD,
#define TOKEN_FAULT_X(name, metric, text) TOKEN_##name,
    TOKEN_FAULTS(TOKEN_FAULT_X)
#undef TOKEN_FAULT_X
    TOKEN_FAULT_COUNT
};

/* A word for the log; a static string. */
const char *token_fault_name(enum token_fault fault);

struct token_rules {
    const char *issuer, *audience;
    int64_t now_s; /* the wall clock, seconds since 1970 */
};

struct token {
    int64_t begins_s,
        ends_s; /* it counts from the one to before the other; the leeway is in both */
    /* views of _claims; may be empty but for the first two */
    struct str role, iin, organisation, name, client;
    struct json_t *_claims;
};

/* Reads and verifies a token. TOKEN_GOOD: token_release it afterwards; else *ret is untouched. */
enum token_fault token_read(struct token *ret, struct str text, const struct token_keys *keys,
                            const struct token_rules *rules) MUSTCHECK;
/* Its last part: JSON text whose signature was good. Likewise. */
enum token_fault token_read_claims(struct token *ret, struct str json,
                                   const struct token_rules *rules) MUSTCHECK;
void token_release(struct token *t);

#endif
