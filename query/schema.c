/* query/schema.c: what others ask a schema: look-ups and relations between types. See query/schema.h.
 *
 * Layer: query; base only. Reads a built schema and changes nothing. */
#include "query/schema.h"

#include <stdlib.h>

struct type *schema_type(const struct schema *s, struct str name)
{
    return map_get(&s->type_map, name);
}

struct type *schema_visible_type(const struct schema *s, struct str name)
{
    struct type *t = schema_type(s, name);
    return t && !t->hidden ? t : NULL;
}

struct directive_def *schema_visible_directive(const struct schema *s, struct str name)
{
    struct directive_def *d = map_get(&s->directive_map, name);
    return d && !d->internal ? d : NULL;
}

struct field *type_field(const struct type *t, struct str name)
{
    return map_get(&t->field_map, name);
}

struct field *schema_field(const struct schema *s, const struct type *t, struct str name)
{
    if (name.len > 2 && name.ptr[0] == '_' && name.ptr[1] == '_') {
        if (str_eq(name, s->typename_field->name) && type_is_composite(t))
            return s->typename_field;
        if (t == s->root[OPERATION_QUERY] && str_eq(name, s->schema_field->name))
            return s->schema_field;
        if (t == s->root[OPERATION_QUERY] && str_eq(name, s->type_field->name))
            return s->type_field;
    }
    return type_field(t, name);
}

bool type_includes(const struct type *abstract, const struct type *t)
{
    if (abstract == t)
        return true;
    for (uint32_t i = 0; i < abstract->n_possible; i++)
        if (abstract->possible[i] == t)
            return true;
    return false;
}

bool types_overlap(const struct type *a, const struct type *b)
{
    if (a == b)
        return true;
    if (a->kind == TYPE_OBJECT)
        return type_includes(b, a);
    for (uint32_t i = 0; i < a->n_possible; i++)
        if (type_includes(b, a->possible[i]))
            return true;
    return b->kind == TYPE_OBJECT && type_includes(a, b);
}

bool type_ref_equal(const struct type_ref *a, const struct type_ref *b)
{
    while (a->kind == b->kind && a->non_null == b->non_null) {
        if (a->kind == TYPE_REF_NAMED)
            return str_eq(a->name, b->name);
        a = a->inner;
        b = b->inner;
    }
    return false;
}

bool type_is_subtype(const struct type *t, const struct type *super)
{
    if (t == super)
        return true;
    if (super->kind == TYPE_UNION)
        return type_includes(super, t);
    if (super->kind == TYPE_INTERFACE)
        for (uint32_t i = 0; i < t->n_interfaces; i++)
            if (t->interfaces[i] == super)
                return true;
    return false;
}

bool type_ref_is_subtype(const struct type_ref *sub, const struct type_ref *super)
{
    for (;;) {
        if (super->non_null && !sub->non_null)
            return false;
        if (super->kind != sub->kind)
            return false;
        if (super->kind == TYPE_REF_NAMED)
            return sub->type && super->type && type_is_subtype(sub->type, super->type);
        sub = sub->inner;
        super = super->inner;
    }
}

void schema_free(struct schema *s)
{
    if (!s)
        return;
    arena_release(&s->arena);
    free(s);
}
