/* server/graphql_json.h: the parameters of a GraphQL request, from the JSON of a body or the query of a URL.
 * jansson reads the JSON; its memory comes from the request's arena, so they can't take more than a request may. */
#ifndef SERVER_GRAPHQL_JSON_H
#define SERVER_GRAPHQL_JSON_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"

struct err;
struct value;

enum {
    JSON_DEPTH_MAX = 64
};

struct graphql_params {
    struct str query;              /* ptr NULL: not given */
    struct str operation_name;     /* ptr NULL: not given */
    const struct value *variables; /* VALUE_OBJECT, or NULL */
    struct str document_id;        /* of a trusted document; ptr NULL: not given */
    struct str persisted_hash;     /* extensions.persistedQuery.sha256Hash; ptr NULL: not given */
    bool wants_cost;               /* extensions.cost */
};

/* ERR_REQUEST for text that is no JSON, or has an object with two members of one name (the sentence says where; it is no
 * place in a document), and for JSON that is no GraphQL request (GraphQL over HTTP, "Request Parameters"); ERR_LIMIT for nesting beyond JSON_DEPTH_MAX; ERR_MEMORY. */
int graphql_params_parse(struct arena *arena, struct str body, struct graphql_params *ret,
                         struct err *reterr) MUSTCHECK;

/* The same from the text behind the `?` of a URL: `query`, `operationName` and ids are texts, `variables` and
 * `extensions` JSON; what is empty counts as not given, names that nobody knows are ignored, one that comes twice is
 * an error. */
int graphql_params_from_url(struct arena *arena, struct str query, struct graphql_params *ret,
                            struct err *reterr) MUSTCHECK;

#endif
