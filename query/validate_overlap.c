/* query/validate_overlap.c: OverlappingFieldsCanBeMerged: fields of one selection set with the same
 * response name must ask for the same thing.
 *
 * Layer: query; base only. graphql-js's algorithm, for its messages in its order: it compares pairs, all fields
 * of a name with each other, each fragment with each set and each other fragment, once. That is quadratic where
 * names or fragments repeat, so it runs only for documents that validate_merge.c could not clear, and has a
 * budget; a document that exceeds it is refused, unless a rule has a better reason. */
#include <stdio.h>

#include "base/err.h"
#include "query/print.h"
#include "query/validate_priv.h"

enum {
    COMPARISONS_MAX = 10000,
    COST_COMPARISON =
        10, /* of two fields, or a fragment with something; a name looked up costs 1 */
    REASON_MAX = ERR_MESSAGE_MAX,
    SIDE_MAX = 20, /* places of one side of a conflict */
    MANY = 8       /* arguments: so many cost as much as a name looked up */
};

/* One field of a set. */
struct candidate {
    const struct type *parent;
    const struct ast_selection *node;
    const struct field *def; /* NULL: unknown, or a meta field */
    struct candidate *next;
};

/* Those with the same response name. */
struct group {
    struct str name;
    struct candidate *first, **tail;
    struct group *next;
};

struct spread_name {
    struct fragment_info *fragment;
    struct spread_name *next;
};

struct set_key {
    const struct ast_selection *selections;
    const struct type *parent;
};

struct set {
    struct set_key key;
    struct map by_name, spread_map;
    struct group *groups, **groups_tail;
    struct spread_name *spreads, **spreads_tail;
    struct map compared; /* fragment's name -> whether only as mutually exclusive */
};

struct pair {
    const struct fragment_info *a, *b;
};

/* Two fields, each with those below it that are at odds. */
struct conflict {
    struct str name, reason;
    struct validate_places a, b;
    struct conflict *next;
};

struct conflicts {
    struct conflict *first, **tail;
};

struct overlap {
    struct validation *v;
    struct map sets;  /* struct set_key -> struct set */
    struct map pairs; /* struct pair -> whether only as mutually exclusive */
    int budget;
    bool stop;
};

/* Values of the maps above. */
static char exclusive_only, fully;

static void *flag(bool exclusive)
{
    return exclusive ? &exclusive_only : &fully;
}

static bool spend(struct overlap *o, int cost)
{
    o->budget -= cost;
    if (o->budget < 0)
        o->stop = true;
    return !o->stop && !o->v->full;
}

static int n_arguments(const struct ast_selection *s)
{
    int n = 0;

    for (const struct ast_argument *a = s->arguments; a; a = a->next)
        n++;
    return n;
}

/* ---- Sets. ---- */

static void collect(struct overlap *o, struct set *set, const struct type *parent,
                    const struct ast_selection *s);

static void collect_field(struct overlap *o, struct set *set, const struct type *parent,
                          const struct ast_selection *s)
{
    struct str name = s->alias.len ? s->alias : s->name;
    struct group *g = map_get(&set->by_name, name);
    struct candidate *c = validate_new(o->v, sizeof *c);

    if (!c)
        return;
    c->parent = parent;
    c->node = s;
    c->def = parent && parent->kind != TYPE_UNION && type_is_composite(parent)
                 ? type_field(parent, s->name)
                 : NULL;
    if (!g) {
        g = validate_new(o->v, sizeof *g);
        if (!g)
            return;
        g->name = name;
        g->tail = &g->first;
        *set->groups_tail = g;
        set->groups_tail = &g->next;
        validate_put(o->v, &set->by_name, name, g);
    }
    *g->tail = c;
    g->tail = &c->next;
}

static void collect_spread(struct overlap *o, struct set *set, const struct ast_selection *s)
{
    struct spread_name *n;
    struct fragment_info *f = validate_fragment(o->v, s->name);

    if (!f || map_get(&set->spread_map, s->name))
        return;
    n = validate_new(o->v, sizeof *n);
    if (!n)
        return;
    n->fragment = f;
    *set->spreads_tail = n;
    set->spreads_tail = &n->next;
    validate_put(o->v, &set->spread_map, s->name, n);
}

static void collect(struct overlap *o, struct set *set, const struct type *parent,
                    const struct ast_selection *s)
{
    for (; s; s = s->next) {
        if (s->kind == SELECTION_FIELD)
            collect_field(o, set, parent, s);
        else if (s->kind == SELECTION_SPREAD)
            collect_spread(o, set, s);
        else
            collect(o, set, s->name.len ? schema_visible_type(o->v->schema, s->name) : parent,
                    s->selections);
    }
}

static struct set *set_of(struct overlap *o, const struct type *parent,
                          const struct ast_selection *selections)
{
    struct set_key key = {selections, parent};
    struct set *set = map_get(&o->sets, (struct str){(const char *)&key, sizeof key});

    if (set)
        return set;
    set = validate_new(o->v, sizeof *set);
    if (!set)
        return NULL;
    set->key = key;
    set->groups_tail = &set->groups;
    set->spreads_tail = &set->spreads;
    map_init(&set->by_name, o->v->arena);
    map_init(&set->spread_map, o->v->arena);
    map_init(&set->compared, o->v->arena);
    collect(o, set, parent, selections);
    validate_put(o->v, &o->sets, (struct str){(const char *)&set->key, sizeof set->key}, set);
    return set;
}

static struct set *fragment_set(struct overlap *o, const struct fragment_info *f)
{
    return set_of(o, schema_visible_type(o->v->schema, f->def->condition), f->def->selections);
}

/* ---- Two fields. ---- */

/* graphql-js takes the last ones of each conflict below, as long as there is room. */
static void add_places(struct validation *v, struct validate_places *to,
                       const struct validate_places *from)
{
    uint32_t room = SIDE_MAX - to->n;
    uint32_t i = from->n > room ? from->n - room : 0;

    for (; i < from->n; i++)
        validate_place(v, to, from->at[i]);
}

static void add_conflict(struct overlap *o, struct conflicts *out, struct str name,
                         const struct candidate *a, const struct candidate *b,
                         const struct conflict *below, const char *reason)
{
    struct conflict *c = validate_new(o->v, sizeof *c);

    if (!c)
        return;
    c->name = name;
    c->reason = arena_str(o->v->arena, str_of(reason));
    if (!c->reason.ptr)
        o->v->no_memory = o->v->full = true;
    validate_place(o->v, &c->a, a->node->loc);
    validate_place(o->v, &c->b, b->node->loc);
    for (const struct conflict *d = below; d && c->a.n < SIDE_MAX; d = d->next)
        add_places(o->v, &c->a, &d->a);
    for (const struct conflict *d = below; d && c->b.n < SIDE_MAX; d = d->next)
        add_places(o->v, &c->b, &d->b);
    *out->tail = c;
    out->tail = &c->next;
}

static void between_selections(struct overlap *o, struct conflicts *out, bool exclusive,
                               const struct set *a, const struct set *b);

static void add_below(struct overlap *o, struct conflicts *out, struct str name,
                      const struct candidate *a, const struct candidate *b,
                      const struct conflict *below)
{
    char reason[REASON_MAX] = "";
    size_t at = 0;

    for (const struct conflict *c = below; c && at < sizeof reason; c = c->next)
        at += (size_t)snprintf(reason + at, sizeof reason - at,
                               "%ssubfields \"%.*s\" conflict because %.*s", at ? " and " : "",
                               STR_FMT(c->name), STR_FMT(c->reason));
    add_conflict(o, out, name, a, b, below, reason);
}

static void compare_below(struct overlap *o, struct conflicts *out, bool exclusive, struct str name,
                          const struct candidate *a, const struct candidate *b)
{
    struct conflicts below = {.first = NULL};
    const struct type *ta = a->def ? type_ref_named(a->def->type) : NULL;
    const struct type *tb = b->def ? type_ref_named(b->def->type) : NULL;
    const struct set *sa = set_of(o, ta, a->node->selections);
    const struct set *sb = set_of(o, tb, b->node->selections);

    below.tail = &below.first;
    if (!sa || !sb || !validate_enter(o->v, a->node->loc))
        return;
    between_selections(o, &below, exclusive, sa, sb);
    validate_leave(o->v);
    if (below.first)
        add_below(o, out, name, a, b, below.first);
}

static bool is_simple_leaf(const struct candidate *c)
{
    return !c->node->arguments && !c->node->selections;
}

/* Why two fields can't be merged, whatever is below them; false when they can. */
static bool differ(struct overlap *o, const struct candidate *a, const struct candidate *b,
                   bool exclusive, char reason[REASON_MAX])
{
    const struct type_ref *ra = a->def ? a->def->type : NULL, *rb = b->def ? b->def->type : NULL;
    char ta[PRINT_TEXT_MAX], tb[PRINT_TEXT_MAX];

    if (!exclusive && !str_eq(a->node->name, b->node->name))
        snprintf(reason, REASON_MAX, "\"%.*s\" and \"%.*s\" are different fields",
                 STR_FMT(a->node->name), STR_FMT(b->node->name));
    else if (!exclusive && !validate_same_arguments(o->v, a->node, b->node))
        snprintf(reason, REASON_MAX, "they have differing arguments");
    else if (ra && rb && !validate_same_shape(ra, rb))
        snprintf(reason, REASON_MAX, "they return conflicting types \"%s\" and \"%s\"",
                 type_text(ra, ta), type_text(rb, tb));
    else
        return false;
    return true;
}

static bool add_if_they_differ(struct overlap *o, struct conflicts *out, bool exclusive,
                               struct str name, const struct candidate *a,
                               const struct candidate *b)
{
    char reason[REASON_MAX];

    if (!differ(o, a, b, exclusive, reason))
        return false;
    add_conflict(o, out, name, a, b, NULL, reason);
    return true;
}

static void compare(struct overlap *o, struct conflicts *out, bool exclusive, struct str name,
                    const struct candidate *a, const struct candidate *b)
{
    const struct type_ref *ra = a->def ? a->def->type : NULL, *rb = b->def ? b->def->type : NULL;

    if (!spend(o, COST_COMPARISON + n_arguments(a->node) / MANY))
        return;
    /* Fields of two different objects never meet in one answer. */
    exclusive |= a->parent != b->parent && a->parent && b->parent &&
                 a->parent->kind == TYPE_OBJECT && b->parent->kind == TYPE_OBJECT;
    if (is_simple_leaf(a) && is_simple_leaf(b) && ra == rb && str_eq(a->node->name, b->node->name))
        return;
    if (!add_if_they_differ(o, out, exclusive, name, a, b) && a->node->selections &&
        b->node->selections)
        compare_below(o, out, exclusive, name, a, b);
}

/* ---- Two sets. ---- */

static void between_fields(struct overlap *o, struct conflicts *out, bool exclusive,
                           const struct set *a, const struct set *b)
{
    for (const struct group *g = a->groups; g && b->groups && spend(o, 1); g = g->next) {
        const struct group *h = map_get(&b->by_name, g->name);
        if (!h)
            continue;
        for (const struct candidate *x = g->first; x && !o->stop; x = x->next)
            for (const struct candidate *y = h->first; y && !o->stop; y = y->next)
                compare(o, out, exclusive, g->name, x, y);
    }
}

static void fields_and_fragment(struct overlap *o, struct conflicts *out, bool exclusive,
                                struct set *set, const struct fragment_info *f)
{
    const char *before = map_get(&set->compared, f->def->name);
    const struct set *other;

    if (!spend(o, COST_COMPARISON) || !set->groups)
        return;
    if (before == &fully || (exclusive && before))
        return;
    validate_put(o->v, &set->compared, f->def->name, flag(exclusive));
    other = fragment_set(o, f);
    if (!other || other == set || !validate_enter(o->v, f->def->loc))
        return;
    between_fields(o, out, exclusive, set, other);
    for (const struct spread_name *n = other->spreads; n && !o->stop; n = n->next)
        fields_and_fragment(o, out, exclusive, set, n->fragment);
    validate_leave(o->v);
}

/* Notes that two fragments are compared; false when they have been. */
static bool first_time(struct overlap *o, const struct fragment_info *a,
                       const struct fragment_info *b, bool exclusive)
{
    struct pair *key = validate_new(o->v, sizeof *key);
    struct str bytes = {(const char *)key, sizeof *key};
    const char *before;

    if (!key)
        return false;
    *key = a < b ? (struct pair){a, b} : (struct pair){b, a};
    before = map_get(&o->pairs, bytes);
    if (before == &fully || (exclusive && before))
        return false;
    validate_put(o->v, &o->pairs, bytes, flag(exclusive));
    return true;
}

static void two_fragments(struct overlap *o, struct conflicts *out, bool exclusive,
                          const struct fragment_info *a, const struct fragment_info *b)
{
    const struct set *x, *y;

    if (!spend(o, COST_COMPARISON) || a == b || !first_time(o, a, b, exclusive))
        return;
    x = fragment_set(o, a);
    y = fragment_set(o, b);
    if (!x || !y || !validate_enter(o->v, a->def->loc))
        return;
    between_fields(o, out, exclusive, x, y);
    for (const struct spread_name *n = y->spreads; n && !o->stop; n = n->next)
        two_fragments(o, out, exclusive, a, n->fragment);
    for (const struct spread_name *n = x->spreads; n && !o->stop; n = n->next)
        two_fragments(o, out, exclusive, n->fragment, b);
    validate_leave(o->v);
}

static void between_selections(struct overlap *o, struct conflicts *out, bool exclusive,
                               const struct set *a, const struct set *b)
{
    struct set *own_a = set_of(o, a->key.parent, a->key.selections);
    struct set *own_b = set_of(o, b->key.parent, b->key.selections);

    if (!own_a || !own_b)
        return;
    between_fields(o, out, exclusive, a, b);
    for (const struct spread_name *n = b->spreads; n && !o->stop; n = n->next)
        fields_and_fragment(o, out, exclusive, own_a, n->fragment);
    for (const struct spread_name *n = a->spreads; n && !o->stop; n = n->next)
        fields_and_fragment(o, out, exclusive, own_b, n->fragment);
    for (const struct spread_name *n = a->spreads; n && !o->stop; n = n->next)
        for (const struct spread_name *m = b->spreads; m && !o->stop; m = m->next)
            two_fragments(o, out, exclusive, n->fragment, m->fragment);
}

static void within(struct overlap *o, struct conflicts *out, struct set *set)
{
    for (const struct group *g = set->groups; g && !o->stop; g = g->next)
        for (const struct candidate *x = g->first; x && !o->stop; x = x->next)
            for (const struct candidate *y = x->next; y && !o->stop; y = y->next)
                compare(o, out, false, g->name, x, y);
    if (!set->groups && set->spreads && !set->spreads->next)
        return;
    for (const struct spread_name *n = set->spreads; n && !o->stop; n = n->next) {
        fields_and_fragment(o, out, false, set, n->fragment);
        for (const struct spread_name *m = n->next; m && !o->stop; m = m->next)
            two_fragments(o, out, false, n->fragment, m->fragment);
    }
}

static struct overlap *start(struct validation *v)
{
    struct overlap *o = validate_new(v, sizeof *o);

    if (!o)
        return NULL;
    o->v = v;
    o->budget = COMPARISONS_MAX * COST_COMPARISON;
    map_init(&o->sets, v->arena);
    map_init(&o->pairs, v->arena);
    return o;
}

void validate_overlap(struct validation *v, const struct type *parent,
                      const struct ast_selection *selections)
{
    struct conflicts found = {.first = NULL};
    struct overlap *o = v->overlap ? v->overlap : (v->overlap = start(v));
    struct set *set;

    if (!o || o->stop || v->full)
        return;
    if (!selections->next && selections->kind != SELECTION_INLINE)
        return;
    found.tail = &found.first;
    set = set_of(o, parent, selections);
    if (set)
        within(o, &found, set);
    for (struct conflict *c = found.first; c; c = c->next) {
        for (uint32_t i = 0; i < c->b.n; i++)
            validate_place(v, &c->a, c->b.at[i]);
        validate_error_at(v, c->a,
                          "Fields \"%.*s\" conflict because %.*s. Use different aliases on the "
                          "fields to fetch both if this was intentional.",
                          STR_FMT(c->name), STR_FMT(c->reason));
    }
    if (o->budget < 0 && !v->too_many_pairs.line)
        v->too_many_pairs = selections->loc;
}

void validate_overlap_budget(struct validation *v)
{
    if (v->too_many_pairs.line && v->result->n_errors == 0)
        validate_limit(v, v->too_many_pairs,
                       "Finding out which fields of the document can be merged takes more than %d "
                       "comparisons.",
                       COMPARISONS_MAX);
}
