/* query/validate_merge.c: whether all fields of a document can be merged, told in work that grows with the document.
 *
 * Layer: query; base only. Fields are not compared in pairs. All fields that meet in one place of the answer, through
 * whatever fragments, are put together and grouped by response name; each of a group is compared with the first, for
 * to ask for the same is an equivalence. What is selected below a group meets in turn:
 *
 *     { dog { ...A m: mother { barks } } }                 dog:  A, m           m (twice):  name, barks
 *     fragment A on Dog { m: mother { name } }
 *
 * Fields of two different object types never meet in one answer, so they are compared apart, each beside those of
 * interfaces; of all of them together only the answers' shapes must be the same. Repetitions (equal hashes under the same
 * parent) are dropped, and so are merged sets that were judged before. A fragment's own fields are judged where it is
 * spread.
 *
 * Doubtful cases count as conflicts: names that one field gives to two arguments, and merged sets that branch further
 * than STEPS_MAX. What comes out is only a suspicion, then; validate_overlap.c compares pairs and has the last word. */
#include "base/hash.h"
#include "query/validate_priv.h"

enum {
    STEPS_MAX = 100000, /* selections looked at; 2000 tokens that are not meant to don't need it */
    FEW = 8             /* arguments: they are found faster without a map */
};

/* A field in the merged set at hand. */
struct use {
    const struct ast_selection *node;
    const struct type *parent;
    const struct field *def; /* NULL: unknown, or a meta field */
    uint64_t sign;           /* equal for repetitions */
    struct use *next;
};

/* Those with the same response name. */
struct group {
    struct str name;
    struct use *first, **tail;
    struct group *next;
};

/* One of the selection sets that are merged. */
struct part {
    const struct ast_selection *selections;
    const struct type *parent;
    uint64_t sign;
    struct part *next;
};

/* A merged set that is still to be judged. */
struct merged {
    struct part *parts;
    bool shape_only; /* no two of its parts ever meet in one answer */
    uint64_t sign;
    struct merged *next;
};

struct merging {
    struct validation *v;
    struct arena lasting; /* of one call; not the document's, which may be kept for long */
    struct arena passing; /* of one merged set */
    struct map known;     /* signs of merged sets */
    struct merged *todo;
    uint32_t steps, mark;
    struct part *spread; /* fragments of the set at hand whose fields are not yet in it */
    struct map by_name, signs;
    struct group *groups, **groups_tail;
};

/* ---- Arguments and types. ---- */

static uint32_t n_arguments(const struct ast_selection *s)
{
    uint32_t n = 0;

    for (const struct ast_argument *a = s->arguments; a; a = a->next)
        n++;
    return n;
}

static bool same_value(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind || a->n_items != b->n_items || a->block != b->block ||
        a->boolean != b->boolean || !str_eq(a->text, b->text))
        return false;
    for (uint32_t i = 0; i < a->n_items; i++) {
        uint32_t k = i;
        if (a->kind == VALUE_OBJECT && !str_eq(a->items[i].name, b->items[i].name))
            for (k = 0; k < b->n_items && !str_eq(a->items[i].name, b->items[k].name); k++)
                ;
        if (k == b->n_items || !same_value(&a->items[i], &b->items[k]))
            return false;
    }
    return true;
}

static const struct ast_argument *last_named(const struct ast_argument *list, struct str name)
{
    const struct ast_argument *found = NULL;

    for (; list; list = list->next)
        if (str_eq(list->name, name))
            found = list;
    return found;
}

/* graphql-js compares each argument with the last of its name: a field that gives one twice, with two values,
 * is at odds with itself. */
bool validate_same_arguments(struct validation *v, const struct ast_selection *a,
                             const struct ast_selection *b)
{
    uint32_t n = n_arguments(a);
    struct map by_name;

    if (n != n_arguments(b))
        return false;
    map_init(&by_name, v->arena);
    for (const struct ast_argument *y = n > FEW ? b->arguments : NULL; y; y = y->next)
        validate_put(v, &by_name, y->name, (void *)(uintptr_t)y);
    for (const struct ast_argument *x = a->arguments; x; x = x->next) {
        const struct ast_argument *y = n > FEW ? map_get(&by_name, x->name)
                                               : last_named(b->arguments, x->name);
        if (!y || !same_value(x->value, y->value))
            return false;
    }
    return true;
}

bool validate_same_shape(const struct type_ref *a, const struct type_ref *b)
{
    for (;; a = a->inner, b = b->inner) {
        if (a->kind != b->kind || a->non_null != b->non_null)
            return false;
        if (a->kind == TYPE_REF_NAMED)
            return a->type == b->type || (!type_is_leaf(a->type) && !type_is_leaf(b->type));
    }
}

/* ---- What all of it stands on. ---- */

static void *new_in(struct merging *m, struct arena *arena, size_t size)
{
    void *p = arena_zalloc(arena, size);

    if (!p)
        m->v->no_memory = m->v->full = true;
    return p;
}

static bool goes_on(const struct merging *m)
{
    return !m->v->conflicts && !m->v->full;
}

static void spend(struct merging *m, uint32_t steps)
{
    m->steps += steps;
    m->v->conflicts |= m->steps > STEPS_MAX;
}

static struct str sign_key(const uint64_t *sign)
{
    return (struct str){(const char *)sign, sizeof *sign};
}

static bool is_object(const struct type *t)
{
    return t && t->kind == TYPE_OBJECT;
}

/* ---- Putting a set together. ---- */

static bool gives_one_twice(struct merging *m, const struct ast_selection *s)
{
    struct map names;

    if (!s->arguments || !s->arguments->next)
        return false;
    map_init(&names, &m->passing);
    for (const struct ast_argument *a = s->arguments; a; a = a->next) {
        if (map_get(&names, a->name))
            return true;
        validate_put(m->v, &names, a->name, (void *)(uintptr_t)a);
    }
    return false;
}

static struct group *group_of(struct merging *m, struct str name)
{
    struct group *g = map_get(&m->by_name, name);

    if (g)
        return g;
    g = new_in(m, &m->passing, sizeof *g);
    if (!g)
        return NULL;
    g->name = name;
    g->tail = &g->first;
    *m->groups_tail = g;
    m->groups_tail = &g->next;
    validate_put(m->v, &m->by_name, name, g);
    return g;
}

static void add_field(struct merging *m, const struct type *parent, const struct ast_selection *s)
{
    uint64_t sign = hash_u64(s->hash + (uintptr_t)parent);
    struct group *g;
    struct use *u;

    if (map_get(&m->signs, sign_key(&sign)))
        return;
    m->v->conflicts |= gives_one_twice(m, s);
    g = group_of(m, s->alias.len ? s->alias : s->name);
    u = new_in(m, &m->passing, sizeof *u);
    if (!g || !u)
        return;
    u->node = s;
    u->parent = parent;
    u->def = parent && parent->kind != TYPE_UNION && type_is_composite(parent)
                 ? type_field(parent, s->name)
                 : NULL;
    u->sign = sign;
    *g->tail = u;
    g->tail = &u->next;
    validate_put(m->v, &m->signs, sign_key(&u->sign), u);
}

static void add_spread(struct merging *m, const struct ast_selection *s)
{
    struct fragment_info *f = validate_fragment(m->v, s->name);
    struct part *p;

    if (!f || f->mark == m->mark)
        return;
    f->mark = m->mark;
    f->merged = true;
    p = new_in(m, &m->passing, sizeof *p);
    if (!p)
        return;
    p->selections = f->def->selections;
    p->parent = schema_visible_type(m->v->schema, f->def->condition);
    p->next = m->spread;
    m->spread = p;
}

static void add_selections(struct merging *m, const struct type *parent,
                           const struct ast_selection *s)
{
    for (; s && goes_on(m); s = s->next) {
        spend(m, 1);
        if (s->kind == SELECTION_FIELD)
            add_field(m, parent, s);
        else if (s->kind == SELECTION_SPREAD)
            add_spread(m, s);
        else
            add_selections(m, s->name.len ? schema_visible_type(m->v->schema, s->name) : parent,
                           s->selections);
    }
}

static void put_together(struct merging *m, const struct merged *set)
{
    arena_clear(&m->passing);
    map_init(&m->by_name, &m->passing);
    map_init(&m->signs, &m->passing);
    m->groups = NULL;
    m->groups_tail = &m->groups;
    m->spread = NULL;
    m->mark = ++m->v->marks;
    for (const struct part *p = set->parts; p; p = p->next)
        add_selections(m, p->parent, p->selections);
    while (m->spread) {
        const struct part *p = m->spread;
        m->spread = p->next;
        add_selections(m, p->parent, p->selections);
    }
}

/* ---- What is below a group. ---- */

/* Whether `u` may meet fields of the object type `object`; NULL: all may. */
static bool meets(const struct use *u, const struct type *object)
{
    return !object || u->parent == object || !is_object(u->parent);
}

static struct part *new_part(struct merging *m, const struct use *u)
{
    struct part *p = new_in(m, &m->lasting, sizeof *p);

    if (!p)
        return NULL;
    p->selections = u->node->selections;
    p->parent = u->def ? type_ref_named(u->def->type) : NULL;
    p->sign = hash_u64(u->node->selections_hash + (uintptr_t)p->parent);
    return p;
}

/* Leaves the merged set to be judged, unless an equal one was. Its sign is a sum, so order does not matter. */
static void leave(struct merging *m, struct merged *set)
{
    set->sign = hash_u64(set->sign + set->shape_only);
    if (map_get(&m->known, sign_key(&set->sign)))
        return;
    validate_put(m->v, &m->known, sign_key(&set->sign), set);
    set->next = m->todo;
    m->todo = set;
}

static void leave_below(struct merging *m, const struct group *g, const struct type *object,
                        bool shape_only)
{
    struct merged *set = NULL;
    struct map signs;

    map_init(&signs, &m->passing);
    for (const struct use *u = g->first; u && goes_on(m); u = u->next) {
        struct part *p;
        if (!u->node->selections || !meets(u, object))
            continue;
        if (!set)
            set = new_in(m, &m->lasting, sizeof *set);
        p = new_part(m, u);
        if (!set || !p)
            return;
        if (map_get(&signs, sign_key(&p->sign)))
            continue;
        validate_put(m->v, &signs, sign_key(&p->sign), p);
        set->sign += hash_u64(p->sign);
        p->next = set->parts;
        set->parts = p;
    }
    if (!set)
        return;
    set->shape_only = shape_only;
    leave(m, set);
}

/* ---- Judging a group. ---- */

static bool have_same_shape(const struct group *g)
{
    const struct type_ref *first = NULL;

    for (const struct use *u = g->first; u; u = u->next) {
        if (!u->def)
            continue;
        if (first && !validate_same_shape(first, u->def->type))
            return false;
        first = u->def->type;
    }
    return true;
}

/* Whether those that meet fields of `object` are the same field with the same arguments. */
static bool ask_the_same(struct merging *m, const struct group *g, const struct type *object)
{
    const struct use *first = NULL;

    for (const struct use *u = g->first; u; u = u->next) {
        if (!meets(u, object))
            continue;
        spend(m, 1 + n_arguments(u->node) / FEW);
        if (first && (!str_eq(first->node->name, u->node->name) ||
                      !validate_same_arguments(m->v, first->node, u->node)))
            return false;
        first = u;
    }
    return true;
}

static void judge_together(struct merging *m, const struct group *g, const struct type *object)
{
    if (ask_the_same(m, g, object))
        leave_below(m, g, object, false);
    else
        m->v->conflicts = true;
}

static void judge(struct merging *m, const struct group *g, bool shape_only)
{
    const struct type *object = NULL;
    bool several = false;
    struct map objects;

    if (!have_same_shape(g)) {
        m->v->conflicts = true;
        return;
    }
    for (const struct use *u = g->first; u && !shape_only; u = u->next) {
        several |= object && is_object(u->parent) && u->parent != object;
        object = is_object(u->parent) ? u->parent : object;
    }
    if (shape_only || several)
        leave_below(m, g, NULL, true);
    if (!shape_only && !several)
        judge_together(m, g, NULL);
    map_init(&objects, &m->passing);
    for (struct use *u = g->first; u && several && goes_on(m); u = u->next) {
        struct str key = {(const char *)&u->parent, sizeof(void *)};
        if (!is_object(u->parent) || map_get(&objects, key))
            continue;
        validate_put(m->v, &objects, key, u);
        judge_together(m, g, u->parent);
    }
}

/* ---- The document. ---- */

/* All that is merged from `selections` on. */
static void judge_all(struct merging *m, const struct type *parent,
                      const struct ast_selection *selections)
{
    struct part part = {.selections = selections, .parent = parent};
    struct merged top = {.parts = &part};

    m->todo = &top;
    while (m->todo && goes_on(m)) {
        const struct merged *set = m->todo;
        m->todo = set->next;
        put_together(m, set);
        for (const struct group *g = m->groups; g && goes_on(m); g = g->next)
            judge(m, g, set->shape_only);
    }
    m->todo = NULL; /* `top` ends here, also when the budget ended the loop */
}

void validate_merge(struct validation *v)
{
    struct merging m = {.v = v};

    arena_init(&m.lasting, 0);
    arena_init(&m.passing, 0);
    map_init(&m.known, &m.lasting);
    for (uint32_t i = 0; i < v->doc->n_operations && goes_on(&m); i++)
        judge_all(&m, v->schema->root[v->operations[i].def->kind],
                  v->operations[i].def->selections);
    for (uint32_t i = 0; i < v->n_infos && goes_on(&m); i++)
        if (!v->infos[i].merged)
            judge_all(&m, schema_visible_type(v->schema, v->infos[i].def->condition),
                      v->infos[i].def->selections);
    arena_release(&m.lasting);
    arena_release(&m.passing);
}
