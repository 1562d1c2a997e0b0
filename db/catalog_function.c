/* db/catalog_function.c: see db/catalog_function.h. A call of it is prepared and described, as catalog_ask.c does with
 * columns, so PostgreSQL itself finds the function and resolves its types. Layer: db. */
#include "db/catalog_function.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/catalog_ask.h"
#include "db/catalog_call.h"
#include "db/statement.h"
#include "db/types.h"

static uint32_t n_arguments(const struct access_path *path)
{
    return path->n_columns + path->n_filter + (path->n_order ? 1 + path->n_order : 0) +
           path->by_kind;
}

static int describe(struct catalog *c, const struct access_path *path, PGresult **ret)
{
    struct buf b;

    buf_init(&b, 0);
    buf_add_z(&b, "SELECT * FROM ");
    statement_add_name(&b, path->function);
    for (uint32_t i = 0; i < n_arguments(path); i++)
        buf_addf(&b, "%s$%u", i ? ", " : "(", i + 1);
    buf_add(&b, ")", sizeof ")");
    if (b.failed) {
        buf_release(&b);
        return err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    }
    *ret = PQprepare(c->pg, "", b.ptr, 0, NULL);
    if (PQresultStatus(*ret) == PGRES_COMMAND_OK) {
        PQclear(*ret);
        *ret = PQdescribePrepared(c->pg, "");
    }
    buf_release(&b);
    if (PQresultStatus(*ret) != PGRES_COMMAND_OK)
        return catalog_refuse(c, *ret, path->line, "a function can't be looked at now",
                              "the function can't be called so");
    return 0;
}

static int check_arguments(struct catalog *c, struct access_path *path, const PGresult *res)
{
    for (uint32_t i = 0; i < path->n_columns; i++) {
        uint32_t oid = PQparamtype(res, (int)i);
        bool is_text = pg_type_is_text(oid);
        if (pg_type_sent(CODEC_KEY, oid) == 0 || (is_text && i > 0))
            return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                              "argument %u of function %.*s is of a type that can't be given: only "
                              "the first may be text, "
                              "others are integers, dates or times",
                              i + 1, STR_FMT(path->function));
        path->key_oid[i] = oid;
        path->key_is_text |= is_text;
    }
    return 0;
}

/* The arguments behind the key: each is null or a value of the field's argument. */
static int check_values(struct catalog *c, struct access_path *path, const PGresult *res)
{
    for (uint32_t i = 0; i < path->n_filter; i++) {
        struct filter_column *value = &path->filter[i];
        uint32_t oid = PQparamtype(res, (int)(path->n_columns + i));
        value->type_oid = oid;
        value->is_text = pg_type_is_text(oid);
        if (!pg_type_find(oid) || !catalog_filter_fits(value))
            return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                              "argument %u of function %.*s is of a type that can't take \"%.*s\"",
                              path->n_columns + i + 1, STR_FMT(path->function),
                              STR_FMT(value->name));
    }
    return 0;
}

/* Behind the values: what bounds a page, and the kinds. */
static int check_page(struct catalog *c, struct access_path *path, const PGresult *res)
{
    uint32_t at = path->n_columns + path->n_filter;

    if (path->n_order && PQparamtype(res, (int)at++) != OID_INT4)
        return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                          "argument %u of function %.*s is the limit of a page and must be integer",
                          at, STR_FMT(path->function));
    for (uint32_t i = 0; i < path->n_order; i++) {
        struct order_column *order = &path->order[i];
        order->type_oid = path->table->columns[order->cell].type_oid;
        if (PQparamtype(res, (int)at++) != order->type_oid || pg_type_is_text(order->type_oid))
            return err_set_at(c->reterr, ERR_CONFIG, path->line, 0,
                              "argument %u of function %.*s must be of the type of %.*s, which "
                              "orders the list: an integer, a date or a time",
                              at, STR_FMT(path->function), STR_FMT(order->name));
    }
    if (path->by_kind && PQparamtype(res, (int)at++) != OID_TEXT)
        return err_set_at(
            c->reterr, ERR_CONFIG, path->line, 0,
            "argument %u of function %.*s says which kinds are wanted and must be text", at,
            STR_FMT(path->function));
    return 0;
}

static int check_column(struct catalog *c, const struct table *table, struct column *column,
                        const PGresult *res)
{
    char name[64];
    int at;

    snprintf(name, sizeof name, "\"%.*s\"", (int)MIN(column->name.len, 60u), column->name.ptr);
    at = PQfnumber(res, name);
    if (at < 0)
        return err_set_at(c->reterr, ERR_CONFIG, column->line, 0,
                          "function %.*s returns no column %.*s", STR_FMT(table->name),
                          STR_FMT(column->name));
    if (pg_type_sent(column->codec, PQftype(res, at)) == 0)
        return err_set_at(c->reterr, ERR_CONFIG, column->line, 0,
                          "what function %.*s returns as %.*s is of a type that can't be used",
                          STR_FMT(table->name), STR_FMT(column->name));
    column->type_oid = PQftype(res, at);
    column->raw_is_text = column->codec == CODEC_KEY && pg_type_is_text(column->type_oid);
    return 0;
}

int catalog_function(struct catalog *c, struct table *table, struct access_path *path)
{
    PGresult *res = NULL;
    int rc = table->function ? 0 : catalog_list_function(c, path);

    if (rc == 0)
        rc = describe(c, path, &res);
    if (rc == 0)
        rc = check_arguments(c, path, res);
    if (rc == 0)
        rc = check_values(c, path, res);
    if (rc == 0)
        rc = check_page(c, path, res);
    for (uint32_t i = 0; table->function && i < table->n_columns && rc == 0; i++)
        rc = check_column(c, table, &table->columns[i], res);
    PQclear(res);
    return rc;
}
