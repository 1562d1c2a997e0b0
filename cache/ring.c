/* cache/ring.c: see cache/ring.h.
 *
 *   index   sets of 8 words, found by the name's hash      ring   records of whole units (64 bytes), in the
 *           63    47 46    34 33           0                      order in which they were written
 *           |  tag  | units  |   position   | ------------>   head: checksum, epoch, sizes | value | names
 *
 * A position counts units since the start and never goes back (its low 34 bits are kept): where it lies in the ring
 * is the position modulo the ring's units, and it is gone once the writers are a whole ring ahead of it. So
 * an index entry says by itself how old it is, and nobody ever has to take one out.
 *
 * A writer takes its place by one atomic addition, writes, and only then sets the index. Nobody locks, so this
 * may happen to a reader, and the record itself shows it:
 *  - another record lies there by now (another name: tags are short, and the place may have been taken since),
 *  - it is torn: written over while it was read; left half-written by one who was killed and whose place an old
 *    entry points to; or two writers were in one place, as one slept for a whole round of the ring.
 * A record counts when its checksum (keyed, over all of it), its epoch and its whole name agree; anything
 * else is a miss. Whether the value is still true is told by the generation in it, which is not known here.
 *
 * Read and written by system call and not through a mapping: a mapped page that two processes write and read is a
 * data race by C's rules, it counts as memory of each worker that touched it, and when the machine has no more memory
 * a store into it is SIGBUS where pwrite returns an error. The price is measured in bench/results.md. A call never waits for
 * a disk: the file's pages are memory, unless the machine swaps. */
#include "cache/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/macros.h"
#include "cache/value.h"

enum {
    UNIT = 64,
    WAYS = 8,
    BYTES_PER_ENTRY =
        256, /* of the ring: half of what a value has with its names, so sets seldom overflow */
    RECORD_MAX = VALUE_BYTES_MAX + 2 * RING_NAME_MAX + UNIT,
    UNITS_BITS = 13,
    POSITION_BITS = 34,
    TAG_SHIFT = POSITION_BITS + UNITS_BITS,
    MB = 1024 * 1024
};

#define POSITION_MASK ((UINT64_C(1) << POSITION_BITS) - 1)

struct ring_head {
    uint64_t seed; /* of names and checksums */
    uint64_t n_units, n_sets;
    _Alignas(UNIT) _Atomic uint64_t
        position; /* where the next record goes; beside nothing that is read */
    _Alignas(UNIT) char end[];
};

/* What lies at the start of each record; the value follows, then the names. */
struct record {
    uint64_t checksum; /* of all that follows it */
    uint64_t epoch;
    uint32_t n_value;
    uint16_t n_name, n_alias;
};

struct ring {
    struct ring_head *head;
    _Atomic uint64_t *words;
    size_t n_mapped;
    int fd;
    uint64_t lost;
    char *scratch; /* RECORD_MAX: the record that was read, or is being written */
};

static_assert(sizeof(struct record) == 24,
              "no padding: it is hashed as it lies, and the value stays aligned");
static_assert(RECORD_MAX <= UNIT << UNITS_BITS, "a record's units fit into an index word");
static_assert(2 * RECORD_MAX <= MB,
              "what does not fit before the end of the smallest ring fits behind its start");
static_assert((uint64_t)RING_MB_MAX * MB / UNIT <= POSITION_MASK >> 2,
              "rounds of the ring can be told apart");

/* A name's set, and what tells it from others there. */
struct place {
    _Atomic uint64_t *set;
    uint64_t tag;
};

static uint64_t power_of_two(uint64_t at_least)
{
    uint64_t n = 1;

    while (n < at_least)
        n *= 2;
    return n;
}

int ring_open(struct ring **ret_r, size_t bytes, struct err *reterr)
{
    uint64_t n_sets = power_of_two(bytes / BYTES_PER_ENTRY / WAYS);
    struct ring *r;
    void *map;

    if (bytes < MB || bytes > (size_t)RING_MB_MAX * MB || bytes % UNIT)
        return err_set(reterr, ERR_CONFIG, "shared cache: no size for it");
    r = calloc(1, sizeof *r);
    if (!r)
        return err_set(reterr, ERR_MEMORY, "shared cache: out of memory");
    r->fd = memfd_create("tolqujat-cache", MFD_CLOEXEC);
    r->scratch = aligned_alloc(UNIT, RECORD_MAX / UNIT * UNIT + UNIT);
    r->n_mapped = sizeof *r->head + n_sets * WAYS * sizeof *r->words;
    map = mmap(NULL, r->n_mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (map != MAP_FAILED)
        r->head = map;
    if (!r->scratch || !r->head || r->fd < 0 || ftruncate(r->fd, (off_t)bytes) < 0 ||
        random_bytes(&r->head->seed, sizeof r->head->seed) < 0) {
        ring_close(r);
        return err_set(reterr, ERR_MEMORY, "shared cache: out of memory");
    }
    r->words = (void *)r->head->end;
    r->head->n_units = bytes / UNIT;
    r->head->n_sets = n_sets;
    atomic_store(&r->head->position, r->head->n_units); /* not 0: an index word that is 0 is none */
    *ret_r = r;
    return 0;
}

void ring_close(struct ring *r)
{
    if (!r)
        return;
    if (r->head)
        munmap(r->head, r->n_mapped);
    if (r->fd >= 0)
        close(r->fd);
    free(r->scratch);
    free(r);
}

/* ---- Places ---- */

static struct place place_of(const struct ring *r, struct str name)
{
    uint64_t h = hash_seeded(name, r->head->seed);

    return (struct place){&r->words[(h & (r->head->n_sets - 1)) * WAYS], h >> TAG_SHIFT};
}

static uint64_t word_units(uint64_t w)
{
    return ((w >> POSITION_BITS) & ((1u << UNITS_BITS) - 1)) + 1;
}

/* How many units were given out since the record's place was. */
static uint64_t word_age(uint64_t w, uint64_t position)
{
    return (position - w) & POSITION_MASK;
}

static off_t word_offset(const struct ring *r, uint64_t w, uint64_t position)
{
    return (off_t)((position - word_age(w, position)) % r->head->n_units * UNIT);
}

static uint64_t record_sum(const struct ring *r, const char *bytes, size_t n)
{
    const size_t from = sizeof((struct record *)0)->checksum;

    return hash_seeded((struct str){bytes + from, n - from}, ~r->head->seed);
}

/* ---- Reading ---- */

/* Is what lies in the scratch, `n` bytes, a record of that name and epoch? */
static bool record_counts(const struct ring *r, size_t n, uint64_t epoch, struct str name)
{
    const struct record *rec = (const void *)r->scratch;
    const char *names;
    size_t size;

    if (n < sizeof *rec || rec->epoch != epoch || rec->n_value > VALUE_BYTES_MAX ||
        (rec->n_name != name.len && rec->n_alias != name.len))
        return false;
    size = sizeof *rec + rec->n_value + rec->n_name + rec->n_alias;
    if (size > n)
        return false;
    names = r->scratch + sizeof *rec + rec->n_value;
    if (!str_eq(name, (struct str){names, rec->n_name}) &&
        !str_eq(name, (struct str){names + rec->n_name, rec->n_alias}))
        return false;
    return rec->checksum == record_sum(r, r->scratch, size);
}

struct str ring_get(struct ring *r, uint64_t epoch, struct str name)
{
    struct place p = place_of(r, name);

    for (unsigned i = 0; i < WAYS && name.len > 0; i++) {
        uint64_t w = atomic_load_explicit(&p.set[i], memory_order_acquire);
        uint64_t position = atomic_load_explicit(&r->head->position, memory_order_relaxed);
        ssize_t got;
        if (w == 0 || w >> TAG_SHIFT != p.tag || word_age(w, position) > r->head->n_units)
            continue;
        got = pread(r->fd, r->scratch, word_units(w) * UNIT, word_offset(r, w, position));
        if (got > 0 && record_counts(r, (size_t)got, epoch, name)) {
            const struct record *rec = (const void *)r->scratch;
            return (struct str){r->scratch + sizeof *rec, rec->n_value};
        }
        r->lost++;
    }
    return (struct str){0};
}

/* ---- Writing ---- */

/* Where a record of `n` units goes: never over the ring's end. */
static uint64_t take_place(struct ring *r, uint64_t n)
{
    uint64_t at, n_units = r->head->n_units;

    do {
        at = atomic_fetch_add_explicit(&r->head->position, n, memory_order_relaxed);
    } while (at % n_units + n > n_units);
    return at;
}

/* In place of what has the same tag (it is the same name, nearly always), of what is gone, of the oldest. */
static void set_word(struct ring *r, struct str name, uint64_t at, uint64_t units)
{
    struct place p = place_of(r, name);
    uint64_t word = p.tag << TAG_SHIFT | (units - 1) << POSITION_BITS | (at & POSITION_MASK);
    uint64_t oldest = 0;
    unsigned victim = 0;

    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t w = atomic_load_explicit(&p.set[i], memory_order_relaxed);
        uint64_t age = w == 0 ? POSITION_MASK : word_age(w, at);
        if (w != 0 && w >> TAG_SHIFT == p.tag) {
            victim = i;
            break;
        }
        if (age > oldest) {
            oldest = age;
            victim = i;
        }
    }
    atomic_store_explicit(&p.set[victim], word, memory_order_release);
}

bool ring_put(struct ring *r, uint64_t epoch, struct str name, struct str alias, struct str value)
{
    struct record *rec = (void *)r->scratch;
    size_t size = sizeof *rec + value.len + name.len + alias.len;
    char *names = r->scratch + sizeof *rec + value.len;
    uint64_t at, units = (size + UNIT - 1) / UNIT;

    if (value.len > VALUE_BYTES_MAX || name.len == 0 || name.len > RING_NAME_MAX ||
        alias.len > RING_NAME_MAX)
        return false;
    *rec = (struct record){.epoch = epoch,
                           .n_value = (uint32_t)value.len,
                           .n_name = (uint16_t)name.len,
                           .n_alias = (uint16_t)alias.len};
    memcpy(r->scratch + sizeof *rec, value.ptr, value.len);
    memcpy(names, name.ptr, name.len);
    if (alias.len)
        memcpy(names + name.len, alias.ptr, alias.len);
    rec->checksum = record_sum(r, r->scratch, size);
    at = take_place(r, units);
    if (pwrite(r->fd, r->scratch, size, (off_t)(at % r->head->n_units * UNIT)) != (ssize_t)size)
        return false; /* no memory: whatever lies there is torn */
    set_word(r, name, at, units);
    if (alias.len)
        set_word(r, alias, at, units);
    return true;
}

/* ---- Figures ---- */

size_t ring_used(const struct ring *r)
{
    uint64_t given = atomic_load_explicit(&r->head->position, memory_order_relaxed) -
                     r->head->n_units;

    return MIN(given, r->head->n_units) * UNIT;
}

uint64_t ring_lost(const struct ring *r)
{
    return r->lost;
}
