/* query/schema_check.c: the specification's rules about types as a whole (section 3): names, kinds of
 * types in their places, interfaces kept, no input object that needs itself.
 *
 * Layer: query; base only. The first breach ends the start-up with its line. */
#include "base/err.h"
#include "query/print.h"
#include "query/schema_priv.h"
#include "query/schema_tools.h"

struct checker {
    const struct schema *s;
    struct err *err;
    unsigned char *state; /* of input objects, by type id, while looking for circles */
};

static int check_name(struct checker *c, struct str name, struct loc loc)
{
    if (name.len >= 2 && name.ptr[0] == '_' && name.ptr[1] == '_')
        return schema_fail(c->err, loc,
                           "Name \"%.*s\" must not begin with \"__\", which is reserved by GraphQL "
                           "introspection.",
                           STR_FMT(name));
    return 0;
}

static bool is_required(const struct input_def *in)
{
    return in->type->non_null && !in->default_literal;
}

static int check_inputs(struct checker *c, const struct input_def *all, uint32_t n,
                        struct str owner)
{
    char text[PRINT_TEXT_MAX];

    for (uint32_t i = 0; i < n; i++) {
        const struct input_def *in = &all[i];
        int rc = check_name(c, in->name, in->loc);
        if (rc < 0)
            return rc;
        if (!type_is_input(type_ref_named(in->type)))
            return schema_fail(c->err, in->loc,
                               "The type of %.*s.%.*s must be an input type, not \"%s\".",
                               STR_FMT(owner), STR_FMT(in->name), type_text(in->type, text));
        if (is_required(in) && directive_find(in->_def->directives, "deprecated"))
            return schema_fail(c->err, in->loc, "Required \"%.*s.%.*s\" cannot be deprecated.",
                               STR_FMT(owner), STR_FMT(in->name));
    }
    return 0;
}

static int check_fields(struct checker *c, const struct type *t)
{
    char text[PRINT_TEXT_MAX];

    if (t->n_fields == 0)
        return schema_fail(c->err, t->loc, "Type \"%.*s\" must define one or more fields.",
                           STR_FMT(t->name));
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const struct field *f = &t->fields[i];
        int rc = check_name(c, f->name, f->loc);
        if (rc < 0)
            return rc;
        if (type_ref_named(f->type)->kind == TYPE_INPUT)
            return schema_fail(c->err, f->loc,
                               "The type of %.*s.%.*s must be an output type, not \"%s\".",
                               STR_FMT(t->name), STR_FMT(f->name), type_text(f->type, text));
        rc = check_inputs(c, f->arguments, f->n_arguments, f->name);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static const struct input_def *argument(const struct field *f, struct str name)
{
    for (uint32_t i = 0; i < f->n_arguments; i++)
        if (str_eq(f->arguments[i].name, name))
            return &f->arguments[i];
    return NULL;
}

static int check_field_of_interface(struct checker *c, const struct type *t,
                                    const struct type *face, const struct field *want)
{
    const struct field *have = type_field(t, want->name);
    char a[PRINT_TEXT_MAX], b[PRINT_TEXT_MAX];

    if (!have)
        return schema_fail(c->err, t->loc,
                           "Interface field %.*s.%.*s expected but %.*s does not provide it.",
                           STR_FMT(face->name), STR_FMT(want->name), STR_FMT(t->name));
    if (!type_ref_is_subtype(have->type, want->type))
        return schema_fail(c->err, have->loc,
                           "Interface field %.*s.%.*s expects type \"%s\", but here it is \"%s\".",
                           STR_FMT(face->name), STR_FMT(want->name), type_text(want->type, a),
                           type_text(have->type, b));
    for (uint32_t i = 0; i < want->n_arguments; i++) {
        const struct input_def *in = argument(have, want->arguments[i].name);
        if (!in)
            return schema_fail(c->err, have->loc,
                               "Interface field argument \"%.*s\" of %.*s.%.*s expected but not "
                               "provided.",
                               STR_FMT(want->arguments[i].name), STR_FMT(face->name),
                               STR_FMT(want->name));
        if (!type_ref_equal(in->type, want->arguments[i].type))
            return schema_fail(
                c->err, in->loc,
                "Interface field argument \"%.*s\" expects type \"%s\", but here it is "
                "\"%s\".",
                STR_FMT(in->name), type_text(want->arguments[i].type, a), type_text(in->type, b));
    }
    for (uint32_t i = 0; i < have->n_arguments; i++)
        if (is_required(&have->arguments[i]) && !argument(want, have->arguments[i].name))
            return schema_fail(c->err, have->arguments[i].loc,
                               "Argument \"%.*s\" must not be required: interface field %.*s.%.*s "
                               "does not have it.",
                               STR_FMT(have->arguments[i].name), STR_FMT(face->name),
                               STR_FMT(want->name));
    return 0;
}

static bool implements(const struct type *t, const struct type *face)
{
    for (uint32_t i = 0; i < t->n_interfaces; i++)
        if (t->interfaces[i] == face)
            return true;
    return false;
}

static int check_interfaces(struct checker *c, const struct type *t)
{
    for (uint32_t i = 0; i < t->n_interfaces; i++) {
        const struct type *face = t->interfaces[i];
        if (face->kind != TYPE_INTERFACE)
            return schema_fail(c->err, t->loc,
                               "Type %.*s must only implement interface types, it cannot implement "
                               "%.*s.",
                               STR_FMT(t->name), STR_FMT(face->name));
        if (face == t)
            return schema_fail(c->err, t->loc, "Type %.*s cannot implement itself.",
                               STR_FMT(t->name));
        for (uint32_t k = 0; k < face->n_interfaces; k++)
            if (!implements(t, face->interfaces[k]))
                return schema_fail(
                    c->err, t->loc,
                    "Type %.*s must implement %.*s because it is implemented by %.*s.",
                    STR_FMT(t->name), STR_FMT(face->interfaces[k]->name), STR_FMT(face->name));
        for (uint32_t k = 0; k < face->n_fields; k++) {
            int rc = check_field_of_interface(c, t, face, &face->fields[k]);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

static int check_union(struct checker *c, const struct type *t)
{
    if (t->n_possible == 0)
        return schema_fail(c->err, t->loc, "Union type %.*s must define one or more member types.",
                           STR_FMT(t->name));
    for (uint32_t i = 0; i < t->n_possible; i++)
        if (t->possible[i]->kind != TYPE_OBJECT)
            return schema_fail(c->err, t->loc,
                               "Union type %.*s can only include object types, it cannot include "
                               "%.*s.",
                               STR_FMT(t->name), STR_FMT(t->possible[i]->name));
    return 0;
}

/* An input object that needs itself, through fields that are never null, has no value. Depth is at
 * most the number of input types: each is entered once. */
static int check_circle(struct checker *c, const struct type *t)
{
    c->state[t->id] = 1;
    for (uint32_t i = 0; i < t->n_inputs; i++) {
        const struct type_ref *r = t->inputs[i].type;
        int rc;
        if (r->kind != TYPE_REF_NAMED || !r->non_null || r->type->kind != TYPE_INPUT)
            continue;
        if (c->state[r->type->id] == 1)
            return schema_fail(
                c->err, t->inputs[i].loc,
                "Cannot reference Input Object %.*s within itself through a series of "
                "non-null fields.",
                STR_FMT(r->type->name));
        rc = c->state[r->type->id] == 0 ? check_circle(c, r->type) : 0;
        if (rc < 0)
            return rc;
    }
    c->state[t->id] = 2;
    return 0;
}

static int check_input(struct checker *c, const struct type *t)
{
    bool one_of = directive_find(t->_def->directives, "oneOf");

    if (t->n_inputs == 0)
        return schema_fail(c->err, t->loc, "Input Object type %.*s must define one or more fields.",
                           STR_FMT(t->name));
    for (uint32_t i = 0; i < t->n_inputs && one_of; i++) {
        const struct input_def *in = &t->inputs[i];
        if (in->type->non_null)
            return schema_fail(c->err, in->loc, "OneOf input field %.*s.%.*s must be nullable.",
                               STR_FMT(t->name), STR_FMT(in->name));
        if (in->default_literal)
            return schema_fail(c->err, in->loc,
                               "OneOf input field %.*s.%.*s cannot have a default value.",
                               STR_FMT(t->name), STR_FMT(in->name));
    }
    if (c->state[t->id] == 0) {
        int rc = check_circle(c, t);
        if (rc < 0)
            return rc;
    }
    return check_inputs(c, t->inputs, t->n_inputs, t->name);
}

static int check_type(struct checker *c, const struct type *t)
{
    int rc = check_name(c, t->name, t->loc);

    if (rc < 0)
        return rc;
    switch (t->kind) {
    case TYPE_SCALAR:
        return 0;
    case TYPE_OBJECT:
    case TYPE_INTERFACE:
        rc = check_fields(c, t);
        return rc < 0 ? rc : check_interfaces(c, t);
    case TYPE_UNION:
        return check_union(c, t);
    case TYPE_ENUM:
        if (t->n_values == 0)
            return schema_fail(c->err, t->loc, "Enum type %.*s must define one or more values.",
                               STR_FMT(t->name));
        for (uint32_t i = 0; i < t->n_values && rc == 0; i++)
            rc = check_name(c, t->values[i].name, t->values[i].loc);
        return rc;
    case TYPE_INPUT:
        return check_input(c, t);
    }
    return 0;
}

int schema_check_types(const struct schema *s, struct err *err)
{
    struct arena scratch;
    struct checker c = {.s = s, .err = err};
    int rc = 0;

    arena_init(&scratch, 0);
    c.state = arena_array(&scratch, s->n_types, 1);
    if (!c.state)
        rc = schema_no_memory(err);
    for (uint32_t i = 0; i < s->n_directives && rc == 0; i++) {
        const struct directive_def *d = &s->directives[i];
        rc = d->builtin ? 0 : check_name(&c, d->name, d->loc);
        if (rc == 0)
            rc = check_inputs(&c, d->arguments, d->n_arguments, d->name);
    }
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (!s->types[i]->builtin)
            rc = check_type(&c, s->types[i]);
    arena_release(&scratch);
    return rc;
}
