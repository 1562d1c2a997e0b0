/* server/token_issue.c: see server/token_issue.h. */
#include "server/token_issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <jose/jwk.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "server/config.h"
#include "server/token.h"
#include "server/token_jws.h"
#include "server/token_keys.h"

enum {
    KEY_FILE_MAX = 64 * 1024,
    KID_RANDOM_BYTES = 8
};

/* ---- a new key ---- */

static int generate(json_t **ret, struct err *reterr)
{
    unsigned char bytes[KID_RANDOM_BYTES];
    char kid[64] = TOKEN_KID_DEMO;
    json_t *jwk = json_pack("{ss}", "alg", "ES256");

    if (!jwk || random_bytes(bytes, sizeof bytes) < 0 || !jose_jwk_gen(NULL, jwk)) {
        json_decref(jwk);
        return err_set(reterr, ERR_INTERNAL, "no key could be made");
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(kid + strlen(kid), sizeof kid - strlen(kid), "%02x", bytes[i]);
    json_object_set_new(jwk, "kid", json_string(kid));
    json_object_set_new(jwk, "use", json_string("sig"));
    json_object_del(jwk, "key_ops");
    *ret = jwk;
    return 0;
}

int token_write_pair(const char *path, const json_t *private_key, struct err *reterr)
{
    json_t *public_key = json_deep_copy(private_key), *set = NULL;
    char beside[1024];
    int rc = 0;

    if (snprintf(beside, sizeof beside, "%s.jwks", path) >= (int)sizeof beside)
        rc = err_set(reterr, ERR_CONFIG, "the path of the key is too long");
    else if (!public_key || !jose_jwk_pub(NULL, public_key))
        rc = err_set(reterr, ERR_INTERNAL, "no public key could be made");
    if (rc == 0) {
        set = json_pack("{s[O]}", "keys", public_key);
        rc = set ? token_jws_write_file(path, private_key, 0600, reterr)
                 : err_set(reterr, ERR_MEMORY, "no memory for a key");
    }
    if (rc == 0)
        rc = token_jws_write_file(beside, set, 0644, reterr);
    json_decref(set);
    json_decref(public_key);
    return rc;
}

int token_new_key(const char *path, struct err *reterr)
{
    json_t *private_key = NULL;
    int rc = generate(&private_key, reterr);

    if (rc == 0)
        rc = token_write_pair(path, private_key, reterr);
    json_decref(private_key);
    return rc;
}

/* ---- a token ---- */

static bool is_12_digits(const char *s)
{
    return strlen(s) == 12 && strspn(s, "0123456789") == 12;
}

static int check_claims(const struct config_token *c, struct err *reterr)
{
    if (!c->key)
        return err_set(reterr, ERR_CONFIG,
                       "--key is not given, and there is no demo here (scripts/demo makes one)");
    if (!c->role || strlen(c->role) > 32 ||
        strspn(c->role, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != strlen(c->role))
        return err_set(reterr, ERR_CONFIG,
                       "--role: a role in capitals is needed, such as CITIZEN or DOCTOR");
    if (!c->iin || !is_12_digits(c->iin))
        return err_set(reterr, ERR_CONFIG, "--iin: an IIN of 12 digits is needed");
    if (c->org && !is_12_digits(c->org))
        return err_set(reterr, ERR_CONFIG, "--org: a BIN has 12 digits");
    return 0;
}

static json_t *claims_of(const struct config_token *c, json_int_t now_s)
{
    json_int_t ends_s = now_s + c->ttl;
    json_t *claims = json_pack("{ss ss sI sI ss ss ss* ss*}", "iss", c->issuer, "aud", c->audience,
                               "iat", now_s, "exp", ends_s, "sub", c->iin, "role", c->role, "org",
                               c->org, "name", c->name);

    if (claims && c->client)
        json_object_set_new(claims, "act", json_pack("{ss}", "sub", c->client));
    return claims;
}

/* What would be refused is not issued. */
static int check_text(const struct config_token *c, const char *text, int64_t now_s,
                      struct err *reterr)
{
    struct token_rules rules = {c->issuer, c->audience, now_s};
    struct token said;
    enum token_fault fault = token_read_claims(&said, str_of(text), &rules);

    if (fault != TOKEN_GOOD)
        return err_set(reterr, ERR_CONFIG,
                       "such a token would be refused: %s (--name has at most %d bytes, --client "
                       "%d, neither control characters)",
                       token_fault_name(fault), TOKEN_NAME_MAX, TOKEN_CLIENT_MAX);
    token_release(&said);
    return 0;
}

static int sign(const char *claims, const json_t *key, struct buf *out, struct err *reterr)
{
    json_t *header = json_pack("{ss ss sO}", "alg", "ES256", "typ", "at+jwt", "kid",
                               json_object_get(key, "kid"));
    int rc = header ? token_jws_sign(header, str_of(claims), key, out) : ERR_MEMORY;

    json_decref(header);
    if (rc == ERR_MEMORY)
        return err_set(reterr, ERR_MEMORY, "no memory for a token");
    return rc < 0
               ? err_set(reterr, ERR_CONFIG, "--key: it is no private key on P-256 with a \"kid\"")
               : 0;
}

static int read_key(const char *path, json_t **ret, struct err *reterr)
{
    struct arena arena;
    struct str text = {0};
    int rc;

    arena_init(&arena, 0);
    rc = config_read_given(&arena, "key", path, KEY_FILE_MAX, &text, reterr);
    if (rc == 0) {
        *ret = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(*ret) || !json_is_string(json_object_get(*ret, "kid"))) {
            json_decref(*ret);
            rc = err_set(reterr, ERR_CONFIG, "%.160s: it is no JWK with a \"kid\"", path);
        }
    }
    arena_release(&arena);
    return rc;
}

int token_issue(const struct config *config, struct buf *out, struct err *reterr)
{
    const struct config_token *c = &config->token;
    struct timespec now;
    json_t *key = NULL, *claims;
    char *text;
    int rc = check_claims(c, reterr);

    if (rc == 0)
        rc = read_key(c->key, &key, reterr);
    if (rc < 0)
        return rc;
    clock_gettime(CLOCK_REALTIME, &now);
    claims = claims_of(c, now.tv_sec);
    text = claims ? json_dumps(claims, JSON_COMPACT) : NULL;
    rc = text ? check_text(c, text, now.tv_sec, reterr)
              : err_set(reterr, ERR_CONFIG, "--name and --client must be UTF-8");
    if (rc == 0)
        rc = sign(text, key, out, reterr);
    free(text);
    json_decref(claims);
    json_decref(key);
    return rc;
}

int token_command(const struct config *config, struct err *reterr)
{
    struct buf out;
    int rc;

    if (config->token.new_key)
        return token_new_key(config->token.new_key, reterr);
    buf_init(&out, 0);
    rc = token_issue(config, &out, reterr);
    if (rc == 0)
        printf("%.*s\n", STR_FMT(buf_str(&out)));
    buf_release(&out);
    return rc;
}
