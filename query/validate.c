/* query/validate.c: see query/validate.h. The walk over a document and the rules about single nodes.
 *
 * Layer: query; base only. The walk is graphql-js's: definitions in their order, in a field its
 * arguments, directives and selections; at each node the rules report in the order of its list, so that
 * errors come out in the same order. A quiet walk goes first: it collects which variables the fragments
 * use. Whether any fields can't be merged is found out next (validate_merge.c): only then are they compared
 * in the walk that reports. */
#include "query/validate.h"

#include "base/err.h"
#include "query/print.h"
#include "query/suggest.h"
#include "query/validate_priv.h"

/* ---- Names of types. ---- */

static void known_type(struct validation *v, struct str name, struct loc loc)
{
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    if (v->quiet || schema_visible_type(v->schema, name))
        return;
    for (const struct ast_type_def *d = v->doc->types; d; d = d->next)
        if (!d->extends && str_eq(d->name, name))
            return; /* the document defines it, which is reported elsewhere */
    suggest_start(&s, name);
    for (uint32_t i = 0; i < v->schema->n_types && v->limits->suggestions; i++)
        if (!v->schema->types[i]->hidden)
            suggest_add(&s, v->schema->types[i]->name);
    validate_error(v, loc, "Unknown type \"%.*s\".%s", STR_FMT(name), suggest_text(&s, "", hint));
}

/* ---- Directives and arguments. ---- */

static void unique_directives(struct validation *v, const struct ast_directive *list)
{
    struct map seen;

    if (!list || !list->next || v->quiet)
        return;
    map_init(&seen, v->arena);
    for (const struct ast_directive *d = list; d && !v->full; d = d->next) {
        const struct directive_def *def = schema_visible_directive(v->schema, d->name);
        const struct ast_directive *first = map_get(&seen, d->name);
        if (!def || def->repeatable)
            continue;
        if (first)
            validate_error_at(v, validate_two(v, first->loc, d->loc),
                              "The directive \"@%.*s\" can only be used once at this location.",
                              STR_FMT(d->name));
        else
            validate_put(v, &seen, d->name, (void *)(uintptr_t)d);
    }
}

/* The places of all arguments of the name of `first`, which is the first of them. */
static struct validate_places same_name(struct validation *v, const struct ast_argument *first)
{
    struct validate_places at = {0};

    for (const struct ast_argument *a = first; a && !v->full; a = a->next)
        if (str_eq(a->name, first->name))
            validate_place(v, &at, a->loc);
    return at;
}

static void unique_arguments(struct validation *v, const struct ast_argument *list)
{
    struct map seen, twice;

    if (!list || !list->next || v->quiet)
        return;
    map_init(&seen, v->arena);
    map_init(&twice, v->arena);
    for (const struct ast_argument *a = list; a && !v->full; a = a->next)
        validate_put(v, map_get(&seen, a->name) ? &twice : &seen, a->name, (void *)(uintptr_t)a);
    for (const struct ast_argument *a = list; a && !v->full && twice.count; a = a->next)
        if (map_get(&seen, a->name) == a && map_get(&twice, a->name))
            validate_error_at(v, same_name(v, a), "There can be only one argument named \"%.*s\".",
                              STR_FMT(a->name));
}

static const struct input_def *find_input(const struct input_def *all, uint32_t n, struct str name)
{
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(all[i].name, name))
            return &all[i];
    return NULL;
}

static const char *argument_hint(const struct validation *v, const struct input_def *all,
                                 uint32_t n, struct str name, char out[SUGGEST_TEXT_MAX])
{
    struct suggest s;

    suggest_start(&s, name);
    for (uint32_t i = 0; i < n && v->limits->suggestions; i++)
        suggest_add(&s, all[i].name);
    return suggest_text(&s, "", out);
}

static bool is_given(const struct ast_argument *list, struct str name)
{
    while (list && !str_eq(list->name, name))
        list = list->next;
    return list != NULL;
}

/* A field as graphql-js prints it: `Type.field`; a meta field belongs to no type. */
static struct str owner_of(const struct validation *v, const struct field *f)
{
    bool meta = f == v->schema->typename_field || f == v->schema->schema_field ||
                f == v->schema->type_field;
    return meta ? STR("<meta>") : f->parent->name;
}

/* Values of arguments; `field`: an unknown one is reported where it stands. */
static void walk_arguments(struct validation *v, const struct ast_argument *list,
                           const struct input_def *all, uint32_t n, const struct field *field)
{
    char hint[SUGGEST_TEXT_MAX];

    for (const struct ast_argument *a = list; a && !v->full; a = a->next) {
        const struct input_def *in = find_input(all, n, a->name);
        if (!in && field && !v->quiet)
            validate_error(v, a->loc, "Unknown argument \"%.*s\" on field \"%.*s.%.*s\".%s",
                           STR_FMT(a->name), STR_FMT(owner_of(v, field)), STR_FMT(field->name),
                           argument_hint(v, all, n, a->name, hint));
        validate_value(v, a->value, in ? in->type : NULL, in && in->default_literal);
    }
}

/* The first required argument from `*i` on that is not given, or NULL. */
static const struct input_def *missing(const struct ast_argument *list, const struct input_def *all,
                                       uint32_t n, uint32_t *i)
{
    while (*i < n) {
        const struct input_def *in = &all[(*i)++];
        if (in->type->non_null && !in->default_literal && !is_given(list, in->name))
            return in;
    }
    return NULL;
}

static void required_on_field(struct validation *v, const struct field *f,
                              const struct ast_selection *s)
{
    const struct input_def *in;
    char text[PRINT_TEXT_MAX];
    uint32_t i = 0;

    while (!v->quiet && !v->full && (in = missing(s->arguments, f->arguments, f->n_arguments, &i)))
        validate_error(
            v, s->loc,
            "Argument \"%.*s.%.*s(%.*s:)\" of type \"%s\" is required, but it was not provided.",
            STR_FMT(owner_of(v, f)), STR_FMT(f->name), STR_FMT(in->name),
            type_text(in->type, text));
}

static void required_on_directive(struct validation *v, const struct directive_def *def,
                                  const struct ast_directive *d)
{
    const struct input_def *in;
    char text[PRINT_TEXT_MAX];
    uint32_t i = 0;

    while (!v->quiet && !v->full &&
           (in = missing(d->arguments, def->arguments, def->n_arguments, &i)))
        validate_error(
            v, d->loc,
            "Argument \"@%.*s(%.*s:)\" of type \"%s\" is required, but it was not provided.",
            STR_FMT(d->name), STR_FMT(in->name), type_text(in->type, text));
}

static void walk_directive(struct validation *v, const struct ast_directive *d,
                           enum directive_location location)
{
    const struct directive_def *def = schema_visible_directive(v->schema, d->name);
    const struct input_def *all = def ? def->arguments : NULL;
    uint32_t n = def ? def->n_arguments : 0;
    char hint[SUGGEST_TEXT_MAX];

    if (!def)
        validate_error(v, d->loc, "Unknown directive \"@%.*s\".", STR_FMT(d->name));
    else if (!(def->locations & 1u << location))
        validate_error(v, d->loc, "Directive \"@%.*s\" may not be used on %s.", STR_FMT(d->name),
                       location_name(location));
    for (const struct ast_argument *a = d->arguments; a && def && !v->quiet; a = a->next)
        if (!find_input(def->arguments, def->n_arguments, a->name))
            validate_error(v, a->loc, "Unknown argument \"%.*s\" on directive \"@%.*s\".%s",
                           STR_FMT(a->name), STR_FMT(d->name),
                           argument_hint(v, def->arguments, def->n_arguments, a->name, hint));
    unique_arguments(v, d->arguments);
    if (!def && v->field) { /* graphql-js takes the arguments of an unknown one for the field's */
        all = v->field->arguments;
        n = v->field->n_arguments;
    }
    walk_arguments(v, d->arguments, all, n, NULL);
    if (def)
        required_on_directive(v, def, d);
}

static void walk_directives(struct validation *v, const struct ast_directive *list,
                            enum directive_location location)
{
    for (; list && !v->full; list = list->next)
        walk_directive(v, list, location);
}

/* ---- Selections. ---- */

static void walk_set(struct validation *v, const struct type *parent,
                     const struct ast_selection *s);
static void walk_selections(struct validation *v, const struct type *parent,
                            const struct ast_selection *selections);

static void unknown_field(struct validation *v, const struct type *parent,
                          const struct ast_selection *s)
{
    char hint[SUGGEST_TEXT_MAX] = "";
    struct suggest g;

    if (v->quiet)
        return;
    suggest_start(&g, s->name);
    if (v->limits->suggestions && parent->kind != TYPE_OBJECT) {
        validate_suggest_types(v, parent, s->name, &g);
        suggest_text(&g, "to use an inline fragment on", hint);
    }
    if (hint[0] == '\0' && v->limits->suggestions) {
        suggest_start(&g, s->name);
        for (uint32_t i = 0; i < parent->n_fields; i++)
            suggest_add(&g, parent->fields[i].name);
        suggest_text(&g, "", hint);
    }
    validate_error(v, s->loc, "Cannot query field \"%.*s\" on type \"%.*s\".%s", STR_FMT(s->name),
                   STR_FMT(parent->name), hint);
}

static void scalar_leafs(struct validation *v, const struct field *f, const struct ast_selection *s)
{
    const struct type *t = type_ref_named(f->type);
    bool hint = v->limits->suggestions;
    char text[PRINT_TEXT_MAX];

    if (v->quiet)
        return;
    if (type_is_leaf(t) && s->selections)
        validate_error(
            v, s->selections_loc,
            "Field \"%.*s\" must not have a selection since type \"%s\" has no subfields.",
            STR_FMT(s->name), type_text(f->type, text));
    else if (!type_is_leaf(t) && !s->selections)
        validate_error(v, s->loc,
                       "Field \"%.*s\" of type \"%s\" must have a selection of subfields.%s%.*s%s",
                       STR_FMT(s->name), type_text(f->type, text), hint ? " Did you mean \"" : "",
                       hint ? (int)s->name.len : 0, s->name.ptr, hint ? " { ... }\"?" : "");
}

/* graphql-js's NoSchemaIntrospectionCustomRule: fields whose type is one of introspection's. */
static void introspection_refused(struct validation *v, const struct type *t,
                                  const struct ast_selection *s)
{
    if (v->limits->no_introspection && t && t->builtin && t->name.len > 2 &&
        memcmp(t->name.ptr, "__", 2) == 0)
        validate_error(v, s->loc,
                       "GraphQL introspection has been disabled, but the requested query contained "
                       "the field \"%.*s\".",
                       STR_FMT(s->name));
}

static void walk_field(struct validation *v, const struct type *parent,
                       const struct ast_selection *s)
{
    const struct field *f = parent ? schema_field(v->schema, parent, s->name) : NULL;
    const struct field *around = v->field;
    const struct type *t = f ? type_ref_named(f->type) : NULL;
    bool in_meta = v->in_meta;

    if (f)
        scalar_leafs(v, f, s);
    else if (parent)
        unknown_field(v, parent, s);
    unique_directives(v, s->directives);
    unique_arguments(v, s->arguments);
    validate_meta_depth(v, s);
    introspection_refused(v, t, s);
    v->field = f;
    walk_arguments(v, s->arguments, f ? f->arguments : NULL, f ? f->n_arguments : 0, f);
    walk_directives(v, s->directives, LOC_FIELD);
    if (s->selections)
        walk_selections(v, t && type_is_composite(t) ? t : NULL, s->selections);
    v->field = around;
    v->in_meta = in_meta;
    if (f)
        required_on_field(v, f, s);
}

static void walk_spread(struct validation *v, const struct type *parent,
                        const struct ast_selection *s)
{
    const struct fragment_info *f = validate_fragment(v, s->name);

    if (!f)
        validate_error(v, s->name_loc, "Unknown fragment \"%.*s\".", STR_FMT(s->name));
    else if (f->type && parent && !types_overlap(f->type, parent))
        validate_error(
            v, s->loc,
            "Fragment \"%.*s\" cannot be spread here as objects of type \"%.*s\" can never "
            "be of type \"%.*s\".",
            STR_FMT(s->name), STR_FMT(parent->name), STR_FMT(f->type->name));
    unique_directives(v, s->directives);
    walk_directives(v, s->directives, LOC_FRAGMENT_SPREAD);
}

static void walk_inline(struct validation *v, const struct type *parent,
                        const struct ast_selection *s)
{
    const struct type *t = s->name.len ? schema_visible_type(v->schema, s->name) : parent;

    if (s->name.len && t && !type_is_composite(t)) {
        validate_error(v, s->name_loc, "Fragment cannot condition on non composite type \"%.*s\".",
                       STR_FMT(s->name));
        t = NULL;
    }
    if (t && parent && !types_overlap(t, parent))
        validate_error(v, s->loc,
                       "Fragment cannot be spread here as objects of type \"%.*s\" can never be of "
                       "type \"%.*s\".",
                       STR_FMT(parent->name), STR_FMT(t->name));
    unique_directives(v, s->directives);
    if (s->name.len)
        known_type(v, s->name, s->name_loc);
    walk_directives(v, s->directives, LOC_INLINE_FRAGMENT);
    walk_set(v, t, s->selections); /* merging was checked with the set around it */
}

static void walk_set(struct validation *v, const struct type *parent, const struct ast_selection *s)
{
    for (; s && !v->full; s = s->next) {
        if (s->kind == SELECTION_FIELD)
            walk_field(v, parent, s);
        else if (s->kind == SELECTION_SPREAD)
            walk_spread(v, parent, s);
        else
            walk_inline(v, parent, s);
    }
}

static void walk_selections(struct validation *v, const struct type *parent,
                            const struct ast_selection *selections)
{
    if (v->conflicts && !v->quiet)
        validate_overlap(v, parent, selections);
    walk_set(v, parent, selections);
}

/* ---- Definitions. ---- */

static void walk_variables(struct validation *v, const struct ast_operation *op)
{
    char text[PRINT_TEXT_MAX];

    for (const struct ast_variable *d = op->variables; d && !v->full; d = d->next) {
        const struct type *t = type_ref_named(d->type);
        const struct type_ref *r = d->type;
        if (t && !type_is_input(t))
            validate_error(v, d->type->loc, "Variable \"$%.*s\" cannot be non-input type \"%s\".",
                           STR_FMT(d->name), type_text(d->type, text));
        unique_directives(v, d->directives);
        while (r->kind == TYPE_REF_LIST)
            r = r->inner;
        known_type(v, r->name, r->loc);
        if (d->default_value)
            validate_value(v, d->default_value, t && type_is_input(t) ? d->type : NULL, false);
        walk_directives(v, d->directives, LOC_VARIABLE_DEFINITION);
    }
}

static void walk_operation(struct validation *v, struct operation_info *info)
{
    static const enum directive_location where[] = {LOC_QUERY, LOC_MUTATION, LOC_SUBSCRIPTION};
    const struct ast_operation *op = info->def;

    validate_enter_operation(v, info);
    unique_directives(v, op->directives);
    walk_variables(v, op);
    v->usages = v->quiet ? &info->usages : NULL;
    walk_directives(v, op->directives, where[op->kind]);
    walk_selections(v, v->schema->root[op->kind], op->selections);
    v->usages = NULL;
    validate_leave_operation(v, info);
}

static void walk_fragment(struct validation *v, struct fragment_info *f)
{
    const struct ast_fragment *def = f->def;
    const struct type *t = schema_visible_type(v->schema, def->condition);
    const struct ast_fragment *first = map_get(&v->fragment_names, def->name);

    if (t && !type_is_composite(t))
        validate_error(v, def->condition_loc,
                       "Fragment \"%.*s\" cannot condition on non composite type \"%.*s\".",
                       STR_FMT(def->name), STR_FMT(def->condition));
    if (first && !v->quiet)
        validate_error_at(v, validate_two(v, first->name_loc, def->name_loc),
                          "There can be only one fragment named \"%.*s\".", STR_FMT(def->name));
    else if (!v->quiet)
        validate_put(v, &v->fragment_names, def->name, (void *)(uintptr_t)def);
    validate_fragment_cycles(v, f);
    unique_directives(v, def->directives);
    known_type(v, def->condition, def->condition_loc);
    v->usages = v->quiet ? &f->usages : NULL;
    walk_directives(v, def->directives, LOC_FRAGMENT_DEFINITION);
    walk_selections(v, f->type, def->selections);
    v->usages = NULL;
}

static bool is_before(struct loc a, struct loc b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

static void walk(struct validation *v)
{
    uint32_t o = 0, f = 0;

    while ((o < v->doc->n_operations || f < v->n_infos) && !v->full) {
        if (o < v->doc->n_operations &&
            (f == v->n_infos || is_before(v->operations[o].def->loc, v->infos[f].def->loc)))
            walk_operation(v, &v->operations[o++]);
        else
            walk_fragment(v, &v->infos[f++]);
    }
}

static void executable_only(struct validation *v)
{
    for (const struct ast_name *n = v->doc->not_executable; n && !v->full; n = n->next)
        if (n->name.len)
            validate_error(v, n->loc, "The \"%.*s\" definition is not executable.",
                           STR_FMT(n->name));
        else
            validate_error(v, n->loc, "The schema definition is not executable.");
}

int validate_document(struct arena *arena, const struct schema *schema, struct document *doc,
                      const struct validate_limits *limits, struct validate_result *ret)
{
    struct validation v = {
        .arena = arena, .schema = schema, .doc = doc, .limits = limits, .result = ret};

    *ret = (struct validate_result){0};
    map_init(&v.fragments, arena);
    map_init(&v.operation_names, arena);
    map_init(&v.fragment_names, arena);
    validate_resolve(&v);
    for (uint32_t i = 0; i < v.n_infos && !v.full; i++)
        v.infos[i].spreads = validate_spreads(&v, v.infos[i].def->selections);
    if (!v.full)
        validate_sizes(&v);
    v.quiet = true;
    if (!v.full)
        walk(&v);
    v.quiet = false;
    if (!v.full)
        validate_merge(&v);
    if (!v.full)
        executable_only(&v);
    if (!v.full)
        walk(&v);
    if (!v.full)
        validate_unused_fragments(&v);
    validate_overlap_budget(&v);
    if (v.no_memory)
        return ERR_MEMORY;
    if (v.over_limit)
        return ERR_LIMIT;
    return ret->n_errors ? ERR_VALIDATION : 0;
}
