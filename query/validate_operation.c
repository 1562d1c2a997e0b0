/* query/validate_operation.c: rules about an operation as a whole: its name, its variables and how it
 * uses them (through fragments too), and a subscription's one field.
 *
 * Layer: query; base only. Variables that fragments use were collected once for each fragment; an
 * operation asks for those of the fragments that it reaches. That work is counted and bounded. */
#include <stdio.h>

#include "base/err.h"
#include "query/print.h"
#include "query/validate_priv.h"

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
        validate_error_at(v, validate_two(v, first->name_loc, op->name_loc),
                          "There can be only one operation named \"%.*s\".", STR_FMT(op->name));
    else
        validate_put(v, &v->operation_names, op->name, (void *)(uintptr_t)op);
}

/* The places of all variables of the name of `first`, which is the first of them. */
static struct validate_places same_name(struct validation *v, const struct ast_variable *first)
{
    struct validate_places at = {0};

    for (const struct ast_variable *d = first; d && !v->full; d = d->next)
        if (str_eq(d->name, first->name))
            validate_place(v, &at, d->name_loc);
    return at;
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
            validate_error_at(v, same_name(v, d), "There can be only one variable named \"$%.*s\".",
                              STR_FMT(d->name));
}

/* ---- Subscriptions. ---- */

/* The fields of one response name. */
struct root_field {
    const struct ast_selection *first;
    struct validate_places at;
    struct root_field *next;
};

struct root_fields {
    struct validation *v;
    const struct ast_operation *op;
    struct map names;
    struct root_field *first, **tail;
    struct validate_places conditions; /* @skip and @include, which may not be there */
    uint32_t mark;                     /* of the fragments that were visited */
};

static const struct ast_directive *directive_named(const struct ast_selection *s, const char *name)
{
    const struct ast_directive *d = s->directives;

    while (d && !str_is(d->name, name))
        d = d->next;
    return d;
}

/* A condition at the root of a subscription; its selection is then not looked into. */
static bool has_condition(struct root_fields *r, const struct ast_selection *s)
{
    const struct ast_directive *d = directive_named(s, "skip");

    if (!d)
        d = directive_named(s, "include");
    if (d)
        validate_place(r->v, &r->conditions, d->loc);
    return d != NULL;
}

static bool applies(const struct root_fields *r, struct str condition)
{
    const struct type *t = schema_visible_type(r->v->schema, condition);

    return t && type_is_composite(t) &&
           type_includes(t, r->v->schema->root[OPERATION_SUBSCRIPTION]);
}

static void add_root_field(struct root_fields *r, const struct ast_selection *s)
{
    struct str key = s->alias.len ? s->alias : s->name;
    struct root_field *f = map_get(&r->names, key);

    if (!f) {
        f = validate_new(r->v, sizeof *f);
        if (!f)
            return;
        f->first = s;
        *r->tail = f;
        r->tail = &f->next;
        validate_put(r->v, &r->names, key, f);
    }
    validate_place(r->v, &f->at, s->loc);
}

static void collect_root(struct root_fields *r, const struct ast_selection *s)
{
    if (!validate_enter(r->v, r->op->loc))
        return;
    for (; s && !r->v->full; s = s->next) {
        validate_work(r->v, r->op->loc, 1);
        if (has_condition(r, s))
            continue;
        if (s->kind == SELECTION_SPREAD) {
            struct fragment_info *f = validate_fragment(r->v, s->name);
            if (f && f->mark != r->mark && applies(r, f->def->condition)) {
                f->mark = r->mark;
                collect_root(r, f->def->selections);
            }
        } else if (s->kind == SELECTION_FIELD) {
            add_root_field(r, s);
        } else if (s->name.len == 0 || applies(r, s->name)) {
            collect_root(r, s->selections);
        }
    }
    validate_leave(r->v);
}

static void only_one(struct root_fields *r, const char *who)
{
    struct validate_places at = {0};

    if (!r->first)
        validate_error(r->v, r->op->selections_loc, "%s must select one top level field.", who);
    if (!r->first || !r->first->next)
        return;
    for (const struct root_field *f = r->first->next; f; f = f->next)
        for (uint32_t i = 0; i < f->at.n; i++)
            validate_place(r->v, &at, f->at.at[i]);
    validate_error_at(r->v, at, "%s must select only one top level field.", who);
}

static void check_subscription(struct validation *v, const struct ast_operation *op)
{
    struct root_fields r = {.v = v, .op = op, .mark = ++v->marks};
    char who[ERR_MESSAGE_MAX];

    if (op->kind != OPERATION_SUBSCRIPTION || !v->schema->root[OPERATION_SUBSCRIPTION])
        return;
    map_init(&r.names, v->arena);
    r.tail = &r.first;
    collect_root(&r, op->selections);
    snprintf(who, sizeof who, op->name.len ? "Subscription \"%.*s\"" : "Anonymous Subscription%.*s",
             (int)MIN(op->name.len, (size_t)120), op->name.ptr ? op->name.ptr : "");
    if (r.conditions.n) {
        validate_error_at(v, r.conditions,
                          "%s must not use `@skip` or `@include` directives in the top level "
                          "selection.",
                          who);
        return;
    }
    only_one(&r, who);
    for (const struct root_field *f = r.first; f; f = f->next)
        if (f->first->name.len >= 2 && memcmp(f->first->name.ptr, "__", 2) == 0)
            validate_error_at(v, f->at, "%s must not select an introspection top level field.",
                              who);
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
    uint32_t n = 0;

    for (const struct usage *u = x->own; u && !x->v->full; u = u->next, n++)
        rule(x, u);
    for (struct fragment_info *f = x->fragments; f && !x->v->full; f = f->next_found)
        for (const struct usage *u = f->usages; u && !x->v->full; u = u->next, n++)
            rule(x, u);
    validate_work(x->v, x->op->loc, n);
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
        validate_error_at(x->v, validate_two(x->v, u->value->loc, x->op->loc),
                          "Variable \"$%.*s\" is not defined by operation \"%.*s\".",
                          STR_FMT(u->value->text), STR_FMT(x->op->name));
    else
        validate_error_at(x->v, validate_two(x->v, u->value->loc, x->op->loc),
                          "Variable \"$%.*s\" is not defined.", STR_FMT(u->value->text));
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

static bool has_default(const struct ast_variable *d)
{
    return d->default_value && d->default_value->kind != VALUE_NULL;
}

/* A nullable variable may stand in a non-null place when one of them has a default. */
static bool is_allowed(const struct ast_variable *d, const struct usage *u)
{
    struct type_ref nullable = *u->type;

    if (u->type->non_null && !d->type->non_null) {
        if (!has_default(d) && !u->has_default)
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
        validate_error_at(
            x->v, validate_two(x->v, d->loc, u->value->loc),
            "Variable \"$%.*s\" of type \"%s\" used in position expecting type \"%s\".",
            STR_FMT(d->name), type_text(d->type, have), type_text(u->type, want));
    if (u->one_of && !d->type->non_null && !has_default(d))
        validate_error_at(
            x->v, validate_two(x->v, d->loc, u->value->loc),
            "Variable \"$%.*s\" is of type \"%s\" but must be non-nullable to be used for "
            "OneOf Input Object \"%.*s\".",
            STR_FMT(d->name), type_text(d->type, have), STR_FMT(u->one_of->name));
}

static bool find_variables(struct variables *x, const struct operation_info *info)
{
    struct validation *v = x->v;

    x->op = info->def;
    x->own = info->usages;
    x->defs = arena_array(v->arena, v->n_variables + 1u, sizeof(void *));
    x->used = arena_array(v->arena, v->n_variables + 1u, sizeof(bool));
    if (!x->defs || !x->used) {
        v->no_memory = v->full = true;
        return false;
    }
    for (const struct ast_variable *d = x->op->variables; d; d = d->next)
        x->defs[d->index] = d;
    x->fragments = validate_reached(v, validate_spreads(v, x->op->selections), x->op->loc);
    return true;
}

/* ---- An operation. ---- */

void validate_enter_operation(struct validation *v, const struct operation_info *info)
{
    static const char *const kinds[] = {"query", "mutation", "subscription"};
    const struct ast_operation *op = info->def;
    struct variables x = {.v = v};

    if (v->quiet || v->full)
        return;
    if (!v->schema->root[op->kind])
        validate_error(v, op->loc, "The %s operation is not supported by the schema.",
                       kinds[op->kind]);
    check_name(v, op);
    check_subscription(v, op);
    check_variable_names(v, op);
    if (v->full || !find_variables(&x, info))
        return;
    each_usage(&x, check_defined);
    check_unused(&x);
}

void validate_leave_operation(struct validation *v, const struct operation_info *info)
{
    struct variables x = {.v = v};

    if (!v->quiet && !v->full && find_variables(&x, info))
        each_usage(&x, check_position);
}
