/* server/hot_loader.c: see server/hot_loader.h. */
#include "server/hot_loader.h"

#include <stdlib.h>
#include <uv.h>

#include "base/err.h"
#include "base/log.h"
#include "cache/cache.h"
#include "db/db.h"

enum {
    RETRY_MS = 500,
    LOOK_MS = 200, /* whether a table became void as a whole */
    FOLLOWED_MS =
        500, /* for somebody to follow others' changes: what was read before would be void then */
    FOLLOWED_LOOK_MS = 5
};

struct hot_loader {
    const struct access *access;
    struct cache *cache;
    struct db *db;
    unsigned refresh_s;
    uv_timer_t timer;
    uint32_t table; /* index of the table that is (or will be) filled */
    uint32_t rows;
    uint64_t token; /* what the rows that are being read are as new as */
    uint64_t wait_until_ms;
    uint64_t next_ms; /* loop time of the next refresh */
    bool pending;     /* a load or a scan is under way */
    bool refreshing;  /* all tables are read, not only those that are not there */
    bool filled_once, stopping;
    struct cache_hot_load load;
    struct db_scan scan;
    void (*on_stopped)(void *data);
    void *on_stopped_data;
};

static void loader_go(struct hot_loader *h);

static void loader_closed(uv_handle_t *handle)
{
    struct hot_loader *h = handle->data;
    void (*on_stopped)(void *data) = h->on_stopped;
    void *data = h->on_stopped_data;

    free(h);
    on_stopped(data);
}

static void loader_tick(uv_timer_t *timer)
{
    loader_go(timer->data);
}

static void loader_pause(struct hot_loader *h, uint64_t ms)
{
    uv_timer_start(&h->timer, loader_tick, ms, 0);
}

/* Something ended: go on, or close when told to stop. */
static bool loader_may_go_on(struct hot_loader *h)
{
    h->pending = false;
    if (!h->stopping)
        return true;
    uv_close((uv_handle_t *)&h->timer, loader_closed);
    return false;
}

static void table_filled(struct hot_loader *h, const char *from)
{
    const struct table *t = &h->access->tables[h->table];

    cache_hot_loaded(h->cache, t, h->token);
    if (!h->filled_once)
        log_info("reference rows are in the process table=%.*s rows=%u from=%s", STR_FMT(t->name),
                 h->rows, from);
    h->table++;
    loader_go(h);
}

static void keep_row(struct hot_loader *h, const struct table *table, const struct row *row)
{
    if (cache_hot_put(h->cache, table, row, h->token) == 0)
        h->rows++;
}

/* ---- from the database ---- */

static void scan_row(struct db_scan *scan, const struct row *row)
{
    keep_row(container_of(scan, struct hot_loader, scan), scan->table, row);
}

static void scan_done(struct db_scan *scan, int rc)
{
    struct hot_loader *h = container_of(scan, struct hot_loader, scan);

    if (!loader_may_go_on(h))
        return;
    if (rc < 0) {
        loader_pause(h, RETRY_MS);
        return;
    }
    cache_hot_publish(h->cache, scan->table);
    table_filled(h, "database");
}

static void scan_start(struct hot_loader *h)
{
    h->rows = 0;
    h->token = cache_hot_token(h->cache);
    h->scan = (struct db_scan){
        .table = &h->access->tables[h->table], .each = scan_row, .done = scan_done};
    if (db_scan(h->db, &h->scan) == 0)
        h->pending = true;
    else
        loader_pause(h, RETRY_MS);
}

/* ---- from Redis ---- */

static void load_row(struct cache_hot_load *load, const struct row *row)
{
    struct hot_loader *h = container_of(load, struct hot_loader, load);

    h->token = load->token;
    keep_row(h, load->table, row);
}

static void load_done(struct cache_hot_load *load, int rc)
{
    struct hot_loader *h = container_of(load, struct hot_loader, load);

    if (!loader_may_go_on(h))
        return;
    if (rc == 0)
        table_filled(h, "redis");
    else
        scan_start(h);
}

static bool is_due(const struct hot_loader *h, const struct table *table)
{
    return table->hot && (h->refreshing || !cache_hot_is_loaded(h->cache, table));
}

static void round_ended(struct hot_loader *h)
{
    uint64_t now = uv_now(h->timer.loop);

    h->filled_once = true;
    h->table = 0;
    if (h->refreshing)
        h->next_ms = now + (uint64_t)h->refresh_s * 1000;
    h->refreshing = h->refresh_s > 0 && now >= h->next_ms;
    loader_pause(h, LOOK_MS);
}

/* At the start: rows that are read before others' changes are followed would be read twice. */
static bool too_early(const struct hot_loader *h)
{
    return !h->filled_once && !cache_is_followed(h->cache) &&
           uv_now(h->timer.loop) < h->wait_until_ms;
}

static void loader_go(struct hot_loader *h)
{
    if (too_early(h)) {
        loader_pause(h, FOLLOWED_LOOK_MS);
        return;
    }
    while (h->table < h->access->n_tables && !is_due(h, &h->access->tables[h->table]))
        h->table++;
    if (h->table == h->access->n_tables) {
        round_ended(h);
        return;
    }
    h->rows = 0;
    if (h->filled_once) { /* a refresh is about what the database says now */
        scan_start(h);
        return;
    }
    h->load = (struct cache_hot_load){
        .table = &h->access->tables[h->table], .each = load_row, .done = load_done};
    if (cache_hot_load(h->cache, &h->load) == 0)
        h->pending = true;
    else
        scan_start(h);
}

int hot_loader_start(struct hot_loader **ret, struct uv_loop_s *loop, const struct access *access,
                     struct cache *cache, struct db *db, unsigned refresh_s, struct err *reterr)
{
    struct hot_loader *h = calloc(1, sizeof *h);

    if (!h || uv_timer_init(loop, &h->timer) != 0) {
        free(h);
        return err_set(reterr, ERR_MEMORY, "There is no memory to start with.");
    }
    h->access = access;
    h->cache = cache;
    h->db = db;
    h->refresh_s = refresh_s;
    h->refreshing = true;
    h->wait_until_ms = uv_now(loop) + FOLLOWED_MS;
    h->timer.data = h;
    uv_unref((uv_handle_t *)&h->timer);
    loader_pause(h, 0);
    *ret = h;
    return 0;
}

bool hot_loader_ready(const struct hot_loader *h)
{
    return h->filled_once;
}

void hot_loader_stop(struct hot_loader *h, void (*on_stopped)(void *data), void *data)
{
    h->stopping = true;
    h->on_stopped = on_stopped;
    h->on_stopped_data = data;
    uv_timer_stop(&h->timer);
    if (!h->pending)
        loader_may_go_on(h);
}
