/* db/statement.c: see db/statement.h. */
#include "db/statement.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/procedure.h"
#include "db/db.h"
#include "db/types.h"

/* What a count returns. */
static struct column count_column[] = {
    {.codec = CODEC_INT, .required = true, .type_oid = OID_INT4}};
static const struct table count_cells = {.columns = count_column, .n_columns = 1};

enum {
    SQL_MAX = 256 << 10 /* bytes of one statement; a schema file can't make more */
};

void statement_add_name(struct buf *b, struct str name)
{
    buf_add_char(b, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.')
            buf_add_z(b, "\".\"");
        else if (name.ptr[i] == '"')
            buf_add_z(b, "\"\"");
        else
            buf_add_char(b, name.ptr[i]);
    }
    buf_add_char(b, '"');
}

/* The name of a column or a parameter has no schema before it: a dot in it is part of it. */
static void add_identifier(struct buf *b, struct str name)
{
    buf_add_char(b, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"')
            buf_add_char(b, '"');
        buf_add_char(b, name.ptr[i]);
    }
    buf_add_char(b, '"');
}

static void add_column(struct buf *b, struct str name)
{
    buf_add_z(b, "t.");
    add_identifier(b, name);
}

static const char *type_name(uint32_t oid)
{
    const struct pg_type *type = pg_type_find(oid);
    return type ? type->name : "text";
}

/* The value of a function that returns one. */
static void add_scalar(struct buf *b, const struct column *column)
{
    uint32_t sent = pg_type_sent(column->codec, column->type_oid);

    buf_addf(b, "t%s AS c0",
             sent == column->type_oid ? ""
             : sent == OID_FLOAT8     ? "::double precision"
                                      : "::text");
}

void statement_add_cell(struct buf *b, const struct column *column)
{
    uint32_t sent = pg_type_sent(column->codec, column->type_oid);
    const struct pg_array *array = column->lists ? pg_array_of(sent) : NULL;

    if (column->computed) {
        statement_add_name(b, column->name);
        buf_add_z(b, "(t)");
    } else {
        add_column(b, column->name);
    }
    if (array && array->oid != column->array_oid)
        buf_addf(b, "::%s", array->name);
    else if (!array && sent != column->type_oid)
        buf_add_z(b, sent == OID_FLOAT8 ? "::double precision" : "::text");
}

/* Both cells are made of the same value. */
static bool same_field(const struct column *a, const struct column *b)
{
    return a->computed == b->computed && str_eq(a->name, b->name) &&
           pg_type_of_cell(a) == pg_type_of_cell(b);
}

static void find_fields(struct statement *s)
{
    const struct table *table = s->cells;

    for (uint32_t i = 0; i < table->n_columns; i++) {
        uint32_t j = 0;
        while (j < i && !same_field(&table->columns[i], &table->columns[j]))
            j++;
        s->field[i] = j < i ? s->field[j] : (uint8_t)s->n_fields++;
    }
}

static void add_cells(struct buf *b, const struct statement *s)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->table->n_columns; i++) {
        if (s->field[i] < n)
            continue;
        buf_add_z(b, n ? ", " : "");
        statement_add_cell(b, &s->table->columns[i]);
        buf_addf(b, " AS c%u", n++);
    }
}

static void add_param(struct statement *s, enum param_kind kind, uint32_t index, uint32_t oid)
{
    s->params[s->n_params++] = (struct param){kind, index, oid};
}

/* Whether single rows of a list may be kept from somebody. */
static bool leaves_out(const struct table *t)
{
    return t->personal && (t->stands_for || t->n_key > 0);
}

static void list_params(struct statement *s)
{
    const struct access_path *p = s->path;

    for (uint32_t i = 0; i < p->n_columns; i++)
        add_param(s, PARAM_KEY, i, p->key_oid[i]);
    if (s->kind == STATEMENT_ROW)
        return;
    add_param(s, PARAM_LIMIT, 0, OID_INT4);
    if (s->kind == STATEMENT_HEAD)
        return;
    /* A count is of what lies behind nothing; a function has to be told so. */
    for (uint32_t i = 0; i < p->n_order && (s->kind == STATEMENT_PAGE || p->function.len); i++)
        add_param(s, PARAM_AFTER, i, p->order[i].type_oid);
    /* A text filter travels as text whatever the column is: the column is cast where it must be. */
    for (uint32_t i = 0; i < p->n_filter; i++)
        add_param(s, PARAM_FILTER, i, p->filter[i].is_text ? OID_TEXT : p->filter[i].type_oid);
    if (p->by_kind)
        add_param(s, PARAM_KINDS, 0, OID_TEXT);
    if (s->kind == STATEMENT_COUNT && leaves_out(p->table))
        add_param(s, PARAM_LEFT_OUT, 0, OID_TEXT);
}

/* The name of a parameter in the alias k: k1, lim, a1, f1. */
static void add_param_name(struct buf *b, const struct param *p)
{
    switch (p->kind) {
    case PARAM_KEY:
        buf_addf(b, "k%u", p->index + 1);
        break;
    case PARAM_AFTER:
        buf_addf(b, "a%u", p->index + 1);
        break;
    case PARAM_FILTER:
        buf_addf(b, "f%u", p->index + 1);
        break;
    case PARAM_KINDS:
        buf_add_z(b, "kinds");
        break;
    case PARAM_LEFT_OUT:
        buf_add_z(b, "out");
        break;
    case PARAM_LIMIT:
    case PARAM_SCAN_KEY:
    case PARAM_SCAN_LIMIT:
        buf_add_z(b, "lim");
        break;
    }
}

static void add_unnest(struct buf *b, const struct statement *s)
{
    buf_add_z(b, "FROM unnest(");
    for (uint32_t i = 0; i < s->n_params; i++)
        buf_addf(b, "%s$%u::%s[]", i ? ", " : "", i + 1, type_name(s->params[i].oid));
    buf_add_z(b, ") WITH ORDINALITY AS k (");
    for (uint32_t i = 0; i < s->n_params; i++) {
        add_param_name(b, &s->params[i]);
        buf_add_z(b, ", ");
    }
    buf_add_z(b, "ord)");
}

/* A column of the order, hidden from indexes where the path sorts. */
static void add_order_column(struct buf *b, const struct access_path *p, uint32_t i)
{
    add_column(b, p->order[i].name);
    if (p->sorts)
        buf_add_z(b, p->order[i].type_oid == OID_TIMESTAMPTZ ? " + interval '0'" : " + 0");
}

/* (t.issued_on, t.id) < (k.a1, k.a2) */
static void add_bound(struct buf *b, const struct access_path *p)
{
    buf_add_z(b, " AND (");
    for (uint32_t i = 0; i < p->n_order; i++) {
        buf_add_z(b, i ? ", " : "");
        add_order_column(b, p, i);
    }
    buf_add_z(b, p->order[0].descending ? ") < (" : ") > (");
    for (uint32_t i = 0; i < p->n_order; i++)
        buf_addf(b, "%sk.a%u", i ? ", " : "", i + 1);
    buf_add_char(b, ')');
}

static const char *comparison_sql(enum comparison compare)
{
    static const char *const sql[] = {
        [COMPARE_EQUAL] = " = ", [COMPARE_AT_LEAST] = " >= ", [COMPARE_AT_MOST] = " <= "};
    return sql[compare];
}

/* A bound of a column of the order always has a value (see encode.c), so that the index can begin or end there. */
static void add_filter(struct buf *b, const struct access_path *p, uint32_t i)
{
    const struct filter_column *filter = &p->filter[i];

    buf_add_z(b, " AND ");
    if (!filter->of_order)
        buf_addf(b, "(k.f%u IS NULL OR ", i + 1);
    add_column(b, filter->name);
    if (filter->is_text && filter->type_oid != OID_TEXT)
        buf_add_z(b, "::text");
    buf_addf(b, "%sk.f%u%s", comparison_sql(filter->compare), i + 1, filter->of_order ? "" : ")");
}

static void add_filters(struct buf *b, const struct access_path *p)
{
    for (uint32_t i = 0; i < p->n_filter; i++)
        add_filter(b, p, i);
}

static void add_arguments(struct buf *b, const struct access_path *p)
{
    for (uint32_t i = 0; i < p->n_columns; i++)
        buf_addf(b, "%sk.k%u", i ? ", " : "(", i + 1);
    for (uint32_t i = 0; i < p->n_filter; i++)
        buf_addf(b, ", k.f%u", i + 1);
    buf_add_z(b, p->n_order ? ", k.lim" : "");
    for (uint32_t i = 0; i < p->n_order; i++)
        buf_addf(b, ", k.a%u", i + 1);
    buf_add_z(b, p->by_kind ? ", k.kinds)" : ")");
}

/* The rows that a key is compared with; of a function, those that it returns. */
static void add_from(struct buf *b, const struct access_path *p)
{
    buf_add_z(b, " FROM ");
    statement_add_name(b, p->function.len ? p->function : p->table->name);
    if (p->function.len)
        add_arguments(b, p);
    buf_add_z(b, " AS t");
}

static void add_where(struct buf *b, const struct access_path *p)
{
    for (uint32_t i = 0; i < p->n_columns; i++) {
        buf_add_z(b, i ? " AND " : " WHERE ");
        add_column(b, p->column[i]);
        buf_addf(b, " = k.k%u", i + 1);
    }
    if (p->where.len) {
        buf_add_z(b, " AND (");
        buf_add_str(b, p->where);
        buf_add_char(b, ')');
    }
}

static void add_order(struct buf *b, const struct access_path *p)
{
    for (uint32_t i = 0; i < p->n_order; i++) {
        buf_add_z(b, i ? ", " : " ORDER BY ");
        add_order_column(b, p, i);
        buf_add_z(b, p->order[i].descending ? " DESC" : " ASC");
    }
}

/* The rows that count: AND (k.out IS NULL OR k.out <> '*' AND t."id"::text <> ALL (string_to_array(k.out, ','))) */
static void add_left_out(struct buf *b, const struct table *t)
{
    buf_add_z(b, "(k.out IS NULL OR k.out <> '*' AND ");
    if (t->stands_for) {
        add_column(b, t->columns[t->entry_kind_cell].name);
        buf_add_z(b, " || ':' || ");
        add_column(b, t->columns[t->entry_id_cell].name);
    } else {
        add_column(b, t->key[t->n_key - 1]);
        buf_add_z(b, "::text");
    }
    buf_add_z(b, " <> ALL (string_to_array(k.out, ',')))");
}

static void add_count(struct buf *b, const struct access_path *path)
{
    buf_addf(b, "least(count(*), %d)::integer AS c0 FROM (SELECT", ACCESS_COUNT_MAX);
    add_from(b, path);
    if (!path->function.len) {
        add_where(b, path);
        add_filters(b, path);
    }
    if (leaves_out(path->table)) {
        buf_add_z(b, path->function.len ? " WHERE " : " AND ");
        add_left_out(b, path->table);
    }
    buf_add_z(b, " LIMIT k.lim) AS n) AS r");
}

static void add_rows(struct buf *b, const struct statement *s)
{
    const struct access_path *path = s->path;

    add_cells(b, s);
    add_from(b, path);
    if (!path->function.len)
        add_where(b, path);
    if (s->kind == STATEMENT_PAGE && !path->function.len) {
        if (path->n_order)
            add_bound(b, path);
        add_filters(b, path);
    }
    if (s->kind != STATEMENT_ROW && !path->function.len)
        add_order(b, path);
    buf_add_z(b, s->kind == STATEMENT_ROW ? " LIMIT 1) AS r" : " LIMIT k.lim) AS r");
}

static int take_text(struct statement *s, struct buf *b, struct arena *arena)
{
    struct str text = b->failed ? (struct str){0} : arena_str(arena, buf_str(b));
    buf_release(b);
    s->sql = text.ptr;
    return text.ptr ? 0 : ERR_MEMORY;
}

/* Variants that find rows. */
static uint32_t row_variants(const struct access_path *path)
{
    return path->kind == ACCESS_ROW || path->function.len ? 1 : 2;
}

uint32_t statement_variants(const struct access_path *path)
{
    return row_variants(path) + path->counted;
}

uint32_t statement_variant_of(const struct access_path *path, const struct page *page)
{
    if (page && page->counts)
        return row_variants(path);
    return row_variants(path) > 1 && !page_is_head(page, path) ? 1 : 0;
}

enum statement_kind statement_kind_of(const struct access_path *path, uint32_t variant)
{
    if (path->kind == ACCESS_ROW)
        return STATEMENT_ROW;
    if (variant == row_variants(path))
        return STATEMENT_COUNT;
    return variant == 0 && !path->function.len ? STATEMENT_HEAD : STATEMENT_PAGE;
}

int statement_of_path(struct statement *s, const struct access_path *path, uint32_t variant,
                      struct arena *arena)
{
    struct buf b;

    *s = (struct statement){
        .kind = statement_kind_of(path, variant), .table = path->table, .path = path};
    s->cells = s->kind == STATEMENT_COUNT ? &count_cells : path->table;
    find_fields(s);
    list_params(s);
    buf_init(&b, SQL_MAX);
    buf_add_z(&b, "SELECT k.ord");
    for (uint32_t i = 0; i < s->n_fields; i++)
        buf_addf(&b, ", r.c%u", i);
    buf_add_char(&b, ' ');
    add_unnest(&b, s);
    buf_add_z(&b, " CROSS JOIN LATERAL (SELECT ");
    if (s->kind == STATEMENT_COUNT)
        add_count(&b, path);
    else
        add_rows(&b, s);
    return take_text(s, &b, arena);
}

static void add_key_columns(struct buf *b, const struct table *table)
{
    for (uint32_t i = 0; i < table->n_key; i++) {
        buf_add_z(b, i ? ", " : "");
        add_column(b, table->key[i]);
    }
}

int statement_of_scan(struct statement *s, const struct table *table, bool next,
                      struct arena *arena)
{
    struct buf b;

    *s = (struct statement){
        .kind = next ? STATEMENT_SCAN_NEXT : STATEMENT_SCAN, .table = table, .cells = table};
    find_fields(s);
    buf_init(&b, SQL_MAX);
    buf_add_z(&b, "SELECT ");
    add_cells(&b, s);
    buf_add_z(&b, " FROM ");
    statement_add_name(&b, table->name);
    buf_add_z(&b, " AS t");
    if (next) {
        buf_add_z(&b, " WHERE (");
        add_key_columns(&b, table);
        buf_add_z(&b, ") > (");
        for (uint32_t i = 0; i < table->n_key; i++) {
            uint32_t oid = table->columns[table->key_cell[i]].type_oid;
            buf_addf(&b, "%s$%u::%s", i ? ", " : "", s->n_params + 1, type_name(oid));
            add_param(s, PARAM_SCAN_KEY, i, oid);
        }
        buf_add_char(&b, ')');
    }
    add_param(s, PARAM_SCAN_LIMIT, 0, OID_INT4);
    buf_add_z(&b, " ORDER BY ");
    add_key_columns(&b, table);
    buf_addf(&b, " LIMIT $%u::integer", s->n_params);
    return take_text(s, &b, arena);
}

/*
 * A function that changes something finds in the setting tolqujat.request what its viewer does not say (request_of): whoever keeps
 * a record reads it there, so that no function has to hand it on. It is set where the first argument is made, as a
 * statement of its own would be one more in each change.
 */
static void add_viewer(struct buf *b, const struct procedure *p)
{
    uint32_t request = 2 + p->n_params + p->digested;

    if (p->writes)
        buf_addf(b,
                 "(\"viewer\" => CASE WHEN set_config('tolqujat.request', $%u, true) IS NOT NULL "
                 "THEN $1::text END",
                 request);
    else
        buf_add_z(b, "(\"viewer\" => $1");
}

int statement_of_call(struct statement *s, const struct procedure *p, struct arena *arena)
{
    struct buf b;

    *s = (struct statement){.kind = STATEMENT_CALL,
                            .table = p->result.table,
                            .cells = p->result.table,
                            .n_params = 1 + p->n_params + p->digested + p->writes};
    find_fields(s);
    buf_init(&b, SQL_MAX);
    buf_add_z(&b, "SELECT ");
    if (p->nothing)
        buf_add_z(&b, "true AS c0");
    else if (p->scalar)
        add_scalar(&b, &p->result.table->columns[0]);
    else
        add_cells(&b, s);
    buf_add_z(&b, " FROM ");
    statement_add_name(&b, p->name);
    add_viewer(&b, p);
    for (uint32_t i = 0; i < p->n_params; i++) {
        buf_add_z(&b, ", ");
        add_identifier(&b, p->params[i].name);
        buf_addf(&b, " => $%u", i + 2);
    }
    if (p->digested)
        buf_addf(&b, ", \"payload_digest\" => $%u", p->n_params + 2);
    buf_add_z(&b, ") AS t");
    if (p->limit)
        buf_addf(&b, " LIMIT %u", p->limit + 1);
    return take_text(s, &b, arena);
}

const char *db_statement_sql(const struct access_path *path, unsigned variant, struct arena *arena)
{
    struct statement s;

    if (variant >= statement_variants(path) || statement_of_path(&s, path, variant, arena) < 0)
        return NULL;
    return s.sql;
}
