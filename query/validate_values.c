/* query/validate_values.c: literals in a document against the types of their places: the rules
 * ValuesOfCorrectType and UniqueInputFieldNames, and the collecting of variables.
 *
 * Layer: query; base only. A literal is checked from the type downwards, as graphql-js does: fields of an
 * input object in the order of the schema, and nothing inside what is wrong as a whole. Names in it are
 * looked at everywhere. */
#include <stdio.h>

#include "query/print.h"
#include "query/suggest.h"
#include "query/validate_priv.h"

/* ---- Variables in a literal. ---- */

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

static const struct input_def *input_field(const struct type *t, struct str name)
{
    for (uint32_t i = 0; i < t->n_inputs; i++)
        if (str_eq(t->inputs[i].name, name))
            return &t->inputs[i];
    return NULL;
}

/* `object`: the input object whose field this is, or NULL. */
static void collect(struct validation *v, const struct value *value, const struct type_ref *type,
                    bool has_default, const struct type *object)
{
    const struct type *t = type ? type_ref_named(type) : NULL;

    if (value->kind == VALUE_VARIABLE)
        use_variable(v, value, type, has_default, object);
    if (value->kind == VALUE_LIST) {
        const struct type_ref *inner = type && type->kind == TYPE_REF_LIST ? type->inner : NULL;
        for (uint32_t i = 0; i < value->n_items && !v->full; i++)
            collect(v, &value->items[i], inner, false, NULL);
    } else if (value->kind == VALUE_OBJECT) {
        if (t && t->kind != TYPE_INPUT)
            t = NULL;
        for (uint32_t i = 0; i < value->n_items && !v->full; i++) {
            const struct input_def *in = t ? input_field(t, value->items[i].name) : NULL;
            collect(v, &value->items[i], in ? in->type : NULL, in && in->default_literal, t);
        }
    }
}

/* ---- Leaves. ---- */

static void check_enum(struct validation *v, const struct value *value, const struct type *t)
{
    char found[PRINT_TEXT_MAX], hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    if (value->kind == VALUE_ENUM && map_get(&t->value_map, value->text))
        return;
    suggest_start(&s, str_of(constant_text(value, found)));
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

    if (!t->builtin)
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
        validate_error(v, value->loc, "%s: %s", what, constant_text(value, found));
}

/* ---- Lists and input objects. ---- */

static void check_value(struct validation *v, const struct value *value,
                        const struct type_ref *type);

/* The last entry of that name, as a later one replaces an earlier one in graphql-js. */
static const struct value *entry(const struct value *object, struct str name)
{
    for (uint32_t i = object->n_items; i-- > 0;)
        if (str_eq(object->items[i].name, name))
            return &object->items[i];
    return NULL;
}

/* The fields that the type has, in its order. */
static void check_fields(struct validation *v, const struct value *value, const struct type *t)
{
    char found[PRINT_TEXT_MAX];

    for (uint32_t i = 0; i < t->n_inputs && !v->full; i++) {
        const struct input_def *in = &t->inputs[i];
        const struct value *given = entry(value, in->name);
        if (given)
            check_value(v, given, in->type);
        else if (in->type->non_null && !in->default_literal)
            validate_error(
                v, value->loc,
                "Expected value of type \"%.*s\" to include required field \"%.*s\", found: %s.",
                STR_FMT(t->name), STR_FMT(in->name), value_text(value, found));
    }
}

static void unknown_field(struct validation *v, const struct value *value, const struct value *item,
                          const struct type *t)
{
    char hint[SUGGEST_TEXT_MAX], found[PRINT_TEXT_MAX];
    struct suggest s;

    suggest_start(&s, item->name);
    for (uint32_t i = 0; i < t->n_inputs && v->limits->suggestions; i++)
        suggest_add(&s, t->inputs[i].name);
    suggest_text(&s, "", hint);
    validate_error(
        v, item->name_loc,
        "Expected value of type \"%.*s\" not to include unknown field \"%.*s\"%s%s%s: %s.",
        STR_FMT(t->name), STR_FMT(item->name), hint[0] ? "." : "", hint,
        hint[0] ? " Found" : ", found", value_text(value, found));
}

static void check_object(struct validation *v, const struct value *value, const struct type *t)
{
    char found[PRINT_TEXT_MAX];
    const struct value *known = NULL;
    uint32_t n_known = 0;

    if (value->kind != VALUE_OBJECT) {
        validate_error(v, value->loc, "Expected value of type \"%.*s\" to be an object, found: %s.",
                       STR_FMT(t->name), value_text(value, found));
        return;
    }
    check_fields(v, value, t);
    for (uint32_t i = 0; i < value->n_items && !v->full; i++) {
        if (!input_field(t, value->items[i].name)) {
            unknown_field(v, value, &value->items[i], t);
            continue;
        }
        known = &value->items[i];
        n_known++;
    }
    if (t->one_of && (n_known != 1 || known->kind == VALUE_NULL))
        validate_error(
            v, value->loc,
            "Within OneOf Input Object type \"%.*s\", exactly one field must be specified, "
            "and the value for that field must be non-null.",
            STR_FMT(t->name));
}

static void check_value(struct validation *v, const struct value *value,
                        const struct type_ref *type)
{
    char text[PRINT_TEXT_MAX];

    if (value->kind == VALUE_VARIABLE || v->full)
        return;
    if (value->kind == VALUE_NULL) {
        if (type->non_null)
            validate_error(v, value->loc, "Expected value of non-null type \"%s\" not to be null.",
                           type_text(type, text));
    } else if (type->kind == TYPE_REF_LIST && value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->n_items && !v->full; i++)
            check_value(v, &value->items[i], type->inner);
    } else if (type->kind == TYPE_REF_LIST) {
        check_value(v, value, type->inner);
    } else if (type->type->kind == TYPE_INPUT) {
        check_object(v, value, type->type);
    } else if (type->type->kind == TYPE_ENUM) {
        check_enum(v, value, type->type);
    } else {
        check_scalar(v, value, type->type);
    }
}

static void unique_fields(struct validation *v, const struct value *value)
{
    struct map names;

    if (value->kind == VALUE_OBJECT)
        map_init(&names, v->arena);
    for (uint32_t i = 0; i < value->n_items && !v->full; i++) {
        const struct value *item = &value->items[i], *first = NULL;
        if (value->kind == VALUE_OBJECT && value->n_items > 1) {
            first = map_get(&names, item->name);
            if (!first)
                validate_put(v, &names, item->name, &value->items[i]);
        }
        if (first)
            validate_error_at(v, validate_two(v, first->name_loc, item->name_loc),
                              "There can be only one input field named \"%.*s\".",
                              STR_FMT(item->name));
        unique_fields(v, item);
    }
}

void validate_value(struct validation *v, const struct value *value, const struct type_ref *type,
                    bool has_default)
{
    if (v->quiet) {
        collect(v, value, type, has_default, NULL);
        return;
    }
    if (type)
        check_value(v, value, type);
    unique_fields(v, value);
}
