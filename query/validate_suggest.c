/* query/validate_suggest.c: "Did you mean to use an inline fragment on ...": for a field that an abstract type
 * does not have, the types below it that do.
 *
 * Layer: query; base only. */
#include "query/suggest.h"
#include "query/validate_priv.h"

/* graphql-js's order: the commoner first, an interface before what implements it, then by name. */
static bool suggested_before(const struct type *a, uint32_t uses_a, const struct type *b,
                             uint32_t uses_b)
{
    if (uses_a != uses_b)
        return uses_a > uses_b;
    if (a->kind == TYPE_INTERFACE && type_is_subtype(b, a))
        return true;
    if (b->kind == TYPE_INTERFACE && type_is_subtype(a, b))
        return false;
    return suggest_compare(a->name, b->name) < 0;
}

/* How many of the objects that `parent` can be have the field: through the type `t`. */
static uint32_t uses_of(const struct type *parent, const struct type *t, struct str name)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < parent->n_possible; i++)
        if (type_field(parent->possible[i], name) && type_includes(t, parent->possible[i]))
            n++;
    return n;
}

void validate_suggest_types(const struct validation *v, const struct type *parent, struct str name,
                            struct suggest *s)
{
    const struct type *last = NULL;

    for (;;) {
        const struct type *best = NULL;
        for (uint32_t i = 0; i < v->schema->n_types; i++) {
            const struct type *t = v->schema->types[i];
            uint32_t uses;
            if ((t->kind != TYPE_OBJECT && t->kind != TYPE_INTERFACE) || !type_field(t, name))
                continue;
            uses = uses_of(parent, t, name);
            if (uses == 0 ||
                (last && !suggested_before(last, uses_of(parent, last, name), t, uses)))
                continue;
            if (t != last &&
                (!best || suggested_before(t, uses, best, uses_of(parent, best, name))))
                best = t;
        }
        if (!best || s->n > SUGGEST_MAX)
            return;
        suggest_force(s, best->name);
        last = best;
    }
}
