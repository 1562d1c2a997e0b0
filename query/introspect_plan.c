/* query/introspect_plan.c: merges the selections of an introspection once, so that writing its thousands
 * of objects looks at no fragment and no directive again. See query/introspect_priv.h.
 *
 * Layer: query; base only. The plan lies in an arena with a limit: fragments can multiply, and a plan that
 * outgrows the limit is an error of its document. */
#include "base/err.h"
#include "query/introspect_priv.h"
#include "query/variables.h"

/* Fields of one response name. */
struct merged {
    struct str key;
    const struct ast_selection **nodes;
    uint32_t n, room;
    struct merged *next;
};

struct visited {
    struct str name;
    struct visited *next;
};

struct collection {
    struct meta_plan *p;
    const struct type *type;
    struct merged *first, **tail;
    struct visited *visited;
};

static int too_large(struct meta_plan *p)
{
    return err_set(p->err, ERR_LIMIT, "The introspection asks for too much.");
}

/* The value of @skip's or @include's `if`. */
static bool condition(const struct meta_plan *p, const struct ast_directive *d)
{
    for (const struct ast_argument *a = d->arguments; a; a = a->next) {
        const struct value *v = a->value;
        if (!str_is(a->name, "if"))
            continue;
        if (v->kind == VALUE_VARIABLE)
            v = p->variables ? p->variables[v->variable] : NULL;
        return v && v->kind == VALUE_BOOLEAN && v->boolean;
    }
    return false;
}

static bool is_taken(const struct meta_plan *p, const struct ast_selection *s)
{
    for (const struct ast_directive *d = s->directives; d; d = d->next)
        if ((str_is(d->name, "skip") && condition(p, d)) ||
            (str_is(d->name, "include") && !condition(p, d)))
            return false;
    return true;
}

static int add_node(struct collection *c, const struct ast_selection *s)
{
    struct str key = s->alias.len ? s->alias : s->name;
    struct merged *m = c->first;

    while (m && !str_eq(m->key, key))
        m = m->next;
    if (!m) {
        m = arena_zalloc(c->p->arena, sizeof *m);
        if (!m)
            return too_large(c->p);
        m->key = key;
        *c->tail = m;
        c->tail = &m->next;
    }
    if (m->n == m->room) {
        const struct ast_selection **nodes =
            arena_array(c->p->arena, m->room ? m->room * 2u : 1, sizeof *nodes);
        if (!nodes)
            return too_large(c->p);
        if (m->n)
            memcpy(nodes, m->nodes, m->n * sizeof *nodes);
        m->room = m->room ? m->room * 2 : 1;
        m->nodes = nodes;
    }
    m->nodes[m->n++] = s;
    return 0;
}

static int collect(struct collection *c, const struct ast_selection *s);

static int collect_spread(struct collection *c, const struct ast_selection *s)
{
    const struct ast_fragment *f = c->p->doc->fragments;
    struct visited *v = c->visited;

    while (v && !str_eq(v->name, s->name))
        v = v->next;
    while (f && !str_eq(f->name, s->name))
        f = f->next;
    if (v || !f || !str_eq(f->condition, c->type->name))
        return 0;
    v = arena_alloc(c->p->arena, sizeof *v);
    if (!v)
        return too_large(c->p);
    *v = (struct visited){s->name, c->visited};
    c->visited = v;
    return collect(c, f->selections);
}

static int collect(struct collection *c, const struct ast_selection *s)
{
    int rc = 0;

    for (; s && rc == 0; s = s->next) {
        if (!is_taken(c->p, s))
            continue;
        if (s->kind == SELECTION_FIELD)
            rc = add_node(c, s);
        else if (s->kind == SELECTION_SPREAD)
            rc = collect_spread(c, s);
        else if (s->name.len == 0 || str_eq(s->name, c->type->name))
            rc = collect(c, s->selections);
    }
    return rc;
}

static const struct {
    const char *type, *field;
    enum meta meta;
} places[] = {
    {"__Schema", "description", META_SCHEMA_DESCRIPTION},
    {"__Schema", "types", META_SCHEMA_TYPES},
    {"__Schema", "queryType", META_SCHEMA_QUERY},
    {"__Schema", "mutationType", META_SCHEMA_MUTATION},
    {"__Schema", "subscriptionType", META_SCHEMA_SUBSCRIPTION},
    {"__Schema", "directives", META_SCHEMA_DIRECTIVES},
    {"__Type", "kind", META_TYPE_KIND},
    {"__Type", "name", META_TYPE_NAME},
    {"__Type", "description", META_TYPE_DESCRIPTION},
    {"__Type", "specifiedByURL", META_TYPE_SPECIFIED_BY},
    {"__Type", "fields", META_TYPE_FIELDS},
    {"__Type", "interfaces", META_TYPE_INTERFACES},
    {"__Type", "possibleTypes", META_TYPE_POSSIBLE},
    {"__Type", "enumValues", META_TYPE_VALUES},
    {"__Type", "inputFields", META_TYPE_INPUTS},
    {"__Type", "ofType", META_TYPE_OF_TYPE},
    {"__Type", "isOneOf", META_TYPE_ONE_OF},
    {NULL, "name", META_NAME},
    {NULL, "description", META_DESCRIPTION},
    {NULL, "args", META_ARGS},
    {NULL, "type", META_FIELD_TYPE},
    {NULL, "defaultValue", META_INPUT_DEFAULT},
    {NULL, "isDeprecated", META_IS_DEPRECATED},
    {NULL, "deprecationReason", META_DEPRECATION_REASON},
    {NULL, "isRepeatable", META_DIRECTIVE_REPEATABLE},
    {NULL, "locations", META_DIRECTIVE_LOCATIONS},
};

static enum meta place(const struct type *parent, struct str field)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (str_is(field, places[i].field) &&
            (!places[i].type || str_is(parent->name, places[i].type)))
            return places[i].meta;
    return META_TYPENAME;
}

int meta_argument(struct meta_plan *p, const struct ast_selection *s, const struct field *def,
                  const char *name, const struct value **ret)
{
    *ret = NULL;
    for (uint32_t i = 0; i < def->n_arguments; i++) {
        const struct input_def *in = &def->arguments[i];
        if (!str_is(in->name, name))
            continue;
        *ret = in->default_value;
        for (const struct ast_argument *a = s->arguments; a; a = a->next) {
            const struct value *v;
            int rc;
            if (!str_eq(a->name, in->name))
                continue;
            p->varies |= a->value->kind == VALUE_VARIABLE; /* of these types none is a list */
            rc = literal_coerce(p->arena, p->schema, in->type, a->value, p->variables, &v, p->err);
            if (rc < 0)
                return rc == ERR_MEMORY ? too_large(p) : rc;
            if (v)
                *ret = v;
        }
    }
    return 0;
}

static int plan_field(struct meta_plan *p, const struct type *parent, const struct merged *m,
                      struct meta_field **ret)
{
    const struct field *def = type_field(parent, m->nodes[0]->name);
    struct meta_field *f = arena_zalloc(p->arena, sizeof *f);
    const struct value *v;
    int rc;

    if (!f)
        return too_large(p);
    *ret = f;
    f->key = m->key;
    f->parent = parent;
    f->meta = META_TYPENAME;
    if (!def)
        return 0;
    f->meta = place(parent, def->name);
    rc = meta_argument(p, m->nodes[0], def, "includeDeprecated", &v);
    if (rc < 0)
        return rc;
    f->include_deprecated = v && v->kind == VALUE_BOOLEAN && v->boolean;
    if (type_is_composite(type_ref_named(def->type)))
        return meta_plan(p, type_ref_named(def->type), m->nodes, m->n, &f->children);
    return 0;
}

int meta_plan(struct meta_plan *p, const struct type *type,
              const struct ast_selection *const *fields, uint32_t n, struct meta_field **ret)
{
    struct collection c = {.p = p, .type = type};
    struct meta_field **tail = ret;
    int rc = 0;

    *ret = NULL;
    c.tail = &c.first;
    for (uint32_t i = 0; i < n && rc == 0; i++)
        rc = collect(&c, fields[i]->selections);
    for (const struct merged *m = c.first; m && rc == 0; m = m->next) {
        rc = plan_field(p, type, m, tail);
        if (rc == 0)
            tail = &(*tail)->next;
    }
    return rc;
}
