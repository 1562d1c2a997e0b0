/* query/execute.c: see query/execute.h. */
#include "query/execute.h"

#include "base/err.h"
#include "query/arguments.h"

static void step_start(struct execution *x, uint32_t id);

static bool is_list(const struct plan_step *step)
{
    return step->path->kind == ACCESS_LIST;
}

/* ---- keys ---- */

static bool key_from_row(const struct plan_step *step, const struct row *row, struct key *ret)
{
    const struct access_path *path = step->path;

    *ret = (struct key){0};
    for (uint32_t i = 0; i < path->n_columns; i++) {
        uint32_t cell = step->field->key_cell[i];
        if (row_is_null(row, cell))
            return false;
        if (i == 0 && path->key_is_text)
            ret->text = row_cell(row, cell);
        else
            ret->part[i] = row_number(row, cell);
    }
    return true;
}

/* The keys of all parents; false when memory ran out. */
static bool step_keys(struct execution *x, struct step_run *run, const struct plan_step *step)
{
    const struct step_run *up = &x->runs[step->parent];
    struct key *keys = arena_array(x->arena, up->n_rows, sizeof *keys);
    uint32_t parent = 0, n = 0;

    run->n_parents = up->n_rows;
    run->slice_of = arena_array(x->arena, up->n_rows, sizeof *run->slice_of);
    if (!keys || !run->slice_of)
        return false;
    for (uint32_t s = 0; s < up->fetch.n; s++) {
        const struct slice *slice = &up->fetch.slices[s];
        uint32_t shown = MIN(slice->n, up->shown);
        for (uint32_t r = 0; r < shown; r++, parent++)
            run->slice_of[parent] = key_from_row(step, slice->rows[r], &keys[n]) ? (int32_t)n++
                                                                                 : -1;
    }
    run->fetch.keys = keys;
    run->fetch.n = n;
    return true;
}

/* ---- steps ---- */

/* Numbers the shown rows and notices what the answer has to be careful about. */
static void step_number(struct execution *x, struct step_run *run, const struct plan_step *step)
{
    bool needed = !is_list(step) && step->field->type->non_null;
    bool bounded = step->field->resolve == RESOLVE_LIST && step->field->first_argument < 0;
    uint32_t n = 0;

    for (uint32_t s = 0; s < run->fetch.n; s++) {
        struct slice *slice = &run->fetch.slices[s];
        if (bounded && slice->rc == 0 && slice->n > run->shown) {
            slice->rc = ERR_LIMIT; /* never cut a list in silence */
            slice->n = 0;
        }
        run->first_row[s] = n;
        n += MIN(slice->n, run->shown);
        if (slice->rc < 0 || (needed && slice->n == 0))
            x->careful = true;
    }
    if (needed && run->fetch.n < run->n_parents)
        x->careful = true;
    run->n_rows = n;
}

static void step_fail(struct execution *x, struct step_run *run, int rc)
{
    run->fetch.slices = arena_array(x->arena, MAX(run->fetch.n, 1u), sizeof *run->fetch.slices);
    if (!run->fetch.slices) { /* not even room to say so: let every parent be null */
        for (uint32_t i = 0; i < run->n_parents; i++)
            run->slice_of[i] = -1;
        run->fetch.n = 0;
        return;
    }
    for (uint32_t i = 0; i < run->fetch.n; i++)
        run->fetch.slices[i].rc = rc;
}

static void step_finish(struct execution *x, struct step_run *run)
{
    const struct plan_step *step = &x->plan->steps[run->id];

    run->first_row = arena_array(x->arena, MAX(run->fetch.n, 1u), sizeof *run->first_row);
    if (!run->first_row) {
        x->careful = true;
        for (uint32_t i = 0; i < run->n_parents; i++)
            run->slice_of[i] = -1;
        run->fetch.n = 0;
        run->n_rows = 0;
    } else {
        step_number(x, run, step);
    }
    for (uint32_t c = step->first_child; c != PLAN_NO_STEP; c = x->plan->steps[c].next_sibling)
        step_start(x, c);
}

static void step_done(struct fetch *f, int rc)
{
    struct step_run *run = container_of(f, struct step_run, fetch);
    struct execution *x = run->execution;

    if (rc < 0 && !x->_canceled)
        step_fail(x, run, rc);
    if (!x->_canceled)
        step_finish(x, run);
    if (--x->_pending == 0)
        x->done(x, x->_canceled ? ERR_CANCELED : 0);
}

static void step_start(struct execution *x, uint32_t id)
{
    const struct plan_step *step = &x->plan->steps[id];
    struct step_run *run = &x->runs[id];
    int rc = 0;

    if (step->parent != PLAN_NO_STEP && !step_keys(x, run, step)) {
        x->careful = true;
        run->n_parents = 0; /* the arena failed: the answer is refused as a whole */
        run->fetch.n = 0;
        rc = ERR_MEMORY;
    }
    if (run->fetch.n == 0) {
        step_finish(x, run);
        return;
    }
    run->fetch.path = step->path;
    run->fetch.page = is_list(step) ? &run->page : NULL;
    run->fetch.viewer = x->viewer;
    run->fetch.arena = x->arena;
    run->fetch.done = step_done;
    rc = x->source->fetch(x->source, &run->fetch);
    if (rc == 0) {
        x->_pending++;
        return;
    }
    if (rc < 0)
        step_fail(x, run, rc);
    step_finish(x, run);
}

/* ---- an execution ---- */

/* Arguments depend on variables only, never on rows: all are read, and the cost is known, before any fetch. */
static int step_prepare(struct execution *x, const struct arguments *a, uint32_t id,
                        struct err *reterr)
{
    const struct plan_step *step = &x->plan->steps[id];
    struct step_run *run = &x->runs[id];
    struct key *key;
    bool none = false;
    int rc;

    run->id = id;
    run->execution = x;
    run->shown = 1;
    if (is_list(step)) {
        rc = argument_page(a, step->field, step->selection, x->limits.max_page, &run->page, reterr);
        run->shown = run->page.limit++;
        if (rc < 0)
            return rc;
    }
    if (step->parent != PLAN_NO_STEP)
        return 0;
    key = arena_array(x->arena, 1, sizeof *key);
    run->slice_of = arena_array(x->arena, 1, sizeof *run->slice_of);
    if (!key || !run->slice_of)
        return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
    rc = argument_key(a, step->field, step->selection, key, &none, reterr);
    run->n_parents = 1;
    run->slice_of[0] = none ? -1 : 0;
    run->fetch.keys = key;
    run->fetch.n = !none;
    return rc;
}

static int check_cost(struct execution *x, struct err *reterr)
{
    const uint32_t max = x->limits.max_cost;
    struct cost cost = {0};

    for (uint32_t i = 0; i < x->plan->n_steps; i++) {
        const struct plan_step *step = &x->plan->steps[i];
        uint64_t above = step->parent == PLAN_NO_STEP ? 1 : x->runs[step->parent].may_have;
        x->runs[i].may_have = cost_add(&cost, step, above, x->runs[i].shown, max);
    }
    x->cost = cost.total;
    return cost_check(&cost, max, reterr);
}

int execution_start(struct execution *x, struct err *reterr)
{
    const struct arguments a = {x->arena, x->plan->schema, x->variables};
    int rc = 0;

    x->runs = arena_array(x->arena, MAX(x->plan->n_steps, 1u), sizeof *x->runs);
    if (!x->runs)
        return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
    for (uint32_t i = 0; i < x->plan->n_steps && rc == 0; i++)
        rc = step_prepare(x, &a, i, reterr);
    if (rc == 0)
        rc = check_cost(x, reterr);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < x->plan->n_steps; i++)
        if (x->plan->steps[i].parent == PLAN_NO_STEP)
            step_start(x, i);
    return x->_pending ? 0 : EXECUTION_READY;
}

void execution_cancel(struct execution *x)
{
    x->_canceled = true;
    for (uint32_t i = 0; i < x->plan->n_steps; i++)
        if (x->runs[i].fetch._answerer)
            x->source->cancel(x->source, &x->runs[i].fetch);
}
