/* query/schema_lists.c: fields that lead to lists, and what narrows them. See query/schema_lists.h.
 *
 * Layer: query; base only. A Relay connection is known by its shape: an object without @table that has `nodes`,
 * and the names of the Relay specification. */
#include "query/schema_lists.h"

#include <stdio.h>

#include "query/schema_access.h"
#include "query/schema_kinds.h"
#include "query/schema_mapper.h"
#include "query/schema_tools.h"

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
            return map_refuse(m, f, text);
        }
        if (f->resolve != RESOLVE_NONE && f->resolve != roles[k].resolve) {
            snprintf(text, sizeof text, "cannot be part of %s: it is mapped otherwise.", what);
            return map_refuse(m, f, text);
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
        return map_refuse(m, node, "is not of the type of the connection's nodes.");
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
                                        {"pageInfo", NULL, RESOLVE_PAGE_INFO},
                                        {"totalCount", "Int", RESOLVE_TOTAL_COUNT},
                                        {"withheld", "Boolean", RESOLVE_WITHHELD}};
    const struct field *edges = type_field(t, STR("edges"));
    const struct field *info = type_field(t, STR("pageInfo"));
    int rc = map_roles(m, t, roles, ARRAY_LEN(roles), "a connection");

    if (rc == 0 && edges) {
        struct type *edge = type_ref_named(edges->type);
        rc = is_list_of(edges->type, edge) ? map_edge(m, edge, item)
                                           : map_refuse(m, edges, "must be a list of edges.");
    }
    if (rc == 0 && info)
        rc = info->type->kind == TYPE_REF_NAMED ? map_page_info(m, type_ref_named(info->type))
                                                : map_refuse(m, info, "must be one object.");
    return rc;
}

/* What the list holds: the item type of a plain list, or of a connection's `nodes`. A function may return the one
 * object that a field is, or nothing. */
static int item_of(struct mapper *m, struct field *f, bool by_function, const struct type **ret)
{
    struct type *t = type_ref_named(f->type);
    const struct field *nodes;

    if (t->table) {
        *ret = t;
        f->resolve = RESOLVE_LIST;
        f->single = by_function && f->type->kind == TYPE_REF_NAMED && !f->type->non_null;
        return f->single || is_list_of(f->type, t) ? 0
                                                   : map_refuse(m, f, "has @list, but is no list.");
    }
    nodes = t->kind == TYPE_OBJECT && f->type->kind == TYPE_REF_NAMED ? type_field(t, STR("nodes"))
                                                                      : NULL;
    *ret = nodes ? type_ref_named(nodes->type) : NULL;
    if (!nodes || !is_list_of(nodes->type, *ret) || !(*ret)->table)
        return map_refuse(m, f,
                          "has @list, but is neither a list of a type with @table nor a "
                          "connection of such (an object with `nodes`).");
    f->resolve = RESOLVE_CONNECTION;
    return map_connection(m, t, *ret);
}

/* ---- Filters. ---- */

static int comparison_of(struct mapper *m, const struct field *f, const struct ast_directive *d,
                         enum comparison *ret)
{
    const struct value *v = d ? directive_argument(m->s, d, "compare") : NULL;

    *ret = COMPARE_EQUAL;
    if (!v || str_is(v->text, "EQUAL"))
        return 0;
    if (str_is(v->text, "AT_LEAST"))
        *ret = COMPARE_AT_LEAST;
    else if (str_is(v->text, "AT_MOST"))
        *ret = COMPARE_AT_MOST;
    else
        return map_refuse(m, f, "has a filter that compares by none of EQUAL, AT_LEAST, AT_MOST.");
    return 0;
}

static bool is_of_order(const struct access_path *path, struct str column)
{
    for (uint32_t i = 0; i < path->n_order; i++)
        if (str_eq(path->order[i].name, column))
            return true;
    return false;
}

/* One value that narrows the list: an argument, or a field of an argument's input object. */
static int add_filter(struct mapper *m, struct field *f, struct access_path *path,
                      const struct input_def *in, const struct ast_directive *d, struct str column,
                      struct field_filter source)
{
    struct filter_column *filter = &path->filter[path->n_filter];
    int rc;

    if (path->n_filter == ACCESS_FILTER_MAX)
        return map_refuse(m, f, "has too many filters.");
    if (in->type->kind == TYPE_REF_LIST || !type_is_leaf(type_ref_named(in->type)))
        return map_refuse(m, f, "has a filter that is no scalar.");
    if (type_ref_named(in->type)->codec == CODEC_FIXED)
        return map_refuse(m, f, "has a filter of a fixed decimal, which can't be compared.");
    if (!column.len)
        return map_refuse(m, f, "has a filter without a column.");
    rc = comparison_of(m, f, d, &filter->compare);
    if (rc < 0)
        return rc;
    filter->name = column;
    filter->codec = type_ref_named(in->type)->codec;
    filter->of_order = filter->compare != COMPARE_EQUAL && is_of_order(path, column);
    source.filter = path->n_filter++;
    f->filters[f->n_filters++] = source;
    return 0;
}

/* The fields of an input object narrow the list together; a column that they do not name is the argument's. */
static int add_filter_object(struct mapper *m, struct field *f, struct access_path *path,
                             uint32_t argument, struct str column)
{
    const struct type *t = type_ref_named(f->arguments[argument].type);

    for (uint32_t i = 0; i < t->n_inputs; i++) {
        const struct input_def *in = &t->inputs[i];
        const struct ast_directive *d = directive_find(in->_def->directives, "filter");
        struct str own = d ? map_text(m, d, "column") : (struct str){0};
        int rc = add_filter(m, f, path, in, d, own.len ? own : column,
                            (struct field_filter){argument, (int)i, 0, NULL});
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int map_filter(struct mapper *m, struct field *f, struct access_path *path,
                      uint32_t argument, const struct ast_directive *d)
{
    const struct input_def *in = &f->arguments[argument];
    struct str column = map_text(m, d, "column");

    if (in->type->kind == TYPE_REF_NAMED && in->type->type->kind == TYPE_INPUT)
        return add_filter_object(m, f, path, argument, column);
    return add_filter(m, f, path, in, d, column, (struct field_filter){argument, -1, 0, NULL});
}

static int map_list_argument(struct mapper *m, struct field *f, uint32_t i,
                             struct access_path *path)
{
    const struct input_def *in = &f->arguments[i];
    const struct ast_directive *filter = directive_find(in->_def->directives, "filter");

    if (filter)
        return map_filter(m, f, path, i, filter);
    if (str_is(in->name, "first")) {
        if (!is_named(in->type, "Int"))
            return map_refuse(m, f, "has an argument `first` that is no Int.");
        f->first_argument = (int)i;
    } else if (str_is(in->name, "after")) {
        if (!is_named(in->type, "String") && !is_named(in->type, "ID"))
            return map_refuse(m, f, "has an argument `after` that is no String.");
        f->after_argument = (int)i;
    } else {
        return map_refuse(m, f, "has an argument that nothing uses; @filter would.");
    }
    return 0;
}

/* ---- Arguments of a function. ---- */

/* What follows the key: one argument of the function, which is null where it is not given. */
static int add_value(struct mapper *m, struct field *f, struct access_path *path,
                     const struct input_def *in, struct field_filter source)
{
    const struct ast_directive *d = directive_find(in->_def->directives, "parameter");
    const struct type *t = type_ref_named(in->type);
    struct filter_column *value = &path->filter[path->n_filter];

    if (path->n_filter == ACCESS_FILTER_MAX)
        return map_refuse(m, f, "gives its function too many arguments.");
    if (in->type->kind == TYPE_REF_LIST || !type_is_leaf(t))
        return map_refuse(m, f, "gives its function an argument that is no scalar.");
    if (t->codec == CODEC_FIXED || t->codec == CODEC_FLOAT)
        return map_refuse(m, f, "gives its function an argument that is a number with a fraction.");
    *value = (struct filter_column){.name = in->name, .codec = t->codec};
    if (d && directive_argument(m->s, d, "names"))
        return map_refuse(m, f,
                          "names a parameter of a function whose arguments go by their place.");
    if (d) {
        source.id_of = schema_type(m->s, map_text(m, d, "type"));
        if (!source.id_of || !source.id_of->has_global_id || source.id_of->table->n_key != 1 ||
            !str_is(in->type->name, "ID"))
            return map_refuse(m, f,
                              "has an argument that is to be an id of a type with a key of one "
                              "column, and can't be.");
    }
    source.filter = path->n_filter++;
    f->filters[f->n_filters++] = source;
    return 0;
}

/* An argument, or the fields of its input object, in the order of the schema file. */
static int map_value(struct mapper *m, struct field *f, struct access_path *path, uint32_t argument)
{
    const struct input_def *in = &f->arguments[argument];
    const struct type *t = type_ref_named(in->type);
    int rc = 0;

    if (directive_find(in->_def->directives, "filter"))
        return map_refuse(m, f, "has @filter, but a function's arguments go by their place.");
    if (in->type->kind == TYPE_REF_LIST || t->kind != TYPE_INPUT)
        return add_value(m, f, path, in, (struct field_filter){argument, -1, 0, NULL});
    for (uint32_t i = 0; i < t->n_inputs && rc == 0; i++)
        rc = add_value(m, f, path, &t->inputs[i], (struct field_filter){argument, (int)i, 0, NULL});
    return rc;
}

/* ---- @list ---- */

static bool is_true(const struct mapper *m, const struct ast_directive *d, const char *name)
{
    const struct value *v = directive_argument(m->s, d, name);
    return v && v->kind == VALUE_BOOLEAN && v->boolean;
}

static bool is_cached(const struct mapper *m, const struct ast_directive *d)
{
    return !directive_argument(m->s, d, "cached") || is_true(m, d, "cached");
}

static int list_limit(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    const struct value *limit = directive_argument(m->s, d, "limit");

    f->list_limit = limit && limit->kind == VALUE_INT ? (uint32_t)MAX(0, limit->integer) : 100;
    if (f->single)
        f->list_limit = 1;
    return f->list_limit < 1 || f->list_limit > 1000
               ? map_refuse(m, f, "must have a limit from 1 to 1000.")
               : 0;
}

/* Pages of a function: of the rows of the person whom the key names, since a page is asked for with what is hidden of it. */
static int function_pages(struct mapper *m, struct field *f, const struct ast_directive *d,
                          struct access_path *path)
{
    const struct table *t = path->table;

    if (f->parent->table != m->s->rights.subject && t->personal)
        return map_refuse(
            m, f,
            "has pages of rows that belong to somebody, and so must be a field of the "
            "type with @subject.");
    if (t->personal)
        path->column[0] = t->columns[t->subject_cell].name;
    path->by_kind = t->stands_for;
    return access_order(m, path, map_text(m, d, "order"), d->loc);
}

/* The rows that a function returns for this row's key and the field's arguments. */
static int function_list(struct mapper *m, struct field *f, const struct ast_directive *d,
                         struct access_path *path)
{
    const struct table *own = f->parent->table;
    bool pages = f->resolve == RESOLVE_CONNECTION;
    int rc = 0;

    if (map_text(m, d, "column").len || path->where.len || (map_text(m, d, "order").len && !pages))
        return map_refuse(m, f,
                          "has @list by a function, which knows column, order and condition.");
    path->n_columns = own->n_key;
    for (uint32_t i = 0; i < own->n_key; i++) {
        path->column[i] = own->key[i];
        f->key_cell[i] = own->key_cell[i];
    }
    f->gives_viewer = is_true(m, d, "viewer");
    if (f->gives_viewer)
        path->filter[path->n_filter++] =
            (struct filter_column){.name = STR("viewer"), .codec = CODEC_STRING};
    if (pages)
        rc = function_pages(m, f, d, path);
    for (uint32_t i = 0; i < f->n_arguments && rc == 0; i++) {
        bool of_page = str_is(f->arguments[i].name, "first") ||
                       str_is(f->arguments[i].name, "after");
        rc = pages && of_page ? map_list_argument(m, f, i, path) : map_value(m, f, path, i);
    }
    return rc;
}

/* The rows of a table whose column holds this row's key. */
static int column_list(struct mapper *m, struct field *f, const struct ast_directive *d,
                       struct access_path *path)
{
    const struct table *own = f->parent->table;
    int rc;

    if (is_true(m, d, "viewer"))
        return map_refuse(m, f, "has @list that gives a viewer, but to no function.");
    path->n_columns = 1;
    path->aggregate = own->aggregate && is_cached(m, d) ? own : NULL;
    path->column[0] = map_text(m, d, "column");
    f->key_cell[0] = own->key_cell[0];
    rc = access_order(m, path, map_text(m, d, "order"), d->loc);
    for (uint32_t i = 0; i < f->n_arguments && rc == 0; i++)
        rc = map_list_argument(m, f, i, path);
    return rc;
}

/* Whether the key says whose all rows are: what has to be looked at row by row can't be counted. */
static bool key_is_subject(const struct access_path *path)
{
    const struct table *t = path->table;

    for (uint32_t i = 0; t->personal && i < path->n_columns; i++)
        if (str_eq(path->column[i], t->columns[t->subject_cell].name))
            return true;
    return !t->personal;
}

/* A connection that shows how long its list is makes the path one that counts. */
static int map_count(struct mapper *m, const struct field *f)
{
    struct access_path *path = &m->s->access.paths[f->path->id]; /* the same one, to be changed */

    if (f->resolve != RESOLVE_CONNECTION || !type_field(type_ref_named(f->type), STR("totalCount")))
        return 0;
    if (!key_is_subject(path))
        return map_refuse(m, f,
                          "has a total count of rows about several people, who would have to be "
                          "asked about one by one.");
    path->counted = true;
    return 0;
}

int map_list(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    struct access_path path = {.kind = ACCESS_LIST, .function = map_text(m, d, "function")};
    const struct table *own = f->parent->table;
    const struct type *item;
    int rc;

    if (!own || own->n_key == 0)
        return map_refuse(m, f,
                          own ? "has @list, but the rows of its type have no key."
                              : "has @list, but its type has no @table.");
    rc = item_of(m, f, path.function.len > 0, &item);
    if (rc == 0)
        rc = kinds_path(m, item, map_text(m, d, "where"), &path);
    f->row_type = item;
    if (rc == 0)
        rc = list_limit(m, f, d);
    if (rc == 0)
        rc = path.function.len ? function_list(m, f, d, &path) : column_list(m, f, d, &path);
    if (rc == 0)
        rc = access_add_path(m, &path, f->loc, &f->path);
    return rc < 0 ? rc : map_count(m, f);
}
