/* base/hash.c: see base/hash.h. The only file that includes OpenSSL and xxHash. */
#include "base/hash.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/err.h"

static uint64_t hash_seed;
static EVP_MD *sha256_md; /* fetched once: a fetch for each call costs more than the hash */
static EVP_MD_CTX *sha256_ctx;

int random_bytes(void *out, size_t n)
{
    return n <= 1 << 20 && RAND_bytes(out, (int)n) == 1 ? 0 : ERR_INTERNAL;
}

int hash_start(void)
{
    if (!sha256_md)
        sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256_ctx)
        sha256_ctx = EVP_MD_CTX_new();
    if (!sha256_md || !sha256_ctx)
        return ERR_INTERNAL;
    return random_bytes(&hash_seed, sizeof hash_seed);
}

uint64_t hash_bytes(struct str s)
{
    return XXH3_64bits_withSeed(s.ptr, s.len, hash_seed);
}

uint64_t hash_seeded(struct str s, uint64_t seed)
{
    return XXH3_64bits_withSeed(s.ptr, s.len, seed);
}

int sha256(struct str s, struct sha256 *ret)
{
    if (EVP_DigestInit_ex2(sha256_ctx, sha256_md, NULL) != 1 ||
        EVP_DigestUpdate(sha256_ctx, s.ptr, s.len) != 1 ||
        EVP_DigestFinal_ex(sha256_ctx, ret->bytes, NULL) != 1)
        return ERR_INTERNAL;
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sha256_read(struct str hex, struct sha256 *ret)
{
    if (hex.len != 2 * sizeof ret->bytes)
        return false;
    for (size_t i = 0; i < sizeof ret->bytes; i++) {
        int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

struct hmac {
    EVP_MAC_CTX *ctx;
};

int hmac_new(struct hmac **ret, struct str key)
{
    struct hmac *h = calloc(1, sizeof *h);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                 OSSL_PARAM_construct_end()};

    if (h && mac)
        h->ctx = EVP_MAC_CTX_new(mac); /* which holds on to `mac` */
    EVP_MAC_free(mac);
    if (!h || !h->ctx ||
        EVP_MAC_init(h->ctx, (const unsigned char *)key.ptr, key.len, params) != 1) {
        hmac_free(h);
        return ERR_INTERNAL;
    }
    *ret = h;
    return 0;
}

void hmac_free(struct hmac *h)
{
    if (!h)
        return;
    EVP_MAC_CTX_free(h->ctx);
    free(h);
}

int hmac_sha256(struct hmac *h, struct str s, struct sha256 *ret)
{
    size_t n;

    if (EVP_MAC_init(h->ctx, NULL, 0, NULL) != 1 || /* the same key again */
        EVP_MAC_update(h->ctx, (const unsigned char *)s.ptr, s.len) != 1 ||
        EVP_MAC_final(h->ctx, ret->bytes, &n, sizeof ret->bytes) != 1)
        return ERR_INTERNAL;
    return 0;
}
