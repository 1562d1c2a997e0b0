/* query/schema_finish.c: what can be said about types only when all of them are there: deprecations,
 * defaults coerced to their types, and what clients see. See query/schema_priv.h.
 *
 * Layer: query; base only. */
#include "base/err.h"
#include "query/schema_priv.h"
#include "query/schema_tools.h"
#include "query/variables.h"

/* ---- Directives of the specification, and defaults. ---- */

static bool deprecation(const struct schema *s, const struct ast_directive *list, struct str *ret)
{
    const struct ast_directive *d = directive_find(list, "deprecated");
    const struct value *reason = d ? directive_argument(s, d, "reason") : NULL;

    if (reason && reason->kind == VALUE_STRING)
        *ret = reason->text;
    return d != NULL;
}

static int finish_inputs(struct schema *s, struct input_def *all, uint32_t n, struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        struct input_def *in = &all[i];
        int rc;
        in->deprecated = deprecation(s, in->_def->directives, &in->deprecation_reason);
        if (!in->default_literal)
            continue;
        rc = schema_check_literal(s, in->type, in->default_literal, "The default value", err);
        if (rc < 0)
            return rc;
        rc = literal_coerce(&s->arena, s, in->type, in->default_literal, NULL, &in->default_value,
                            err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int finish_type(struct schema *s, struct type *t, struct err *err)
{
    const struct ast_directive *d = directive_find(t->_def->directives, "specifiedBy");
    const struct value *url = d ? directive_argument(s, d, "url") : NULL;
    int rc;

    if (url && url->kind == VALUE_STRING)
        t->specified_by = url->text;
    t->one_of = t->kind == TYPE_INPUT && directive_find(t->_def->directives, "oneOf");
    for (uint32_t i = 0; i < t->n_values; i++)
        t->values[i].deprecated =
            deprecation(s, t->values[i]._def->directives, &t->values[i].deprecation_reason);
    for (uint32_t i = 0; i < t->n_fields; i++) {
        struct field *f = &t->fields[i];
        f->deprecated = deprecation(s, f->_def->directives, &f->deprecation_reason);
        rc = finish_inputs(s, f->arguments, f->n_arguments, err);
        if (rc < 0)
            return rc;
    }
    return finish_inputs(s, t->inputs, t->n_inputs, err);
}

/* Coercing a default fills in the defaults of fields below it, so those of input objects come first.
 * Circles of them are refused by schema_check_types before. */
static int finish(struct schema *s, struct err *err)
{
    int rc = 0;

    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (s->types[i]->kind == TYPE_INPUT)
            rc = finish_type(s, s->types[i], err);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (s->types[i]->kind != TYPE_INPUT)
            rc = finish_type(s, s->types[i], err);
    for (uint32_t i = 0; i < s->n_directives && rc == 0; i++)
        rc = finish_inputs(s, s->directives[i].arguments, s->directives[i].n_arguments, err);
    return rc;
}

/* ---- What clients see. ---- */

static void show(struct type *t);

static void show_inputs(const struct input_def *all, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        show(type_ref_named(all[i].type));
}

/* Marks what a visible thing uses. Recursion goes down input objects only, each once. */
static void show(struct type *t)
{
    if (!t->hidden)
        return;
    t->hidden = false;
    show_inputs(t->inputs, t->n_inputs);
}

static void hide(struct type *t)
{
    if (t->hidden || t->builtin)
        return;
    t->hidden = true;
    for (uint32_t i = 0; i < t->n_inputs; i++)
        hide(type_ref_named(t->inputs[i].type));
}

static void mark_hidden(struct schema *s)
{
    for (uint32_t i = 0; i < s->n_directives; i++)
        for (uint32_t k = 0; s->directives[i].internal && k < s->directives[i].n_arguments; k++)
            hide(type_ref_named(s->directives[i].arguments[k].type));
    for (uint32_t i = 0; i < s->n_types; i++)
        if (s->types[i]->builtin && s->types[i]->kind == TYPE_SCALAR)
            s->types[i]->hidden = true;
    for (uint32_t i = 0; i < s->n_types; i++) {
        struct type *t = s->types[i];
        for (uint32_t k = 0; k < t->n_fields; k++) {
            show(type_ref_named(t->fields[k].type));
            show_inputs(t->fields[k].arguments, t->fields[k].n_arguments);
        }
        if (!t->hidden)
            show_inputs(t->inputs, t->n_inputs);
    }
    for (uint32_t i = 0; i < s->n_directives; i++)
        if (!s->directives[i].internal)
            show_inputs(s->directives[i].arguments, s->directives[i].n_arguments);
}

int schema_finish(struct schema *s, struct err *err)
{
    int rc = finish(s, err);
    if (rc == 0)
        mark_hidden(s);
    return rc;
}
