/* query/document.c: see query/document.h. */
#include "query/document.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/map.h"
#include "query/ahead.h"

enum {
    COMPILED_BYTES_MAX = 8 * 1024 * 1024
};

struct shelf {
    struct list recent;
    uint32_t n, max;
    size_t bytes, max_bytes;
    struct map *by_hash;
};

struct documents {
    const struct schema *schema;
    struct document_limits limits;
    struct map by_hash; /* the 32 bytes -> struct compiled, of all shelves */
    struct shelf good, bad, registered;
    uint64_t hits, misses;
};

static struct str hash_key(const struct sha256 *hash)
{
    return (struct str){(const char *)hash->bytes, sizeof hash->bytes};
}

/* ---- compiling ---- */

/* Failures of the document itself become its errors; only ours are returned. */
static int compile(struct compiled *c, const struct document_limits *limits)
{
    struct err *err = arena_zalloc(&c->arena, sizeof *err);
    int rc;

    if (!err || !c->text.ptr)
        return ERR_MEMORY;
    rc = parse_document(&c->arena, c->text, &limits->parse, &c->document, err);
    if (rc < 0) {
        c->errors = (struct validate_result){.errors = err, .n_errors = 1};
        return rc == ERR_MEMORY || rc == ERR_INTERNAL ? rc : 0;
    }
    rc = validate_document(&c->arena, c->_schema, &c->document, &limits->validate, &c->errors);
    return rc == ERR_MEMORY || rc == ERR_INTERNAL ? rc : 0;
}

/* A document that would take more than the arena may have is refused, as one of its errors; the memory goes back. */
static int refuse_size(struct compiled *c)
{
    struct err *err;

    arena_clear(&c->arena);
    c->document = (struct document){0};
    c->text = STR("");
    err = arena_zalloc(&c->arena, sizeof *err);
    if (!err)
        return ERR_MEMORY;
    err_set(err, ERR_LIMIT,
            "The document needs more memory than one may have (%d MB). Send or ask for less.",
            COMPILED_BYTES_MAX >> 20);
    c->errors = (struct validate_result){.errors = err, .n_errors = 1};
    return 0;
}

static int compiled_make(struct compiled **ret, const struct schema *schema,
                         const struct document_limits *limits, struct str text,
                         const struct sha256 *hash)
{
    struct compiled *c = calloc(1, sizeof *c);
    int rc;

    if (!c)
        return ERR_MEMORY;
    arena_init(&c->arena, COMPILED_BYTES_MAX);
    list_init(&c->_link);
    c->hash = *hash;
    c->text = arena_str(&c->arena, text);
    c->_schema = schema;
    c->_max_fields = limits->max_fields;
    c->_refs = 1;
    rc = compile(c, limits);
    if (rc == ERR_MEMORY && c->arena.limited)
        rc = refuse_size(c);
    if (rc < 0)
        compiled_unref(c);
    else
        *ret = c;
    return rc;
}

int compiled_new(struct compiled **ret, const struct schema *schema,
                 const struct document_limits *limits, struct str text)
{
    struct sha256 hash;
    int rc = sha256(text, &hash);

    return rc < 0 ? rc : compiled_make(ret, schema, limits, text, &hash);
}

struct compiled *compiled_ref(struct compiled *c)
{
    c->_refs++;
    return c;
}

void compiled_unref(struct compiled *c)
{
    if (--c->_refs > 0)
        return;
    for (struct plan *plan = c->plans; plan; plan = plan->next)
        ahead_drop(plan->ahead);
    arena_release(&c->arena);
    free(c);
}

/* ---- shelves ---- */

static void shelf_take(struct compiled *c)
{
    list_remove(&c->_link);
    c->_shelf->n--;
    c->_shelf->bytes -= c->_bytes;
    c->_shelf = NULL;
}

static void shelf_forget(struct compiled *c)
{
    map_take(c->_shelf->by_hash, hash_key(&c->hash));
    shelf_take(c);
    compiled_unref(c);
}

static void shelf_trim(struct shelf *s)
{
    while (s->n > s->max || (s->max_bytes && s->bytes > s->max_bytes))
        shelf_forget(container_of(s->recent.prev, struct compiled, _link));
}

/* Its plans may have grown. */
static void shelf_weigh(struct compiled *c)
{
    struct shelf *s = c->_shelf;

    if (!s)
        return;
    s->bytes += c->arena.used - c->_bytes;
    c->_bytes = c->arena.used;
    shelf_trim(s);
}

/* Takes over the map's reference. */
static void shelf_put(struct shelf *s, struct compiled *c)
{
    list_push_front(&s->recent, &c->_link);
    c->_shelf = s;
    c->_bytes = 0;
    s->n++;
    shelf_weigh(c);
}

static struct compiled *shelf_find(struct documents *d, const struct sha256 *hash)
{
    struct compiled *c = map_get(&d->by_hash, hash_key(hash));

    if (c) {
        list_remove(&c->_link);
        list_push_front(&c->_shelf->recent, &c->_link);
    }
    return c;
}

static void shelf_init(struct documents *d, struct shelf *s, uint32_t max)
{
    *s = (struct shelf){.max = max, .max_bytes = d->limits.max_bytes, .by_hash = &d->by_hash};
    list_init(&s->recent);
}

static void shelf_clear(struct shelf *s)
{
    list_each (l, &s->recent)
        shelf_forget(container_of(l, struct compiled, _link));
}

int documents_new(struct documents **ret, const struct schema *schema,
                  const struct document_limits *limits)
{
    struct documents *d = calloc(1, sizeof *d);

    if (!d)
        return ERR_MEMORY;
    d->schema = schema;
    d->limits = *limits;
    map_init(&d->by_hash, NULL);
    shelf_init(d, &d->good, limits->max_good);
    shelf_init(d, &d->bad, limits->max_bad);
    shelf_init(d, &d->registered, limits->max_registered);
    *ret = d;
    return 0;
}

void documents_free(struct documents *d)
{
    if (!d)
        return;
    shelf_clear(&d->good);
    shelf_clear(&d->bad);
    shelf_clear(&d->registered);
    map_release(&d->by_hash);
    free(d);
}

/* ---- finding ---- */

int documents_get(struct documents *d, struct str text, struct compiled **ret)
{
    struct sha256 hash;
    struct compiled *c;
    struct shelf *shelf;
    int rc = sha256(text, &hash);

    if (rc < 0)
        return rc;
    c = shelf_find(d, &hash);
    if (c) {
        d->hits++;
        *ret = compiled_ref(c);
        return 0;
    }
    d->misses++;
    rc = compiled_make(&c, d->schema, &d->limits, text, &hash);
    if (rc < 0)
        return rc;
    *ret = c;
    shelf = c->errors.n_errors ? &d->bad : &d->good;
    if (shelf->max > 0 && map_put(&d->by_hash, hash_key(&c->hash), c) == 0)
        shelf_put(shelf, compiled_ref(c)); /* else it serves this request all the same */
    return 0;
}

struct compiled *documents_registered(struct documents *d, const struct sha256 *hash)
{
    struct compiled *c = map_get(&d->by_hash, hash_key(hash));

    if (!c || c->_shelf != &d->registered)
        return NULL;
    d->hits++;
    return compiled_ref(shelf_find(d, hash));
}

void documents_register(struct documents *d, struct compiled *c)
{
    if (d->registered.max == 0 || c->text.len > REGISTERED_BYTES_MAX || c->_shelf != &d->good)
        return;
    shelf_take(c);
    shelf_put(&d->registered, c);
}

int compiled_operation(const struct compiled *c, struct str name, const struct ast_operation **ret,
                       struct err *reterr)
{
    const struct ast_operation *o = c->document.operations;

    if (!name.ptr) {
        if (!o)
            return err_set(reterr, ERR_OPERATION, "Must provide an operation.");
        if (o->next)
            return err_set(reterr, ERR_OPERATION,
                           "Must provide operation name if query contains multiple operations.");
        *ret = o;
        return 0;
    }
    while (o && !(o->name.len && str_eq(o->name, name)))
        o = o->next;
    if (!o)
        return err_set(reterr, ERR_OPERATION, "Unknown operation named \"%.*s\".",
                       (int)MIN(name.len, 80u), name.ptr);
    *ret = o;
    return 0;
}

static uint32_t mask_of(const struct plan_conditions *conditions,
                        const struct value *const *variables)
{
    uint32_t mask = 0;

    for (uint32_t i = 0; i < conditions->n; i++) {
        const struct value *v = variables[conditions->variable[i]];
        if (v && v->kind == VALUE_BOOLEAN && v->boolean)
            mask |= UINT32_C(1) << i;
    }
    return mask;
}

int compiled_plan(struct compiled *c, const struct ast_operation *operation,
                  const struct value *const *variables, struct arena *scratch,
                  const struct plan **ret, struct err *reterr)
{
    bool keep = c->n_plans < COMPILED_PLANS_MAX && c->arena.used < COMPILED_BYTES_MAX / 2;
    struct plan_conditions conditions;
    struct plan *plan;
    uint32_t mask;
    int rc;

    for (plan = c->plans; plan; plan = plan->next)
        if (plan->operation == operation && plan->mask == mask_of(&plan->conditions, variables)) {
            *ret = plan;
            return 0;
        }
    rc = plan_conditions(c->_schema, &c->document, operation, &conditions, reterr);
    if (rc < 0)
        return rc;
    mask = mask_of(&conditions, variables);
    rc = plan_make(keep ? &c->arena : scratch, c->_schema, &c->document, operation, &conditions,
                   mask, c->_max_fields, &plan, reterr);
    shelf_weigh(c); /* what a plan that failed took is not given back */
    if (rc < 0)
        return rc;
    if (keep) {
        plan->next = c->plans;
        c->plans = plan;
        c->n_plans++;
        if (plan->shows_schema)
            plan->ahead = ahead_new(&c->arena, plan);
    }
    *ret = plan;
    return 0;
}

void documents_get_stats(const struct documents *d, struct document_stats *ret)
{
    *ret = (struct document_stats){.hits = d->hits,
                                   .misses = d->misses,
                                   .good = d->good.n,
                                   .bad = d->bad.n,
                                   .registered = d->registered.n,
                                   .bytes = d->good.bytes + d->bad.bytes + d->registered.bytes};
}
