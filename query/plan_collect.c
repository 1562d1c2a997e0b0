/* query/plan_collect.c: see query/plan_collect.h.
 *
 * Layer: query; base only. As the specification's CollectFields says: selections of the same response name
 * merge, fragments are entered once for each set of selections. */
#include "query/plan_collect.h"

#include "base/arena.h"
#include "base/err.h"
#include "query/ast.h"
#include "query/plan_conditions.h"
#include "query/schema.h"

enum {
    COLLECT_DEPTH_MAX =
        200 /* inline fragments in inline fragments; the parser has the same bound */
};

static int no_memory(const struct selector *by)
{
    return err_set(by->err, ERR_MEMORY, "The server is out of memory.");
}

static int group_add(struct selector *by, struct collect *c, const struct ast_selection *s)
{
    struct str name = s->alias.len ? s->alias : s->name;
    struct group *g = map_get(&c->by_name, name);

    if (!g) {
        g = arena_zalloc(by->arena, sizeof *g);
        if (!g || map_put(&c->by_name, name, g) < 0)
            return no_memory(by);
        g->name = name;
        *c->last = g;
        c->last = &g->next;
        c->n++;
    }
    if (g->n == g->cap) {
        uint32_t cap = g->cap ? g->cap * 2 : 2;
        const struct ast_selection **more = arena_array(by->arena, cap, sizeof(void *));
        if (!more)
            return no_memory(by);
        if (g->n)
            memcpy(more, g->selections, g->n * sizeof(void *));
        g->selections = more;
        g->cap = cap;
    }
    g->selections[g->n++] = s;
    return 0;
}

static int collect_from(struct selector *by, struct collect *c, const struct type *type,
                        const struct ast_selection *s, unsigned depth);

static int collect_spread(struct selector *by, struct collect *c, const struct type *type,
                          const struct ast_selection *s, unsigned depth)
{
    struct ast_fragment *f = map_get(&by->fragments, s->name);
    const struct type *condition;

    if (!f || map_get(&c->visited, s->name))
        return 0;
    if (map_put(&c->visited, s->name, f) < 0)
        return no_memory(by);
    condition = schema_type(by->schema, f->condition);
    if (!condition || !type_includes(condition, type))
        return 0;
    return collect_from(by, c, type, f->selections, depth + 1);
}

static int collect_inline(struct selector *by, struct collect *c, const struct type *type,
                          const struct ast_selection *s, unsigned depth)
{
    if (s->name.len) {
        const struct type *condition = schema_type(by->schema, s->name);
        if (!condition || !type_includes(condition, type))
            return 0;
    }
    return collect_from(by, c, type, s->selections, depth + 1);
}

static int collect_from(struct selector *by, struct collect *c, const struct type *type,
                        const struct ast_selection *s, unsigned depth)
{
    int rc = 0;

    if (depth > COLLECT_DEPTH_MAX)
        return err_set(by->err, ERR_LIMIT, "Fragments are nested deeper than %d levels.",
                       COLLECT_DEPTH_MAX);
    for (; s && rc == 0; s = s->next) {
        if (!plan_includes(by->conditions, by->mask, s->directives))
            continue;
        switch (s->kind) {
        case SELECTION_FIELD:
            rc = group_add(by, c, s);
            break;
        case SELECTION_SPREAD:
            rc = collect_spread(by, c, type, s, depth);
            break;
        case SELECTION_INLINE:
            rc = collect_inline(by, c, type, s, depth);
            break;
        }
    }
    return rc;
}

int selector_init(struct selector *by, const struct document *doc)
{
    map_init(&by->fragments, by->arena);
    for (struct ast_fragment *f = doc->fragments; f; f = f->next)
        if (map_put(&by->fragments, f->name, f) < 0)
            return no_memory(by);
    return 0;
}

void collect_init(struct collect *c, struct arena *arena)
{
    *c = (struct collect){0};
    map_init(&c->by_name, arena);
    map_init(&c->visited, arena);
    c->last = &c->first;
}

int collect_fields(struct selector *by, struct collect *c, const struct type *type,
                   const struct ast_selection *s)
{
    return collect_from(by, c, type, s, 0);
}
