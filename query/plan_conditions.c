/* query/plan_conditions.c: see query/plan_conditions.h. Layer: query; base only. */
#include "query/plan_conditions.h"

#include "base/err.h"
#include "query/ast.h"

static const struct value *directive_if(const struct ast_directive *d)
{
    for (const struct ast_argument *a = d->arguments; a; a = a->next)
        if (str_is(a->name, "if"))
            return a->value;
    return NULL;
}

static bool is_condition(const struct ast_directive *d)
{
    return str_is(d->name, "skip") || str_is(d->name, "include");
}

static int conditions_add(struct plan_conditions *c, const struct ast_directive *directives,
                          struct err *err)
{
    for (const struct ast_directive *d = directives; d; d = d->next) {
        const struct value *v = is_condition(d) ? directive_if(d) : NULL;
        uint32_t i = 0;

        if (!v || v->kind != VALUE_VARIABLE)
            continue;
        while (i < c->n && c->variable[i] != v->variable)
            i++;
        if (i < c->n)
            continue;
        if (c->n == PLAN_CONDITIONS_MAX)
            return err_set_at(err, ERR_LIMIT, (int)d->loc.line, (int)d->loc.column,
                              "At most %d variables may decide @skip and @include.",
                              PLAN_CONDITIONS_MAX);
        c->variable[c->n++] = v->variable;
    }
    return 0;
}

static int conditions_walk(struct plan_conditions *c, const struct ast_selection *s,
                           struct err *err)
{
    int rc = 0;
    for (; s && rc == 0; s = s->next) {
        rc = conditions_add(c, s->directives, err);
        if (rc == 0)
            rc = conditions_walk(c, s->selections, err);
    }
    return rc;
}

/* All fragments of the document are walked, whether the operation spreads them or not: a superset is as good. */
int plan_conditions(const struct schema *schema, const struct document *doc,
                    const struct ast_operation *operation, struct plan_conditions *ret,
                    struct err *reterr)
{
    int rc;

    (void)schema;
    ret->n = 0;
    rc = conditions_walk(ret, operation->selections, reterr);
    for (const struct ast_fragment *f = doc->fragments; f && rc == 0; f = f->next)
        rc = conditions_walk(ret, f->selections, reterr);
    return rc;
}

static bool value_of(const struct plan_conditions *c, uint32_t mask, const struct value *v)
{
    if (v->kind == VALUE_BOOLEAN)
        return v->boolean;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->variable[i] == v->variable)
            return mask >> i & 1;
    return false;
}

bool plan_includes(const struct plan_conditions *c, uint32_t mask,
                   const struct ast_directive *directives)
{
    for (const struct ast_directive *d = directives; d; d = d->next) {
        const struct value *v = is_condition(d) ? directive_if(d) : NULL;
        if (v && value_of(c, mask, v) == str_is(d->name, "skip"))
            return false;
    }
    return true;
}
