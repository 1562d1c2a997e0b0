/* server/card.h: emergency cards for QR codes: a JSON text, deflated (RFC 1951) and signed with ES256, as SMART Health Cards do it.
 *
 *     {"alg":"ES256","kid":...,"typ":"tolqujat-card","zip":"DEF"} . deflated text . signature     a compact JWS
 *
 *     bytes of the QR code                              900
 *     less header 135, signature 86, two dots           677 digits, which hold 507 bytes
 *     less 5, the most that deflate adds to a text      502: any text of CARD_TEXT_MAX bytes fits
 *
 * What stands in the text is for who writes it (db/functions/emergency_qr.sql, docs/api.md); here it is times that are looked at. */
#ifndef SERVER_CARD_H
#define SERVER_CARD_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct buf;
struct card_key;
struct json_t;
struct token_keys;

enum {
    CARD_BYTES_MAX = 900, /* of the payload of a QR code */
    CARD_TEXT_MAX = 500,  /* of the text */
    CARD_KID_MAX = 43,    /* of a key's id: a thumbprint (RFC 7638) */
    CARD_LEEWAY_S = 300   /* a reader without a network has a clock of its own */
};

/* Why a card does not count: name, and the sentence for who reads it. */
#define CARD_FAULTS(X)                                                                             \
    X(TOO_LONG, "it is longer than 900 bytes")                                                     \
    X(FORM, "it is no card: not three parts in base64url with dots between them")                  \
    X(HEADER, "it is no card: its header says that it is something else")                          \
    X(ALGORITHM, "its header names another algorithm than ES256")                                  \
    X(KEY, "the key that it names is none of those known here")                                    \
    X(SIGNATURE, "the signature does not fit: it was changed, or somebody else made it")           \
    X(CONTENTS, "its contents can't be read, though the signature is good")                        \
    X(EARLY, "it is from the future: look at the clock of this machine")                           \
    X(EXPIRED, "it has expired")

enum card_fault {
    CARD_GOOD,
#define CARD_FAULT_X(name, text) CARD_##name,
    CARD_FAULTS(CARD_FAULT_X)
#undef CARD_FAULT_X
    CARD_FAULT_COUNT
};

/* A static string. */
const char *card_fault_text(enum card_fault fault);

/* Appends the card of `text`. ERR_DATA: the text is longer than CARD_TEXT_MAX; ERR_MEMORY, ERR_INTERNAL. */
int card_sign(const struct card_key *key, struct str text, struct buf *out) MUSTCHECK;

/* Reads and verifies a card at the time `now_s` (seconds since 1970); blanks around it do no harm. CARD_GOOD and CARD_EXPIRED: *ret_card
 * is what was signed, the caller's (an expired one is genuine, and may still help); else it is untouched. */
enum card_fault card_read(struct str payload, const struct token_keys *keys, int64_t now_s,
                          struct json_t **ret_card) MUSTCHECK;

#endif
