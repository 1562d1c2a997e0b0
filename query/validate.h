/* query/validate.h: the rules of the specification's section 5, over one document.
 *
 * On success every reference in the document is resolved: types of variables and fragments, indexes of
 * variables in values. Work grows with the document; where it could grow faster (fields that are at odds,
 * merged sets that branch, operations that share fragments) it has a budget. */
#ifndef QUERY_VALIDATE_H
#define QUERY_VALIDATE_H

#include "base/macros.h"
#include "query/ast.h"

struct arena;
struct err;
struct schema;

enum {
    VALIDATE_ERRORS_MAX = 20
};

/* 0 anywhere: no limit. */
struct validate_limits {
    uint32_t max_depth;       /* fields, fragments not counted; 12 */
    uint32_t max_aliases;     /* 30 */
    uint32_t max_directives;  /* 50 */
    uint32_t max_root_fields; /* 20 */
    uint32_t max_list;        /* items of one list among the literals; 100 */
    bool suggestions;         /* "Did you mean ...?" */
    bool no_introspection;    /* fields of introspection are refused, but for __typename */
};

/* All places of one error, in graphql-js's order; the first is in the error itself too. */
struct validate_places {
    struct loc *at;
    uint32_t n, _size;
};

struct validate_result {
    struct err *errors; /* in the arena */
    struct validate_places
        *places;       /* in the arena, one for each error; NULL: each has its one place */
    uint32_t n_errors; /* at most VALIDATE_ERRORS_MAX */
};

/* 0: the document may be executed. ERR_VALIDATION or ERR_LIMIT: see `ret->errors` (graphql-js 17's wording
 * and places). ERR_MEMORY. Depth of introspection (below __schema and __type) has a limit of its own, 20. */
int validate_document(struct arena *arena, const struct schema *schema, struct document *doc,
                      const struct validate_limits *limits, struct validate_result *ret) MUSTCHECK;

#endif
