/* server/graphql_http.c: the door: what HTTP has to say before any GraphQL. See server/graphql_http.h; the
 * other files of GraphQL over HTTP are listed in server/graphql_priv.h. */
#include "server/graphql_http.h"

#include "base/err.h"
#include "server/document_routes.h"
#include "server/graphql_priv.h"
#include "server/identity.h"

static void operation_gone(struct exchange *x)
{
    struct operation *o = x->data;

    if (!list_empty(&o->link))
        operation_call_off(o, ERR_CANCELED);
}

static void refuse_exchange(struct exchange *x, int code, const char *message)
{
    struct err err;

    err_set(&err, (enum err_code)code, "%s", message);
    exchange_error(x, &err, NULL);
}

/* What HTTP has to say before any GraphQL; NULL: refused. */
static struct operation *accept_exchange(struct graphql *g, struct exchange *x)
{
    enum answer_type type = media_type_answer(x->accept);
    struct operation *o;
    struct err err;

    if (type == ANSWER_NOT_ACCEPTABLE) {
        exchange_error_status(x, 406,
                              "Answers are application/json or application/graphql-response+json; "
                              "the Accept header allows neither.",
                              NULL);
        return NULL;
    }
    x->error_type = media_type_name(type);
    if (x->method == HTTP_METHOD_POST && !media_type_is_json(x->content_type)) {
        refuse_exchange(x, ERR_MEDIA_TYPE, "The Content-Type must be application/json, in UTF-8.");
        return NULL;
    }
    o = arena_zalloc(&x->arena, sizeof *o);
    if (!o || g->closing || g->stats.in_flight >= g->config.max_in_flight) {
        err_set(&err, g->closing ? ERR_CLOSING : ERR_BUSY,
                "The server can't take this request just now. Please try again.");
        exchange_error(x, &err, NULL); /* which says when to come again */
        return NULL;
    }
    o->g = g;
    o->x = x;
    o->arena = &x->arena;
    o->type = type;
    o->safe = x->method != HTTP_METHOD_POST;
    list_init(&o->link);
    x->data = o;
    x->gone = operation_gone;
    return o;
}

/* Before a byte of the body is looked at; false: refused. */
static bool know_viewer(struct operation *o)
{
    int rc = viewer_of(o->g->config.identity, o->x, &o->viewer);

    if (rc == 0)
        return true;
    o->g->stats.failed++;
    if (rc == ERR_UNAUTHENTICATED)
        identity_refuse(o->x);
    else
        refuse_exchange(o->x, rc, "The request needs more memory than it may have.");
    return false;
}

void graphql_handle(struct graphql *g, struct exchange *x)
{
    struct operation *o = accept_exchange(g, x);
    struct err err;
    int rc;

    if (!o)
        return;
    g->stats.operations++;
    if (!know_viewer(o))
        return;
    rc = o->safe ? graphql_params_from_url(&x->arena, x->query, &o->params, &err)
                 : graphql_params_parse(&x->arena, x->body, &o->params, &err);
    if (rc < 0) {
        g->stats.failed++;
        graphql_blame_limit(&x->arena, &err);
        exchange_error(x, &err, NULL);
        return;
    }
    operation_run(o);
}

/* ---- documents ---- */

void graphql_handle_document(struct graphql *g, struct exchange *x,
                             const struct document_route *route)
{
    static const struct http_header again[] = {{"Retry-After", "1"}, {NULL, NULL}};
    struct document_reply *d = arena_zalloc(&x->arena, sizeof *d);
    struct operation *o = arena_zalloc(&x->arena, sizeof *o);
    struct err err;
    int rc;

    if (!d || !o || g->closing || g->stats.in_flight >= g->config.max_in_flight) {
        document_refuse(
            x, 503, STR("The server can't take this request just now. Please try again."), again);
        return;
    }
    *d = (struct document_reply){.route = route, .o = o};
    *o = (struct operation){.g = g,
                            .x = x,
                            .arena = &x->arena,
                            .type = ANSWER_GRAPHQL_RESPONSE,
                            .safe = true,
                            .reply = d};
    list_init(&o->link);
    x->data = o;
    x->gone = operation_gone;
    rc = viewer_of(g->config.identity, x, &o->viewer);
    if (rc < 0) {
        g->stats.operations++;
        operation_refuse_with(o, rc,
                              rc == ERR_UNAUTHENTICATED
                                  ? "This needs a token that counts."
                                  : "The request needs more memory than it may have.");
        return;
    }
    rc = document_routes_variables(&x->arena, route, x->path, x->query, &d->variables, &err);
    if (rc < 0)
        operation_refuse(o, &err);
    else
        document_run(d);
}
