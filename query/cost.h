/* query/cost.h: what an operation may ask for, known before any work is done.
 *
 * The cost of an operation is the number of rows that it may return. A field that leads to one record costs
 * 1, a list costs its page size, both times the page sizes of all lists above it; everything else (cells, nodes,
 * edges, pageInfo, introspection) is free, but for totalCount, which costs 10 for each list. A connection that shows
 * no rows costs none:
 *
 *     { patient(iin: $iin) {                     1
 *         clinic { name }                        1
 *         prescriptions(first: 10) { nodes {     10
 *           drug { name }                        10 x 1
 *     } } } }                                    22 in all
 *
 * It follows from the document and the values of page size arguments alone, so a client can compute it too
 * (docs/api.md). Sums and products stop at UINT64_MAX. The limits travel with the request: a trusted document
 * has its own, and a caller may come to have some.
 *
 * Layer: query; base only. */
#ifndef QUERY_COST_H
#define QUERY_COST_H

#include <stdint.h>

#include "base/macros.h"
#include "query/ast.h"

struct err;
struct plan;
struct plan_step;

struct cost_limits {
    uint32_t max_cost; /* rows; 5000 */
    uint32_t
        max_page; /* of a list that the client pages through, where the schema has no less; 100 */
    uint32_t max_list; /* items of one list among the variables; 100. Literals: validate_limits */
};

/* The cost of one step after the other, parents first. */
struct cost {
    uint64_t total;
    const struct plan_step *over; /* the first with which `total` was beyond `max_cost`, or NULL */
};

enum {
    COST_OF_COUNT = 10 /* of a list: index entries, of which many are read in the time of a row */
};

/* What a step costs of which one parent may have `page` rows, below a step that may have `parent_rows` in all. */
uint64_t cost_of(const struct plan_step *step, uint64_t parent_rows, uint32_t page);

/* Adds a step of which one parent may have `page` rows, below a step that may have `parent_rows` in all (1 at the
 * root). Returns how many rows this step may have. */
uint64_t cost_add(struct cost *c, const struct plan_step *step, uint64_t parent_rows, uint32_t page,
                  uint32_t max_cost);

/* ERR_LIMIT, at the step that went too far, when c->over is set; else 0. */
int cost_check(const struct cost *c, uint32_t max_cost, struct err *reterr) MUSTCHECK;

/* The lists in the JSON values of the operation's variables. `given`: VALUE_OBJECT, or NULL. ERR_LIMIT at the
 * variable's definition. */
int cost_check_variables(const struct ast_operation *operation, const struct value *given,
                         uint32_t max_list, struct err *reterr) MUSTCHECK;

/* The longest list in `v` that has more than `max` items, or NULL. What variables hold is not looked at. */
const struct value *value_long_list(const struct value *v, uint32_t max);

#endif
