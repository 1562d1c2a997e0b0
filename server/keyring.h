/* server/keyring.h: the file with the keys of tokens, followed as it changes.
 *
 * Opened before workers are forked, so that each has what was good then, and followed by each from then on. A file
 * that can't be used changes nothing: the keys before it stay, and the log says why, once. No clock: the caller brings one. */
#ifndef SERVER_KEYRING_H
#define SERVER_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

struct err;
struct keyring;
struct token_keys;

enum {
    KEYRING_FOLLOW_MS = 250, /* how often to call keyring_follow */
    KEYRING_LOOK_MS = 1000   /* for keys that are not known the file is looked at no oftener */
};

/* Reads `path`, which must outlive it. `demo`: see token_keys_parse. ERR_CONFIG with the path and what is wrong. */
int keyring_open(struct keyring **ret, const char *path, bool demo, struct err *reterr) MUSTCHECK;
void keyring_close(struct keyring *ring); /* NULL is fine */

/* The keys, until the next call of keyring_follow or keyring_look. */
const struct token_keys *keyring_keys(const struct keyring *ring);

/* Reads the file again if it has changed, or in any case (`again`). True: the keys are others now, and what was
 * verified with those before no longer counts. */
bool keyring_follow(struct keyring *ring, bool again);
/* The same for a key that is not known: does nothing when called sooner than KEYRING_LOOK_MS after the last time. */
bool keyring_look(struct keyring *ring, uint64_t now_ms);

/* How often the file was read, since it was opened. */
uint64_t keyring_reads(const struct keyring *ring);
/* The file, as it was read last, can't be used: the keys before it count. */
bool keyring_is_broken(const struct keyring *ring);

#endif
