/* server/source.c: see server/source.h.
 *
 * A fetch is answered in up to three stages, each for the keys that the one before left open:
 *
 *     here      hot rows, rights, LRU, shared ring  at once; when nothing is left: FETCH_READY
 *     Redis     only for what may be there          one look-up a key, all in one round trip
 *     database  all keys known to be missing        one db_fetch at the start; late misses follow singly
 *               (db/ merges them with everybody else's)
 *
 * A key never waits for another key of its fetch before it goes to the database: two fetches that lead and
 * join each other's look-ups would otherwise wait for ever. */
#include "server/source.h"

#include "base/err.h"
#include "cache/cache.h"
#include "db/db.h"
#include "server/source_call.h"

struct pending;

/* Keys on their way to the database together. */
struct db_part {
    struct fetch fetch;
    struct pending *pending;
    uint64_t hot_token;            /* of before the database is asked */
    struct cache_moment asked;     /* the same for rights */
    uint32_t *place;               /* by key: which slice of the outer fetch */
    struct cache_lookup **lookups; /* by key: what is due to the cache; NULL: nothing */
    struct db_part *next;
};

struct pending {
    struct fetch *outer;
    struct row_source *source;
    struct db_part *parts; /* not finished yet */
    uint32_t outstanding;  /* look-ups and parts */
    bool canceled;
};

static struct row_source *source_of(struct source *s)
{
    return container_of(s, struct row_source, source);
}

/* ---- the end of a fetch ---- */

static void pending_done(struct pending *p)
{
    struct fetch *f = p->outer;

    if (--p->outstanding > 0)
        return;
    f->_answerer = NULL;
    f->done(f, p->canceled ? ERR_CANCELED : 0);
}

/* ---- database ---- */

static void part_settle(struct pending *p, const struct db_part *part, uint32_t i,
                        const struct slice *slice)
{
    struct cache_lookup *lookup = part->lookups[i];
    const struct key *key = &part->fetch.keys[i];
    struct cache *cache = p->source->_cache;
    const struct table *table = p->outer->path->table;

    if (lookup && slice->rc == 0)
        cache_fill(cache, lookup, slice);
    else if (lookup)
        cache_abandon(cache, lookup);
    else if (p->outer->path->subject && slice->rc == 0)
        cache_rights_put(cache, p->outer->path, key, part->asked, slice);
    else if (table->hot && p->outer->path->kind == ACCESS_ROW && slice->rc == 0 && slice->n == 1 &&
             cache_hot_put(cache, table, slice->rows[0], part->hot_token) < 0)
        return; /* it was not kept; this answer has it all the same */
}

static void part_done(struct fetch *f, int rc)
{
    struct db_part *part = container_of(f, struct db_part, fetch);
    struct pending *p = part->pending;
    struct db_part **link = &p->parts;

    while (*link != part)
        link = &(*link)->next;
    *link = part->next;
    for (uint32_t i = 0; i < f->n; i++) {
        struct slice *slice = &p->outer->slices[part->place[i]];
        *slice = rc < 0 ? (struct slice){.rc = rc} : f->slices[i];
        part_settle(p, part, i, slice);
    }
    pending_done(p);
}

static struct db_part *part_new(struct pending *p, uint32_t n)
{
    struct arena *arena = p->outer->arena;
    struct db_part *part = arena_zalloc(arena, sizeof *part);
    struct key *keys = arena_array(arena, n, sizeof *keys);

    if (!part || !keys)
        return NULL;
    part->pending = p;
    part->hot_token = cache_hot_token(p->source->_cache);
    part->asked = cache_now(p->source->_cache);
    part->place = arena_array(arena, n, sizeof *part->place);
    part->lookups = arena_array(arena, n, sizeof(struct cache_lookup *));
    if (!part->place || !part->lookups)
        return NULL;
    part->fetch = (struct fetch){.path = p->outer->path,
                                 .keys = keys,
                                 .page = p->outer->page,
                                 .viewer = p->outer->viewer,
                                 .arena = arena,
                                 .done = part_done};
    return part;
}

static void part_add(struct db_part *part, const struct key *key, uint32_t place,
                     struct cache_lookup *lookup)
{
    uint32_t n = part->fetch.n++;
    struct key *keys = (struct key *)(uintptr_t)part->fetch.keys; /* our own array */

    keys[n] = *key;
    part->place[n] = place;
    part->lookups[n] = lookup;
}

/* Sends a part, which is outstanding then; when it can't be sent its slices say why. */
static void part_send(struct pending *p, struct db_part *part)
{
    int rc = db_fetch(p->source->_db, &part->fetch);

    if (rc == 0) {
        part->next = p->parts;
        p->parts = part;
        p->outstanding++;
        return;
    }
    for (uint32_t i = 0; i < part->fetch.n; i++) {
        struct slice *slice = &p->outer->slices[part->place[i]];
        *slice = (struct slice){.rc = rc};
        part_settle(p, part, i, slice);
    }
}

/* ---- Redis ---- */

static void lookup_done(struct cache_lookup *l, int outcome)
{
    struct pending *p = l->data;
    struct fetch *f = p->outer;
    uint32_t place = l->place;
    struct db_part *part;

    if (outcome == CACHE_HIT) {
        f->slices[place] = l->slice;
    } else if (p->canceled) {
        cache_abandon(p->source->_cache, l);
    } else {
        part = part_new(p, 1);
        if (part) {
            part_add(part, &l->key, place, l);
            part_send(p, part);
        } else {
            f->slices[place].rc = ERR_MEMORY;
            cache_abandon(p->source->_cache, l);
        }
    }
    pending_done(p);
}

/* Asks the cache for one key; a miss known at once is added to `part`. */
static int lookup_start(struct pending *p, uint32_t place, struct db_part *part)
{
    struct fetch *f = p->outer;
    struct cache_lookup *l = arena_zalloc(f->arena, sizeof *l);
    int rc;

    if (!l)
        return ERR_MEMORY;
    *l = (struct cache_lookup){.path = f->path,
                               .key = f->keys[place],
                               .page = f->page,
                               .arena = f->arena,
                               .done = lookup_done,
                               .data = p,
                               .place = place};
    rc = cache_lookup(p->source->_cache, l);
    if (rc == 0)
        p->outstanding++;
    else if (rc == CACHE_MISS)
        part_add(part, &f->keys[place], place, l);
    return rc < 0 ? rc : 0;
}

/* ---- here ---- */

static bool is_hot_lookup(const struct access_path *path)
{
    return path->table->hot && path->kind == ACCESS_ROW && path->by_primary_key &&
           path->n_columns == 1 && !path->key_is_text;
}

/* true: the slice is set. */
static bool find_here(struct row_source *s, struct fetch *f, uint32_t i, const struct row **hot,
                      bool wanted)
{
    struct slice *slice = &f->slices[i];

    if (hot) {
        if (!hot[i])
            return false;
        hot[i] = row_copy(f->arena, hot[i]);
        *slice = (struct slice){.rows = &hot[i], .n = 1, .rc = hot[i] ? 0 : ERR_MEMORY};
        return true;
    }
    if (f->path->subject)
        return cache_rights_get(s->_cache, f->path, &f->keys[i], f->arena, slice);
    return wanted && cache_peek(s->_cache, f->path, &f->keys[i], f->page, f->arena, slice);
}

static int fetch_missing(struct row_source *s, struct fetch *f, const uint32_t *missing, uint32_t n,
                         bool wanted)
{
    struct pending *p = arena_zalloc(f->arena, sizeof *p);
    struct db_part *part;

    if (!p)
        return ERR_MEMORY;
    p->outer = f;
    p->source = s;
    part = part_new(p, n);
    if (!part)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        if (!wanted) {
            part_add(part, &f->keys[missing[i]], missing[i], NULL);
            continue;
        }
        f->slices[missing[i]].rc = lookup_start(p, missing[i], part);
    }
    f->_answerer = p;
    if (part->fetch.n > 0)
        part_send(p, part);
    if (p->outstanding > 0)
        return 0;
    f->_answerer = NULL;
    return FETCH_READY; /* every key that was left has its failure in its slice */
}

/* What one viewer may see of a list is counted anew each time. */
static bool is_count(const struct fetch *f)
{
    return f->page && f->page->counts;
}

static int source_fetch(struct source *source, struct fetch *f)
{
    struct row_source *s = source_of(source);
    bool is_hot = is_hot_lookup(f->path),
         wanted = !is_hot && !is_count(f) && cache_wants(s->_cache, f->path);
    const struct row **hot = is_hot ? arena_array(f->arena, f->n, sizeof *hot) : NULL;
    uint32_t *missing = NULL, n = 0;

    f->slices = arena_array(f->arena, f->n, sizeof *f->slices);
    if (!f->slices || (is_hot && !hot))
        return ERR_MEMORY;
    if (is_hot)
        cache_hot_get_many(s->_cache, f->path->table, f->keys, f->n, hot);
    for (uint32_t i = 0; i < f->n; i++) {
        if (find_here(s, f, i, hot, wanted))
            continue;
        if (!missing)
            missing = arena_array(f->arena, f->n - i, sizeof *missing);
        if (!missing)
            return ERR_MEMORY;
        missing[n++] = i;
    }
    return n == 0 ? FETCH_READY : fetch_missing(s, f, missing, n, wanted);
}

/* Look-ups in Redis end by themselves within their budget; what the database works on is called off. */
static void source_cancel(struct source *source, struct fetch *f)
{
    struct row_source *s = source_of(source);
    struct pending *p = f->_answerer;

    if (!p || p->canceled)
        return;
    p->canceled = true;
    for (struct db_part *part = p->parts; part; part = part->next)
        db_cancel(s->_db, &part->fetch);
}

static int call(struct source *source, struct call *c)
{
    return source_call(source_of(source), c);
}

static void cancel_call(struct source *source, struct call *c, bool hurry)
{
    source_cancel_call(source_of(source), c, hurry);
}

void row_source_init(struct row_source *s, struct cache *cache, struct db *db,
                     struct generations *generations)
{
    *s = (struct row_source){.source = {source_fetch, source_cancel, call, cancel_call},
                             ._cache = cache,
                             ._db = db,
                             ._generations = generations};
}
