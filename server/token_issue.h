/* server/token_issue.h: `tolqujat token`: keys and tokens for a demo and for tests. Real tokens come from an identity
 * provider; a key that is made here is marked as a demo's, and `serve` takes it only with --demo. */
#ifndef SERVER_TOKEN_ISSUE_H
#define SERVER_TOKEN_ISSUE_H

#include "base/macros.h"

struct buf;
struct config;
struct err;
struct json_t;

/* Makes a private key in the file `path`, which may not exist, and the JWKS of its public half beside it: PATH.jwks.
 * ERR_CONFIG. */
int token_new_key(const char *path, struct err *reterr) MUSTCHECK;

/* The same with a key that is there already: a private JWK. ERR_CONFIG, ERR_MEMORY, ERR_INTERNAL. */
int token_write_pair(const char *path, const struct json_t *private_key,
                     struct err *reterr) MUSTCHECK;

/* Appends a signed token that says what the flags of `token` say. ERR_CONFIG, ERR_MEMORY. */
int token_issue(const struct config *config, struct buf *out, struct err *reterr) MUSTCHECK;

/* The command as a whole: prints to standard output. ERR_CONFIG, ERR_MEMORY. */
int token_command(const struct config *config, struct err *reterr) MUSTCHECK;

#endif
