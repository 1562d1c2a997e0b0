/* query/execute.c: see query/execute.h. */
#include "query/execute.h"

#include "base/err.h"
#include "base/viewer.h"
#include "query/arguments.h"
#include "query/execute_call.h"
#include "query/execute_cost.h"
#include "query/execute_count.h"
#include "query/global_id.h"
#include "query/list_cell.h"

static void step_start(struct execution *x, uint32_t id);
static void start_roots(struct execution *x);

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
        uint32_t cell = step->key_cell[i];
        if (row_is_null(row, cell))
            return false;
        if (i == 0 && path->key_is_text)
            ret->text = row_cell(row, cell);
        else
            ret->part[i] = row_number(row, cell);
    }
    return true;
}

static bool lets_pass(const struct plan_guard *guard, const struct row *row)
{
    return !guard->type_name.ptr || str_eq(row_cell(row, guard->cell), guard->type_name);
}

/* The second group of a row's cells has fields of several kinds: each is looked at when it is written. */
static bool may_follow(struct execution *x, struct step_run *run, const struct plan_step *step,
                       uint32_t parent)
{
    return step->path->table->apart || judge_field(x, run, parent, step->field->allow);
}

/* Whether the page that was asked for is one of this parent's list. */
static bool page_fits(struct execution *x, const struct step_run *run, const struct plan_step *step,
                      const struct key *parent)
{
    if (!run->page.has_after ||
        cursor_fits(&run->after, &x->seals->cursors, step->path, parent, &run->page))
        return true;
    x->careful = true;
    x->_stopped |= step->fatal;
    return false;
}

/* The keys of all parents; false when memory ran out. */
static bool step_keys(struct execution *x, struct step_run *run, const struct plan_step *step)
{
    const struct step_run *up = &x->runs[step->parent];
    struct key *keys = arena_array(x->arena, up->n_rows, sizeof *keys);
    bool guarded = step->guard.type_name.ptr || step->kind.type_name.ptr;
    uint32_t parent = 0, n = 0;

    run->n_parents = up->n_rows;
    run->slice_of = arena_array(x->arena, up->n_rows, sizeof *run->slice_of);
    if (!keys || !run->slice_of)
        return false;
    for (uint32_t s = 0; s < up->fetch.n; s++) {
        const struct slice *slice = &up->fetch.slices[s];
        uint32_t shown = MIN(slice->n, up->shown);
        for (uint32_t r = 0; r < shown; r++, parent++) {
            run->slice_of[parent] = SLICE_NONE;
            if (!may_follow(x, run, step, parent)) {
                run->slice_of[parent] = SLICE_FORBIDDEN;
                x->careful = true;
                continue;
            }
            if (guarded && !(lets_pass(&step->guard, slice->rows[r]) &&
                             lets_pass(&step->kind, slice->rows[r])))
                continue;
            if (!key_from_row(step, slice->rows[r], &keys[n]))
                x->careful |= step->needed;
            else if (!page_fits(x, run, step, &keys[n]))
                run->slice_of[parent] = SLICE_FOREIGN;
            else
                run->slice_of[parent] = (int32_t)n++;
        }
    }
    run->fetch.keys = keys;
    run->fetch.n = n;
    return true;
}

/* ---- steps ---- */

static bool is_hole(const struct plan_watch *w, const struct row *row)
{
    if (!lets_pass(&w->guard, row))
        return false;
    if (w->items)
        return list_cell_has_null(row_cell(row, w->cell));
    return row_is_null(row, w->cell);
}

static void look_for_holes(struct execution *x, const struct plan_step *step,
                           const struct slice *slice, uint32_t shown)
{
    for (const struct plan_watch *w = step->watched; w; w = w->next)
        for (uint32_t r = 0; r < shown && !(x->careful && !w->fatal); r++)
            if (is_hole(w, slice->rows[r])) {
                x->careful = true;
                x->_stopped |= w->fatal;
                break;
            }
}

/* A list that is no page: it is never cut in silence. */
static bool is_whole(const struct plan_step *step)
{
    return (step->field->resolve == RESOLVE_LIST && step->field->first_argument < 0) ||
           step->field->resolve == RESOLVE_CALL_LIST;
}

static void refuse_longer(const struct step_run *run)
{
    for (uint32_t s = 0; s < run->fetch.n; s++) {
        struct slice *slice = &run->fetch.slices[s];
        if (slice->rc == 0 && slice->n > run->shown) {
            slice->rc = ERR_LIMIT;
            slice->n = 0;
        }
    }
}

/* Numbers the shown rows and notices what the answer has to be careful about. */
static void step_number(struct execution *x, struct step_run *run, const struct plan_step *step)
{
    uint32_t n = 0;

    if (is_whole(step))
        refuse_longer(run);
    for (uint32_t s = 0; s < run->fetch.n; s++) {
        struct slice *slice = &run->fetch.slices[s];
        run->first_row[s] = n;
        n += MIN(slice->n, run->shown);
        look_for_holes(x, step, slice, MIN(slice->n, run->shown));
        if (slice->rc < 0 || (step->needed && slice->n == 0)) {
            x->careful = true;
            x->_stopped |= step->fatal;
        }
    }
    run->n_rows = n;
}

static void step_fail(struct execution *x, struct step_run *run, int rc)
{
    run->fetch.slices = arena_array(x->arena, MAX(run->fetch.n, 1u), sizeof *run->fetch.slices);
    if (!run->fetch.slices) { /* not even room to say so: let every parent be null */
        for (uint32_t i = 0; i < run->n_parents; i++)
            run->slice_of[i] = SLICE_NONE;
        run->fetch.n = 0;
        return;
    }
    for (uint32_t i = 0; i < run->fetch.n; i++)
        run->fetch.slices[i].rc = rc;
}

/* No parent has anything of it. */
static void step_empty(struct execution *x, struct step_run *run)
{
    x->careful = true;
    for (uint32_t i = 0; i < run->n_parents; i++)
        run->slice_of[i] = SLICE_NONE;
    run->fetch.n = 0;
    run->n_rows = 0;
}

static void step_finish(struct execution *x, struct step_run *run)
{
    const struct plan_step *step = &x->plan->steps[run->id];

    run->first_row = arena_array(x->arena, MAX(run->fetch.n, 1u), sizeof *run->first_row);
    if (!run->first_row)
        step_empty(x, run);
    else
        step_number(x, run, step);
    if (judge_note_rows(x, run) < 0)
        step_empty(x, run);
    for (uint32_t c = step->first_child; c != PLAN_NO_STEP; c = x->plan->steps[c].next_sibling)
        step_start(x, c);
}

/* Something that was waited for has ended. */
static void waited(struct execution *x)
{
    if (--x->_pending > 0)
        return;
    if (!x->_canceled)
        start_roots(x);
    if (x->_pending == 0)
        x->done(x, x->_canceled ? ERR_CANCELED : 0);
}

/* The rows are there and all is known of whose they are. */
static void step_sift(struct execution *x, struct step_run *run, int rc)
{
    if (rc >= 0)
        rc = judge_admit_rows(x, run);
    if (rc < 0)
        step_fail(x, run, rc);
    step_finish(x, run);
}

static void rows_judged(struct step_run *run, int rc)
{
    struct execution *x = run->execution;

    if (!x->_canceled)
        step_sift(x, run, rc);
    waited(x);
}

/* The rows are there, or failed to come. */
static void step_fetched(struct execution *x, struct step_run *run, int rc)
{
    const struct plan_step *step = &x->plan->steps[run->id];

    if (rc >= 0)
        count_settle(run);
    /* A function does not know how many of its rows will be taken out, so what it cut off would be missed by nobody. */
    if (rc >= 0 && is_whole(step) && (run->call || step->path->function.len))
        refuse_longer(run);
    if (rc >= 0)
        rc = judge_rows(x, run, rows_judged);
    if (rc == 0)
        x->_pending++;
    else
        step_sift(x, run, rc);
}

/* ---- rows and their number ---- */

/* One of the fetches of a step has ended. */
static void fetch_ended(struct step_run *run, int rc)
{
    struct execution *x = run->execution;

    run->failed = rc < 0 ? rc : run->failed;
    if (--run->fetching == 0 && !x->_canceled)
        step_fetched(x, run, run->failed);
    waited(x);
}

static void step_done(struct fetch *f, int rc)
{
    fetch_ended(container_of(f, struct step_run, fetch), rc);
}

static void count_done(struct fetch *f, int rc)
{
    fetch_ended(container_of(f, struct step_count, fetch)->run, rc);
}

static void fetch_begin(struct execution *x, struct step_run *run, struct fetch *f)
{
    int rc = x->source->fetch(x->source, f);

    if (rc == 0) {
        run->fetching++;
        x->_pending++;
    } else if (rc < 0) {
        run->failed = rc;
    }
}

/* What stands in for rows that nobody wants to see. */
static void fetch_nothing(struct execution *x, struct step_run *run)
{
    run->fetch.slices = arena_array(x->arena, run->fetch.n, sizeof *run->fetch.slices);
    if (!run->fetch.slices)
        run->failed = ERR_MEMORY;
}

/* All is known of whose rows the keys find. */
static void step_fetch(struct execution *x, struct step_run *run, int rc)
{
    const struct plan_step *step = &x->plan->steps[run->id];

    if (rc < 0) {
        step_sift(x, run, rc);
        return;
    }
    judge_admit_keys(x, run);
    if (run->fetch.n == 0) {
        step_finish(x, run);
        return;
    }
    run->failed = step->counted ? count_prepare(x, run, count_done) : 0;
    if (run->failed == 0 && step->idle)
        fetch_nothing(x, run);
    else if (run->failed == 0)
        fetch_begin(x, run, &run->fetch);
    if (run->failed == 0 && step->counted)
        fetch_begin(x, run, &run->count->fetch);
    if (run->fetching == 0)
        step_fetched(x, run, run->failed);
}

/* Whether the function may be called is its own to say; what it returns is judged like any row. */
static void step_call(struct execution *x, struct step_run *run)
{
    int rc = call_start(x, run);

    if (rc != 0) {
        step_fetched(x, run, rc);
        return;
    }
    run->fetching++;
    x->_pending++;
}

static void keys_judged(struct step_run *run, int rc)
{
    struct execution *x = run->execution;

    if (!x->_canceled)
        step_fetch(x, run, rc);
    waited(x);
}

static void step_start(struct execution *x, uint32_t id)
{
    const struct plan_step *step = &x->plan->steps[id];
    struct step_run *run = &x->runs[id];
    int rc;

    if (step->parent != PLAN_NO_STEP && !step_keys(x, run, step)) {
        x->careful = true;
        run->n_parents = 0; /* the arena failed: the answer is refused as a whole */
        run->fetch.n = 0;
    }
    if (run->fetch.n == 0) {
        step_finish(x, run);
        return;
    }
    run->fetch.page = is_list(step) ? &run->page : NULL;
    run->fetch.viewer = x->viewer;
    run->fetch.arena = x->arena;
    run->fetch.done = step_done;
    if (run->call) {
        step_call(x, run);
        return;
    }
    rc = judge_keys(x, run, keys_judged);
    if (rc == 0)
        x->_pending++;
    else
        step_fetch(x, run, rc);
}

/* Starts the steps of root fields: all of them, or, of a mutation, those of the next field (and so on while
 * nothing has to be waited for). */
static void start_roots(struct execution *x)
{
    const struct plan *plan = x->plan;
    bool serial = plan->operation->kind == OPERATION_MUTATION;

    while (x->_next < plan->n_steps && !(serial && (x->_pending > 0 || x->_stopped))) {
        uint32_t root = plan->steps[x->_next].root;
        for (; x->_next < plan->n_steps && plan->steps[x->_next].root == root; x->_next++)
            if (plan->steps[x->_next].parent == PLAN_NO_STEP)
                step_start(x, x->_next);
    }
}

/* ---- an execution ---- */

static int no_memory(struct err *reterr)
{
    return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
}

/* Room for the keys of a step without parents. */
static int root_room(struct execution *x, struct step_run *run, uint32_t n, struct key **ret,
                     struct err *reterr)
{
    *ret = arena_array(x->arena, MAX(n, 1u), sizeof **ret);
    run->slice_of = arena_array(x->arena, MAX(n, 1u), sizeof *run->slice_of);
    run->n_parents = n;
    run->fetch.keys = *ret;
    return *ret && run->slice_of ? 0 : no_memory(reterr);
}

static int prepare_lookup(struct execution *x, const struct arguments *a,
                          const struct plan_step *step, struct step_run *run, struct err *reterr)
{
    bool none = false;
    struct key *key;
    int rc = root_room(x, run, 1, &key, reterr);

    if (rc == 0 && step->field->key_argument < 0) {
        key->text = viewer_claim(x->viewer, step->field->claim);
        none = !key->text.len;
    } else if (rc == 0) {
        rc = argument_key(a, step->field, step->selection, key, &run->fetch.path, &none, reterr);
    }
    if (rc < 0)
        return rc;
    run->slice_of[0] = none ? SLICE_NONE : 0;
    run->fetch.n = !none;
    x->careful |= none && step->needed;
    return 0;
}

/* Of the ids that were asked for, those of this step's type. */
static int prepare_ids(struct execution *x, const struct arguments *a, uint32_t id,
                       struct err *reterr)
{
    const struct plan_step *step = &x->plan->steps[id];
    struct step_run *run = &x->runs[id], *first = &x->runs[step->alternative];
    struct key *keys;
    uint32_t n;
    int rc = 0;

    if (step->alternative == id)
        rc = argument_ids(a, step->field, step->selection, &first->ids, reterr);
    if (rc < 0)
        return rc;
    n = step->field->resolve == RESOLVE_BY_ID ? 1 : first->ids ? first->ids->n_items : 0;
    rc = root_room(x, run, n, &keys, reterr);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < n; i++) {
        const struct value *one = step->field->resolve == RESOLVE_BY_ID ? first->ids
                                                                        : &first->ids->items[i];
        run->slice_of[i] = SLICE_NONE;
        if (one && one->kind == VALUE_STRING &&
            global_id_read(x->arena, &x->seals->ids, one->text, step->type, &keys[run->fetch.n]))
            run->slice_of[i] = (int32_t)run->fetch.n++;
    }
    x->careful |= step->needed; /* whose an id is that no type knows? */
    return 0;
}

/* Who asks, as a function's first argument behind the key; null where nobody is asked who he is. */
static void give_viewer(const struct execution *x, const struct field *f, struct page *page)
{
    if (f->gives_viewer && x->viewer && x->viewer->kind != VIEWER_OPEN)
        page->filter[0] = (struct filter_value){.set = true, .text = x->viewer->key};
}

/* Arguments depend on variables only, never on rows: all are read, and the cost is known, before any fetch. */
static int step_prepare(struct execution *x, const struct arguments *a, uint32_t id,
                        struct err *reterr)
{
    const struct plan_step *step = &x->plan->steps[id];
    struct step_run *run = &x->runs[id];
    int rc;

    run->id = id;
    run->execution = x;
    run->shown = 1;
    run->fetch.path = step->path;
    if (is_list(step)) {
        rc = argument_page(a, step->field, step->selection, x->limits.max_page, &run->page,
                           &run->after, reterr);
        run->shown = run->page.limit++;
        if (rc < 0)
            return rc;
        give_viewer(x, step->field, &run->page);
    }
    if (step->parent != PLAN_NO_STEP)
        return 0;
    if (step->field->procedure)
        return call_prepare(x, a, run, reterr);
    if (step->field->resolve == RESOLVE_LOOKUP)
        return prepare_lookup(x, a, step, run, reterr);
    return prepare_ids(x, a, id, reterr);
}

int execution_start(struct execution *x, struct err *reterr)
{
    const struct arguments a = {x->arena, x->plan->schema, x->variables, x->seals, x->language};
    int rc = 0;

    x->runs = arena_array(x->arena, MAX(x->plan->n_steps, 1u), sizeof *x->runs);
    if (!x->runs)
        return no_memory(reterr);
    for (uint32_t i = 0; i < x->plan->n_steps && rc == 0; i++)
        rc = step_prepare(x, &a, i, reterr);
    if (rc == 0)
        rc = judge_start(x, reterr);
    if (rc == 0)
        rc = execution_cost(x, reterr);
    if (rc < 0)
        return rc;
    start_roots(x);
    return x->_pending ? 0 : EXECUTION_READY;
}

void execution_cancel(struct execution *x, bool hurry)
{
    x->_canceled = true;
    for (uint32_t i = 0; i < x->plan->n_steps; i++) {
        struct step_run *run = &x->runs[i];
        if (run->fetch._answerer)
            x->source->cancel(x->source, &run->fetch);
        if (run->count && run->count->fetch._answerer)
            x->source->cancel(x->source, &run->count->fetch);
        if (run->judging && run->judging->_answerer)
            x->source->cancel(x->source, run->judging);
        if (run->call && run->call->call._answerer)
            x->source->cancel_call(x->source, &run->call->call, hurry);
    }
}
