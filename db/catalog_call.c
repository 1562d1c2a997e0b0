/* db/catalog_call.c: see db/catalog_call.h. Layer: db.
 *
 * The catalog says which functions there are, what their parameters are and who may call them; then the statement
 * itself is prepared, so that PostgreSQL resolves it exactly as it will. */
#include "db/catalog_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/procedure.h"
#include "db/catalog_ask.h"
#include "db/statement.h"
#include "db/types.h"

enum {
    OID_VOID = 2278,
    OID_UUID = 2950
};

/* One row for each input parameter of each function of that name; of a function without any: one, its name null. */
static const char parameters_sql[] =
    "SELECT p.oid, a.name, a.type, a.array_of, a.ord, p.pronargs - p.pronargdefaults,"
    " coalesce(r.typrelid, 0), p.prorettype, p.provolatile, has_function_privilege(p.oid, "
    "'EXECUTE'),"
    " p.prosecdef, p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0),"
    " EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search_path=%'),"
    " a.type_name, to_regclass($2)::oid, a.is_enum, p.proretset "
    "FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace "
    "JOIN pg_type AS r ON r.oid = p.prorettype "
    "LEFT JOIN LATERAL (SELECT coalesce(p.proargnames[i.ord], '') AS name, i.type, i.ord,"
    " CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END AS array_of,"
    " coalesce(e.typtype, t.typtype) = 'e' AS is_enum, format_type(i.type, NULL) AS type_name"
    " FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS i (type, ord)"
    " JOIN pg_type AS t ON t.oid = i.type LEFT JOIN pg_type AS e ON e.oid = t.typelem"
    ") AS a ON true "
    "WHERE p.prokind = 'f' AND (n.nspname || '.' || p.proname = $1"
    " OR (p.proname = $1 AND pg_function_is_visible(p.oid))) ORDER BY p.oid, a.ord";

enum {
    COLUMN_OID,
    COLUMN_NAME,
    COLUMN_TYPE,
    COLUMN_ARRAY_OF,
    COLUMN_ORD,
    COLUMN_NEEDED, /* how many come before those that have defaults */
    COLUMN_ROWTYPE,
    COLUMN_RETURNS,
    COLUMN_VOLATILE,
    COLUMN_MAY,
    COLUMN_DEFINER,
    COLUMN_PUBLIC,
    COLUMN_PATH,
    COLUMN_TYPE_NAME,
    COLUMN_TABLE,
    COLUMN_IS_ENUM,
    COLUMN_SET
};

static bool is_true(const PGresult *res, int row, int column)
{
    return PQgetvalue(res, row, column)[0] == 't';
}

static uint32_t number(const PGresult *res, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(res, row, column), NULL, 10);
}

static int fail(struct catalog *c, const struct procedure *p, int line, const char *what)
{
    return err_set_at(c->reterr, ERR_CONFIG, line, 0, "function %.*s %s", STR_FMT(p->name), what);
}

/* ---- the function ---- */

static int check_found(struct catalog *c, const struct procedure *p, const PGresult *res)
{
    int n = 0;

    for (int i = 0; i < PQntuples(res); i++)
        n += i == 0 || number(res, i, COLUMN_OID) != number(res, i - 1, COLUMN_OID);
    if (n == 0)
        return fail(c, p, p->line, "does not exist");
    if (n > 1)
        return fail(c, p, p->line, "exists more than once, with other parameters");
    return 0;
}

/* Whoever may call it says in `viewer` who asks, so it is for the server's role alone. */
static int check_access(struct catalog *c, const struct procedure *p, const PGresult *res)
{
    const char volatility = PQgetvalue(res, 0, COLUMN_VOLATILE)[0];

    if (!is_true(res, 0, COLUMN_MAY))
        return fail(c, p, p->line, "may not be called by the role that the server connects as");
    if (is_true(res, 0, COLUMN_DEFINER) && is_true(res, 0, COLUMN_PUBLIC))
        return fail(c, p, p->line,
                    "is SECURITY DEFINER and may be called by everybody: REVOKE that from PUBLIC");
    if (is_true(res, 0, COLUMN_DEFINER) && !is_true(res, 0, COLUMN_PATH))
        return fail(c, p, p->line, "is SECURITY DEFINER and needs a search_path of its own");
    if (p->writes && volatility != 'v')
        return fail(c, p, p->line, "is of a mutation, so it must be VOLATILE");
    if (!p->writes && volatility == 'v')
        return fail(c, p, p->line, "is of a query, so it must be STABLE");
    return 0;
}

static int check_returns(struct catalog *c, struct procedure *p, const PGresult *res)
{
    /* A scalar's table is made for this procedure alone, and so is its column. */
    struct column *value = p->result.table->columns;
    uint32_t oid = number(res, 0, COLUMN_RETURNS);
    char what[160];

    if (p->scalar) {
        p->nothing = oid == OID_VOID && value->codec == CODEC_BOOLEAN;
        value->type_oid = p->nothing ? OID_BOOL : oid;
        if (pg_type_sent(value->codec, value->type_oid) != 0)
            return 0;
        return fail(c, p, p->line, "returns a type that the field's can't be made of");
    }
    if (number(res, 0, COLUMN_ROWTYPE) != 0 &&
        number(res, 0, COLUMN_ROWTYPE) == number(res, 0, COLUMN_TABLE) &&
        (is_true(res, 0, COLUMN_SET) || p->result.kind == ACCESS_ROW))
        return 0;
    snprintf(what, sizeof what, "must return %s %.*s",
             p->result.kind == ACCESS_ROW ? "rows of table" : "SETOF",
             (int)MIN(p->result.table->name.len, 100u), p->result.table->name.ptr);
    return fail(c, p, p->line, what);
}

/* ---- its parameters ---- */

static bool is_integer(uint32_t oid)
{
    return oid == OID_INT2 || oid == OID_INT4 || oid == OID_INT8;
}

static bool takes(const struct procedure_param *param, uint32_t oid, bool is_enum)
{
    switch (param->codec) {
    case CODEC_KEY:
        return param->key ? oid == param->key->type_oid ||
                                (is_integer(oid) && is_integer(param->key->type_oid))
                          : pg_type_is_text(oid);
    case CODEC_ID:
        return pg_type_is_text(oid) || is_integer(oid) || oid == OID_UUID;
    case CODEC_STRING:
    case CODEC_SIGNED:
    case CODEC_LINK:
        return pg_type_is_text(oid);
    case CODEC_INT:
        return is_integer(oid) || oid == OID_NUMERIC || oid == OID_FLOAT8;
    case CODEC_FLOAT:
        return oid == OID_NUMERIC || oid == OID_FLOAT8 || oid == OID_FLOAT4;
    case CODEC_BOOLEAN:
        return oid == OID_BOOL;
    case CODEC_DATE:
        return oid == OID_DATE;
    case CODEC_TIMESTAMP:
        return oid == OID_TIMESTAMPTZ;
    case CODEC_FIXED:
        return is_integer(oid);
    case CODEC_ENUM:
        return pg_type_is_text(oid) || is_enum;
    }
    return false;
}

static int find(const PGresult *res, struct str name)
{
    for (int i = 0; i < PQntuples(res); i++)
        if (str_is(name, PQgetvalue(res, i, COLUMN_NAME)))
            return i;
    return -1;
}

static int check_param(struct catalog *c, const struct procedure *p,
                       const struct procedure_param *param, const PGresult *res)
{
    int i = find(res, param->name);
    uint32_t type, array_of;
    char what[200];

    if (i < 0) {
        snprintf(what, sizeof what, "has no parameter \"%.*s\"", (int)MIN(param->name.len, 80u),
                 param->name.ptr);
        return fail(c, p, param->line, what);
    }
    type = number(res, i, COLUMN_TYPE);
    array_of = number(res, i, COLUMN_ARRAY_OF);
    if ((array_of != 0) == param->is_list &&
        takes(param, param->is_list ? array_of : type, is_true(res, i, COLUMN_IS_ENUM)))
        return 0;
    snprintf(what, sizeof what, "has the parameter \"%.*s\" of type %.60s, which can't take this",
             (int)MIN(param->name.len, 60u), param->name.ptr, PQgetvalue(res, i, COLUMN_TYPE_NAME));
    return fail(c, p, param->line, what);
}

/* Every parameter without a default gets a value. */
static int check_all_given(struct catalog *c, const struct procedure *p, const PGresult *res)
{
    for (int i = 1; i < PQntuples(res); i++) {
        struct str name = str_of(PQgetvalue(res, i, COLUMN_NAME));
        bool given = number(res, i, COLUMN_ORD) > number(res, i, COLUMN_NEEDED);
        char what[160];
        given |= p->digested && str_is(name, "payload_digest");
        for (uint32_t k = 0; k < p->n_params && !given; k++)
            given = str_eq(p->params[k].name, name);
        if (given)
            continue;
        snprintf(what, sizeof what, "needs the parameter \"%.*s\", which no argument gives",
                 (int)MIN(name.len, 80u), name.ptr);
        return fail(c, p, p->line, what);
    }
    return 0;
}

/* The server gives this one itself. */
static int check_digest(struct catalog *c, struct procedure *p, const PGresult *res)
{
    int i = find(res, STR("payload_digest"));

    p->digested = i >= 0;
    return i < 0 || number(res, i, COLUMN_TYPE) == OID_TEXT
               ? 0
               : fail(c, p, p->line, "has the parameter \"payload_digest\", which must be text");
}

static int check_params(struct catalog *c, struct procedure *p, const PGresult *res)
{
    int rc = check_digest(c, p, res);

    if (strcmp(PQgetvalue(res, 0, COLUMN_NAME), "viewer") != 0 ||
        number(res, 0, COLUMN_TYPE) != OID_TEXT)
        return fail(c, p, p->line, "must have \"viewer text\" as its first parameter");
    for (uint32_t i = 0; i < p->n_params && rc == 0; i++)
        rc = check_param(c, p, &p->params[i], res);
    return rc < 0 ? rc : check_all_given(c, p, res);
}

/* ---- the statement ---- */

static int check_statement(struct catalog *c, const struct procedure *p)
{
    struct statement s;
    PGresult *res;
    int rc = 0;

    if (statement_of_call(&s, p, c->arena) < 0)
        return err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    res = PQprepare(c->pg, "", s.sql, 0, NULL);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        rc = catalog_refuse(c, res, p->line, "a function can't be looked at now",
                            "the function can't be called so");
    PQclear(res);
    return rc;
}

/* The rows of parameters_sql. */
static int ask(struct catalog *c, const struct procedure *p, const char *name, PGresult **ret)
{
    const char *params[] = {name, NULL};
    struct buf table;
    int rc = 0;

    buf_init(&table, 0);
    if (!p->scalar) {
        statement_add_name(&table, p->result.table->name);
        buf_add_char(&table, '\0');
        params[1] = table.ptr;
    }
    if (table.failed)
        rc = err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    else
        *ret = PQexecParams(c->pg, parameters_sql, 2, NULL, params, NULL, NULL, 0);
    if (rc == 0 && PQresultStatus(*ret) != PGRES_TUPLES_OK)
        rc = catalog_refuse(c, *ret, p->line, "a function can't be looked at now",
                            "the function can't be looked at");
    buf_release(&table);
    return rc;
}

int catalog_call(struct catalog *c, struct procedure *p)
{
    const char *name = arena_str(c->arena, p->name).ptr;
    PGresult *res = NULL;
    int rc;

    if (!name)
        return err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    rc = ask(c, p, name, &res);
    if (rc == 0)
        rc = check_found(c, p, res);
    if (rc == 0)
        rc = check_access(c, p, res);
    if (rc == 0)
        rc = check_params(c, p, res);
    if (rc == 0)
        rc = check_returns(c, p, res);
    PQclear(res);
    return rc < 0 ? rc : check_statement(c, p);
}

int catalog_list_function(struct catalog *c, const struct access_path *path)
{
    struct procedure p = {.name = path->function, .result = *path, .line = path->line};
    const char *name = arena_str(c->arena, p.name).ptr;
    PGresult *res = NULL;
    int rc;

    if (!name)
        return err_set(c->reterr, ERR_MEMORY, "no memory for the check of the schema");
    rc = ask(c, &p, name, &res);
    if (rc == 0)
        rc = check_found(c, &p, res);
    if (rc == 0)
        rc = check_access(c, &p, res);
    if (rc == 0)
        rc = check_returns(c, &p, res);
    PQclear(res);
    return rc;
}
