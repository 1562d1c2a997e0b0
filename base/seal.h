/* base/seal.h: a tag that only who has the key can make: SipHash-2-4 of libsodium, 64 bits.
 *
 * For what leaves the server and must come back as it was given out: ids and cursors. They are written by the dozen in
 * an answer, so a seal may cost nanoseconds (an HMAC-SHA-256 costs a microsecond). 64 bits are enough where a guess can
 * only be tried at the server: at a million guesses a second, the first hit is expected after 300,000 years. */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/str.h"

enum {
    SEAL_BYTES = 8,
    SEAL_KEY_BYTES = 32
};

/* One key for one purpose. All zero: anybody can make its seals. */
struct seal {
    unsigned char key[SEAL_KEY_BYTES];
};

/* Of what the API gives out. */
struct seals {
    struct seal ids, cursors;
};

/* The seal of `text`. */
void seal_make(const struct seal *s, struct str text, unsigned char ret[SEAL_BYTES]);
/* Whether `given` is the seal of `text`; takes as long for a wrong one, wherever it is wrong. */
bool seal_fits(const struct seal *s, struct str text, const unsigned char given[SEAL_BYTES]);
/* What stands for a text of any length within a text of fixed layout that is sealed. Never a seal: it is made with
 * another part of the key. */
void seal_digest(const struct seal *s, struct str text, unsigned char ret[SEAL_BYTES]);

enum {
    SEAL_BOX_KEY_BYTES = 32,
    SEAL_BOX_EXTRA = 40 /* bytes that a box has beside its text: a nonce of 24, a tag of 16 */
};

/* A text that nobody can read or change but who has the key (XChaCha20-Poly1305): for what says too much to be seen. Each box of
 * the same text is another. `ret` has room for text.len + SEAL_BOX_EXTRA bytes. ERR_INTERNAL: the system gives no random bytes. */
int seal_box(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str text,
             unsigned char *ret) MUSTCHECK;
/* Opens a box into room for box.len - SEAL_BOX_EXTRA bytes. False: it is none of this key, or was changed. */
bool seal_unbox(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str box, char *ret) MUSTCHECK;

#endif
