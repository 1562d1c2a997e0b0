/* server/media_type.c: see server/media_type.h. Header grammar of RFC 9110, sections 8.3.1 and 12.5.1, as far as
 * it matters here: quoted strings are read, parameters other than q and charset are passed over. */
#include "server/media_type.h"

#include <strings.h>

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

/* 0 to 1000; what is no number counts as 1. */
static int weight(struct str s)
{
    int q = 0, scale = 1000;

    if (s.len == 0 || (s.ptr[0] != '0' && s.ptr[0] != '1'))
        return 1000;
    if (s.ptr[0] == '1')
        return 1000;
    for (size_t i = 2; i < s.len && i < 5; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            break;
        scale /= 10;
        q += (s.ptr[i] - '0') * scale;
    }
    return q;
}

/* What one range says of a type: how exactly it names it (0: not at all) and its weight. */
static void range_match(struct str range, const char *type, int *ret_rank, int *ret_q)
{
    struct str name = cut(&range, ';');
    int rank = same(name, type) ? 3 : same(name, "application/*") ? 2 : same(name, "*/*") ? 1 : 0;
    int q = 1000;

    while (range.len) {
        struct str parameter = cut(&range, ';');
        struct str key = cut(&parameter, '=');
        if (same(key, "q"))
            q = weight(trim(parameter));
    }
    if (rank > *ret_rank) {
        *ret_rank = rank;
        *ret_q = q;
    }
}

enum answer_type media_type_answer(struct str accept)
{
    int json_rank = 0, json = 0, graphql_rank = 0, graphql = 0;

    accept = trim(accept);
    if (accept.len == 0)
        return ANSWER_JSON;
    while (accept.len) {
        struct str range = cut(&accept, ',');
        range_match(range, "application/json", &json_rank, &json);
        range_match(range, "application/graphql-response+json", &graphql_rank, &graphql);
    }
    if (graphql > 0 && graphql >= json && graphql_rank >= json_rank)
        return graphql_rank < 3 && json_rank < 3 ? ANSWER_JSON : ANSWER_GRAPHQL_RESPONSE;
    if (graphql > json)
        return ANSWER_GRAPHQL_RESPONSE;
    return json > 0 ? ANSWER_JSON : ANSWER_NOT_ACCEPTABLE;
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
        if (same(key, "charset") && !same(unquote(trim(parameter)), "utf-8"))
            return false;
    }
    return true;
}
