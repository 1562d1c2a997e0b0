/* server/accept_language.c: see server/accept_language.h. */
#include "server/accept_language.h"

#include <strings.h>

#include "query/schema.h"
#include "server/field_value.h"

struct range {
    struct str primary; /* "*": any */
    int q;              /* thousandths */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* `*`, or subtags of one to eight letters (digits too, behind the first) with hyphens between. */
static bool read_tag(struct str tag, struct str *ret_primary)
{
    size_t n = 0, primary = 0;

    *ret_primary = tag;
    if (str_is(tag, "*"))
        return true;
    for (size_t i = 0; i < tag.len; i++) {
        bool digit = tag.ptr[i] >= '0' && tag.ptr[i] <= '9';
        if (tag.ptr[i] == '-' && n > 0) {
            primary = primary ? primary : i;
            n = 0;
        } else if (++n > 8 || !(is_letter(tag.ptr[i]) || (digit && primary))) {
            return false;
        }
    }
    ret_primary->len = primary ? primary : tag.len;
    return n > 0;
}

static bool read_range(struct str text, struct range *ret)
{
    struct str tag = field_cut(&text, ';');

    ret->q = 1000;
    if (text.len) {
        struct str name = field_cut(&text, '=');
        if (name.len != 1 || (name.ptr[0] != 'q' && name.ptr[0] != 'Q'))
            return false;
        ret->q = field_weight(field_trim(text));
    }
    return ret->q >= 0 && read_tag(tag, &ret->primary);
}

static bool same(struct str a, struct str b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* What the field says of one language. */
struct wish {
    bool named;
    int q;          /* thousandths; 0 too where it says nothing */
    unsigned place; /* in the field */
};

static struct wish wish_for(struct str header, struct str language)
{
    struct wish wish = {0};

    for (unsigned place = 0; header.len; place++) {
        struct range range;
        bool named;
        if (!read_range(field_cut(&header, ','), &range))
            continue;
        named = same(range.primary, language);
        if (!named && (wish.named || !str_is(range.primary, "*")))
            continue;
        if (range.q > wish.q || named > wish.named)
            wish = (struct wish){named, range.q, place};
    }
    return wish;
}

uint32_t accept_language_choose(struct str header, const struct type *languages)
{
    struct wish best = {0};
    uint32_t chosen = 0;

    if (header.len > ACCEPT_LANGUAGE_MAX)
        return 0;
    for (uint32_t i = 0; i < languages->n_values; i++) {
        struct wish wish = wish_for(header, languages->values[i].stored);
        if (wish.q > best.q || (wish.q == best.q && wish.q > 0 && wish.place < best.place)) {
            best = wish;
            chosen = i;
        }
    }
    return chosen;
}
