/* query/ahead.c: see query/ahead.h. Layer: query; base only. */
#include "query/ahead.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "query/introspect.h"
#include "query/plan.h"

struct ahead {
    struct ahead_shelf *shelf; /* NULL: nothing is written */
    struct list link;
    struct buf text; /* the values, one behind the other */
    size_t *end;     /* by root field: where its value ends in the text; 0: it has none */
    bool is_vain;    /* nothing can be written, or not enough room was there */
};

void ahead_init(struct ahead_shelf *shelf, size_t max_bytes)
{
    list_init(&shelf->recent);
    shelf->bytes = 0;
    shelf->max = max_bytes;
}

void ahead_release(struct ahead_shelf *shelf)
{
    list_each (l, &shelf->recent)
        ahead_drop(container_of(l, struct ahead, link));
}

struct ahead *ahead_new(struct arena *arena, const struct plan *plan)
{
    struct ahead *a = arena_zalloc(arena, sizeof *a);

    if (!a)
        return NULL;
    list_init(&a->link);
    a->end = arena_array(arena, plan->root->n_fields, sizeof *a->end);
    return a->end ? a : NULL;
}

void ahead_drop(struct ahead *a)
{
    if (!a || !a->shelf)
        return;
    list_remove(&a->link);
    a->shelf->bytes -= a->text.cap;
    a->shelf = NULL;
    buf_release(&a->text);
}

/* False: nothing came of it. */
static bool write_fields(struct ahead *a, const struct plan *plan,
                         const struct value *const *variables)
{
    for (uint32_t i = 0; i < plan->root->n_fields; i++) {
        const struct plan_field *f = &plan->root->fields[i];
        struct err err;
        int rc;

        a->end[i] = 0;
        if (f->resolve != RESOLVE_SCHEMA && f->resolve != RESOLVE_TYPE)
            continue;
        rc = introspect_write_constant(plan->schema, plan->document, f->selections, f->n_selections,
                                       variables, &a->text, &err);
        if (rc < 0)
            return false;
        if (rc != INTROSPECT_VARIES)
            a->end[i] = a->text.len;
    }
    return a->text.len > 0;
}

void ahead_use(struct ahead_shelf *shelf, const struct plan *plan,
               const struct value *const *variables)
{
    struct ahead *a = plan->ahead;

    if (a->is_vain)
        return;
    if (!a->shelf) {
        buf_init(&a->text, shelf->max / 4);
        if (!write_fields(a, plan, variables)) {
            buf_release(&a->text);
            a->is_vain = true;
            return;
        }
        a->shelf = shelf;
        shelf->bytes += a->text.cap;
    }
    list_remove(&a->link);
    list_push_front(&shelf->recent, &a->link);
    while (shelf->bytes > shelf->max)
        ahead_drop(container_of(shelf->recent.prev, struct ahead, link));
}

struct str ahead_value(const struct plan *plan, const struct plan_field *field)
{
    const struct ahead *a = plan->ahead;
    size_t i = (size_t)(field - plan->root->fields), start = 0;

    if (!a || !a->shelf || field < plan->root->fields || i >= plan->root->n_fields ||
        a->end[i] == 0)
        return (struct str){0};
    for (size_t k = 0; k < i; k++)
        if (a->end[k])
            start = a->end[k];
    return (struct str){a->text.ptr + start, a->end[i] - start};
}
