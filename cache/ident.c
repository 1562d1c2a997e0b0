/* cache/ident.c: see cache/ident.h. Names are unambiguous: fixed-width fields first, texts with their
 * length before them. */
#include "cache/ident.h"

#include "cache/value.h"

#define UNIT_ROW 0x80000000u
#define UNIT_ALIAS 0x40000000u

enum {
    FLIGHT_NAME_MAX = 16 * 1024 /* filters hold what a client sent */
};

bool ident_key_is_text(const struct table *t)
{
    return t->columns[t->key_cell[0]].raw_is_text;
}

/* True when the table's key can be named at all: cells that hold it, not a text among several. */
static bool key_usable(const struct table *t)
{
    if (t->n_key < 1 || t->n_key > ACCESS_KEY_MAX)
        return false;
    for (uint32_t i = 0; i < t->n_key; i++)
        if (t->key_cell[i] >= t->n_columns || t->columns[t->key_cell[i]].codec != CODEC_KEY ||
            (t->n_key > 1 && t->columns[t->key_cell[i]].raw_is_text))
            return false;
    return true;
}

enum ident_use ident_use(const struct access_path *path)
{
    const struct table *agg = ident_aggregate(path);

    if (!agg || !key_usable(agg))
        return IDENT_NOT;
    if (path->kind == ACCESS_ROW && path->table == agg && !path->by_primary_key)
        return path->n_columns == 1 ? IDENT_ALIAS : IDENT_NOT;
    if (path->n_columns != agg->n_key || path->key_is_text != ident_key_is_text(agg))
        return IDENT_NOT;
    return path->kind == ACCESS_ROW && path->table == agg ? IDENT_ROW : IDENT_PART;
}

const struct table *ident_aggregate(const struct access_path *path)
{
    if (path->aggregate)
        return path->aggregate;
    return path->kind == ACCESS_ROW && path->table->aggregate ? path->table : NULL;
}

uint32_t ident_row_unit(const struct table *aggregate)
{
    return UNIT_ROW | aggregate->id;
}

uint32_t ident_unit(const struct access_path *path)
{
    if (path->kind == ACCESS_ROW && path->table == ident_aggregate(path))
        return ident_row_unit(path->table);
    return path->id;
}

uint32_t ident_alias_unit(const struct access_path *path)
{
    return UNIT_ALIAS | path->id;
}

const struct access_path *ident_path(const struct access *access, const struct table *aggregate,
                                     uint32_t unit, bool *ret_known)
{
    const struct access_path *path;

    *ret_known = true;
    if (unit == ident_row_unit(aggregate))
        return NULL;
    if (unit < access->n_paths) {
        path = &access->paths[unit];
        if (ident_use(path) == IDENT_PART && ident_aggregate(path) == aggregate)
            return path;
    }
    *ret_known = false;
    return NULL;
}

bool ident_key_of_row(const struct table *t, const struct row *row, struct key *ret)
{
    *ret = (struct key){0};
    if (row->n != t->n_columns)
        return false;
    for (uint32_t i = 0; i < t->n_key; i++) {
        if (row_is_null(row, t->key_cell[i]))
            return false;
        if (t->columns[t->key_cell[i]].raw_is_text)
            ret->text = row_cell(row, t->key_cell[i]);
        else if (row_cell(row, t->key_cell[i]).len == sizeof ret->part[i])
            ret->part[i] = row_number(row, t->key_cell[i]);
        else
            return false;
    }
    return true;
}

static void add_u32(struct buf *b, uint32_t n)
{
    buf_add(b, &n, sizeof n);
}

static void add_text(struct buf *b, struct str s)
{
    add_u32(b, (uint32_t)s.len);
    buf_add_str(b, s);
}

static bool add_key(struct buf *b, const struct key *key, bool is_text, uint32_t n)
{
    if (!is_text)
        buf_add(b, key->part, n * sizeof key->part[0]);
    else if (key->text.len > VALUE_TEXT_MAX)
        return false;
    else
        add_text(b, key->text);
    return !b->failed;
}

bool ident_name(struct buf *b, uint32_t unit, const struct table *aggregate, const struct key *key)
{
    buf_clear(b);
    add_u32(b, unit);
    return add_key(b, key, ident_key_is_text(aggregate), aggregate->n_key);
}

bool ident_alias_name(struct buf *b, const struct access_path *path, const struct key *key)
{
    buf_clear(b);
    add_u32(b, ident_alias_unit(path));
    return add_key(b, key, path->key_is_text, path->n_columns);
}

bool ident_rights_name(struct buf *b, const struct access_path *path, const struct key *key)
{
    buf_clear(b);
    add_u32(b, path->id);
    if (!add_key(b, key, true, 0))
        return false;
    buf_add(b, &key->part[1], sizeof key->part[1]);
    return !b->failed;
}

bool ident_flight_name(struct buf *b, const struct access_path *path, const struct key *key,
                       const struct page *page)
{
    buf_clear(b);
    add_u32(b, path->id);
    if (!add_key(b, key, path->key_is_text, path->n_columns))
        return false;
    if (!page)
        return true;
    add_u32(b, page->limit);
    add_u32(b, page->has_after);
    if (page->has_after)
        buf_add(b, page->after, path->n_order * sizeof page->after[0]);
    for (uint32_t i = 0; i < path->n_filter; i++) {
        const struct filter_value *f = &page->filter[i];
        add_u32(b, f->set);
        if (f->set && path->filter[i].is_text)
            add_text(b, f->text);
        else if (f->set)
            buf_add(b, &f->number, sizeof f->number);
        if (b->failed || b->len > FLIGHT_NAME_MAX)
            return false;
    }
    return !b->failed;
}
