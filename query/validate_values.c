/* query/validate_values.c: literals in a document against the types of their places: the rules
 * ValuesOfCorrectType and UniqueInputFieldNames, and the collecting of variables.
 *
 * Layer: query; base only. Where a literal is wrong as a whole, what is inside it is not checked against
 * types any more (`type` is NULL then, as for an unknown place), but names in it are. */
#include <stdio.h>

#include "query/print.h"
#include "query/suggest.h"
#include "query/validate_priv.h"

static void use_variable(struct validation *v, const struct value *value,
                         const struct type_ref *type, bool has_default, const struct type *object)
{
    struct usage *u;

    if (!v->usages)
        return;
    u = validate_new(v, sizeof *u);
    if (!u)
        return;
    *u = (struct usage){.value = value,
                        .type = type,
                        .has_default = has_default,
                        .one_of = object && object->one_of ? object : NULL};
    *v->usages = u;
    v->usages = &u->next;
}

/* `r` without its outermost `!`. */
static const struct type_ref *nullable(struct validation *v, const struct type_ref *r)
{
    struct type_ref *n;
    if (!r || !r->non_null)
        return r;
    n = validate_new(v, sizeof *n);
    if (n) {
        *n = *r;
        n->non_null = false;
    }
    return n;
}

static void wrong_type(struct validation *v, const struct value *value, const struct type_ref *type)
{
    char expected[PRINT_TEXT_MAX], found[PRINT_TEXT_MAX];
    validate_error(v, value->loc, "Expected value of type \"%s\", found %s.",
                   type_text(type, expected), value_text(value, found));
}

static void check_enum(struct validation *v, const struct value *value, const struct type *t)
{
    char found[PRINT_TEXT_MAX], hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    if (value->kind == VALUE_ENUM && map_get(&t->value_map, value->text))
        return;
    if (v->quiet)
        return;
    suggest_start(&s, str_of(value_text(value, found)));
    for (uint32_t i = 0; i < t->n_values && v->limits->suggestions; i++)
        suggest_add(&s, t->values[i].name);
    suggest_text(&s, "the enum value", hint);
    if (value->kind == VALUE_ENUM)
        validate_error(v, value->loc, "Value \"%s\" does not exist in \"%.*s\" enum.%s", found,
                       STR_FMT(t->name), hint);
    else
        validate_error(v, value->loc, "Enum \"%.*s\" cannot represent non-enum value: %s.%s",
                       STR_FMT(t->name), found, hint);
}

static void check_scalar(struct validation *v, const struct value *value, const struct type *t)
{
    char found[PRINT_TEXT_MAX];
    const char *what = NULL;

    if (!t->builtin || v->quiet)
        return; /* a custom scalar takes any literal */
    if (str_is(t->name, "Int")) {
        if (value->kind != VALUE_INT)
            what = "Int cannot represent non-integer value";
        else if (value->overflow || value->integer > INT32_MAX || value->integer < INT32_MIN)
            what = "Int cannot represent non 32-bit signed integer value";
    } else if (str_is(t->name, "Float")) {
        if (value->kind != VALUE_INT && value->kind != VALUE_FLOAT)
            what = "Float cannot represent non numeric value";
    } else if (str_is(t->name, "Boolean")) {
        if (value->kind != VALUE_BOOLEAN)
            what = "Boolean cannot represent a non boolean value";
    } else if (str_is(t->name, "ID")) {
        if (value->kind != VALUE_STRING && value->kind != VALUE_INT)
            what = "ID cannot represent a non-string and non-integer value";
    } else if (value->kind != VALUE_STRING) {
        what = "String cannot represent a non string value";
    }
    if (what)
        validate_error(v, value->loc, "%s: %s", what, value_text(value, found));
}

/* A literal that is no null, and neither list nor object where those are expected. */
static void check_leaf(struct validation *v, const struct value *value, const struct type_ref *type)
{
    const struct type *t = type_ref_named(type);

    if (!type_is_leaf(t))
        wrong_type(v, value, type);
    else if (t->kind == TYPE_ENUM)
        check_enum(v, value, t);
    else
        check_scalar(v, value, t);
}

static const struct input_def *input_field(const struct type *t, struct str name)
{
    for (uint32_t i = 0; i < t->n_inputs; i++)
        if (str_eq(t->inputs[i].name, name))
            return &t->inputs[i];
    return NULL;
}

/* The last entry of that name, as a later one replaces an earlier one in graphql-js. */
static const struct value *entry(const struct value *object, struct str name)
{
    for (uint32_t i = object->n_items; i-- > 0;)
        if (str_eq(object->items[i].name, name))
            return &object->items[i];
    return NULL;
}

static void check_one_of(struct validation *v, const struct value *value, const struct type *t)
{
    for (uint32_t i = 1; i < value->n_items; i++)
        if (!str_eq(value->items[i].name, value->items[0].name)) {
            validate_error(v, value->loc,
                           "OneOf Input Object \"%.*s\" must specify exactly one key.",
                           STR_FMT(t->name));
            return;
        }
    if (value->n_items == 0)
        validate_error(v, value->loc, "OneOf Input Object \"%.*s\" must specify exactly one key.",
                       STR_FMT(t->name));
    else if (value->items[value->n_items - 1].kind == VALUE_NULL)
        validate_error(v, value->loc, "Field \"%.*s.%.*s\" must be non-null.", STR_FMT(t->name),
                       STR_FMT(value->items[0].name));
}

static void check_required(struct validation *v, const struct value *value, const struct type *t)
{
    char text[PRINT_TEXT_MAX];

    for (uint32_t i = 0; i < t->n_inputs && !v->full; i++) {
        const struct input_def *in = &t->inputs[i];
        if (in->type->non_null && !in->default_literal && !entry(value, in->name))
            validate_error(v, value->loc,
                           "Field \"%.*s.%.*s\" of required type \"%s\" was not provided.",
                           STR_FMT(t->name), STR_FMT(in->name), type_text(in->type, text));
    }
    if (t->one_of)
        check_one_of(v, value, t);
}

static void unknown_field(struct validation *v, const struct value *item, const struct type *t)
{
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    suggest_start(&s, item->name);
    for (uint32_t i = 0; i < t->n_inputs && v->limits->suggestions; i++)
        suggest_add(&s, t->inputs[i].name);
    validate_error(v, item->name_loc, "Field \"%.*s\" is not defined by type \"%.*s\".%s",
                   STR_FMT(item->name), STR_FMT(t->name), suggest_text(&s, "", hint));
}

static void check_value(struct validation *v, const struct value *value,
                        const struct type_ref *type, bool has_default, const struct type *object,
                        bool check);

static void check_object(struct validation *v, const struct value *value,
                         const struct type_ref *type, bool check)
{
    const struct type *t = type ? type_ref_named(type) : NULL;
    struct map names;

    map_init(&names, v->arena);
    if (t && t->kind != TYPE_INPUT) {
        if (check)
            check_leaf(v, value, type);
        t = NULL;
        check = false;
    } else if (t && check) {
        check_required(v, value, t);
    }
    for (uint32_t i = 0; i < value->n_items && !v->full; i++) {
        const struct value *item = &value->items[i];
        const struct input_def *in = t ? input_field(t, item->name) : NULL;
        const struct value *first = v->quiet ? NULL : map_get(&names, item->name);
        if (t && !in && check)
            unknown_field(v, item, t);
        if (first)
            validate_error(v, first->name_loc, "There can be only one input field named \"%.*s\".",
                           STR_FMT(item->name));
        else if (!v->quiet)
            validate_put(v, &names, item->name, &value->items[i]);
        check_value(v, item, in ? in->type : NULL, in && in->default_literal, t, check);
    }
}

static void check_list(struct validation *v, const struct value *value, const struct type_ref *type,
                       bool check)
{
    bool is_list = type && type->kind == TYPE_REF_LIST;
    const struct type_ref *inner = is_list ? type->inner : nullable(v, type);

    if (!is_list) {
        if (inner && check)
            check_leaf(v, value, inner);
        check = false;
    }
    for (uint32_t i = 0; i < value->n_items && !v->full; i++)
        check_value(v, &value->items[i], inner, false, NULL, check);
}

/* `object`: the input object whose field this is. `check`: types are still worth checking here. */
static void check_value(struct validation *v, const struct value *value,
                        const struct type_ref *type, bool has_default, const struct type *object,
                        bool check)
{
    switch (value->kind) {
    case VALUE_VARIABLE:
        use_variable(v, value, type, has_default, object);
        break;
    case VALUE_LIST:
        check_list(v, value, type, check);
        break;
    case VALUE_OBJECT:
        check_object(v, value, type, check);
        break;
    case VALUE_NULL:
        if (type && type->non_null && check)
            wrong_type(v, value, type);
        break;
    case VALUE_INT:
    case VALUE_FLOAT:
    case VALUE_STRING:
    case VALUE_BOOLEAN:
    case VALUE_ENUM:
        if (type && check)
            check_leaf(v, value, type);
        break;
    }
}

void validate_value(struct validation *v, const struct value *value, const struct type_ref *type,
                    bool has_default)
{
    check_value(v, value, type, has_default, NULL, true);
}
