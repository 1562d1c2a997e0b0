/* server/graphql_json.c: see server/graphql_json.h. */
#include "server/graphql_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/err.h"
#include "query/ast.h"
#include "server/url_params.h"

/* jansson takes allocators for the whole process: they are set for the time of one parse. What jansson
 * frees stays in the arena until the request ends. */
static struct arena *parse_arena;

static void *parse_alloc(size_t n)
{
    return arena_alloc(parse_arena, n);
}

static void parse_free(void *p)
{
    (void)p;
}

static void memory_from(struct arena *arena)
{
    parse_arena = arena;
    if (arena)
        json_set_alloc_funcs(parse_alloc, parse_free);
    else
        json_set_alloc_funcs(malloc, free);
}

/* Nesting is checked first: jansson recurses, and its own bound is 2048 levels. `what` begins the sentence. */
static int check_depth(struct str body, const char *what, struct err *reterr)
{
    unsigned depth = 0;
    bool in_string = false;
    int line = 1, column = 0;

    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        column++;
        if (c == '\n') {
            line++;
            column = 0;
        }
        if (in_string) {
            if (c == '\\')
                i++, column++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX) {
            return err_set(reterr, ERR_LIMIT,
                           "%s is JSON nested more than %d levels deep (line %d, column %d).", what,
                           JSON_DEPTH_MAX, line, column);
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

/* ---- JSON values as the engine's ---- */

static int value_from_json(struct arena *arena, json_t *json, struct value *v);

/* `items` is an array: what reads values counts, and does not follow `next`. */
static int items_make(struct arena *arena, size_t n, struct value *v)
{
    v->items = n ? arena_array(arena, n, sizeof *v->items) : NULL;
    v->n_items = (uint32_t)n; /* the body's size bounds it */
    return n && !v->items ? ERR_MEMORY : 0;
}

static int object_from_json(struct arena *arena, json_t *json, struct value *v)
{
    struct value *item;
    const char *key;
    json_t *entry;

    if (items_make(arena, json_object_size(json), v) < 0)
        return ERR_MEMORY;
    item = v->items;
    json_object_foreach(json, key, entry)
    {
        if (value_from_json(arena, entry, item) < 0)
            return ERR_MEMORY;
        item->name = str_of(key);
        item++;
    }
    return 0;
}

static int list_from_json(struct arena *arena, json_t *json, struct value *v)
{
    if (items_make(arena, json_array_size(json), v) < 0)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < v->n_items; i++)
        if (value_from_json(arena, json_array_get(json, i), &v->items[i]) < 0)
            return ERR_MEMORY;
    return 0;
}

static int value_from_json(struct arena *arena, json_t *json, struct value *v)
{
    int rc = 0;

    *v = (struct value){0};
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        v->kind = VALUE_OBJECT;
        rc = object_from_json(arena, json, v);
        break;
    case JSON_ARRAY:
        v->kind = VALUE_LIST;
        rc = list_from_json(arena, json, v);
        break;
    case JSON_STRING:
        v->kind = VALUE_STRING;
        v->text = (struct str){json_string_value(json), json_string_length(json)};
        break;
    case JSON_INTEGER:
        v->kind = VALUE_INT;
        v->integer = json_integer_value(json);
        v->real = (double)v->integer;
        break;
    case JSON_REAL:
        v->kind = VALUE_FLOAT;
        v->real = json_real_value(json);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        v->kind = VALUE_BOOLEAN;
        v->boolean = json_is_true(json);
        break;
    case JSON_NULL:
        v->kind = VALUE_NULL;
        break;
    }
    return rc;
}

/* ---- parameters ---- */

static int bad(struct err *reterr, const char *what)
{
    return err_set(reterr, ERR_REQUEST, "%s", what);
}

static int no_memory(struct err *reterr)
{
    return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
}

static struct str text_of(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

/* Apollo's protocol for automatic persisted queries. */
static int read_persisted(json_t *persisted, struct graphql_params *ret, struct err *reterr)
{
    json_t *hash = json_object_get(persisted, "sha256Hash");
    json_t *version = json_object_get(persisted, "version");

    if (!json_is_object(persisted))
        return bad(reterr, "\"extensions.persistedQuery\" must be an object.");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return bad(reterr, "Unsupported persisted query version: \"version\" must be 1.");
    if (!json_is_string(hash))
        return bad(reterr, "\"extensions.persistedQuery.sha256Hash\" must be a string.");
    ret->persisted_hash = text_of(hash);
    return 0;
}

/* What nobody here knows is ignored, as the specification wants it. */
static int read_extensions(json_t *extensions, struct graphql_params *ret, struct err *reterr)
{
    json_t *persisted = json_object_get(extensions, "persistedQuery");

    if (extensions && !json_is_null(extensions) && !json_is_object(extensions))
        return bad(reterr, "\"extensions\" must be an object or null.");
    ret->wants_cost = json_is_true(json_object_get(extensions, "cost"));
    return persisted && !json_is_null(persisted) ? read_persisted(persisted, ret, reterr) : 0;
}

/* `documentId` is the name in GraphQL over HTTP; Relay's networks say `id` or `doc_id`. */
static int read_document_id(json_t *root, struct graphql_params *ret, struct err *reterr)
{
    static const char *const names[] = {"documentId", "doc_id", "id"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_t *id = json_object_get(root, names[i]);
        if (!id || json_is_null(id))
            continue;
        if (!json_is_string(id))
            return err_set(reterr, ERR_REQUEST, "\"%s\" must be a string.", names[i]);
        ret->document_id = text_of(id);
        return 0;
    }
    return 0;
}

static int params_from_json(struct arena *arena, json_t *root, struct graphql_params *ret,
                            struct err *reterr)
{
    json_t *query = json_object_get(root, "query");
    json_t *name = json_object_get(root, "operationName");
    json_t *variables = json_object_get(root, "variables");
    int rc;

    if (json_is_array(root))
        return bad(reterr, "Batches of operations are not supported: send one JSON object.");
    if (!json_is_object(root))
        return bad(reterr, "The body must be a JSON object with \"query\".");
    if (query && !json_is_null(query) && !json_is_string(query))
        return bad(reterr, "\"query\" must be a string.");
    if (name && !json_is_null(name) && !json_is_string(name))
        return bad(reterr, "\"operationName\" must be a string or null.");
    if (variables && !json_is_null(variables) && !json_is_object(variables))
        return bad(reterr, "\"variables\" must be an object or null.");
    rc = read_extensions(json_object_get(root, "extensions"), ret, reterr);
    if (rc == 0)
        rc = read_document_id(root, ret, reterr);
    if (rc < 0)
        return rc;
    if (json_is_string(query))
        ret->query = text_of(query);
    else if (!ret->persisted_hash.ptr && !ret->document_id.ptr)
        return bad(reterr, "\"query\" is missing: it holds the text of the GraphQL document.");
    if (json_is_string(name))
        ret->operation_name = text_of(name);
    if (json_is_object(variables)) {
        struct value *object = arena_alloc(arena, sizeof *object);
        if (!object || value_from_json(arena, variables, object) < 0)
            return no_memory(reterr);
        ret->variables = object;
    }
    return 0;
}

static int bad_json(const struct arena *arena, const char *what, const json_error_t *e,
                    struct err *reterr)
{
    const char *why = "is not valid JSON";

    if (json_error_code(e) == json_error_out_of_memory || arena->failed)
        return no_memory(reterr);
    if (json_error_code(e) == json_error_numeric_overflow)
        why = "has a number that is too large";
    else if (json_error_code(e) == json_error_duplicate_key)
        why = "has an object with two members of one name";
    return err_set(reterr, ERR_REQUEST, "%s %s (line %d, column %d).", what, why, e->line,
                   e->column);
}

/* Two members of one name are refused: who is in between may have looked at the other one. */
static int parse(struct arena *arena, struct str text, const char *what, json_t **ret,
                 struct err *reterr)
{
    json_error_t error;
    int rc = check_depth(text, what, reterr);

    if (rc < 0)
        return rc;
    memory_from(arena);
    *ret = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES,
                      &error);
    memory_from(NULL);
    return *ret ? 0 : bad_json(arena, what, &error, reterr);
}

int graphql_params_parse(struct arena *arena, struct str body, struct graphql_params *ret,
                         struct err *reterr)
{
    json_t *root;
    int rc;

    *ret = (struct graphql_params){0};
    if (body.len == 0)
        return bad(reterr, "The body is empty: send a JSON object with \"query\".");
    rc = parse(arena, body, "The body", &root, reterr);
    return rc < 0 ? rc : params_from_json(arena, root, ret, reterr);
}

/* ---- parameters in a URL ---- */

static const struct url_name {
    const char *name,
        *what; /* `what`: its value is JSON, and what a sentence about it begins with */
} url_names[] = {
    {"query", NULL},
    {"operationName", NULL},
    {"variables", "The URL's \"variables\""},
    {"extensions", "The URL's \"extensions\""},
    {"documentId", NULL},
    {"doc_id", NULL},
    {"id", NULL},
};

static const struct url_name *url_name_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(url_names); i++)
        if (str_is(name, url_names[i].name))
            return &url_names[i];
    return NULL;
}

/* An empty one counts as not given, but for the document. */
static int url_param_add(struct arena *arena, json_t *root, const struct url_name *name,
                         struct str value, struct err *reterr)
{
    json_t *json = NULL;
    int rc = 0;

    if (value.len == 0 && name != &url_names[0])
        return 0;
    if (name->what)
        rc = parse(arena, value, name->what, &json, reterr);
    if (rc < 0)
        return rc;
    memory_from(arena);
    if (!json)
        json = json_stringn(value.len ? value.ptr : "", value.len);
    rc = json_object_set_new(root, name->name, json);
    memory_from(NULL);
    return rc < 0 ? no_memory(reterr) : 0;
}

int graphql_params_from_url(struct arena *arena, struct str query, struct graphql_params *ret,
                            struct err *reterr)
{
    struct url_params params = {.rest = query};
    struct str name, value;
    unsigned given = 0;
    json_t *root;
    int rc;

    *ret = (struct graphql_params){0};
    memory_from(arena);
    root = json_object();
    memory_from(NULL);
    if (!root)
        return no_memory(reterr);
    while ((rc = url_params_next(&params, arena, &name, &value, reterr)) > 0) {
        const struct url_name *known = url_name_find(name);
        unsigned bit = known ? 1u << (known - url_names) : 0;
        if (given & bit)
            return err_set(reterr, ERR_REQUEST, "The URL has the parameter \"%s\" twice.",
                           known->name);
        given |= bit;
        if (known)
            rc = url_param_add(arena, root, known, value, reterr);
        if (rc < 0)
            return rc;
    }
    return rc < 0 ? rc : params_from_json(arena, root, ret, reterr);
}
