/* cache/cache.h: the door of cache/: rows that need not come from PostgreSQL.
 *
 * Four places, all holding rows (never responses), none of them ever an error to a client:
 *   hot      every row of every `@hot` table, in the process; Redis gives them to workers that start
 *            (cache/hot_log.h is how a change of one reaches all of them)
 *   local    a bounded LRU in the process: rows of other tables and heads of lists
 *   shared   the same, of all workers of the machine, in a ring of memory: what was written longest ago goes (ring.h)
 *   remote   Redis: one hash for each aggregate (a patient), one field for each access path,
 *            so that a whole passport is one round trip and one deletion
 * A value counts only while its generation holds: a table of generations lies in memory that the
 * workers of a machine share (mmap), by hash of the aggregate's key. Whoever writes marks the slot
 * before COMMIT and bumps it after; a fill that raced with a write carries an old generation and loses.
 * The same table says whether anything is cached under a slot at all (then Redis is not asked in vain)
 * and whether it was missed before (only what is asked for twice is worth caching).
 *
 * Redis may vanish, hang, evict, lie or come back empty: then it is a miss, within 20 ms at worst, and
 * a circuit keeps it from being asked until it answers again. Not thread-safe; one cache a loop. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"
#include "base/list.h"
#include "base/macros.h"

struct uv_loop_s;
struct cache;
struct generations;
struct ring;
struct err;

struct cache_config {
    const char *redis;               /* path of a Unix socket, "host:port", or NULL: no Redis */
    struct generations *generations; /* shared by the workers; outlives the cache */
    struct ring *ring; /* shared by the workers too, and outlives the cache; NULL: there is none */
    struct str secret; /* keys in Redis are keyed hashes under it: no personal data in key names */
    struct str namespace_; /* tells databases and schema versions apart in one Redis */
    size_t local_bytes;    /* budget of the LRU; 0: none */
    unsigned timeout_ms;   /* of one Redis operation; 20 */
    unsigned ttl_s;        /* of what is put into Redis and the LRU: the backstop; 60 */
    uint32_t stores;       /* into Redis, a second at most; 0: as cache/worth.h reckons */
    unsigned rights_s;     /* how long an answer about rights counts at most; 0: none is kept */
    void (*note)(bool up); /* Redis answers again, or does not any more or at the start; or NULL */
};

struct cache_stats {
    uint64_t hot_hits, local_hits, shared_hits, remote_hits, misses, joined; /* by key */
    uint64_t rights_hits;
    uint64_t fills, fills_lost;         /* lost: a write came between */
    uint64_t shared_fills, shared_lost; /* lost: written over before it was read */
    uint64_t remote_errors, remote_commands;
    uint64_t local_rows, local_bytes, hot_rows, hot_bytes;
    uint64_t shared_bytes;            /* in use, of all workers */
    uint64_t hot_dropped, hot_voided; /* hot rows that changed; times that a whole table went */
    bool remote_up, followed;
};

/* ---- Generations: made before the workers are forked, or by a single worker. ---- */

/* Anonymous shared memory; `slots` is a power of two from 16 to 2^26. ERR_CONFIG, ERR_MEMORY. */
int generations_open(struct generations **ret_g, uint32_t slots, struct err *reterr) MUSTCHECK;
void generations_close(struct generations *g);
/* Each process that writes has a number of its own, below GENERATIONS_OWNERS (else ERR_LIMIT); 0 until
 * said otherwise. */
enum {
    GENERATIONS_OWNERS = 24
};
int generations_set_owner(struct generations *g, unsigned owner) MUSTCHECK;
/* The worker with this number died: takes its marks back and bumps what it had marked. Call it when its
 * database sessions are gone, since a COMMIT that it had sent may still take effect until then; that
 * the marks stay meanwhile costs speed only. */
void generations_clear_owner(struct generations *g, unsigned owner);
/* Around a write to the aggregate with this key (called by the writer of a later issue and by tests):
 * mark before COMMIT, bump after it (or after a failure), which also clears the mark. */
void generations_mark(struct generations *g, const struct table *aggregate, const struct key *key);
void generations_bump(struct generations *g, const struct table *aggregate, const struct key *key);
/* Everything cached so far is void (a new epoch). */
void generations_flush(struct generations *g);
/* The same around a write to a row of a hot table, or to several of its rows (`key` NULL). */
void generations_mark_hot(struct generations *g, const struct table *table, const int64_t *key);
void generations_bump_hot(struct generations *g, const struct table *table, const int64_t *key);
/* Somebody else's change, which everybody sees by now, of the aggregate in that slot (generations_slot). A mark stays: it is another write's. */
void generations_heard(struct generations *g, uint32_t slot);
void generations_heard_hot(struct generations *g, const struct table *table, const int64_t *key);
/* For who follows what other systems change: until that time (CLOCK_MONOTONIC, ms), unless it is said again, all that they
 * committed GENERATIONS_LAG_MS before has been heard of. Later than that a cached value counts within the second in which it was read, and
 * hot rows don't. Never called: caches trust that nobody else writes. */
enum {
    GENERATIONS_LAG_MS = 1000
};
void generations_follow(struct generations *g, uint64_t until_ms);

/* ---- The cache of one worker. ---- */

int cache_open(struct cache **ret_c, struct uv_loop_s *loop, const struct access *access,
               const struct cache_config *config, struct err *reterr) MUSTCHECK;

/* Rows of a hot table, without any waiting: the hot path of every query. All `n` keys together, which hides the memory's latency.
 * A row's bytes stay for the turn of the loop at least: copy what must live longer. ret[i] is NULL where there is none, or it changed
 * (take a token, ask db/, then cache_hot_put). */
void cache_hot_get_many(struct cache *c, const struct table *table, const struct key *keys,
                        uint32_t n, const struct row **ret);
/* Taken before the database is asked for hot rows. */
uint64_t cache_hot_token(const struct cache *c);
/* Puts or replaces a row (it is copied), unless it changed since the token was taken. ERR_MEMORY: not kept. */
int cache_hot_put(struct cache *c, const struct table *table, const struct row *row,
                  uint64_t token) MUSTCHECK;
/* Declares the table complete, unless all of it became void since the token was taken: from now on a key that is
 * missing is rare, not normal. */
void cache_hot_loaded(struct cache *c, const struct table *table, uint64_t token);
/* False: nobody has loaded it yet, or all of it became void since. */
bool cache_hot_is_loaded(const struct cache *c, const struct table *table);

/* Rows of hot tables for a worker that starts: each() for every row that Redis holds for the table, then
 * done(0) when that was the complete table, else done(ERR_...) and the caller scans the database.
 * After a scan of the database cache_hot_publish gives the rows to the others (best effort). */
struct cache_hot_load {
    const struct table *table;
    uint64_t token; /* for cache_hot_put: of whoever published the rows */
    void (*each)(struct cache_hot_load *load, const struct row *row);
    void (*done)(struct cache_hot_load *load, int rc);
    void *_state;
};
/* 0: done() will run, on a later turn. Negative: there is no Redis (nothing was started). each() is also
 * called for rows of a table that turns out not to be complete; they are good rows all the same. */
int cache_hot_load(struct cache *c, struct cache_hot_load *load) MUSTCHECK;
void cache_hot_publish(struct cache *c, const struct table *table);

/* False: what other systems changed a second ago may not be known, and the caches serve little. */
bool cache_is_followed(const struct cache *c);

/* True when rows of this path are worth a cache_peek / cache_lookup (it belongs to an aggregate). */
bool cache_wants(const struct cache *c, const struct access_path *path);

/* In the process and the ring only, no waiting: on a hit sets `*ret` (rows copied into `arena`) and returns true. A head
 * that is shorter than the page asked for is a hit only when it is all there is. */
bool cache_peek(struct cache *c, const struct access_path *path, const struct key *key,
                const struct page *page, struct arena *arena, struct slice *ret);

/* What somebody may see of whom (paths with a `subject`), in a memory of its own: without waiting, until the subject's record
 * changes, and rights_s at most (time passes by itself, and posts are nobody's record). True: `*ret` is set, its rows copied into `arena`. */
bool cache_rights_get(struct cache *c, const struct access_path *path, const struct key *key,
                      struct arena *arena, struct slice *ret);
/* Keeps the database's answer, unless the subject's record changed since `asked`: cache_now() of before it was asked. */
struct cache_moment {
    uint64_t _epoch, _clock;
};
struct cache_moment cache_now(const struct cache *c);
void cache_rights_put(struct cache *c, const struct access_path *path, const struct key *key,
                      struct cache_moment asked, const struct slice *slice);

/* One key that is being looked for. The asker owns it until done() ran. */
struct cache_lookup {
    const struct access_path *path;
    struct key key;
    const struct page *page; /* NULL for ACCESS_ROW */
    struct arena *arena;
    struct slice slice; /* set when done(CACHE_HIT) */
    void (*done)(struct cache_lookup *l, int outcome);
    void *data; /* the asker's, as is `place` */
    uint32_t place;
    /* the cache's own */
    struct list _link;
    struct cache_flight *_flight;
};

enum {
    CACHE_HIT = 1, /* slice is set */
    CACHE_MISS = 2 /* the asker asks the database now, then calls cache_fill or cache_abandon */
};

/* Looks in Redis, and joins another look-up of the same key and page that is under way, when no write
 * came between. Returns 0 (done will run on a later turn), or CACHE_MISS at once (as if done(CACHE_MISS)
 * had run: fill or abandon is due), or ERR_MEMORY (nothing was started, nothing is due). */
int cache_lookup(struct cache *c, struct cache_lookup *l) MUSTCHECK;
/* After a miss: what the database said. `slice` stays the caller's (it is copied where worth it).
 * Those who joined get done(CACHE_HIT) on a later turn. */
void cache_fill(struct cache *c, struct cache_lookup *l, const struct slice *slice);
/* After a miss: the database did not say. One of those who joined gets done(CACHE_MISS) and leads on. */
void cache_abandon(struct cache *c, struct cache_lookup *l);
/* Nobody waits for `l`: done will not run, nothing is due, its memory is not touched any more. */
void cache_cancel(struct cache *c, struct cache_lookup *l);

void cache_get_stats(const struct cache *c, struct cache_stats *ret);

/* Ends all look-ups with done(CACHE_MISS) (then nothing is due), closes Redis, calls on_closed. */
void cache_close(struct cache *c, void (*on_closed)(void *data), void *data);

#endif
