/* server/card_print.c: see server/card_print.h. */
#include "server/card_print.h"

#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/macros.h"

/* Members of a card (docs/api.md), in the order in which a reader wants them. What a list says stands in records, in whatever
 * language they are. */
static const struct {
    const char *member;
    const char *words[CARD_LANGUAGES];
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
    const char *words[CARD_LANGUAGES];
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

static const char *say(const char *text, enum card_language lang)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(texts[i].text, text) == 0)
            return texts[i].words[lang];
    return text;
}

/* The bytes of a character at `s` that a terminal would obey (ASCII's controls, and U+0080 to U+009F), or that turns around what stands
 * beside it (U+2028 to U+202E, U+2066 to U+2069); 0: it is none. */
static size_t commands(const char *s)
{
    const unsigned char *c = (const unsigned char *)s;

    if (c[0] < ' ' || c[0] == 0x7F)
        return 1;
    if (c[0] == 0xC2 && c[1] < 0xA0)
        return 2;
    if (c[0] == 0xE2 && ((c[1] == 0x80 && c[2] >= 0xA8 && c[2] <= 0xAE) ||
                         (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9)))
        return 3;
    return 0;
}

/* The first `n` bytes of what a signer wrote, which is UTF-8 (jansson sees to it). `n` ends no character in its middle. */
static void print_text(FILE *out, const char *s, size_t n)
{
    for (const char *end = s + n; s < end;) {
        size_t bad = commands(s);
        putc(bad ? '?' : *s, out);
        s += bad ? bad : 1;
    }
}

static void print_day(FILE *out, const char *label, const json_t *seconds)
{
    time_t at = (time_t)json_integer_value(seconds);
    char day[32];
    struct tm tm;

    if (gmtime_r(&at, &tm) && strftime(day, sizeof day, "%Y-%m-%d", &tm))
        fprintf(out, "%s: %s\n", label, day);
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
static void print_entry(FILE *out, const char *entry, enum card_language lang)
{
    size_t n = strcspn(entry, " "), all = strlen(entry);
    size_t mark = n && entry[n - 1] == '!'          ? n - 1
                  : entry[all ? all - 1 : 0] == '!' ? all - 1
                                                    : all;

    fputs("  - ", out);
    print_text(out, entry, mark);
    if (mark < all) {
        print_text(out, entry + mark + 1, all - mark - 1);
        fprintf(out, " [%s]", say("grave", lang));
    }
    putc('\n', out);
}

static void print_list(FILE *out, const json_t *card, size_t at, enum card_language lang)
{
    const json_t *list = json_object_get(card, members[at].member), *one;
    size_t i;

    fprintf(out, "%s:%s%s\n", members[at].words[lang], json_array_size(list) ? "" : " ",
            json_array_size(list) ? "" : say("none", lang));
    json_array_foreach(list, i, one)
    {
        if (json_is_string(one))
            print_entry(out, json_string_value(one), lang);
    }
    if (is_incomplete(card, members[at].member))
        fprintf(out, "  (%s)\n", say("incomplete", lang));
}

void card_print(FILE *out, const json_t *card, bool expired, enum card_language lang)
{
    fprintf(out, "%s\n", say(expired ? "expired" : "genuine", lang));
    print_day(out, say("issued", lang), json_object_get(card, "iat"));
    print_day(out, say("ends", lang), json_object_get(card, "exp"));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const json_t *value = json_object_get(card, members[i].member);
        bool list = strcmp(members[i].member, "allergies") == 0 ||
                    strcmp(members[i].member, "problems") == 0 ||
                    strcmp(members[i].member, "medicines") == 0;

        if (list) {
            print_list(out, card, i, lang);
        } else if (json_is_integer(value)) {
            fprintf(out, "%s: %lld\n", members[i].words[lang],
                    (long long)json_integer_value(value));
        } else {
            const char *text = say(json_is_string(value) ? json_string_value(value) : "none", lang);
            fprintf(out, "%s: ", members[i].words[lang]);
            print_text(out, text, strlen(text));
            putc('\n', out);
        }
    }
}
