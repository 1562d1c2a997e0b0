/* query/cost.c: see query/cost.h. */
#include "query/cost.h"

#include "base/err.h"
#include "query/plan.h"

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t n;
    return __builtin_mul_overflow(a, b, &n) ? UINT64_MAX : n;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t n;
    return __builtin_add_overflow(a, b, &n) ? UINT64_MAX : n;
}

uint64_t cost_of(const struct plan_step *step, uint64_t parent_rows, uint32_t page)
{
    return times(parent_rows, (step->idle ? 0 : page) + (step->counted ? COST_OF_COUNT : 0));
}

uint64_t cost_add(struct cost *c, const struct plan_step *step, uint64_t parent_rows, uint32_t page,
                  uint32_t max_cost)
{
    uint64_t rows = step->idle ? 0 : times(parent_rows, page);

    c->total = plus(c->total, cost_of(step, parent_rows, page));
    if (c->total > max_cost && !c->over)
        c->over = step;
    return rows;
}

int cost_check(const struct cost *c, uint32_t max_cost, struct err *reterr)
{
    struct loc loc;

    if (!c->over)
        return 0;
    loc = c->over->selection->loc;
    return err_set_at(reterr, ERR_LIMIT, (int)loc.line, (int)loc.column,
                      "The operation may return %llu rows (page sizes multiply); at most %u are "
                      "allowed. Ask for smaller pages.",
                      (unsigned long long)c->total, max_cost);
}

const struct value *value_long_list(const struct value *v, uint32_t max)
{
    const struct value *found = v->kind == VALUE_LIST && v->n_items > max ? v : NULL;

    if (v->kind != VALUE_LIST && v->kind != VALUE_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < v->n_items; i++) {
        const struct value *below = value_long_list(&v->items[i], max);
        if (below && (!found || below->n_items > found->n_items))
            found = below;
    }
    return found;
}

static const struct ast_variable *variable_of(const struct ast_operation *operation,
                                              struct str name)
{
    const struct ast_variable *d = operation->variables;

    while (d && !str_eq(d->name, name))
        d = d->next;
    return d;
}

int cost_check_variables(const struct ast_operation *operation, const struct value *given,
                         uint32_t max_list, struct err *reterr)
{
    for (uint32_t i = 0; given && i < given->n_items; i++) {
        const struct value *list = value_long_list(&given->items[i], max_list);
        const struct ast_variable *d = list ? variable_of(operation, given->items[i].name) : NULL;
        if (d) /* what nobody declared is ignored */
            return err_set_at(reterr, ERR_LIMIT, (int)d->loc.line, (int)d->loc.column,
                              "Variable \"$%.*s\" holds a list of %u items; at most %u are "
                              "allowed.",
                              (int)MIN(d->name.len, 80u), d->name.ptr, list->n_items, max_list);
    }
    return 0;
}
