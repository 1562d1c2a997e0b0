/* query/document.c: see query/document.h. */
#include "query/document.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/map.h"

enum {
    COMPILED_BYTES_MAX = 8 * 1024 * 1024
};

struct shelf {
    struct list recent;
    uint32_t n, max;
};

struct documents {
    const struct schema *schema;
    struct document_limits limits;
    struct map by_hash; /* the 32 bytes -> struct compiled */
    struct shelf good, bad;
    uint64_t hits, misses;
};

int documents_new(struct documents **ret, const struct schema *schema,
                  const struct document_limits *limits)
{
    struct documents *d = calloc(1, sizeof *d);

    if (!d)
        return ERR_MEMORY;
    d->schema = schema;
    d->limits = *limits;
    map_init(&d->by_hash, NULL);
    list_init(&d->good.recent);
    list_init(&d->bad.recent);
    d->good.max = limits->max_good;
    d->bad.max = limits->max_bad;
    *ret = d;
    return 0;
}

static struct str hash_key(const struct compiled *c)
{
    return (struct str){(const char *)c->hash.bytes, sizeof c->hash.bytes};
}

void compiled_unref(struct compiled *c)
{
    if (--c->_refs > 0)
        return;
    arena_release(&c->arena);
    free(c);
}

static struct shelf *shelf_of(struct documents *d, const struct compiled *c)
{
    return c->errors.n_errors ? &d->bad : &d->good;
}

static void documents_forget(struct documents *d, struct compiled *c)
{
    map_take(&d->by_hash, hash_key(c));
    list_remove(&c->_link);
    shelf_of(d, c)->n--;
    compiled_unref(c);
}

void documents_free(struct documents *d)
{
    if (!d)
        return;
    list_each (l, &d->good.recent)
        documents_forget(d, container_of(l, struct compiled, _link));
    list_each (l, &d->bad.recent)
        documents_forget(d, container_of(l, struct compiled, _link));
    map_release(&d->by_hash);
    free(d);
}

/* Failures of the document itself become its errors; only ours are returned. */
static int compile(const struct documents *d, struct compiled *c, struct str text)
{
    struct err *err = arena_zalloc(&c->arena, sizeof *err);
    struct str copy = arena_str(&c->arena, text);
    int rc;

    if (!err || !copy.ptr)
        return ERR_MEMORY;
    rc = parse_document(&c->arena, copy, &d->limits.parse, &c->document, err);
    if (rc < 0) {
        c->errors = (struct validate_result){err, 1};
        return rc == ERR_MEMORY || rc == ERR_INTERNAL ? rc : 0;
    }
    rc = validate_document(&c->arena, d->schema, &c->document, &d->limits.validate, &c->errors);
    return rc == ERR_MEMORY || rc == ERR_INTERNAL ? rc : 0;
}

static void documents_keep(struct documents *d, struct compiled *c)
{
    struct shelf *shelf = shelf_of(d, c);

    if (shelf->max == 0 || map_put(&d->by_hash, hash_key(c), c) < 0)
        return; /* it serves this request all the same */
    c->_refs++;
    list_push_front(&shelf->recent, &c->_link);
    if (++shelf->n > shelf->max)
        documents_forget(d, container_of(shelf->recent.prev, struct compiled, _link));
}

int documents_get(struct documents *d, struct str text, struct compiled **ret)
{
    struct sha256 hash;
    struct compiled *c;
    int rc = sha256(text, &hash);

    if (rc < 0)
        return rc;
    c = map_get(&d->by_hash, (struct str){(const char *)hash.bytes, sizeof hash.bytes});
    if (c) {
        struct shelf *shelf = shelf_of(d, c);
        d->hits++;
        c->_refs++;
        list_remove(&c->_link);
        list_push_front(&shelf->recent, &c->_link);
        *ret = c;
        return 0;
    }
    d->misses++;
    c = calloc(1, sizeof *c);
    if (!c)
        return ERR_MEMORY;
    arena_init(&c->arena, COMPILED_BYTES_MAX);
    list_init(&c->_link);
    c->hash = hash;
    c->owner = d;
    c->_refs = 1;
    rc = compile(d, c, text);
    if (rc < 0) {
        compiled_unref(c);
        return rc;
    }
    documents_keep(d, c);
    *ret = c;
    return 0;
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
    const struct documents *d = c->owner;
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
    rc = plan_conditions(d->schema, &c->document, operation, &conditions, reterr);
    if (rc < 0)
        return rc;
    mask = mask_of(&conditions, variables);
    rc = plan_make(keep ? &c->arena : scratch, d->schema, &c->document, operation, &conditions,
                   mask, d->limits.max_fields, &plan, reterr);
    if (rc < 0)
        return rc;
    if (keep) {
        plan->next = c->plans;
        c->plans = plan;
        c->n_plans++;
    }
    *ret = plan;
    return 0;
}

void documents_get_stats(const struct documents *d, struct document_stats *ret)
{
    *ret = (struct document_stats){d->hits, d->misses, d->good.n, d->bad.n};
}
