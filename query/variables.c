/* query/variables.c: see query/variables.h. The specification's input coercion (section 3, and 6.1.2),
 * for JSON and for literals; messages follow graphql-js 16's, without repeating what a client sent
 * where that could be personal.
 *
 * Layer: query; base only. The depth of what is coerced is that of its type or of the value, and both
 * are bounded; defaults that contain themselves end at COERCE_DEPTH_MAX. */
#include "query/variables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/print.h"
#include "query/schema.h"

enum {
    COERCE_DEPTH_MAX = 200,
    PATH_MAX_BYTES = 120
};

struct coercion {
    struct arena *arena;
    const struct value *const *variables; /* of literals; NULL for JSON */
    bool json;
    struct str variable; /* JSON: the one that is being coerced */
    uint32_t depth;
    struct err *err;
};

/* Where in a variable's value we are: a chain on the stack. */
struct path {
    const struct path *up;
    struct str name; /* an input field, or empty: */
    uint32_t index;  /* an item of a list */
};

static int coerce(struct coercion *c, const struct type_ref *type, const struct value *v,
                  const struct path *path, const struct value **ret);

static int no_memory(struct coercion *c)
{
    return err_set(c->err, ERR_MEMORY, "Out of memory.");
}

static void path_text(const struct path *p, char *out, size_t size)
{
    size_t n;
    if (!p)
        return;
    path_text(p->up, out, size);
    n = strlen(out);
    if (p->name.len)
        snprintf(out + n, size - n, ".%.*s", STR_FMT(p->name));
    else
        snprintf(out + n, size - n, "[%u]", p->index);
}

/* A client's value for a message. Strings may be personal, and so may long numbers (an identity
 * number is one). */
static const char *shown(const struct value *v, char out[PRINT_TEXT_MAX])
{
    switch (v->kind) {
    case VALUE_NULL:
    case VALUE_BOOLEAN:
        return value_text(v, out);
    case VALUE_INT:
    case VALUE_FLOAT:
        value_text(v, out);
        return strlen(out) <= 11 ? out : "(a number)";
    case VALUE_LIST:
        return "(a list)";
    case VALUE_OBJECT:
        return "(an object)";
    case VALUE_STRING:
    case VALUE_ENUM:
    case VALUE_VARIABLE:
        break;
    }
    return "(a string)";
}

/* "Variable "$x" got invalid value ... at "x.y"; `what`". Literals were checked by validation: what is
 * wrong with them comes from a variable in them, and has the literal's place. */
static int invalid(struct coercion *c, const struct value *v, const struct path *path,
                   const char *what)
{
    char value[PRINT_TEXT_MAX], at[PATH_MAX_BYTES] = "";

    if (!c->json)
        return err_set_at(c->err, ERR_VARIABLES, (int)v->loc.line, (int)v->loc.column, "%s", what);
    path_text(path, at, sizeof at);
    return err_set(c->err, ERR_VARIABLES, "Variable \"$%.*s\" got invalid value %s%s%.*s%s%s; %s",
                   (int)MIN(c->variable.len, (size_t)60), c->variable.ptr, shown(v, value),
                   at[0] ? " at \"" : "", at[0] ? (int)MIN(c->variable.len, (size_t)60) : 0,
                   c->variable.ptr, at, at[0] ? "\"" : "", what);
}

static struct value *copy(struct coercion *c, const struct value *v)
{
    struct value *n = arena_alloc(c->arena, sizeof *n);
    if (n)
        *n = *v;
    return n;
}

/* ---- Leaves. ---- */

static bool is_whole(const struct value *v)
{
    return v->kind == VALUE_INT ||
           (v->kind == VALUE_FLOAT && isfinite(v->real) && floor(v->real) == v->real);
}

static int to_int(struct coercion *c, const struct value *v, const struct path *path,
                  const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX];
    struct value *n;

    /* JSON has one kind of number: 1.0 is whole. In a literal it is a Float. */
    if (!(c->json ? is_whole(v) : v->kind == VALUE_INT)) {
        snprintf(what, sizeof what, "Int cannot represent non-integer value: %s", shown(v, value));
        return invalid(c, v, path, what);
    }
    if (v->kind == VALUE_INT ? v->overflow || v->integer > INT32_MAX || v->integer < INT32_MIN
                             : v->real > INT32_MAX || v->real < INT32_MIN) {
        snprintf(what, sizeof what, "Int cannot represent non 32-bit signed integer value: %s",
                 shown(v, value));
        return invalid(c, v, path, what);
    }
    n = copy(c, v);
    if (!n)
        return no_memory(c);
    if (v->kind == VALUE_FLOAT) {
        n->kind = VALUE_INT;
        n->integer = (int64_t)v->real;
        n->text = (struct str){0};
    }
    *ret = n;
    return 0;
}

static int to_float(struct coercion *c, const struct value *v, const struct path *path,
                    const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX];
    struct value *n;

    if ((v->kind != VALUE_INT && v->kind != VALUE_FLOAT) || !isfinite(v->real)) {
        snprintf(what, sizeof what, "Float cannot represent non numeric value: %s",
                 shown(v, value));
        return invalid(c, v, path, what);
    }
    n = copy(c, v);
    if (!n)
        return no_memory(c);
    n->kind = VALUE_FLOAT;
    *ret = n;
    return 0;
}

/* A whole number as JavaScript writes it: its shortest digits, without an exponent below 1e21. */
static int whole_text(double d, char out[40])
{
    char digits[32];
    int precision = 0, exponent, len, n;

    do
        snprintf(digits, sizeof digits, "%.*e", precision++, fabs(d));
    while (precision <= 17 && strtod(digits, NULL) != fabs(d));
    exponent = (int)strtol(strchr(digits, 'e') + 1, NULL, 10);
    if (exponent >= 21)
        return snprintf(out, 40, "%.*e", precision - 1, d);
    n = snprintf(out, 40, "%s%c", d < 0 ? "-" : "", digits[0]);
    len = (int)(strchr(digits, 'e') - digits);
    for (int i = 0; i < exponent; i++)
        out[n++] = i + 2 < len ? digits[i + 2] : '0';
    out[n] = '\0';
    return n;
}

static int to_id(struct coercion *c, const struct value *v, const struct path *path,
                 const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX], digits[40];
    struct value *n;

    if (v->kind == VALUE_STRING) {
        *ret = v;
        return 0;
    }
    if (!(c->json ? is_whole(v) : v->kind == VALUE_INT)) {
        snprintf(what, sizeof what, "ID cannot represent value: %s", shown(v, value));
        return invalid(c, v, path, what);
    }
    n = copy(c, v);
    if (!n)
        return no_memory(c);
    n->kind = VALUE_STRING;
    if (v->kind == VALUE_INT && v->text.len) {
        n->text = v->text;
    } else {
        int len = v->kind == VALUE_INT
                      ? snprintf(digits, sizeof digits, "%lld", (long long)v->integer)
                      : whole_text(v->real, digits);
        n->text = arena_str(c->arena, (struct str){digits, (size_t)len});
    }
    *ret = n;
    return n->text.ptr ? 0 : no_memory(c);
}

static int exactly(struct coercion *c, const struct value *v, enum value_kind kind,
                   const char *type, const char *kind_text, const struct path *path,
                   const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX];

    if (v->kind != kind) {
        snprintf(what, sizeof what, "%s cannot represent a non %s value: %s", type, kind_text,
                 shown(v, value));
        return invalid(c, v, path, what);
    }
    *ret = v;
    return 0;
}

/* A custom scalar keeps what it is given; a variable inside it takes its value. */
static int to_custom(struct coercion *c, const struct type_ref *type, const struct value *v,
                     const struct path *path, const struct value **ret)
{
    struct value *n, *items;

    *ret = v;
    if (c->json || (v->kind != VALUE_LIST && v->kind != VALUE_OBJECT))
        return 0;
    n = copy(c, v);
    items = v->n_items ? arena_array(c->arena, v->n_items, sizeof *items) : NULL;
    if (!n || (v->n_items && !items))
        return no_memory(c);
    for (uint32_t i = 0; i < v->n_items; i++) {
        static const struct value null = {.kind = VALUE_NULL};
        const struct value *item = &v->items[i];
        int rc;
        if (item->kind == VALUE_VARIABLE)
            item = c->variables ? c->variables[item->variable] : NULL;
        rc = item ? to_custom(c, type, item, path, &item) : 0;
        if (rc < 0)
            return rc;
        items[i] = item ? *item : null;
        items[i].name = v->items[i].name;
        items[i].next = i + 1 < v->n_items ? &items[i + 1] : NULL;
    }
    n->items = items;
    *ret = n;
    return 0;
}

static int to_enum(struct coercion *c, const struct type *t, const struct value *v,
                   const struct path *path, const struct value **ret)
{
    enum value_kind kind = c->json ? VALUE_STRING : VALUE_ENUM;
    char what[ERR_MESSAGE_MAX], value[PRINT_TEXT_MAX];
    struct value *n;

    if (v->kind == VALUE_ENUM || v->kind == kind) {
        if (map_get(&t->value_map, v->text)) {
            n = copy(c, v);
            if (!n)
                return no_memory(c);
            n->kind = VALUE_ENUM;
            *ret = n;
            return 0;
        }
        snprintf(what, sizeof what, "Value does not exist in \"%.*s\" enum.", STR_FMT(t->name));
    } else {
        snprintf(what, sizeof what, "Enum \"%.*s\" cannot represent non-string value: %s.",
                 (int)MIN(t->name.len, (size_t)80), t->name.ptr, shown(v, value));
    }
    return invalid(c, v, path, what);
}

static int to_leaf(struct coercion *c, const struct type_ref *type, const struct value *v,
                   const struct path *path, const struct value **ret)
{
    const struct type *t = type->type;

    if (t->kind == TYPE_ENUM)
        return to_enum(c, t, v, path, ret);
    if (!t->builtin)
        return to_custom(c, type, v, path, ret);
    if (str_is(t->name, "Int"))
        return to_int(c, v, path, ret);
    if (str_is(t->name, "Float"))
        return to_float(c, v, path, ret);
    if (str_is(t->name, "ID"))
        return to_id(c, v, path, ret);
    if (str_is(t->name, "Boolean"))
        return exactly(c, v, VALUE_BOOLEAN, "Boolean", "boolean", path, ret);
    return exactly(c, v, VALUE_STRING, "String", "string", path, ret);
}

/* ---- Lists and input objects. ---- */

static int to_list(struct coercion *c, const struct type_ref *type, const struct value *v,
                   const struct path *path, const struct value **ret)
{
    bool single = v->kind != VALUE_LIST;
    uint32_t n = single ? 1 : v->n_items;
    struct value *list = copy(c, v);
    struct value *items = n ? arena_array(c->arena, n, sizeof *items) : NULL;

    if (!list || (n && !items))
        return no_memory(c);
    for (uint32_t i = 0; i < n; i++) {
        struct path at = {.up = path, .index = i};
        const struct value *item;
        int rc = coerce(c, type->inner, single ? v : &v->items[i], single ? path : &at, &item);
        if (rc < 0)
            return rc;
        if (item)
            items[i] = *item;
        else if (type->inner->non_null) /* a variable that was not given */
            return invalid(c, &v->items[i], path,
                           "A list of non-null items has an item that was not "
                           "given.");
        else
            items[i] = (struct value){.kind = VALUE_NULL};
        items[i].next = i + 1 < n ? &items[i + 1] : NULL;
    }
    list->kind = VALUE_LIST;
    list->items = items;
    list->n_items = n;
    *ret = list;
    return 0;
}

static const struct value *entry(const struct value *object, struct str name)
{
    const struct value *found = NULL;
    for (uint32_t i = 0; i < object->n_items; i++)
        if (str_eq(object->items[i].name, name))
            found = &object->items[i]; /* in JSON the last one counts */
    return found;
}

/* The value of one input field; NULL: it has none. */
static int field_value(struct coercion *c, const struct input_def *in, const struct value *object,
                       const struct path *path, const struct value **ret)
{
    const struct value *given = entry(object, in->name);
    struct path at = {.up = path, .name = in->name};
    char what[PRINT_TEXT_MAX * 2], text[PRINT_TEXT_MAX];
    int rc;

    *ret = NULL;
    if (given) {
        rc = coerce(c, in->type, given, &at, ret);
        if (rc < 0 || *ret)
            return rc;
    }
    if (in->default_value) {
        *ret = in->default_value;
        return 0;
    }
    if (in->default_literal) { /* while the schema itself is being built */
        struct coercion constant = *c;
        constant.json = false;
        constant.variables = NULL;
        return coerce(&constant, in->type, in->default_literal, &at, ret);
    }
    if (!in->type->non_null)
        return 0;
    snprintf(what, sizeof what, "Field \"%.*s\" of required type \"%s\" was not provided.",
             (int)MIN(in->name.len, (size_t)80), in->name.ptr, type_text(in->type, text));
    return invalid(c, object, path, what);
}

static int unknown_field(struct coercion *c, const struct type *t, const struct value *v,
                         const struct path *path)
{
    for (uint32_t i = 0; i < v->n_items; i++) {
        char what[ERR_MESSAGE_MAX];
        uint32_t k = 0;
        while (k < t->n_inputs && !str_eq(t->inputs[k].name, v->items[i].name))
            k++;
        if (k < t->n_inputs)
            continue;
        snprintf(what, sizeof what, "Field \"%.*s\" is not defined by type \"%.*s\".",
                 (int)MIN(v->items[i].name.len, (size_t)60), v->items[i].name.ptr,
                 STR_FMT(t->name));
        return invalid(c, v, path, what);
    }
    return 0;
}

static int to_object(struct coercion *c, const struct type_ref *type, const struct value *v,
                     const struct path *path, const struct value **ret)
{
    const struct type *t = type->type;
    struct value *object = copy(c, v);
    struct value *items = arena_array(c->arena, t->n_inputs, sizeof *items);
    char what[ERR_MESSAGE_MAX];
    uint32_t n = 0;
    int rc;

    if (!object || !items)
        return no_memory(c);
    if (v->kind != VALUE_OBJECT) {
        snprintf(what, sizeof what, "Expected type \"%.*s\" to be an object.", STR_FMT(t->name));
        return invalid(c, v, path, what);
    }
    for (uint32_t i = 0; i < t->n_inputs; i++) {
        const struct value *value;
        rc = field_value(c, &t->inputs[i], v, path, &value);
        if (rc < 0)
            return rc;
        if (!value)
            continue;
        items[n] = *value;
        items[n].name = t->inputs[i].name;
        items[n].next = NULL;
        if (n)
            items[n - 1].next = &items[n];
        n++;
    }
    rc = unknown_field(c, t, v, path);
    if (rc < 0)
        return rc;
    if (t->one_of && n != 1) {
        snprintf(what, sizeof what, "Exactly one key must be specified for OneOf type \"%.*s\".",
                 STR_FMT(t->name));
        return invalid(c, v, path, what);
    }
    if (t->one_of && items[0].kind == VALUE_NULL) {
        struct path at = {.up = path, .name = items[0].name};
        snprintf(what, sizeof what, "Field \"%.*s\" must be non-null.", STR_FMT(items[0].name));
        return invalid(c, c->json ? &items[0] : v, &at, what);
    }
    object->items = items;
    object->n_items = n;
    *ret = object;
    return 0;
}

static int null_where_none_may_be(struct coercion *c, const struct type_ref *type,
                                  const struct value *v, const struct path *path)
{
    char what[PRINT_TEXT_MAX + 80], text[PRINT_TEXT_MAX];
    snprintf(what, sizeof what, "Expected non-nullable type \"%s\" not to be null.",
             type_text(type, text));
    return invalid(c, v, path, what);
}

static int coerce(struct coercion *c, const struct type_ref *type, const struct value *v,
                  const struct path *path, const struct value **ret)
{
    int rc;

    if (v->kind == VALUE_VARIABLE) { /* coerced already, to a type that fits */
        *ret = c->variables ? c->variables[v->variable] : NULL;
        if (*ret && (*ret)->kind == VALUE_NULL && type->non_null)
            return null_where_none_may_be(c, type, v, path);
        return 0;
    }
    if (v->kind == VALUE_NULL) {
        *ret = v;
        return type->non_null ? null_where_none_may_be(c, type, v, path) : 0;
    }
    if (c->depth >= COERCE_DEPTH_MAX)
        return invalid(c, v, path, "The value is nested too deeply.");
    c->depth++;
    if (type->kind == TYPE_REF_LIST)
        rc = to_list(c, type, v, path, ret);
    else if (type->type->kind == TYPE_INPUT)
        rc = to_object(c, type, v, path, ret);
    else
        rc = to_leaf(c, type, v, path, ret);
    c->depth--;
    return rc;
}

int literal_coerce(struct arena *arena, const struct schema *schema, const struct type_ref *type,
                   const struct value *literal, const struct value *const *variables,
                   const struct value **ret, struct err *reterr)
{
    struct coercion c = {.arena = arena, .variables = variables, .err = reterr};

    (void)schema;
    return coerce(&c, type, literal, NULL, ret);
}

static int coerce_variable(struct coercion *c, const struct ast_variable *v,
                           const struct value *given, const struct value **ret)
{
    char text[PRINT_TEXT_MAX];

    if (!given) {
        struct coercion constant = {.arena = c->arena, .err = c->err};
        *ret = NULL;
        if (v->default_value)
            return coerce(&constant, v->type, v->default_value, NULL, ret);
        if (!v->type->non_null)
            return 0;
        return err_set_at(c->err, ERR_VARIABLES, (int)v->loc.line, (int)v->loc.column,
                          "Variable \"$%.*s\" of required type \"%s\" was not provided.",
                          (int)MIN(v->name.len, (size_t)100), v->name.ptr,
                          type_text(v->type, text));
    }
    if (given->kind == VALUE_NULL && v->type->non_null)
        return err_set_at(c->err, ERR_VARIABLES, (int)v->loc.line, (int)v->loc.column,
                          "Variable \"$%.*s\" of non-null type \"%s\" must not be null.",
                          (int)MIN(v->name.len, (size_t)100), v->name.ptr,
                          type_text(v->type, text));
    return coerce(c, v->type, given, NULL, ret);
}

int variables_coerce(struct arena *arena, const struct schema *schema,
                     const struct ast_operation *operation, const struct value *given,
                     const struct value ***ret, struct err *reterr)
{
    const struct value **all = arena_array(arena, operation->n_variables + 1, sizeof(void *));
    struct err e = {0};

    (void)schema;
    if (!all)
        return err_set(reterr, ERR_MEMORY, "Out of memory.");
    for (const struct ast_variable *v = operation->variables; v; v = v->next) {
        struct coercion c = {.arena = arena, .json = true, .variable = v->name, .err = &e};
        int rc = coerce_variable(&c, v, given ? entry(given, v->name) : NULL, &all[v->index]);
        if (rc < 0) {
            if (e.line == 0 && rc == ERR_VARIABLES) {
                e.line = (int)v->loc.line;
                e.column = (int)v->loc.column;
            }
            if (reterr)
                *reterr = e;
            return rc;
        }
    }
    *ret = all;
    return 0;
}
