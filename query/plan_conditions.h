/* query/plan_conditions.h: @skip and @include, decided before a plan is made.
 *
 * Layer: query. What they depend on is the values of a few Boolean variables, which are the bits of a plan's
 * `mask`. */
#ifndef QUERY_PLAN_CONDITIONS_H
#define QUERY_PLAN_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

struct ast_directive;
struct ast_operation;
struct document;
struct err;
struct schema;

enum {
    PLAN_CONDITIONS_MAX = 32 /* variables that @skip and @include of one operation may name */
};

/* The variables that decide @skip and @include in an operation. */
struct plan_conditions {
    uint32_t
        variable[PLAN_CONDITIONS_MAX]; /* index of the variable; bit i of the mask is its value */
    uint32_t n;
};

/* ERR_LIMIT: more than PLAN_CONDITIONS_MAX such variables. */
int plan_conditions(const struct schema *schema, const struct document *doc,
                    const struct ast_operation *operation, struct plan_conditions *ret,
                    struct err *reterr) MUSTCHECK;
/* Whether a selection with these directives is in. */
bool plan_includes(const struct plan_conditions *c, uint32_t mask,
                   const struct ast_directive *directives);

#endif
