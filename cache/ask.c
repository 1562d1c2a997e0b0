/* cache/ask.c: what is read from Redis and written to it on behalf of look-ups. Layer: cache.
 *
 *   tq:<namespace>:<epoch>:p:<digest>   hash: one aggregate; field = unit, value = value.h
 *   tq:<namespace>:<epoch>:a:<digest>   string: an alias (value.h)
 *
 * One HGETALL answers all look-ups of an aggregate that wait, and what they did not ask for goes to the
 * LRU, because the lists of a passport are asked for right after its row. Nothing that Redis says
 * is believed before value_check and the generation agree; whatever does not is a miss.
 * An alias that was found leads on to its aggregate: two round trips, when neither is in the process. */
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "cache/cache_priv.h"
#include "cache/ident.h"
#include "cache/remote.h"
#include "cache/value.h"

enum {
    KEY_MAX = 256,
    DIGEST_BYTES = 16,     /* of the keyed hash, in names */
    STORE_PAUSE_MS = 1000, /* after Redis refused a write */
    FIELDS_MAX = 512       /* of one aggregate's hash */
};

/* One command that is under way. Owned by itself until its reply. */
struct ask {
    struct remote_req req;
    struct cache *c;
    struct list flights;            /* cache_flight.ask_link; may become empty */
    const struct access_path *path; /* of an alias; NULL: an aggregate */
    const struct table *aggregate;
    struct key key; /* the aggregate's, or the alias's value; its text lies behind this struct */
    uint64_t epoch, name;
    uint32_t slot;
    uint64_t generation; /* of the slot when Redis was asked */
    struct str id;       /* aggregate: its name in c->asks; lies behind this struct */
};

/* A write whose reply only has to be taken. */
struct store {
    struct remote_req req;
    struct cache *c;
};

/* ---- Names ---- */

bool ask_digest(const struct cache *c, uint64_t epoch, struct sha256 *ret, uint64_t *ret_name)
{
    if (hmac_sha256(c->names, buf_str(&c->name), ret) < 0)
        return false;
    memcpy(ret_name, ret->bytes + DIGEST_BYTES, sizeof *ret_name);
    *ret_name ^= epoch; /* generations begin anew with an epoch */
    return true;
}

/* Writes the key; returns its length, or 0 when the namespace is too long. */
static size_t redis_key(const struct cache *c, char *out, uint64_t epoch, char kind,
                        const struct sha256 *digest)
{
    static const char hex[] = "0123456789abcdef";
    int n = snprintf(out, KEY_MAX, "tq:%.*s:%016llx:%c:", STR_FMT(c->space),
                     (unsigned long long)epoch, kind);

    if (n < 0 || n + 2 * DIGEST_BYTES >= KEY_MAX)
        return 0;
    for (int i = 0; i < DIGEST_BYTES; i++) {
        out[n++] = hex[digest->bytes[i] >> 4];
        out[n++] = hex[digest->bytes[i] & 15];
    }
    return (size_t)n;
}

/* ---- Asking ---- */

static void attach(struct ask *a, struct cache_flight *f)
{
    f->ask = a;
    list_push_back(&a->flights, &f->ask_link);
}

void ask_leave(struct cache_flight *f)
{
    list_remove(&f->ask_link);
    f->ask = NULL;
}

static void ask_free(struct ask *a)
{
    if (a->id.len)
        map_take(&a->c->asks, a->id);
    free(a);
}

/* A new ask for the name in c->name, its key copied; NULL: no memory. */
static struct ask *ask_new(struct cache *c, const struct table *aggregate, const struct key *key,
                           uint32_t slot, struct sha256 *digest)
{
    size_t text = key->text.len <= VALUE_TEXT_MAX ? key->text.len : 0;
    struct ask *a = malloc(sizeof *a + text + c->name.len);
    char *tail;

    if (!a)
        return NULL;
    tail = (char *)(a + 1);
    *a = (struct ask){.c = c, .aggregate = aggregate, .key = *key, .slot = slot};
    list_init(&a->flights);
    if (text)
        memcpy(tail, key->text.ptr, text);
    a->key.text = (struct str){tail, text};
    a->epoch = generations_epoch(c->g);
    a->generation = generations_view(c->g, slot).generation;
    if (!ask_digest(c, a->epoch, digest, &a->name)) {
        free(a);
        return NULL;
    }
    return a;
}

static bool send_read(struct ask *a, const char *command, char kind, const struct sha256 *digest)
{
    char key[KEY_MAX];
    size_t n = redis_key(a->c, key, a->epoch, kind, digest);

    return n && remote_send(a->c->remote, &a->req, 2, (const char *[]){command, key},
                            (size_t[]){strlen(command), n}) == 0;
}

static bool worth_asking(const struct cache *c, uint32_t slot)
{
    return c->remote && remote_is_up(c->remote) && generations_view(c->g, slot).present;
}

/* ---- Replies ---- */

const void *ask_aligned(struct cache *c, const char *bytes, size_t len)
{
    if ((uintptr_t)bytes % _Alignof(struct value_head) == 0)
        return bytes;
    buf_clear(&c->value);
    buf_add(&c->value, bytes, len);
    return c->value.failed ? NULL : c->value.ptr;
}

static bool parse_unit(const struct redisReply *r, uint32_t *ret)
{
    unsigned long n;
    char *end;

    if (r->type != REDIS_REPLY_STRING || r->len == 0 || r->len > 8)
        return false;
    n = strtoul(r->str, &end, 16); /* hiredis puts a NUL behind */
    *ret = (uint32_t)n;
    return end == r->str + r->len;
}

/* One field of the hash: is it worth anything? Then into the LRU, and to those who wait for it. */
static bool take_field(struct ask *a, const struct redisReply *field, const struct redisReply *text)
{
    struct cache *c = a->c;
    const struct access_path *path;
    const struct table *table;
    const void *value;
    uint32_t unit;
    bool known;

    if (!parse_unit(field, &unit) || text->type != REDIS_REPLY_STRING)
        return false;
    path = ident_path(c->access, a->aggregate, unit, &known);
    table = path ? path->table : a->aggregate;
    value = known ? ask_aligned(c, text->str, text->len) : NULL;
    if (!value ||
        !value_check(value, text->len, VALUE_ROWS, unit, a->name, table->n_columns, c->seal) ||
        !cache_value_lives(c, value_head(value), a->slot) ||
        ((!path || path->kind == ACCESS_ROW) && value_head(value)->n_rows != 1))
        return false;
    if (ident_name(&c->name, unit, a->aggregate, &a->key))
        keep_replied(c, a->epoch, (struct str){value, text->len});
    list_each (node, &a->flights) {
        struct cache_flight *f = container_of(node, struct cache_flight, ask_link);
        struct cache_lookup *l = container_of(f->waiters.next, struct cache_lookup, _link);
        if (ident_unit(l->path) == unit)
            cache_deliver(c, f, value, text->len); /* too short for the page: it stays, a miss */
    }
    return true;
}

static void miss_all(struct ask *a)
{
    while (!list_empty(&a->flights))
        cache_deliver_miss(a->c, container_of(a->flights.next, struct cache_flight, ask_link));
}

static void on_aggregate(struct remote_req *req, const struct redisReply *reply)
{
    struct ask *a = container_of(req, struct ask, req);
    struct cache *c = a->c;
    size_t good = 0;

    map_take(&c->asks, a->id); /* whoever comes now asks anew */
    a->id.len = 0;
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements % 2 == 0 &&
        a->epoch == generations_epoch(c->g))
        for (size_t i = 0; i + 1 < reply->elements && i < 2 * FIELDS_MAX; i += 2)
            good += take_field(a, reply->element[i], reply->element[i + 1]);
    if (reply && !good)
        generations_clear_present(c->g, a->slot, a->generation);
    miss_all(a);
    ask_free(a);
}

static void on_alias(struct remote_req *req, const struct redisReply *reply)
{
    struct ask *a = container_of(req, struct ask, req);
    struct cache *c = a->c;
    struct cache_flight *f;
    const void *value = NULL;
    struct key key;
    uint32_t slot = 0;
    bool good = false;

    if (reply && reply->type == REDIS_REPLY_STRING && a->epoch == generations_epoch(c->g))
        value = ask_aligned(c, reply->str, reply->len);
    if (value &&
        value_check(value, reply->len, VALUE_ALIAS, ident_alias_unit(a->path), a->name, 0,
                    c->seal) &&
        value_get_alias(value, reply->len, &key)) {
        slot = generations_slot(c->g, a->aggregate, &key);
        good = cache_value_lives(c, value_head(value), slot);
    }
    if (reply && !good)
        generations_clear_present(c->g, a->slot, a->generation);
    if (good && ident_alias_name(&c->name, a->path, &a->key))
        local_put(&c->local, buf_str(&c->name), a->epoch, (struct str){value, reply->len});
    if (good && !list_empty(&a->flights)) {
        f = container_of(a->flights.next, struct cache_flight, ask_link);
        ask_leave(f);
        if (!ask_aggregate(c, f, a->path, &key, slot))
            cache_deliver_miss(c, f);
    }
    miss_all(a);
    ask_free(a);
}

bool ask_alias(struct cache *c, struct cache_flight *f, const struct access_path *path,
               const struct key *key)
{
    struct sha256 digest;
    struct ask *a;
    uint32_t slot;

    if (!ident_alias_name(&c->name, path, key))
        return false;
    slot = generations_slot_of(c->g, buf_str(&c->name));
    if (!worth_asking(c, slot))
        return false;
    a = ask_new(c, ident_aggregate(path), key, slot, &digest);
    if (!a)
        return false;
    a->path = path;
    a->req.done = on_alias;
    if (!send_read(a, "GET", 'a', &digest)) {
        free(a);
        return false;
    }
    attach(a, f);
    return true;
}

bool ask_aggregate(struct cache *c, struct cache_flight *f, const struct access_path *path,
                   const struct key *key, uint32_t slot)
{
    const struct table *agg = ident_aggregate(path);
    struct sha256 digest;
    struct ask *a;
    char *id;

    if (!worth_asking(c, slot) || !ident_name(&c->name, ident_row_unit(agg), agg, key))
        return false;
    a = map_get(&c->asks, buf_str(&c->name));
    if (a && a->epoch == generations_epoch(c->g)) {
        attach(a, f);
        return true;
    }
    if (a)
        return false; /* asked before a flush: not worth a second command */
    a = ask_new(c, agg, key, slot, &digest);
    if (!a)
        return false;
    id = (char *)(a + 1) + a->key.text.len;
    memcpy(id, c->name.ptr, c->name.len);
    a->id = (struct str){id, c->name.len};
    a->req.done = on_aggregate;
    if (map_put(&c->asks, a->id, a) < 0) {
        free(a);
        return false;
    }
    if (!send_read(a, "HGETALL", 'p', &digest)) {
        ask_free(a);
        return false;
    }
    attach(a, f);
    return true;
}

/* ---- Writing ---- */

bool ask_can_store(const struct cache *c)
{
    return c->remote && remote_is_up(c->remote) && uv_now(c->loop) >= c->store_again_ms;
}

static void on_stored(struct remote_req *req, const struct redisReply *reply)
{
    struct store *s = container_of(req, struct store, req);

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        s->c->store_again_ms = uv_now(s->c->loop) + STORE_PAUSE_MS; /* full, or read-only */
        s->c->stats.remote_errors++;
    }
    free(s);
}

static bool store(struct cache *c, int argc, const char **argv, const size_t *lens)
{
    struct store *s = malloc(sizeof *s);

    if (!s)
        return false;
    *s = (struct store){.req = {.done = on_stored}, .c = c};
    if (remote_send_lazily(c->remote, &s->req, argc, argv, lens) < 0) {
        free(s);
        return false;
    }
    return true;
}

void ask_store_rows(struct cache *c, uint64_t epoch, const struct sha256 *digest, uint32_t unit,
                    uint32_t slot, struct str value)
{
    char key[KEY_MAX], field[16], ttl[16];
    size_t n = redis_key(c, key, epoch, 'p', digest);
    int n_field = snprintf(field, sizeof field, "%x", unit);
    int n_ttl = snprintf(ttl, sizeof ttl, "%u", c->ttl_s);

    if (!n)
        return;
    generations_set_present(c->g,
                            slot); /* before it is there: present may be wrong, never absent */
    if (store(c, 4, (const char *[]){"HSET", key, field, value.ptr},
              (size_t[]){4, n, (size_t)n_field, value.len}))
        store(c, 3, (const char *[]){"EXPIRE", key, ttl}, (size_t[]){6, n, (size_t)n_ttl});
}

void ask_store_alias(struct cache *c, uint64_t epoch, const struct sha256 *digest, uint32_t slot,
                     struct str value)
{
    char key[KEY_MAX], ttl[16];
    size_t n = redis_key(c, key, epoch, 'a', digest);
    int n_ttl = snprintf(ttl, sizeof ttl, "%u", c->ttl_s);

    if (!n)
        return;
    generations_set_present(c->g, slot);
    store(c, 5, (const char *[]){"SET", key, value.ptr, "EX", ttl},
          (size_t[]){3, n, value.len, 2, (size_t)n_ttl});
}

void ask_on_change(void *data, bool up)
{
    struct cache *c = data;

    c->store_again_ms = 0;
    share_on_change(c, up);
    if (c->note)
        c->note(up);
}
