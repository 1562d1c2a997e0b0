/* server/document_routes.h: which paths are documents, and what operation makes each: the file documents.graphql beside the schema.
 *
 * Read once, before workers are forked; constant from then on. */
#ifndef SERVER_DOCUMENT_ROUTES_H
#define SERVER_DOCUMENT_ROUTES_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct arena;
struct err;
struct value;

struct document_route {
    struct str path;        /* with {name} for a segment that is a variable */
    struct str operation;   /* the text of a GraphQL document */
    const char *media_type; /* of what it makes */
};

struct document_routes {
    struct document_route *all;
    uint32_t n;
};

/* Reads the routes of the schema file `schema`; where there is no file of documents beside it there are none. All
 * of it lies in `arena`. ERR_CONFIG with the reason, ERR_MEMORY. */
int document_routes_read(struct arena *arena, const char *schema, struct document_routes *ret,
                         struct err *reterr) MUSTCHECK;

/* The route of a path (not decoded, but for a $ that came as %24); NULL: it is no document. */
const struct document_route *document_routes_find(const struct document_routes *r, struct str path);

/* The variables of the route's operation, as a VALUE_OBJECT in `arena`: what stands in the path, and the parameters of the URL.
 * ERR_REQUEST: a parameter that is none, or more than there may be; ERR_MEMORY. */
int document_routes_variables(struct arena *arena, const struct document_route *route,
                              struct str path, struct str query, const struct value **ret,
                              struct err *reterr) MUSTCHECK;

#endif
