/* tests/fuzz/fuzz-card.c: any bytes as an emergency card, as what is deflated in one whose signature is good, and as the text of one. What
 * nobody signed is never a card, and of what was signed nothing that a terminal would obey is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/json.h"
#include "server/card.h"
#include "server/card_print.h"
#include "server/token_jws.h"
#include "server/token_keys.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum {
    NOW = 1000000
};

#define PUBLIC                                                                                     \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"alg\":\"ES256\","                            \
    "\"x\":\"TZFnrA3u_7taA1Xj26D0rEf9El8oY480zlbtyMiR6zg\","                                       \
    "\"y\":\"IqwASxQWa4UtDSo0ZkyyPQRp8TYtb0Mg52zdIBDAd6U\""

/* Of this fuzzer alone: with it made-up bytes come behind the signature. */
static const char secret[] = "{" PUBLIC ",\"d\":\"aJeQA1XXSRemstIPgcmdzwp1QvZUTDO39OP0gAiHaZA\"}";
static const char published[] = "{\"keys\":[{" PUBLIC "}]}";

static struct token_keys *keys;
static json_t *key, *header;

static void check(bool good)
{
    if (!good)
        abort();
}

static void set_up(void)
{
    key = json_loads(secret, 0, NULL);
    header = json_pack("{ss ss ss ss}", "alg", "ES256", "kid", "k", "typ", "tolqujat-card", "zip",
                       "DEF");
    check(hash_start() == 0 && key && header &&
          token_keys_parse(&keys, str_of(published), false, NULL) == 0);
}

/* What is printed of a card is lines of text that is UTF-8, without a character that a terminal obeys. */
static void check_printed(const json_t *card, bool expired)
{
    for (int lang = 0; lang < CARD_LANGUAGES; lang++) {
        char *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);

        check(out != NULL);
        card_print(out, card, expired, (enum card_language)lang);
        check(fclose(out) == 0 && utf8_valid((struct str){text, n}));
        for (size_t i = 0; i < n; i++) {
            unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];
            check(c == '\n' || (c >= ' ' && c != 0x7F && !(c == 0xC2 && next < 0xA0)));
        }
        free(text);
    }
}

static enum card_fault read_card(struct str payload)
{
    json_t *card = NULL;
    enum card_fault fault = card_read(payload, keys, NOW, &card);
    bool given = fault == CARD_GOOD || fault == CARD_EXPIRED;

    check(given == (card != NULL));
    if (given)
        check_printed(card, fault == CARD_EXPIRED);
    json_decref(card);
    return fault;
}

/* Deflates without making it shorter: one stored block (RFC 1951, section 3.2.4). */
static void store(struct str text, struct buf *out)
{
    unsigned char head[] = {1, text.len & 0xFF, (unsigned char)(text.len >> 8), 0, 0};

    head[3] = head[1] ^ 0xFF;
    head[4] = head[2] ^ 0xFF;
    buf_add(out, (const char *)head, sizeof head);
    buf_add_str(out, text);
}

/* The first byte says what the others are: "c" a card, "t" a text, else what is deflated. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct str bytes = {(const char *)data + 1, size - 1};
    struct buf out, packed;

    if (!keys)
        set_up();
    if (size < 2) /* nothing is nothing that is ever signed */
        return 0;
    buf_init(&out, 0);
    buf_init(&packed, 0);
    if (data[0] == 'c') {
        enum card_fault fault = read_card(bytes);
        check(fault != CARD_GOOD && fault != CARD_EXPIRED);
    } else if (bytes.len <= CARD_TEXT_MAX) {
        if (data[0] == 't')
            store(bytes, &packed);
        else
            buf_add_str(&packed, bytes);
        check(token_jws_sign(header, buf_str(&packed), key, &out) == 0);
        read_card(buf_str(&out));
    }
    buf_release(&packed);
    buf_release(&out);
    return 0;
}
