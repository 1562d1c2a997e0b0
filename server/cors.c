/* server/cors.c: see server/cors.h. */
#include "server/cors.h"

#include <stddef.h>

#include "base/buf.h"
#include "server/http/exchange.h"

static const char *cors_match(const struct cors *c, struct str origin)
{
    for (unsigned i = 0; i < c->n; i++)
        if (origin.len && str_is(origin, c->origins[i]))
            return c->origins[i];
    return NULL;
}

bool cors_allows_simple(const struct cors *c, const struct exchange *x)
{
    /* A page of this very server, or somebody who typed the address. */
    if (str_is(x->fetch_site, "same-origin") || str_is(x->fetch_site, "none"))
        return true;
    if (x->origin.len)
        return cors_match(c, x->origin);
    return x->fetch_site.len == 0;
}

void cors_add_headers(const struct cors *c, const struct exchange *x, struct buf *head)
{
    const char *origin;

    /* Public keys: any page may read them, and brings nothing of anybody. */
    if (str_is(x->path, "/.well-known/card-keys.json")) {
        buf_add_str(head, STR("Access-Control-Allow-Origin: *\r\n"));
        return;
    }
    if (c->n == 0)
        return;
    buf_add_str(head, STR("Vary: Origin\r\n"));
    origin = cors_match(c, x->origin);
    if (!origin)
        return;
    buf_add_str(head, STR("Access-Control-Allow-Origin: "));
    buf_add_z(head, origin);
    buf_add_str(head, STR("\r\nAccess-Control-Expose-Headers: X-Request-Id, Retry-After, "
                          "Content-Range, Accept-Ranges\r\n"));
}

void cors_answer_options(const struct cors *c, struct exchange *x, const char *allow)
{
    const struct http_header plain[] = {{"Allow", allow}, {NULL, NULL}};
    const struct http_header preflight[] = {
        {"Allow", allow},
        {"Access-Control-Allow-Methods", allow},
        {"Access-Control-Allow-Headers", /* what clients of GraphQL send by themselves, too */
         "Accept, Accept-Language, Apollo-Require-Preflight, Apollographql-Client-Name, "
         "Apollographql-Client-Version, Authorization, Content-Type, Traceparent, "
         "X-Apollo-Operation-Id, X-Apollo-Operation-Name"},
        {"Access-Control-Max-Age", "600"},
        {NULL, NULL}};

    exchange_reply(x, 204, NULL, NULL,
                   x->preflight_method.len && cors_match(c, x->origin) ? preflight : plain);
}
