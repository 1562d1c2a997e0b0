/* tests/unit/cache_fixture.h: tables, paths and rows for the tests of cache/; made up, so that the cache
 * is seen to know nothing of a passport. Every test binary that includes it uses all of it or says so. */
#ifndef TESTS_UNIT_CACHE_FIXTURE_H
#define TESTS_UNIT_CACHE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/access.h"
#include "base/arena.h"
#include "base/hash.h"
#include "cache/cache.h"

enum {
    OWNER, /* aggregate: id (key), code (text, unique), name */
    ITEM,  /* list of an owner: owner_id, id, what */
    NOTE,  /* another list of an owner */
    PLACE, /* hot: id, name */
    FIX_TABLES
};

enum {
    OWNER_BY_CODE,
    ITEMS_OF_OWNER,
    NOTES_OF_OWNER,
    OWNER_BY_ID,
    PLACE_BY_ID,
    FIX_PATHS
};

static struct column fix_columns[FIX_TABLES][3] = {
    {{.name = {"id", 2}, .codec = CODEC_KEY},
     {.name = {"code", 4}, .codec = CODEC_STRING},
     {.name = {"name", 4}, .codec = CODEC_STRING}},
    {{.name = {"owner_id", 8}, .codec = CODEC_KEY},
     {.name = {"id", 2}, .codec = CODEC_KEY},
     {.name = {"what", 4}, .codec = CODEC_STRING}},
    {{.name = {"owner_id", 8}, .codec = CODEC_KEY},
     {.name = {"id", 2}, .codec = CODEC_KEY},
     {.name = {"what", 4}, .codec = CODEC_STRING}},
    {{.name = {"id", 2}, .codec = CODEC_KEY}, {.name = {"name", 4}, .codec = CODEC_STRING}},
};

static struct table fix_tables[FIX_TABLES] = {
    {.id = OWNER,
     .name = {"owner", 5},
     .columns = fix_columns[OWNER],
     .n_columns = 3,
     .n_key = 1,
     .aggregate = true},
    {.id = ITEM,
     .name = {"item", 4},
     .columns = fix_columns[ITEM],
     .n_columns = 3,
     .n_key = 2,
     .key_cell = {0, 1}},
    {.id = NOTE,
     .name = {"note", 4},
     .columns = fix_columns[NOTE],
     .n_columns = 3,
     .n_key = 2,
     .key_cell = {0, 1}},
    {.id = PLACE,
     .name = {"place", 5},
     .columns = fix_columns[PLACE],
     .n_columns = 2,
     .n_key = 1,
     .hot = true},
};

static struct access_path fix_paths[FIX_PATHS] = {
    {.id = OWNER_BY_CODE,
     .kind = ACCESS_ROW,
     .table = &fix_tables[OWNER],
     .n_columns = 1,
     .key_is_text = true},
    {.id = ITEMS_OF_OWNER,
     .kind = ACCESS_LIST,
     .table = &fix_tables[ITEM],
     .aggregate = &fix_tables[OWNER],
     .n_columns = 1,
     .n_order = 1,
     .n_filter = 1,
     .filter = {{.name = {"what", 4}, .is_text = true}}},
    {.id = NOTES_OF_OWNER,
     .kind = ACCESS_LIST,
     .table = &fix_tables[NOTE],
     .aggregate = &fix_tables[OWNER],
     .n_columns = 1,
     .n_order = 1},
    {.id = OWNER_BY_ID,
     .kind = ACCESS_ROW,
     .table = &fix_tables[OWNER],
     .aggregate = &fix_tables[OWNER],
     .n_columns = 1,
     .by_primary_key = true},
    {.id = PLACE_BY_ID,
     .kind = ACCESS_ROW,
     .table = &fix_tables[PLACE],
     .n_columns = 1,
     .by_primary_key = true},
};

static const struct access fix_access = {fix_tables, FIX_TABLES, fix_paths, FIX_PATHS};

/* A row of three cells (two when `text` is the second): numbers first, then a text. */
static inline const struct row *fix_row(struct arena *a, const int64_t *numbers, uint32_t n_numbers,
                                        const char *const *texts, uint32_t n_texts)
{
    uint32_t n = n_numbers + n_texts, at = 0, size = sizeof(struct row) + n * sizeof(uint32_t);
    struct row *r;

    for (uint32_t i = 0; i < n_texts; i++)
        at += (uint32_t)strlen(texts[i]);
    size += n_numbers * 8 + at;
    r = arena_alloc(a, size);
    assert_non_null(r);
    r->size = size;
    r->n = n;
    at = 0;
    for (uint32_t i = 0; i < n_numbers; i++) {
        memcpy((char *)(r->end + n) + at, &numbers[i], 8);
        at += 8;
        r->end[i] = at;
    }
    for (uint32_t i = 0; i < n_texts; i++) {
        memcpy((char *)(r->end + n) + at, texts[i], strlen(texts[i]));
        at += (uint32_t)strlen(texts[i]);
        r->end[n_numbers + i] = at;
    }
    assert_true(row_valid(r, r->size, n));
    return r;
}

static inline const struct row *fix_owner(struct arena *a, int64_t id, const char *name)
{
    char code[40];

    snprintf(code, sizeof code, "\"code-%lld\"", (long long)id);
    return fix_row(a, &id, 1, (const char *const[]){code, name}, 2);
}

static inline const struct row *fix_item(struct arena *a, int64_t owner, int64_t id,
                                         const char *what)
{
    return fix_row(a, (int64_t[]){owner, id}, 2, &what, 1);
}

static inline const struct row *fix_place(struct arena *a, int64_t id, const char *name)
{
    return fix_row(a, &id, 1, &name, 1);
}

/* `n` items of the owner, the first with the highest id. */
static inline struct slice fix_items(struct arena *a, int64_t owner, uint32_t n, const char *what)
{
    struct slice s = {arena_array(a, n + 1, sizeof *s.rows), n, 0};

    for (uint32_t i = 0; i < n; i++)
        s.rows[i] = fix_item(a, owner, 1000 - i, what);
    return s;
}

static inline struct slice fix_one(struct arena *a, const struct row *row)
{
    struct slice s = {arena_array(a, 1, sizeof *s.rows), row != NULL, 0};

    s.rows[0] = row;
    return s;
}

static inline struct key fix_code(struct arena *a, int64_t id)
{
    char code[40];

    snprintf(code, sizeof code, "code-%lld", (long long)id);
    return (struct key){.text = arena_str(a, str_of(code))};
}

static inline struct key fix_id(int64_t id)
{
    return (struct key){.part = {id}};
}

static inline const struct row *fix_hot_get(struct cache *c, const struct table *table, int64_t id)
{
    const struct key key = fix_id(id);
    const struct row *row;

    cache_hot_get_many(c, table, &key, 1, &row);
    return row;
}

#define assert_cell(row, cell, z)                                                                  \
    do {                                                                                           \
        struct str assert_cell_ = row_cell(row, cell);                                             \
        assert_int_equal(assert_cell_.len, strlen(z));                                             \
        assert_memory_equal(assert_cell_.ptr, z, strlen(z));                                       \
    } while (0)

#endif
