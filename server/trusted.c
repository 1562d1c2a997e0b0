/* server/trusted.c: see server/trusted.h. */
#include "server/trusted.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/map.h"
#include "server/config.h"

enum {
    MANIFEST_FILE_MAX = 64 * 1024 * 1024
};

struct trusted {
    struct arena arena;
    struct map by_id, by_hash; /* -> struct trusted_document */
    struct list documents;     /* struct entry */
    uint32_t n;
};

struct entry {
    struct trusted_document document;
    struct list link;
};

/* What a manifest is read with. */
struct reading {
    struct trusted *t;
    const char *path;
    const struct schema *schema;
    const struct document_limits *documents;
    const struct cost_limits *limits;
    struct err *err;
};

/* ---- what can be wrong ---- */

static int bad_file(const struct reading *r, const char *what)
{
    return err_set(r->err, ERR_CONFIG, "%.100s: %s", r->path, what);
}

static int bad_entry(const struct reading *r, struct str id, const char *what)
{
    return err_set(r->err, ERR_CONFIG, "%.80s: document \"%.*s\": %s", r->path,
                   (int)MIN(id.len, 72u), id.ptr, what);
}

static int no_memory(const struct reading *r)
{
    return err_set(r->err, ERR_MEMORY, "%.100s: there is no memory for its documents", r->path);
}

static int bad_document(const struct reading *r, struct str id, const struct err *e)
{
    char where[ERR_MESSAGE_MAX + 32];

    if (e->line > 0)
        snprintf(where, sizeof where, "%s (line %d, column %d)", e->message, e->line, e->column);
    else
        snprintf(where, sizeof where, "%s", e->message);
    return bad_entry(r, id, where);
}

/* ---- one document ---- */

/* Ceilings that an entry may have, and which limit each stands for. */
static uint32_t *ceiling(struct document_limits *d, struct cost_limits *c, const char *name)
{
    const struct {
        const char *name;
        uint32_t *limit;
    } all[] = {
        {"maxCost", &c->max_cost},
        {"maxPageSize", &c->max_page},
        {"maxListInput", &c->max_list},
        {"maxTokens", &d->parse.max_tokens},
        {"maxDepth", &d->validate.max_depth},
        {"maxAliases", &d->validate.max_aliases},
        {"maxDirectives", &d->validate.max_directives},
        {"maxRootFields", &d->validate.max_root_fields},
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].limit;
    return NULL;
}

static int read_ceilings(const struct reading *r, struct str id, json_t *entry,
                         struct document_limits *documents, struct cost_limits *limits)
{
    const char *key;
    json_t *value;

    json_object_foreach(entry, key, value)
    {
        uint32_t *limit = ceiling(documents, limits, key);
        char what[160];
        if (!limit && strncmp(key, "max", 3) != 0)
            continue;
        if (!limit) {
            snprintf(what, sizeof what, "there is no ceiling \"%.40s\"", key);
            return bad_entry(r, id, what);
        }
        if (!json_is_integer(value) || json_integer_value(value) < 1 ||
            json_integer_value(value) > INT32_MAX) {
            snprintf(what, sizeof what, "%s must be a number from 1 to %d", key, INT32_MAX);
            return bad_entry(r, id, what);
        }
        *limit = (uint32_t)json_integer_value(value);
    }
    documents->validate.max_list = limits->max_list;
    return 0;
}

/* GraphQL over HTTP's way to write a hash: `sha256:` and the digits. True when the prefix is there. */
static bool without_prefix(struct str id, struct str *ret)
{
    static const struct str prefix = STR("sha256:");
    bool has = id.len >= prefix.len && memcmp(id.ptr, prefix.ptr, prefix.len) == 0;

    *ret = has ? (struct str){id.ptr + prefix.len, id.len - prefix.len} : id;
    return has;
}

/* An id that says it is the text's SHA-256 must be: else somebody edited the one and not the other. */
static int check_id(const struct reading *r, struct str id, const struct sha256 *hash)
{
    struct str digits;
    bool prefixed = without_prefix(id, &digits);
    struct sha256 said;

    if (!sha256_read(digits, &said))
        return prefixed ? bad_entry(r, id, "the id is no SHA-256 in hexadecimal digits") : 0;
    return memcmp(said.bytes, hash->bytes, sizeof said.bytes) == 0
               ? 0
               : bad_entry(r, id, "the id is not the SHA-256 of the text");
}

/* What planning alone finds: too many fields after fragments are spread. Once with all conditions false, once
 * with all true. */
static int try_plans(const struct reading *r, struct str id, struct compiled *c)
{
    static const struct value yes = {.kind = VALUE_BOOLEAN, .boolean = true};
    struct arena scratch;
    struct err err = {0};
    int rc = 0;

    arena_init(&scratch, 0);
    for (const struct ast_operation *op = c->document.operations; op && rc == 0; op = op->next) {
        const struct value **given =
            arena_array(&scratch, MAX(op->n_variables, 1u), sizeof(void *));
        const struct plan *plan;
        if (!given) {
            rc = no_memory(r);
            break;
        }
        rc = compiled_plan(c, op, given, &scratch, &plan, &err);
        for (uint32_t i = 0; i < op->n_variables; i++)
            given[i] = &yes;
        if (rc == 0)
            rc = compiled_plan(c, op, given, &scratch, &plan, &err);
        if (rc < 0)
            rc = bad_document(r, id, &err);
    }
    arena_release(&scratch);
    return rc;
}

static int keep(const struct reading *r, struct entry *e)
{
    struct trusted *t = r->t;
    struct compiled *c = e->document.compiled;
    struct str hash = {(const char *)c->hash.bytes, sizeof c->hash.bytes};

    list_push_back(&t->documents, &e->link);
    t->n++;
    if (map_put(&t->by_id, e->document.id, &e->document) < 0)
        return no_memory(r);
    if (!map_get(&t->by_hash, hash) && map_put(&t->by_hash, hash, &e->document) < 0)
        return no_memory(r);
    return 0;
}

static int add(const struct reading *r, struct str id, struct str text, json_t *ceilings)
{
    struct document_limits documents = *r->documents;
    struct cost_limits limits = *r->limits;
    struct entry *e = arena_zalloc(&r->t->arena, sizeof *e);
    struct compiled *c;
    int rc;

    if (id.len == 0)
        return bad_file(r, "a document's id is empty");
    if (map_get(&r->t->by_id, id))
        return bad_entry(r, id, "the id is there twice");
    rc = read_ceilings(r, id, ceilings, &documents, &limits);
    if (rc < 0)
        return rc;
    rc = e ? compiled_new(&c, r->schema, &documents, text) : ERR_MEMORY;
    if (rc < 0)
        return no_memory(r);
    list_init(&e->link);
    e->document = (struct trusted_document){arena_str(&r->t->arena, id), c, limits};
    if (c->errors.n_errors > 0)
        rc = bad_document(r, id, &c->errors.errors[0]);
    if (rc == 0)
        rc = check_id(r, id, &c->hash);
    if (rc == 0)
        rc = try_plans(r, id, c);
    if (rc < 0) {
        compiled_unref(c);
        return rc;
    }
    if (!e->document.id.ptr) {
        compiled_unref(c);
        return no_memory(r);
    }
    return keep(r, e); /* trusted_free lets go of it */
}

/* ---- the two forms ---- */

static struct str text_of(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

static int read_map(const struct reading *r, json_t *root)
{
    const char *key;
    json_t *value;
    int rc = 0;

    json_object_foreach(root, key, value)
    {
        json_t *text = json_is_object(value) ? json_object_get(value, "document") : value;
        if (!json_is_string(text))
            return bad_entry(r, str_of(key),
                             "must be the text, or an object with the text as \"document\"");
        rc = add(r, str_of(key), text_of(text), json_is_object(value) ? value : NULL);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_apollo(const struct reading *r, json_t *root)
{
    json_t *version = json_object_get(root, "version");
    json_t *operations = json_object_get(root, "operations");

    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return bad_file(r, "its \"version\" must be 1");
    if (!json_is_array(operations))
        return bad_file(r, "\"operations\" must be a list");
    for (size_t i = 0; i < json_array_size(operations); i++) {
        json_t *operation = json_array_get(operations, i);
        json_t *id = json_object_get(operation, "id");
        json_t *body = json_object_get(operation, "body");
        char what[80];
        int rc;
        snprintf(what, sizeof what, "operation %zu needs \"id\" and \"body\", both texts", i + 1);
        if (!json_is_string(id) || !json_is_string(body))
            return bad_file(r, what);
        rc = add(r, text_of(id), text_of(body), operation);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_manifest(const struct reading *r, struct str text)
{
    json_error_t error;
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error), *format;
    int rc;

    if (!root)
        return err_set(r->err, ERR_CONFIG, "%.100s:%d: no valid JSON: %.100s", r->path, error.line,
                       error.text);
    format = json_object_get(root, "format");
    if (!json_is_object(root))
        rc = bad_file(r, "must be a JSON object");
    else if (json_is_string(format) && str_is(text_of(format), "apollo-persisted-query-manifest"))
        rc = read_apollo(r, root);
    else
        rc = read_map(r, root);
    json_decref(root);
    if (rc == 0 && r->t->n == 0)
        rc = bad_file(r, "has no documents, so that nothing could run");
    return rc;
}

int trusted_read(struct trusted **ret, const char *path, const struct schema *schema,
                 const struct document_limits *documents, const struct cost_limits *limits,
                 struct err *reterr)
{
    struct trusted *t = calloc(1, sizeof *t);
    struct reading r = {t, path, schema, documents, limits, reterr};
    struct arena file;
    struct str text;
    int rc;

    if (!t)
        return no_memory(&r);
    arena_init(&t->arena, 0);
    map_init(&t->by_id, NULL);
    map_init(&t->by_hash, NULL);
    list_init(&t->documents);
    arena_init(&file, 0);
    rc = config_read_given(&file, "trusted-documents", path, MANIFEST_FILE_MAX, &text, reterr);
    if (rc == 0)
        rc = read_manifest(&r, text);
    arena_release(&file);
    if (rc < 0)
        trusted_free(t);
    else
        *ret = t;
    return rc;
}

void trusted_free(struct trusted *t)
{
    if (!t)
        return;
    list_each (l, &t->documents)
        compiled_unref(container_of(l, struct entry, link)->document.compiled);
    map_release(&t->by_id);
    map_release(&t->by_hash);
    arena_release(&t->arena);
    free(t);
}

/* ---- finding ---- */

uint32_t trusted_count(const struct trusted *t)
{
    return t->n;
}

static const struct trusted_document *by_hash(const struct trusted *t, const struct sha256 *hash)
{
    return map_get(&t->by_hash, (struct str){(const char *)hash->bytes, sizeof hash->bytes});
}

const struct trusted_document *trusted_by_id(const struct trusted *t, struct str id)
{
    const struct trusted_document *found = map_get(&t->by_id, id);
    struct sha256 hash;
    struct str digits;

    if (found)
        return found;
    without_prefix(id, &digits);
    return sha256_read(digits, &hash) ? by_hash(t, &hash) : NULL;
}

const struct trusted_document *trusted_by_text(const struct trusted *t, struct str text)
{
    struct sha256 hash;

    return sha256(text, &hash) == 0 ? by_hash(t, &hash) : NULL;
}
