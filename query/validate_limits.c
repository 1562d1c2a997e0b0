/* query/validate_limits.c: what is counted before any rule looks at the document: aliases, directives,
 * items of lists, fields at the root, and how deep fields lie below fields. One pass, fragments memoised, so that
 * the most expensive document costs no more than its length.
 *
 * Layer: query; base only. Depth counts fields, not fragments. What lies below `__schema` and `__type`
 * has a limit of its own: tools ask for it, and it costs no rows. */
#include "base/err.h"
#include "query/cost.h"
#include "query/validate_priv.h"

enum {
    META_DEPTH_MAX = 20,
    IN_PROGRESS = UINT32_MAX
};

struct counts {
    uint32_t aliases, directives;
    struct loc alias, directive; /* the first beyond the limit */
    const struct value *list;    /* the first beyond the limit, or NULL */
};

static void count_items(const struct validation *v, struct counts *c, const struct value *value)
{
    if (v->limits->max_list && !c->list)
        c->list = value_long_list(value, v->limits->max_list);
}

static void count_arguments(const struct validation *v, struct counts *c,
                            const struct ast_argument *a)
{
    for (; a; a = a->next)
        count_items(v, c, a->value);
}

static void count_directives(const struct validation *v, struct counts *c,
                             const struct ast_directive *d)
{
    for (; d; d = d->next) {
        if (++c->directives == v->limits->max_directives + 1)
            c->directive = d->loc;
        count_arguments(v, c, d->arguments);
    }
}

static void count(const struct validation *v, struct counts *c, const struct ast_selection *s)
{
    for (; s; s = s->next) {
        if (s->alias.len && ++c->aliases == v->limits->max_aliases + 1)
            c->alias = s->loc;
        count_arguments(v, c, s->arguments);
        count_directives(v, c, s->directives);
        count(v, c, s->selections);
    }
}

/* ---- Depth. ---- */

struct depth {
    uint32_t fields; /* where __schema and __type count as one, whatever is below them */
    uint32_t meta;   /* the deepest below one of those */
};

static struct depth depth_of(struct validation *v, const struct ast_selection *s);

static struct depth fragment_depth(struct validation *v, struct str name)
{
    struct fragment_info *f = validate_fragment(v, name);
    struct depth d = {0};

    if (!f || f->depth == IN_PROGRESS) /* unknown, or a cycle: rules say so */
        return d;
    if (f->depth == 0) {
        f->depth = IN_PROGRESS;
        d = depth_of(v, f->def->selections);
        f->depth = d.fields + 1;
        f->meta_depth = d.meta;
    }
    return (struct depth){f->depth - 1, f->meta_depth};
}

static struct depth depth_of(struct validation *v, const struct ast_selection *s)
{
    struct depth most = {0};

    if (!s || !validate_enter(v, s->loc))
        return most;
    for (; s; s = s->next) {
        struct depth d = {0};
        if (s->kind == SELECTION_SPREAD) {
            d = fragment_depth(v, s->name);
        } else {
            d = depth_of(v, s->selections);
            if (s->kind == SELECTION_FIELD &&
                (str_is(s->name, "__schema") || str_is(s->name, "__type")))
                d = (struct depth){1, MAX(d.meta, d.fields)};
            else if (s->kind == SELECTION_FIELD)
                d.fields++;
        }
        most.fields = MAX(most.fields, d.fields);
        most.meta = MAX(most.meta, d.meta);
    }
    validate_leave(v);
    return most;
}

/* ---- The root. ---- */

static uint32_t root_fields(struct validation *v, const struct ast_selection *s, uint32_t mark)
{
    uint32_t n = 0;

    if (!s || !validate_enter(v, s->loc))
        return n;
    for (; s && !v->full; s = s->next) {
        struct fragment_info *f;
        validate_work(v, s->loc, 1);
        if (s->kind == SELECTION_FIELD)
            n++;
        else if (s->kind == SELECTION_INLINE)
            n += root_fields(v, s->selections, mark);
        else if ((f = validate_fragment(v, s->name)) != NULL && f->mark != mark) {
            f->mark = mark; /* spread twice, its fields are merged */
            n += root_fields(v, f->def->selections, mark);
        }
    }
    validate_leave(v);
    return n;
}

static void check_operation(struct validation *v, const struct ast_operation *op)
{
    uint32_t n = root_fields(v, op->selections, ++v->marks);
    struct depth d = depth_of(v, op->selections);

    if (v->limits->max_root_fields && n > v->limits->max_root_fields)
        validate_limit(v, op->loc,
                       "The operation has %u fields at its root; at most %u are allowed.", n,
                       v->limits->max_root_fields);
    else if (v->limits->max_depth && d.fields > v->limits->max_depth)
        validate_limit(v, op->loc, "The operation is %u fields deep; at most %u are allowed.",
                       d.fields, v->limits->max_depth);
    else if (d.meta > META_DEPTH_MAX)
        validate_limit(v, op->loc, "The introspection is %u fields deep; at most %u are allowed.",
                       d.meta, META_DEPTH_MAX);
}

void validate_sizes(struct validation *v)
{
    const struct validate_limits *l = v->limits;
    struct counts c = {0};

    for (const struct ast_operation *op = v->doc->operations; op; op = op->next) {
        count_directives(v, &c, op->directives);
        for (const struct ast_variable *d = op->variables; d; d = d->next) {
            if (d->default_value)
                count_items(v, &c, d->default_value);
            count_directives(v, &c, d->directives);
        }
        count(v, &c, op->selections);
    }
    for (const struct ast_fragment *f = v->doc->fragments; f; f = f->next) {
        count_directives(v, &c, f->directives);
        count(v, &c, f->selections);
    }
    if (l->max_aliases && c.aliases > l->max_aliases)
        validate_limit(v, c.alias, "The document has %u aliases; at most %u are allowed.",
                       c.aliases, l->max_aliases);
    else if (l->max_directives && c.directives > l->max_directives)
        validate_limit(v, c.directive, "The document has %u directives; at most %u are allowed.",
                       c.directives, l->max_directives);
    else if (c.list)
        validate_limit(v, c.list->loc, "The list has %u items; at most %u are allowed.",
                       c.list->n_items, l->max_list);
    for (const struct ast_operation *op = v->doc->operations; op && !v->full; op = op->next)
        check_operation(v, op);
}
