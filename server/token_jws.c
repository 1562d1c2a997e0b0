/* server/token_jws.c: see server/token_jws.h. */
#include "server/token_jws.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <jose/jws.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "server/token_keys.h"

bool token_jws_split(struct str text, struct token_jws *ret)
{
    const char *end = text.ptr + text.len, *first, *second;

    if (text.len == 0)
        return false;
    first = memchr(text.ptr, '.', text.len);
    second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '.', (size_t)(end - second - 1)))
        return false;
    ret->header = (struct str){text.ptr, (size_t)(first - text.ptr)};
    ret->payload = (struct str){first + 1, (size_t)(second - first - 1)};
    ret->signature = (struct str){second + 1, (size_t)(end - second - 1)};
    return true;
}

json_t *token_jws_object(struct str json)
{
    json_t *root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

/* The library's own handler writes to standard error, with the token's words in it. */
static void swallow(void *misc, const char *file, int line, uint64_t err, const char *fmt,
                    va_list ap)
{
}

bool token_jws_fits(const struct token_jws *parts, const struct token_key *key)
{
    jose_cfg_t *cfg = jose_cfg();
    json_t *jws = json_pack("{ss% ss% ss%}", "protected", parts->header.ptr, parts->header.len,
                            "payload", parts->payload.ptr, parts->payload.len, "signature",
                            parts->signature.ptr, parts->signature.len);
    bool good = false;

    if (cfg && jws) {
        jose_cfg_set_err_func(cfg, swallow, NULL);
        good = jose_jws_ver(cfg, jws, NULL, key->jwk, true);
    }
    json_decref(jws);
    if (cfg)
        jose_cfg_decref(cfg);
    return good;
}

int token_jws_sign(const json_t *header, struct str text, const json_t *key, struct buf *out)
{
    jose_cfg_t *cfg = jose_cfg();
    json_t *jws = NULL, *signature = NULL;
    struct buf payload;
    int rc = ERR_MEMORY;

    buf_init(&payload, 0);
    base64_add(&payload, text.ptr, text.len);
    if (cfg)
        jose_cfg_set_err_func(cfg, swallow, NULL);
    if (cfg && !payload.failed)
        jws = json_pack("{ss%}", "payload", payload.ptr, payload.len);
    if (jws)
        signature = json_pack("{so}", "protected", json_deep_copy(header));
    if (signature)
        rc = jose_jws_sig(cfg, jws, signature, key) ? 0 : ERR_CONFIG;
    if (rc == 0)
        buf_addf(out, "%s.%.*s.%s", json_string_value(json_object_get(jws, "protected")),
                 STR_FMT(buf_str(&payload)), json_string_value(json_object_get(jws, "signature")));
    json_decref(signature);
    json_decref(jws);
    buf_release(&payload);
    if (cfg)
        jose_cfg_decref(cfg);
    return rc == 0 && out->failed ? ERR_MEMORY : rc;
}

int token_jws_write_file(const char *path, const json_t *json, unsigned mode, struct err *reterr)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    char *text = json_dumps(json, JSON_COMPACT);
    size_t n = text ? strlen(text) : 0;
    int rc = 0;

    if (fd < 0)
        rc = err_set(reterr, ERR_CONFIG, "%.160s: %s", path, strerror(errno));
    else if (!text)
        rc = err_set(reterr, ERR_MEMORY, "no memory for a key");
    else if (write(fd, text, n) != (ssize_t)n || write(fd, "\n", 1) != 1 || fsync(fd) < 0)
        rc = err_set(reterr, ERR_CONFIG, "%.160s: can't be written", path);
    if (fd >= 0)
        close(fd);
    free(text);
    return rc;
}
