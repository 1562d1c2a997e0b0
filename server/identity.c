/* server/identity.c: see server/identity.h. */
#include "server/identity.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/viewer.h"
#include "server/http/exchange.h"
#include "server/keyring.h"
#include "server/media_type.h"
#include "server/viewers.h"

enum {
    VIEWERS_BYTES = 16 * 1024 * 1024 /* some 20,000 tokens */
};

struct identity {
    struct identity_config config;
    struct viewers *viewers;
    struct identity_stats stats;
};

static int64_t seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec;
}

static uint64_t monotonic_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int identity_open(struct identity **ret, const struct identity_config *config, struct err *reterr)
{
    struct identity *id = calloc(1, sizeof *id);

    if (!id || viewers_new(&id->viewers, VIEWERS_BYTES) < 0) {
        free(id);
        return err_set(reterr, ERR_MEMORY, "no memory for telling who asks");
    }
    id->config = *config;
    *ret = id;
    return 0;
}

void identity_close(struct identity *id)
{
    if (!id)
        return;
    viewers_free(id->viewers);
    free(id);
}

void identity_follow(struct identity *id, bool again)
{
    if (id->config.keyring && keyring_follow(id->config.keyring, again))
        viewers_forget(id->viewers);
}

/* `Bearer` in any case, blanks, the token. */
static bool bearer_of(struct str header, struct str *ret)
{
    static const struct str scheme = STR("Bearer ");

    if (header.len < scheme.len || strncasecmp(header.ptr, scheme.ptr, scheme.len) != 0)
        return false;
    *ret = (struct str){header.ptr + scheme.len, header.len - scheme.len};
    while (ret->len && *ret->ptr == ' ') {
        ret->ptr++;
        ret->len--;
    }
    return ret->len > 0;
}

static enum token_fault read_token(struct identity *id, struct str text, int64_t now_s,
                                   struct token *ret)
{
    struct token_rules rules = {id->config.issuer, id->config.audience, now_s};
    enum token_fault fault = token_read(ret, text, keyring_keys(id->config.keyring), &rules);

    /* A new key may be in the file already. */
    if (fault == TOKEN_KEY && keyring_look(id->config.keyring, monotonic_ms())) {
        viewers_forget(id->viewers);
        fault = token_read(ret, text, keyring_keys(id->config.keyring), &rules);
    }
    return fault;
}

static int refused(struct identity *id, const struct exchange *x, enum token_fault fault)
{
    id->stats.refused[fault]++;
    log_debug("request id=%s: token refused: %s", x->id, token_fault_name(fault));
    return ERR_UNAUTHENTICATED;
}

int viewer_of(struct identity *id, struct exchange *x, struct viewer *ret)
{
    int64_t now_s;
    enum token_fault fault;
    struct token said;
    struct str text;
    int rc;

    *ret = (struct viewer){.kind = id->config.open ? VIEWER_OPEN : VIEWER_ANONYMOUS,
                           .request_id = str_of(x->id)};
    if (id->config.open || !x->has_authorization)
        return 0;
    if (!bearer_of(x->authorization, &text))
        return refused(id, x, TOKEN_SCHEME);
    now_s = seconds(CLOCK_REALTIME);
    rc = viewers_find(id->viewers, text, now_s, &x->arena, ret);
    if (rc != 0) {
        id->stats.known += rc == VIEWERS_FOUND;
        return MIN(rc, 0);
    }
    fault = read_token(id, text, now_s, &said);
    if (fault != TOKEN_GOOD)
        return refused(id, x, fault);
    id->stats.verified++;
    viewers_keep(id->viewers, text, &said);
    rc = viewer_from_token(&said, &x->arena, ret);
    token_release(&said);
    return rc;
}

void identity_refuse(struct exchange *x)
{
    static const struct str body =
        STR("{\"errors\":[{\"message\":\"The token can't be taken. Please sign in again.\","
            "\"extensions\":{\"code\":\"UNAUTHENTICATED\"}}]}");
    static const struct http_header headers[] = {
        {"WWW-Authenticate", "Bearer realm=\"tolqujat\", error=\"invalid_token\""}, {NULL, NULL}};

    exchange_reply_static(x, err_status(ERR_UNAUTHENTICATED),
                          media_type_name(media_type_answer(x->accept)), body, headers);
}

void identity_get_stats(const struct identity *id, struct identity_stats *ret)
{
    *ret = id->stats;
    ret->key_reads = id->config.keyring ? keyring_reads(id->config.keyring) : 0;
    ret->keys_broken = id->config.keyring && keyring_is_broken(id->config.keyring);
    ret->held = viewers_count(id->viewers);
}
