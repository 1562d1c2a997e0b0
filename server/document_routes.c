/* server/document_routes.c: see server/document_routes.h. */
#include "server/document_routes.h"

#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/ast.h"
#include "server/config.h"
#include "server/url_params.h"

enum {
    ROUTES_FILE_MAX = 256 * 1024,
    ROUTES_MAX = 32,
    VARIABLES_MAX = 16
};

static const struct str mark = STR("# GET ");

static struct str take_until(struct str *rest, char end)
{
    const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    size_t n = at ? (size_t)(at - rest->ptr) : rest->len;
    struct str part = {rest->ptr, n};

    rest->ptr += n + (at != NULL);
    rest->len -= n + (at != NULL);
    return part;
}

static bool begins(struct str s, struct str with)
{
    return s.len >= with.len && memcmp(s.ptr, with.ptr, with.len) == 0;
}

/* ---- the file ---- */

static int add_route(struct arena *arena, struct document_routes *r, struct str line, int number,
                     struct err *reterr)
{
    struct document_route *route = &r->all[r->n];

    line.ptr += mark.len;
    line.len -= mark.len;
    if (r->n == ROUTES_MAX)
        return err_set(reterr, ERR_CONFIG, "documents.graphql has more than %d routes", ROUTES_MAX);
    *route = (struct document_route){.path = take_until(&line, ' '), .line = number};
    if (route->path.len == 0 || route->path.ptr[0] != '/' || line.len == 0)
        return err_set(reterr, ERR_CONFIG,
                       "documents.graphql: a route is like \"# GET /path/{id} media/type\"");
    route->media_type = arena_str(arena, line).ptr;
    r->n++;
    return route->media_type ? 0 : err_set(reterr, ERR_MEMORY, "no memory for the documents");
}

static int read_routes(struct arena *arena, struct str text, struct document_routes *ret,
                       struct err *reterr)
{
    int rc = 0;

    ret->all = arena_array(arena, ROUTES_MAX, sizeof *ret->all);
    if (!ret->all)
        return err_set(reterr, ERR_MEMORY, "no memory for the documents");
    for (int number = 1; text.len && rc == 0; number++) {
        struct str line = take_until(&text, '\n');
        if (begins(line, mark))
            rc = add_route(arena, ret, line, number, reterr);
        else if (ret->n && !ret->all[ret->n - 1].operation.ptr)
            ret->all[ret->n - 1].operation = line;
        else if (ret->n)
            ret->all[ret->n - 1].operation.len =
                (size_t)(line.ptr + line.len - ret->all[ret->n - 1].operation.ptr);
    }
    return rc;
}

int document_routes_read(struct arena *arena, const char *schema, struct document_routes *ret,
                         struct err *reterr)
{
    const char *slash = strrchr(schema, '/');
    char path[4096];
    struct str text;
    int rc;

    *ret = (struct document_routes){0};
    if (snprintf(path, sizeof path, "%.*sdocuments.graphql", slash ? (int)(slash + 1 - schema) : 0,
                 schema) >= (int)sizeof path)
        return err_set(reterr, ERR_CONFIG, "the path of the schema file is too long");
    if (access(path, F_OK) != 0)
        return 0;
    rc = config_read_file(arena, path, ROUTES_FILE_MAX, &text, reterr);
    return rc < 0 ? rc : read_routes(arena, text, ret, reterr);
}

/* ---- a request ---- */

static bool is_variable(struct str segment)
{
    return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static bool same_segment(struct str template, struct str segment)
{
    const struct str dollar = STR("%24");

    if (is_variable(template))
        return segment.len > 0;
    if (begins(segment, dollar) && template.len && template.ptr[0] == '$') {
        template = (struct str){template.ptr + 1, template.len - 1};
        segment = (struct str){segment.ptr + dollar.len, segment.len - dollar.len};
    }
    return str_eq(template, segment);
}

static bool matches(struct str template, struct str path)
{
    while (template.len && path.len)
        if (!same_segment(take_until(&template, '/'), take_until(&path, '/')))
            return false;
    return template.len == path.len;
}

const struct document_route *document_routes_find(const struct document_routes *r, struct str path)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (matches(r->all[i].path, path))
            return &r->all[i];
    return NULL;
}

static int add_variable(struct value *object, struct str name, struct str text, struct err *reterr)
{
    for (uint32_t i = 0; i < object->n_items; i++)
        if (str_eq(object->items[i].name, name))
            return err_set(reterr, ERR_REQUEST, "A parameter of the URL is given twice.");
    if (object->n_items == VARIABLES_MAX)
        return err_set(reterr, ERR_REQUEST, "The URL has too many parameters.");
    object->items[object->n_items++] =
        (struct value){.kind = VALUE_STRING, .name = name, .text = text};
    return 0;
}

int document_routes_variables(struct arena *arena, const struct document_route *route,
                              struct str path, struct str query, struct value **ret,
                              struct err *reterr)
{
    struct url_params params = {.rest = query};
    struct value *object = arena_zalloc(arena, sizeof *object);
    struct str template = route->path, name, text;
    int rc = 0, more = 0;

    if (object)
        object->items = arena_array(arena, VARIABLES_MAX + 1, sizeof *object->items);
    if (!object || !object->items)
        return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
    object->kind = VALUE_OBJECT;
    while (template.len && rc == 0) {
        struct str one = take_until(&template, '/'), segment = take_until(&path, '/');
        if (is_variable(one))
            rc = add_variable(object, (struct str){one.ptr + 1, one.len - 2}, segment, reterr);
    }
    while (rc == 0 && (more = url_params_next(&params, arena, &name, &text, reterr)) > 0)
        rc = add_variable(object, name, text, reterr);
    *ret = object;
    return more < 0 ? more : rc;
}

void document_routes_set_variable(struct value *object, struct str name, struct str text)
{
    uint32_t i = 0;

    while (i < object->n_items && !str_eq(object->items[i].name, name))
        i++;
    if (i == object->n_items)
        object->n_items++; /* there is room for one more than a request may bring */
    object->items[i] = (struct value){.kind = VALUE_STRING, .name = name, .text = text};
}
