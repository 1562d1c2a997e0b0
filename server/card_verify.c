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
#include "server/config.h"
#include "server/token_keys.h"

enum {
    KEYS_FILE_MAX = 256 * 1024,
    INPUT_MAX = 4096 /* of standard input; more than any card */
};

enum language {
    KK,
    RU,
    EN,
    LANGUAGES
};
static const char *const language_names[LANGUAGES] = {"kk", "ru", "en"};

/* Members of a card (docs/api.md), in the order in which a reader wants them. What a list says stands in records, in whatever
 * language they are. */
static const struct {
    const char *member;
    const char *words[LANGUAGES];
} members[] = {
    {"blood", {"Қан тобы", "Группа крови", "Blood group"}},
    {"allergies", {"Аллергия", "Аллергии", "Allergies"}},
    {"problems", {"Диагноздар (АХЖ-10)", "Диагнозы (МКБ-10)", "Diagnoses (ICD-10)"}},
    {"medicines", {"Қабылдайтын дәрілері", "Принимает лекарства", "Medicines taken"}},
    {"born", {"Туған жылы", "Год рождения", "Year of birth"}},
    {"sex", {"Жынысы", "Пол", "Sex"}},
    {"phone", {"Хабарласу үшін", "Кому звонить", "Whom to call"}},
};

static const struct {
    const char *text;
    const char *words[LANGUAGES];
} texts[] = {
    {"genuine",
     {"ТӨЛҚҰЖАТ: шынайы карта", "ТӨЛҚҰЖАТ: карта подлинная", "TÖLQUJAT: a genuine card"}},
    {"expired",
     {"МЕРЗІМІ ӨТКЕН: мәліметтер ескіруі мүмкін", "СРОК ИСТЁК: сведения могли устареть",
      "EXPIRED: what it says may be out of date"}},
    {"issued", {"Берілген күні", "Выдана", "Issued"}},
    {"ends", {"Жарамды мерзімі", "Действует до", "Valid until"}},
    {"grave", {"АУЫР", "ТЯЖЁЛАЯ", "GRAVE"}},
    {"none", {"картада жоқ", "на карте нет", "none on the card"}},
    {"incomplete", {"картада бәрі емес", "на карте не всё", "not all of it is on the card"}},
    {"female", {"әйел", "женский", "female"}},
    {"male", {"ер", "мужской", "male"}},
};

static const char *say(const char *text, enum language lang)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(texts[i].text, text) == 0)
            return texts[i].words[lang];
    return text;
}

/* What a signer wrote goes to a terminal: no control character may. */
static void print_text(const char *s)
{
    for (; *s; s++)
        putchar((unsigned char)*s < ' ' || *s == 0x7F ? '?' : *s);
}

static void print_day(const char *label, const json_t *seconds)
{
    time_t at = (time_t)json_integer_value(seconds);
    char day[32];
    struct tm tm;

    if (gmtime_r(&at, &tm) && strftime(day, sizeof day, "%Y-%m-%d", &tm))
        printf("%s: %s\n", label, day);
}

static bool is_incomplete(const json_t *card, const char *member)
{
    const json_t *list = json_object_get(card, "incomplete"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), member) == 0)
            return true;
    }
    return false;
}

/* "J01C! Penicillin": the mark behind the code is said in words. */
static void print_entry(const char *entry, enum language lang)
{
    size_t n = strcspn(entry, " "), all = strlen(entry);
    size_t mark = n && entry[n - 1] == '!'          ? n - 1
                  : entry[all ? all - 1 : 0] == '!' ? all - 1
                                                    : all;

    fputs("  - ", stdout);
    for (size_t i = 0; i < all; i++)
        if (i != mark)
            print_text((char[]){entry[i], 0});
    if (mark < all)
        printf(" [%s]", say("grave", lang));
    putchar('\n');
}

static void print_list(const json_t *card, size_t at, enum language lang)
{
    const json_t *list = json_object_get(card, members[at].member), *one;
    size_t i;

    printf("%s:%s%s\n", members[at].words[lang], json_array_size(list) ? "" : " ",
           json_array_size(list) ? "" : say("none", lang));
    json_array_foreach(list, i, one)
    {
        if (json_is_string(one))
            print_entry(json_string_value(one), lang);
    }
    if (is_incomplete(card, members[at].member))
        printf("  (%s)\n", say("incomplete", lang));
}

static void print_card(const json_t *card, bool expired, enum language lang)
{
    puts(say(expired ? "expired" : "genuine", lang));
    print_day(say("issued", lang), json_object_get(card, "iat"));
    print_day(say("ends", lang), json_object_get(card, "exp"));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const json_t *value = json_object_get(card, members[i].member);
        bool list = strcmp(members[i].member, "allergies") == 0 ||
                    strcmp(members[i].member, "problems") == 0 ||
                    strcmp(members[i].member, "medicines") == 0;

        if (list) {
            print_list(card, i, lang);
        } else if (json_is_integer(value)) {
            printf("%s: %lld\n", members[i].words[lang], (long long)json_integer_value(value));
        } else {
            printf("%s: ", members[i].words[lang]);
            print_text(json_is_string(value) ? say(json_string_value(value), lang)
                                             : say("none", lang));
            putchar('\n');
        }
    }
}

/* ---- the command ---- */

static int find_language(const char *name, enum language *ret, struct err *reterr)
{
    for (int i = 0; i < LANGUAGES; i++)
        if (strcmp(language_names[i], name) == 0) {
            *ret = (enum language)i;
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
                  const struct token_keys *keys, enum language lang)
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
        print_card(card, fault == CARD_EXPIRED, lang);
    }
    json_decref(card);
    return fault == CARD_EXPIRED ? CARD_VERIFY_EXPIRED : CARD_VERIFY_GOOD;
}

int card_verify_run(const struct config_card *config, struct err *reterr)
{
    char input[INPUT_MAX];
    struct str payload = str_of(config->operand);
    struct token_keys *keys = NULL;
    enum language lang = EN;
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
