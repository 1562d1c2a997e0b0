/* query/validate_priv.h: what the rules of validation share.
 *
 * Layer: query, private. One walk over the document (validate.c) asks the rules of each node in
 * graphql-js's order; rules about whole operations (variables) and about merged fields have files of
 * their own. Errors are collected; the 20th ends the walk: `full` is then set and everybody returns. */
#ifndef QUERY_VALIDATE_PRIV_H
#define QUERY_VALIDATE_PRIV_H

#include "base/map.h"
#include "query/schema.h"
#include "query/validate.h"

/* A fragment and what was found out about it, once. */
struct fragment_info {
    const struct ast_fragment *def;
    const struct type *type;          /* the condition's, composite; NULL: unknown */
    uint32_t index;
    unsigned char visit;              /* of the search for cycles */
    bool used;                        /* reachable from an operation */
    uint32_t path_index;              /* of the search for cycles: place in the path, or UINT32_MAX */
    uint32_t depth;                   /* fields below fields, memoised; 0: not yet known */
    uint32_t mark;                    /* the last walk that came by: one number for each walk */
    struct usage *usages;             /* variables used directly in it */
    struct spread *spreads;           /* fragments spread directly in it, in order */
};

/* One use of a variable. */
struct usage {
    const struct value *value;
    const struct type_ref *type;      /* what is expected there; NULL: unknown */
    bool has_default;                 /* the place has a default value */
    const struct type *one_of;        /* the OneOf input object whose field it is, or NULL */
    struct usage *next;
};

struct spread {
    const struct ast_selection *selection;
    struct spread *next;
};

struct validation {
    struct arena *arena;
    const struct schema *schema;
    struct document *doc;
    const struct validate_limits *limits;
    struct validate_result *result;
    bool full;                        /* no more errors are wanted */
    bool no_memory;
    int limit;                        /* ERR_LIMIT when a limit was exceeded */
    struct map fragments;             /* name -> struct fragment_info: the last of that name */
    struct fragment_info *infos;      /* by index: in the order of the document */
    uint32_t n_infos, marks;
    struct usage **usages;            /* where the walk appends: of the operation or fragment it is in */
    struct spread **spreads;
};

/* Adds an error (ERR_VALIDATION) at `loc`. */
void validate_error(struct validation *v, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
void validate_limit_error(struct validation *v, struct loc loc, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Memory from the arena, zeroed; NULL sets `no_memory` and `full`. */
void *validate_new(struct validation *v, size_t size) MUSTCHECK;

struct fragment_info *validate_fragment(const struct validation *v, struct str name);

/* validate_resolve.c: types of variables and fragments, indexes of variables, before any rule. */
void validate_resolve(struct validation *v);

#endif
