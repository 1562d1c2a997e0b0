/* db/catalog.c: db_check (db/db.h): the live database beside the schema file. Tables, columns and keys;
 * catalog_ask.c puts the questions, catalog_plan.c looks at plans.
 *
 * Layer: db, start-up only, blocking. Everything that can be wrong is found here, with the line of the
 * schema file, so that the running server meets no surprise: missing tables, columns, functions, types
 * that a codec can't write, null where a field is never null, a path without an index. */
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/procedure.h"
#include "db/catalog_ask.h"
#include "db/catalog_call.h"
#include "db/catalog_function.h"
#include "db/catalog_plan.h"
#include "db/conninfo.h"
#include "db/db.h"
#include "db/statement.h"
#include "db/types.h"

static const char *const codec_names[] = {
    [CODEC_KEY] = "a key",
    [CODEC_ID] = "ID",
    [CODEC_STRING] = "String",
    [CODEC_INT] = "Int",
    [CODEC_FLOAT] = "Float",
    [CODEC_BOOLEAN] = "Boolean",
    [CODEC_DATE] = "a date",
    [CODEC_TIMESTAMP] = "a time",
    [CODEC_FIXED] = "a fixed decimal",
    [CODEC_ENUM] = "an enum",
    [CODEC_SIGNED] = "a signed text",
    [CODEC_LINK] = "a link",
};

/* Whoever starts waits for nobody's lock: the check is tried again. */
#define CHECK_SETTINGS CONNINFO_READ_SETTINGS " -c lock_timeout=1000 -c statement_timeout=10000"

static int check_not_null(struct catalog *c, const struct table *table, struct str column, int line,
                          const char *why)
{
    PGresult *res;
    int rc = catalog_ask(c,
                         "SELECT attnotnull FROM pg_attribute "
                         "WHERE attrelid = $1::regclass AND attname = $2",
                         table, column, (struct str){0}, &res);

    if (rc < 0)
        return rc;
    if (PQntuples(res) != 1 || PQgetvalue(res, 0, 0)[0] != 't')
        rc = err_set_at(c->reterr, ERR_CONFIG, line, 0, "column %.*s.%.*s may be null, but %s",
                        STR_FMT(table->name), STR_FMT(column), why);
    PQclear(res);
    return rc;
}

static int refuse_type(struct catalog *c, const struct table *table, struct str column,
                       uint32_t oid, int line, const char *what)
{
    char sql[80];
    PGresult *res;
    int rc;

    snprintf(sql, sizeof sql, "SELECT format_type(%u, NULL)", oid);
    res = PQexec(c->pg, sql);
    rc = err_set_at(c->reterr, ERR_CONFIG, line, 0, "%.*s.%.*s is of type %s, and %s",
                    STR_FMT(table->name), STR_FMT(column),
                    PQntuples(res) == 1 ? PQgetvalue(res, 0, 0) : "unknown", what);
    PQclear(res);
    return rc;
}

static int cell_type(struct catalog *c, const struct table *table, const struct column *column,
                     uint32_t *ret)
{
    int rc;

    if (column->computed) {
        struct buf b;
        buf_init(&b, 0);
        statement_add_name(&b, column->name);
        buf_add_z(&b, "(t)");
        rc = b.failed ? err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema")
                      : catalog_type(c, table, buf_str(&b), column->line, column->name, ret);
        buf_release(&b);
    } else {
        rc = catalog_column_type(c, table, column->name, column->line, ret);
    }
    return rc;
}

/* A field that is a list takes an array, one that is none takes none. `*oid` becomes the type of one value. */
static int check_array(struct catalog *c, const struct table *table, struct column *column,
                       uint32_t *oid)
{
    uint32_t element = 0;
    int rc = 0;

    if (column->lists || pg_type_sent(column->codec, *oid) != *oid)
        rc = catalog_element(c, table, *oid, &element);
    if (rc < 0)
        return rc;
    if (column->lists && !element)
        return refuse_type(c, table, column->name, *oid, column->line,
                           "the field is a list, so it has to be an array");
    if (!column->lists && element && column->codec != CODEC_KEY)
        return refuse_type(c, table, column->name, *oid, column->line,
                           "the field is no list, so it can't be an array");
    column->array_oid = *oid;
    if (column->lists)
        *oid = element;
    return 0;
}

static int check_column(struct catalog *c, const struct table *table, struct column *column)
{
    uint32_t oid = 0;
    char what[80];
    int rc = cell_type(c, table, column, &oid);

    if (rc == 0)
        rc = check_array(c, table, column, &oid);
    if (rc < 0)
        return rc;
    if (pg_type_sent(column->codec, oid) == 0) {
        snprintf(what, sizeof what, "%s%s can't be made of that", column->lists ? "a list of " : "",
                 codec_names[column->codec]);
        return refuse_type(c, table, column->name, column->array_oid, column->line, what);
    }
    column->type_oid = oid;
    column->raw_is_text = column->codec == CODEC_KEY && pg_type_is_text(oid);
    if (column->required && !column->computed && !table->view && !table->rowless)
        return check_not_null(c, table, column->name, column->line, "the field is non-null");
    return 0;
}

/* One table and its columns: sets type_oid and raw_is_text. */
static int check_table(struct catalog *c, struct table *table)
{
    PGresult *res;
    char kind;
    int rc;

    if (table->n_columns > ACCESS_COLUMN_MAX)
        return err_set_at(c->reterr, ERR_CONFIG, table->line, 0,
                          "table %.*s: more than %d columns are read", STR_FMT(table->name),
                          ACCESS_COLUMN_MAX);
    rc = catalog_ask(c,
                     "SELECT relkind, has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') "
                     "FROM pg_class WHERE oid = to_regclass($1)",
                     table, (struct str){0}, (struct str){0}, &res);
    if (rc < 0)
        return rc;
    kind = '\0';
    if (PQntuples(res) == 1)
        kind = PQgetvalue(res, 0, 0)[0];
    if (table->personal && !table->apart && PQntuples(res) == 1 && strchr("rp", kind) &&
        PQgetvalue(res, 0, 1)[0] == 't') {
        c->writable = c->writable ? c->writable : table;
        c->n_writable++;
    }
    PQclear(res);
    if (!kind || !strchr("rpvmc", kind))
        return err_set_at(c->reterr, ERR_CONFIG, table->line, 0,
                          kind ? "%.*s is not a table"
                               : "there is no table %.*s (has tolqujat migrate been run?)",
                          STR_FMT(table->name));
    table->view = kind == 'v' || kind == 'm';
    table->rowless = kind == 'c';
    if ((table->view || table->rowless) && (table->hot || table->aggregate))
        return err_set_at(c->reterr, ERR_CONFIG, table->line, 0,
                          "%.*s is no table, so nothing would say when its rows change: it can be "
                          "neither @hot nor @aggregate",
                          STR_FMT(table->name));
    for (uint32_t i = 0; i < table->n_columns && rc == 0; i++)
        rc = check_column(c, table, &table->columns[i]);
    return rc;
}

static int check_keys(struct catalog *c, struct access_path *path)
{
    for (uint32_t i = 0; i < path->n_columns; i++) {
        uint32_t oid;
        int rc = catalog_column_type(c, path->table, path->column[i], path->line, &oid);
        if (rc < 0)
            return rc;
        if (pg_type_sent(CODEC_KEY, oid) == 0)
            return refuse_type(c, path->table, path->column[i], oid, path->line,
                               "no key can be compared with that");
        if (pg_type_is_text(oid) && path->n_columns > 1)
            return refuse_type(c, path->table, path->column[i], oid, path->line,
                               "a key of several columns has to be of integers");
        path->key_oid[i] = oid;
        path->key_is_text = pg_type_is_text(oid);
    }
    return 0;
}

static int check_order(struct catalog *c, struct access_path *path)
{
    for (uint32_t i = 0; i < path->n_order; i++) {
        struct order_column *order = &path->order[i];
        const struct column *column = &path->table->columns[order->cell];
        int rc = 0;
        if (pg_type_is_text(column->type_oid))
            return refuse_type(c, path->table, order->name, column->type_oid, path->line,
                               "lists are ordered by integers, dates and times only");
        if (order->descending != path->order[0].descending)
            return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                              "the columns of an order go one way, all asc or all desc");
        if (!path->table->view)
            rc = check_not_null(c, path->table, order->name, path->line,
                                "a list is ordered by it, and its cursor needs a value");
        if (rc < 0)
            return rc;
        order->type_oid = column->type_oid;
    }
    return 0;
}

static int check_filters(struct catalog *c, struct access_path *path)
{
    for (uint32_t i = 0; i < path->n_filter; i++) {
        struct filter_column *filter = &path->filter[i];
        int rc = catalog_column_type(c, path->table, filter->name, path->line, &filter->type_oid);
        if (rc < 0)
            return rc;
        /* Types without a binary form here (enums, uuid) are compared by their text. */
        filter->is_text = pg_type_is_text(filter->type_oid) || !pg_type_find(filter->type_oid);
        if (filter->is_text && filter->compare != COMPARE_EQUAL)
            return refuse_type(c, path->table, filter->name, filter->type_oid, path->line,
                               "only integers, dates and times are compared by more than equality");
        if (!catalog_filter_fits(filter))
            return refuse_type(c, path->table, filter->name, filter->type_oid, path->line,
                               "can't be compared with what its argument is");
    }
    return 0;
}

/* Letters only, in lower case: enough to see that two texts of one condition are the same. */
static struct str squeeze(struct catalog *c, struct str s)
{
    char *to = arena_alloc(c->arena, s.len + 1);
    size_t n = 0;

    if (!to)
        return (struct str){0};
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r\n()\"", s.ptr[i]))
            to[n++] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + 32 : s.ptr[i]);
    return (struct str){to, n};
}

/* A look-up finds one row at most only where a unique index over its columns says so. */
static int check_unique(struct catalog *c, const struct access_path *path)
{
    struct str where = squeeze(c, path->where);
    bool found = false;
    PGresult *res;
    int rc =
        catalog_ask(c,
                    "SELECT coalesce(pg_get_expr(indpred, indrelid), '') FROM pg_index "
                    "WHERE indrelid = $1::regclass AND indisunique AND indisvalid AND NOT EXISTS ("
                    "SELECT FROM generate_series(0, indnkeyatts - 1) AS g "
                    "LEFT JOIN pg_attribute AS a ON a.attrelid = indrelid AND a.attnum = indkey[g] "
                    "WHERE a.attname IS NULL OR a.attname NOT IN ($2, $3))",
                    path->table, path->column[0], path->column[path->n_columns - 1], &res);

    if (rc < 0)
        return rc;
    for (int i = 0; i < PQntuples(res) && !found; i++) {
        struct str condition = squeeze(c, str_of(PQgetvalue(res, i, 0)));
        found = condition.len == 0 || str_eq(condition, where);
    }
    PQclear(res);
    if (found)
        return 0;
    return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                      "a look-up in %.*s by %.*s%s%.*s needs a unique index%s",
                      STR_FMT(path->table->name), STR_FMT(path->column[0]),
                      path->n_columns > 1 ? ", " : "",
                      path->n_columns > 1 ? (int)path->column[1].len : 0, path->column[1].ptr,
                      path->where.len ? " (its WHERE the same as the path's)" : "");
}

static int check_plans(struct catalog *c, const struct access_path *path, bool *ret_sorts)
{
    int rc = 0;

    for (uint32_t v = 0; rc == 0 && v < statement_variants(path); v++) {
        const char *sql = db_statement_sql(path, v, c->arena);
        bool this_sorts = false;
        if (!sql)
            return err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
        rc = catalog_plan(c, sql, path, &this_sorts);
        *ret_sorts |= this_sorts;
    }
    return rc;
}

/* One path whose tables passed: sets key_oid, key_is_text, order[].type_oid and the filters' types,
 * then has every statement of it planned. A list whose order no index gives is logged. */
static int check_path(struct catalog *c, struct access *access, struct access_path *path)
{
    struct err before = c->reterr ? *c->reterr : (struct err){0};
    bool sorts = false;
    int rc;

    path->sorts = false;
    if (path->function.len)
        return catalog_function(c, &access->tables[path->table->id], path);
    if (path->table->rowless)
        return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                          "%.*s is a type without rows of its own: functions alone return them",
                          STR_FMT(path->table->name));
    rc = check_keys(c, path);
    if (rc == 0)
        rc = check_order(c, path);
    if (rc == 0)
        rc = check_filters(c, path);
    if (rc == 0 && path->kind == ACCESS_ROW && !path->table->view)
        rc = check_unique(c, path);
    if (rc < 0)
        return rc;
    rc = check_plans(c, path, &sorts);
    if (rc == ERR_CONFIG && path->n_order > 0 && !path->table->view) {
        /* In a small table an index of the order alone looks good: without it, perhaps? */
        path->sorts = true;
        rc = check_plans(c, path, &sorts);
        if (rc == ERR_CONFIG && c->way_refused) {
            bool small = false;
            int asked = catalog_small_with_index(c, path, &small);
            if (asked < 0 || small) {
                rc = asked;
                path->sorts = sorts = false;
            }
        }
        if (rc == 0 && c->reterr)
            *c->reterr = before;
    }
    if (rc == 0 && sorts)
        log_warn("no index gives the order of a list, so it is sorted for each key line=%d "
                 "table=%.*s",
                 path->line, STR_FMT(path->table->name));
    return rc;
}

/* A server that can change what it only reads is one mistake away from doing so. Said, not refused: whose database it is decides. */
static void tell_role(const struct catalog *c)
{
    if (c->n_writable)
        log_warn(
            "the database role may change or delete what is about persons; one that only reads is "
            "safer tables=%u first=%.*s",
            c->n_writable, STR_FMT(c->writable->name));
}

int db_check(const char *conninfo, struct access *access, struct err *reterr)
{
    struct catalog c = {.reterr = reterr};
    struct arena arena;
    int rc = conninfo_connect(&c.pg, conninfo, CHECK_SETTINGS, reterr);

    if (rc < 0)
        return rc;
    arena_init(&arena, 64 << 20);
    c.arena = &arena;
    for (uint32_t i = 0; i < access->n_tables && rc == 0; i++)
        if (!access->tables[i].function) /* those: by their path, which says the arguments */
            rc = check_table(&c, &access->tables[i]);
    for (uint32_t i = 0; i < access->n_paths && rc == 0; i++)
        rc = check_path(&c, access, &access->paths[i]);
    for (uint32_t i = 0; i < access->n_procedures && rc == 0; i++)
        rc = catalog_call(&c, &access->procedures[i]);
    if (rc == 0)
        tell_role(&c);
    arena_release(&arena);
    PQfinish(c.pg);
    return rc;
}
