/* server/card.c: see server/card.h. */
#include "server/card.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include <jansson.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "server/card_key.h"
#include "server/token_jws.h"
#include "server/token_keys.h"

enum {
    RAW_DEFLATE =
        -15, /* zlib's way to say: without head and checksum, which the signature makes needless */
    DEFLATE_GROWTH = 5,  /* a stored block's head */
    INFLATED_MAX = 4096, /* of what others sign: no card of ours comes near it, no bomb beyond it */
    HEADER_DIGITS = 135, /* with a key's id of CARD_KID_MAX */
    SIGNATURE_DIGITS = 86
};

#define CARD_TYPE "tolqujat-card"

static_assert(HEADER_DIGITS + SIGNATURE_DIGITS + 2 + (CARD_TEXT_MAX + DEFLATE_GROWTH) * 4 / 3 + 1 <=
                  CARD_BYTES_MAX,
              "any text that may be signed fits into a card");

const char *card_fault_text(enum card_fault fault)
{
    static const char *const texts[CARD_FAULT_COUNT] = {[CARD_GOOD] = "it is good",
#define CARD_FAULT_X(name, text) [CARD_##name] = text,
                                                        CARD_FAULTS(CARD_FAULT_X)
#undef CARD_FAULT_X
    };
    return fault < CARD_FAULT_COUNT ? texts[fault] : "?";
}

/* ---- making ---- */

/* Deflates into room for CARD_TEXT_MAX + DEFLATE_GROWTH bytes. */
static int pack(struct str text, unsigned char *out, size_t room, size_t *ret_n)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)text.ptr,
                  .avail_in = (uInt)text.len,
                  .next_out = out,
                  .avail_out = (uInt)room};
    int rc;

    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, RAW_DEFLATE, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_MEMORY;
    rc = deflate(&z, Z_FINISH);
    *ret_n = room - z.avail_out;
    deflateEnd(&z);
    return rc == Z_STREAM_END ? 0 : ERR_INTERNAL;
}

int card_sign(const struct card_key *key, struct str text, struct buf *out)
{
    unsigned char packed[CARD_TEXT_MAX + DEFLATE_GROWTH];
    size_t n = 0, before = out->len;
    json_t *header;
    int rc;

    if (text.len > CARD_TEXT_MAX)
        return ERR_DATA;
    rc = pack(text, packed, sizeof packed, &n);
    if (rc < 0)
        return rc;
    header = json_pack("{ss ss ss ss}", "alg", "ES256", "kid", card_key_id(key), "typ", CARD_TYPE,
                       "zip", "DEF");
    rc = header ? token_jws_sign(header, (struct str){(const char *)packed, n},
                                 card_key_private(key), out)
                : ERR_MEMORY;
    json_decref(header);
    assert(rc < 0 || out->len - before <= CARD_BYTES_MAX);
    return rc == ERR_CONFIG ? ERR_INTERNAL : rc; /* the key was tried when it was read */
}

/* ---- reading ---- */

static bool text_is(const json_t *object, const char *name, const char *text)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) && json_string_length(value) == strlen(text) &&
           strcmp(json_string_value(value), text) == 0;
}

static enum card_fault choose_key(const json_t *header, const struct token_keys *keys,
                                  const struct token_key **ret)
{
    const char *kid = json_string_value(json_object_get(header, "kid"));

    if (!text_is(header, "alg", "ES256"))
        return CARD_ALGORITHM;
    if (!text_is(header, "typ", CARD_TYPE) || !text_is(header, "zip", "DEF") ||
        json_object_get(header, "crit") || !kid)
        return CARD_HEADER;
    *ret = token_keys_find(keys, kid);
    if (!*ret)
        return CARD_KEY;
    return strcmp((*ret)->alg, "ES256") == 0 ? CARD_GOOD : CARD_ALGORITHM;
}

/* False: it is no deflated text, has something behind it, or is longer than any card. */
static bool unpack(const unsigned char *packed, size_t n, char *out, size_t room, size_t *ret_n)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)packed,
                  .avail_in = (uInt)n,
                  .next_out = (Bytef *)out,
                  .avail_out = (uInt)room};
    int rc;

    if (inflateInit2(&z, RAW_DEFLATE) != Z_OK)
        return false;
    rc = inflate(&z, Z_FINISH);
    *ret_n = room - z.avail_out;
    inflateEnd(&z);
    return rc == Z_STREAM_END && z.avail_in == 0;
}

static enum card_fault look_at_times(const json_t *card, int64_t now_s)
{
    const json_t *issued = json_object_get(card, "iat"), *ends = json_object_get(card, "exp");

    if (!json_is_integer(issued) || !json_is_integer(ends) || json_integer_value(issued) < 0 ||
        json_integer_value(ends) < json_integer_value(issued))
        return CARD_CONTENTS;
    /* No sum of what stands on the card: it could overflow. */
    if (json_integer_value(issued) > now_s + CARD_LEEWAY_S)
        return CARD_EARLY;
    return json_integer_value(ends) <= now_s - CARD_LEEWAY_S ? CARD_EXPIRED : CARD_GOOD;
}

static struct str trim(struct str s)
{
    while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
        s.len--;
    while (s.len && isspace((unsigned char)*s.ptr))
        s.ptr++, s.len--;
    return s;
}

enum card_fault card_read(struct str payload, const struct token_keys *keys, int64_t now_s,
                          json_t **ret_card)
{
    unsigned char bytes[CARD_BYTES_MAX];
    char text[INFLATED_MAX];
    const struct token_key *key = NULL;
    enum card_fault fault;
    struct token_jws jws;
    json_t *header, *card;
    size_t n, n_text;

    payload = trim(payload);
    if (payload.len > CARD_BYTES_MAX)
        return CARD_TOO_LONG;
    if (!token_jws_split(payload, &jws) || !base64_read(jws.header, bytes, sizeof bytes, &n))
        return CARD_FORM;
    header = token_jws_object((struct str){(char *)bytes, n});
    if (!header)
        return CARD_FORM;
    fault = choose_key(header, keys, &key);
    json_decref(header);
    if (fault != CARD_GOOD)
        return fault;
    if (!base64_read(jws.signature, bytes, sizeof bytes, &n) || n != key->signature_bytes)
        return CARD_SIGNATURE;
    if (!base64_read(jws.payload, bytes, sizeof bytes, &n))
        return CARD_FORM;
    if (!token_jws_fits(&jws, key))
        return CARD_SIGNATURE;
    /* What nobody signed is never unpacked. */
    if (!unpack(bytes, n, text, sizeof text, &n_text))
        return CARD_CONTENTS;
    card = token_jws_object((struct str){text, n_text});
    if (!card)
        return CARD_CONTENTS;
    fault = look_at_times(card, now_s);
    if (fault == CARD_GOOD || fault == CARD_EXPIRED)
        *ret_card = card;
    else
        json_decref(card);
    return fault;
}
