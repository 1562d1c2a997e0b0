/* query/validate_fragments.c: rules about fragments as a graph: no cycles, none unused, and how deep the
 * lists of introspection may nest. Each fragment is visited a bounded number of times, never expanded.
 *
 * Layer: query; base only. Recursion follows chains of fragments; each is entered once, and the number
 * of fragments is bounded by the tokens of the document. */
#include <stdio.h>

#include "base/err.h"
#include "query/validate_priv.h"

/* A selection set that is still to be looked at. */
struct todo {
    const struct ast_selection *selections;
    struct todo *next;
};

static void push(struct validation *v, struct todo **stack, const struct ast_selection *selections)
{
    struct todo *t = selections ? validate_new(v, sizeof *t) : NULL;
    if (!t)
        return;
    *t = (struct todo){selections, *stack};
    *stack = t;
}

/* Fragments spread below `selections`, in graphql-js's order: those of a set first, then those of the
 * sets in it, the last set first. */
struct spread *validate_spreads(struct validation *v, const struct ast_selection *selections)
{
    struct spread *first = NULL, **tail = &first;
    struct todo *stack = NULL;

    push(v, &stack, selections);
    while (stack) {
        const struct ast_selection *s = stack->selections;
        stack = stack->next;
        for (; s; s = s->next) {
            struct spread *found;
            if (s->kind != SELECTION_SPREAD) {
                push(v, &stack, s->selections);
                continue;
            }
            found = validate_new(v, sizeof *found);
            if (!found)
                return first;
            found->selection = s;
            *tail = found;
            tail = &found->next;
        }
    }
    return first;
}

struct fragment_info *validate_reached(struct validation *v, const struct spread *spreads,
                                       struct loc loc)
{
    struct fragment_info *first = NULL, **tail = &first, *next = NULL;
    uint32_t mark = ++v->marks;

    while (!v->full) {
        for (; spreads; spreads = spreads->next) {
            struct fragment_info *f = validate_fragment(v, spreads->selection->name);
            validate_work(v, loc, 1);
            if (!f || f->mark == mark)
                continue;
            f->mark = mark;
            f->next_found = NULL;
            *tail = f;
            tail = &f->next_found;
        }
        next = next ? next->next_found : first;
        if (!next)
            return first;
        spreads = next->spreads;
    }
    return first;
}

/* ---- Cycles. ---- */

/* The path of spreads from the fragment where the search began; `tail` is where it grows. */
struct path {
    struct spread *first, **tail;
};

static void report_cycle(struct validation *v, const struct spread *from, struct str name)
{
    struct validate_places places = {0};
    char via[ERR_MESSAGE_MAX] = "";
    size_t at = 0;

    for (const struct spread *s = from; s && !v->full; s = s->next)
        validate_place(v, &places, s->selection->loc);
    for (const struct spread *s = from; s->next && at < sizeof via; s = s->next)
        at += (size_t)snprintf(via + at, sizeof via - at, "%s\"%.*s\"", at ? ", " : " via ",
                               STR_FMT(s->selection->name));
    validate_error_at(v, places, "Cannot spread fragment \"%.*s\" within itself%s.", STR_FMT(name),
                      via);
}

/* `f` stands for the name; `spreads` are those of one fragment of that name (there may be two: an error,
 * but cycles through either are told). */
static void search(struct validation *v, struct path *path, struct fragment_info *f,
                   const struct spread *spreads)
{
    if (f->visited || !validate_enter(v, f->def->loc))
        return;
    f->visited = true;
    f->on_path = path->tail;
    for (const struct spread *s = spreads; s && !v->full; s = s->next) {
        struct fragment_info *to = validate_fragment(v, s->selection->name);
        struct spread *step = validate_new(v, sizeof *step), **before = path->tail;
        if (!step)
            break;
        step->selection = s->selection;
        *path->tail = step;
        path->tail = &step->next;
        if (to && to->on_path)
            report_cycle(v, *to->on_path, s->selection->name);
        else if (to)
            search(v, path, to, to->spreads);
        path->tail = before;
        *path->tail = NULL;
    }
    f->on_path = NULL;
    validate_leave(v);
}

void validate_fragment_cycles(struct validation *v, const struct fragment_info *f)
{
    struct path path = {.first = NULL};

    path.tail = &path.first;
    if (!v->quiet)
        search(v, &path, validate_fragment(v, f->def->name), f->spreads);
}

/* ---- Unused ones. ---- */

void validate_unused_fragments(struct validation *v)
{
    for (const struct ast_operation *op = v->doc->operations; op; op = op->next)
        for (struct fragment_info *f =
                 validate_reached(v, validate_spreads(v, op->selections), op->loc);
             f; f = f->next_found)
            f->used = true;
    for (const struct ast_fragment *def = v->doc->fragments; def && !v->full; def = def->next) {
        const struct fragment_info *f = validate_fragment(v, def->name);
        if (f && !f->used)
            validate_error(v, def->loc, "Fragment \"%.*s\" is never used.", STR_FMT(def->name));
    }
}

/* ---- Lists in introspection. ---- */

enum {
    META_LISTS_MAX = 3
};

static bool too_many_lists(struct validation *v, const struct ast_selection *s, uint32_t depth);

/* graphql-js's memo: a fragment that exceeded at some depth does so at greater ones, one that did not
 * (or is being looked at) does not at smaller ones. The numbers are depths + 1. */
static bool fragment_has_too_many(struct validation *v, struct fragment_info *f, uint32_t depth)
{
    if (f->meta_walk != v->meta_walks) {
        f->meta_walk = v->meta_walks;
        f->meta_visited = 0;
    }
    if (f->meta_exceeded && f->meta_exceeded <= depth + 1)
        return true;
    if (f->meta_visited >= depth + 1 || f->meta_checked >= depth + 1)
        return false;
    f->meta_visited = depth + 1;
    for (const struct ast_selection *s = f->def->selections; s; s = s->next)
        if (too_many_lists(v, s, depth)) {
            f->meta_exceeded = depth + 1;
            return true;
        }
    f->meta_checked = depth + 1;
    return false;
}

static bool is_list(struct str name)
{
    static const char *const lists[] = {"fields", "interfaces", "possibleTypes", "inputFields"};

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (str_is(name, lists[i]))
            return true;
    return false;
}

static bool too_many_lists(struct validation *v, const struct ast_selection *s, uint32_t depth)
{
    bool found = false;

    if (s->kind == SELECTION_FIELD && is_list(s->name) && ++depth >= META_LISTS_MAX)
        return true;
    if (!validate_enter(v, s->loc))
        return false;
    if (s->kind == SELECTION_SPREAD) {
        struct fragment_info *f = validate_fragment(v, s->name);
        found = f && fragment_has_too_many(v, f, depth);
    }
    for (const struct ast_selection *c = s->selections; c && !found; c = c->next)
        found = too_many_lists(v, c, depth);
    validate_leave(v);
    return found;
}

void validate_meta_depth(struct validation *v, const struct ast_selection *field)
{
    if (v->quiet || v->in_meta ||
        !(str_is(field->name, "__schema") || str_is(field->name, "__type")))
        return;
    v->meta_walks++;
    if (!too_many_lists(v, field, 0))
        return;
    validate_error(v, field->loc, "Maximum introspection depth exceeded");
    v->in_meta = true;
}
