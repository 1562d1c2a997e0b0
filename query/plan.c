/* query/plan.c: makes plans; see query/plan.h.
 *
 * The fields of an object are collected as the specification's CollectFields says: selections of the same
 * response name merge, fragments are entered once for each set of selections. The number of fields of the
 * whole plan is bounded, so that fragments that branch through fields can't grow it without end. */
#include "query/plan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/map.h"

enum {
    COLLECT_DEPTH_MAX =
        200 /* inline fragments in inline fragments; the parser has the same bound */
};

/* Selections of one response name. */
struct group {
    struct str name;
    const struct ast_selection **selections;
    uint32_t n, cap;
    struct group *next;
};

struct collect {
    struct map by_name; /* response name -> struct group */
    struct map visited; /* names of fragments */
    struct group *first, **last;
    uint32_t n;
};

struct planner {
    struct arena *arena;
    struct plan *plan;
    const struct plan_conditions *conditions;
    struct map fragments; /* name -> struct ast_fragment */
    uint32_t cap_steps, max_fields;
    struct err *err;
};

static int planner_memory(struct planner *p)
{
    return err_set(p->err, ERR_MEMORY, "The server is out of memory.");
}

/* ---- @skip and @include ---- */

static const struct value *directive_if(const struct ast_directive *d)
{
    for (const struct ast_argument *a = d->arguments; a; a = a->next)
        if (str_is(a->name, "if"))
            return a->value;
    return NULL;
}

static bool is_condition(const struct ast_directive *d)
{
    return str_is(d->name, "skip") || str_is(d->name, "include");
}

static int conditions_add(struct plan_conditions *c, const struct ast_directive *directives,
                          struct err *err)
{
    for (const struct ast_directive *d = directives; d; d = d->next) {
        const struct value *v = is_condition(d) ? directive_if(d) : NULL;
        uint32_t i = 0;

        if (!v || v->kind != VALUE_VARIABLE)
            continue;
        while (i < c->n && c->variable[i] != v->variable)
            i++;
        if (i < c->n)
            continue;
        if (c->n == PLAN_CONDITIONS_MAX)
            return err_set_at(err, ERR_LIMIT, (int)d->loc.line, (int)d->loc.column,
                              "At most %d variables may decide @skip and @include.",
                              PLAN_CONDITIONS_MAX);
        c->variable[c->n++] = v->variable;
    }
    return 0;
}

static int conditions_walk(struct plan_conditions *c, const struct ast_selection *s,
                           struct err *err)
{
    int rc = 0;
    for (; s && rc == 0; s = s->next) {
        rc = conditions_add(c, s->directives, err);
        if (rc == 0)
            rc = conditions_walk(c, s->selections, err);
    }
    return rc;
}

/* All fragments of the document are walked, whether the operation spreads them or not: a superset is as good. */
int plan_conditions(const struct schema *schema, const struct document *doc,
                    const struct ast_operation *operation, struct plan_conditions *ret,
                    struct err *reterr)
{
    int rc;

    (void)schema;
    ret->n = 0;
    rc = conditions_walk(ret, operation->selections, reterr);
    for (const struct ast_fragment *f = doc->fragments; f && rc == 0; f = f->next)
        rc = conditions_walk(ret, f->selections, reterr);
    return rc;
}

static bool condition_value(const struct planner *p, const struct value *v)
{
    if (v->kind == VALUE_BOOLEAN)
        return v->boolean;
    for (uint32_t i = 0; i < p->conditions->n; i++)
        if (p->conditions->variable[i] == v->variable)
            return p->plan->mask >> i & 1;
    return false;
}

static bool is_included(const struct planner *p, const struct ast_directive *directives)
{
    for (const struct ast_directive *d = directives; d; d = d->next) {
        const struct value *v = is_condition(d) ? directive_if(d) : NULL;
        if (v && condition_value(p, v) == str_is(d->name, "skip"))
            return false;
    }
    return true;
}

/* ---- CollectFields ---- */

static bool type_applies(const struct type *object, const struct type *condition)
{
    if (object == condition)
        return true;
    for (uint32_t i = 0; i < condition->n_possible; i++)
        if (condition->possible[i] == object)
            return true;
    return false;
}

static int group_add(struct planner *p, struct collect *c, const struct ast_selection *s)
{
    struct str name = s->alias.len ? s->alias : s->name;
    struct group *g = map_get(&c->by_name, name);

    if (!g) {
        g = arena_zalloc(p->arena, sizeof *g);
        if (!g || map_put(&c->by_name, name, g) < 0)
            return planner_memory(p);
        g->name = name;
        *c->last = g;
        c->last = &g->next;
        c->n++;
    }
    if (g->n == g->cap) {
        uint32_t cap = g->cap ? g->cap * 2 : 2;
        const struct ast_selection **more = arena_array(p->arena, cap, sizeof(void *));
        if (!more)
            return planner_memory(p);
        if (g->n)
            memcpy(more, g->selections, g->n * sizeof(void *));
        g->selections = more;
        g->cap = cap;
    }
    g->selections[g->n++] = s;
    return 0;
}

static int collect_fields(struct planner *p, struct collect *c, const struct type *type,
                          const struct ast_selection *s, unsigned depth);

static int collect_spread(struct planner *p, struct collect *c, const struct type *type,
                          const struct ast_selection *s, unsigned depth)
{
    struct ast_fragment *f = map_get(&p->fragments, s->name);
    const struct type *condition;

    if (!f || map_get(&c->visited, s->name))
        return 0;
    if (map_put(&c->visited, s->name, f) < 0)
        return planner_memory(p);
    condition = schema_type(p->plan->schema, f->condition);
    if (!condition || !type_applies(type, condition))
        return 0;
    return collect_fields(p, c, type, f->selections, depth + 1);
}

static int collect_inline(struct planner *p, struct collect *c, const struct type *type,
                          const struct ast_selection *s, unsigned depth)
{
    if (s->name.len) {
        const struct type *condition = schema_type(p->plan->schema, s->name);
        if (!condition || !type_applies(type, condition))
            return 0;
    }
    return collect_fields(p, c, type, s->selections, depth + 1);
}

static int collect_fields(struct planner *p, struct collect *c, const struct type *type,
                          const struct ast_selection *s, unsigned depth)
{
    int rc = 0;

    if (depth > COLLECT_DEPTH_MAX)
        return err_set(p->err, ERR_LIMIT, "Fragments are nested deeper than %d levels.",
                       COLLECT_DEPTH_MAX);
    for (; s && rc == 0; s = s->next) {
        if (!is_included(p, s->directives))
            continue;
        switch (s->kind) {
        case SELECTION_FIELD:
            rc = group_add(p, c, s);
            break;
        case SELECTION_SPREAD:
            rc = collect_spread(p, c, type, s, depth);
            break;
        case SELECTION_INLINE:
            rc = collect_inline(p, c, type, s, depth);
            break;
        }
    }
    return rc;
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

static int step_add(struct planner *p, const struct plan_field *f, uint32_t parent, uint32_t *ret)
{
    struct plan *plan = p->plan;
    uint32_t id = plan->n_steps, *link;

    if (id == p->cap_steps) {
        uint32_t cap = p->cap_steps ? p->cap_steps * 2 : 8;
        struct plan_step *more = arena_array(p->arena, cap, sizeof *more);
        if (!more)
            return planner_memory(p);
        if (id)
            memcpy(more, plan->steps, id * sizeof *more);
        plan->steps = more;
        p->cap_steps = cap;
    }
    plan->steps[id] = (struct plan_step){.field = f->field,
                                         .path = f->field->path,
                                         .parent = parent,
                                         .first_child = PLAN_NO_STEP,
                                         .next_sibling = PLAN_NO_STEP,
                                         .selection = f->selections[0]};
    plan->n_steps++;
    if (parent != PLAN_NO_STEP) {
        link = &plan->steps[parent].first_child;
        while (*link != PLAN_NO_STEP)
            link = &plan->steps[*link].next_sibling;
        *link = id;
    }
    *ret = id;
    return 0;
}

static struct field *field_of(const struct planner *p, const struct type *type, struct str name)
{
    const struct schema *s = p->plan->schema;

    if (str_is(name, "__typename"))
        return s->typename_field;
    if (type == s->root[OPERATION_QUERY] && str_is(name, "__schema"))
        return s->schema_field;
    if (type == s->root[OPERATION_QUERY] && str_is(name, "__type"))
        return s->type_field;
    return type_field(type, name);
}

static bool is_fetched(enum resolve_kind kind)
{
    return kind == RESOLVE_ROW || kind == RESOLVE_LOOKUP || kind == RESOLVE_LIST ||
           kind == RESOLVE_CONNECTION;
}

static int object_make(struct planner *p, const struct type *type, struct collect *c, uint32_t step,
                       uint32_t depth, struct plan_object **ret);

/* The object below a composite field; its selections merge those of the whole group. */
static int field_object(struct planner *p, struct plan_field *f, uint32_t step, uint32_t depth)
{
    const struct type *type = type_ref_named(f->field->type);
    struct collect c = {0};
    int rc = 0;

    map_init(&c.by_name, p->arena);
    map_init(&c.visited, p->arena);
    c.last = &c.first;
    for (uint32_t i = 0; i < f->n_selections && rc == 0; i++)
        rc = collect_fields(p, &c, type, f->selections[i]->selections, 0);
    return rc < 0 ? rc : object_make(p, type, &c, step, depth + 1, &f->object);
}

static int field_make(struct planner *p, const struct type *type, const struct group *g,
                      uint32_t step, uint32_t depth, struct plan_field *ret)
{
    struct field *field = field_of(p, type, g->selections[0]->name);
    int rc = 0;

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
                               .step = step,
                               .non_null = field->type->non_null,
                               .selections = g->selections,
                               .n_selections = g->n};
    if (!ret->name.ptr)
        return planner_memory(p);
    if (field->type->kind == TYPE_REF_LIST)
        ret->item_non_null = field->type->inner->non_null;
    if (is_fetched(field->resolve))
        rc = step_add(p, ret, step, &ret->step);
    if (field->resolve == RESOLVE_SCHEMA || field->resolve == RESOLVE_TYPE) {
        p->plan->shows_schema = true;
        return rc;
    }
    if (rc < 0 || !type_is_composite(type_ref_named(field->type)))
        return rc;
    return field_object(p, ret, ret->step, depth);
}

static int object_make(struct planner *p, const struct type *type, struct collect *c, uint32_t step,
                       uint32_t depth, struct plan_object **ret)
{
    struct plan_object *o = arena_zalloc(p->arena, sizeof *o);
    const struct group *g = c->first;
    int rc = 0;

    if (!o)
        return planner_memory(p);
    o->type = type;
    o->type_name = json_name(p, type->name, "");
    o->fields = arena_array(p->arena, c->n ? c->n : 1, sizeof *o->fields);
    if (!o->fields || !o->type_name.ptr)
        return planner_memory(p);
    p->plan->depth = MAX(p->plan->depth, depth);
    for (; g && rc == 0; g = g->next)
        rc = field_make(p, type, g, step, depth, &o->fields[o->n_fields++]);
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
    struct planner p = {
        .arena = arena, .conditions = conditions, .max_fields = max_fields, .err = reterr};
    struct collect c = {0};
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
    map_init(&p.fragments, arena);
    for (struct ast_fragment *f = doc->fragments; f; f = f->next)
        if (map_put(&p.fragments, f->name, f) < 0)
            return planner_memory(&p);
    map_init(&c.by_name, arena);
    map_init(&c.visited, arena);
    c.last = &c.first;
    rc = collect_fields(&p, &c, root, operation->selections, 0);
    if (rc == 0)
        rc = object_make(&p, root, &c, PLAN_NO_STEP, 1, &p.plan->root);
    if (rc == 0)
        *ret = p.plan;
    return rc;
}
