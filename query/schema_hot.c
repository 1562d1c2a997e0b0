/* query/schema_hot.c: see query/schema_hot.h. */
#include "query/schema_hot.h"

#include "base/procedure.h"
#include "query/schema_mapper.h"
#include "query/schema_tools.h"

/* An argument that is a list, or one item that stands for a list of it. */
static uint32_t items_of(const struct value *v, const struct value **ret)
{
    *ret = v && v->kind == VALUE_LIST ? v->items : v;
    return !v ? 0 : v->kind == VALUE_LIST ? v->n_items : 1;
}

int hot_map_reads(struct mapper *m, struct table *table, const struct ast_directive *d)
{
    const struct value *items;
    uint32_t n = items_of(directive_argument(m->s, d, "reads"), &items);

    if (n == 0)
        return 0;
    table->reads = arena_array(&m->s->arena, n, sizeof *table->reads);
    if (!table->reads)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < n; i++) {
        if (items[i].text.len == 0)
            return schema_fail(m->err, d->loc, "@hot reads a table without a name.");
        table->reads[i] = items[i].text;
    }
    table->n_reads = n;
    return 0;
}

int hot_map_changes(struct mapper *m, const struct field *f, struct procedure *p)
{
    const struct ast_directive *d = map_directive(f, "changes");
    const struct value *items;
    uint32_t n = d ? items_of(directive_argument(m->s, d, "types"), &items) : 0;

    if (d && !p->writes)
        return map_refuse(m, f, "has @changes, but only mutations change anything.");
    if (n > PROCEDURE_CHANGE_MAX)
        return map_refuse(m, f, "has @changes with more than 4 types.");
    for (uint32_t i = 0; i < n; i++) {
        const struct type *t = schema_type(m->s, items[i].text);
        if (!t || !t->table || !t->table->hot)
            return map_refuse(m, f, "has @changes with what is no type with @hot.");
        p->changes[p->n_changes++] = t->table;
    }
    return 0;
}
