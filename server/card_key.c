/* server/card_key.c: see server/card_key.h. */
#include "server/card_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>
#include <jose/jwk.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "server/card.h"
#include "server/config.h"
#include "server/token_issue.h"
#include "server/token_jws.h"
#include "server/token_keys.h"

enum {
    KEY_FILE_MAX = 64 * 1024
};

struct card_key {
    json_t *set; /* private JWKs; the first signs */
    char *published;
};

/* ---- reading ---- */

static int check_file(const char *path, struct err *reterr)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return err_set(reterr, ERR_CONFIG, "--card-key: %.160s: %s", path, strerror(errno));
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return err_set(reterr, ERR_CONFIG,
                       "--card-key: %.140s has mode %04o: others than its owner may have no part "
                       "in it (chmod 600)",
                       path, (unsigned)st.st_mode & 07777u);
    return 0;
}

/* The JWK, or the set, as a list of JWKs. */
static json_t *keys_of(json_t *root)
{
    json_t *keys = json_object_get(root, "keys");

    if (json_is_array(keys))
        return json_incref(keys);
    return keys ? NULL : json_pack("[O]", root);
}

static int load(struct card_key *key, const char *path, struct err *reterr)
{
    struct arena arena;
    struct str text = {0};
    int rc;

    arena_init(&arena, 0);
    rc = config_read_given(&arena, "card-key", path, KEY_FILE_MAX, &text, reterr);
    if (rc == 0) {
        json_t *root = token_jws_object(text);
        key->set = root ? keys_of(root) : NULL;
        json_decref(root);
        if (json_array_size(key->set) == 0)
            rc = err_set(reterr, ERR_CONFIG, "--card-key: %.160s: it is neither a JWK nor a set",
                         path);
        explicit_bzero((char *)(uintptr_t)text.ptr, text.len);
    }
    arena_release(&arena);
    return rc;
}

/* The public halves, as token_keys_parse takes them: it says what is wrong with which. */
static int publish(struct card_key *key, const char *path, struct err *reterr)
{
    json_t *list = json_deep_copy(key->set), *set = NULL, *one;
    struct token_keys *keys = NULL;
    struct err err = {0};
    int rc = 0;
    size_t i;

    json_array_foreach(list, i, one)
    {
        if (json_is_object(one) && json_object_get(one, "d") && jose_jwk_pub(NULL, one))
            continue;
        rc = err_set(reterr, ERR_CONFIG, "--card-key: %.140s: key %zu is no private key", path,
                     i + 1);
        break;
    }
    if (rc == 0) {
        set = json_pack("{sO}", "keys", list);
        key->published = set ? json_dumps(set, JSON_COMPACT) : NULL;
        rc = key->published ? token_keys_parse(&keys, str_of(key->published), true, &err)
                            : err_set(&err, ERR_MEMORY, "no memory");
        if (rc < 0)
            err_set(reterr, (enum err_code)rc, "--card-key: %.100s: %.120s", path, err.message);
    }
    token_keys_free(keys);
    json_decref(set);
    json_decref(list);
    return rc;
}

/* A card is made: a key that can't sign is found at the start. */
static int check_signs(const struct card_key *key, const char *path, struct err *reterr)
{
    const char *kid = card_key_id(key);
    struct buf card;
    int rc;

    if (!kid || strlen(kid) > CARD_KID_MAX)
        return err_set(reterr, ERR_CONFIG,
                       "--card-key: %.120s: the \"kid\" of the first key has more than %d bytes: "
                       "cards have no room for it",
                       path, CARD_KID_MAX);
    buf_init(&card, 0);
    rc = card_sign(key, STR("{}"), &card);
    buf_release(&card);
    return rc < 0 ? err_set(reterr, ERR_CONFIG,
                            "--card-key: %.140s: the first key can't sign with ES256 (P-256)", path)
                  : 0;
}

int card_key_open(struct card_key **ret, const char *path, struct err *reterr)
{
    struct card_key *key = calloc(1, sizeof *key);
    int rc;

    if (!key)
        return err_set(reterr, ERR_MEMORY, "no memory for the key of cards");
    rc = check_file(path, reterr);
    if (rc == 0)
        rc = load(key, path, reterr);
    if (rc == 0)
        rc = publish(key, path, reterr);
    if (rc == 0)
        rc = check_signs(key, path, reterr);
    if (rc < 0)
        card_key_close(key);
    else
        *ret = key;
    return rc;
}

void card_key_close(struct card_key *key)
{
    if (!key)
        return;
    json_decref(key->set);
    free(key->published);
    free(key);
}

const json_t *card_key_private(const struct card_key *key)
{
    return json_array_get(key->set, 0);
}

const char *card_key_id(const struct card_key *key)
{
    return json_string_value(json_object_get(card_key_private(key), "kid"));
}

struct str card_key_published(const struct card_key *key)
{
    return str_of(key->published);
}

/* ---- a new one ---- */

static json_t *generate(void)
{
    json_t *jwk = json_pack("{ss}", "alg", "ES256"), *thumbprint;

    if (!jwk || !jose_jwk_gen(NULL, jwk)) {
        json_decref(jwk);
        return NULL;
    }
    thumbprint = jose_jwk_thp(NULL, jwk, "S256");
    if (!thumbprint || json_object_set_new(jwk, "kid", thumbprint) < 0 ||
        json_object_set_new(jwk, "use", json_string("sig")) < 0) {
        json_decref(jwk);
        return NULL;
    }
    json_object_del(jwk, "key_ops");
    return jwk;
}

int card_key_new(const char *path, struct err *reterr)
{
    json_t *jwk = generate();
    int rc = jwk ? token_write_pair(path, jwk, reterr)
                 : err_set(reterr, ERR_INTERNAL, "no key could be made");

    json_decref(jwk);
    return rc;
}
