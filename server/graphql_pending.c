/* server/graphql_pending.c: the operations that wait for something: their deadlines, their early end, and
 * the life of what they are in, which ends when none is left. See server/graphql_priv.h. */
#include <stdlib.h>

#include "base/err.h"
#include "server/graphql_priv.h"

enum {
    TICK_MS = 50,                     /* how exact deadlines are */
    AHEAD_BYTES_MAX = 8 * 1024 * 1024 /* of introspection that is written ahead */
};

/* ---- what is pending ---- */

static void tick(uv_timer_t *timer);

void operation_wait(struct operation *o)
{
    struct graphql *g = o->g;

    o->deadline_ms = uv_now(g->ticks.loop) + g->config.request_ms;
    if (list_empty(&g->in_flight))
        uv_timer_start(&g->ticks, tick, TICK_MS, TICK_MS);
    list_push_back(&g->in_flight, &o->link);
    g->stats.in_flight++;
}

static void unveil(uv_timer_t *timer)
{
    struct graphql *g = timer->data;
    uint64_t now = uv_now(timer->loop);

    while (!list_empty(&g->veiled)) {
        struct operation *o = container_of(g->veiled.next, struct operation, veil);
        uint64_t due = o->began_ms + g->config.refusal_ms;
        if (due > now && !g->closing) {
            uv_timer_start(timer, unveil, due - now, 0);
            return;
        }
        list_remove(&o->veil);
        operation_settle(o);
        o->unveiled(o);
    }
    graphql_close_when_idle(g);
}

void operation_veil(struct operation *o, void (*after)(struct operation *o))
{
    struct graphql *g = o->g;
    uint64_t now = uv_now(g->unveil.loop), due = o->began_ms + g->config.refusal_ms;
    struct list *before = g->veiled.prev;

    o->unveiled = after;
    /* In the order in which they are due, which is that of their beginning, not of their end. */
    while (before != &g->veiled &&
           container_of(before, struct operation, veil)->began_ms > o->began_ms)
        before = before->prev;
    list_push_front(before, &o->veil); /* behind it */
    if (g->veiled.next == &o->veil)
        uv_timer_start(&g->unveil, unveil, due > now ? due - now : 0, 0);
}

static void graphql_closed(uv_handle_t *handle)
{
    struct graphql *g = handle->data;
    void (*on_closed)(void *data) = g->on_closed;
    void *data = g->on_closed_data;

    if (--g->handles)
        return;

    ahead_release(&g->ahead);
    documents_free(g->persisted.documents);
    free(g);
    on_closed(data);
}

void graphql_close_when_idle(struct graphql *g)
{
    if (g->closing && list_empty(&g->in_flight) && !uv_is_closing((uv_handle_t *)&g->ticks)) {
        g->handles = 2;
        uv_close((uv_handle_t *)&g->ticks, graphql_closed);
        uv_close((uv_handle_t *)&g->unveil, graphql_closed);
    }
}

void operation_settle(struct operation *o)
{
    struct graphql *g = o->g;

    list_remove(&o->link);
    g->stats.in_flight--;
    if (list_empty(&g->in_flight))
        uv_timer_stop(&g->ticks);
}

void operation_call_off(struct operation *o, int why)
{
    bool hurry =
        why !=
        ERR_CANCELED; /* a change that a client asked for before it left may come to its end */

    if (o->called_off && (o->hurried || !hurry))
        return;
    if (!o->called_off)
        o->called_off = why;
    o->hurried = hurry;
    execution_cancel(&o->execution, hurry);
    release_cancel(&o->release);
}

static void tick(uv_timer_t *timer)
{
    struct graphql *g = timer->data;
    uint64_t now = uv_now(timer->loop);

    list_each (l, &g->in_flight) {
        struct operation *o = container_of(l, struct operation, link);
        if (o->deadline_ms > now)
            break;
        operation_call_off(o, ERR_TIMEOUT);
    }
}

/* ---- life ---- */

int graphql_open(struct graphql **ret, struct uv_loop_s *loop, const struct schema *schema,
                 struct row_source *source, const struct graphql_config *config, struct err *reterr)
{
    struct graphql *g = calloc(1, sizeof *g);

    if (!g || documents_new(&g->persisted.documents, schema, &config->documents) < 0 ||
        uv_timer_init(loop, &g->ticks) != 0) {
        if (g)
            documents_free(g->persisted.documents);
        free(g);
        return err_set(reterr, ERR_MEMORY, "There is no memory to start with.");
    }
    g->schema = schema;
    g->source = source;
    g->config = *config;
    g->persisted.trusted = config->trusted;
    g->persisted.automatic = config->documents.max_registered > 0;
    uv_timer_init(loop, &g->unveil);
    g->ticks.data = g->unveil.data = g;
    list_init(&g->in_flight);
    list_init(&g->veiled);
    ahead_init(&g->ahead, AHEAD_BYTES_MAX);
    *ret = g;
    return 0;
}

void graphql_set_trusted(struct graphql *g, const struct trusted *trusted)
{
    g->persisted.trusted = trusted;
}

void graphql_get_stats(const struct graphql *g, struct graphql_stats *ret)
{
    *ret = g->stats;
    identity_get_stats(g->config.identity, &ret->identity);
    documents_get_stats(g->persisted.documents, &ret->documents);
}

void graphql_close(struct graphql *g, void (*on_closed)(void *data), void *data)
{
    g->closing = true;
    g->on_closed = on_closed;
    g->on_closed_data = data;
    list_each (l, &g->in_flight)
        operation_call_off(container_of(l, struct operation, link), ERR_CLOSING);
    if (!list_empty(&g->veiled))
        uv_timer_start(&g->unveil, unveil, 0, 0);
    graphql_close_when_idle(g);
}
