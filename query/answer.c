/* query/answer.c: see query/answer.h.
 *
 * Keeps one frame (query/answer_frame.h) for each object or list that is open. */
#include "query/answer.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/procedure.h"
#include "base/viewer.h"
#include "query/answer_frame.h"
#include "query/arguments.h"
#include "query/cursor.h"
#include "query/global_id.h"
#include "query/list_cell.h"

enum answer_state {
    ANSWER_BEGIN,
    ANSWER_DATA,
    ANSWER_END,
    ANSWER_OVER
};

int answer_open(struct answer *a, const struct execution *x, struct str request_id)
{
    *a = (struct answer){._x = x, ._state = ANSWER_BEGIN};
    answer_errors_init(&a->errors, request_id, x->discreet);
    a->_cap = x->plan->depth * 2 + 2; /* below an object stands a list of objects at most */
    a->_careful = x->careful;
    a->_frames = arena_array(x->arena, a->_cap, sizeof *a->_frames);
    return a->_frames ? 0 : ERR_MEMORY;
}

size_t answer_holds(const struct answer *a)
{
    return answer_meta_holds(&a->_meta) + a->errors.text.cap;
}

void answer_release(struct answer *a)
{
    answer_meta_release(&a->_meta);
    answer_errors_release(&a->errors);
}

/* ---- the stack ---- */

static void push(struct answer *a, const struct buf *out, struct answer_frame frame)
{
    frame.start = out->len;
    a->_frames[a->_depth++] = frame;
}

/* A value is null where none may be: everything up to the nearest nullable value becomes null. */
static int propagate(struct answer *a, struct buf *out)
{
    if (!a->_careful)
        return ERR_DATA; /* bytes may have left already */
    while (a->_depth > 0) {
        const struct answer_frame *f = &a->_frames[--a->_depth];
        if (!f->nullable)
            continue;
        out->len = f->start;
        buf_add_z(out, "null");
        return 0;
    }
    return ERR_INTERNAL; /* the root is nullable, so this is never reached */
}

/* Null as the value of `f`, or of an item of its list. */
static int put_null_at(struct answer *a, const struct plan_field *f, bool non_null, struct buf *out,
                       bool reported)
{
    if (non_null) {
        if (!reported)
            answer_error_missing(&a->errors, a->_frames, a->_depth, f, NULL, 0);
        return propagate(a, out);
    }
    buf_add(out, "null", 4);
    return 0;
}

static int put_null(struct answer *a, const struct plan_field *f, struct buf *out, bool reported)
{
    return put_null_at(a, f, f->non_null, out, reported);
}

static int put_failure_at(struct answer *a, const struct plan_field *f, bool non_null,
                          struct buf *out, int rc)
{
    answer_error_failure(&a->errors, a->_frames, a->_depth, f, rc);
    return put_null_at(a, f, non_null, out, true);
}

static int put_failure(struct answer *a, const struct plan_field *f, struct buf *out, int rc)
{
    return put_failure_at(a, f, f->non_null, out, rc);
}

/* ---- values ---- */

struct list_place {
    struct answer *answer;
    const struct plan_field *field;
};

static void note_missing_item(void *data, const uint32_t *at, uint32_t n)
{
    const struct list_place *place = data;
    struct answer *a = place->answer;

    answer_error_missing(&a->errors, a->_frames, a->_depth, place->field, at, n);
}

static int put_list_cell(struct answer *a, const struct plan_field *f, struct str cell,
                         struct buf *out)
{
    struct list_place place = {a, f};
    int rc = list_cell_write(out, f->field->type, cell, note_missing_item, &place);

    if (rc < 0)
        return put_failure(a, f, out, rc);
    return rc == LIST_CELL_VANISHED ? propagate(a, out) : 0;
}

static int put_cell(struct answer *a, const struct plan_field *f, const struct place *at,
                    uint32_t cell, struct buf *out)
{
    const struct row *row = at->slice->rows[at->row];

    if (row_is_null(row, cell))
        return put_null(a, f, out, false);
    if (f->strict_list)
        return put_list_cell(a, f, row_cell(row, cell), out);
    buf_add_str(out, row_cell(row, cell));
    return 0;
}

static int put_choice(struct answer *a, const struct plan_field *f, const struct place *at,
                      struct buf *out)
{
    const struct arguments args = {.arena = a->_x->arena,
                                   .schema = a->_x->plan->schema,
                                   .variables = a->_x->variables,
                                   .language = a->_x->language};
    uint32_t cell;
    struct err err;
    int rc = argument_cell(&args, f->field, f->selections[0], &cell, &err);

    return rc < 0 ? put_failure(a, f, out, rc) : put_cell(a, f, at, cell, out);
}

/* The number of the row at `at` among all rows of its step; 0 at the root. */
static uint32_t row_index(const struct answer *a, uint32_t step, const struct place *at)
{
    if (a->_x->plan->steps[step].parent == PLAN_NO_STEP)
        return 0;
    return at->run->first_row[at->slice - at->run->fetch.slices] + at->row;
}

/* Of an interface or union, the type of the row at `at` (@kind); NULL: none that it can be. */
static const struct plan_object *object_of_kind(const struct plan_field *f, const struct place *at)
{
    struct str name = row_cell(at->slice->rows[at->row], type_ref_named(f->field->type)->kind_cell);

    for (uint32_t i = 0; i < f->n_branches; i++)
        if (str_eq(f->branches[i].object->type_name, name))
            return f->branches[i].object;
    return NULL;
}

/* Begins the object that the row at `at` is; `object` is NULL when the row has to say it. */
static int push_row(struct answer *a, const struct plan_field *f, const struct plan_object *object,
                    bool non_null, const struct place *at, struct buf *out)
{
    if (!object)
        object = object_of_kind(f, at);
    if (!object)
        return put_failure_at(a, f, non_null, out, ERR_DATA);
    push(a, out,
         (struct answer_frame){.kind = FRAME_OBJECT,
                               .object = object,
                               .field = f,
                               .nullable = !non_null,
                               .place = *at,
                               .n = object->n_fields});
    return 0;
}

static void push_list(struct answer *a, const struct plan_field *f, const struct place *at,
                      uint32_t n, struct buf *out)
{
    push(a, out,
         (struct answer_frame){.kind = FRAME_LIST,
                               .object = f->object,
                               .field = f,
                               .nullable = !f->non_null,
                               .place = *at,
                               .n = n});
}

/* A connection, or what stands on its rows as a whole. */
static void push_object(struct answer *a, const struct plan_field *f, const struct place *at,
                        struct buf *out)
{
    push(a, out,
         (struct answer_frame){.kind = FRAME_OBJECT,
                               .object = f->object,
                               .field = f,
                               .nullable = !f->non_null,
                               .place = *at,
                               .n = f->object->n_fields});
}

static int put_fetched(struct answer *a, const struct plan_field *f, const struct place *parent,
                       struct buf *out)
{
    const struct step_run *run = &a->_x->runs[f->step];
    uint32_t index = row_index(a, f->step, parent);
    const struct slice *slice = step_slice(run, index);
    const struct place at = {run, slice, 0};
    bool one;

    if (run->slice_of[index] == SLICE_FORBIDDEN)
        return put_failure(a, f, out, ERR_FORBIDDEN);
    if (run->slice_of[index] == SLICE_FOREIGN)
        return put_failure(a, f, out, ERR_VARIABLES);
    if (slice && slice->rc < 0)
        return put_failure(a, f, out, slice->rc);
    one = run->fetch.path->kind == ACCESS_ROW || f->field->single;
    if (!slice || (slice->n == 0 && one))
        return put_null(a, f, out, false);
    if (one)
        return push_row(a, f, f->object, f->non_null, &at, out);
    if (f->field->resolve == RESOLVE_LIST || f->field->resolve == RESOLVE_CALL_LIST)
        push_list(a, f, &at, MIN(slice->n, run->shown), out);
    else
        push_object(a, f, &at, out);
    return 0;
}

/* A field (or the item `parent` of its list) whose types have a step each: at most one of them has a key for it. */
static int put_alternative(struct answer *a, const struct plan_field *f, uint32_t parent,
                           bool non_null, struct buf *out)
{
    for (uint32_t i = 0; i < f->n_branches; i++) {
        const struct step_run *run = &a->_x->runs[f->branches[i].step];
        const struct slice *slice = step_slice(run, parent);
        const struct place at = {run, slice, 0};

        if (run->slice_of[parent] == SLICE_FORBIDDEN)
            return put_failure_at(a, f, non_null, out, ERR_FORBIDDEN);
        if (!slice)
            continue;
        if (slice->rc < 0)
            return put_failure_at(a, f, non_null, out, slice->rc);
        if (slice->n == 0)
            break;
        return push_row(a, f, f->branches[i].object, non_null, &at, out);
    }
    return put_null_at(a, f, non_null, out, false);
}

/* What a SQL function returned: a row, or a value; or what it said why not. */
static int put_called(struct answer *a, const struct plan_field *f, const struct place *parent,
                      struct buf *out)
{
    const struct step_run *run = &a->_x->runs[f->step];
    const struct place at = {run, step_slice(run, 0), 0};

    if (at.slice && at.slice->rc < 0 && run->call->call.message.len) {
        answer_error_told(&a->errors, a->_frames, a->_depth, f, at.slice->rc,
                          run->call->call.message);
        return put_null(a, f, out, true);
    }
    if (at.slice && at.slice->rc == 0 && at.slice->n == 1 && f->field->procedure->scalar)
        return put_cell(a, f, &at, 0, out);
    return put_fetched(a, f, parent, out);
}

static int put_by_kind(struct answer *a, const struct plan_field *f, const struct place *parent,
                       struct buf *out)
{
    if (f->n_branches == 0)
        return put_null(a, f, out, false);
    return put_alternative(a, f, row_index(a, f->branches[0].step, parent), f->non_null, out);
}

static int put_by_ids(struct answer *a, const struct plan_field *f, struct buf *out)
{
    const struct step_run *first = f->n_branches ? &a->_x->runs[f->branches[0].step] : NULL;
    const struct place nowhere = {0};

    if (!first || !first->ids)
        return put_null(a, f, out, false);
    push_list(a, f, &nowhere, first->n_parents, out);
    return 0;
}

static void put_cursor(const struct answer *a, const struct place *at, uint32_t row,
                       struct buf *out)
{
    const struct fetch *f = &at->run->fetch;

    cursor_write(out, &a->_x->seals->cursors, f->path, &f->keys[at->slice - f->slices],
                 at->slice->rows[row]);
}

static int put_end_cursor(struct answer *a, const struct plan_field *f, const struct place *at,
                          struct buf *out)
{
    uint32_t shown = MIN(at->slice->n, at->run->shown);

    if (shown == 0)
        return put_null(a, f, out, false);
    put_cursor(a, at, f->resolve == RESOLVE_END_CURSOR ? shown - 1 : 0, out);
    return 0;
}

/* It is there, or the list has failed. */
static void put_total(const struct place *at, struct buf *out)
{
    const struct slice *counted = &at->run->count->fetch.slices[at->slice - at->run->fetch.slices];

    buf_add_str(out, row_cell(counted->rows[0], 0));
}

static void put_boolean(struct buf *out, bool value)
{
    buf_add_z(out, value ? "true" : "false");
}

/* What is known of who asks; null where nothing is, or where an enum has no such value. */
static int put_claim(struct answer *a, const struct plan_field *f, struct buf *out)
{
    const struct type *t = type_ref_named(f->field->type);
    struct str value = viewer_claim(a->_x->viewer, f->field->claim);

    if (!value.len || (t->kind == TYPE_ENUM && !map_get(&t->value_map, value)))
        return put_null(a, f, out, false);
    json_add_string(out, value);
    return 0;
}

static int put_viewer(struct answer *a, const struct plan_field *f, struct buf *out)
{
    const struct place nowhere = {0};

    if (!a->_x->viewer || a->_x->viewer->kind != VIEWER_KNOWN)
        return put_null(a, f, out, false);
    push_object(a, f, &nowhere, out);
    return 0;
}

/* Whether this field of the row at `at` may be seen; cells alone are asked about here, steps were when they began. */
static bool may_show(const struct answer *a, const struct plan_field *f, const struct place *at)
{
    const struct slice *slices;

    if (f->field->allow == RIGHTS_ALL || !at->run || !at->run->rights)
        return true;
    slices = at->run->fetch.slices;
    return at->run->rights[at->run->first_row[at->slice - slices] + at->row]->mask &
           f->field->allow;
}

/* The second group of the cells of the row at `at`, which is a row of its own; NULL: there is none. */
static const struct slice *slice_apart(const struct answer *a, const struct plan_field *f,
                                       const struct place *at)
{
    return step_slice(&a->_x->runs[f->apart], row_index(a, f->apart, at));
}

static int put_field(struct answer *a, const struct plan_field *f, const struct place *at,
                     const struct plan_object *object, struct buf *out)
{
    enum resolve_kind resolve = f->resolve;
    struct place apart;

    if (a->_x->plan->restricted && !may_show(a, f, at))
        return put_failure(a, f, out, ERR_FORBIDDEN);
    if (resolve == RESOLVE_APART) {
        apart = (struct place){&a->_x->runs[f->apart], slice_apart(a, f, at), 0};
        if (apart.slice && apart.slice->rc < 0)
            return put_failure(a, f, out, apart.slice->rc);
        if (!apart.slice || apart.slice->n == 0)
            return put_null(a, f, out, false);
        at = &apart;
        resolve = f->field->resolve;
    }
    switch (resolve) {
    case RESOLVE_CELL:
        return put_cell(a, f, at, f->cell, out);
    case RESOLVE_CELL_CHOICE:
        return put_choice(a, f, at, out);
    case RESOLVE_GLOBAL_ID:
        global_id_write(out, &a->_x->seals->ids, object->type, at->slice->rows[at->row]);
        return 0;
    case RESOLVE_TYPENAME:
        buf_add_str(out, object->type_name);
        return 0;
    case RESOLVE_ROW:
    case RESOLVE_LOOKUP:
    case RESOLVE_LIST:
    case RESOLVE_CONNECTION:
        return put_fetched(a, f, at, out);
    case RESOLVE_CALL:
    case RESOLVE_CALL_LIST:
        return put_called(a, f, at, out);
    case RESOLVE_ROW_OF_KIND:
        return put_by_kind(a, f, at, out);
    case RESOLVE_BY_ID:
        return put_alternative(a, f, 0, f->non_null, out);
    case RESOLVE_BY_IDS:
        return put_by_ids(a, f, out);
    case RESOLVE_NODES:
    case RESOLVE_EDGES:
        push_list(a, f, at, MIN(at->slice->n, at->run->shown), out);
        return 0;
    case RESOLVE_NODE:
        return push_row(a, f, f->object, f->non_null, at, out);
    case RESOLVE_PAGE_INFO:
        push_object(a, f, at, out);
        return 0;
    case RESOLVE_CURSOR:
        put_cursor(a, at, at->row, out);
        return 0;
    case RESOLVE_HAS_NEXT:
        put_boolean(out, at->slice->n > at->run->shown);
        return 0;
    case RESOLVE_TOTAL_COUNT:
        put_total(at, out);
        return 0;
    case RESOLVE_WITHHELD:
        put_boolean(out,
                    judge_withheld(a->_x, at->run, (uint32_t)(at->slice - at->run->fetch.slices)));
        return 0;
    case RESOLVE_VIEWER:
        return put_viewer(a, f, out);
    case RESOLVE_CLAIM:
        return put_claim(a, f, out);
    case RESOLVE_HAS_PREVIOUS:
        put_boolean(out, at->run->page.has_after);
        return 0;
    case RESOLVE_START_CURSOR:
    case RESOLVE_END_CURSOR:
        return put_end_cursor(a, f, at, out);
    case RESOLVE_SCHEMA:
    case RESOLVE_TYPE:
        answer_meta_open(&a->_meta, f);
        return 0;
    case RESOLVE_APART:
    case RESOLVE_NONE:
        break;
    }
    return put_null(a, f, out, false);
}

/* ---- the loop ---- */

static int object_next(struct answer *a, struct answer_frame *frame, struct buf *out)
{
    const struct plan_field *f;

    if (frame->at == 0)
        buf_add_char(out, '{');
    if (frame->at == frame->n) {
        buf_add_char(out, '}');
        a->_depth--;
        return 0;
    }
    if (frame->at > 0)
        buf_add_char(out, ',');
    f = &frame->object->fields[frame->at++];
    buf_add_str(out, f->name);
    return put_field(a, f, &frame->place, frame->object, out);
}

static int list_next(struct answer *a, struct answer_frame *frame, struct buf *out)
{
    const struct plan_field *f = frame->field;
    struct place place = frame->place;

    if (frame->at == 0)
        buf_add_char(out, '[');
    if (frame->at == frame->n) {
        buf_add_char(out, ']');
        a->_depth--;
        return 0;
    }
    if (frame->at > 0)
        buf_add_char(out, ',');
    place.row = frame->at++;
    if (f->resolve == RESOLVE_BY_IDS)
        return put_alternative(a, f, place.row, f->item_non_null, out);
    return push_row(a, f, frame->object, f->item_non_null, &place, out);
}

static void answer_begin(struct answer *a, struct buf *out)
{
    const struct plan_object *root = a->_x->plan->root;

    buf_add_z(out, "{\"data\":");
    push(a, out,
         (struct answer_frame){
             .kind = FRAME_OBJECT, .object = root, .nullable = true, .n = root->n_fields});
    a->_state = ANSWER_DATA;
}

static void answer_end(struct answer *a, struct buf *out)
{
    if (a->errors.n) {
        buf_add_z(out, ",\"errors\":[");
        buf_add_str(out, buf_str(&a->errors.text));
        buf_add_char(out, ']');
    }
    if (a->extensions.len) {
        buf_add_z(out, ",\"extensions\":");
        buf_add_str(out, a->extensions);
    }
    buf_add_char(out, '}');
    a->_state = ANSWER_OVER;
}

static int meta_next(struct answer *a, struct buf *out, size_t enough)
{
    int rc = answer_meta_next(&a->_meta, a->_x, out, a->_careful ? SIZE_MAX : enough);

    if (rc < 0)
        a->cut = true;
    return rc;
}

static int frame_next(struct answer *a, struct buf *out)
{
    struct answer_frame *frame = &a->_frames[a->_depth - 1];

    return frame->kind == FRAME_OBJECT ? object_next(a, frame, out) : list_next(a, frame, out);
}

/* Goes on where it stopped: 1 enough, 0 the data is complete, negative. */
static int answer_data(struct answer *a, struct buf *out, size_t enough)
{
    int rc = 0;

    while (a->_depth > 0 && rc == 0) {
        rc = answer_meta_is_open(&a->_meta) ? meta_next(a, out, enough) : frame_next(a, out);
        if (rc == 0 && out->len >= enough && !a->_careful && a->_depth > 0)
            return 1;
    }
    return rc;
}

int answer_next(struct answer *a, struct buf *out, size_t enough)
{
    bool first = a->_state == ANSWER_BEGIN;
    size_t start = out->len;
    int rc;

    if (a->_x->arena->failed)
        return ERR_MEMORY;
    if (first)
        answer_begin(a, out);
    rc = answer_data(a, out, enough);
    if (rc == ERR_DATA && first &&
        !a->_careful) { /* a hole that nobody foresaw; nothing has left yet */
        a->_careful = true;
        a->_depth = 0;
        answer_errors_clear(&a->errors);
        out->len = start;
        answer_begin(a, out);
        rc = answer_data(a, out, enough);
    }
    if (rc < 0)
        return rc;
    if (rc == 0)
        answer_end(a, out);
    return out->failed || a->errors.text.failed ? ERR_MEMORY : rc;
}
