/* server/media_type.c: see server/media_type.h. Header grammar of RFC 9110, sections 8.3.1 and 12.5.1, as far as
 * it matters here: quoted strings are read, parameters other than q and charset are passed over. */
#include "server/media_type.h"

#include <strings.h>

#include "base/macros.h"

static struct str trim(struct str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Cuts the part before the next `sep` (outside quotes) off `*rest`. */
static struct str cut(struct str *rest, char sep)
{
    bool quoted = false;
    size_t i = 0;
    struct str part;

    for (; i < rest->len && (quoted || rest->ptr[i] != sep); i++) {
        if (rest->ptr[i] == '"')
            quoted = !quoted;
        else if (quoted && rest->ptr[i] == '\\' && i + 1 < rest->len)
            i++;
    }
    part = trim((struct str){rest->ptr, i});
    rest->ptr += i;
    rest->len -= i;
    if (rest->len)
        rest->ptr++, rest->len--;
    return part;
}

static bool same(struct str a, const char *z)
{
    return a.len == strlen(z) && strncasecmp(a.ptr, z, a.len) == 0;
}

static struct str unquote(struct str s)
{
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
        return (struct str){s.ptr + 1, s.len - 2};
    return s;
}

static bool is_utf8(struct str charset)
{
    charset = unquote(charset);
    return same(charset, "utf-8") || same(charset, "utf8");
}

/* 0 to 1000. `.5` counts, as Java's clients send it; what is no number from 0 to 1 counts as 1. */
static int weight(struct str s)
{
    int q = 0, scale = 1000;
    size_t i = s.len && s.ptr[0] == '0' ? 1 : 0;

    if (i == s.len)
        return s.len ? 0 : 1000;
    if (s.ptr[i++] != '.')
        return 1000;
    for (size_t end = MIN(s.len, i + 3); i < end; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return 1000;
        scale /= 10;
        q += (s.ptr[i] - '0') * scale;
    }
    return q;
}

enum rank {
    RANK_NONE,
    RANK_ANY,    /* the wildcard for all */
    RANK_GROUP,  /* application/(anything) */
    RANK_NAMED,  /* the type itself */
    RANK_CHARSET /* with its charset */
};

struct preference {
    enum rank rank;
    int q;
};

/* Takes what one range says of `type`, when it is more exact than what was said before, or as exact and kinder. */
static void prefer(struct preference *p, struct str range, const char *type)
{
    struct str name = cut(&range, ';');
    enum rank rank = same(name, type)                       ? RANK_NAMED
                     : same(name, "application/*")          ? RANK_GROUP
                     : same(name, "*/*") || same(name, "*") ? RANK_ANY
                                                            : RANK_NONE;
    int q = 1000;

    while (range.len) {
        struct str parameter = cut(&range, ';');
        struct str key = cut(&parameter, '=');
        if (same(key, "q"))
            q = weight(trim(parameter));
        else if (same(key, "charset") && !is_utf8(trim(parameter)))
            rank = RANK_NONE; /* it asks for bytes that we don't have */
        else if (same(key, "charset") && rank == RANK_NAMED)
            rank = RANK_CHARSET;
    }
    if (rank > p->rank || (rank == p->rank && rank != RANK_NONE && q > p->q))
        *p = (struct preference){rank, q};
}

enum answer_type media_type_answer(struct str accept)
{
    struct preference json = {0}, graphql = {0};

    accept = trim(accept);
    if (accept.len == 0)
        return ANSWER_JSON;
    while (accept.len) {
        struct str range = cut(&accept, ',');
        prefer(&json, range, "application/json");
        prefer(&graphql, range, "application/graphql-response+json");
    }
    if (graphql.q > json.q || (graphql.q == json.q && graphql.q > 0 && graphql.rank >= RANK_NAMED))
        return ANSWER_GRAPHQL_RESPONSE;
    return json.q > 0 ? ANSWER_JSON : ANSWER_NOT_ACCEPTABLE;
}

const char *media_type_name(enum answer_type type)
{
    return type == ANSWER_GRAPHQL_RESPONSE ? "application/graphql-response+json; charset=utf-8"
                                           : "application/json; charset=utf-8";
}

bool media_type_is_json(struct str content_type)
{
    struct str type = cut(&content_type, ';');

    if (!same(type, "application/json"))
        return false;
    while (content_type.len) {
        struct str parameter = cut(&content_type, ';');
        struct str key = cut(&parameter, '=');
        if (same(key, "charset") && !is_utf8(trim(parameter)))
            return false;
    }
    return true;
}
