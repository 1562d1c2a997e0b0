/* query/variables_leaf.c: see query/variables_priv.h. Scalars and enums from clients, and what is said of values
 * that do not fit.
 *
 * Layer: query; base only. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/print.h"
#include "query/validate.h"
#include "query/variables_priv.h"

enum {
    PATH_MAX_BYTES = 120
};

static void path_text(const struct coercion_path *p, char *out, size_t size)
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

int coercion_no_memory(struct coercion *c)
{
    return err_set(c->err, ERR_MEMORY, "Out of memory.");
}

int coercion_error(struct coercion *c, const char *fmt, ...)
{
    struct validate_result *all = c->errors;
    char text[ERR_MESSAGE_MAX];
    va_list args;

    if (!all->errors)
        all->errors = arena_array(c->arena, VALIDATE_ERRORS_MAX, sizeof *all->errors);
    if (!all->errors)
        return coercion_no_memory(c);
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (all->n_errors == VALIDATE_ERRORS_MAX)
        return ERR_VARIABLES;
    return err_set_at(&all->errors[all->n_errors++], ERR_VARIABLES, (int)c->variable->loc.line,
                      (int)c->variable->loc.column, "%s", text);
}

bool coercion_ends(const struct coercion *c, int rc)
{
    return rc < 0 &&
           (!c->json || rc != ERR_VARIABLES || c->errors->n_errors == VALIDATE_ERRORS_MAX);
}

/* Literals were checked by validation: what is wrong with them comes from a variable in them, and has the
 * literal's place. */
int coercion_invalid(struct coercion *c, const struct value *v, const struct coercion_path *path,
                     const char *what)
{
    char value[PRINT_TEXT_MAX], at[PATH_MAX_BYTES] = "";
    int name;

    if (!c->json)
        return err_set_at(c->err, ERR_VARIABLES, (int)v->loc.line, (int)v->loc.column, "%s", what);
    name = (int)MIN(c->variable->name.len, (size_t)60);
    path_text(path, at, sizeof at);
    return coercion_error(c, "Variable \"$%.*s\" got invalid value %s%s%.*s%s%s; %s", name,
                          c->variable->name.ptr, shown(v, value), at[0] ? " at \"" : "",
                          at[0] ? name : 0, c->variable->name.ptr, at, at[0] ? "\"" : "", what);
}

struct value *coercion_copy(struct coercion *c, const struct value *v)
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

static int to_int(struct coercion *c, const struct value *v, const struct coercion_path *path,
                  const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX];
    struct value *n;

    /* JSON has one kind of number: 1.0 is whole. In a literal it is a Float. */
    if (!(c->json ? is_whole(v) : v->kind == VALUE_INT)) {
        snprintf(what, sizeof what, "Int cannot represent non-integer value: %s", shown(v, value));
        return coercion_invalid(c, v, path, what);
    }
    if (v->kind == VALUE_INT ? v->overflow || v->integer > INT32_MAX || v->integer < INT32_MIN
                             : v->real > INT32_MAX || v->real < INT32_MIN) {
        snprintf(what, sizeof what, "Int cannot represent non 32-bit signed integer value: %s",
                 shown(v, value));
        return coercion_invalid(c, v, path, what);
    }
    n = coercion_copy(c, v);
    if (!n)
        return coercion_no_memory(c);
    if (v->kind == VALUE_FLOAT) {
        n->kind = VALUE_INT;
        n->integer = (int64_t)v->real;
        n->text = (struct str){0};
    }
    *ret = n;
    return 0;
}

static int to_float(struct coercion *c, const struct value *v, const struct coercion_path *path,
                    const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX];
    struct value *n;

    if ((v->kind != VALUE_INT && v->kind != VALUE_FLOAT) || !isfinite(v->real)) {
        snprintf(what, sizeof what, "Float cannot represent non numeric value: %s",
                 shown(v, value));
        return coercion_invalid(c, v, path, what);
    }
    n = coercion_copy(c, v);
    if (!n)
        return coercion_no_memory(c);
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

static int to_id(struct coercion *c, const struct value *v, const struct coercion_path *path,
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
        return coercion_invalid(c, v, path, what);
    }
    n = coercion_copy(c, v);
    if (!n)
        return coercion_no_memory(c);
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
    return n->text.ptr ? 0 : coercion_no_memory(c);
}

static int exactly(struct coercion *c, const struct value *v, enum value_kind kind,
                   const char *type, const char *kind_text, const struct coercion_path *path,
                   const struct value **ret)
{
    char what[PRINT_TEXT_MAX + 80], value[PRINT_TEXT_MAX];

    if (v->kind != kind) {
        snprintf(what, sizeof what, "%s cannot represent a non %s value: %s", type, kind_text,
                 shown(v, value));
        return coercion_invalid(c, v, path, what);
    }
    *ret = v;
    return 0;
}

/* A custom scalar keeps what it is given; a variable inside it takes its value. */
static int to_custom(struct coercion *c, const struct type_ref *type, const struct value *v,
                     const struct coercion_path *path, const struct value **ret)
{
    struct value *n, *items;

    *ret = v;
    if (c->json || (v->kind != VALUE_LIST && v->kind != VALUE_OBJECT))
        return 0;
    n = coercion_copy(c, v);
    items = v->n_items ? arena_array(c->arena, v->n_items, sizeof *items) : NULL;
    if (!n || (v->n_items && !items))
        return coercion_no_memory(c);
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
                   const struct coercion_path *path, const struct value **ret)
{
    enum value_kind kind = c->json ? VALUE_STRING : VALUE_ENUM;
    char what[ERR_MESSAGE_MAX], value[PRINT_TEXT_MAX];
    struct value *n;

    if (v->kind == VALUE_ENUM || v->kind == kind) {
        if (map_get(&t->value_map, v->text)) {
            n = coercion_copy(c, v);
            if (!n)
                return coercion_no_memory(c);
            n->kind = VALUE_ENUM;
            *ret = n;
            return 0;
        }
        snprintf(what, sizeof what, "Value does not exist in \"%.*s\" enum.", STR_FMT(t->name));
    } else {
        snprintf(what, sizeof what, "Enum \"%.*s\" cannot represent non-string value: %s.",
                 (int)MIN(t->name.len, (size_t)80), t->name.ptr, shown(v, value));
    }
    return coercion_invalid(c, v, path, what);
}

int coercion_leaf(struct coercion *c, const struct type_ref *type, const struct value *v,
                  const struct coercion_path *path, const struct value **ret)
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
