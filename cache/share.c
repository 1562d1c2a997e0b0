/* cache/share.c: hot tables by way of Redis, for workers that start. Layer: cache; base/ and uv.h.
 *
 *   tq:<namespace>:<epoch>:hot:<table>:<i>   the i-th piece of the table (value.h, up to 128 rows)
 *   tq:<namespace>:<epoch>:hot:<table>:m     the marker: how many pieces and rows; written last
 *
 * All carry the publication's random number (as their generation), so pieces of two publications don't
 * mix, and a table counts as whole only when every piece and row that the marker names was there.
 * The marker says how much of the log of changes (hot_log.h) the rows hold, so a row that changed since is not taken.
 * The epoch in the name keeps out what an earlier start left. A few pieces are under way at a time,
 * so that neither the loop nor other commands wait for a large table. Everything is best effort. */
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "base/err.h"
#include "cache/cache_priv.h"
#include "cache/generations.h"
#include "cache/hot_log.h"
#include "cache/remote.h"
#include "cache/value.h"

enum {
    KEY_MAX = 320,
    WINDOW = 4,
    PIECES_MAX = 1 << 20,
    HOT_TTL_S = 3600 /* what the workers hold themselves has no time to live */
};

#define UNIT_HOT 0x20000000u
#define MARKER_NAME UINT64_MAX

struct transfer;

struct piece {
    struct remote_req req;
    struct transfer *t;
    uint32_t index;
    bool busy;
};

/* One table on its way in or out. */
struct transfer {
    struct cache *c;
    struct list link; /* in cache.loads or cache.publishes */
    const struct table *table;
    struct cache_hot_load *load; /* NULL: a publication */
    uint64_t epoch, batch;
    uint64_t token;          /* publication: what its rows hold of the log of changes */
    uint32_t next, n_pieces; /* n_pieces: of a load, from the marker */
    uint64_t n_rows, want_rows;
    size_t at;       /* publication: hot_next's */
    uint64_t change; /* publication: the table must not change on the way */
    unsigned n_busy;
    bool started, failed, marker_done, all_sent;
    struct piece pieces[WINDOW];
};

/* ---- Both ways ---- */

static size_t hot_key(const struct transfer *t, char *out, uint32_t index)
{
    int n = snprintf(out, KEY_MAX, "tq:%.*s:%016llx:hot:%.*s:", STR_FMT(t->c->space),
                     (unsigned long long)t->epoch, STR_FMT(t->table->name));

    if (n < 0 || n >= KEY_MAX - 16)
        return 0;
    n += index == UINT32_MAX ? snprintf(out + n, 16, "m") : snprintf(out + n, 16, "%u", index);
    return (size_t)n;
}

static struct transfer *transfer_new(struct cache *c, const struct table *table)
{
    struct transfer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->c = c;
    t->table = table;
    list_init(&t->link);
    for (int i = 0; i < WINDOW; i++)
        t->pieces[i].t = t;
    return t;
}

static void transfer_end(struct transfer *t, int rc)
{
    struct cache_hot_load *load = t->load;

    list_remove(&t->link);
    free(t);
    if (load) {
        load->_state = NULL;
        load->done(load, rc);
    }
}

static struct piece *free_piece(struct transfer *t)
{
    for (int i = 0; i < WINDOW; i++)
        if (!t->pieces[i].busy)
            return &t->pieces[i];
    return NULL;
}

static bool send_piece(struct piece *p, int argc, const char **argv, const size_t *lens)
{
    if (remote_send(p->t->c->remote, &p->req, argc, argv, lens) < 0)
        return false;
    p->busy = true;
    p->t->n_busy++;
    return true;
}

static void free_again(struct piece *p)
{
    p->busy = false;
    p->t->n_busy--;
}

/* ---- Out ---- */

static void publish_run(struct transfer *t);

static void on_published(struct remote_req *req, const struct redisReply *reply)
{
    struct piece *p = container_of(req, struct piece, req);

    free_again(p);
    if (!reply || reply->type != REDIS_REPLY_STATUS)
        p->t->failed = true;
    publish_run(p->t);
}

static bool publish_value(struct piece *p, uint32_t index)
{
    struct transfer *t = p->t;
    struct buf *b = &t->c->value;
    char key[KEY_MAX], ttl[16];
    size_t n = hot_key(t, key, index);
    int n_ttl = snprintf(ttl, sizeof ttl, "%d", HOT_TTL_S);

    value_seal(b, 0, t->c->seal);
    p->req = (struct remote_req){.done = on_published};
    return n && send_piece(p, 5, (const char *[]){"SET", key, b->ptr, "EX", ttl},
                           (size_t[]){3, n, b->len, 2, (size_t)n_ttl});
}

/* The next piece; `all_sent` when there is none. */
static bool publish_piece(struct transfer *t, struct piece *p)
{
    const struct row *rows[VALUE_ROWS_MAX];
    struct slice slice = {rows, 0, 0};
    struct value_head h = {
        .unit = UNIT_HOT | t->table->id, .generation = t->batch, .name = t->next};
    size_t bytes = 0, before = t->at;

    while (slice.n < VALUE_ROWS_MAX && bytes < VALUE_BYTES_MAX / 4) {
        const struct row *r = hot_next(t->c->hot, t->table, &t->at);
        if (!r)
            break;
        if (slice.n && bytes + r->size > VALUE_BYTES_MAX / 2) {
            t->at = before; /* a huge row: into the next piece */
            break;
        }
        before = t->at;
        bytes += r->size;
        rows[slice.n++] = r;
    }
    if (slice.n == 0) {
        t->all_sent = true;
        return true;
    }
    buf_clear(&t->c->value);
    if (!value_add_rows(&t->c->value, &h, &slice) || !publish_value(p, t->next))
        return false;
    t->next++;
    t->n_rows += slice.n;
    return true;
}

static bool publish_marker(struct transfer *t)
{
    struct value_head h = {.unit = UNIT_HOT | t->table->id,
                           .generation = t->batch,
                           .born_s = t->token, /* which is what time is for hot rows */
                           .name = MARKER_NAME};
    struct key count = {.part = {t->next, (int64_t)t->n_rows}};

    buf_clear(&t->c->value);
    t->marker_done = true;
    return value_add_alias(&t->c->value, &h, &count) && publish_value(&t->pieces[0], UINT32_MAX);
}

static void publish_run(struct transfer *t)
{
    struct piece *p;

    if (hot_change(t->c->hot, t->table) != t->change || t->c->closing)
        t->failed = true;
    while (!t->failed && !t->all_sent && (p = free_piece(t)))
        t->failed = !publish_piece(t, p);
    if (t->n_busy)
        return;
    if (!t->failed && !t->marker_done && publish_marker(t))
        return;
    transfer_end(t, 0);
}

static void publish_start(struct transfer *t)
{
    t->started = true;
    t->epoch = generations_epoch(t->c->g);
    t->token = t->c->hot_read;
    t->change = hot_change(t->c->hot, t->table);
    if (random_bytes(&t->batch, sizeof t->batch) < 0)
        t->failed = true;
    publish_run(t);
}

void cache_hot_publish(struct cache *c, const struct table *table)
{
    struct transfer *t;

    if (!c->remote || c->closing || !(remote_is_up(c->remote) || remote_is_starting(c->remote)))
        return;
    list_each (node, &c->publishes)
        if (container_of(node, struct transfer, link)->table == table)
            return;
    t = transfer_new(c, table);
    if (!t)
        return;
    list_push_back(&c->publishes, &t->link);
    if (remote_is_up(c->remote))
        publish_start(t);
}

/* ---- In ---- */

static void load_run(struct transfer *t);

/* The value of a reply when it is one of this table, else NULL. */
static const void *load_value(const struct transfer *t, const struct redisReply *r,
                              enum value_kind kind, uint64_t name)
{
    const void *value;

    if (!r || r->type != REDIS_REPLY_STRING || t->epoch != generations_epoch(t->c->g))
        return NULL;
    value = ask_aligned(t->c, r->str, r->len);
    return value && value_check(value, r->len, kind, UNIT_HOT | t->table->id, name,
                                t->table->n_columns, t->c->seal)
               ? value
               : NULL;
}

static void on_marker(struct remote_req *req, const struct redisReply *reply)
{
    struct piece *p = container_of(req, struct piece, req);
    struct transfer *t = p->t;
    const void *value = load_value(t, reply, VALUE_ALIAS, MARKER_NAME);
    struct key count;

    free_again(p);
    t->marker_done = true;
    if (value && value_get_alias(value, reply->len, &count) && count.part[0] >= 0 &&
        count.part[0] <= PIECES_MAX && count.part[1] >= 0 &&
        !hot_log_voided(generations_hot(t->c->g), value_head(value)->born_s, t->table->id)) {
        t->load->token = value_head(value)->born_s;
        t->batch = value_head(value)->generation;
        t->n_pieces = (uint32_t)count.part[0];
        t->want_rows = (uint64_t)count.part[1];
    } else {
        t->failed = true;
    }
    load_run(t);
}

static void on_piece(struct remote_req *req, const struct redisReply *reply)
{
    struct piece *p = container_of(req, struct piece, req);
    struct transfer *t = p->t;
    const void *value = t->failed ? NULL : load_value(t, reply, VALUE_ROWS, p->index);

    free_again(p);
    if (value && value_head(value)->generation == t->batch) {
        size_t at = 0;
        for (uint32_t i = 0; i < value_head(value)->n_rows; i++)
            t->load->each(t->load, value_next_row(value, reply->len, &at));
        t->n_rows += value_head(value)->n_rows;
    } else {
        t->failed = true;
    }
    load_run(t);
}

static bool load_get(struct transfer *t, struct piece *p, uint32_t index,
                     void (*done)(struct remote_req *, const struct redisReply *))
{
    char key[KEY_MAX];
    size_t n = hot_key(t, key, index);

    p->index = index;
    p->req = (struct remote_req){.done = done};
    return n && send_piece(p, 2, (const char *[]){"GET", key}, (size_t[]){3, n});
}

static void load_run(struct transfer *t)
{
    struct piece *p;

    if (t->c->closing)
        t->failed = true;
    while (!t->failed && t->next < t->n_pieces && (p = free_piece(t))) {
        t->failed = !load_get(t, p, t->next, on_piece);
        t->next++;
    }
    if (t->n_busy)
        return;
    transfer_end(t, t->failed || t->n_rows != t->want_rows ? ERR_NOT_FOUND : 0);
}

/* False: nothing was sent. */
static bool load_start(struct transfer *t)
{
    t->started = true;
    t->epoch = generations_epoch(t->c->g);
    return load_get(t, &t->pieces[0], UINT32_MAX, on_marker);
}

int cache_hot_load(struct cache *c, struct cache_hot_load *load)
{
    struct transfer *t;

    load->_state = NULL;
    if (!c->remote || c->closing || !(remote_is_up(c->remote) || remote_is_starting(c->remote)))
        return ERR_NOT_FOUND;
    t = transfer_new(c, load->table);
    if (!t)
        return ERR_MEMORY;
    t->load = load;
    if (remote_is_up(c->remote) && !load_start(t)) {
        free(t);
        return ERR_NOT_FOUND;
    }
    load->_state = t;
    list_push_back(&c->loads, &t->link);
    return 0;
}

/* ---- Redis came or went ---- */

/* The first transfer that has not started, or NULL. */
static struct transfer *waiting(struct list *transfers)
{
    list_each (node, transfers) {
        struct transfer *t = container_of(node, struct transfer, link);
        if (!t->started)
            return t;
    }
    return NULL;
}

void share_on_change(struct cache *c, bool up)
{
    struct transfer *t;

    /* Those that have started are told by their commands. Callbacks may change the lists. */
    while ((t = waiting(&c->loads)))
        if (!up || !load_start(t))
            transfer_end(t, ERR_NOT_FOUND);
    while ((t = waiting(&c->publishes))) {
        if (up)
            publish_start(t);
        else
            transfer_end(t, 0);
    }
}

void share_end(struct cache *c)
{
    share_on_change(c, false);
}
