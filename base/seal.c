/* base/seal.c: see base/seal.h. The only file that includes libsodium. */
#include "base/seal.h"

#include <assert.h>

#include <sodium/crypto_shorthash.h>
#include <sodium/utils.h>

static_assert(SEAL_BYTES == crypto_shorthash_BYTES, "a seal is what the library makes");
static_assert(SEAL_KEY_BYTES == 2 * crypto_shorthash_KEYBYTES,
              "seals and digests have a half each");

void seal_make(const struct seal *s, struct str text, unsigned char ret[SEAL_BYTES])
{
    crypto_shorthash(ret, (const unsigned char *)text.ptr, text.len, s->key);
}

bool seal_fits(const struct seal *s, struct str text, const unsigned char given[SEAL_BYTES])
{
    unsigned char right[SEAL_BYTES];

    seal_make(s, text, right);
    return sodium_memcmp(right, given, sizeof right) == 0;
}

void seal_digest(const struct seal *s, struct str text, unsigned char ret[SEAL_BYTES])
{
    crypto_shorthash(ret, (const unsigned char *)text.ptr, text.len,
                     s->key + crypto_shorthash_KEYBYTES);
}
