/* server/token_keys.c: see server/token_keys.h. */
#include "server/token_keys.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <jose/openssl.h>

#include "base/base64.h"
#include "base/err.h"

enum {
    P256_BYTES = 32,
    RSA_MIN_BITS = 2048,
    RSA_MAX_BITS = 8192, /* a larger one makes each signature a burden */
    EXPONENT_MIN = 65537,
    EXPONENT_BYTES = 4,
    PLACE_MAX = 64
};

struct token_keys {
    unsigned n;
    struct token_key key[TOKEN_KEYS_MAX];
};

/* Of a JWK that is not public: private parts of EC and RSA, and a symmetric key. */
static const char *const secret_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

static const char *text_of(const json_t *jwk, const char *name)
{
    return json_string_value(json_object_get(jwk, name));
}

/* "key 2": its place in the set, and its id once that is known to be one. */
struct place {
    char text[PLACE_MAX + TOKEN_KID_MAX];
};

static bool kid_valid(const char *kid)
{
    size_t n = kid ? strlen(kid) : 0;

    for (size_t i = 0; i < n; i++)
        if (kid[i] <= ' ' || kid[i] > '~' || kid[i] == '"')
            return false;
    return n >= 1 && n <= TOKEN_KID_MAX;
}

/* ---- the two kinds ---- */

/* A number as base64url has it; 0: it is none, or longer than `room`. */
static size_t number_of(const json_t *jwk, const char *name, unsigned char *out, size_t room)
{
    const char *text = text_of(jwk, name);
    size_t n = 0;

    return text && base64_read(str_of(text), out, room, &n) ? n : 0;
}

static int read_ec(struct token_key *key, const json_t *jwk, const struct place *at,
                   struct err *reterr)
{
    const char *curve = text_of(jwk, "crv");
    unsigned char number[P256_BYTES];

    if (!curve || strcmp(curve, "P-256") != 0)
        return err_set(reterr, ERR_CONFIG, "%s: the only curve is P-256", at->text);
    if (number_of(jwk, "x", number, sizeof number) != P256_BYTES ||
        number_of(jwk, "y", number, sizeof number) != P256_BYTES)
        return err_set(reterr, ERR_CONFIG, "%s: \"x\" and \"y\" must be 32 bytes in base64url",
                       at->text);
    key->alg = "ES256";
    key->signature_bytes = 2 * (size_t)P256_BYTES;
    key->jwk = json_pack("{ss ss ss ss ss}", "kty", "EC", "crv", curve, "x", text_of(jwk, "x"), "y",
                         text_of(jwk, "y"), "alg", key->alg);
    return 0;
}

static size_t bits_of(const unsigned char *number, size_t n)
{
    size_t bits = n * 8;

    for (unsigned first = number[0]; !(first & 0x80); first <<= 1)
        bits--;
    return bits;
}

static int read_rsa(struct token_key *key, const json_t *jwk, const struct place *at,
                    struct err *reterr)
{
    unsigned char modulus[RSA_MAX_BITS / 8], exponent[EXPONENT_BYTES];
    size_t n = number_of(jwk, "n", modulus, sizeof modulus);
    size_t n_exponent = number_of(jwk, "e", exponent, sizeof exponent), bits;
    uint32_t e = 0;

    bits = n && modulus[0] ? bits_of(modulus, n) : 0;
    if (bits < RSA_MIN_BITS)
        return err_set(reterr, ERR_CONFIG,
                       "%s: \"n\" must be a number of %d to %d bits in base64url", at->text,
                       RSA_MIN_BITS, RSA_MAX_BITS);
    for (size_t i = 0; i < n_exponent; i++)
        e = e << 8 | exponent[i];
    if (e < EXPONENT_MIN || e % 2 == 0 || modulus[n - 1] % 2 == 0)
        return err_set(reterr, ERR_CONFIG,
                       "%s: \"e\" must be odd, from %d to 32 bits, and \"n\" odd", at->text,
                       EXPONENT_MIN);
    key->alg = "RS256";
    key->signature_bytes = n;
    key->jwk = json_pack("{ss ss ss ss}", "kty", "RSA", "n", text_of(jwk, "n"), "e",
                         text_of(jwk, "e"), "alg", key->alg);
    return 0;
}

/* ---- a key ---- */

/* Whether the library can read it: a point on its curve. */
static int check_key(const struct token_key *key, const struct place *at, struct err *reterr)
{
    EVP_PKEY *read = jose_openssl_jwk_to_EVP_PKEY(NULL, key->jwk);

    if (!read)
        return err_set(reterr, ERR_CONFIG, "%s: it is no valid key", at->text);
    EVP_PKEY_free(read);
    return 0;
}

/* Its `alg`, `use` and `key_ops`, where it has them, must be those of a key that signs tokens. */
static int check_purpose(const struct token_key *key, const json_t *jwk, const struct place *at,
                         struct err *reterr)
{
    const json_t *alg = json_object_get(jwk, "alg"), *use = json_object_get(jwk, "use");
    const json_t *operations = json_object_get(jwk, "key_ops"), *one;
    bool verifies = !operations;
    size_t i;

    if (alg && (!json_is_string(alg) || strcmp(json_string_value(alg), key->alg) != 0))
        return err_set(reterr, ERR_CONFIG, "%s: its \"alg\" must be %s", at->text, key->alg);
    if (use && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
        return err_set(reterr, ERR_CONFIG, "%s: its \"use\" must be \"sig\"", at->text);
    json_array_foreach(operations, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), "verify") == 0)
            verifies = true;
    }
    if (!verifies)
        return err_set(reterr, ERR_CONFIG, "%s: its \"key_ops\" must have \"verify\"", at->text);
    return 0;
}

static int check_id(const struct token_keys *keys, const json_t *jwk, bool demo, struct place *at,
                    struct err *reterr)
{
    const char *kid = text_of(jwk, "kid");

    if (!kid_valid(kid))
        return err_set(reterr, ERR_CONFIG,
                       "%s: it needs a \"kid\": 1 to %d visible characters of ASCII", at->text,
                       TOKEN_KID_MAX);
    snprintf(at->text + strlen(at->text), sizeof at->text - strlen(at->text), " (\"%s\")", kid);
    if (token_keys_find(keys, kid))
        return err_set(reterr, ERR_CONFIG, "%s: there is another key of that \"kid\"", at->text);
    if (!demo && strncmp(kid, TOKEN_KID_DEMO, strlen(TOKEN_KID_DEMO)) == 0)
        return err_set(reterr, ERR_CONFIG,
                       "%s: a demo's own key, which anybody may have; it counts only with --demo",
                       at->text);
    return 0;
}

static bool is_for_encryption(const json_t *jwk)
{
    const char *use = text_of(jwk, "use");
    return use && strcmp(use, "enc") == 0;
}

static int read_key(struct token_keys *keys, const json_t *jwk, bool demo, struct place *at,
                    struct err *reterr)
{
    struct token_key *key = &keys->key[keys->n];
    const char *type = text_of(jwk, "kty");
    int rc;

    if (!json_is_object(jwk))
        return err_set(reterr, ERR_CONFIG, "%s: it is no JSON object", at->text);
    for (size_t i = 0; i < ARRAY_LEN(secret_members); i++)
        if (json_object_get(jwk, secret_members[i]))
            return err_set(reterr, ERR_CONFIG, "%s: \"%s\" is secret: only public keys may be here",
                           at->text, secret_members[i]);
    if (is_for_encryption(jwk))
        return 0;
    rc = check_id(keys, jwk, demo, at, reterr);
    if (rc < 0)
        return rc;
    if (type && strcmp(type, "EC") == 0)
        rc = read_ec(key, jwk, at, reterr);
    else if (type && strcmp(type, "RSA") == 0)
        rc = read_rsa(key, jwk, at, reterr);
    else
        return err_set(reterr, ERR_CONFIG, "%s: its \"kty\" must be EC or RSA", at->text);
    if (rc < 0)
        return rc;
    key->kid = strdup(text_of(jwk, "kid"));
    keys->n++; /* token_keys_free looks at it */
    if (!key->kid || !key->jwk)
        return err_set(reterr, ERR_MEMORY, "no memory for keys");
    rc = check_purpose(key, jwk, at, reterr);
    return rc < 0 ? rc : check_key(key, at, reterr);
}

/* ---- the set ---- */

static int read_set(struct token_keys *keys, const json_t *root, bool demo, struct err *reterr)
{
    const json_t *list = json_object_get(root, "keys"), *jwk;
    size_t i;

    if (!json_is_array(list))
        return err_set(reterr, ERR_CONFIG,
                       "it must be a JSON object with a list \"keys\" (a JWKS)");
    if (json_array_size(list) > TOKEN_KEYS_MAX)
        return err_set(reterr, ERR_CONFIG, "it has more than %d keys", TOKEN_KEYS_MAX);
    json_array_foreach(list, i, jwk)
    {
        struct place at;
        int rc;
        snprintf(at.text, sizeof at.text, "key %zu", i + 1);
        rc = read_key(keys, jwk, demo, &at, reterr);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int token_keys_parse(struct token_keys **ret, struct str text, bool demo, struct err *reterr)
{
    struct token_keys *keys;
    json_error_t error;
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    int rc;

    if (!root)
        return err_set(reterr, ERR_CONFIG, "line %d: no valid JSON", error.line);
    keys = calloc(1, sizeof *keys);
    rc = keys ? read_set(keys, root, demo, reterr)
              : err_set(reterr, ERR_MEMORY, "no memory for keys");
    json_decref(root);
    if (rc < 0)
        token_keys_free(keys);
    else
        *ret = keys;
    return rc;
}

void token_keys_free(struct token_keys *keys)
{
    if (!keys)
        return;
    for (unsigned i = 0; i < keys->n; i++) {
        free((char *)(uintptr_t)keys->key[i].kid);
        json_decref(keys->key[i].jwk);
    }
    free(keys);
}

unsigned token_keys_count(const struct token_keys *keys)
{
    return keys->n;
}

const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid)
{
    for (unsigned i = 0; i < keys->n; i++)
        if (strcmp(keys->key[i].kid, kid) == 0)
            return &keys->key[i];
    return NULL;
}
