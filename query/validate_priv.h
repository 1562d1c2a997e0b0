/* query/validate_priv.h: what the rules of validation share.
 *
 * Layer: query, private. One walk over the document (validate.c) asks the rules about each node, in the
 * order in which graphql-js reports; rules about whole operations, fragments and merged fields have
 * files of their own. Errors are collected; the 20th ends the walk: `full` is set and all return. */
#ifndef QUERY_VALIDATE_PRIV_H
#define QUERY_VALIDATE_PRIV_H

#include "base/arena.h"
#include "base/map.h"
#include "query/schema.h"
#include "query/validate.h"

/* One use of a variable. */
struct usage {
    const struct value *value;
    const struct type_ref *type; /* what is expected there; NULL: unknown */
    bool has_default;            /* the place has a default value */
    const struct type *one_of;   /* the OneOf input object whose field it is, or NULL */
    struct usage *next;
};

/* What is asked of one operation, found by the quiet walk. */
struct operation_info {
    const struct ast_operation *def;
    struct usage *usages; /* of variables, directly in it */
};

struct spread {
    const struct ast_selection *selection;
    struct spread *next;
};

/* A fragment and what was found out about it, once. */
struct fragment_info {
    const struct ast_fragment *def;
    const struct type *type;    /* the condition's, composite; NULL: unknown */
    struct usage *usages;       /* of variables, directly in it */
    struct spread *spreads;     /* directly in it */
    bool used;                  /* an operation reaches it */
    bool merged;                /* its fields were judged in a set that spreads it */
    bool visited;               /* the search for cycles was here */
    struct spread **on_path;    /* the search for cycles: its place in the path, or NULL */
    uint32_t mark;              /* the last search that came by; each has a number of its own */
    uint32_t depth, meta_depth; /* memoised + 1; 0: not yet known */
    uint32_t meta_checked, meta_exceeded, meta_visited; /* list depths + 1 (validate_fragments.c) */
    uint32_t meta_walk;                                 /* meta_visited is of this walk */
    struct fragment_info *next_found;
};

struct overlap;

struct validation {
    struct arena *arena;
    const struct schema *schema;
    struct document *doc;
    const struct validate_limits *limits;
    struct validate_result *result;
    bool full; /* no more errors are wanted */
    bool no_memory, over_limit;
    bool quiet;                  /* this walk only collects usages */
    bool conflicts;              /* there may be fields that can't be merged */
    struct map fragments;        /* name -> struct fragment_info: the last of that name */
    struct fragment_info *infos; /* in the order of the document */
    struct operation_info *operations;
    uint32_t n_infos, marks, meta_walks;
    uint32_t nesting;          /* of recursions that go through fragments */
    struct usage **usages;     /* where the quiet walk appends uses of variables; NULL: nowhere */
    const struct field *field; /* around the node of the walk; NULL: unknown, or none */
    bool in_meta;              /* below a __schema or __type that was reported */
    struct overlap *overlap;
    struct loc too_many_pairs; /* where the budget of comparisons ended; {0, 0}: nowhere */
    uint32_t work;             /* done for operations through their fragments */
    struct map operation_names, fragment_names;
    uint32_t n_variables; /* in the whole document */
};

/* Adds an error at `loc`; nothing in a quiet walk. */
void validate_error(struct validation *v, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same with several places; `at` is kept. */
void validate_error_at(struct validation *v, struct validate_places at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Appends a place. */
void validate_place(struct validation *v, struct validate_places *places, struct loc loc);
struct validate_places validate_two(struct validation *v, struct loc a, struct loc b);
/* The same as validate_error with ERR_LIMIT; ends the walk. */
void validate_limit(struct validation *v, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Zeroed memory from the arena; NULL sets `no_memory` and `full`. */
void *validate_new(struct validation *v, size_t size) MUSTCHECK;
/* map_put that notes failure. */
void validate_put(struct validation *v, struct map *m, struct str key, void *value);
/* Bounds recursion through fragments, whose chains are as long as the document: false, and a limit is
 * reported, when it is too deep; else validate_leave must follow. */
bool validate_enter(struct validation *v, struct loc loc) MUSTCHECK;
void validate_leave(struct validation *v);
/* Counts work that is done for an operation through its fragments; too much of it is a limit. */
void validate_work(struct validation *v, struct loc loc, uint32_t n);
/* The fragment of that name, or NULL. */
struct fragment_info *validate_fragment(const struct validation *v, struct str name);

struct suggest;
/* validate_suggest.c: adds the types below the abstract `parent` that have the field `name`. */
void validate_suggest_types(const struct validation *v, const struct type *parent, struct str name,
                            struct suggest *s);

/* validate_resolve.c: types of variables and fragments, indexes of variables, hashes; before any rule. */
void validate_resolve(struct validation *v);

/* validate_limits.c: sizes that are cheap to count; before any rule. */
void validate_sizes(struct validation *v);

/* validate_values.c: a literal where `type` is expected (NULL: unknown, only its shape is checked).
 * `has_default`: the place has a default value. */
void validate_value(struct validation *v, const struct value *value, const struct type_ref *type,
                    bool has_default);

/* validate_fragments.c */
struct spread *validate_spreads(struct validation *v, const struct ast_selection *selections);
/* Every fragment that `spreads` reach, each once, nearest first; linked by next_found. Counted as work at
 * `loc`. */
struct fragment_info *validate_reached(struct validation *v, const struct spread *spreads,
                                       struct loc loc);
void validate_fragment_cycles(struct validation *v, const struct fragment_info *f);
void validate_unused_fragments(struct validation *v);
void validate_meta_depth(struct validation *v, const struct ast_selection *field);

/* validate_operation.c */
void validate_enter_operation(struct validation *v, const struct operation_info *op);
void validate_leave_operation(struct validation *v, const struct operation_info *op);

/* validate_merge.c: sets `conflicts` when fields of the document can't be merged, or might be such. */
void validate_merge(struct validation *v);
/* Whether two fields have the same arguments, each with the last value of its name. */
bool validate_same_arguments(struct validation *v, const struct ast_selection *a,
                             const struct ast_selection *b);
/* Whether answers of two types have the same shape: lists and `!` at the same places, and around the same
 * leaf, or around anything with fields. */
bool validate_same_shape(const struct type_ref *a, const struct type_ref *b);

/* validate_overlap.c: reports fields of one selection set that can't be merged. */
void validate_overlap(struct validation *v, const struct type *parent,
                      const struct ast_selection *selections);

/* After all rules: refuses a document whose fields took too many comparisons. */
void validate_overlap_budget(struct validation *v);

#endif
