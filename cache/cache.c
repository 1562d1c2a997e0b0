/* cache/cache.c: the door: open and close, hot rows, statistics. Layer: cache; base/ and uv.h.
 * What may be here is looked for in peek.c; look-ups that may have to wait are in lookup.c. */
#include "cache/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cache/cache_priv.h"
#include "cache/generations.h"
#include "cache/hot_log.h"
#include "cache/ident.h"
#include "cache/remote.h"
#include "cache/ring.h"
#include "cache/value.h"

enum {
    NAME_MAX_BYTES = 32 * 1024,
    VALUE_BUF_MAX = VALUE_BYTES_MAX + 1024,
    TIMEOUT_MS = 20,
    TTL_S = 60
};

static struct str copy_str(struct str s)
{
    char *p = malloc(s.len + 1);

    if (!p)
        return (struct str){0};
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return (struct str){p, s.len};
}

static void free_cache(struct cache *c)
{
    hot_free(c->hot);
    local_release(&c->local);
    local_release(&c->rights);
    flights_release(&c->flights);
    map_release(&c->asks);
    buf_release(&c->name);
    buf_release(&c->alias);
    buf_release(&c->value);
    hmac_free(c->names);
    free((void *)(uintptr_t)c->space.ptr);
    free(c);
}

static void on_sweep(uv_timer_t *timer)
{
    struct cache *c = timer->data;

    hot_sweep(c->hot, uv_now(c->loop));
}

/* Everything that needs no handle and can fail. */
static int prepare(struct cache *c, const struct cache_config *config, struct err *reterr)
{
    struct sha256 seal;

    c->space = copy_str(config->namespace_);
    if (!c->space.ptr || hot_new(&c->hot, c->access) < 0)
        return err_set(reterr, ERR_MEMORY, "cache: out of memory");
    if (hmac_new(&c->names, config->secret) < 0 ||
        hmac_sha256(c->names, STR("tolqujat cache seal"), &seal) < 0)
        return err_set(reterr, ERR_INTERNAL, "cache: no HMAC");
    memcpy(&c->seal, seal.bytes, sizeof c->seal);
    return 0;
}

int cache_open(struct cache **ret_c, struct uv_loop_s *loop, const struct access *access,
               const struct cache_config *config, struct err *reterr)
{
    struct cache *c;
    int rc;

    if (!config->generations)
        return err_set(reterr, ERR_CONFIG, "cache: no generations");
    c = calloc(1, sizeof *c);
    if (!c)
        return err_set(reterr, ERR_MEMORY, "cache: out of memory");
    c->loop = loop;
    c->access = access;
    c->g = config->generations;
    c->ring = config->ring;
    c->ttl_s = config->ttl_s ? config->ttl_s : TTL_S;
    c->fills_left = FILLS_BURST;
    c->hot_read = hot_log_newest(generations_hot(c->g));
    worth_init(&c->worth, uv_now(loop), config->stores);
    c->fills_at_ms = uv_now(loop);
    c->rights_s = config->rights_s;
    c->note = config->note;
    local_init(&c->local, config->local_bytes);
    local_init(&c->rights, RIGHTS_BYTES);
    flights_init(&c->flights);
    map_init(&c->asks, NULL);
    list_init(&c->loads);
    list_init(&c->publishes);
    list_init(&c->ready_hit);
    list_init(&c->ready_miss);
    buf_init(&c->name, NAME_MAX_BYTES);
    buf_init(&c->alias, NAME_MAX_BYTES);
    buf_init(&c->value, VALUE_BUF_MAX);
    rc = prepare(c, config, reterr);
    if (rc == 0 && config->redis) {
        struct remote_config rcfg = {.loop = loop,
                                     .address = config->redis,
                                     .timeout_ms = config->timeout_ms ? config->timeout_ms
                                                                      : TIMEOUT_MS,
                                     .on_change = ask_on_change,
                                     .data = c};
        rc = remote_open(&c->remote, &rcfg, reterr);
    }
    if (rc < 0) {
        free_cache(c);
        return rc;
    }
    uv_idle_init(loop, &c->idle);
    uv_timer_init(loop, &c->sweep);
    c->idle.data = c->sweep.data = c;
    uv_timer_start(&c->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    uv_unref((uv_handle_t *)&c->sweep);
    c->n_open = c->remote ? 3 : 2;
    *ret_c = c;
    return 0;
}

/* ---- Hot rows ---- */

bool cache_is_followed(const struct cache *c)
{
    return generations_followed(c->g, uv_now(c->loop));
}

static void hot_forget(struct cache *c, const struct table *table)
{
    if (!table->hot)
        return;
    hot_drop_all(c->hot, table, uv_now(c->loop));
    c->stats.hot_voided++;
}

static void hot_forget_all(struct cache *c)
{
    for (uint32_t i = 0; i < c->access->n_tables; i++)
        hot_forget(c, &c->access->tables[i]);
}

static void hot_apply(struct cache *c, const struct hot_change *change)
{
    const struct table *table = NULL;

    if (change->table < c->access->n_tables)
        table = &c->access->tables[change->table];
    if (!table) {
        hot_forget_all(c);
    } else if (change->all) {
        hot_forget(c, table);
    } else {
        hot_drop(c->hot, table, change->key);
        c->stats.hot_dropped++;
    }
}

/* Brings the hot rows up to what the log says. False: they can't be used this moment. */
static bool hot_catch_up(struct cache *c)
{
    struct hot_log *log = generations_hot(c->g);
    uint64_t newest = hot_log_newest(log), now = MAX(uv_now(c->loop), (uint64_t)1);
    struct hot_change change;

    while (c->hot_read < newest) {
        int rc = hot_log_read(log, c->hot_read + 1, &change);
        if (rc == HOT_LOG_LATER && !c->hot_stuck_ms)
            c->hot_stuck_ms = now;
        if (rc == HOT_LOG_LATER && now - c->hot_stuck_ms < HOT_STUCK_MS)
            return false;
        c->hot_stuck_ms = 0;
        if (rc == HOT_LOG_READ) {
            hot_apply(c, &change);
            c->hot_read++;
        } else {
            hot_forget_all(c);
            c->hot_read = newest;
        }
    }
    return true;
}

/* Two words that hardly ever change: all that it costs a read that hot rows may change. */
static bool hot_usable(struct cache *c)
{
    return (c->hot_read == hot_log_newest(generations_hot(c->g)) || hot_catch_up(c)) &&
           cache_is_followed(c);
}

static const struct row *hot_find(struct cache *c, const struct table *table, int64_t key)
{
    const struct row *row = hot_get(c->hot, table, key);

    c->stats.hot_hits += row != NULL;
    return row;
}

/* Reference rows are many megabytes, so each look-up misses the processor's caches twice: at the index, then
 * at the row. All keys' misses of one kind are under way together. */
void cache_hot_get_many(struct cache *c, const struct table *table, const struct key *keys,
                        uint32_t n, const struct row **ret)
{
    if (!hot_usable(c)) {
        memset(ret, 0, n * sizeof(const struct row *));
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        hot_prefetch(c->hot, table, keys[i].part[0]);
    for (uint32_t i = 0; i < n; i++) {
        ret[i] = hot_find(c, table, keys[i].part[0]);
        for (uint32_t at = 0; ret[i] && at < ROW_PREFETCH_BYTES; at += CACHE_LINE)
            __builtin_prefetch((const char *)ret[i] + at);
    }
}

uint64_t cache_hot_token(const struct cache *c)
{
    return hot_log_newest(generations_hot(c->g));
}

/* What hot_put takes: its key is one integer. */
static bool hot_key(const struct table *table, const struct row *row, int64_t *ret)
{
    if (table->n_key != 1 || row->n != table->n_columns || row_is_null(row, table->key_cell[0]))
        return false;
    *ret = row_number(row, table->key_cell[0]);
    return true;
}

int cache_hot_put(struct cache *c, const struct table *table, const struct row *row, uint64_t token)
{
    int64_t key;

    if (!hot_key(table, row, &key))
        return ERR_DATA;
    if (!hot_log_holds(generations_hot(c->g), token, table->id, key))
        return 0;
    return hot_put(c->hot, table, row);
}

void cache_hot_loaded(struct cache *c, const struct table *table, uint64_t token)
{
    if (!hot_log_voided(generations_hot(c->g), token, table->id))
        hot_set_loaded(c->hot, table);
}

bool cache_hot_is_loaded(const struct cache *c, const struct table *table)
{
    return hot_is_loaded(c->hot, table);
}

bool cache_wants(const struct cache *c, const struct access_path *path)
{
    return !c->closing && ident_use(path) != IDENT_NOT;
}

/* ---- Statistics, end ---- */

void cache_get_stats(const struct cache *c, struct cache_stats *ret)
{
    *ret = c->stats;
    ret->local_rows = c->local.rows;
    ret->local_bytes = c->local.bytes;
    ret->hot_rows = hot_rows(c->hot);
    ret->hot_bytes = hot_bytes(c->hot);
    ret->followed = cache_is_followed(c);
    if (c->ring) {
        ret->shared_lost = ring_lost(c->ring);
        ret->shared_bytes = ring_used(c->ring);
    }
    if (c->remote) {
        ret->remote_up = remote_is_up(c->remote);
        ret->remote_commands = remote_commands(c->remote);
        ret->remote_errors += remote_errors(c->remote);
    }
}

static void closed_one(struct cache *c)
{
    void (*on_closed)(void *) = c->on_closed;
    void *data = c->closed_data;

    if (--c->n_open)
        return;
    free_cache(c);
    if (on_closed)
        on_closed(data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

/* The last turn: what is due has been said, Redis is gone. */
static void on_last_idle(uv_idle_t *idle)
{
    struct cache *c = idle->data;

    cache_run_ready(c);
    if (!list_empty(&c->ready_hit) || !list_empty(&c->ready_miss)) {
        uv_idle_start(&c->idle, on_last_idle);
        return;
    }
    uv_close((uv_handle_t *)&c->idle, on_handle_closed);
    uv_close((uv_handle_t *)&c->sweep, on_handle_closed);
}

static void finish(struct cache *c)
{
    uv_idle_stop(&c->idle);
    uv_idle_start(&c->idle, on_last_idle);
}

static void on_remote_closed(void *data)
{
    struct cache *c = data;

    c->n_open--; /* the handles are still open */
    share_end(c);
    finish(c);
}

void cache_close(struct cache *c, void (*on_closed)(void *data), void *data)
{
    if (c->closing)
        return;
    c->closing = true;
    c->on_closed = on_closed;
    c->closed_data = data;
    cache_end_lookups(c);
    if (c->remote)
        remote_close(c->remote, on_remote_closed, c);
    else
        finish(c);
}
