/* query/plan_parts.c: see query/plan_parts.h. Layer: query; base only. */
#include "query/plan_parts.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "query/plan.h"

/* The names of fields that the objects of one step show, each once. */
struct names {
    struct str *all;
    uint32_t n;
};

static int compare(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    int order = memcmp(x->ptr, y->ptr, MIN(x->len, y->len));

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* A list has a step of its own, which says what of it was shown, where its rows are about somebody. */
static bool is_shown(const struct plan_field *f)
{
    bool is_list = f->field->resolve == RESOLVE_LIST || f->field->resolve == RESOLVE_CONNECTION;

    return f->field->resolve != RESOLVE_TYPENAME && !(is_list && f->field->path->table->personal);
}

static bool is_cell(const struct plan_field *f)
{
    return f->field->resolve == RESOLVE_CELL || f->field->resolve == RESOLVE_CELL_CHOICE ||
           f->field->resolve == RESOLVE_GLOBAL_ID;
}

static void collect_names(struct plan *plan, const struct plan_object *o, struct names *names)
{
    for (uint32_t i = 0; i < o->n_fields; i++) {
        const struct plan_field *f = &o->fields[i];
        if (is_shown(f))
            names->all[names->n++] = f->field->name;
        plan->restricted |= is_cell(f) && f->field->allow != RIGHTS_ALL;
    }
}

/* "Type(a b c)" of the objects of `type` below the step. */
static void add_part(struct buf *b, struct str type, struct names *names)
{
    if (names->n)
        qsort(names->all, names->n, sizeof *names->all, compare);
    if (b->len)
        buf_add_char(b, ' ');
    buf_add_str(b, type);
    buf_add_char(b, '(');
    for (uint32_t i = 0, shown = 0; i < names->n; i++) {
        if (i && str_eq(names->all[i], names->all[i - 1]))
            continue;
        buf_add_z(b, shown++ ? " " : "");
        buf_add_str(b, names->all[i]);
    }
    buf_add_char(b, ')');
}

/* The type whose rows a step fetches, for those that no object shows. */
static struct str row_type_name(const struct plan_step *step)
{
    if (step->type)
        return step->type->name;
    return step->field->row_type ? step->field->row_type->name : step->path->table->name;
}

/* Whether `o` is the first of its type below the step. */
static bool is_first(const struct plan_step *step, const struct plan_object *o)
{
    const struct plan_object *before = step->objects;

    while (before->type != o->type)
        before = before->next;
    return before == o;
}

/* All objects of the type of `o` that show the rows of one step. */
static void add_objects(struct plan *plan, const struct plan_object *o, struct names *names,
                        struct buf *b)
{
    names->n = 0;
    for (const struct plan_object *same = o; same; same = same->next)
        if (same->type == o->type)
            collect_names(plan, same, names);
    add_part(b, o->type->name, names);
}

/* Whether each row of the step says of which type it is. */
static bool has_kinds(const struct plan_step *step)
{
    const struct type *t = type_ref_named(step->field->type);

    return (t->kind == TYPE_UNION || t->kind == TYPE_INTERFACE) && step->field->procedure != NULL &&
           t->table == step->path->table;
}

/* Ends the part that `b` has. 0 or ERR_MEMORY. */
static int end_part(struct arena *arena, struct plan *plan, struct plan_step *step, struct str kind,
                    struct buf *b)
{
    struct str shown = b->failed ? (struct str){0} : arena_str(arena, buf_str(b));

    plan->parts[plan->n_parts++] = (struct plan_part){kind, shown};
    step->n_parts++;
    buf_clear(b);
    return shown.ptr ? 0 : ERR_MEMORY;
}

static int step_parts(struct arena *arena, struct plan *plan, struct plan_step *step,
                      struct names *names, struct buf *b)
{
    bool kinds = has_kinds(step);
    int rc = 0;

    step->part = plan->n_parts;
    if (!step->path->table->personal)
        return 0;
    plan->personal = true;
    if (step->path->table->apart)
        return end_part(arena, plan, step, (struct str){0},
                        b); /* its fields stand with the row's */
    for (const struct plan_object *o = step->objects; o && rc == 0; o = o->next) {
        if (!o->type->table || !is_first(step, o))
            continue;
        add_objects(plan, o, names, b);
        if (kinds)
            rc = end_part(arena, plan, step, o->type_name, b);
    }
    if (b->len == 0 && step->n_parts == 0) {
        names->n = 0;
        add_part(b, row_type_name(step), names);
    }
    return rc == 0 && b->len > 0 ? end_part(arena, plan, step, (struct str){0}, b) : rc;
}

static uint32_t count_parts(const struct plan *plan)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < plan->n_steps; i++) {
        n++;
        for (const struct plan_object *o = plan->steps[i].objects; o; o = o->next)
            n++;
    }
    return n;
}

int plan_parts(struct arena *arena, struct plan *plan)
{
    struct names names = {arena_array(arena, MAX(plan->n_fields, 1u), sizeof *names.all), 0};
    struct buf b;
    int rc = 0;

    plan->parts = arena_array(arena, MAX(count_parts(plan), 1u), sizeof *plan->parts);
    if (!names.all || !plan->parts)
        return ERR_MEMORY;
    buf_init(&b, 0);
    for (uint32_t i = 0; i < plan->n_steps && rc == 0; i++)
        rc = step_parts(arena, plan, &plan->steps[i], &names, &b);
    buf_release(&b);
    return rc;
}
