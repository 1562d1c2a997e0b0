/* cache/hot.c: see cache/hot.h. For each table an open-addressing index (16 bytes a place, at most
 * three quarters full) over rows that lie one behind the other in blocks of up to 256 KB: 60,000 rows
 * of 200 bytes are 12 MB of rows and 2 MB of index, and no malloc header for each.
 *
 * Invariant: live + dead = bytes of rows in the blocks; rows never move but in hot_pack. */
#include "cache/hot.h"

#include <stdlib.h>
#include <string.h>

#include "base/access.h"
#include "base/err.h"
#include "base/hash.h"

enum {
    BLOCK_FIRST = 4096,
    BLOCK_LARGEST = 256 * 1024,
    ROW_ALIGN = 8,
    INDEX_FIRST = 64,
    DEAD_WORTH_PACKING = 64 * 1024
};

struct block {
    struct block *next;
    size_t size, used; /* bytes of data */
    _Alignas(ROW_ALIGN) char data[];
};

struct place {
    int64_t key;
    const struct row *row; /* NULL: free */
};

struct hot_table {
    struct place *places;
    size_t n_places; /* a power of two, or 0 */
    size_t n_rows;
    struct block *blocks; /* the one that is being filled first */
    size_t block_bytes;   /* taken from the system */
    size_t live, dead;    /* bytes of rows */
    uint64_t change;
    bool loaded;
};

/* Blocks that nothing points to any more, but for readers of a while ago. */
struct grave {
    struct grave *next;
    struct block *blocks;
    size_t bytes;
    uint64_t free_at_ms;
};

struct hot {
    const struct access *access;
    struct grave *graves;
    size_t grave_bytes;
    struct hot_table tables[]; /* by table id */
};

int hot_new(struct hot **ret_hot, const struct access *access)
{
    struct hot *h = calloc(1, sizeof *h + access->n_tables * sizeof h->tables[0]);

    if (!h)
        return ERR_MEMORY;
    h->access = access;
    *ret_hot = h;
    return 0;
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void hot_free(struct hot *h)
{
    if (!h)
        return;
    for (uint32_t i = 0; i < h->access->n_tables; i++) {
        free(h->tables[i].places);
        free_blocks(h->tables[i].blocks);
    }
    while (h->graves) {
        struct grave *next = h->graves->next;
        free_blocks(h->graves->blocks);
        free(h->graves);
        h->graves = next;
    }
    free(h);
}

static struct hot_table *table_of(struct hot *h, const struct table *table)
{
    return table->id < h->access->n_tables ? &h->tables[table->id] : NULL;
}

static const struct hot_table *table_of_const(const struct hot *h, const struct table *table)
{
    return table->id < h->access->n_tables ? &h->tables[table->id] : NULL;
}

/* The place of `key`, or the free one where it belongs. The index is not empty and never full. */
static struct place *place_of(struct place *places, size_t n, int64_t key)
{
    size_t i = (size_t)hash_u64((uint64_t)key) & (n - 1);

    while (places[i].row && places[i].key != key)
        i = (i + 1) & (n - 1);
    return &places[i];
}

const struct row *hot_get(const struct hot *h, const struct table *table, int64_t key)
{
    const struct hot_table *t = table_of_const(h, table);

    return t && t->n_rows ? place_of(t->places, t->n_places, key)->row : NULL;
}

void hot_prefetch(const struct hot *h, const struct table *table, int64_t key)
{
    const struct hot_table *t = table_of_const(h, table);

    if (t && t->n_rows)
        __builtin_prefetch(&t->places[(size_t)hash_u64((uint64_t)key) & (t->n_places - 1)]);
}

static int grow_index(struct hot_table *t)
{
    size_t n = t->n_places ? t->n_places * 2 : INDEX_FIRST;
    struct place *places = calloc(n, sizeof *places);

    if (!places)
        return ERR_MEMORY;
    for (size_t i = 0; i < t->n_places; i++)
        if (t->places[i].row)
            *place_of(places, n, t->places[i].key) = t->places[i];
    free(t->places);
    t->places = places;
    t->n_places = n;
    return 0;
}

static size_t row_room(const struct row *row)
{
    return ((size_t)row->size + ROW_ALIGN - 1) & ~(size_t)(ROW_ALIGN - 1);
}

/* A copy of the row in the newest block of `*blocks`; NULL: out of memory. */
static const struct row *store_row(struct block **blocks, size_t *block_bytes,
                                   const struct row *row)
{
    size_t room = row_room(row);
    struct block *b = *blocks;
    char *at;

    if (!b || b->size - b->used < room) {
        size_t size = b ? MIN(b->size * 2, (size_t)BLOCK_LARGEST) : BLOCK_FIRST;
        size = MAX(size, room);
        b = malloc(sizeof *b + size);
        if (!b)
            return NULL;
        *b = (struct block){*blocks, size, 0};
        *blocks = b;
        *block_bytes += sizeof *b + size;
    }
    at = b->data + b->used;
    memcpy(at, row, row->size);
    b->used += room;
    return (const struct row *)(void *)at;
}

int hot_put(struct hot *h, const struct table *table, const struct row *row)
{
    struct hot_table *t = table_of(h, table);
    const struct row *copy;
    struct place *p;
    int64_t key;

    if (!t || table->n_key != 1 || row->n != table->n_columns ||
        table->columns[table->key_cell[0]].raw_is_text || row_is_null(row, table->key_cell[0]) ||
        row_cell(row, table->key_cell[0]).len != sizeof key)
        return ERR_DATA;
    key = row_number(row, table->key_cell[0]);
    if (t->n_rows + 1 > t->n_places / 4 * 3 && grow_index(t) < 0)
        return ERR_MEMORY;
    p = place_of(t->places, t->n_places, key);
    if (p->row && p->row->size == row->size && memcmp(p->row, row, row->size) == 0)
        return 0;
    copy = store_row(&t->blocks, &t->block_bytes, row);
    if (!copy)
        return ERR_MEMORY;
    if (p->row) {
        t->dead += row_room(p->row);
        t->live -= row_room(p->row);
    } else {
        t->n_rows++;
    }
    t->live += row_room(copy);
    t->change++;
    *p = (struct place){key, copy};
    return 0;
}

/* Moves up those behind the place that would not be found any more over the gap. */
static void close_gap(struct hot_table *t, size_t gap)
{
    size_t mask = t->n_places - 1;

    for (size_t i = (gap + 1) & mask; t->places[i].row; i = (i + 1) & mask) {
        size_t home = (size_t)hash_u64((uint64_t)t->places[i].key) & mask;
        if (((i - home) & mask) < ((i - gap) & mask))
            continue; /* its home lies behind the gap */
        t->places[gap] = t->places[i];
        gap = i;
    }
    t->places[gap].row = NULL;
}

void hot_drop(struct hot *h, const struct table *table, int64_t key)
{
    struct hot_table *t = table_of(h, table);
    struct place *p = t && t->n_rows ? place_of(t->places, t->n_places, key) : NULL;

    if (!p || !p->row)
        return;
    t->dead += row_room(p->row);
    t->live -= row_room(p->row);
    t->n_rows--;
    t->change++;
    close_gap(t, (size_t)(p - t->places));
}

/* Out of memory: the blocks stay in use, as leavings that are packed one day. */
static void bury(struct hot *h, struct hot_table *t, uint64_t now_ms)
{
    struct grave *grave = malloc(sizeof *grave);

    if (!grave) {
        t->dead += t->live;
        return;
    }
    *grave = (struct grave){h->graves, t->blocks, t->block_bytes, now_ms + HOT_GRACE_MS};
    h->graves = grave;
    h->grave_bytes += t->block_bytes;
    t->blocks = NULL;
    t->block_bytes = 0;
    t->dead = 0;
}

void hot_drop_all(struct hot *h, const struct table *table, uint64_t now_ms)
{
    struct hot_table *t = table_of(h, table);

    if (!t)
        return;
    t->loaded = false;
    t->change++;
    if (t->n_rows == 0)
        return;
    bury(h, t, now_ms);
    memset(t->places, 0, t->n_places * sizeof *t->places);
    t->live = 0;
    t->n_rows = 0;
}

void hot_set_loaded(struct hot *h, const struct table *table)
{
    struct hot_table *t = table_of(h, table);

    if (t)
        t->loaded = true;
}

bool hot_is_loaded(const struct hot *h, const struct table *table)
{
    const struct hot_table *t = table_of_const(h, table);

    return t && t->loaded;
}

/* Copies the live rows to new blocks and buries the old ones. Out of memory: tries again later. */
static void hot_pack(struct hot *h, struct hot_table *t, uint64_t now_ms)
{
    struct grave *grave = malloc(sizeof *grave);
    struct place *places = malloc(t->n_places * sizeof *places);
    struct block *blocks = NULL;
    size_t bytes = 0;

    if (!grave || !places)
        goto fail;
    memcpy(places, t->places, t->n_places * sizeof *places);
    for (size_t i = 0; i < t->n_places; i++) {
        if (!places[i].row)
            continue;
        places[i].row = store_row(&blocks, &bytes, places[i].row);
        if (!places[i].row)
            goto fail;
    }
    *grave = (struct grave){h->graves, t->blocks, t->block_bytes, now_ms + HOT_GRACE_MS};
    h->graves = grave;
    h->grave_bytes += t->block_bytes;
    free(t->places);
    t->places = places;
    t->blocks = blocks;
    t->block_bytes = bytes;
    t->dead = 0;
    return;
fail:
    free_blocks(blocks);
    free(places);
    free(grave);
}

void hot_sweep(struct hot *h, uint64_t now_ms)
{
    for (struct grave **at = &h->graves; *at;) {
        struct grave *g = *at;
        if (g->free_at_ms > now_ms) {
            at = &g->next;
            continue;
        }
        *at = g->next;
        h->grave_bytes -= g->bytes;
        free_blocks(g->blocks);
        free(g);
    }
    for (uint32_t i = 0; i < h->access->n_tables; i++) {
        struct hot_table *t = &h->tables[i];
        if (t->dead > DEAD_WORTH_PACKING && t->dead > (t->live + t->dead) / 4)
            hot_pack(h, t, now_ms);
    }
}

uint64_t hot_rows(const struct hot *h)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < h->access->n_tables; i++)
        n += h->tables[i].n_rows;
    return n;
}

uint64_t hot_bytes(const struct hot *h)
{
    uint64_t n = h->grave_bytes;

    for (uint32_t i = 0; i < h->access->n_tables; i++)
        n += h->tables[i].block_bytes + h->tables[i].n_places * sizeof(struct place);
    return n;
}

const struct row *hot_next(const struct hot *h, const struct table *table, size_t *at)
{
    const struct hot_table *t = table_of_const(h, table);

    while (t && *at < t->n_places) {
        const struct row *row = t->places[(*at)++].row;
        if (row)
            return row;
    }
    return NULL;
}

uint64_t hot_change(const struct hot *h, const struct table *table)
{
    const struct hot_table *t = table_of_const(h, table);

    return t ? t->change : 0;
}
