/* query/validate_operation.c: rules about an operation as a whole: its name, its variables and how it
 * uses them (through fragments too), and a subscription's one field.
 *
 * Layer: query; base only. Variables that fragments use were collected once for each fragment; an
 * operation asks for those of the fragments that it reaches. That work is counted and bounded. */
#include <stdio.h>

#include "base/err.h"
#include "query/print.h"
#include "query/validate_priv.h"

enum {
    WORK_MAX = 50000 /* spreads and uses looked at for all operations */
};

static void check_name(struct validation *v, const struct ast_operation *op)
{
    const struct ast_operation *first;

    if (op->name.len == 0) {
        if (v->doc->n_operations > 1)
            validate_error(v, op->loc,
                           "This anonymous operation must be the only defined operation.");
        return;
    }
    first = map_get(&v->operation_names, op->name);
    if (first)
        validate_error(v, first->name_loc, "There can be only one operation named \"%.*s\".",
                       STR_FMT(op->name));
    else
        validate_put(v, &v->operation_names, op->name, (void *)(uintptr_t)op);
}

static void check_variable_names(struct validation *v, const struct ast_operation *op)
{
    struct map seen, twice;

    map_init(&seen, v->arena);
    map_init(&twice, v->arena);
    for (struct ast_variable *d = op->variables; d && !v->full; d = d->next)
        validate_put(v, map_get(&seen, d->name) ? &twice : &seen, d->name, d);
    for (struct ast_variable *d = op->variables; d && !v->full && twice.count; d = d->next)
        if (map_get(&seen, d->name) == d && map_get(&twice, d->name))
            validate_error(v, d->name_loc, "There can be only one variable named \"$%.*s\".",
                           STR_FMT(d->name));
}

/* ---- Subscriptions. ---- */

struct root_fields {
    struct validation *v;
    struct map names; /* response name -> its first field */
    const struct ast_selection *second, *meta[4];
    uint32_t n_meta;
};

static bool is_left_out(const struct ast_selection *s)
{
    for (const struct ast_directive *d = s->directives; d; d = d->next) {
        bool skip = str_is(d->name, "skip");
        if (!skip && !str_is(d->name, "include"))
            continue;
        for (const struct ast_argument *a = d->arguments; a; a = a->next)
            if (str_is(a->name, "if") && a->value->kind == VALUE_BOOLEAN &&
                a->value->boolean == skip)
                return true;
    }
    return false;
}

static void collect_root(struct root_fields *r, const struct ast_selection *s, uint32_t mark)
{
    for (; s; s = s->next) {
        struct str key = s->alias.len ? s->alias : s->name;
        if (is_left_out(s))
            continue;
        if (s->kind == SELECTION_SPREAD) {
            struct fragment_info *f = validate_fragment(r->v, s->name);
            if (f && f->mark != mark) {
                f->mark = mark;
                collect_root(r, f->def->selections, mark);
            }
        } else if (s->kind == SELECTION_INLINE) {
            collect_root(r, s->selections, mark);
        } else if (!map_get(&r->names, key)) {
            if (r->names.count == 1)
                r->second = s;
            if (s->name.len >= 2 && memcmp(s->name.ptr, "__", 2) == 0 && r->n_meta < 4)
                r->meta[r->n_meta++] = s;
            validate_put(r->v, &r->names, key, (void *)(uintptr_t)s);
        }
    }
}

static void check_subscription(struct validation *v, const struct ast_operation *op)
{
    struct root_fields r = {.v = v};
    char name[ERR_MESSAGE_MAX];

    if (op->kind != OPERATION_SUBSCRIPTION || !v->schema->root[OPERATION_SUBSCRIPTION])
        return;
    map_init(&r.names, v->arena);
    collect_root(&r, op->selections, ++v->marks);
    snprintf(name, sizeof name,
             op->name.len ? "Subscription \"%.*s\"" : "Anonymous Subscription%.*s",
             (int)MIN(op->name.len, (size_t)120), op->name.ptr ? op->name.ptr : "");
    if (r.second)
        validate_error(v, r.second->loc, "%s must select only one top level field.", name);
    for (uint32_t i = 0; i < r.n_meta; i++)
        validate_error(v, r.meta[i]->loc, "%s must not select an introspection top level field.",
                       name);
}

void validate_enter_operation(struct validation *v, const struct ast_operation *op)
{
    if (v->quiet)
        return;
    check_name(v, op);
    check_subscription(v, op);
    check_variable_names(v, op);
}

/* ---- Variables in use. ---- */

struct variables {
    struct validation *v;
    const struct ast_operation *op;
    const struct ast_variable **defs; /* by index: the operation's, or NULL */
    bool *used;
    const struct usage *own;
    struct fragment_info *fragments;
};

typedef void usage_rule(struct variables *x, const struct usage *u);

static void each_usage(struct variables *x, usage_rule *rule)
{
    for (const struct usage *u = x->own; u && !x->v->full; u = u->next, x->v->work++)
        rule(x, u);
    for (struct fragment_info *f = x->fragments; f && !x->v->full; f = f->next_found)
        for (const struct usage *u = f->usages; u && !x->v->full; u = u->next, x->v->work++)
            rule(x, u);
    if (x->v->work > WORK_MAX && !x->v->full)
        validate_limit(x->v, x->op->loc,
                       "The operations of the document use their fragments and "
                       "variables too often to be checked.");
}

static const struct ast_variable *definition(const struct variables *x, const struct usage *u)
{
    return u->value->variable < x->v->n_variables ? x->defs[u->value->variable] : NULL;
}

static void check_defined(struct variables *x, const struct usage *u)
{
    if (definition(x, u)) {
        x->used[u->value->variable] = true;
        return;
    }
    if (x->op->name.len)
        validate_error(x->v, u->value->loc,
                       "Variable \"$%.*s\" is not defined by operation \"%.*s\".",
                       STR_FMT(u->value->text), STR_FMT(x->op->name));
    else
        validate_error(x->v, u->value->loc, "Variable \"$%.*s\" is not defined.",
                       STR_FMT(u->value->text));
}

static void check_unused(struct variables *x)
{
    for (const struct ast_variable *d = x->op->variables; d && !x->v->full; d = d->next) {
        if (x->used[d->index])
            continue;
        if (x->op->name.len)
            validate_error(x->v, d->loc, "Variable \"$%.*s\" is never used in operation \"%.*s\".",
                           STR_FMT(d->name), STR_FMT(x->op->name));
        else
            validate_error(x->v, d->loc, "Variable \"$%.*s\" is never used.", STR_FMT(d->name));
    }
}

/* A nullable variable may stand in a non-null place when one of them has a default. */
static bool is_allowed(const struct ast_variable *d, const struct usage *u)
{
    struct type_ref nullable = *u->type;

    if (u->type->non_null && !d->type->non_null) {
        bool has_default = d->default_value && d->default_value->kind != VALUE_NULL;
        if (!has_default && !u->has_default)
            return false;
        nullable.non_null = false;
    }
    return type_ref_is_subtype(d->type, &nullable);
}

static void check_position(struct variables *x, const struct usage *u)
{
    const struct ast_variable *d = definition(x, u);
    char have[PRINT_TEXT_MAX], want[PRINT_TEXT_MAX];

    if (!d || !u->type || !type_ref_named(d->type))
        return;
    if (!is_allowed(d, u))
        validate_error(x->v, d->loc,
                       "Variable \"$%.*s\" of type \"%s\" used in position expecting type \"%s\".",
                       STR_FMT(d->name), type_text(d->type, have), type_text(u->type, want));
    if (u->one_of && !d->type->non_null)
        validate_error(
            x->v, d->loc,
            "Variable \"$%.*s\" is of type \"%s\" but must be non-nullable to be used for "
            "OneOf Input Object \"%.*s\".",
            STR_FMT(d->name), type_text(d->type, have), STR_FMT(u->one_of->name));
}

void validate_leave_operation(struct validation *v, const struct ast_operation *op,
                              const struct usage *own)
{
    struct variables x = {.v = v, .op = op, .own = own};

    if (v->quiet || v->full)
        return;
    x.defs = arena_array(v->arena, v->n_variables + 1u, sizeof(void *));
    x.used = arena_array(v->arena, v->n_variables + 1u, sizeof(bool));
    if (!x.defs || !x.used) {
        v->no_memory = v->full = true;
        return;
    }
    for (const struct ast_variable *d = op->variables; d; d = d->next)
        x.defs[d->index] = d;
    x.fragments = validate_reached(v, validate_spreads(v, op->selections));
    each_usage(&x, check_defined);
    check_unused(&x);
    each_usage(&x, check_position);
}
