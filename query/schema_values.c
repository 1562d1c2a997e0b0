/* query/schema_values.c: constants and applied directives of a schema file, against their types.
 *
 * Layer: query; base only. The same questions about documents are validate_values.c's and
 * validate_doc.c's, which speak in graphql-js's words and collect many errors; here the first one
 * ends the start-up. */
#include <stdio.h>

#include "base/err.h"
#include "query/print.h"
#include "query/schema_priv.h"
#include "query/schema_tools.h"

static int mismatch(const struct type_ref *type, const struct value *v, const char *what,
                    struct err *err)
{
    char expected[PRINT_TEXT_MAX], found[PRINT_TEXT_MAX];
    return schema_fail(err, v->loc, "%s must be of type \"%.80s\", not %.80s.", what,
                       type_text(type, expected), value_text(v, found));
}

static bool leaf_fits(const struct type *t, const struct value *v)
{
    if (v->kind == VALUE_NULL)
        return true;
    if (t->kind == TYPE_ENUM)
        return v->kind == VALUE_ENUM && map_get(&t->value_map, v->text);
    if (!t->builtin)
        return v->kind != VALUE_ENUM; /* a custom scalar takes any literal but a bare name */
    switch (t->codec) {
    case CODEC_INT:
        return v->kind == VALUE_INT && !v->overflow && v->integer >= INT32_MIN &&
               v->integer <= INT32_MAX;
    case CODEC_FLOAT:
        return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
    case CODEC_BOOLEAN:
        return v->kind == VALUE_BOOLEAN;
    case CODEC_ID:
        return v->kind == VALUE_STRING || v->kind == VALUE_INT;
    case CODEC_KEY:
    case CODEC_STRING:
    case CODEC_DATE:
    case CODEC_TIMESTAMP:
    case CODEC_FIXED:
    case CODEC_ENUM:
    case CODEC_SIGNED:
    case CODEC_LINK:
        break;
    }
    return v->kind == VALUE_STRING;
}

static const struct value *entry(const struct value *object, struct str name)
{
    for (uint32_t i = 0; i < object->n_items; i++)
        if (str_eq(object->items[i].name, name))
            return &object->items[i];
    return NULL;
}

static const struct input_def *input_field(const struct type *t, struct str name)
{
    for (uint32_t i = 0; i < t->n_inputs; i++)
        if (str_eq(t->inputs[i].name, name))
            return &t->inputs[i];
    return NULL;
}

static int check_object(const struct schema *s, const struct type_ref *type, const struct value *v,
                        const char *what, struct err *err)
{
    const struct type *t = type->type;

    if (v->kind != VALUE_OBJECT)
        return mismatch(type, v, what, err);
    for (uint32_t i = 0; i < v->n_items; i++) {
        const struct input_def *in = input_field(t, v->items[i].name);
        int rc;
        if (!in || entry(v, v->items[i].name) != &v->items[i])
            return schema_fail(err, v->items[i].name_loc,
                               in ? "Field \"%.*s\" is given twice."
                                  : "Field \"%.*s\" is not one of its type's.",
                               STR_FMT(v->items[i].name));
        rc = schema_check_literal(s, in->type, &v->items[i], what, err);
        if (rc < 0)
            return rc;
    }
    for (uint32_t i = 0; i < t->n_inputs; i++)
        if (t->inputs[i].type->non_null && !t->inputs[i].default_literal &&
            !entry(v, t->inputs[i].name))
            return schema_fail(err, v->loc, "%s lacks the required field \"%.*s\".", what,
                               STR_FMT(t->inputs[i].name));
    if (t->one_of && (v->n_items != 1 || v->items[0].kind == VALUE_NULL))
        return schema_fail(err, v->loc, "%s must have exactly one field, and not null.", what);
    return 0;
}

int schema_check_literal(const struct schema *s, const struct type_ref *type, const struct value *v,
                         const char *what, struct err *err)
{
    if (v->kind == VALUE_NULL)
        return type->non_null ? mismatch(type, v, what, err) : 0;
    if (type->kind == TYPE_REF_LIST) {
        int rc = 0;
        if (v->kind != VALUE_LIST)
            return schema_check_literal(s, type->inner, v, what, err);
        for (uint32_t i = 0; i < v->n_items && rc == 0; i++)
            rc = schema_check_literal(s, type->inner, &v->items[i], what, err);
        return rc;
    }
    if (type->type->kind == TYPE_INPUT)
        return check_object(s, type, v, what, err);
    return leaf_fits(type->type, v) ? 0 : mismatch(type, v, what, err);
}

/* ---- Applied directives. ---- */

static const char *const location_text[] = {
    [LOC_QUERY] = "QUERY",
    [LOC_MUTATION] = "MUTATION",
    [LOC_SUBSCRIPTION] = "SUBSCRIPTION",
    [LOC_FIELD] = "FIELD",
    [LOC_FRAGMENT_DEFINITION] = "FRAGMENT_DEFINITION",
    [LOC_FRAGMENT_SPREAD] = "FRAGMENT_SPREAD",
    [LOC_INLINE_FRAGMENT] = "INLINE_FRAGMENT",
    [LOC_VARIABLE_DEFINITION] = "VARIABLE_DEFINITION",
    [LOC_SCHEMA] = "SCHEMA",
    [LOC_SCALAR] = "SCALAR",
    [LOC_OBJECT] = "OBJECT",
    [LOC_FIELD_DEFINITION] = "FIELD_DEFINITION",
    [LOC_ARGUMENT_DEFINITION] = "ARGUMENT_DEFINITION",
    [LOC_INTERFACE] = "INTERFACE",
    [LOC_UNION] = "UNION",
    [LOC_ENUM] = "ENUM",
    [LOC_ENUM_VALUE] = "ENUM_VALUE",
    [LOC_INPUT_OBJECT] = "INPUT_OBJECT",
    [LOC_INPUT_FIELD_DEFINITION] = "INPUT_FIELD_DEFINITION",
};

const char *location_name(enum directive_location location)
{
    return location_text[location];
}

static int check_arguments(const struct schema *s, const struct ast_directive *d,
                           const struct directive_def *def, struct err *err)
{
    char what[64 + PRINT_TEXT_MAX];

    for (const struct ast_argument *a = d->arguments; a; a = a->next) {
        const struct input_def *in = NULL;
        int rc;
        for (uint32_t i = 0; i < def->n_arguments; i++)
            if (str_eq(def->arguments[i].name, a->name))
                in = &def->arguments[i];
        if (!in)
            return schema_fail(err, a->loc, "Unknown argument \"%.*s\" on directive \"@%.*s\".",
                               STR_FMT(a->name), STR_FMT(d->name));
        for (const struct ast_argument *b = d->arguments; b != a; b = b->next)
            if (str_eq(a->name, b->name))
                return schema_fail(err, a->loc, "There can be only one argument named \"%.*s\".",
                                   STR_FMT(a->name));
        snprintf(what, sizeof what, "Argument \"%.*s\" of \"@%.*s\"",
                 (int)MIN(a->name.len, (size_t)80), a->name.ptr, (int)MIN(d->name.len, (size_t)80),
                 d->name.ptr);
        rc = schema_check_literal(s, in->type, a->value, what, err);
        if (rc < 0)
            return rc;
    }
    for (uint32_t i = 0; i < def->n_arguments; i++) {
        const struct input_def *in = &def->arguments[i];
        const struct ast_argument *a = d->arguments;
        while (a && !str_eq(a->name, in->name))
            a = a->next;
        if (!a && in->type->non_null && !in->default_literal)
            return schema_fail(err, d->loc,
                               "Directive \"@%.*s\" argument \"%.*s\" is required, but it was not "
                               "provided.",
                               STR_FMT(d->name), STR_FMT(in->name));
    }
    return 0;
}

static int check_list(const struct schema *s, const struct ast_directive *list,
                      enum directive_location location, struct err *err)
{
    for (const struct ast_directive *d = list; d; d = d->next) {
        const struct directive_def *def = map_get(&s->directive_map, d->name);
        int rc;
        if (!def)
            return schema_fail(err, d->loc, "Unknown directive \"@%.*s\".", STR_FMT(d->name));
        if (!(def->locations & 1u << location))
            return schema_fail(err, d->loc, "Directive \"@%.*s\" may not be used on %s.",
                               STR_FMT(d->name), location_text[location]);
        for (const struct ast_directive *e = list; e != d && !def->repeatable; e = e->next)
            if (str_eq(e->name, d->name))
                return schema_fail(
                    err, d->loc, "The directive \"@%.*s\" can only be used once at this location.",
                    STR_FMT(d->name));
        rc = check_arguments(s, d, def, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_inputs(const struct schema *s, const struct ast_input *list,
                        enum directive_location location, struct err *err)
{
    int rc = 0;
    for (; list && rc == 0; list = list->next)
        rc = check_list(s, list->directives, location, err);
    return rc;
}

static int check_type(const struct schema *s, const struct ast_type_def *d, struct err *err)
{
    static const enum directive_location where[] = {
        [TYPE_SCALAR] = LOC_SCALAR, [TYPE_OBJECT] = LOC_OBJECT, [TYPE_INTERFACE] = LOC_INTERFACE,
        [TYPE_UNION] = LOC_UNION,   [TYPE_ENUM] = LOC_ENUM,     [TYPE_INPUT] = LOC_INPUT_OBJECT};
    int rc = check_list(s, d->directives, where[d->kind], err);

    for (const struct ast_field_def *f = d->fields; f && rc == 0; f = f->next) {
        rc = check_list(s, f->directives, LOC_FIELD_DEFINITION, err);
        if (rc == 0)
            rc = check_inputs(s, f->arguments, LOC_ARGUMENT_DEFINITION, err);
    }
    for (const struct ast_enum_value *v = d->values; v && rc == 0; v = v->next)
        rc = check_list(s, v->directives, LOC_ENUM_VALUE, err);
    return rc < 0 ? rc : check_inputs(s, d->inputs, LOC_INPUT_FIELD_DEFINITION, err);
}

int schema_check_directives(const struct schema *s, const struct document *doc, struct err *err)
{
    int rc = check_list(s, doc->schema.directives, LOC_SCHEMA, err);

    for (const struct ast_type_def *d = doc->types; d && rc == 0; d = d->next)
        if (!d->extends) /* extensions have been merged into the definition */
            rc = check_type(s, d, err);
    for (const struct ast_directive_def *d = doc->directives; d && rc == 0; d = d->next)
        rc = check_inputs(s, d->arguments, LOC_ARGUMENT_DEFINITION, err);
    return rc;
}
