/* tests/unit/fake_source.h: a schema, its rows in memory, and a source over them that answers at once or later, in
 * another order, with errors. For tests of query/. */
#ifndef TESTS_UNIT_FAKE_SOURCE_H
#define TESTS_UNIT_FAKE_SOURCE_H

#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "query/source.h"

static const char schema_text[] =
    "directive @table(name: String!, key: [String!]! = [\"id\"]) on OBJECT\n"
    "directive @hot on OBJECT\n"
    "directive @column(name: String!) on FIELD_DEFINITION\n"
    "directive @reference(columns: [String!]!) on FIELD_DEFINITION\n"
    "directive @lookup(column: String!, argument: String!) on FIELD_DEFINITION\n"
    "directive @list(column: String!, order: String!, where: String, limit: Int = 100) on "
    "FIELD_DEFINITION\n"
    "directive @filter(column: String!) on ARGUMENT_DEFINITION\n"
    "directive @value(name: String!) on ENUM_VALUE\n"
    "type Query {\n"
    "  person(id: ID!): Person @lookup(column: \"id\", argument: \"id\")\n"
    "  named(name: String!): Person @lookup(column: \"name\", argument: \"name\")\n"
    "}\n"
    "type Person @table(name: \"person\") {\n"
    "  id: ID!  name: String!  nick: String\n"
    "  best: Person @reference(columns: [\"best_id\"])\n"
    "  boss: Person! @reference(columns: [\"boss_id\"])\n"
    "  pets(first: Int = 2, after: String, kind: Kind @filter(column: \"kind\")): PetConnection!\n"
    "    @list(column: \"person_id\", order: \"born desc, id desc\")\n"
    "  toys: [Toy!]! @list(column: \"person_id\", order: \"id\", limit: 2)\n"
    "  label(lang: Lang = FIRST): String! @column(name: \"label_{lang}\")\n"
    "}\n"
    "type Pet @table(name: \"pet\", key: [\"person_id\", \"id\"]) {\n"
    "  id: ID!  name: String!  kind: Kind!  vet: Person @reference(columns: [\"vet_id\"])\n"
    "}\n"
    "type Toy @table(name: \"toy\") { id: ID!  name: String! }\n"
    "type PetConnection { nodes: [Pet!]!  edges: [PetEdge!]!  pageInfo: PageInfo! }\n"
    "type PetEdge { node: Pet!  cursor: String! }\n"
    "type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  "
    "endCursor: String }\n"
    "enum Kind { CAT DOG @value(name: \"hound\") }\n"
    "enum Lang { FIRST @value(name: \"a\")  SECOND @value(name: \"b\") }\n";

/* ---- the data: rows as "column=value", missing columns are null ---- */

static const char *const person_rows[] = {
    "id=1 name=Ann best_id=2 boss_id=3 label_a=A1 label_b=B1",
    "id=2 name=Bo\"b nick=B boss_id=1 label_a=A2 label_b=B2",
    "id=3 name=Cy best_id=99 boss_id=98 label_a=A3 label_b=B3",
    "id=4 name=Di best_id=3 boss_id=1 label_a=A4",
};
static const char *const pet_rows[] = {
    "person_id=1 id=12 name=Rex kind=hound born=30 vet_id=2",
    "person_id=1 id=11 name=Tom kind=cat born=20 vet_id=3",
    "person_id=1 id=10 name=Kit kind=cat born=20",
    "person_id=2 id=20 name=Fay kind=cat born=5 vet_id=4",
};
static const char *const toy_rows[] = {
    "person_id=1 id=1 name=ball",
    "person_id=2 id=2 name=a",
    "person_id=2 id=3 name=b",
    "person_id=2 id=4 name=c",
};

static const struct {
    const char *table;
    const char *const *rows;
    size_t n;
} data[] = {
    {"person", person_rows, ARRAY_LEN(person_rows)},
    {"pet", pet_rows, ARRAY_LEN(pet_rows)},
    {"toy", toy_rows, ARRAY_LEN(toy_rows)},
};

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
    if (c->codec == CODEC_KEY) {
        int64_t n = strtoll(v.ptr, NULL, 10);
        buf_add(b, &n, sizeof n);
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

static bool row_matches(const struct access_path *path, const struct key *key,
                        const struct page *page, const char *row)
{
    if (path->key_is_text)
        return str_eq(row_value(row, path->column[0]), key->text);
    for (uint32_t i = 0; i < path->n_columns; i++)
        if (number_of(row, path->column[i]) != key->part[i])
            return false;
    for (uint32_t i = 0; page && i < path->n_filter; i++)
        if (page->filter[i].set &&
            !str_eq(row_value(row, path->filter[i].name), page->filter[i].text))
            return false;
    if (page && page->has_after) {
        long a = number_of(row, path->order[0].name), b = number_of(row, path->order[1].name);
        return a < page->after[0] || (a == page->after[0] && b < page->after[1]);
    }
    return true;
}

static void answer_key(struct fetch *f, uint32_t i)
{
    struct slice *slice = &f->slices[i];
    uint32_t limit = f->page ? f->page->limit : 1;

    if (failing_table && str_is(f->path->table->name, failing_table) &&
        (failing_key == 0 || failing_key == f->keys[i].part[0])) {
        slice->rc = failing_rc;
        return;
    }
    slice->rows = arena_array(f->arena, limit, sizeof(struct row *));
    for (size_t t = 0; t < ARRAY_LEN(data); t++) {
        if (!str_is(f->path->table->name, data[t].table))
            continue;
        for (size_t r = 0; r < data[t].n && slice->n < limit; r++)
            if (row_matches(f->path, &f->keys[i], f->page, data[t].rows[r]))
                slice->rows[slice->n++] = make_row(f->arena, f->path->table, data[t].rows[r]);
    }
}

static void answer_fetch(struct fetch *f)
{
    f->slices = arena_array(f->arena, f->n, sizeof *f->slices);
    for (uint32_t i = 0; i < f->n; i++)
        answer_key(f, i);
}

static int fake_fetch(struct source *s, struct fetch *f)
{
    n_fetches++;
    n_keys += f->n;
    if (failing_table && failing_key == -1 && str_is(f->path->table->name, failing_table))
        return failing_rc;
    if (at_once) {
        answer_fetch(f);
        return FETCH_READY;
    }
    f->_answerer = f;
    queue[n_queue++] = f;
    return 0;
}

static void fake_cancel(struct source *s, struct fetch *f)
{
    n_canceled++;
}

static struct source source = {fake_fetch, fake_cancel};

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
