/* query/validate_resolve.c: turns the names in a document into what they stand for: types of variables
 * and fragments, and the index of each variable. Reports nothing: a name that stands for nothing stays
 * unresolved, and a rule says so. On the way every selection gets a hash of all that it asks for, by
 * which the merging of fields knows repetitions.
 *
 * Layer: query; base only. A fragment is shared by all operations of a document, so in a document of
 * several the variables are numbered by their names, document-wide, and every operation has as many. */
#include "base/arena.h"
#include "base/hash.h"
#include "query/validate_priv.h"

struct numbering {
    struct validation *v;
    struct map by_name; /* name -> struct ast_variable: the first of that name */
    uint32_t n;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    return hash_u64(a * 31 + b);
}

static uint64_t number_value(const struct numbering *n, struct value *value)
{
    uint64_t h = mix(value->kind, hash_bytes(value->text));

    if (value->kind == VALUE_VARIABLE) {
        const struct ast_variable *def = map_get(&n->by_name, value->text);
        value->variable = def ? def->index : UINT32_MAX;
    }
    h = mix(h, (uint64_t)value->boolean * 2 + value->block);
    for (uint32_t i = 0; i < value->n_items; i++)
        h = mix(h, mix(hash_bytes(value->items[i].name), number_value(n, &value->items[i])));
    return mix(h, value->n_items);
}

static uint64_t number_arguments(const struct numbering *n, struct ast_argument *a)
{
    uint64_t h = 1;
    for (; a; a = a->next)
        h = mix(h, mix(hash_bytes(a->name), number_value(n, a->value)));
    return h;
}

static void number_directives(const struct numbering *n, struct ast_directive *d)
{
    for (; d; d = d->next)
        (void)number_arguments(n, d->arguments);
}

static uint64_t number_selections(const struct numbering *n, struct ast_selection *s)
{
    uint64_t h = 2;
    for (; s; s = s->next) {
        s->hash = mix(mix(s->kind, hash_bytes(s->name)), hash_bytes(s->alias));
        s->hash = mix(s->hash, number_arguments(n, s->arguments));
        number_directives(n, s->directives); /* they don't decide whether fields can be merged */
        s->selections_hash = s->selections ? number_selections(n, s->selections) : 0;
        s->hash = mix(s->hash, s->selections_hash);
        h = mix(h, s->hash);
    }
    return h;
}

static void number_definitions(struct numbering *n, struct ast_operation *op)
{
    for (struct ast_variable *d = op->variables; d; d = d->next) {
        const struct ast_variable *first = map_get(&n->by_name, d->name);
        struct type_ref *r = d->type;
        while (r->kind == TYPE_REF_LIST)
            r = r->inner;
        r->type = schema_visible_type(n->v->schema, r->name);
        d->index = first ? first->index : n->n++;
        if (!first && map_put(&n->by_name, d->name, d) < 0)
            n->v->no_memory = n->v->full = true;
    }
}

static void find_operations(struct validation *v)
{
    struct operation_info *info = v->operations =
        arena_array(v->arena, v->doc->n_operations, sizeof *v->operations);

    if (v->doc->n_operations && !info) {
        v->no_memory = v->full = true;
        return;
    }
    for (const struct ast_operation *op = v->doc->operations; op; op = op->next)
        (info++)->def = op;
}

static void find_fragments(struct validation *v)
{
    struct fragment_info *info = v->infos =
        arena_array(v->arena, v->doc->n_fragments, sizeof *v->infos);

    if (v->doc->n_fragments && !info) {
        v->no_memory = v->full = true;
        return;
    }
    for (const struct ast_fragment *f = v->doc->fragments; f; f = f->next, info++) {
        const struct type *t = schema_visible_type(v->schema, f->condition);
        info->def = f;
        info->type = t && type_is_composite(t) ? t : NULL;
        v->n_infos++;
        if (map_put(&v->fragments, f->name, info) < 0)
            v->no_memory = v->full = true;
    }
}

void validate_resolve(struct validation *v)
{
    struct numbering n = {.v = v};

    map_init(&n.by_name, v->arena);
    find_operations(v);
    find_fragments(v);
    for (struct ast_operation *op = v->doc->operations; op; op = op->next)
        number_definitions(&n, op);
    v->n_variables = n.n;
    if (v->no_memory)
        return;
    for (struct ast_operation *op = v->doc->operations; op; op = op->next) {
        op->n_variables = n.n;
        number_directives(&n, op->directives);
        (void)number_selections(&n, op->selections);
    }
    for (struct ast_fragment *f = v->doc->fragments; f; f = f->next) {
        number_directives(&n, f->directives);
        (void)number_selections(&n, f->selections);
    }
}
