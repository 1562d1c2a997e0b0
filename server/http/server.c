/* server/http/server.c: what the connections of a loop share: exchanges, timers, turns.
 *
 * Deadlines: a wheel of WHEEL_SLOTS lists, each WHEEL_MS wide, turned by one coarse timer. A connection
 * stands in the list of a time that is not later than its deadline; when the wheel comes by and the deadline
 * has moved on, it is put further. So the hot path only writes a number.
 *
 * Turns: `dirty` connections are flushed once the sockets of a turn have been read (and before the loop
 * sleeps), so that replies of one turn leave together; `later` ones get the next turn, and the loop does not
 * sleep meanwhile. */
#include "server/http/http_priv.h"

#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/hash.h"

/* ---- exchanges ---- */

/* The request can be traced by its id, and nobody can guess the next one's. */
static void set_id(struct exchange *x, struct http_server *s)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t n = hash_u64(s->id_seed + ++s->id_count);

    for (int i = 0; i < 16; i++)
        x->id[i] = hex[n >> (60 - 4 * i) & 15];
    x->id[16] = '\0';
}

struct http_slot *slot_new(struct http_server *s)
{
    struct http_slot *slot;

    if (s->pool) {
        slot = slot_of(s->pool);
        s->pool = slot->x._next;
        s->n_pool--;
        slot->x._next = NULL;
    } else {
        slot = calloc(1, sizeof *slot);
        if (!slot)
            return NULL;
        slot->server = s;
        list_init(&slot->link);
        arena_init(&slot->x.arena, s->cfg.limits.request_memory);
        buf_init(&slot->head_in, (size_t)s->cfg.limits.head_bytes * 4);
    }
    slot->x._state = SLOT_HEAD;
    set_id(&slot->x, s);
    return slot;
}

static void slot_destroy(struct http_slot *slot)
{
    arena_release(&slot->x.arena);
    buf_release(&slot->head_in);
    buf_release(&slot->body_in);
    buf_release(&slot->head_out);
    buf_release(&slot->body_out);
    free(slot);
}

static void buf_reuse(struct buf *b, size_t most)
{
    if (b->cap > most)
        buf_release(b);
    buf_clear(b);
}

void slot_hold(struct http_slot *slot)
{
    size_t now = slot->head_out.cap + slot->body_out.cap + slot->body_in.cap + slot->x.arena.used +
                 (slot->producer ? slot->producer->holds : 0);

    slot->server->stats.held_bytes += now - slot->held;
    slot->held = now;
}

void slot_free(struct http_slot *slot)
{
    struct http_server *s = slot->server;
    size_t most = s->cfg.limits.pool_buffer;
    struct arena arena;
    struct buf head_in, body_in, head_out, body_out;

    s->stats.held_bytes -= slot->held;
    arena_clear(&slot->x.arena);
#if defined(__SANITIZE_ADDRESS__)
    slot_destroy(slot); /* so that a use after the end is seen */
    return;
#endif
    if (s->n_pool >= s->cfg.limits.pool_slots || s->closing) {
        slot_destroy(slot);
        return;
    }
    buf_reuse(&slot->head_in, most);
    buf_reuse(&slot->body_in, most);
    buf_reuse(&slot->head_out, most);
    buf_reuse(&slot->body_out, most);
    slot->body_out.limit = 0;
    arena = slot->x.arena;
    head_in = slot->head_in;
    body_in = slot->body_in;
    head_out = slot->head_out;
    body_out = slot->body_out;
    *slot = (struct http_slot){.server = s,
                               .head_in = head_in,
                               .body_in = body_in,
                               .head_out = head_out,
                               .body_out = body_out};
    slot->x.arena = arena;
    list_init(&slot->link);
    slot->x._next = s->pool;
    s->pool = &slot->x;
    s->n_pool++;
}

/* ---- turns ---- */

void server_dirty(struct http_conn *c)
{
    list_remove(&c->work);
    list_push_back(&c->server->dirty, &c->work);
}

static void on_idle(uv_idle_t *handle)
{
    struct http_server *s = container_of(handle, struct http_server, idle);
    struct list now;

    list_init(&now);
    while (!list_empty(&s->later)) { /* those that ask again meanwhile come next time */
        struct list *node = s->later.next;
        list_remove(node);
        list_push_back(&now, node);
    }
    while (!list_empty(&now)) {
        struct list *node = now.next;
        list_remove(node);
        conn_turn(container_of(node, struct http_conn, work));
    }
    if (list_empty(&s->later))
        uv_idle_stop(&s->idle);
}

void server_later(struct http_conn *c)
{
    list_remove(&c->work);
    list_push_back(&c->server->later, &c->work);
    if (!c->server->closing)
        uv_idle_start(&c->server->idle, on_idle);
}

static void flush_dirty(struct http_server *s)
{
    while (!list_empty(&s->dirty)) {
        struct list *node = s->dirty.next;
        list_remove(node);
        conn_flush(container_of(node, struct http_conn, work));
    }
}

static void on_prepare(uv_prepare_t *handle)
{
    flush_dirty(container_of(handle, struct http_server, prepare));
}

static void on_check(uv_check_t *handle)
{
    flush_dirty(container_of(handle, struct http_server, check));
}

/* ---- time ---- */

static void wheel_put(struct http_conn *c, uint64_t at)
{
    struct http_server *s = c->server;
    uint64_t last = s->wheel_done_ms + (uint64_t)(WHEEL_SLOTS - 1) * WHEEL_MS;

    at = MAX(at, s->wheel_done_ms + 1);
    c->wheel_ms = MIN(at, last);
    list_remove(&c->timer);
    list_push_back(&s->wheel[(c->wheel_ms + WHEEL_MS - 1) / WHEEL_MS % WHEEL_SLOTS], &c->timer);
}

void server_arm(struct http_conn *c, uint64_t deadline_ms)
{
    c->deadline_ms = deadline_ms;
    if (deadline_ms < c->wheel_ms || (list_empty(&c->timer) && deadline_ms != UINT64_MAX))
        wheel_put(c, deadline_ms);
}

static void wheel_turn(struct http_server *s, uint64_t now)
{
    while (s->wheel_done_ms + WHEEL_MS <= now) {
        struct list due, *slot;

        s->wheel_done_ms += WHEEL_MS;
        slot = &s->wheel[s->wheel_done_ms / WHEEL_MS % WHEEL_SLOTS];
        list_init(&due);
        while (!list_empty(slot)) {
            struct list *node = slot->next;
            list_remove(node);
            list_push_back(&due, node);
        }
        while (!list_empty(&due)) {
            struct http_conn *c = container_of(due.next, struct http_conn, timer);
            list_remove(&c->timer);
            c->wheel_ms = UINT64_MAX;
            if (c->deadline_ms <= s->wheel_done_ms)
                conn_expired(c);
            else if (c->deadline_ms != UINT64_MAX)
                wheel_put(c, c->deadline_ms);
        }
    }
}

static void set_date(struct http_server *s)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm tm;
    char line[96];

    if (now == s->date_s)
        return;
    s->date_s = now;
    gmtime_r(&now, &tm);
    snprintf(line, sizeof line, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
             tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    memcpy(s->date, line, DATE_LINE);
}

static void on_tick(uv_timer_t *handle)
{
    struct http_server *s = container_of(handle, struct http_server, tick);

    set_date(s);
    wheel_turn(s, uv_now(s->loop));
    if (s->draining)
        server_settle(s);
}

/* ---- open and close ---- */

static void server_free(struct http_server *s)
{
    while (s->pool) {
        struct http_slot *slot = slot_of(s->pool);
        s->pool = slot->x._next;
        slot_destroy(slot);
    }
    free(s->read_buffer);
    free(s);
}

/* Looks whether that was the last connection of a drain, or the last of everything. */
void server_settle(struct http_server *s)
{
    void (*fn)(void *data) = s->on_drained;
    void *data = s->drained_data;

    if (s->stats.connections)
        return;
    if (!s->closing) {
        s->on_drained = NULL;
        if (s->draining && fn)
            fn(data);
        return;
    }
    if (s->open_handles || !list_empty(&s->orphans))
        return;
    fn = s->on_closed;
    data = s->closed_data;
    server_free(s);
    if (fn)
        fn(data);
}

void server_conn_closed(struct http_server *s)
{
    s->stats.connections--;
    server_settle(s);
}

static void on_late_close(uv_handle_t *handle)
{
    struct http_server *s = container_of(handle, struct http_server, tick);
    s->open_handles--;
    server_settle(s);
}

/* on_closed must not run from inside the handler that ended the last orphan. */
void server_orphan_ended(struct http_server *s)
{
    if (!s->closing || s->open_handles || s->stats.connections || !list_empty(&s->orphans))
        return;
    if (uv_timer_init(s->loop, &s->tick) == 0) {
        s->open_handles++;
        uv_close((uv_handle_t *)&s->tick, on_late_close);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    s->open_handles--;
    server_settle(s);
}

int http_server_open(struct http_server **ret, uv_loop_t *loop,
                     const struct http_server_config *cfg, struct err *reterr)
{
    struct http_server *s = calloc(1, sizeof *s);

    if (!s)
        return err_set(reterr, ERR_MEMORY, "no memory for the HTTP server");
    s->loop = loop;
    s->cfg = *cfg;
    s->read_buffer = malloc(cfg->limits.read_bytes);
    if (!s->read_buffer || random_bytes(&s->id_seed, sizeof s->id_seed) < 0) {
        free(s->read_buffer);
        free(s);
        return err_set(reterr, ERR_MEMORY, "no memory for the HTTP server");
    }
    list_init(&s->conns);
    list_init(&s->orphans);
    list_init(&s->dirty);
    list_init(&s->later);
    for (int i = 0; i < WHEEL_SLOTS; i++)
        list_init(&s->wheel[i]);
    uv_timer_init(loop, &s->tick);
    uv_idle_init(loop, &s->idle);
    uv_prepare_init(loop, &s->prepare);
    uv_check_init(loop, &s->check);
    s->open_handles = 4;
    s->tick.data = s->idle.data = s->prepare.data = s->check.data = s;
    uv_update_time(loop);
    s->wheel_done_ms = uv_now(loop) / WHEEL_MS * WHEEL_MS;
    set_date(s);
    uv_timer_start(&s->tick, on_tick, WHEEL_MS, WHEEL_MS);
    uv_prepare_start(&s->prepare, on_prepare);
    uv_check_start(&s->check, on_check);
    *ret = s;
    return 0;
}

void http_server_drain(struct http_server *s, void (*on_drained)(void *data), void *data)
{
    s->on_drained = on_drained;
    s->drained_data = data;
    if (!s->draining) {
        s->draining = true;
        listener_close(s);
    }
    list_each (node, &s->conns)
        conn_drain(container_of(node, struct http_conn, link));
}

void http_server_close(struct http_server *s, void (*on_closed)(void *data), void *data)
{
    s->on_closed = on_closed;
    s->closed_data = data;
    s->closing = true;
    s->draining = true;
    listener_close(s);
    while (!list_empty(&s->conns))
        conn_abort(container_of(s->conns.next, struct http_conn, link), false);
    uv_close((uv_handle_t *)&s->tick, on_handle_closed);
    uv_close((uv_handle_t *)&s->idle, on_handle_closed);
    uv_close((uv_handle_t *)&s->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&s->check, on_handle_closed);
}

const struct http_stats *http_server_stats(const struct http_server *s)
{
    return &s->stats;
}

const struct http_limits *http_server_limits(const struct http_server *s)
{
    return &s->cfg.limits;
}
