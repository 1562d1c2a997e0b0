/* server/url_params.c: see server/url_params.h. */
#include "server/url_params.h"

#include "base/err.h"
#include "base/json.h"

static struct str take_until(struct str *rest, char end)
{
    const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    size_t n = at ? (size_t)(at - rest->ptr) : rest->len;
    struct str part = {rest->ptr, n};

    rest->ptr += n + (at != NULL);
    rest->len -= n + (at != NULL);
    return part;
}

/* -1: none. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_plain(struct str s)
{
    return !s.len || (!memchr(s.ptr, '%', s.len) && !memchr(s.ptr, '+', s.len));
}

static int decode(struct arena *arena, struct str s, unsigned n, struct str *ret,
                  struct err *reterr)
{
    char *out = is_plain(s) ? NULL : arena_alloc(arena, s.len);
    size_t len = 0;

    if (!out && !is_plain(s))
        return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
    for (size_t i = 0; out && i < s.len; i++) {
        int high = i + 2 < s.len ? digit(s.ptr[i + 1]) : -1;
        int low = i + 2 < s.len ? digit(s.ptr[i + 2]) : -1;
        if (s.ptr[i] != '%') {
            out[len++] = s.ptr[i] == '+' ? ' ' : s.ptr[i];
        } else if (high < 0 || low < 0) {
            return err_set(reterr, ERR_REQUEST,
                           "Parameter %u of the URL has a %% without two hexadecimal digits.", n);
        } else {
            out[len++] = (char)(high << 4 | low);
            i += 2;
        }
    }
    *ret = out ? (struct str){out, len} : s;
    if (!utf8_valid(*ret))
        return err_set(reterr, ERR_REQUEST, "Parameter %u of the URL is not UTF-8.", n);
    return 0;
}

int url_params_next(struct url_params *p, struct arena *arena, struct str *ret_name,
                    struct str *ret_value, struct err *reterr)
{
    struct str part = {0}, name = {0};
    int rc;

    while (p->rest.len && part.len == 0)
        part = take_until(&p->rest, '&');
    if (part.len == 0)
        return 0;
    p->n++;
    rc = decode(arena, take_until(&part, '='), p->n, &name, reterr);
    if (rc == 0)
        rc = decode(arena, part, p->n, ret_value, reterr);
    if (rc < 0)
        return rc;
    *ret_name = name;
    return 1;
}
