/* server/card_verify.c: see server/card_verify.h. */
#include "server/card_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "server/card.h"
#include "server/card_print.h"
#include "server/config.h"
#include "server/token_keys.h"

enum {
    KEYS_FILE_MAX = 256 * 1024,
    INPUT_MAX = 4096 /* of standard input; more than any card */
};

static const char *const language_names[CARD_LANGUAGES] = {
    [CARD_KK] = "kk", [CARD_RU] = "ru", [CARD_EN] = "en"};

static int find_language(const char *name, enum card_language *ret, struct err *reterr)
{
    for (int i = 0; i < CARD_LANGUAGES; i++)
        if (strcmp(language_names[i], name) == 0) {
            *ret = (enum card_language)i;
            return 0;
        }
    return err_set(reterr, ERR_CONFIG, "--lang: \"%.20s\" is none of kk, ru, en", name);
}

static int read_keys(const char *path, struct token_keys **ret, struct err *reterr)
{
    struct arena arena;
    struct err err = {0};
    struct str text;
    int rc;

    if (!path)
        return err_set(reterr, ERR_CONFIG,
                       "--keys is not given, and there is no demo here (scripts/demo makes one)");
    arena_init(&arena, 0);
    rc = config_read_file(&arena, path, KEYS_FILE_MAX, &text, &err);
    if (rc == 0)
        rc = token_keys_parse(ret, text, true, &err);
    if (rc < 0)
        err_set(reterr, ERR_CONFIG, "--keys: %.120s: %.120s", path, err.message);
    arena_release(&arena);
    return rc;
}

static int verify(struct str payload, const struct config_card *config,
                  const struct token_keys *keys, enum card_language lang)
{
    json_t *card = NULL;
    struct timespec now;
    enum card_fault fault;

    clock_gettime(CLOCK_REALTIME, &now);
    fault = card_read(payload, keys, now.tv_sec, &card);
    if (!card) {
        fprintf(stderr, "tolqujat card verify: not valid: %s\n", card_fault_text(fault));
        return CARD_VERIFY_BAD;
    }
    if (fault == CARD_EXPIRED)
        fprintf(stderr, "tolqujat card verify: not valid any more: %s\n", card_fault_text(fault));
    if (config->json) {
        json_dumpf(card, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        card_print(stdout, card, fault == CARD_EXPIRED, lang);
    }
    json_decref(card);
    return fault == CARD_EXPIRED ? CARD_VERIFY_EXPIRED : CARD_VERIFY_GOOD;
}

int card_verify_run(const struct config_card *config, struct err *reterr)
{
    char input[INPUT_MAX];
    struct str payload = str_of(config->operand);
    struct token_keys *keys = NULL;
    enum card_language lang = CARD_EN;
    int status;

    if (find_language(config->lang, &lang, reterr) < 0 ||
        read_keys(config->keys, &keys, reterr) < 0)
        return CARD_VERIFY_USAGE;
    if (strcmp(config->operand, "-") == 0)
        payload = (struct str){input, fread(input, 1, sizeof input, stdin)};
    status = verify(payload, config, keys, lang);
    token_keys_free(keys);
    return status;
}
