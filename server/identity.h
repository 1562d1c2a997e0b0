/* server/identity.h: who asks: from the Authorization header of a request to a struct viewer (base/viewer.h).
 *
 * One for each worker. Whatever is wrong with a token, the client gets the same answer, byte for byte: what
 * exactly was wrong is a figure in the metrics, for the operator. */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "server/token.h"

struct err;
struct exchange;
struct identity;
struct keyring;
struct viewer;

struct identity_config {
    bool open; /* nobody is asked for a token: every viewer is VIEWER_OPEN */
    struct keyring
        *keyring; /* must outlive it; this and the next two may be NULL when it is open */
    const char *issuer, *audience;
};

struct identity_stats {
    uint64_t known;    /* requests whose token was verified before */
    uint64_t verified; /* tokens that were verified */
    uint64_t refused[TOKEN_FAULT_COUNT];
    uint64_t key_reads;   /* of the file with the keys */
    uint64_t keys_broken; /* 1: that file can't be used */
    uint64_t held;        /* verified tokens that are remembered */
};

/* ERR_MEMORY. `config` is copied. */
int identity_open(struct identity **ret, const struct identity_config *config,
                  struct err *reterr) MUSTCHECK;
void identity_close(struct identity *id); /* NULL is fine */

/* Who asks, by the head of the request alone. 0: its texts lie in the arena of `x`, or outlive it. ERR_UNAUTHENTICATED: a
 * token that can't be taken (answer with identity_refuse). ERR_MEMORY. */
int viewer_of(struct identity *id, struct exchange *x, struct viewer *ret) MUSTCHECK;

/* Ends the exchange with the one 401. The connection can go on. */
void identity_refuse(struct exchange *x);

/* Looks whether the keys have changed; to be called every KEYRING_FOLLOW_MS. `again`: reads them in any case. */
void identity_follow(struct identity *id, bool again);

void identity_get_stats(const struct identity *id, struct identity_stats *ret);

#endif
