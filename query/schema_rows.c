/* query/schema_rows.c: fields that lead to one row. See query/schema_rows.h.
 *
 * Layer: query; base only. */
#include "query/schema_rows.h"

#include <stdio.h>

#include "query/schema_access.h"
#include "query/schema_kinds.h"
#include "query/schema_mapper.h"
#include "query/schema_rights.h"
#include "query/schema_tools.h"

/* The type whose rows a @reference or @lookup returns: it has one table. */
static int target_of(struct mapper *m, const struct field *f, const struct type **ret)
{
    *ret = type_ref_named(f->type);
    if (f->type->kind == TYPE_REF_LIST || !(*ret)->table)
        return map_refuse(m, f,
                          "must be of a type with @table (or of an interface or union with @kind), "
                          "and no list.");
    return 0;
}

static const struct table *aggregate_of(const struct table *t)
{
    return t->aggregate ? t : NULL;
}

/* The path that finds one row of `t` by its primary key. */
static int key_path(struct mapper *m, const struct type *t, struct loc loc,
                    const struct access_path **ret)
{
    struct access_path path = {.kind = ACCESS_ROW, .n_columns = t->table->n_key};
    int rc = kinds_path(m, t, (struct str){0}, &path);

    if (rc < 0)
        return rc;
    path.aggregate = aggregate_of(t->table);
    path.by_primary_key = path.where.len == 0;
    for (uint32_t i = 0; i < path.n_columns; i++)
        path.column[i] = t->table->key[i];
    return access_add_path(m, &path, loc, ret);
}

/* ---- @reference ---- */

/* The columns of this row that hold the other's key, or the function that computes it. */
static int reference_columns(struct mapper *m, struct field *f, const struct ast_directive *d,
                             uint32_t *ret_n)
{
    const struct value *columns = directive_argument(m->s, d, "columns");
    struct str function = map_text(m, d, "function");
    const struct table *home;
    int rc = access_home(m, f, &home);

    if (rc < 0)
        return rc;
    if (!home)
        return map_refuse(m, f, "has @reference, but its type has no @table.");
    if (f->n_arguments)
        return map_refuse(m, f, "has an argument that nothing uses.");
    *ret_n = columns && columns->kind == VALUE_LIST ? columns->n_items : columns ? 1 : 0;
    if (function.len && *ret_n == 0) {
        struct column key = {
            .name = function, .codec = CODEC_KEY, .computed = true, .required = map_required(f)};
        *ret_n = 1;
        return access_cell(m, home, &key, f->loc, &f->key_cell[0]);
    }
    if (function.len || *ret_n == 0 || *ret_n > ACCESS_KEY_MAX)
        return map_refuse(m, f, "refers by no column or by too many.");
    for (uint32_t i = 0; i < *ret_n; i++) {
        const struct value *c = columns->kind == VALUE_LIST ? &columns->items[i] : columns;
        rc = access_key_cell(m, home, c->text, map_required(f), f->loc, &f->key_cell[i]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check_key(struct mapper *m, const struct field *f, uint32_t n, const struct type *target)
{
    char what[160];

    if (n == target->table->n_key)
        return 0;
    snprintf(what, sizeof what, "refers by %u columns to a key of %u.", n, target->table->n_key);
    return map_refuse(m, f, what);
}

/* A column of this row says which type the other is of, and so in which table it is. */
static int reference_of_kind(struct mapper *m, struct field *f, uint32_t n, struct str kind)
{
    const struct type *t = type_ref_named(f->type);
    const struct table *home;
    int rc;

    if (f->type->kind == TYPE_REF_LIST || (t->kind != TYPE_INTERFACE && t->kind != TYPE_UNION))
        return map_refuse(m, f, "has @reference with `kind`, but is of no interface or union.");
    f->paths = arena_array(&m->s->arena, MAX(t->n_possible, 1u), sizeof(void *));
    if (!f->paths)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < t->n_possible; i++) {
        const struct type *one = t->possible[i];
        if (!one->table)
            return map_refuse(m, f, "can be of a type that has no @table.");
        rc = check_key(m, f, n, one);
        if (rc == 0)
            rc = key_path(m, one, f->loc, &f->paths[i]);
        if (rc < 0)
            return rc;
    }
    f->resolve = RESOLVE_ROW_OF_KIND;
    rc = access_home(m, f, &home);
    return rc < 0 ? rc : kinds_cell(m, home, t, kind, f->loc, &f->kind_cell);
}

int map_reference(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    struct str kind = map_text(m, d, "kind");
    const struct type *target;
    uint32_t n = 0;
    int rc = reference_columns(m, f, d, &n);

    if (rc < 0)
        return rc;
    if (kind.len)
        return reference_of_kind(m, f, n, kind);
    rc = target_of(m, f, &target);
    if (rc == 0)
        rc = check_key(m, f, n, target);
    f->resolve = RESOLVE_ROW;
    f->row_type = target;
    return rc < 0 ? rc : key_path(m, target, f->loc, &f->path);
}

/* ---- @lookup ---- */

static bool is_root(const struct mapper *m, const struct type *t)
{
    for (size_t i = 0; i < ARRAY_LEN(m->s->root); i++)
        if (m->s->root[i] == t)
            return true;
    return false;
}

static int lookup_path(struct mapper *m, const struct field *f, const struct type *target,
                       struct str column, const struct access_path **ret)
{
    struct access_path path = {.kind = ACCESS_ROW, .n_columns = 1, .column = {column}};
    int rc = kinds_path(m, target, (struct str){0}, &path);

    path.aggregate = aggregate_of(target->table);
    path.by_primary_key = target->table->n_key == 1 && path.where.len == 0 &&
                          str_eq(column, target->table->key[0]);
    return rc < 0 ? rc : access_add_path(m, &path, f->loc, ret);
}

/* One of several keys: the fields of a @oneOf input object say their columns. */
static int lookup_one_of(struct mapper *m, struct field *f, const struct type *target,
                         const struct type *input)
{
    if (!input->one_of)
        return map_refuse(m, f, "has @lookup by an input object that is not @oneOf.");
    f->paths = arena_array(&m->s->arena, input->n_inputs, sizeof(void *));
    if (!f->paths)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < input->n_inputs; i++) {
        const struct input_def *in = &input->inputs[i];
        const struct ast_directive *d = directive_find(in->_def->directives, "column");
        struct str column;
        int rc = 0;
        if (in->type->kind == TYPE_REF_LIST || !type_is_leaf(type_ref_named(in->type)))
            return map_refuse(m, f, "has @lookup by a key that is no scalar.");
        if (d)
            column = map_text(m, d, "name");
        else
            rc = access_snake_case(m, in->name, &column);
        if (rc == 0)
            rc = lookup_path(m, f, target, column, &f->paths[i]);
        if (rc < 0)
            return rc;
    }
    f->path = f->paths[0]; /* all of them return the same rows */
    return 0;
}

/* Of whoever asks: what is known of the viewer is the key. Its object is no row, so it may stand below the root. */
static int lookup_by_claim(struct mapper *m, struct field *f, const struct ast_directive *d,
                           const struct type *target, struct str column)
{
    f->key_argument = -1;
    f->resolve = RESOLVE_LOOKUP;
    if (map_text(m, d, "argument").len || f->n_arguments || !column.len)
        return map_refuse(m, f, "has @lookup by a claim, which takes a column and no argument.");
    if (f->parent->table)
        return map_refuse(m, f, "has @lookup by a claim, but is in a row.");
    if (!rights_claim(directive_argument(m->s, d, "claim"), &f->claim))
        return map_refuse(m, f, "has @lookup by a claim that is not known of who asks.");
    return lookup_path(m, f, target, column, &f->path);
}

int map_lookup(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    struct str column = map_text(m, d, "column");
    const struct input_def *key;
    const struct type *target, *by;
    int rc = target_of(m, f, &target);

    if (rc < 0)
        return rc;
    f->row_type = target;
    if (directive_argument(m->s, d, "claim"))
        return lookup_by_claim(m, f, d, target, column);
    f->key_argument = map_argument(f, map_text(m, d, "argument"));
    if (f->key_argument < 0)
        return map_refuse(m, f, "has @lookup by an argument that it does not have.");
    key = &f->arguments[f->key_argument];
    by = type_ref_named(key->type);
    if (f->n_arguments > 1)
        return map_refuse(m, f, "has an argument that nothing uses.");
    if (!is_root(m, f->parent))
        return map_refuse(m, f, "has @lookup, which only fields of a root type can have.");
    f->resolve = RESOLVE_LOOKUP;
    if (key->type->kind == TYPE_REF_NAMED && by->kind == TYPE_INPUT) {
        if (column.len)
            return map_refuse(m, f,
                              "has @lookup by an input object, whose fields say the columns.");
        return lookup_one_of(m, f, target, by);
    }
    if (key->type->kind == TYPE_REF_LIST || !type_is_leaf(by))
        return map_refuse(m, f, "has @lookup by an argument that is no scalar.");
    if (!column.len)
        return map_refuse(m, f, "has @lookup without a column.");
    return lookup_path(m, f, target, column, &f->path);
}

/* ---- @node ---- */

int map_node(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    const struct type *t = type_ref_named(f->type);
    bool many = f->type->kind == TYPE_REF_LIST;
    const struct type_ref *id;
    int rc = 0;

    if (!is_root(m, f->parent))
        return map_refuse(m, f, "has @node, which only fields of a root type can have.");
    if (many && f->type->inner->kind == TYPE_REF_LIST)
        return map_refuse(m, f, "has @node, but is a list of lists.");
    f->key_argument = map_argument(f, map_text(m, d, "argument"));
    if (f->key_argument < 0 || f->n_arguments != 1)
        return map_refuse(m, f, "has @node and needs one argument: the one that @node names.");
    id = f->arguments[f->key_argument].type;
    if (many != (id->kind == TYPE_REF_LIST) || !str_is((many ? id->inner : id)->name, "ID"))
        return map_refuse(m, f,
                          many ? "has @node, is a list, and so needs a list of IDs as argument."
                               : "has @node and needs an ID as argument.");
    f->resolve = many ? RESOLVE_BY_IDS : RESOLVE_BY_ID;
    f->list_limit = 100;
    f->paths = arena_array(&m->s->arena, MAX(t->n_possible, 1u), sizeof(void *));
    if (!f->paths)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < t->n_possible && rc == 0; i++)
        rc = key_path(m, t->possible[i], f->loc, &f->paths[i]);
    return rc;
}
