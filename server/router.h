/* server/router.h: which path is answered by whom, with which methods.
 *
 * One fixed table. 404 and 405 (with Allow), OPTIONS, encodings of bodies and the limit of requests in
 * flight are decided here, so that a handler sees only requests that it was made for. */
#ifndef SERVER_ROUTER_H
#define SERVER_ROUTER_H

#include "base/str.h"
#include "server/cors.h"

struct document_route;
struct document_routes;
struct exchange;
struct http_server;
struct static_files;

/* What the paths lead to; each is called with `data`. */
struct router {
    struct cors cors;
    const struct static_files *files; /* NULL: no IDE */
    bool get_queries;                 /* GET /graphql is an operation */
    const struct http_server *http;
    void (*graphql)(void *data, struct exchange *x);
    const struct document_routes *documents;
    void (*document)(void *data, struct exchange *x, const struct document_route *route);
    void (*file)(void *data, struct exchange *x); /* a path that begins with FILE_LINK_PATH */
    struct str card_keys;                         /* a JWKS to publish; empty: none */
    void (*ready)(void *data, struct exchange *x);
    void (*metrics)(void *data, struct exchange *x);
    void *data;
};

void router_handle(const struct router *r, struct exchange *x);

#endif
