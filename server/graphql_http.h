/* server/graphql_http.h: GraphQL over HTTP: one exchange in, one answer out.
 *
 * Follows the draft "GraphQL over HTTP": POST with application/json, or GET with the parameters in the URL (the router
 * lets it through when it is on; queries only); answers as application/graphql-response+json when the client
 * accepts that, else application/json. A document that can't run has status 400 in the former and 200 in the latter,
 * data with errors 294 and 200; a request that is no GraphQL request has 400 in both. */
#ifndef SERVER_GRAPHQL_HTTP_H
#define SERVER_GRAPHQL_HTTP_H

#include <stdint.h>

#include "base/macros.h"
#include "query/cost.h"
#include "query/document.h"
#include "server/identity.h"

struct audit;
struct document_route;
struct err;
struct exchange;
struct graphql;
struct role_limits;
struct row_source;
struct schema;
struct seals;
struct trusted;
struct uv_loop_s;

struct graphql_config {
    struct audit *audit; /* the record of every look; NULL: none. Must outlive it */
    struct document_limits documents;
    struct cost_limits limits;
    const struct role_limits *role_limits; /* in their place; must outlive it */
    struct identity *identity;             /* who asks; must outlive it */
    const struct trusted *trusted;         /* NULL: any document may run; must outlive it */
    const struct seals *seals;             /* of ids and cursors; must outlive it */
    uint32_t max_in_flight;                /* operations; beyond: 503; 1000 */
    unsigned request_ms;                   /* deadline of one operation; 5000 */
    unsigned refusal_ms;     /* an answer that hides somebody takes at least so long; 10 */
    size_t max_answer_bytes; /* of an answer that can't be streamed; 8 MB */
};

struct graphql_stats {
    uint64_t operations, failed, timeouts, canceled;
    uint32_t in_flight;
    struct document_stats documents;
    struct identity_stats identity;
};

/* `schema` and `source` must outlive it. */
int graphql_open(struct graphql **ret, struct uv_loop_s *loop, const struct schema *schema,
                 struct row_source *source, const struct graphql_config *config,
                 struct err *reterr) MUSTCHECK;

/* Answers a POST, GET or HEAD whose body is complete (server/http/exchange.h says what becomes of it). */
void graphql_handle(struct graphql *g, struct exchange *x);

/* Answers a GET or HEAD of a document's path: by the route's operation, with the document as the body. */
void graphql_handle_document(struct graphql *g, struct exchange *x,
                             const struct document_route *route);

/* Another list of trusted documents in place of the one before, which may be freed then. */
void graphql_set_trusted(struct graphql *g, const struct trusted *trusted);

void graphql_get_stats(const struct graphql *g, struct graphql_stats *ret);

/* Calls off what is in flight (503), then calls on_closed; the object is freed just before that call. */
void graphql_close(struct graphql *g, void (*on_closed)(void *data), void *data);

#endif
