/* query/plan.c: makes plans; see query/plan.h.
 *
 * plan_collect.c says which fields an object has; here they get their steps and objects. The number of
 * fields of the whole plan is bounded, so that fragments that branch through fields can't grow it without
 * end. */
#include "query/plan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "query/list_cell.h"
#include "query/plan_collect.h"
#include "query/plan_parts.h"

struct planner {
    struct arena *arena;
    struct plan *plan;
    struct selector selector;
    uint32_t cap_steps, max_fields;
    struct err *err;
};

static int planner_memory(struct planner *p)
{
    return err_set(p->err, ERR_MEMORY, "The server is out of memory.");
}

/* ---- objects and steps ---- */

static struct str json_name(struct planner *p, struct str name, const char *tail)
{
    struct buf b;
    struct str copy;

    buf_init(&b, 0);
    json_add_string(&b, name);
    buf_add_z(&b, tail);
    copy = b.failed ? (struct str){0} : arena_str(p->arena, buf_str(&b));
    buf_release(&b);
    return copy;
}

/* Where in the plan an object stands. */
struct site {
    uint32_t step;
    struct plan_guard guard; /* which of the step's rows it is about */
    uint32_t root, depth;
    bool fatal; /* nothing between it and the root can be null */
};

static int step_room(struct planner *p)
{
    struct plan *plan = p->plan;
    uint32_t cap = p->cap_steps ? p->cap_steps * 2 : 8;
    struct plan_step *more;

    if (plan->n_steps < p->cap_steps)
        return 0;
    more = arena_array(p->arena, cap, sizeof *more);
    if (!more)
        return planner_memory(p);
    if (plan->n_steps)
        memcpy(more, plan->steps, plan->n_steps * sizeof *more);
    plan->steps = more;
    p->cap_steps = cap;
    return 0;
}

/* The column of a path's key that names whose rows are found, or -1: the rows that a function returns say so
 * themselves, but for pages, which are of one person's list. */
static int subject_key(const struct access_path *path)
{
    const struct table *t = path->table;

    for (uint32_t i = 0;
         t->personal && !(path->function.len && !path->n_order) && i < path->n_columns; i++)
        if (str_eq(path->column[i], t->columns[t->subject_cell].name))
            return (int)i;
    return -1;
}

/* A step below `at`; what else it has is the caller's to say. */
static int step_add(struct planner *p, const struct plan_field *f, const struct site *at,
                    const struct access_path *path, uint32_t *ret)
{
    struct plan *plan = p->plan;
    uint32_t id = plan->n_steps, *link;
    int rc = step_room(p);

    if (rc < 0)
        return rc;
    plan->steps[id] =
        (struct plan_step){.field = f->field,
                           .path = path,
                           .allow = f->field->row_type ? f->field->row_type->allow : RIGHTS_ALL,
                           .subject_key = subject_key(path),
                           .key_cell = f->field->key_cell,
                           .guard = at->guard,
                           .needed = f->non_null && path->kind == ACCESS_ROW,
                           .fatal = at->fatal && f->non_null,
                           .root = at->root,
                           .alternative = id,
                           .parent = at->step,
                           .first_child = PLAN_NO_STEP,
                           .next_sibling = PLAN_NO_STEP,
                           .selection = f->selections[0]};
    plan->n_steps++;
    if (at->step != PLAN_NO_STEP) {
        link = &plan->steps[at->step].first_child;
        while (*link != PLAN_NO_STEP)
            link = &plan->steps[*link].next_sibling;
        *link = id;
    }
    *ret = id;
    return 0;
}

static bool same_guard(const struct plan_guard *a, const struct plan_guard *b)
{
    return a->cell == b->cell && str_eq(a->type_name, b->type_name);
}

/* The step that fetches the second group of cells of the rows at `at`: one for all fields that need it. */
static int step_apart(struct planner *p, const struct plan_field *f, const struct type *type,
                      const struct site *at, uint32_t *ret)
{
    struct plan *plan = p->plan;
    uint32_t id = plan->steps[at->step].first_child;
    int rc = 0;

    while (id != PLAN_NO_STEP && !(plan->steps[id].path == type->apart_path &&
                                   same_guard(&plan->steps[id].guard, &at->guard)))
        id = plan->steps[id].next_sibling;
    if (id == PLAN_NO_STEP)
        rc = step_add(p, f, at, type->apart_path, &id);
    if (rc < 0)
        return rc;
    plan->steps[id].allow = RIGHTS_ALL; /* each field that is in it has its own */
    plan->steps[id].key_cell = type->table->key_cell;
    plan->steps[id].needed |= f->non_null;
    plan->steps[id].fatal |= at->fatal && f->non_null;
    *ret = id;
    return 0;
}

static bool is_fetched(enum resolve_kind kind)
{
    return kind == RESOLVE_ROW || kind == RESOLVE_LOOKUP || kind == RESOLVE_LIST ||
           kind == RESOLVE_CONNECTION || kind == RESOLVE_CALL || kind == RESOLVE_CALL_LIST;
}

static int object_make(struct planner *p, const struct type *type, struct collect *c,
                       const struct site *at, struct plan_object **ret);

/* The object below a composite field for one type; its selections merge those of the whole group. */
static int field_object(struct planner *p, const struct plan_field *f, const struct type *type,
                        struct site at, struct plan_object **ret)
{
    struct collect c;
    int rc = 0;

    collect_init(&c, p->arena);
    for (uint32_t i = 0; i < f->n_selections && rc == 0; i++)
        rc = collect_fields(&p->selector, &c, type, f->selections[i]->selections);
    at.depth++;
    return rc < 0 ? rc : object_make(p, type, &c, &at, ret);
}

/* True when each type that the field can be has a step of its own. */
static bool has_alternatives(enum resolve_kind kind)
{
    return kind == RESOLVE_ROW_OF_KIND || kind == RESOLVE_BY_ID || kind == RESOLVE_BY_IDS;
}

/* The step of one type among the alternatives of a field. */
static int branch_step(struct planner *p, const struct plan_field *f, const struct site *at,
                       uint32_t i, struct str type_name)
{
    struct plan_branch *b = &f->branches[i];
    struct plan_step *step;
    int rc = step_add(p, f, at, f->field->paths[i], &b->step);

    if (rc < 0)
        return rc;
    step = &p->plan->steps[b->step];
    p->plan->has_alternatives = true;
    step->alternative = f->branches[0].step;
    step->type = type_ref_named(f->field->type)->possible[i];
    step->allow = step->type->allow;
    if (f->field->resolve == RESOLVE_ROW_OF_KIND)
        step->kind = (struct plan_guard){f->field->kind_cell, type_name};
    if (f->field->resolve == RESOLVE_BY_IDS)
        step->needed = f->item_non_null;
    return 0;
}

/* A field of an interface or union. `at` is where its rows are, or, with alternatives, where their parents are. */
static int field_branches(struct planner *p, struct plan_field *f, struct site at)
{
    const struct type *abstract = type_ref_named(f->field->type);
    int rc = 0;

    f->branches = arena_array(p->arena, MAX(abstract->n_possible, 1u), sizeof *f->branches);
    if (!f->branches)
        return planner_memory(p);
    for (uint32_t i = 0; i < abstract->n_possible && rc == 0; i++) {
        const struct type *type = abstract->possible[i];
        struct str name = json_name(p, type->name, "");
        struct site below = at;

        if (!name.ptr)
            return planner_memory(p);
        f->n_branches++;
        f->branches[i].step = f->step;
        if (has_alternatives(f->field->resolve)) {
            rc = branch_step(p, f, &at, i, name);
            if (rc < 0)
                return rc;
            below.step = f->branches[i].step;
            below.guard = (struct plan_guard){0};
        } else {
            below.guard = (struct plan_guard){abstract->kind_cell, name};
        }
        rc = field_object(p, f, type, below, &f->branches[i].object);
    }
    return rc;
}

static int watch_cell(struct planner *p, const struct plan_watch *want, struct plan_step *step)
{
    struct plan_watch *w = step->watched;

    while (w && !(w->cell == want->cell && w->items == want->items &&
                  same_guard(&w->guard, &want->guard)))
        w = w->next;
    if (!w) {
        w = arena_zalloc(p->arena, sizeof *w);
        if (!w)
            return planner_memory(p);
        *w = *want;
        w->next = step->watched;
        step->watched = w;
    }
    w->fatal |= want->fatal;
    return 0;
}

/* A field made of the cell `cell` of the rows at `at`: can it have a null where none may be? */
static int field_watch_cell(struct planner *p, const struct plan_field *f, const struct type *type,
                            const struct site *at, uint32_t cell)
{
    const struct type_ref *ref = f->field->type;
    const struct column *column = &(f->field->apart ? type->apart : type->table)->columns[cell];
    struct plan_watch want = {.cell = cell, .guard = at->guard, .fatal = at->fatal && f->non_null};
    int rc = 0;

    if (f->non_null && (column->computed || !column->required))
        rc = watch_cell(p, &want, &p->plan->steps[at->step]);
    if (rc < 0 || !f->strict_list || !list_cell_may_lack(ref))
        return rc;
    want.items = true;
    want.fatal &= list_cell_may_vanish(ref);
    return watch_cell(p, &want, &p->plan->steps[at->step]);
}

static int field_watch(struct planner *p, const struct plan_field *f, const struct type *type,
                       const struct site *at)
{
    const struct field *field = f->field;
    uint32_t n;
    int rc = 0;

    if (field->resolve == RESOLVE_CELL)
        return field_watch_cell(p, f, type, at, field->cell);
    p->plan->negotiated |= field->arguments[field->choice_argument].negotiated;
    n = type_ref_named(field->arguments[field->choice_argument].type)->n_values;
    for (uint32_t i = 0; i < n && rc == 0; i++)
        rc = field_watch_cell(p, f, type, at, field->choice_cells[i]);
    return rc;
}

static bool is_cell(enum resolve_kind kind)
{
    return kind == RESOLVE_CELL || kind == RESOLVE_CELL_CHOICE;
}

/* What a connection shows says what is asked: rows, their number, both, or neither. */
static void look_at_connection(struct plan_step *step, const struct plan_object *o)
{
    step->idle = true;
    for (uint32_t i = 0; i < o->n_fields; i++) {
        enum resolve_kind kind = o->fields[i].field->resolve;
        step->counted |= kind == RESOLVE_TOTAL_COUNT;
        step->idle &= kind == RESOLVE_TOTAL_COUNT || kind == RESOLVE_WITHHELD ||
                      kind == RESOLVE_TYPENAME;
    }
}

/* The steps of a field and what is below it. */
static int field_below(struct planner *p, struct plan_field *f, const struct type *type,
                       struct site at)
{
    const struct field *field = f->field;
    const struct type *named = type_ref_named(field->type);
    int rc = 0;

    if (field->apart) {
        rc = step_apart(p, f, type, &at, &f->apart);
        f->resolve = RESOLVE_APART;
        at.step = f->apart;
        at.guard = (struct plan_guard){0};
    }
    if (rc == 0 && is_cell(field->resolve))
        rc = field_watch(p, f, type, &at);
    if (rc == 0 && is_fetched(field->resolve)) {
        rc = step_add(p, f, &at, field->path, &f->step);
        at.step = f->step;
        at.guard = (struct plan_guard){0};
    }
    if (field->resolve == RESOLVE_SCHEMA || field->resolve == RESOLVE_TYPE) {
        p->plan->shows_schema = true;
        return rc;
    }
    if (rc < 0 || !type_is_composite(named))
        return rc;
    at.fatal = at.fatal && f->non_null && (field->type->kind != TYPE_REF_LIST || f->item_non_null);
    if (named->kind != TYPE_OBJECT)
        return field_branches(p, f, at);
    rc = field_object(p, f, named, at, &f->object);
    if (rc == 0 && field->resolve == RESOLVE_CONNECTION)
        look_at_connection(&p->plan->steps[f->step], f->object);
    return rc;
}

static int field_make(struct planner *p, const struct type *type, const struct group *g,
                      const struct site *at, struct plan_field *ret)
{
    struct field *field = schema_field(p->plan->schema, type, g->selections[0]->name);

    if (!field)
        return err_set(p->err, ERR_INTERNAL, "A field is missing after validation.");
    if (++p->plan->n_fields > p->max_fields)
        return err_set_at(p->err, ERR_LIMIT, (int)g->selections[0]->loc.line,
                          (int)g->selections[0]->loc.column,
                          "The operation selects more than %u fields.", p->max_fields);
    *ret = (struct plan_field){.name = json_name(p, g->name, ":"),
                               .field = field,
                               .resolve = field->resolve,
                               .cell = field->cell,
                               .step = at->step,
                               .non_null = field->type->non_null,
                               .selections = g->selections,
                               .n_selections = g->n};
    if (!ret->name.ptr)
        return planner_memory(p);
    if (field->type->kind == TYPE_REF_LIST)
        ret->item_non_null = field->type->inner->non_null;
    if (is_cell(field->resolve) && field->type->kind == TYPE_REF_LIST)
        ret->strict_list = list_cell_is_strict(field->type);
    return field_below(p, ret, type, *at);
}

static int object_make(struct planner *p, const struct type *type, struct collect *c,
                       const struct site *at, struct plan_object **ret)
{
    struct plan_object *o = arena_zalloc(p->arena, sizeof *o);
    const struct group *g = c->first;
    struct site below = *at;
    int rc = 0;

    if (!o)
        return planner_memory(p);
    o->type = type;
    if (at->step != PLAN_NO_STEP) {
        o->next = p->plan->steps[at->step].objects;
        p->plan->steps[at->step].objects = o;
    }
    o->type_name = json_name(p, type->name, "");
    o->fields = arena_array(p->arena, c->n ? c->n : 1, sizeof *o->fields);
    if (!o->fields || !o->type_name.ptr)
        return planner_memory(p);
    p->plan->depth = MAX(p->plan->depth, at->depth);
    for (; g && rc == 0; g = g->next) {
        if (at->depth == 1)
            below.root = o->n_fields;
        rc = field_make(p, type, g, &below, &o->fields[o->n_fields++]);
    }
    *ret = o;
    return rc;
}

int plan_make(struct arena *arena, const struct schema *schema, const struct document *doc,
              const struct ast_operation *operation, const struct plan_conditions *conditions,
              uint32_t mask, uint32_t max_fields, struct plan **ret, struct err *reterr)
{
    static const char *const kinds[] = {[OPERATION_QUERY] = "query",
                                        [OPERATION_MUTATION] = "mutation",
                                        [OPERATION_SUBSCRIPTION] = "subscription"};
    const struct type *root = schema->root[operation->kind];
    struct planner p = {.arena = arena, .max_fields = max_fields, .err = reterr};
    const struct site top = {.step = PLAN_NO_STEP, .depth = 1, .fatal = true};
    struct collect c;
    int rc;

    if (!root)
        return err_set_at(
            reterr, ERR_OPERATION, (int)operation->loc.line, (int)operation->loc.column,
            "Schema is not configured to execute %s operation.", kinds[operation->kind]);
    p.plan = arena_zalloc(arena, sizeof *p.plan);
    if (!p.plan)
        return planner_memory(&p);
    *p.plan = (struct plan){.schema = schema,
                            .document = doc,
                            .operation = operation,
                            .conditions = *conditions,
                            .mask = mask};
    p.selector = (struct selector){
        .arena = arena, .schema = schema, .conditions = conditions, .mask = mask, .err = reterr};
    rc = selector_init(&p.selector, doc);
    if (rc < 0)
        return rc;
    collect_init(&c, arena);
    rc = collect_fields(&p.selector, &c, root, operation->selections);
    if (rc == 0)
        rc = object_make(&p, root, &c, &top, &p.plan->root);
    if (rc == 0 && plan_parts(arena, p.plan) < 0)
        rc = planner_memory(&p);
    if (rc == 0)
        *ret = p.plan;
    return rc;
}
