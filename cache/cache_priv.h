/* cache/cache_priv.h: what the files behind cache/cache.h share. Not for other rooms.
 *
 *   cache.c    open, close, hot rows, statistics
 *   peek.c     cache_peek: the process, then the ring
 *   lookup.c   cache_lookup, abandon, cancel: who waits for whom
 *   keep.c     what is kept of what the database said, and where
 *   ask.c      what is read from Redis and written to it, for look-ups
 *   share.c    hot tables by way of Redis
 *   rights.c   what somebody may see of whom, for moments
 * A callback to the cache's user runs from the idle handle, from a reply of Redis or from a timer,
 * never from inside a call of the user's. */
#ifndef CACHE_CACHE_PRIV_H
#define CACHE_CACHE_PRIV_H

#include <uv.h>

#include "base/buf.h"
#include "base/hash.h"
#include "cache/cache.h"
#include "cache/flight.h"
#include "cache/hot.h"
#include "cache/local.h"
#include "cache/worth.h"

struct remote;
struct value_head;

enum {
    LOOKUPS_MAX = 4096, /* in flight; those beyond go to the database by themselves */
    FILLS_PER_S = 2000, /* values kept, so that a sweep over all patients stays cheap */
    FILLS_BURST = 4000,
    SWEEP_MS = 5000, /* how often hot tables are looked after */
    CACHE_LINE = 64,
    RIGHTS_BYTES = 4 * 1024 * 1024, /* some 15,000 answers */
    ROW_PREFETCH_BYTES = 256,       /* most rows of hot tables are no longer */
    UNFOLLOWED_TTL_S = 1,           /* of values, while nobody hears of other systems' changes */
    HOT_STUCK_MS = 100 /* an entry of the log that is still not written by then: who had it died */
};

struct cache {
    uv_loop_t *loop;
    const struct access *access;
    struct generations *g;
    struct hmac *names; /* under the secret: names outside the process */
    struct str space;   /* its own copy */
    uint64_t seal;      /* seed of the checksums of values */
    unsigned ttl_s, rights_s;
    void (*note)(bool up);

    struct hot *hot;
    uint64_t hot_read;     /* what was read of the log of hot changes */
    uint64_t hot_stuck_ms; /* since when the next entry is not there yet; 0: it is */
    struct local local, rights;
    struct remote *remote;        /* NULL: no Redis */
    struct map asks;              /* aggregates that Redis is being asked for: name -> struct ask */
    struct list loads, publishes; /* struct transfer of share.c */
    uint64_t store_again_ms;      /* Redis refused a write: none until then */

    struct flights flights;
    struct list ready_hit, ready_miss; /* cache_lookup._link: done() is due */
    uv_idle_t idle;                    /* runs while something is ready */
    uv_timer_t sweep;
    uint64_t fills_left, fills_at_ms;
    struct worth worth; /* of putting values into Redis */

    struct ring *ring; /* NULL: none */

    struct buf name, alias, value; /* scratch: names, a value that is being written */
    struct cache_stats stats;

    bool closing;
    unsigned n_open; /* uv handles, and 1 for Redis */
    void (*on_closed)(void *data);
    void *closed_data;
};

static inline uint64_t cache_now_s(const struct cache *c)
{
    return uv_now(c->loop) / 1000;
}

/* ---- lookup.c ---- */

/* True while a value of this head may be served: its slot unmarked and of its generation, its age
 * within the time to live. */
bool cache_value_lives(const struct cache *c, const struct value_head *h, uint32_t slot);
/* The aggregate's key that this path and key lead to, as far as this process knows. For an alias the
 * text of `*ret` lies in the LRU: good until it changes. False: not known. */
bool cache_resolve(struct cache *c, const struct access_path *path, const struct key *key,
                   struct key *ret, uint32_t *ret_slot);
/* A value that was checked, found for a flight that Redis was asked for. False: it does not cover the
 * page; nothing happened. Else all waiters are ready and the flight has ended. */
bool cache_deliver(struct cache *c, struct cache_flight *f, const void *value, size_t len);
/* Redis has nothing for this flight: its first waiter leads on, by way of the database. */
void cache_deliver_miss(struct cache *c, struct cache_flight *f);
/* Ends all flights, each look-up with a miss for which nothing is due. */
void cache_end_lookups(struct cache *c);
void cache_run_ready(struct cache *c);

/* ---- keep.c ---- */

/* What an answer is kept under: its token's epoch, and the aggregate's key, slot and generation. */
struct keep_under {
    struct key key;
    uint32_t slot;
    uint64_t epoch, generation;
};

/* What the database said of an aggregate's row or the head of a list, when its token holds: the ring gets it in
 * any case, the LRU and Redis when it was `asked_again`, within what may be put there a second. */
void keep_answer(struct cache *c, const struct cache_lookup *l, const struct slice *slice,
                 const struct keep_under *under, bool asked_again);
/* What was found in the ring under the name in c->name (c->name and c->value are other ones then): into the
 * LRU, when it was asked for a short while ago, too. `key` is the aggregate's. */
void keep_found(struct cache *c, uint64_t epoch, const struct access_path *path,
                const struct key *key, struct str value);
/* A value from Redis, under the name in c->name: into the LRU and the ring. */
void keep_replied(struct cache *c, uint64_t epoch, struct str value);

/* ---- ask.c ---- */

/* Asks Redis on behalf of a flight (whose waiters come next). False: no use or not possible. */
bool ask_alias(struct cache *c, struct cache_flight *f, const struct access_path *path,
               const struct key *key);
bool ask_aggregate(struct cache *c, struct cache_flight *f, const struct access_path *path,
                   const struct key *key, uint32_t slot);
/* The flight does not wait for Redis any more. */
void ask_leave(struct cache_flight *f);
/* Gives a sealed value to Redis, best effort. `digest` is of the aggregate's row / of the alias. */
void ask_store_rows(struct cache *c, uint64_t epoch, const struct sha256 *digest, uint32_t unit,
                    uint32_t slot, struct str value);
void ask_store_alias(struct cache *c, uint64_t epoch, const struct sha256 *digest, uint32_t slot,
                     struct str value);
/* The keyed hash of the name in c->name: what stands for it outside the process. `*ret_name` goes into
 * values, so that another's value is no answer. False when the library fails. */
bool ask_digest(const struct cache *c, uint64_t epoch, struct sha256 *ret, uint64_t *ret_name);
/* The bytes of a reply, aligned as values must be (malloc aligns, but hiredis does not promise it); may
 * use c->value. NULL: out of memory. */
const void *ask_aligned(struct cache *c, const char *bytes, size_t len);
bool ask_can_store(const struct cache *c);
void ask_on_change(void *data, bool up);

/* ---- share.c ---- */

void share_on_change(struct cache *c, bool up);
void share_end(struct cache *c);

#endif
