/* query/plan_collect.h: which fields an object of a plan has: fragments are spread, @skip and @include
 * decided, selections of one response name put together.
 *
 * Layer: query, private. All memory is the arena's. */
#ifndef QUERY_PLAN_COLLECT_H
#define QUERY_PLAN_COLLECT_H

#include <stdint.h>

#include "base/macros.h"
#include "base/map.h"
#include "base/str.h"

struct arena;
struct ast_selection;
struct document;
struct err;
struct plan_conditions;
struct schema;
struct type;

/* Selections of one response name. */
struct group {
    struct str name;
    const struct ast_selection **selections;
    uint32_t n, cap;
    struct group *next;
};

/* The fields of one object, in the order of their first selection. Is not to be copied: `last` may point into
 * it. */
struct collect {
    struct map by_name; /* response name -> struct group */
    struct map visited; /* names of fragments */
    struct group *first, **last;
    uint32_t n;
};

/* What decides whether a selection counts. All but `fragments` is the caller's to set. */
struct selector {
    struct arena *arena;
    const struct schema *schema;
    const struct plan_conditions *conditions;
    uint32_t mask;        /* the values of the conditions */
    struct map fragments; /* name -> struct ast_fragment */
    struct err *err;
};

/* Takes the fragments of `doc`, which must outlive it. 0 or ERR_MEMORY with `*err` filled. */
int selector_init(struct selector *by, const struct document *doc) MUSTCHECK;
void collect_init(struct collect *c, struct arena *arena);
/* Adds what the selections from `s` on select of the object type `type`. 0, ERR_LIMIT when fragments are nested
 * too deep, or ERR_MEMORY, with `*err` filled. */
int collect_fields(struct selector *by, struct collect *c, const struct type *type,
                   const struct ast_selection *s) MUSTCHECK;

#endif
