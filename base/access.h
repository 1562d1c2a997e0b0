/* base/access.h: the words that query/, db/ and cache/ share: tables, ways to find rows, rows.
 *
 * A schema file maps types to tables. From it query/ derives, once at start-up, a finite set of
 * access paths (a row by its key, a list by its parent's key); db/ makes one prepared statement of
 * each, cache/ keeps what they return, and plans name them. Nothing here knows what the tables mean.
 *
 * A row travels as one block of bytes, its cells either ready-escaped JSON text (what an answer
 * copies) or a raw key (what the next look-up needs). The same bytes are kept in the caches. */
#ifndef BASE_ACCESS_H
#define BASE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/str.h"

struct buf;

enum {
    ACCESS_KEY_MAX = 2,      /* columns of a key */
    ACCESS_ORDER_MAX = 3,    /* columns of an order */
    ACCESS_FILTER_MAX = 8,   /* filters of one list */
    ACCESS_COLUMN_MAX = 96,  /* cells of one row */
    ACCESS_LIST_MAX = 6,     /* lists in lists of one cell: the dimensions of an array */
    ACCESS_COUNT_MAX = 10000 /* rows of one list that are counted; a longer one has as many */
};

/* How a column's value is written into its cell. All but CODEC_KEY are JSON text. */
enum codec {
    CODEC_KEY,       /* raw: 8 bytes int64 for integers, date (days) and timestamps (us) since 2000;
                        else the text's bytes */
    CODEC_ID,        /* JSON string, of integers too */
    CODEC_STRING,    /* JSON string of text, char, varchar, uuid, numeric (exact) */
    CODEC_INT,       /* JSON number; a value outside 32 bits is a data error */
    CODEC_FLOAT,     /* JSON number of float4, float8, numeric, integers */
    CODEC_BOOLEAN,   /* true or false */
    CODEC_DATE,      /* date: "YYYY-MM-DD" */
    CODEC_TIMESTAMP, /* timestamptz: RFC 3339 in UTC */
    CODEC_FIXED,     /* integer in units of 10^-scale: "1297.73" */
    CODEC_ENUM,      /* text, mapped by the column's `values` */
    CODEC_SIGNED,    /* text that leaves signed: a compact JWS */
    CODEC_LINK       /* text that says which file, until when: leaves as a sealed URL */
};

/* Whether what stands for a value is made by the server's issuer, anew each time: such a cell is never cached. */
static inline bool codec_is_issued(enum codec codec)
{
    return codec == CODEC_SIGNED || codec == CODEC_LINK;
}

/* What makes the cells of CODEC_SIGNED and CODEC_LINK: it has the keys, which nobody else here has. */
struct issuer {
    /* Appends what stands for `text`: visible ASCII that needs no escape in JSON. ERR_CONFIG: this server has no key for it;
     * ERR_DATA: the text is none that may be issued; ERR_MEMORY. */
    int (*issue)(struct issuer *issuer, enum codec codec, struct str text, struct buf *out);
};

/* One value of an enum: what the database holds and the JSON text that stands for it. */
struct enum_value {
    struct str stored;
    struct str json; /* with its quotes */
};

/* One cell of a table's rows. */
struct column {
    struct str name; /* of the column; of the SQL function when `computed` */
    enum codec codec;
    bool computed; /* name(row) instead of a column */
    bool
        required; /* a field that is never null: the column must be NOT NULL (of what is no table each row is looked at) */
    uint8_t scale; /* CODEC_FIXED */
    uint8_t
        lists; /* the column is an array: so many lists stand around its values; 0: it is none */
    const struct enum_value *values;
    uint32_t n_values;
    int line; /* in the schema file, for messages */
    /* Set by db_check: how the database sends it. */
    uint32_t type_oid;  /* of an array: its elements */
    uint32_t array_oid; /* of an array: the column itself */
    bool raw_is_text;   /* CODEC_KEY: bytes of text, not an int64 */
};

struct table {
    uint32_t id; /* index in struct access */
    struct str name;
    struct column *columns; /* the cells of a row, in order */
    uint32_t n_columns;
    struct str key[ACCESS_KEY_MAX]; /* primary key columns */
    uint32_t n_key;                 /* 0: its rows have no key, and functions alone return them */
    uint32_t key_cell[ACCESS_KEY_MAX]; /* the cells (CODEC_KEY) that hold them */
    bool apart; /* cells that are seldom asked for: another table's second group, read by its key */
    bool hot;   /* all rows are kept in the process */
    struct str *reads; /* of a hot table: other tables that its computed cells are made of */
    uint32_t n_reads;
    bool aggregate; /* lists that hang on its key are cached together with the row */
    bool function;  /* no table: what the function of its one path returns */
    /* Set by db_check: a view, or a composite type, whose rows functions alone return. Nothing of either is NOT NULL. */
    bool view, rowless;
    /* Each row stands for one of another table: its name is in the CODEC_KEY cell `entry_kind_cell`, its id (the last column
     * of its key) in `entry_id_cell`. */
    bool stands_for;
    uint32_t entry_kind_cell, entry_id_cell;
    bool
        personal; /* each row is about one person, whose key is in the CODEC_KEY cell `subject_cell` */
    uint32_t subject_cell;
    int line;
};

enum access_kind {
    ACCESS_ROW, /* at most one row for each key */
    ACCESS_LIST /* the rows of a parent, in order */
};

struct order_column {
    struct str name;
    uint32_t cell;     /* CODEC_KEY cell that holds it */
    bool descending;   /* all columns of an order go the same way */
    uint32_t type_oid; /* set by db_check */
};

/* Which rows a filter lets through: those whose column is ... the value. */
enum comparison {
    COMPARE_EQUAL,
    COMPARE_AT_LEAST,
    COMPARE_AT_MOST
};

struct filter_column {
    struct str name;
    enum codec codec; /* what the value is */
    enum comparison compare;
    bool of_order; /* AT_LEAST, AT_MOST: a column of the order, so never null and in the index */
    uint32_t type_oid; /* set by db_check */
    bool is_text;      /* set by db_check: filter_value.text counts, not .number */
};

struct access_path {
    uint32_t id; /* index in struct access */
    enum access_kind kind;
    const struct table *table; /* what it returns */
    /* The set-returning function whose rows they are, in its order; empty: the table's own. Its arguments are the key's
     * columns (named `column`, but compared with nothing) and then the filters, null where they are not set. With an order it
     * gives one page: the limit and the place in the order (the columns of it) that the page lies behind follow; and
     * with `by_kind` which kinds of rows are wanted. Never cached, but for `subject`. */
    struct str function;
    bool by_kind; /* key.kinds counts */
    /* The table whose key is this path's key and that is cached as one (`@aggregate`), or NULL. */
    const struct table *aggregate;
    /* Of a function that says what somebody (key.text) may see of whom (key.part[1]): the table that has those, else NULL. */
    const struct table *subject;
    struct str column[ACCESS_KEY_MAX]; /* what the keys are compared with */
    uint32_t n_columns;
    bool by_primary_key; /* ACCESS_ROW: `column` is the table's primary key */
    struct order_column order[ACCESS_ORDER_MAX];
    uint32_t n_order;
    struct filter_column filter[ACCESS_FILTER_MAX];
    uint32_t n_filter;
    struct str where; /* SQL condition on the row that is always added; may be empty */
    bool counted;     /* ACCESS_LIST: it may be asked how many rows there are (page.counts) */
    int line;
    /* Set by db_check. */
    uint32_t key_oid[ACCESS_KEY_MAX];
    bool key_is_text; /* key.text counts, not key.part[0]; of a function, part[1] beside it */
    bool sorts;       /* no index gives a list's order: what the key finds is sorted */
};

struct procedure;

/* All of them: what the start-up check and db/ walk. */
struct access {
    struct table *tables;
    uint32_t n_tables;
    struct access_path *paths;
    uint32_t n_paths;
    struct procedure *procedures; /* base/procedure.h */
    uint32_t n_procedures;
};

/* What is looked for: integers (dates, timestamps too), or one text; of a function, a text and an integer. */
struct key {
    int64_t part[ACCESS_KEY_MAX];
    struct str text;
    struct str
        kinds; /* of a path `by_kind`: tables' names with commas between; ptr NULL: of every kind */
    /* page.counts: what does not count, with commas between: the last columns of rows' keys (of a table that stands_for others:
     * "table:id"); `*`: nothing counts; ptr NULL: all counts. */
    struct str left_out;
};

struct filter_value {
    bool set;
    int64_t number;
    struct str text;
};

/* Which part of a list; the same for all keys of a fetch. NULL for ACCESS_ROW. */
struct page {
    uint32_t limit; /* most rows for each key, from 1 */
    bool counts;    /* not the rows, but how many there are: one row with one cell, a JSON number */
    bool has_after;
    int64_t after[ACCESS_ORDER_MAX];
    struct filter_value filter[ACCESS_FILTER_MAX];
};

/* True when the page starts at the head and nothing narrows it: what caches keep. */
bool page_is_head(const struct page *page, const struct access_path *path);

struct row {
    uint32_t size;  /* bytes in all, this header included */
    uint32_t n;     /* cells */
    uint32_t end[]; /* where cell i ends, counted from the end of this array; top bit: null */
};

#define ROW_NULL 0x80000000u

static inline const char *row_bytes(const struct row *r)
{
    return (const char *)(r->end + r->n);
}

static inline bool row_is_null(const struct row *r, uint32_t cell)
{
    return r->end[cell] & ROW_NULL;
}

/* The bytes of a cell; empty when it is null. */
static inline struct str row_cell(const struct row *r, uint32_t cell)
{
    uint32_t from = cell ? r->end[cell - 1] & ~ROW_NULL : 0;
    return (struct str){row_bytes(r) + from, (r->end[cell] & ~ROW_NULL) - from};
}

/* The integer in a CODEC_KEY cell that is neither null nor text. */
static inline int64_t row_number(const struct row *r, uint32_t cell)
{
    int64_t n = 0;
    struct str s = row_cell(r, cell);
    if (s.len == sizeof n)
        memcpy(&n, s.ptr, sizeof n);
    return n;
}

/* True when `bytes` (aligned to 4) are one whole row of `n_cells` cells: for rows that come from
 * outside the process. */
bool row_valid(const void *bytes, size_t len, uint32_t n_cells);
/* A copy in `arena`, or NULL when memory ran out. */
const struct row *row_copy(struct arena *arena, const struct row *r);

struct viewer; /* who asks: base/viewer.h */

/* What one key found. */
struct slice {
    const struct row **rows; /* in the fetch's arena */
    uint32_t n;
    int rc; /* 0, or the ERR_ of this key alone */
};

/* One question: many keys of one access path. The asker owns it until done() ran. */
struct fetch {
    const struct access_path *path;
    const struct key *keys; /* n of them; the asker's */
    uint32_t n;
    const struct page *page; /* ACCESS_LIST */
    const struct viewer *viewer;
    struct arena *arena;  /* rows and slices are put here */
    struct slice *slices; /* n of them, set by the answerer before done(f, 0) or FETCH_READY */
    /* rc < 0: no key was answered. 0: see each slice. Runs exactly once, on a later turn. */
    void (*done)(struct fetch *f, int rc);
    void *_answerer; /* state of whoever is working on it; NULL when nobody is */
};

/* Results of starting a fetch: 0 pending (done will run), FETCH_READY (the slices are set, done
 * will not run), or negative (nothing was started, done will not run). */
enum {
    FETCH_READY = 1
};

#endif
