/* cache/generations.c: the table by which the workers of one machine agree on what cached values
 * are still worth. Layer: cache; base/ only. One atomic word a slot, in memory that all workers map:
 *
 *   63          40 39        38                                                                   0
 *   | mark, a bit per owner | present | generation: the clock's value when the slot was last bumped |
 *
 * A writer marks the slot before COMMIT, bumps it after COMMIT and only then acknowledges. `clock` is
 * one counter for all slots; a bump takes the next value as the slot's new generation.
 *
 * Claim: after an acknowledged write no read through any worker is older, and reads never go back.
 *  - A reader takes the clock as its token, then asks the database, then keeps (or hands to those who
 *    joined it) what it got only when the slot is unmarked and generation <= token. A write that was
 *    committed after the reader's snapshot either is still marked (not kept), or bumped after the token
 *    was taken, so generation > token (not kept).
 *  - A value counts only while the slot is unmarked and has the very generation it was kept under.
 *    Between COMMIT and the bump the mark makes all readers ask the database, so nobody can see the
 *    new row and then the old one.
 *  - Generations lie here, not in Redis, and values in Redis carry theirs: Redis may have been away,
 *    missed deletions, come back with what it saved, or answer late; nothing of that makes a dead
 *    value count. What this memory does not survive (all workers gone) the epoch covers: it is random,
 *    new at each start and flush, and part of every key in Redis. So a connection that was lost and
 *    came back keeps the epoch.
 *  - A worker that dies leaves its marks: those slots are slow, never wrong, until the supervisor
 *    calls generations_clear_owner, which bumps them.
 * Two keys that share a slot cost hits, never correctness. The clock has 39 bits: 17 years of 1,000
 * writes a second between two starts.
 *
 * Beside the words lies the doorkeeper: 16 bits a place, 8 of the second and 8 of the name's hash. */
#include "cache/generations.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/access.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "base/macros.h"
#include "cache/cache.h"
#include "cache/hot_log.h"

#define MARK_SHIFT 40
#define PRESENT (UINT64_C(1) << 39)
#define GENERATION_MASK (PRESENT - 1)
#define MARK_MASK (~UINT64_C(0) << MARK_SHIFT)

enum {
    SLOTS_MIN = 16,
    SLOTS_MAX = 1 << 26,
    SEEN_PER_SLOT = 2,
    SEEN_WINDOW_S = 3, /* older than this is forgotten; see generations_seen */
    HELD_MAX = 1024    /* slots that one process may have marked at a time */
};

static_assert(MARK_SHIFT + GENERATIONS_OWNERS == 64, "one mark bit for each owner");
static_assert((int)HOT_LOG_WRITERS == (int)GENERATIONS_OWNERS,
              "writers of hot rows are the owners");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock would not be shared by processes");

/* At the start of the shared memory. */
struct gen_head {
    uint64_t seed; /* of the slots' hash */
    uint32_t n_slots;
    uint32_t n_seen;
    _Atomic uint64_t epoch;
    _Atomic uint64_t clock;
    _Atomic uint64_t outstanding[GENERATIONS_OWNERS]; /* writes between mark and bump */
    /* On a monotonic clock of this machine: until then no change of another system that is older than
     * GENERATIONS_LAG_MS is missing here. UINT64_MAX: nobody follows them. */
    _Alignas(64) _Atomic uint64_t followed_until_ms;
    struct hot_log hot;
};

/* Marks nest: two writes of this process in one slot share its bit. */
struct held {
    uint32_t slot;
    uint32_t count; /* 0: free */
};

struct generations {
    struct gen_head *head;
    _Atomic uint64_t *words;
    _Atomic uint16_t *seen;
    size_t n_bytes;
    unsigned owner;
    struct held held[HELD_MAX];
};

static size_t gen_bytes(uint32_t slots)
{
    return sizeof(struct gen_head) + slots * sizeof(uint64_t) +
           (size_t)slots * SEEN_PER_SLOT * sizeof(uint16_t);
}

/* Fills memory that is all zero. */
static int gen_start(struct gen_head *h, uint32_t slots)
{
    uint64_t random[2];

    if (random_bytes(random, sizeof random) < 0)
        return ERR_INTERNAL;
    h->seed = random[0];
    h->n_slots = slots;
    h->n_seen = slots * SEEN_PER_SLOT;
    atomic_store(&h->epoch, random[1]);
    atomic_store(&h->clock, 1);
    atomic_store(&h->followed_until_ms, UINT64_MAX);
    return 0;
}

int generations_open(struct generations **ret_g, uint32_t slots, struct err *reterr)
{
    size_t n = gen_bytes(slots);
    struct generations *g;
    void *map;
    int rc;

    if (slots < SLOTS_MIN || slots > SLOTS_MAX || (slots & (slots - 1)))
        return err_set(reterr, ERR_CONFIG, "generations: slots must be a power of two from 16");
    g = calloc(1, sizeof *g);
    if (!g)
        return err_set(reterr, ERR_MEMORY, "generations: out of memory");
    map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    rc = map == MAP_FAILED ? err_set(reterr, ERR_MEMORY, "generations: out of memory")
                           : gen_start(map, slots);
    if (rc < 0 && map != MAP_FAILED)
        munmap(map, n);
    if (rc < 0) {
        free(g);
        return rc;
    }
    g->n_bytes = n;
    g->head = map;
    g->words = (void *)(g->head + 1);
    g->seen = (void *)((char *)map + sizeof *g->head + slots * sizeof g->words[0]);
    *ret_g = g;
    return 0;
}

void generations_close(struct generations *g)
{
    if (!g)
        return;
    munmap(g->head, g->n_bytes);
    free(g);
}

int generations_set_owner(struct generations *g, unsigned owner)
{
    if (owner >= GENERATIONS_OWNERS)
        return ERR_LIMIT;
    g->owner = owner;
    return 0;
}

/* ---- Slots ---- */

uint32_t generations_slot_of(const struct generations *g, struct str id)
{
    return (uint32_t)hash_seeded(id, g->head->seed) & (g->head->n_slots - 1);
}

uint32_t generations_slot(const struct generations *g, const struct table *aggregate,
                          const struct key *key)
{
    uint64_t seed = g->head->seed + aggregate->id;
    uint64_t h;

    if (aggregate->columns && aggregate->columns[aggregate->key_cell[0]].raw_is_text)
        h = hash_seeded(key->text, seed);
    else
        h = hash_seeded(
            (struct str){(const char *)key->part, aggregate->n_key * sizeof key->part[0]}, seed);
    return (uint32_t)h & (g->head->n_slots - 1);
}

struct slot_view generations_view(const struct generations *g, uint32_t slot)
{
    uint64_t w = atomic_load(&g->words[slot]);
    return (struct slot_view){w & GENERATION_MASK, w & MARK_MASK, w & PRESENT};
}

uint64_t generations_epoch(const struct generations *g)
{
    return atomic_load(&g->head->epoch);
}

struct token generations_token(const struct generations *g)
{
    /* The epoch first: a flush moves both, the epoch before the clock. */
    uint64_t epoch = atomic_load(&g->head->epoch);
    return (struct token){epoch, atomic_load(&g->head->clock)};
}

bool generations_holds(const struct generations *g, struct token t, uint32_t slot,
                       uint64_t *ret_generation)
{
    struct slot_view v = generations_view(g, slot);

    if ((v.marked || v.generation > t.clock || atomic_load(&g->head->epoch) != t.epoch) &&
        !failpoint("unguarded-fill"))
        return false;
    *ret_generation = v.generation;
    return true;
}

bool generations_quiet(const struct generations *g, struct token t)
{
    /* Outstanding first: a bump moves the clock before it counts down. */
    for (unsigned i = 0; i < GENERATIONS_OWNERS; i++)
        if (atomic_load(&g->head->outstanding[i]))
            return false;
    return atomic_load(&g->head->clock) == t.clock && atomic_load(&g->head->epoch) == t.epoch;
}

void generations_set_present(struct generations *g, uint32_t slot)
{
    if (!(atomic_load_explicit(&g->words[slot], memory_order_relaxed) & PRESENT))
        atomic_fetch_or(&g->words[slot], PRESENT);
}

void generations_clear_present(struct generations *g, uint32_t slot, uint64_t generation)
{
    uint64_t w = atomic_load(&g->words[slot]);

    /* One try: if anything changed meanwhile, somebody may have put something there. */
    if ((w & PRESENT) && (w & GENERATION_MASK) == generation)
        atomic_compare_exchange_strong(&g->words[slot], &w, w & ~PRESENT);
}

/* ---- Writers ---- */

/* The place of a slot that this process has marked, or a free one, or NULL. Places become free in any
 * order, so all are looked at; writes are rare. */
static struct held *gen_held(struct generations *g, uint32_t slot)
{
    struct held *free_place = NULL;

    for (uint32_t i = 0; i < HELD_MAX; i++) {
        struct held *h = &g->held[i];
        if (h->count && h->slot == slot)
            return h;
        if (!h->count && !free_place)
            free_place = h;
    }
    return free_place;
}

void generations_mark(struct generations *g, const struct table *aggregate, const struct key *key)
{
    uint32_t slot = generations_slot(g, aggregate, key);
    struct held *h = gen_held(g, slot);

    /* Without a place the mark is never taken back: the slot stays slow, not wrong. */
    if (h) {
        h->slot = slot;
        h->count++;
    }
    atomic_fetch_add(&g->head->outstanding[g->owner], 1);
    atomic_fetch_or(&g->words[slot], UINT64_C(1) << (MARK_SHIFT + g->owner));
}

/* The next generation for the slot, with `clear` taken out of its word. */
static void gen_advance(struct generations *g, uint32_t slot, uint64_t clear)
{
    uint64_t w = atomic_load(&g->words[slot]);
    uint64_t next;

    do {
        next = (atomic_fetch_add(&g->head->clock, 1) + 1) & GENERATION_MASK;
    } while (!atomic_compare_exchange_weak(&g->words[slot], &w,
                                           ((w & ~clear) & ~GENERATION_MASK & ~PRESENT) | next));
}

void generations_bump(struct generations *g, const struct table *aggregate, const struct key *key)
{
    uint32_t slot = generations_slot(g, aggregate, key);
    struct held *h = gen_held(g, slot);
    bool was_marked = h && h->count;
    uint64_t clear = 0;

    if (was_marked && --h->count == 0)
        clear = UINT64_C(1) << (MARK_SHIFT + g->owner);
    gen_advance(g, slot, clear);
    if (was_marked)
        atomic_fetch_sub(&g->head->outstanding[g->owner], 1);
}

void generations_heard(struct generations *g, uint32_t slot)
{
    gen_advance(g, slot, 0);
}

void generations_clear_owner(struct generations *g, unsigned owner)
{
    uint64_t bit;

    if (owner >= GENERATIONS_OWNERS)
        return;
    bit = UINT64_C(1) << (MARK_SHIFT + owner);
    for (uint32_t i = 0; i < g->head->n_slots; i++)
        if (atomic_load_explicit(&g->words[i], memory_order_relaxed) & bit)
            gen_advance(g, i, bit);
    atomic_store(&g->head->outstanding[owner], 0);
    hot_log_clear(&g->head->hot, owner);
}

void generations_flush(struct generations *g)
{
    uint64_t epoch = atomic_load(&g->head->epoch);
    uint64_t random;

    if (random_bytes(&random, sizeof random) < 0 || random == epoch)
        random = hash_u64(epoch + 1);
    atomic_store(&g->head->epoch, random);
    atomic_fetch_add(&g->head->clock, 1);
    hot_log_enter(&g->head->hot, (struct hot_change){.table = HOT_LOG_EVERY_TABLE, .all = true});
}

/* ---- Hot rows ---- */

struct hot_log *generations_hot(const struct generations *g)
{
    return &g->head->hot;
}

static struct hot_change hot_change_of(const struct table *table, const int64_t *key)
{
    return (struct hot_change){.table = table->id, .all = !key, .key = key ? *key : 0};
}

void generations_mark_hot(struct generations *g, const struct table *table, const int64_t *key)
{
    hot_log_begin(&g->head->hot, g->owner, hot_change_of(table, key));
}

void generations_bump_hot(struct generations *g, const struct table *table, const int64_t *key)
{
    hot_log_end(&g->head->hot, g->owner, hot_change_of(table, key));
}

void generations_heard_hot(struct generations *g, const struct table *table, const int64_t *key)
{
    hot_log_enter(&g->head->hot, hot_change_of(table, key));
}

/* ---- Changes of other systems ---- */

void generations_follow(struct generations *g, uint64_t until_ms)
{
    atomic_store(&g->head->followed_until_ms, until_ms);
}

bool generations_followed(const struct generations *g, uint64_t now_ms)
{
    return now_ms < atomic_load(&g->head->followed_until_ms);
}

/* ---- The doorkeeper ---- */

bool generations_seen(struct generations *g, struct str id, uint64_t now_s)
{
    uint64_t h = hash_seeded(id, ~g->head->seed);
    _Atomic uint16_t *place = &g->seen[h & (g->head->n_seen - 1)];
    uint8_t name = (uint8_t)(h >> 56) | 1, second = (uint8_t)now_s;
    uint16_t was = atomic_load_explicit(place, memory_order_relaxed);

    /* Seconds are counted modulo 256, so once in four minutes an old entry looks young: that caches a
     * value too many, nothing worse. The same goes for two names in one place. */
    atomic_store_explicit(place, (uint16_t)(second << 8 | name), memory_order_relaxed);
    return (uint8_t)was == name && (uint8_t)(second - (uint8_t)(was >> 8)) <= SEEN_WINDOW_S;
}
