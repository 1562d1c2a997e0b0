/* server/document_routes.h: which paths are documents, and what operation makes each: the file documents.graphql beside the schema.
 *
 * Read once, before workers are forked; constant from then on. */
#ifndef SERVER_DOCUMENT_ROUTES_H
#define SERVER_DOCUMENT_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct arena;
struct compiled;
struct err;
struct schema;
struct value;

struct document_route {
    struct str path;        /* with {name} for a segment that is a variable */
    struct str operation;   /* the text of a GraphQL document */
    const char *media_type; /* of what it makes */
    int line;               /* in the file */
    /* Set by document_routes_compile. */
    struct compiled *compiled; /* good */
    bool paged;                /* it makes the strings of all pages of a connection, a line each */
};

struct document_routes {
    struct document_route *all;
    uint32_t n;
};

/* Reads the routes of the schema file `schema`; where there is no file of documents beside it there are none. All
 * of it lies in `arena`. ERR_CONFIG with the reason, ERR_MEMORY. */
int document_routes_read(struct arena *arena, const char *schema, struct document_routes *ret,
                         struct err *reterr) MUSTCHECK;

/* Compiles the operations and looks whether each selects one string: in objects alone, or in the nodes of one connection. `schema` must
 * outlive the routes. No limit of clients' documents holds for them. ERR_CONFIG with file, line and reason; ERR_MEMORY. */
int document_routes_compile(struct document_routes *r, const struct schema *schema,
                            struct err *reterr) MUSTCHECK;
/* Gives back what document_routes_compile made; operations that run live on. */
void document_routes_release(struct document_routes *r);

/* The route of a path (not decoded, but for a $ that came as %24); NULL: it is no document. */
const struct document_route *document_routes_find(const struct document_routes *r, struct str path);

/* The variables of the route's operation, as a VALUE_OBJECT in `arena`: what stands in the path, and the parameters of the URL.
 * ERR_REQUEST: a parameter that is none, or more than there may be; ERR_MEMORY. */
int document_routes_variables(struct arena *arena, const struct document_route *route,
                              struct str path, struct str query, struct value **ret,
                              struct err *reterr) MUSTCHECK;
/* Sets the variable `name` of such an object, given before or not; the texts must outlive it. */
void document_routes_set_variable(struct value *object, struct str name, struct str text);

#endif
