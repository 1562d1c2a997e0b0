/* tests/unit/made_up_source.h: a source that answers every fetch at once, over any schema, with rows that it makes
 * up: for measurements and fuzzers, which want answers and don't care what is in them. */
#ifndef TESTS_UNIT_MADE_UP_SOURCE_H
#define TESTS_UNIT_MADE_UP_SOURCE_H

#include <string.h>

#include "base/access.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/macros.h"
#include "query/source.h"

struct made_up {
    struct source source;
    uint32_t rows_max;   /* of a list; 0: as many as were asked for */
    const uint8_t *dice; /* where cells are null, rows missing and keys failing; NULL: nowhere */
    size_t n_dice, at;
};

/* True now and then, as the dice have it. */
static inline bool made_up_chance(struct made_up *m, unsigned of)
{
    return m->dice && m->n_dice && m->dice[m->at++ % m->n_dice] % of == 0;
}

static inline void made_up_cell(struct buf *b, const struct column *c)
{
    static const int64_t key = 1001;

    switch (c->codec) {
    case CODEC_KEY:
        buf_add(b, &key, sizeof key);
        break;
    case CODEC_INT:
    case CODEC_FLOAT:
        buf_add_z(b, "42");
        break;
    case CODEC_BOOLEAN:
        buf_add_z(b, "true");
        break;
    case CODEC_ENUM:
        buf_add_str(b, c->n_values ? c->values[0].json : STR("\"NONE\""));
        break;
    case CODEC_DATE:
        buf_add_z(b, "\"2026-10-23\"");
        break;
    case CODEC_TIMESTAMP:
        buf_add_z(b, "\"2026-10-23T10:00:00Z\"");
        break;
    case CODEC_FIXED:
        buf_add_z(b, "\"4617.00\"");
        break;
    case CODEC_ID:
    case CODEC_STRING:
    case CODEC_SIGNED:
    case CODEC_LINK:
        buf_add_z(b, "\"Аторвастатин-Берлин-Хеми\"");
        break;
    }
}

/* Lists in lists of up to two items, some of them null. */
static inline void made_up_list(struct made_up *m, struct buf *b, const struct column *c)
{
    bool begun = false;

    for (unsigned i = 0; i < c->lists; i++)
        buf_add_char(b, '[');
    for (unsigned i = 0; i < 2; i++) {
        if (made_up_chance(m, 4))
            continue;
        buf_add_z(b, begun ? "," : "");
        begun = true;
        if (made_up_chance(m, 8))
            buf_add_z(b, "null");
        else
            made_up_cell(b, c);
    }
    for (unsigned i = 0; i < c->lists; i++)
        buf_add_char(b, ']');
}

/* NULL when the arena has no more. */
static inline const struct row *made_up_row(struct made_up *m, struct arena *arena,
                                            const struct table *t)
{
    struct row *r;
    struct buf b;
    uint32_t end[ACCESS_COLUMN_MAX];
    size_t head = sizeof *r + t->n_columns * sizeof end[0];

    buf_init(&b, 0);
    for (uint32_t i = 0; i < t->n_columns; i++) {
        bool null = made_up_chance(m, 16);
        if (!null && t->columns[i].lists)
            made_up_list(m, &b, &t->columns[i]);
        else if (!null)
            made_up_cell(&b, &t->columns[i]);
        end[i] = (uint32_t)b.len | (null ? ROW_NULL : 0);
    }
    r = arena_alloc(arena, head + b.len);
    if (r) {
        r->size = (uint32_t)(head + b.len);
        r->n = t->n_columns;
        memcpy(r->end, end, t->n_columns * sizeof end[0]);
        if (b.len)
            memcpy(r->end + r->n, b.ptr, b.len);
    }
    buf_release(&b);
    return r;
}

static inline int made_up_fetch(struct source *s, struct fetch *f)
{
    struct made_up *m = container_of(s, struct made_up, source);
    static struct column number = {.codec = CODEC_INT};
    static const struct table count = {.columns = &number, .n_columns = 1};
    bool counts = f->page && f->page->counts;
    uint32_t n = f->page && !counts ? f->page->limit : 1;

    if (f->page && m->rows_max)
        n = MIN(n, m->rows_max);
    if (made_up_chance(m, 32))
        return ERR_DATABASE;
    f->slices = arena_array(f->arena, f->n, sizeof *f->slices);
    if (!f->slices)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < f->n; i++) {
        struct slice *slice = &f->slices[i];
        const struct row *row = made_up_row(m, f->arena, counts ? &count : f->path->table);
        if (made_up_chance(m, 16))
            slice->rc = ERR_TIMEOUT;
        slice->rows = arena_array(f->arena, n, sizeof(struct row *));
        if (!row || !slice->rows || slice->rc < 0 || made_up_chance(m, 8))
            continue;
        for (slice->n = 0; slice->n < n; slice->n++)
            slice->rows[slice->n] = row;
    }
    return FETCH_READY;
}

static inline void made_up_cancel(struct source *s, struct fetch *f)
{
    (void)s;
    (void)f;
}

/* Calls are answered on a later turn, and here is none: they can't be started. */
static inline int made_up_call(struct source *s, struct call *c)
{
    (void)s;
    (void)c;
    return ERR_DATABASE;
}

static inline void made_up_cancel_call(struct source *s, struct call *c, bool hurry)
{
    (void)s;
    (void)c;
    (void)hurry;
}

static inline void made_up_init(struct made_up *m)
{
    *m = (struct made_up){
        .source = {made_up_fetch, made_up_cancel, made_up_call, made_up_cancel_call}};
}

#endif
