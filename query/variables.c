/* query/variables.c: see query/variables.h. The specification's input coercion (section 3, and 6.1.2),
 * for JSON and for literals; messages follow graphql-js 16's, without repeating what a client sent
 * where that could be personal. In JSON all that is wrong is told, so what is beside an error is looked at too.
 *
 * Layer: query; base only. The depth of what is coerced is that of its type or of the value, and both
 * are bounded; defaults that contain themselves end at COERCE_DEPTH_MAX. */
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/print.h"
#include "query/validate.h"
#include "query/variables_priv.h"

enum {
    COERCE_DEPTH_MAX = 200
};

static int coerce(struct coercion *c, const struct type_ref *type, const struct value *v,
                  const struct coercion_path *path, const struct value **ret);

/* ---- Lists and input objects. ---- */

static int to_list(struct coercion *c, const struct type_ref *type, const struct value *v,
                   const struct coercion_path *path, const struct value **ret)
{
    bool single = v->kind != VALUE_LIST;
    uint32_t n = single ? 1 : v->n_items;
    struct value *list = coercion_copy(c, v);
    struct value *items = n ? arena_array(c->arena, n, sizeof *items) : NULL;
    int worst = 0;

    if (!list || (n && !items))
        return coercion_no_memory(c);
    for (uint32_t i = 0; i < n; i++) {
        struct coercion_path at = {.up = path, .index = i};
        const struct value *item;
        int rc = coerce(c, type->inner, single ? v : &v->items[i], single ? path : &at, &item);
        if (coercion_ends(c, rc))
            return rc;
        worst = MIN(worst, rc);
        if (rc < 0)
            continue;
        if (item)
            items[i] = *item;
        else if (type->inner->non_null) /* a variable that was not given */
            return coercion_invalid(c, &v->items[i], path,
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
    return worst;
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
                       const struct coercion_path *path, const struct value **ret)
{
    const struct value *given = entry(object, in->name);
    struct coercion_path at = {.up = path, .name = in->name};
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
    return coercion_invalid(c, object, path, what);
}

static int unknown_fields(struct coercion *c, const struct type *t, const struct value *v,
                          const struct coercion_path *path)
{
    int rc = 0;

    for (uint32_t i = 0; i < v->n_items && !coercion_ends(c, rc); i++) {
        char what[ERR_MESSAGE_MAX];
        uint32_t k = 0;
        while (k < t->n_inputs && !str_eq(t->inputs[k].name, v->items[i].name))
            k++;
        if (k < t->n_inputs)
            continue;
        snprintf(what, sizeof what, "Field \"%.*s\" is not defined by type \"%.*s\".",
                 (int)MIN(v->items[i].name.len, (size_t)60), v->items[i].name.ptr,
                 STR_FMT(t->name));
        rc = coercion_invalid(c, v, path, what);
    }
    return rc;
}

/* Of a OneOf input object exactly one field is given, and not null. `first`: the value of the first that is given,
 * NULL when it is wrong itself; `n`: of all that are. */
static int one_of(struct coercion *c, const struct type *t, const struct value *v,
                  const struct coercion_path *path, const struct value *first, uint32_t n)
{
    char what[ERR_MESSAGE_MAX];
    int rc = 0;

    if (n != 1) {
        snprintf(what, sizeof what, "Exactly one key must be specified for OneOf type \"%.*s\".",
                 STR_FMT(t->name));
        rc = coercion_invalid(c, v, path, what);
    }
    if (first && first->kind == VALUE_NULL && !coercion_ends(c, rc)) {
        struct coercion_path at = {.up = path, .name = first->name};
        snprintf(what, sizeof what, "Field \"%.*s\" must be non-null.", STR_FMT(first->name));
        rc = coercion_invalid(c, c->json ? first : v, &at, what);
    }
    return rc;
}

static int to_object(struct coercion *c, const struct type_ref *type, const struct value *v,
                     const struct coercion_path *path, const struct value **ret)
{
    const struct type *t = type->type;
    struct value *object = coercion_copy(c, v);
    struct value *items = arena_array(c->arena, t->n_inputs, sizeof *items);
    const struct value *first = NULL;
    char what[ERR_MESSAGE_MAX];
    uint32_t n = 0, given = 0;
    int rc, worst = 0;

    if (!object || !items)
        return coercion_no_memory(c);
    if (v->kind != VALUE_OBJECT) {
        snprintf(what, sizeof what, "Expected type \"%.*s\" to be an object.", STR_FMT(t->name));
        return coercion_invalid(c, v, path, what);
    }
    for (uint32_t i = 0; i < t->n_inputs; i++) {
        const struct value *value;
        rc = field_value(c, &t->inputs[i], v, path, &value);
        if (coercion_ends(c, rc))
            return rc;
        worst = MIN(worst, rc);
        given += rc == 0 ? value != NULL : entry(v, t->inputs[i].name) != NULL;
        if (rc < 0 || !value)
            continue;
        items[n] = *value;
        items[n].name = t->inputs[i].name;
        items[n].next = NULL;
        if (given == 1)
            first = &items[n];
        if (n)
            items[n - 1].next = &items[n];
        n++;
    }
    rc = unknown_fields(c, t, v, path);
    if (coercion_ends(c, rc))
        return rc;
    worst = MIN(worst, rc);
    rc = t->one_of ? one_of(c, t, v, path, first, given) : 0;
    worst = MIN(worst, rc);
    object->items = items;
    object->n_items = n;
    *ret = object;
    return worst;
}

static int null_where_none_may_be(struct coercion *c, const struct type_ref *type,
                                  const struct value *v, const struct coercion_path *path)
{
    char what[PRINT_TEXT_MAX + 80], text[PRINT_TEXT_MAX];
    snprintf(what, sizeof what, "Expected non-nullable type \"%s\" not to be null.",
             type_text(type, text));
    return coercion_invalid(c, v, path, what);
}

static int coerce(struct coercion *c, const struct type_ref *type, const struct value *v,
                  const struct coercion_path *path, const struct value **ret)
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
        return coercion_invalid(c, v, path, "The value is nested too deeply.");
    c->depth++;
    if (type->kind == TYPE_REF_LIST)
        rc = to_list(c, type, v, path, ret);
    else if (type->type->kind == TYPE_INPUT)
        rc = to_object(c, type, v, path, ret);
    else
        rc = coercion_leaf(c, type, v, path, ret);
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
    int name = (int)MIN(v->name.len, (size_t)100);

    if (!given) {
        struct coercion constant = {.arena = c->arena, .err = c->err};
        *ret = NULL;
        if (v->default_value)
            return coerce(&constant, v->type, v->default_value, NULL, ret);
        if (!v->type->non_null)
            return 0;
        return coercion_error(c, "Variable \"$%.*s\" of required type \"%s\" was not provided.",
                              name, v->name.ptr, type_text(v->type, text));
    }
    if (given->kind == VALUE_NULL && v->type->non_null)
        return coercion_error(c, "Variable \"$%.*s\" of non-null type \"%s\" must not be null.",
                              name, v->name.ptr, type_text(v->type, text));
    return coerce(c, v->type, given, NULL, ret);
}

int variables_coerce_all(struct arena *arena, const struct schema *schema,
                         const struct ast_operation *operation, const struct value *given,
                         const struct value ***ret, struct validate_result *reterrors)
{
    const struct value **all = arena_array(arena, operation->n_variables + 1, sizeof(void *));
    struct err e = {0};
    struct coercion c = {.arena = arena, .json = true, .errors = reterrors, .err = &e};
    int worst = 0;

    (void)schema;
    *reterrors = (struct validate_result){0};
    if (!all)
        return ERR_MEMORY;
    for (const struct ast_variable *v = operation->variables; v; v = v->next) {
        int rc;
        c.variable = v;
        rc = coerce_variable(&c, v, given ? entry(given, v->name) : NULL, &all[v->index]);
        if (coercion_ends(&c, rc))
            return rc;
        worst = MIN(worst, rc);
    }
    if (worst == 0)
        *ret = all;
    else if (reterrors->n_errors == 0) /* a default that validation let pass */
        return coercion_error(&c, "%s", e.message);
    return worst;
}

int variables_coerce(struct arena *arena, const struct schema *schema,
                     const struct ast_operation *operation, const struct value *given,
                     const struct value ***ret, struct err *reterr)
{
    struct validate_result errors;
    int rc = variables_coerce_all(arena, schema, operation, given, ret, &errors);

    if (rc == ERR_MEMORY)
        return err_set(reterr, ERR_MEMORY, "Out of memory.");
    if (rc < 0 && reterr)
        *reterr = errors.errors[0];
    return rc;
}
