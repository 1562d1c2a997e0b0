/* server/router.c: see server/router.h. */
#include "server/router.h"

#include <stddef.h>
#include <strings.h>

#include "base/err.h"
#include "server/http/exchange.h"
#include "server/http/server.h"
#include "server/static.h"

enum {
    GET = 1 << HTTP_METHOD_GET | 1 << HTTP_METHOD_HEAD,
    POST = 1 << HTTP_METHOD_POST
};

static void answer_graphql(const struct router *r, struct exchange *x)
{
    struct err err;

    /* The body would have to be unpacked first, which has no bound that a client could not abuse. */
    if (x->content_encoding.len && !(x->content_encoding.len == 8 &&
                                     strncasecmp(x->content_encoding.ptr, "identity", 8) == 0)) {
        const struct http_header accept[] = {{"Accept-Encoding", "identity"}, {NULL, NULL}};
        exchange_error_status(x, 415, "the request body must not be encoded (Content-Encoding)",
                              accept);
        return;
    }
    if (http_server_stats(r->http)->in_flight > http_server_limits(r->http)->in_flight) {
        err_set(&err, ERR_BUSY, "too many requests are being answered; try again in a moment");
        exchange_error(x, &err, NULL);
        return;
    }
    r->graphql(r->data, x);
}

static void answer_health(const struct router *r, struct exchange *x)
{
    exchange_reply_static(x, 200, "application/json", STR("{\"status\":\"alive\"}\n"), NULL);
}

static void answer_ready(const struct router *r, struct exchange *x)
{
    r->ready(r->data, x);
}

static void answer_metrics(const struct router *r, struct exchange *x)
{
    r->metrics(r->data, x);
}

static void answer_file(const struct router *r, struct exchange *x)
{
    static_handle(r->files, x);
}

struct route {
    struct str path;
    unsigned methods;
    const char *allow;
    void (*answer)(const struct router *r, struct exchange *x);
};

static const struct route routes[] = {
    {STR("/graphql"), POST, "POST, OPTIONS", answer_graphql},
    {STR("/healthz"), GET, "GET, HEAD, OPTIONS", answer_health},
    {STR("/readyz"), GET, "GET, HEAD, OPTIONS", answer_ready},
    {STR("/metrics"), GET, "GET, HEAD, OPTIONS", answer_metrics},
};
static const struct route file_route = {STR(""), GET, "GET, HEAD, OPTIONS", answer_file};
static const struct route server_route = {STR("*"), 0, "GET, HEAD, POST, OPTIONS", NULL};

static const struct route *find_route(const struct router *r, const struct exchange *x)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (str_eq(x->path, routes[i].path))
            return &routes[i];
    if (static_has(r->files, x->path))
        return &file_route;
    return str_eq(x->path, server_route.path) ? &server_route : NULL;
}

void router_handle(const struct router *r, struct exchange *x)
{
    const struct route *route = find_route(r, x);

    if (!route) {
        exchange_error_status(x, 404, "there is nothing at this path; the API is POST /graphql",
                              NULL);
    } else if (x->method == HTTP_METHOD_OPTIONS) {
        cors_answer_options(&r->cors, x, route->allow);
    } else if (!(route->methods & 1u << x->method)) {
        const struct http_header allow[] = {{"Allow", route->allow}, {NULL, NULL}};
        exchange_error_status(x, 405, "this path does not take that method; see Allow", allow);
    } else {
        route->answer(r, x);
    }
}
