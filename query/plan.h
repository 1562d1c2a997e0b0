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
 * A field of an interface or union has a *branch* for each type that it can be: the object that this type's
 * rows look like (collected for that type, as CollectFields does once the type is known). What says the type:
 *
 *     @node        the global id: each branch has a step of its own, and only the matching one gets a key
 *     `kind`       a cell of the row that refers: again a step for each branch, with a *guard* on that cell
 *     @kind        a cell of the row itself: one step for all, and the guard is on the steps below a branch
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
#include "query/plan_conditions.h"
#include "query/schema.h"

struct ahead;
struct err;

/* Only rows whose cell says this type go on. */
struct plan_guard {
    uint32_t cell;
    struct str type_name; /* as a JSON string; ptr NULL: all rows */
};

/* A cell with a null that the answer has to be careful about, though no NOT NULL in the database keeps it away: an item
 * of an array, a computed value, a column of rows of several types. */
struct plan_watch {
    uint32_t cell;
    bool items;              /* an item of the list that the cell is; else the cell itself */
    bool fatal;              /* it makes all data null */
    struct plan_guard guard; /* of which rows */
    struct plan_watch *next;
};

enum {
    PLAN_NO_STEP = UINT32_MAX
};

struct plan_step {
    const struct field
        *field; /* what it is fetched for: the first one when it is a second group of cells */
    const struct access_path *path;
    const uint32_t *key_cell;      /* of the parent's row */
    const struct type *type;       /* BY_ID, BY_IDS: whose ids it takes */
    struct plan_guard guard, kind; /* both hold: of the branch that it is below, of its own */
    rights_mask allow;             /* what of @allow holds for its rows' type */
    int subject_key; /* which column of the key names whose rows they are; -1: the rows say it */
    struct plan_object *objects; /* that show its rows */
    uint32_t part, n_parts;      /* of the plan's parts: none, one, or one for each kind of row */
    bool idle;                   /* a connection that shows none of its rows */
    bool counted;                /* ... that shows how many there are */
    bool needed; /* a missing row is an error somewhere: the answer has to be careful */
    bool fatal;  /* a missing or failed row makes all data null */
    struct plan_watch *watched; /* of its rows */
    uint32_t root;              /* index of the root's field that it belongs to */
    /* The first of the steps of one field of which a row takes one only; itself when it is alone. */
    uint32_t alternative;
    uint32_t parent;                       /* PLAN_NO_STEP: asked once, for the root */
    uint32_t first_child, next_sibling;    /* PLAN_NO_STEP ends a list */
    const struct ast_selection *selection; /* for its arguments and its place */
};

/* What a field's object is when it is of one type. */
struct plan_branch {
    struct plan_object *object;
    uint32_t step; /* ROW_OF_KIND, BY_ID, BY_IDS: this type's; else that of the field */
};

struct plan_field {
    struct str name; /* `"name":`, escaped */
    const struct field *field;
    enum resolve_kind resolve; /* APART: field->resolve says how, in the row of the step `apart` */
    uint32_t cell;             /* CELL */
    uint32_t step;             /* ROW, LOOKUP, LIST, CONNECTION, CALL */
    uint32_t apart;            /* APART */
    bool non_null, item_non_null;
    bool strict_list;             /* a list cell with places where null may not stand */
    struct plan_object *object;   /* composite fields: what each of its objects looks like; or */
    struct plan_branch *branches; /* interfaces and unions: by `possible` of the type */
    uint32_t n_branches;
    const struct ast_selection *const *selections; /* of the document, merged */
    uint32_t n_selections;
};

struct plan_object {
    const struct type *type;
    struct plan_object *next; /* of those that show the rows of one step */
    struct str type_name;     /* as a JSON string */
    struct plan_field *fields;
    uint32_t n_fields;
};

/* What a step shows of persons, for the record of every look. */
struct plan_part {
    struct str kind;  /* of the rows, as their cell has it; ptr NULL: of any */
    struct str shown; /* "Patient(birthDate fullName)"; empty: nothing */
};

struct plan {
    const struct schema *schema;
    const struct document *document;
    const struct ast_operation *operation;
    struct plan_conditions conditions;
    uint32_t mask;
    struct plan_step *steps; /* parents before children */
    uint32_t n_steps;
    struct plan_part *parts;
    uint32_t n_parts;
    bool personal;         /* some step finds rows about somebody */
    bool restricted;       /* some cell is not for everybody who may see its row */
    bool negotiated;       /* some value may depend on the language that the request asks for */
    bool has_alternatives; /* some field's types have a step each */
    struct plan_object *root;
    uint32_t n_fields;   /* in all objects */
    uint32_t depth;      /* objects below objects, for the writer's stack */
    bool shows_schema;   /* it has an introspection field */
    struct ahead *ahead; /* ... written ahead: query/ahead.h; NULL: not */
    struct plan *next;   /* of the same document */
};

/* Makes the plan in `arena`; the document and the schema must outlive it. ERR_LIMIT: more than `max_fields`
 * fields after fragments are spread; ERR_OPERATION: an operation type that the schema lacks; ERR_MEMORY. */
int plan_make(struct arena *arena, const struct schema *schema, const struct document *doc,
              const struct ast_operation *operation, const struct plan_conditions *conditions,
              uint32_t mask, uint32_t max_fields, struct plan **ret, struct err *reterr) MUSTCHECK;

#endif
