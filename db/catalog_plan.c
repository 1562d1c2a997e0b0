/* db/catalog_plan.c: does a statement go through an index? See db/catalog_plan.h.
 *
 * PostgreSQL itself is asked: the statement is prepared, and EXPLAIN shows its generic plan under the
 * settings that the server's connections have. That honours partial indexes, operators and
 * collations as no comparison of catalogs could. Each scan of our table (alias t, for partitions
 * t_1 and so on) looks like
 *
 *     ->  Index Only Scan using prescription_list on prescription t
 *           Index Cond: ((patient_id = k.k1) AND ...)
 *
 * (Of a view the scans are of the tables behind it, under any alias.)
 *
 * A condition is not enough (an index that has the column in second place has one too, and is read
 * from end to end), so the first column of the index must be one of the key's; or else there is another
 * index that begins with the whole key. */
#include "db/catalog_plan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/access.h"
#include "base/buf.h"
#include "base/err.h"
#include "db/catalog_ask.h"

static int refuse(struct catalog *c, const PGresult *res, int line)
{
    return catalog_refuse(c, res, line, "a statement can't be planned now",
                          "PostgreSQL refuses the statement");
}

/* True for `... Scan ... on TABLE t`: its alias is the last word. */
static bool is_our_scan(const char *row)
{
    const char *alias = strrchr(row, ' ');

    if (!strstr(row, " Scan ") || !strstr(row, " on ") || !alias || alias[1] != 't')
        return false;
    alias += 2;
    if (*alias == '_')
        while (isdigit((unsigned char)*++alias))
            ;
    return *alias == '\0';
}

/* The first column of the index that `row` names, by a question to the catalog; "" when unknown. */
static int first_column(struct catalog *c, const char *row, char *ret, size_t room)
{
    const char *from = strstr(row, " using "), *to = from ? strstr(from, " on ") : NULL;
    char name[160];
    const char *params[] = {name};
    PGresult *res;
    int rc = 0;

    ret[0] = '\0';
    if (!to || (size_t)(to - from - 7) >= sizeof name)
        return 0;
    memcpy(name, from + 7, (size_t)(to - from - 7));
    name[to - from - 7] = '\0';
    /* A plan does not say the schema; any index of that name on a table read here will do. */
    res = PQexecParams(
        c->pg,
        "SELECT a.attname FROM pg_class AS i JOIN pg_index AS x ON x.indexrelid = i.oid "
        "JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] "
        "WHERE quote_ident(i.relname) = $1 ORDER BY pg_table_is_visible(i.oid) DESC "
        "LIMIT 1",
        1, NULL, params, NULL, NULL, 0);
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        rc = refuse(c, res, 0);
    else if (PQntuples(res) == 1)
        snprintf(ret, room, "%s", PQgetvalue(res, 0, 0));
    PQclear(res);
    return rc;
}

/* The condition of the scan in row `i`, in the rows right below it. */
static const char *index_condition(const PGresult *res, int i)
{
    while (++i < PQntuples(res)) {
        const char *row = PQgetvalue(res, i, 0);
        const char *condition = strstr(row, "Index Cond: ");
        if (condition)
            return condition;
        if (strstr(row, "->"))
            break;
    }
    return NULL;
}

static int refuse_scan(struct catalog *c, const struct access_path *path, const char *row)
{
    bool two = path->n_columns > 1;

    row += strspn(row, " ->");
    c->way_refused = true;
    return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                      "no index serves a search by %.*s%s%.*s; the best plan is: %s",
                      STR_FMT(path->column[0]), two ? ", " : "", two ? (int)path->column[1].len : 0,
                      two ? path->column[1].ptr : "", row);
}

/* How many of the key's columns the condition of a scan names. */
static uint32_t key_columns(const struct access_path *path, const char *condition)
{
    uint32_t n = 0;

    for (uint32_t k = 0; condition && k < path->n_columns; k++) {
        char name[16];
        snprintf(name, sizeof name, "k.k%u", k + 1);
        n += strstr(condition, name) != NULL;
    }
    return n;
}

static bool names_key(const struct access_path *path, const char *condition)
{
    return key_columns(path, condition) == path->n_columns;
}

/* Whether an index of all rows begins with the key's columns, in any order. */
static int has_index(struct catalog *c, const struct access_path *path, bool *ret)
{
    PGresult *res = NULL;
    int rc = catalog_ask(
        c,
        "SELECT FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid "
        "JOIN pg_am AS m ON m.oid = i.relam AND m.amname = 'btree' "
        "WHERE x.indrelid = $1::regclass AND x.indisvalid AND x.indpred IS NULL AND NOT EXISTS ("
        "SELECT FROM unnest(ARRAY[$2, $3]) AS k (name) WHERE NOT EXISTS ("
        "SELECT FROM pg_attribute AS a "
        "JOIN generate_series(0, CASE WHEN $2 = $3 THEN 0 ELSE 1 END) AS g ON g < x.indnkeyatts "
        "WHERE a.attrelid = x.indrelid AND a.attname = k.name AND a.attnum = x.indkey[g] "
        "AND a.attcollation = x.indcollation[g])) LIMIT 1",
        path->table, path->column[0], path->column[path->n_columns - 1], &res);

    *ret = rc == 0 && PQntuples(res) == 1;
    PQclear(res);
    return rc;
}

/* Where two indexes cost the same, as with one row for each person, the plan has the one that was made last, and that may be
 * one with a part of the key. As the table grows, the whole key's index wins, if there is one. */
static int check_scan(struct catalog *c, const PGresult *res, int i, const struct access_path *path)
{
    const char *row = PQgetvalue(res, i, 0), *condition = index_condition(res, i);
    bool by_index = strstr(row, "Index "), good = by_index && names_key(path, condition);
    char first[160];
    bool begins = false, other = false;
    int rc = first_column(c, row, first, sizeof first);

    for (uint32_t k = 0; k < path->n_columns; k++)
        begins |= str_is(path->column[k], first);
    if (rc == 0 && !(good && begins) && by_index && key_columns(path, condition) > 0)
        rc = has_index(c, path, &other);
    return rc < 0 || (good && begins) || other ? rc : refuse_scan(c, path, row);
}

static bool is_table_scan(const char *row)
{
    return strstr(row, " Scan ") && strstr(row, " on ") && !strstr(row, "Function Scan") &&
           !strstr(row, "Subquery Scan");
}

/* The tables behind a view: each is read through an index, and one at least by the key. */
static int check_view(struct catalog *c, const PGresult *res, const struct access_path *path)
{
    bool found = false;

    for (int i = 0; i < PQntuples(res); i++) {
        const char *row = PQgetvalue(res, i, 0), *condition = index_condition(res, i);
        if (!is_table_scan(row))
            continue;
        if (!condition || !strstr(row, "Index "))
            return refuse_scan(c, path, row);
        found |= names_key(path, condition);
    }
    return found ? 0 : refuse_scan(c, path, "no scan by the key");
}

static bool sorts(const PGresult *res)
{
    bool found = false;

    for (int i = 0; i < PQntuples(res) && !found; i++)
        found = strstr(PQgetvalue(res, i, 0), "->  Sort") ||
                strstr(PQgetvalue(res, i, 0), "->  Incremental Sort");
    return found;
}

static int check_rows(struct catalog *c, const PGresult *res, const struct access_path *path)
{
    int scans = 0, rc;

    if (path->table->view)
        return check_view(c, res, path);
    for (int i = 0; i < PQntuples(res); i++) {
        if (!is_our_scan(PQgetvalue(res, i, 0)))
            continue;
        scans++;
        rc = check_scan(c, res, i, path);
        if (rc < 0)
            return rc;
    }
    if (scans == 0)
        return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                          "the plan reads no table (is the condition always false?)");
    return 0;
}

static int explain(struct catalog *c, const char *sql, int n_params, PGresult **ret, int line)
{
    struct buf b;
    int rc = 0;

    buf_init(&b, 0);
    buf_add_z(&b, "EXPLAIN (COSTS OFF) EXECUTE tolqujat_check");
    for (int i = 0; i < n_params; i++)
        buf_add_z(&b, i ? ", NULL" : " (NULL");
    buf_add_z(&b, n_params ? ")" : "");
    buf_add_char(&b, '\0');
    if (b.failed)
        rc = err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    else
        *ret = PQexec(c->pg, b.ptr);
    if (rc == 0 && PQresultStatus(*ret) != PGRES_TUPLES_OK) {
        rc = refuse(c, *ret, line);
        PQclear(*ret);
    }
    buf_release(&b);
    return rc;
}

int catalog_plan(struct catalog *c, const char *sql, const struct access_path *path,
                 bool *ret_sorts)
{
    PGresult *res = PQprepare(c->pg, "tolqujat_check", sql, 0, NULL), *plan = NULL;
    int rc = 0, n_params;

    *ret_sorts = false;
    c->way_refused = false;
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        rc = refuse(c, res, path->line);
        PQclear(res);
        return rc;
    }
    PQclear(res);
    res = PQdescribePrepared(c->pg, "tolqujat_check");
    n_params = PQnparams(res);
    PQclear(res);
    rc = explain(c, sql, n_params, &plan, path->line);
    if (rc == 0) {
        *ret_sorts = sorts(plan);
        rc = check_rows(c, plan, path);
        PQclear(plan);
    }
    PQclear(PQexec(c->pg, "DEALLOCATE tolqujat_check"));
    return rc;
}

int catalog_small_with_index(struct catalog *c, const struct access_path *path, bool *ret)
{
    PGresult *res = NULL;
    int rc = catalog_ask(
        c,
        "SELECT FROM pg_class AS t JOIN pg_index AS x ON x.indrelid = t.oid AND x.indisvalid "
        "JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] "
        "WHERE t.oid = $1::regclass AND t.relkind = 'r' AND a.attname = $2 "
        "AND pg_relation_size(t.oid) <= 10 * current_setting('block_size')::integer LIMIT 1",
        path->table, path->column[0], (struct str){0}, &res);

    *ret = rc == 0 && PQntuples(res) == 1;
    PQclear(res);
    return rc;
}
