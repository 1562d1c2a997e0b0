/* query/execute_cost.c: see query/execute_cost.h. */
#include "query/execute_cost.h"

#include "query/execute.h"

static uint64_t rows_above(const struct execution *x, uint32_t i)
{
    const struct plan_step *step = &x->plan->steps[i];

    return step->parent == PLAN_NO_STEP ? MAX(x->runs[i].n_parents, 1u)
                                        : x->runs[step->parent].may_have;
}

static void add_cost(uint64_t *to, uint64_t n)
{
    if (__builtin_add_overflow(*to, n, to))
        *to = UINT64_MAX;
}

/* A row is of one of the types that its field can be: of their steps the dearest counts, with all below it. */
static void find_dearest(struct execution *x)
{
    struct cost all = {0};

    for (uint32_t i = 0; i < x->plan->n_steps; i++)
        x->runs[i].may_have = cost_add(&all, &x->plan->steps[i], rows_above(x, i), x->runs[i].shown,
                                       x->limits.max_cost);
    for (uint32_t i = x->plan->n_steps; i-- > 0;) {
        const struct plan_step *step = &x->plan->steps[i];
        struct step_run *run = &x->runs[i], *first = &x->runs[step->alternative];
        add_cost(&run->cost, cost_of(step, rows_above(x, i), run->shown));
        if (run->cost >= first->most) {
            first->most = run->cost;
            first->dearest = i;
        }
        if (run == first && step->parent != PLAN_NO_STEP)
            add_cost(&x->runs[step->parent].cost, first->most);
    }
    for (uint32_t i = 0; i < x->plan->n_steps; i++) {
        const struct plan_step *step = &x->plan->steps[i];
        x->runs[i].free = x->runs[step->alternative].dearest != i ||
                          (step->parent != PLAN_NO_STEP && x->runs[step->parent].free);
    }
}

int execution_cost(struct execution *x, struct err *reterr)
{
    struct cost cost = {0};

    if (x->plan->has_alternatives)
        find_dearest(x);
    for (uint32_t i = 0; i < x->plan->n_steps; i++)
        if (!x->runs[i].free)
            x->runs[i].may_have = cost_add(&cost, &x->plan->steps[i], rows_above(x, i),
                                           x->runs[i].shown, x->limits.max_cost);
    x->cost = cost.total;
    return cost_check(&cost, x->limits.max_cost, reterr);
}
