/* query/schema_kinds.c: interfaces and unions over tables. See query/schema_kinds.h.
 *
 * Layer: query; base only. Where a value may be of several types, a column says which: in the row itself
 * when they share one table (@kind on the interface or union), or in the row that refers to them
 * (@reference with `kind`). Its cell holds the JSON text of the type's name, so that it is compared with
 * what a plan has for __typename. */
#include "query/schema_kinds.h"

#include <stdio.h>

#include "base/buf.h"
#include "query/global_id.h"
#include "query/schema_access.h"
#include "query/schema_mapper.h"
#include "query/schema_tools.h"

int kinds_stored(struct mapper *m)
{
    for (uint32_t i = 0; i < m->s->n_types; i++) {
        struct type *t = m->s->types[i];
        const struct ast_directive *d;
        int rc = 0;

        if (t->builtin || t->kind != TYPE_OBJECT)
            continue;
        d = directive_find(t->_def->directives, "value");
        if (d)
            t->stored = map_text(m, d, "name");
        else
            rc = access_snake_case(m, t->name, &t->stored);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int refuse_type(struct mapper *m, const struct type *t, const struct type *member,
                       const char *what)
{
    return schema_fail(m->err, t->loc, "Type \"%.*s\" has @kind, but \"%.*s\" %s", STR_FMT(t->name),
                       STR_FMT(member->name), what);
}

static int map_member(struct mapper *m, struct type *t, struct type *member)
{
    if (!member->table)
        return refuse_type(m, t, member, "has no @table.");
    if (t->table && t->table != member->table)
        return refuse_type(m, t, member, "is in another table.");
    if (member->kind_of && !str_eq(member->kind_of->kind_column, t->kind_column))
        return refuse_type(m, t, member, "is told by another column already.");
    if (member->table->aggregate)
        return refuse_type(m, t, member, "is an @aggregate, which is one type.");
    t->table = member->table;
    member->kind_of = t;
    return 0;
}

/* The types that `column` of `home` tells, whatever interfaces and unions they are of, as values of one cell: a row is of any of
 * them, and of the same one for all that read it. */
static int kinds_shared_cell(struct mapper *m, struct type *t, struct loc loc)
{
    struct column want = {.name = t->kind_column, .codec = CODEC_ENUM};
    struct enum_value *all = arena_array(&m->s->arena, m->s->n_types, sizeof *all);
    int rc;

    for (uint32_t i = 0; i < t->id; i++) {
        const struct type *other = m->s->types[i];
        if (other->kind_column.len && other->table == t->table &&
            str_eq(other->kind_column, t->kind_column)) {
            t->kind_cell = other->kind_cell;
            return 0;
        }
    }
    if (!all)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < m->s->n_types; i++) {
        const struct type *one = m->s->types[i];
        if (one->table != t->table || !one->kind_of)
            continue;
        for (uint32_t k = 0; k < want.n_values; k++)
            if (str_eq(all[k].stored, one->stored))
                return schema_fail(m->err, t->loc, "Two types of \"%.*s\" are stored as \"%.*s\".",
                                   STR_FMT(t->name), STR_FMT(one->stored));
        all[want.n_values].stored = one->stored;
        rc = access_json_name(m, one->name, &all[want.n_values++].json);
        if (rc < 0)
            return rc;
    }
    want.values = all;
    return access_cell(m, t->table, &want, loc, &t->kind_cell);
}

static int map_members(struct mapper *m, struct type *t, const struct ast_directive *d)
{
    int rc = 0;

    t->kind_column = map_text(m, d, "column");
    for (uint32_t k = 0; k < t->n_possible && rc == 0; k++)
        rc = map_member(m, t, t->possible[k]);
    if (rc == 0 && !t->table)
        rc = schema_fail(m->err, t->loc, "Type \"%.*s\" has @kind, but nothing is of it.",
                         STR_FMT(t->name));
    return rc;
}

/* The @kind of a type; NULL: it has none. */
static const struct ast_directive *kind_of(const struct type *t)
{
    if (t->builtin || (t->kind != TYPE_INTERFACE && t->kind != TYPE_UNION))
        return NULL;
    return directive_find(t->_def->directives, "kind");
}

int kinds_map(struct mapper *m)
{
    int rc = 0;

    for (uint32_t i = 0; i < m->s->n_types && rc == 0; i++)
        if (kind_of(m->s->types[i]))
            rc = map_members(m, m->s->types[i], kind_of(m->s->types[i]));
    for (uint32_t i = 0; i < m->s->n_types && rc == 0; i++)
        if (kind_of(m->s->types[i]))
            rc = kinds_shared_cell(m, m->s->types[i], kind_of(m->s->types[i])->loc);
    return rc;
}

int kinds_cell(struct mapper *m, const struct table *home, const struct type *t, struct str column,
               struct loc loc, uint32_t *ret)
{
    struct column want = {
        .name = column, .codec = CODEC_ENUM, .n_values = t->n_possible, .required = false};
    int rc = access_enum(m, t, &want.values);

    return rc < 0 ? rc : access_cell(m, home, &want, loc, ret);
}

/* "kind" = 'visit', quoted as PostgreSQL asks for. */
static void add_condition(struct buf *b, const struct type *t)
{
    buf_add_char(b, '"');
    for (size_t i = 0; i < t->kind_of->kind_column.len; i++) {
        if (t->kind_of->kind_column.ptr[i] == '"')
            buf_add_char(b, '"');
        buf_add_char(b, t->kind_of->kind_column.ptr[i]);
    }
    buf_add_z(b, "\" = '");
    for (size_t i = 0; i < t->stored.len; i++) {
        if (t->stored.ptr[i] == '\'')
            buf_add_char(b, '\'');
        buf_add_char(b, t->stored.ptr[i]);
    }
    buf_add_char(b, '\'');
}

int kinds_path(struct mapper *m, const struct type *t, struct str where, struct access_path *path)
{
    struct buf b;

    path->table = t->table;
    path->where = where;
    if (t->kind != TYPE_OBJECT || !t->kind_of)
        return 0;
    buf_init(&b, 0);
    if (where.len)
        buf_addf(&b, "(%.*s) AND ", STR_FMT(where));
    add_condition(&b, t);
    path->where = b.failed ? (struct str){0} : arena_str(&m->s->arena, buf_str(&b));
    buf_release(&b);
    return path->where.ptr ? 0 : schema_no_memory(m->err);
}

/* ---- Ids over all types. ---- */

static int give_mark(struct mapper *m, const struct field *f, struct type *t)
{
    char what[160];

    if (!t->table) {
        snprintf(what, sizeof what, "has @node, but \"%.*s\" has no @table.",
                 (int)MIN(t->name.len, 80u), t->name.ptr);
        return map_refuse(m, f, what);
    }
    if (t->table->n_key == 0)
        return schema_fail(m->err, t->loc, "Type \"%.*s\" is reached by @node and needs a key.",
                           STR_FMT(t->name));
    if (t->has_global_id)
        return 0;
    t->has_global_id = true;
    global_id_mark(t->name, t->id_mark);
    for (uint32_t i = 0; i < m->s->n_types; i++) {
        const struct type *other = m->s->types[i];
        if (other != t && other->has_global_id &&
            memcmp(other->id_mark, t->id_mark, GLOBAL_ID_MARK) == 0)
            return schema_fail(m->err, t->loc,
                               "The ids of \"%.*s\" and \"%.*s\" can't be told apart: one needs "
                               "another name.",
                               STR_FMT(t->name), STR_FMT(other->name));
    }
    return 0;
}

int kinds_ids(struct mapper *m)
{
    for (uint32_t i = 0; i < m->s->n_types; i++) {
        const struct type *t = m->s->types[i];
        for (uint32_t k = 0; k < t->n_fields; k++) {
            const struct field *f = &t->fields[k];
            const struct type *target = type_ref_named(f->type);
            if (t->builtin || !map_directive(f, "node"))
                continue;
            if (target->kind != TYPE_INTERFACE && target->kind != TYPE_UNION)
                return map_refuse(m, f, "has @node, but is of no interface or union.");
            for (uint32_t n = 0; n < target->n_possible; n++) {
                int rc = give_mark(m, f, target->possible[n]);
                if (rc < 0)
                    return rc;
            }
        }
    }
    return 0;
}
