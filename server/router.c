/* server/router.c: see server/router.h. */
#include "server/router.h"

#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "server/document_routes.h"
#include "server/file_link.h"
#include "server/http/exchange.h"
#include "server/http/server.h"
#include "server/media_type.h"
#include "server/static.h"

enum {
    GET = 1 << HTTP_METHOD_GET | 1 << HTTP_METHOD_HEAD,
    POST = 1 << HTTP_METHOD_POST
};

static void refuse_graphql(struct exchange *x, int status, const char *message,
                           const struct http_header *headers)
{
    x->error_type = media_type_name(media_type_answer(x->accept));
    exchange_error_status(x, status, message, headers);
}

/* A person looks here with a browser, or a client has forgotten something. */
static void answer_visitor(const struct router *r, struct exchange *x, int status,
                           const struct http_header *headers)
{
    char message[160];

    snprintf(
        message, sizeof message, "%s%s",
        r->get_queries
            ? "GraphQL is asked here: POST a JSON object with \"query\", or give it in the URL."
            : "GraphQL is asked here with POST: a JSON object with \"query\"; queries in URLs are "
              "off.",
        r->files ? " The IDE is at /graphiql." : "");
    refuse_graphql(x, status, message, headers);
}

/* GET needs no permission from the browser's side, so a page of anybody's could cause it. */
static bool answer_get(const struct router *r, struct exchange *x)
{
    if (!cors_allows_simple(&r->cors, x))
        refuse_graphql(x, 403, "a page of another origin may not ask by GET", NULL);
    else if (x->query.len == 0)
        answer_visitor(r, x, 400, NULL);
    else
        return false;
    return true;
}

static void answer_graphql(const struct router *r, struct exchange *x)
{
    if (x->method != HTTP_METHOD_POST && answer_get(r, x))
        return;
    /* The body would have to be unpacked first, which has no bound that a client could not abuse. */
    if (x->content_encoding.len && !(x->content_encoding.len == 8 &&
                                     strncasecmp(x->content_encoding.ptr, "identity", 8) == 0)) {
        const struct http_header accept[] = {{"Accept-Encoding", "identity"}, {NULL, NULL}};
        refuse_graphql(x, 415, "the request body must not be encoded (Content-Encoding)", accept);
        return;
    }
    if (http_server_stats(r->http)->in_flight > http_server_limits(r->http)->in_flight) {
        refuse_graphql(x, 503, "too many requests are being answered; try again in a moment", NULL);
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

/* GET needs no permission from the browser's side here either. */
static void answer_document(const struct router *r, struct exchange *x)
{
    if (!cors_allows_simple(&r->cors, x))
        exchange_error_status(x, 403, "a page of another origin may not ask by GET", NULL);
    else if (http_server_stats(r->http)->in_flight > http_server_limits(r->http)->in_flight)
        exchange_error_status(x, 503, "too many requests are being answered; try again in a moment",
                              NULL);
    else
        r->document(r->data, x, document_routes_find(r->documents, x->path));
}

/* Whoever has a link may open it, from a page of any origin too: no page knows one but who was given it. */
static void answer_linked(const struct router *r, struct exchange *x)
{
    r->file(r->data, x);
}

static void answer_card_keys(const struct router *r, struct exchange *x)
{
    static const struct http_header headers[] = {{"Cache-Control", "public, max-age=3600"},
                                                 {NULL, NULL}};

    if (r->card_keys.len)
        exchange_reply_static(x, 200, "application/jwk-set+json", r->card_keys, headers);
    else
        exchange_error_status(x, 404, "this server signs no cards (--card-key)", NULL);
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
    {STR("/.well-known/card-keys.json"), GET, "GET, HEAD, OPTIONS", answer_card_keys},
    {STR("/metrics"), GET, "GET, HEAD, OPTIONS", answer_metrics},
};
static const struct route graphql_get_route = {STR("/graphql"), GET | POST,
                                               "GET, HEAD, POST, OPTIONS", answer_graphql};
static const struct route file_route = {STR(""), GET, "GET, HEAD, OPTIONS", answer_file};
static const struct route linked_route = {STR(FILE_LINK_PATH), GET, "GET, HEAD, OPTIONS",
                                          answer_linked};
static const struct route document_route = {STR(""), GET, "GET, HEAD, OPTIONS", answer_document};
static const struct route server_route = {STR("*"), 0, "GET, HEAD, POST, OPTIONS", NULL};

static const struct route *find_route(const struct router *r, const struct exchange *x)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (str_eq(x->path, routes[i].path))
            return r->get_queries && routes[i].answer == answer_graphql ? &graphql_get_route
                                                                        : &routes[i];
    if (static_has(r->files, x->path))
        return &file_route;
    if (x->path.len > linked_route.path.len &&
        memcmp(x->path.ptr, linked_route.path.ptr, linked_route.path.len) == 0)
        return &linked_route;
    if (document_routes_find(r->documents, x->path))
        return &document_route;
    return str_eq(x->path, server_route.path) ? &server_route : NULL;
}

static void refuse_method(const struct router *r, struct exchange *x, const struct route *route)
{
    const struct http_header allow[] = {{"Allow", route->allow}, {NULL, NULL}};

    if (route->answer != answer_graphql)
        exchange_error_status(x, 405, "this path does not take that method; see Allow", allow);
    else if (GET & 1u << x->method)
        answer_visitor(r, x, 405, allow);
    else
        refuse_graphql(x, 405, "this path does not take that method; see Allow", allow);
}

void router_handle(const struct router *r, struct exchange *x)
{
    const struct route *route = find_route(r, x);

    if (!route)
        exchange_error_status(x, 404, "there is nothing at this path; the API is POST /graphql",
                              NULL);
    else if (x->method == HTTP_METHOD_OPTIONS)
        cors_answer_options(&r->cors, x, route->allow);
    else if (!(route->methods & 1u << x->method))
        refuse_method(r, x, route);
    else
        route->answer(r, x);
}
