/* server/media_type.c: see server/media_type.h. Header grammar of RFC 9110, sections 8.3.1 and 12.5.1, as far as
 * it matters here: quoted strings are read, parameters other than q and charset are passed over. */
#include "server/media_type.h"

#include <strings.h>

#include "server/field_value.h"

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

/* What is no number from 0 to 1 counts as 1. */
static int weight(struct str s)
{
    int q = field_weight(s);
    return q < 0 ? 1000 : q;
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
    struct str name = field_cut(&range, ';');
    enum rank rank = same(name, type)                       ? RANK_NAMED
                     : same(name, "application/*")          ? RANK_GROUP
                     : same(name, "*/*") || same(name, "*") ? RANK_ANY
                                                            : RANK_NONE;
    int q = 1000;

    while (range.len) {
        struct str parameter = field_cut(&range, ';');
        struct str key = field_cut(&parameter, '=');
        if (same(key, "q"))
            q = weight(field_trim(parameter));
        else if (same(key, "charset") && !is_utf8(field_trim(parameter)))
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

    accept = field_trim(accept);
    if (accept.len == 0)
        return ANSWER_JSON;
    while (accept.len) {
        struct str range = field_cut(&accept, ',');
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
    struct str type = field_cut(&content_type, ';');

    if (!same(type, "application/json"))
        return false;
    while (content_type.len) {
        struct str parameter = field_cut(&content_type, ';');
        struct str key = field_cut(&parameter, '=');
        if (same(key, "charset") && !is_utf8(field_trim(parameter)))
            return false;
    }
    return true;
}
