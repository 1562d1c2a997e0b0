/* base/hash.h: hashes, from libraries (xxHash for tables, libcrypto for names that must not collide).
 *
 * hash_bytes is seeded at random for each process, so that nobody outside can aim at collisions;
 * its values must not leave the process. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

enum {
    SHA256_BYTES = 32
};

struct sha256 {
    unsigned char bytes[SHA256_BYTES];
};

/* Call once before any other function here: takes the seed from the system. 0 or ERR_INTERNAL. */
int hash_start(void) MUSTCHECK;

uint64_t hash_bytes(struct str s);
/* For a table that several processes share: the same `seed` gives the same value. */
uint64_t hash_seeded(struct str s, uint64_t seed);

static inline uint64_t hash_u64(uint64_t x)
{
    x ^= x >> 32;
    x *= 0x9E3779B97F4A7C15u;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    return x ^ (x >> 32);
}

/* 0, or ERR_INTERNAL when the library fails (no memory). */
int sha256(struct str s, struct sha256 *ret) MUSTCHECK;
/* Reads one that is written as 64 lower-case hexadecimal digits; false: it is not. */
bool sha256_read(struct str hex, struct sha256 *ret);
/* HMAC-SHA-256 under one key. The key's schedule is made once: it costs more than a short text's hash. */
struct hmac;
/* ERR_INTERNAL when the library fails. */
int hmac_new(struct hmac **ret, struct str key) MUSTCHECK;
void hmac_free(struct hmac *h); /* NULL is fine */
/* As sha256(). */
int hmac_sha256(struct hmac *h, struct str s, struct sha256 *ret) MUSTCHECK;
/* Bytes from the system's generator. 0 or ERR_INTERNAL. */
int random_bytes(void *out, size_t n) MUSTCHECK;

#endif
