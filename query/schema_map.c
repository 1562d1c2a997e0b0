/* query/schema_map.c: mapping directives -> how each field is resolved. See query/schema_map.h.
 *
 * Layer: query; base only. Knows no type of any schema: what it recognises are the mapping directives,
 * the shape of a Relay connection (an object without @table that has `nodes`), and the names of the
 * Relay specification. First the tables, so that every key is known, then the fields; what is left
 * without a meaning at the end is an error that names line, type and field. */
#include <stdio.h>

#include "base/err.h"
#include "query/print.h"
#include "query/schema_map.h"

static int bad_field(struct mapper *m, const struct field *f, const char *what)
{
    return schema_fail(m->err, f->loc, "Field \"%.*s.%.*s\" %s", STR_FMT(f->parent->name),
                       STR_FMT(f->name), what);
}

static const struct ast_directive *on_field(const struct field *f, const char *name)
{
    return directive_find(f->_def->directives, name);
}

/* A string argument of an applied directive; empty when it is null. */
static struct str text_of(const struct mapper *m, const struct ast_directive *d, const char *name)
{
    const struct value *v = directive_argument(m->s, d, name);
    return v && v->kind == VALUE_STRING ? v->text : (struct str){0};
}

static int find_argument(const struct field *f, struct str name)
{
    for (uint32_t i = 0; i < f->n_arguments; i++)
        if (str_eq(f->arguments[i].name, name))
            return (int)i;
    return -1;
}

/* ---- Types. ---- */

static int apply_codec(struct mapper *m, const struct ast_directive *d, enum codec *codec,
                       uint8_t *scale)
{
    const struct value *as = directive_argument(m->s, d, "as");
    const struct value *digits = directive_argument(m->s, d, "scale");

    *scale = 0;
    if (as && str_is(as->text, "DATE"))
        *codec = CODEC_DATE;
    else if (as && str_is(as->text, "TIMESTAMP"))
        *codec = CODEC_TIMESTAMP;
    else if (as && str_is(as->text, "FIXED"))
        *codec = CODEC_FIXED;
    else
        return schema_fail(m->err, d->loc, "@codec: `as` must be DATE, TIMESTAMP or FIXED.");
    if (digits && digits->kind == VALUE_INT && (digits->integer < 0 || digits->integer > 18))
        return schema_fail(m->err, d->loc, "@codec: `scale` must be from 0 to 18.");
    if (digits && digits->kind == VALUE_INT)
        *scale = (uint8_t)digits->integer;
    return 0;
}

static int map_enum(struct mapper *m, struct type *t)
{
    for (uint32_t i = 0; i < t->n_values; i++) {
        struct enum_def *e = &t->values[i];
        const struct ast_directive *d = directive_find(e->_def->directives, "value");
        char *lower;
        if (d) {
            e->stored = text_of(m, d, "name");
            continue;
        }
        lower = arena_alloc(&m->s->arena, e->name.len + 1);
        if (!lower)
            return schema_no_memory(m->err);
        for (size_t k = 0; k < e->name.len; k++) {
            char c = e->name.ptr[k];
            lower[k] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        e->stored = (struct str){lower, e->name.len};
    }
    for (uint32_t i = 0; i < t->n_values; i++)
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(t->values[i].stored, t->values[k].stored))
                return schema_fail(m->err, t->values[i].loc,
                                   "Enum values \"%.*s\" and \"%.*s\" are stored alike.",
                                   STR_FMT(t->values[k].name), STR_FMT(t->values[i].name));
    return 0;
}

static int map_table(struct mapper *m, struct type *t)
{
    const struct ast_directive *d = directive_find(t->_def->directives, "table");
    const struct ast_directive *hot = directive_find(t->_def->directives, "hot");
    const struct ast_directive *aggregate = directive_find(t->_def->directives, "aggregate");
    const struct value *key;
    struct table *table;
    int rc;

    if (!d)
        return hot || aggregate
                   ? schema_fail(m->err, t->loc, "Type \"%.*s\" lacks @table.", STR_FMT(t->name))
                   : 0;
    key = directive_argument(m->s, d, "key");
    if (!key)
        return schema_fail(m->err, d->loc, "@table lacks a key.");
    rc = access_table(m, text_of(m, d, "name"), key, d->loc, &table);
    if (rc < 0)
        return rc;
    if ((hot || aggregate) && table->n_key != 1)
        return schema_fail(m->err, d->loc,
                           "Type \"%.*s\": @hot and @aggregate need a key of one "
                           "column.",
                           STR_FMT(t->name));
    table->hot |= hot != NULL;
    table->aggregate |= aggregate != NULL;
    t->table = table;
    return 0;
}

static int map_type(struct mapper *m, struct type *t)
{
    const struct ast_directive *codec;

    if (t->kind == TYPE_OBJECT)
        return map_table(m, t);
    if (t->kind == TYPE_ENUM)
        return map_enum(m, t);
    codec = t->kind == TYPE_SCALAR ? directive_find(t->_def->directives, "codec") : NULL;
    return codec ? apply_codec(m, codec, &t->codec, &t->scale) : 0;
}

/* ---- Cells. ---- */

/* Everything about a field's cell but its name. */
static int cell_kind(struct mapper *m, const struct field *f, struct column *ret)
{
    const struct type *t = type_ref_named(f->type);
    const struct ast_directive *codec = on_field(f, "codec");

    *ret = (struct column){.codec = t->codec, .scale = t->scale, .required = f->type->non_null};
    if (t->kind == TYPE_ENUM) {
        ret->n_values = t->n_values;
        return access_enum(m, t, &ret->values);
    }
    return codec ? apply_codec(m, codec, &ret->codec, &ret->scale) : 0;
}

/* `name_{lang}`: one cell for each value of the enum argument `lang`. */
static int map_choice(struct mapper *m, struct field *f, struct column want, struct str pattern)
{
    const char *open = memchr(pattern.ptr, '{', pattern.len);
    size_t before = (size_t)(open - pattern.ptr);
    const char *close = memchr(open, '}', pattern.len - before);
    const struct type *t;
    struct str after;

    if (!close)
        return bad_field(m, f, "has a column name with \"{\" and no \"}\".");
    f->choice_argument = find_argument(f, (struct str){open + 1, (size_t)(close - open) - 1});
    if (f->choice_argument < 0)
        return bad_field(m, f, "has a column name with an argument that it does not have.");
    t = type_ref_named(f->arguments[f->choice_argument].type);
    if (t->kind != TYPE_ENUM || f->arguments[f->choice_argument].type->kind == TYPE_REF_LIST)
        return bad_field(m, f, "has a column name with an argument that is no enum.");
    after = (struct str){close + 1, pattern.len - before - (size_t)(close + 1 - open)};
    f->choice_cells = arena_array(&m->s->arena, t->n_values, sizeof *f->choice_cells);
    if (!f->choice_cells)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < t->n_values; i++) {
        struct str stored = t->values[i].stored;
        char *name = arena_alloc(&m->s->arena, before + stored.len + after.len + 1);
        int rc;
        if (!name)
            return schema_no_memory(m->err);
        want.name = (struct str){name, before + stored.len + after.len};
        memcpy(name, pattern.ptr, before);
        memcpy(name + before, stored.ptr, stored.len);
        memcpy(name + before + stored.len, after.ptr, after.len);
        rc = access_cell(m, f->parent->table, &want, f->loc, &f->choice_cells[i]);
        if (rc < 0)
            return rc;
    }
    f->resolve = RESOLVE_CELL_CHOICE;
    return 0;
}

static int map_cell(struct mapper *m, struct field *f)
{
    const struct ast_directive *column = on_field(f, "column"), *computed = on_field(f, "computed");
    struct column want;
    int rc = cell_kind(m, f, &want);

    if (rc < 0)
        return rc;
    if (column && computed)
        return bad_field(m, f, "has both @column and @computed.");
    if (column) {
        want.name = text_of(m, column, "name");
    } else if (computed) {
        want.name = text_of(m, computed, "function");
        want.computed = true;
    } else {
        rc = access_snake_case(m, f->name, &want.name);
        if (rc < 0)
            return rc;
    }
    if (column && want.name.len && memchr(want.name.ptr, '{', want.name.len))
        rc = map_choice(m, f, want, want.name);
    else
        rc = access_cell(m, f->parent->table, &want, f->loc, &f->cell);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < f->n_arguments; i++)
        if ((int)i != f->choice_argument)
            return bad_field(m, f, "has an argument that nothing uses.");
    if (f->resolve == RESOLVE_NONE)
        f->resolve = RESOLVE_CELL;
    return 0;
}

/* ---- Rows of other tables. ---- */

/* The type whose rows a @reference or @lookup returns. */
static int target_of(struct mapper *m, const struct field *f, const struct type **ret)
{
    *ret = type_ref_named(f->type);
    if (f->type->kind == TYPE_REF_LIST || !(*ret)->table)
        return bad_field(m, f, "must be of an object type with @table, and no list.");
    return 0;
}

static const struct table *aggregate_of(const struct table *t)
{
    return t->aggregate ? t : NULL;
}

static int map_reference(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    const struct value *columns = directive_argument(m->s, d, "columns");
    uint32_t n = columns && columns->kind == VALUE_LIST ? columns->n_items : 1;
    struct access_path path = {.kind = ACCESS_ROW, .by_primary_key = true};
    const struct type *target;
    int rc = target_of(m, f, &target);

    if (rc < 0)
        return rc;
    if (!f->parent->table)
        return bad_field(m, f, "has @reference, but its type has no @table.");
    if (f->n_arguments)
        return bad_field(m, f, "has an argument that nothing uses.");
    if (!columns || n != target->table->n_key) {
        char what[96];
        snprintf(what, sizeof what, "refers by %u columns to a key of %u.", n,
                 target->table->n_key);
        return bad_field(m, f, what);
    }
    path.table = target->table;
    path.aggregate = aggregate_of(target->table);
    path.n_columns = n;
    for (uint32_t i = 0; i < n; i++) {
        const struct value *c = columns->kind == VALUE_LIST ? &columns->items[i] : columns;
        path.column[i] = target->table->key[i];
        rc = access_key_cell(m, f->parent->table, c->text, f->type->non_null, f->loc,
                             &f->key_cell[i]);
        if (rc < 0)
            return rc;
    }
    f->resolve = RESOLVE_ROW;
    return access_add_path(m, &path, f->loc, &f->path);
}

static int map_lookup(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    struct access_path path = {.kind = ACCESS_ROW, .n_columns = 1};
    const struct input_def *key;
    const struct type *target;
    int rc = target_of(m, f, &target);

    if (rc < 0)
        return rc;
    f->key_argument = find_argument(f, text_of(m, d, "argument"));
    if (f->key_argument < 0)
        return bad_field(m, f, "has @lookup by an argument that it does not have.");
    key = &f->arguments[f->key_argument];
    if (key->type->kind == TYPE_REF_LIST || !type_is_leaf(type_ref_named(key->type)))
        return bad_field(m, f, "has @lookup by an argument that is no scalar.");
    if (f->n_arguments > 1)
        return bad_field(m, f, "has an argument that nothing uses.");
    path.table = target->table;
    path.aggregate = aggregate_of(target->table);
    path.column[0] = text_of(m, d, "column");
    path.by_primary_key = target->table->n_key == 1 &&
                          str_eq(path.column[0], target->table->key[0]);
    f->resolve = RESOLVE_LOOKUP;
    return access_add_path(m, &path, f->loc, &f->path);
}

/* ---- Lists and connections. ---- */

static bool is_list_of(const struct type_ref *r, const struct type *t)
{
    return r->kind == TYPE_REF_LIST && r->inner->kind == TYPE_REF_NAMED && r->inner->type == t;
}

static bool is_named(const struct type_ref *r, const char *name)
{
    return r->kind == TYPE_REF_NAMED && str_is(r->name, name);
}

struct role {
    const char *name, *type; /* of the field; NULL: any type */
    enum resolve_kind resolve;
};

/* Gives every field of `t` its role by name; `what` says what `t` is used as. */
static int map_roles(struct mapper *m, struct type *t, const struct role *roles, size_t n,
                     const char *what)
{
    char text[128];

    for (uint32_t i = 0; i < t->n_fields; i++) {
        struct field *f = &t->fields[i];
        size_t k = 0;
        while (k < n && !str_is(f->name, roles[k].name))
            k++;
        if (k == n || f->n_arguments || (roles[k].type && !is_named(f->type, roles[k].type))) {
            snprintf(text, sizeof text, "is not one that %s has in the Relay specification.", what);
            return bad_field(m, f, text);
        }
        if (f->resolve != RESOLVE_NONE && f->resolve != roles[k].resolve) {
            snprintf(text, sizeof text, "cannot be part of %s: it is mapped otherwise.", what);
            return bad_field(m, f, text);
        }
        f->resolve = roles[k].resolve;
    }
    return 0;
}

static int map_edge(struct mapper *m, struct type *edge, const struct type *item)
{
    static const struct role roles[] = {{"node", NULL, RESOLVE_NODE},
                                        {"cursor", "String", RESOLVE_CURSOR}};
    int rc = edge->kind == TYPE_OBJECT && !edge->table
                 ? map_roles(m, edge, roles, ARRAY_LEN(roles), "an edge")
                 : schema_fail(m->err, edge->loc, "Type \"%.*s\" cannot be an edge.",
                               STR_FMT(edge->name));
    const struct field *node = type_field(edge, STR("node"));

    if (rc == 0 && node && (node->type->kind == TYPE_REF_LIST || node->type->type != item))
        return bad_field(m, node, "is not of the type of the connection's nodes.");
    return rc;
}

static int map_page_info(struct mapper *m, struct type *t)
{
    static const struct role roles[] = {{"hasNextPage", "Boolean", RESOLVE_HAS_NEXT},
                                        {"hasPreviousPage", "Boolean", RESOLVE_HAS_PREVIOUS},
                                        {"startCursor", "String", RESOLVE_START_CURSOR},
                                        {"endCursor", "String", RESOLVE_END_CURSOR}};

    if (t->kind != TYPE_OBJECT || t->table)
        return schema_fail(m->err, t->loc,
                           "Type \"%.*s\" cannot be the page information of a "
                           "connection.",
                           STR_FMT(t->name));
    return map_roles(m, t, roles, ARRAY_LEN(roles), "page information");
}

static int map_connection(struct mapper *m, struct type *t, const struct type *item)
{
    static const struct role roles[] = {{"nodes", NULL, RESOLVE_NODES},
                                        {"edges", NULL, RESOLVE_EDGES},
                                        {"pageInfo", NULL, RESOLVE_PAGE_INFO}};
    const struct field *edges = type_field(t, STR("edges"));
    const struct field *info = type_field(t, STR("pageInfo"));
    int rc = map_roles(m, t, roles, ARRAY_LEN(roles), "a connection");

    if (rc == 0 && edges) {
        struct type *edge = type_ref_named(edges->type);
        rc = is_list_of(edges->type, edge) ? map_edge(m, edge, item)
                                           : bad_field(m, edges, "must be a list of edges.");
    }
    if (rc == 0 && info)
        rc = info->type->kind == TYPE_REF_NAMED ? map_page_info(m, type_ref_named(info->type))
                                                : bad_field(m, info, "must be one object.");
    return rc;
}

/* What the list holds: the item type of a plain list, or of a connection's `nodes`. */
static int item_of(struct mapper *m, struct field *f, const struct type **ret)
{
    struct type *t = type_ref_named(f->type);
    const struct field *nodes;

    if (t->table) {
        *ret = t;
        f->resolve = RESOLVE_LIST;
        return is_list_of(f->type, t) ? 0 : bad_field(m, f, "has @list, but is no list.");
    }
    nodes = t->kind == TYPE_OBJECT && f->type->kind == TYPE_REF_NAMED ? type_field(t, STR("nodes"))
                                                                      : NULL;
    *ret = nodes ? type_ref_named(nodes->type) : NULL;
    if (!nodes || !is_list_of(nodes->type, *ret) || !(*ret)->table)
        return bad_field(m, f,
                         "has @list, but is neither a list of a type with @table nor a "
                         "connection of such (an object with `nodes`).");
    f->resolve = RESOLVE_CONNECTION;
    return map_connection(m, t, *ret);
}

static int map_list_argument(struct mapper *m, struct field *f, uint32_t i,
                             struct access_path *path)
{
    struct input_def *in = &f->arguments[i];
    const struct ast_directive *filter = directive_find(in->_def->directives, "filter");

    if (filter) {
        if (path->n_filter == ACCESS_FILTER_MAX)
            return bad_field(m, f, "has too many filters.");
        if (in->type->kind == TYPE_REF_LIST || !type_is_leaf(type_ref_named(in->type)))
            return bad_field(m, f, "has a filter that is no scalar.");
        in->filter = (int)path->n_filter;
        path->filter[path->n_filter++].name = text_of(m, filter, "column");
    } else if (str_is(in->name, "first")) {
        if (!is_named(in->type, "Int"))
            return bad_field(m, f, "has an argument `first` that is no Int.");
        f->first_argument = (int)i;
    } else if (str_is(in->name, "after")) {
        if (!is_named(in->type, "String") && !is_named(in->type, "ID"))
            return bad_field(m, f, "has an argument `after` that is no String.");
        f->after_argument = (int)i;
    } else {
        return bad_field(m, f, "has an argument that nothing uses; @filter would.");
    }
    return 0;
}

static int map_list(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    const struct value *limit = directive_argument(m->s, d, "limit");
    const struct table *own = f->parent->table;
    struct access_path path = {.kind = ACCESS_LIST, .n_columns = 1};
    const struct type *item;
    int rc;

    if (!own)
        return bad_field(m, f, "has @list, but its type has no @table.");
    rc = item_of(m, f, &item);
    if (rc < 0)
        return rc;
    path.table = item->table;
    path.aggregate = aggregate_of(own);
    path.column[0] = text_of(m, d, "column");
    path.where = text_of(m, d, "where");
    f->key_cell[0] = own->key_cell[0];
    f->list_limit = limit && limit->kind == VALUE_INT ? (uint32_t)MAX(0, limit->integer) : 100;
    if (f->list_limit < 1 || f->list_limit > 1000)
        return bad_field(m, f, "must have a limit from 1 to 1000.");
    rc = access_order(m, &path, text_of(m, d, "order"), d->loc);
    for (uint32_t i = 0; i < f->n_arguments && rc == 0; i++)
        rc = map_list_argument(m, f, i, &path);
    return rc < 0 ? rc : access_add_path(m, &path, f->loc, &f->path);
}

/* ---- All of it. ---- */

static int map_field(struct mapper *m, struct field *f)
{
    static const struct {
        const char *name;
        int (*map)(struct mapper *m, struct field *f, const struct ast_directive *d);
    } ways[] = {{"reference", map_reference}, {"lookup", map_lookup}, {"list", map_list}};
    const struct ast_directive *used = NULL;
    size_t way = 0;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const struct ast_directive *d = on_field(f, ways[i].name);
        if (d && used)
            return bad_field(m, f, "is mapped in two ways.");
        if (d)
            used = d, way = i;
    }
    if (used && (on_field(f, "column") || on_field(f, "computed")))
        return bad_field(m, f, "is mapped in two ways.");
    if (used)
        return ways[way].map(m, f, used);
    if (f->parent->table && f->type->kind == TYPE_REF_NAMED && type_is_leaf(f->type->type))
        return map_cell(m, f);
    return 0;
}

static int check_mapped(struct mapper *m, const struct type *t)
{
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (t->fields[i].resolve == RESOLVE_NONE)
            return bad_field(m, &t->fields[i],
                             t->table
                                 ? "has no mapping: it needs @reference, @lookup or @list."
                                 : "has no mapping: its type has no @table and is no part of a "
                                   "connection that is used.");
    return 0;
}

int schema_map(struct schema *s, struct err *err)
{
    struct mapper m = {.s = s, .err = err};
    int rc = access_init(&m);

    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (!s->types[i]->builtin)
            rc = map_type(&m, s->types[i]);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        for (uint32_t k = 0; k < s->types[i]->n_fields && rc == 0; k++)
            if (!s->types[i]->builtin && s->types[i]->kind == TYPE_OBJECT)
                rc = map_field(&m, &s->types[i]->fields[k]);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (!s->types[i]->builtin && s->types[i]->kind == TYPE_OBJECT)
            rc = check_mapped(&m, s->types[i]);
    return rc;
}
