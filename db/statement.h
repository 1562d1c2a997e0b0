/* db/statement.h: SQL text out of an access path, and what its parameters are.
 *
 * Layer: db; pure text, knows no connection. The set is finite: one statement for a path that finds
 * a row, two for a list (its head; a page with cursor and filters), one more where it is counted, two for
 * reading a whole table.
 * All parameters but a scan's are arrays that run in parallel, one element for each key, so that
 * questions which differ in `first`, cursor or filter still share one execution:
 *
 *     SELECT k.ord, r.*
 *       FROM unnest($1::bigint[], $2::integer[]) WITH ORDINALITY AS k (k1, lim, ord)
 *      CROSS JOIN LATERAL (SELECT t."number", ... FROM "prescription" AS t
 *                           WHERE t."patient_id" = k.k1 AND (superseded_by IS NULL)
 *                           ORDER BY t."issued_on" DESC, t."id" DESC LIMIT k.lim) AS r
 *
 * Where no index gives the order (path->sorts), ORDER BY says t."id" + 0: else the planner may walk an
 * index of the order alone, from end to end for each key, as long as it takes the table for small.
 *
 * The list of a function is that function's rows, in its order, and has one statement:
 *
 *     ... CROSS JOIN LATERAL (SELECT ... FROM "due_items"(k.k1, k.f1, k.f2) AS t LIMIT k.lim) AS r
 *
 * Where it has pages, the function gets what bounds one, since it knows how to find it:
 *
 *     ... FROM "timeline"(k.k1, k.f1, k.f2, k.lim, k.a1, k.a2, k.kinds) AS t LIMIT k.lim) AS r
 *
 * How many rows a list has is counted up to the limit, without those that are left out of the count:
 *
 *     ... CROSS JOIN LATERAL (SELECT least(count(*), 10000)::integer AS c0 FROM (SELECT FROM "prescription" AS t
 *                              WHERE t."patient_id" = k.k1 AND (superseded_by IS NULL) AND (k.out IS NULL OR
 *                              k.out <> '*' AND t."id"::text <> ALL (string_to_array(k.out, ','))) LIMIT k.lim) AS n) AS r
 *
 * A page without a cursor is bounded by the greatest (or least) value of each order column, so that
 * the index condition is the same with and without one; so are filters by >= and <= on such a column. */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"

struct arena;
struct buf;
struct procedure;

enum statement_kind {
    STATEMENT_ROW,       /* ord, cells */
    STATEMENT_HEAD,      /* ord, cells */
    STATEMENT_PAGE,      /* ord, cells */
    STATEMENT_COUNT,     /* ord, how many rows there are */
    STATEMENT_SCAN,      /* cells: the first rows in key order */
    STATEMENT_SCAN_NEXT, /* cells: those behind a key */
    STATEMENT_CALL,      /* cells: the rows that a function returns */
    STATEMENT_KINDS
};

enum param_kind {
    PARAM_KEY,       /* array; `index` is the key's column */
    PARAM_LIMIT,     /* integer array */
    PARAM_AFTER,     /* array; `index` is the order's column */
    PARAM_FILTER,    /* array with nulls; `index` is the filter */
    PARAM_KINDS,     /* text array with nulls */
    PARAM_LEFT_OUT,  /* the same */
    PARAM_SCAN_KEY,  /* one value; `index` is the key's column */
    PARAM_SCAN_LIMIT /* one integer */
};

struct param {
    enum param_kind kind;
    uint32_t index;
    uint32_t oid; /* of the elements */
};

enum {
    PARAM_MAX = ACCESS_KEY_MAX + 1 + ACCESS_ORDER_MAX + ACCESS_FILTER_MAX + 2
};

struct statement {
    enum statement_kind kind;
    const struct table *table;      /* what it reads */
    const struct table *cells;      /* whose cells it returns: the same, or of a count its own */
    const struct access_path *path; /* NULL for scans and calls */
    const char *sql;                /* NUL-terminated, in the arena */
    uint32_t n_params;
    struct param params[PARAM_MAX];
    /* A column that has two cells (its raw key and its JSON) is sent once: cell i is made of the
     * result's field field[i], counted behind ord. */
    uint32_t n_fields;
    uint8_t field[ACCESS_COLUMN_MAX];
};

static_assert(ACCESS_COLUMN_MAX <= UINT8_MAX, "a field's number fits its type");

/* How many variants `path` has (1 to 3), which of them finds `page` (NULL: no list), and the kind of each. */
uint32_t statement_variants(const struct access_path *path);
uint32_t statement_variant_of(const struct access_path *path, const struct page *page);
enum statement_kind statement_kind_of(const struct access_path *path, uint32_t variant);

/* Fill `*s`; the text goes to `arena`. The fields that db_check sets must be set. 0 or ERR_MEMORY. */
int statement_of_path(struct statement *s, const struct access_path *path, uint32_t variant,
                      struct arena *arena) MUSTCHECK;
int statement_of_scan(struct statement *s, const struct table *table, bool next,
                      struct arena *arena) MUSTCHECK;

/* The call of a function: its parameters by name, `viewer` first, each with the type that the function has for it.
 *
 *     SELECT t."id" AS c0, ... FROM "open_emergency_access"("viewer" => $1, "iin" => $2) AS t
 *
 * Their values are texts, so `params` says nothing of them: n_params is the viewer and the procedure's. */
int statement_of_call(struct statement *s, const struct procedure *p,
                      struct arena *arena) MUSTCHECK;

/* `name` as a quoted identifier; a dotted name is quoted part by part. */
void statement_add_name(struct buf *b, struct str name);
/* The expression of a column's cell (cast to what pg_type_sent says), without an alias. */
void statement_add_cell(struct buf *b, const struct column *column);

#endif
