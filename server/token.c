/* server/token.c: see server/token.h. */
#include "server/token.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/base64.h"
#include "server/token_jws.h"
#include "server/token_keys.h"

enum {
    IIN_DIGITS = 12,
    ROLE_MAX = 32,
    AUDIENCES_MAX = 16
};

/* No time that a token may name is further away: sums can't overflow. */
#define TIME_MAX_S (INT64_C(1) << 50)

const char *token_fault_name(enum token_fault fault)
{
    static const char *const names[TOKEN_FAULT_COUNT] = {[TOKEN_GOOD] = "none",
#define TOKEN_FAULT_X(name, metric, text) [TOKEN_##name] = text,
                                                         TOKEN_FAULTS(TOKEN_FAULT_X)
#undef TOKEN_FAULT_X
    };
    return fault < TOKEN_FAULT_COUNT ? names[fault] : "?";
}

/* ---- the header ---- */

/* What kind of token it says that it is. Without a word any is meant; RFC 9068 has the first. */
static bool type_valid(const json_t *type)
{
    static const char *const types[] = {"at+jwt", "application/at+jwt", "JWT"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (json_is_string(type) && strcasecmp(json_string_value(type), types[i]) == 0)
            return true;
    return !type;
}

/* Finds the key by the one name that the header gives it. What else a header may say of keys (jku, jwk, x5u, x5c)
 * is not for the bearer to choose. */
static enum token_fault choose_key(const json_t *header, const struct token_keys *keys,
                                   const struct token_key **ret)
{
    const char *alg = json_string_value(json_object_get(header, "alg"));
    const char *kid = json_string_value(json_object_get(header, "kid"));

    if (json_object_get(header, "crit") || !type_valid(json_object_get(header, "typ")))
        return TOKEN_HEADER;
    if (!alg || (strcmp(alg, "ES256") != 0 && strcmp(alg, "RS256") != 0))
        return TOKEN_ALGORITHM;
    if (!kid || !*kid || strlen(kid) > TOKEN_KID_MAX)
        return TOKEN_HEADER;
    *ret = token_keys_find(keys, kid);
    if (!*ret)
        return TOKEN_KEY;
    return strcmp((*ret)->alg, alg) == 0 ? TOKEN_GOOD : TOKEN_ALGORITHM;
}

/* ---- the whole ---- */

enum token_fault token_read(struct token *ret, struct str text, const struct token_keys *keys,
                            const struct token_rules *rules)
{
    unsigned char bytes[TOKEN_BYTES_MAX];
    const struct token_key *key = NULL;
    enum token_fault fault;
    struct token_jws parts;
    json_t *header;
    size_t n;

    if (text.len > TOKEN_BYTES_MAX || !token_jws_split(text, &parts) ||
        !base64_read(parts.header, bytes, sizeof bytes, &n))
        return TOKEN_FORM;
    header = token_jws_object((struct str){(char *)bytes, n});
    if (!header)
        return TOKEN_FORM;
    fault = choose_key(header, keys, &key);
    json_decref(header);
    if (fault != TOKEN_GOOD)
        return fault;
    if (!base64_read(parts.signature, bytes, sizeof bytes, &n) || n != key->signature_bytes)
        return TOKEN_SIGNATURE;
    if (!base64_read(parts.payload, bytes, sizeof bytes, &n))
        return TOKEN_FORM;
    if (!token_jws_fits(&parts, key))
        return TOKEN_SIGNATURE;
    return token_read_claims(ret, (struct str){(char *)bytes, n}, rules);
}

/* ---- the claims ---- */

/* An optional text that is 1 to `max` bytes long; false: it is there and something else. */
static bool take_text(const json_t *claims, const char *name, size_t max, struct str *ret)
{
    const json_t *value = json_object_get(claims, name);

    *ret = (struct str){0};
    if (!value)
        return true;
    if (!json_is_string(value))
        return false;
    *ret = (struct str){json_string_value(value), json_string_length(value)};
    return ret->len >= 1 && ret->len <= max;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.ptr[i]))
            return false;
    return s.len == IIN_DIGITS;
}

static bool is_role(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isupper((unsigned char)s.ptr[i]) && s.ptr[i] != '_')
            return false;
    return s.len > 0;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7F)
            return false;
    return true;
}

/* Who acts for the person (RFC 8693): the outermost actor is the one that asks. */
static bool take_client(const json_t *claims, struct str *ret)
{
    const json_t *act = json_object_get(claims, "act");

    *ret = (struct str){0};
    if (!act)
        return true;
    return json_is_object(act) && take_text(act, "sub", TOKEN_CLIENT_MAX, ret) && ret->len > 0 &&
           is_printable(*ret);
}

static bool take_person(struct token *t)
{
    const json_t *claims = t->_claims;
    struct str id;

    return take_text(claims, "role", ROLE_MAX, &t->role) && is_role(t->role) &&
           take_text(claims, "sub", IIN_DIGITS, &t->iin) && all_digits(t->iin) &&
           take_text(claims, "org", IIN_DIGITS, &t->organisation) &&
           (t->organisation.len == 0 || all_digits(t->organisation)) &&
           take_text(claims, "name", TOKEN_NAME_MAX, &t->name) && is_printable(t->name) &&
           take_client(claims, &t->client) && take_text(claims, "jti", 256, &id);
}

/* A time as a whole number of seconds, or `otherwise` when there is none; negative: it is something else. */
static int64_t take_time(const json_t *claims, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(claims, name);

    if (!value)
        return otherwise;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > TIME_MAX_S)
        return -1;
    return json_integer_value(value);
}

static enum token_fault take_times(struct token *t, int64_t now_s)
{
    int64_t ends = take_time(t->_claims, "exp", -1), begins = take_time(t->_claims, "nbf", 0);
    int64_t issued = take_time(t->_claims, "iat", 0);

    if (ends < 0 || begins < 0 || issued < 0)
        return TOKEN_CLAIMS;
    t->begins_s = MAX(begins, issued) - TOKEN_LEEWAY_S;
    t->ends_s = ends + TOKEN_LEEWAY_S;
    return now_s >= t->ends_s ? TOKEN_EXPIRED : now_s < t->begins_s ? TOKEN_EARLY : TOKEN_GOOD;
}

static bool text_is(const json_t *value, const char *text)
{
    return json_is_string(value) && json_string_length(value) == strlen(text) &&
           strcmp(json_string_value(value), text) == 0;
}

static enum token_fault check_audience(const json_t *audience, const char *ours)
{
    const json_t *one;
    bool found = false;
    size_t i;

    if (json_is_string(audience))
        return text_is(audience, ours) ? TOKEN_GOOD : TOKEN_AUDIENCE;
    if (!json_is_array(audience) || json_array_size(audience) > AUDIENCES_MAX)
        return TOKEN_CLAIMS;
    json_array_foreach(audience, i, one)
    {
        if (!json_is_string(one))
            return TOKEN_CLAIMS;
        found = found || text_is(one, ours);
    }
    return found ? TOKEN_GOOD : TOKEN_AUDIENCE;
}

enum token_fault token_read_claims(struct token *ret, struct str json,
                                   const struct token_rules *rules)
{
    struct token t = {._claims = token_jws_object(json)};
    enum token_fault fault = TOKEN_GOOD;

    if (!t._claims)
        return TOKEN_CLAIMS;
    if (!json_is_string(json_object_get(t._claims, "iss")))
        fault = TOKEN_CLAIMS;
    else if (!text_is(json_object_get(t._claims, "iss"), rules->issuer))
        fault = TOKEN_ISSUER;
    if (fault == TOKEN_GOOD)
        fault = check_audience(json_object_get(t._claims, "aud"), rules->audience);
    if (fault == TOKEN_GOOD)
        fault = take_times(&t, rules->now_s);
    if (fault == TOKEN_GOOD && !take_person(&t))
        fault = TOKEN_CLAIMS;
    if (fault == TOKEN_GOOD)
        *ret = t;
    else
        token_release(&t);
    return fault;
}

void token_release(struct token *t)
{
    json_decref(t->_claims);
    *t = (struct token){0};
}
