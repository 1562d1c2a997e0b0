/* query/suggest.h: "Did you mean ...?": the names that are nearest to one that was mistyped, chosen and
 * ordered as graphql-js does. */
#ifndef QUERY_SUGGEST_H
#define QUERY_SUGGEST_H

#include <stdint.h>

#include "base/str.h"

enum {
    SUGGEST_MAX = 5,
    SUGGEST_TEXT_MAX = 256
};

struct suggest {
    struct str input;
    struct str name[SUGGEST_MAX]; /* the best so far, best first */
    uint32_t distance[SUGGEST_MAX];
    uint32_t n; /* of all that are near enough */
};

void suggest_start(struct suggest *s, struct str input);
void suggest_add(struct suggest *s, struct str name);
/* Adds `name` behind those that are there, however far it is. */
void suggest_force(struct suggest *s, struct str name);
/* ` Did you mean <kind> "a", "b", or "c"?`, or an empty text. `kind` may be empty. */
const char *suggest_text(const struct suggest *s, const char *kind, char out[SUGGEST_TEXT_MAX]);
/* Orders names with their numbers by value. */
int suggest_compare(struct str a, struct str b);

#endif
