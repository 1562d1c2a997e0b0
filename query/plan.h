/* query/plan.h: a checked operation as a tree of steps to fetch and a tree of objects to write.
 *
 * A *step* fetches rows of one access path for all parents of its level at once. An *object* says what the
 * answer to a selection set looks like: its fields in the order of the document, names already escaped, each
 * pointing at a cell, at a step, or at something the engine computes. Two trees, since one step can feed
 * several objects (the nodes and the edges of a connection) and most fields need no step.
 *
 *     { patient(iin: $iin) { fullName  prescriptions { nodes { dose  drug { name } } } } }
 *
 *     steps                                    objects
 *     0  patient by iin                        root      patient -> step 0, object A
 *     1    prescriptions of 0, by patient_id   A         fullName = cell 4, prescriptions -> step 1, object B
 *     2      drug of 1, by id                  B         nodes -> object C
 *                                              C         dose = cell 3, drug -> step 2, object D
 *                                              D         name = cell 1
 *
 * @skip and @include are decided before a plan is made: a plan belongs to one operation and one value of the
 * Boolean variables that those directives name (`mask`), so that a plan has no conditions, and the order of
 * fields is that of the specification. No other value of a variable enters a plan. */
#ifndef QUERY_PLAN_H
#define QUERY_PLAN_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"
#include "query/ast.h"
#include "query/schema.h"

struct ahead;
struct err;

enum {
    PLAN_NO_STEP = UINT32_MAX,
    PLAN_CONDITIONS_MAX = 32 /* variables that @skip and @include of one operation may name */
};

struct plan_step {
    const struct field *field; /* resolve: ROW, LOOKUP, LIST or CONNECTION */
    const struct access_path *path;
    uint32_t parent;                       /* PLAN_NO_STEP: asked once, for the root */
    uint32_t first_child, next_sibling;    /* PLAN_NO_STEP ends a list */
    const struct ast_selection *selection; /* for its arguments and its place */
};

struct plan_field {
    struct str name; /* `"name":`, escaped */
    const struct field *field;
    enum resolve_kind resolve;
    uint32_t cell; /* CELL; CELL_CHOICE with a constant argument becomes CELL */
    uint32_t step; /* ROW, LOOKUP, LIST, CONNECTION */
    bool non_null, item_non_null;
    struct plan_object *object; /* composite fields: what each of its objects looks like */
    const struct ast_selection *const *selections; /* of the document, merged */
    uint32_t n_selections;
};

struct plan_object {
    const struct type *type;
    struct str type_name; /* as a JSON string */
    struct plan_field *fields;
    uint32_t n_fields;
};

/* The variables that decide @skip and @include in an operation. */
struct plan_conditions {
    uint32_t
        variable[PLAN_CONDITIONS_MAX]; /* index of the variable; bit i of the mask is its value */
    uint32_t n;
};

struct plan {
    const struct schema *schema;
    const struct document *document;
    const struct ast_operation *operation;
    struct plan_conditions conditions;
    uint32_t mask;
    struct plan_step *steps; /* parents before children */
    uint32_t n_steps;
    struct plan_object *root;
    uint32_t n_fields;   /* in all objects */
    uint32_t depth;      /* objects below objects, for the writer's stack */
    bool shows_schema;   /* it has an introspection field */
    struct ahead *ahead; /* ... written ahead: query/ahead.h; NULL: not */
    struct plan *next;   /* of the same document */
};

/* ERR_LIMIT: more than PLAN_CONDITIONS_MAX such variables. */
int plan_conditions(const struct schema *schema, const struct document *doc,
                    const struct ast_operation *operation, struct plan_conditions *ret,
                    struct err *reterr) MUSTCHECK;

/* Makes the plan in `arena`; the document and the schema must outlive it. ERR_LIMIT: more than `max_fields`
 * fields after fragments are spread; ERR_OPERATION: an operation type that the schema lacks; ERR_MEMORY. */
int plan_make(struct arena *arena, const struct schema *schema, const struct document *doc,
              const struct ast_operation *operation, const struct plan_conditions *conditions,
              uint32_t mask, uint32_t max_fields, struct plan **ret, struct err *reterr) MUSTCHECK;

#endif
