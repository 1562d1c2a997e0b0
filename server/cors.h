/* server/cors.h: which web pages may ask: those whose origin is on a list that an operator wrote.
 *
 * There is no wildcard, and origins are compared byte by byte; the list's own text is echoed, never the client's.
 * A page that is not on the list gets its answer without the header that would let it read it, and its preflight
 * gets no permission, so that its request with a JSON body is not sent at all. */
#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include <stdbool.h>

#include "base/macros.h"

struct buf;
struct exchange;

struct cors {
    const char *const *origins; /* outlive it */
    unsigned n;
};

/* Whether a request that needs no preflight (GET) may be answered: false when a browser says that a page of an origin
 * that is not on the list caused it (an image, a link, a frame, a script's simple request). A client that is no
 * browser says nothing of the kind. */
bool cors_allows_simple(const struct cors *c, const struct exchange *x) MUSTCHECK;
/* Adds the header lines that every reply carries. */
void cors_add_headers(const struct cors *c, const struct exchange *x, struct buf *head);
/* Answers OPTIONS of a path whose methods are `allow` ("POST, OPTIONS"). */
void cors_answer_options(const struct cors *c, struct exchange *x, const char *allow);

#endif
