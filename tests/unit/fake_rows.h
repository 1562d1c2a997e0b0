/* tests/unit/fake_rows.h: rows in memory, and a source over them that answers at once or later, in another order,
 * with errors. For tests of query/; the test that includes it sets fake_tables. */
#ifndef TESTS_UNIT_FAKE_ROWS_H
#define TESTS_UNIT_FAKE_ROWS_H

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "query/source.h"

/* Rows as "column=value ...", those that are not there are null. */
struct fake_table {
    const char *name;
    const char *const *rows;
    size_t n;
};

static bool arena_may_fail; /* a row that finds no memory fails its key, as with the real source */
static const struct fake_table *fake_tables;
static size_t n_fake_tables;

/* The value of a column in a row's text; ptr NULL: null. */
static struct str row_value(const char *row, struct str column)
{
    const char *p = row;
    while (*p) {
        size_t n = strcspn(p, " ");
        if (n > column.len && p[column.len] == '=' && memcmp(p, column.ptr, column.len) == 0)
            return (struct str){p + column.len + 1, n - column.len - 1};
        p += n + (p[n] == ' ');
    }
    return (struct str){0};
}

static long number_of(const char *row, struct str column)
{
    struct str v = row_value(row, column);
    return v.ptr ? strtol(v.ptr, NULL, 10) : -1;
}

static void cell_add(struct buf *b, const struct column *c, struct str v)
{
    if (c->codec == CODEC_KEY && c->raw_is_text) {
        buf_add_str(b, v);
    } else if (c->codec == CODEC_KEY) {
        int64_t n = strtoll(v.ptr, NULL, 10);
        buf_add(b, &n, sizeof n);
    } else if (c->lists) {
        buf_add_str(b, v); /* as it stands in the row's text */
    } else if (c->codec == CODEC_ENUM) {
        for (uint32_t i = 0; i < c->n_values; i++)
            if (str_eq(c->values[i].stored, v))
                buf_add_str(b, c->values[i].json);
    } else {
        json_add_string(b, v);
    }
}

static const struct row *make_row(struct arena *arena, const struct table *t, const char *text)
{
    struct row *r;
    struct buf b;
    uint32_t end[ACCESS_COLUMN_MAX];

    buf_init(&b, 0);
    for (uint32_t i = 0; i < t->n_columns; i++) {
        struct str v = row_value(text, t->columns[i].name);
        if (v.ptr)
            cell_add(&b, &t->columns[i], v);
        end[i] = (uint32_t)b.len | (v.ptr ? 0 : ROW_NULL);
    }
    r = arena_alloc(arena, sizeof *r + t->n_columns * sizeof end[0] + b.len);
    if (!r && arena_may_fail) {
        buf_release(&b);
        return NULL;
    }
    assert_non_null(r);
    r->size = (uint32_t)(sizeof *r + t->n_columns * sizeof end[0] + b.len);
    r->n = t->n_columns;
    memcpy(r->end, end, t->n_columns * sizeof end[0]);
    memcpy(r->end + r->n, b.ptr, b.len);
    buf_release(&b);
    assert_true(row_valid(r, r->size, t->n_columns));
    return r;
}

/* ---- the source ---- */

static struct fetch *queue[32];
static unsigned n_queue, n_fetches, n_keys, n_canceled;
static bool at_once;
static const char *failing_table;
static int failing_rc;
static long failing_key; /* 0: the whole fetch */

static bool filter_matches(const struct filter_column *filter, const struct filter_value *v,
                           const char *row)
{
    long n = number_of(row, filter->name);

    if (filter->is_text)
        return str_eq(row_value(row, filter->name), v->text);
    if (filter->compare == COMPARE_AT_LEAST)
        return n >= v->number;
    return filter->compare == COMPARE_AT_MOST ? n <= v->number : n == v->number;
}

/* Of conditions the fake knows those of @kind: "column" = 'value'. */
static bool where_holds(struct str where, const char *row)
{
    char column[40], value[40];

    if (where.len == 0 || sscanf(where.ptr, "\"%39[^\"]\" = '%39[^']'", column, value) != 2)
        return true;
    return str_is(row_value(row, str_of(column)), value);
}

static bool row_matches(const struct access_path *path, const struct key *key,
                        const struct page *page, const char *row)
{
    if (path->key_is_text && !str_eq(row_value(row, path->column[0]), key->text))
        return false;
    for (uint32_t i = path->key_is_text; i < path->n_columns; i++)
        if (number_of(row, path->column[i]) != key->part[i])
            return false;
    if (!where_holds(path->where, row))
        return false;
    for (uint32_t i = 0; page && i < path->n_filter; i++)
        if (page->filter[i].set && !filter_matches(&path->filter[i], &page->filter[i], row))
            return false;
    if (page && page->has_after) {
        long a = number_of(row, path->order[0].name), b = number_of(row, path->order[1].name);
        return a < page->after[0] || (a == page->after[0] && b < page->after[1]);
    }
    return true;
}

static void add_row(const struct fetch *f, struct slice *slice, const char *text)
{
    const struct row *row = make_row(f->arena, f->path->table, text);

    if (row)
        slice->rows[slice->n++] = row;
    else
        slice->rc = ERR_MEMORY;
}

static bool has_word(struct str list, const char *word)
{
    char all[256], one[64];

    snprintf(all, sizeof all, ",%.*s,", STR_FMT(list));
    snprintf(one, sizeof one, ",%s,", word);
    return strstr(all, one) != NULL;
}

/* Whether a row counts: it is of a kind that is wanted, and not left out. */
static bool row_counts(const struct table *t, const struct key *key, const char *row)
{
    struct str kind = {0};
    char id[64], name[40];

    if (t->stands_for)
        kind = row_value(row, t->columns[t->entry_kind_cell].name);
    snprintf(name, sizeof name, "%.*s", STR_FMT(kind));
    if (key->kinds.ptr && t->stands_for && !has_word(key->kinds, name))
        return false;
    snprintf(id, sizeof id, "%s%s%ld", name, t->stands_for ? ":" : "",
             number_of(row, t->stands_for ? t->columns[t->entry_id_cell].name
                            : t->n_key    ? t->key[t->n_key - 1]
                                          : (struct str){0}));
    return !str_is(key->left_out, "*") && !has_word(key->left_out, id);
}

/* The one row of a count. */
static void add_count(const struct fetch *f, struct slice *slice, uint32_t count)
{
    struct column column = {.name = {"n", 1}, .codec = CODEC_INT, .lists = 1};
    const struct table t = {.columns = &column, .n_columns = 1};
    char text[32];
    const struct row *row;

    snprintf(text, sizeof text, "n=%u", count);
    row = make_row(f->arena, &t, text);
    if (row)
        slice->rows[slice->n++] = row;
    else
        slice->rc = ERR_MEMORY;
}

static void answer_key(struct fetch *f, uint32_t i)
{
    struct slice *slice = &f->slices[i];
    uint32_t limit = f->page ? f->page->limit : 1, count = 0;
    bool counts = f->page && f->page->counts;

    if (failing_table && str_is(f->path->table->name, failing_table) &&
        (failing_key == 0 || failing_key == f->keys[i].part[0])) {
        slice->rc = failing_rc;
        return;
    }
    slice->rows = arena_array(f->arena, limit, sizeof(struct row *));
    if (!slice->rows) {
        slice->rc = ERR_MEMORY;
        return;
    }
    for (size_t t = 0; t < n_fake_tables; t++) {
        const struct fake_table *table = &fake_tables[t];
        if (!str_is(f->path->table->name, table->name))
            continue;
        for (size_t r = 0; r < table->n && slice->n < limit; r++)
            if (!row_matches(f->path, &f->keys[i], f->page, table->rows[r]))
                continue;
            else if (counts)
                count += row_counts(f->path->table, &f->keys[i], table->rows[r]);
            else
                add_row(f, slice, table->rows[r]);
    }
    if (counts)
        add_count(f, slice, count);
}

/* false: no memory. */
static bool answer_fetch(struct fetch *f)
{
    f->slices = arena_array(f->arena, f->n, sizeof *f->slices);
    if (!f->slices && arena_may_fail)
        return false;
    for (uint32_t i = 0; i < f->n; i++)
        answer_key(f, i);
    return true;
}

static int fake_fetch(struct source *s, struct fetch *f)
{
    n_fetches++;
    n_keys += f->n;
    if (failing_table && failing_key == -1 && str_is(f->path->table->name, failing_table))
        return failing_rc;
    if (at_once) {
        return answer_fetch(f) ? FETCH_READY : ERR_MEMORY;
    }
    f->_answerer = f;
    queue[n_queue++] = f;
    return 0;
}

static void fake_cancel(struct source *s, struct fetch *f)
{
    n_canceled++;
}

/* The call that is under way; the test answers it. */
static struct call *calling;
static unsigned n_calls, n_calls_canceled;
static bool hurried;
static int calling_rc; /* negative: it can't be started */

static int fake_call(struct source *s, struct call *c)
{
    n_calls++;
    if (calling_rc < 0)
        return calling_rc;
    c->_answerer = c;
    calling = c;
    return 0;
}

static void fake_cancel_call(struct source *s, struct call *c, bool hurry)
{
    n_calls_canceled++;
    hurried = hurry;
}

static struct source source = {fake_fetch, fake_cancel, fake_call, fake_cancel_call};

static void pump(bool last_first, int rc)
{
    while (n_queue) {
        struct fetch *f = queue[last_first ? n_queue - 1 : 0];
        if (!last_first)
            memmove(queue, queue + 1, (n_queue - 1) * sizeof(struct fetch *));
        n_queue--;
        if (rc == 0)
            answer_fetch(f);
        f->_answerer = NULL;
        f->done(f, rc);
    }
}

#endif
