/* base/seal.c: see base/seal.h. The only file that includes libsodium. */
#include "base/seal.h"

#include <assert.h>

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_shorthash.h>
#include <sodium/utils.h>

#include "base/hash.h"

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

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES
};
static_assert(NONCE + TAG == SEAL_BOX_EXTRA, "a box is a nonce, the text, a tag");
static_assert((int)SEAL_BOX_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
              "a key of the library");

int seal_box(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str text, unsigned char *ret)
{
    int rc = random_bytes(ret, NONCE);

    if (rc == 0)
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            ret + NONCE, NULL, (const unsigned char *)text.ptr, text.len, NULL, 0, NULL, ret, key);
    return rc;
}

bool seal_unbox(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str box, char *ret)
{
    const unsigned char *bytes = (const unsigned char *)box.ptr;

    return box.len >= SEAL_BOX_EXTRA && crypto_aead_xchacha20poly1305_ietf_decrypt(
                                            (unsigned char *)ret, NULL, NULL, bytes + NONCE,
                                            box.len - NONCE, NULL, 0, bytes, key) == 0;
}
