/* db/call.c: calls of SQL functions (struct db_call in db/db.h): the queue, what comes back, and those that only read,
 * which run beside the batches. writer.c has those that change something. Layer: db, behind db/db_priv.h. */
#include "db/db_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/viewer.h"
#include "db/refusal.h"
#include "db/result.h"

/* A call that reads, on a connection for reads. */
struct reading {
    struct pg_task task;
    struct list node; /* in db->reading */
    struct db *db;
    struct db_call *call; /* NULL: nobody waits for it any more */
    const struct pg_conn *conn;
};

/* ---- results ---- */

int call_internal(struct db *db, const struct procedure *p, const char *what)
{
    char text[200];

    snprintf(text, sizeof text, "function %.*s: %s", (int)MIN(p->name.len, 80u), p->name.ptr, what);
    if (db->config.note)
        db->config.note(text);
    return ERR_INTERNAL;
}

/* A function that returns one row can't return none: then all of it is null. */
static bool is_no_row(const struct table *t, const struct wire *values)
{
    for (uint32_t i = 0; i < t->n_columns; i++)
        if (values[i].bytes && !(t->n_key && i != t->key_cell[0]))
            return false;
    return true;
}

static int add_row(struct db *db, struct call *c, const struct table *t, const struct wire *values)
{
    int rc = 0;
    const struct row *row = decode_row(&db->decoder, t, values, &rc);

    if (rc == ERR_DATA)
        call_internal(db, c->procedure, db->decoder.fault);
    if (!row)
        return rc;
    row = row_copy(c->arena, row);
    if (!row)
        return ERR_MEMORY;
    c->slice.rows[c->slice.n++] = row;
    return 0;
}

int call_rows(struct db *db, struct call *c, const struct statement *s, const PGresult *res)
{
    struct wire values[ACCESS_COLUMN_MAX];
    bool one = c->procedure->limit == 0;
    int n = PQntuples(res), rc = 0;

    c->slice = (struct slice){0};
    if (!result_fits(s, res))
        return call_internal(db, c->procedure, "its columns are no longer those of the start");
    if (one && n > 1)
        return call_internal(db, c->procedure, "it returned more than one row");
    c->slice.rows = arena_array(c->arena, (uint32_t)n + 1, sizeof(struct row *));
    if (!c->slice.rows)
        return ERR_MEMORY;
    for (int r = 0; r < n && rc == 0; r++) {
        result_row(s, res, r, values);
        if (one && !c->procedure->scalar && is_no_row(s->table, values))
            break;
        rc = add_row(db, c, s->table, values);
    }
    return rc;
}

/* `text` was cut anywhere; half a character must not reach a client. */
static struct str whole_characters(const char *text)
{
    struct str s = str_of(text);

    while (s.len > 0 && !utf8_valid(s))
        s.len--;
    return s;
}

int call_refused(struct db *db, struct call *c, const struct pg_conn *conn, enum pg_fault fault)
{
    struct refusal r = {ERR_DATABASE, "The connection to the database was lost before anything was "
                                      "changed. Please try again."};

    if (fault != PG_LOST)
        r = refusal_of(conn->sqlstate);
    if (r.rc == ERR_INTERNAL)
        call_internal(db, c->procedure, conn->sqlstate);
    c->message = r.sentence ? str_of(r.sentence)
                            : arena_str(c->arena, whole_characters(conn->said));
    c->subject = fault == PG_RULE ? conn->about : 0;
    if (db->closing && fault == PG_LOST)
        return ERR_CLOSING;
    return r.rc;
}

/* ---- the end of a call ---- */

void call_end(struct db *db, struct db_call *c, int rc)
{
    db->calls_hurried -= c->_hurried;
    db->stats.calls_failed += rc < 0;
    c->_over = true;
    c->done(c, rc);
}

void call_leave(struct db *db, struct db_call *c)
{
    struct refusal r = refusal_of("57014"); /* as if PostgreSQL had cancelled it */

    c->call->slice = (struct slice){0};
    c->call->message = str_of(r.sentence);
    c->_over = true;
    c->_rc = r.rc;
    list_push_back(&db->calls_over, &c->_node);
}

/* ---- calls that read ---- */

uint32_t call_values(const struct db_call *c, const char *values[CALL_VALUE_MAX])
{
    uint32_t n = 0;

    values[n++] = c->_viewer;
    for (uint32_t i = 0; i < c->call->procedure->n_params; i++)
        values[n++] = c->call->values[i].ptr;
    if (c->call->procedure->digested)
        values[n++] = c->_digest;
    if (c->call->procedure->writes)
        values[n++] = c->_request;
    return n;
}

/* What the function is called with, names and lengths included, so that no two calls with other values look alike. */
static const char *digest_of(const struct call *c)
{
    const struct procedure *p = c->procedure;
    struct sha256 hash;
    char hex[2 * SHA256_BYTES + 1];
    struct buf b;
    int rc;

    buf_init(&b, 0);
    buf_add_str(&b, p->name);
    for (uint32_t i = 0; i < p->n_params; i++) {
        buf_addf(&b, " %.*s ", STR_FMT(p->params[i].name));
        if (c->values[i].ptr)
            buf_addf(&b, "%zu:", c->values[i].len);
        buf_add_str(&b, c->values[i]);
    }
    rc = b.failed ? ERR_MEMORY : sha256(buf_str(&b), &hash);
    buf_release(&b);
    if (rc < 0)
        return NULL;
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.bytes[i]);
    return arena_str(c->arena, str_of(hex)).ptr;
}

/* Of which request the change is, for whom a machine asks, by which field: a line each. NULL: no memory. */
static const char *request_of(const struct call *c)
{
    struct buf b;
    struct str text = {0};

    buf_init(&b, 0);
    if (c->viewer)
        buf_addf(&b, "%.*s\n%.*s", STR_FMT(c->viewer->request_id), STR_FMT(c->viewer->client));
    else
        buf_add_z(&b, "\n");
    buf_addf(&b, "\n%.*s", STR_FMT(c->procedure->field));
    if (!b.failed)
        text = arena_str(c->arena, buf_str(&b));
    buf_release(&b);
    return text.ptr;
}

static void reading_send(struct reading *r, struct pg_conn *c)
{
    const char *values[CALL_VALUE_MAX];
    uint32_t n = call_values(r->call, values);

    pg_conn_send(c, &r->task, n, values, NULL, NULL);
}

static void read_done(struct pg_task *task, enum pg_fault fault, const PGresult *res)
{
    struct reading *r = container_of(task, struct reading, task);
    struct db_call *c = r->call;
    struct db *db = r->db;
    const struct statement *s;
    int rc;

    list_remove(&r->node);
    if (fault == PG_STALE)
        pool_mark_stale(db, task->statement);
    if (!c) {
        db->calls_hurried--;
        free(r);
        db_wake(db);
        return;
    }
    s = &db->call_statements[c->call->procedure->id];
    c->_reading = NULL;
    if (fault == PG_CANCELED && task->maybe_canceled && !db->closing) {
        list_push_front(&db->calls, &c->_node); /* a cancel request was meant for its neighbour */
        db->stats.calls_waiting++;
        c->_started = false;
        free(r);
        db_wake(db);
        return;
    }
    rc = fault == PG_FINE ? call_rows(db, c->call, s, res)
                          : call_refused(db, c->call, r->conn, fault);
    free(r);
    db_wake(db);
    call_end(db, c, rc);
}

/* false: no connection has room. */
static bool read_start(struct db *db, struct db_call *c)
{
    struct pg_conn *conn = pool_pick(db);
    struct reading *r = conn ? malloc(sizeof *r) : NULL;

    if (!r)
        return false;
    *r = (struct reading){.db = db, .call = c, .conn = conn};
    r->task =
        (struct pg_task){.statement = db->n_statements + c->call->procedure->id, .done = read_done};
    c->_reading = r;
    list_push_back(&db->reading, &r->node);
    reading_send(r, conn);
    return true;
}

/* ---- turns ---- */

static void start_waiting(struct db *db)
{
    uint32_t writing = 0;

    list_each (node, &db->calls) {
        struct db_call *c = container_of(node, struct db_call, _node);
        bool writes = c->call->procedure->writes;
        struct writer *w = writes ? writer_free(db) : NULL;

        if (writes && !w) {
            writing++;
            continue;
        }
        if (!writes && !read_start(db, c))
            continue;
        list_remove(&c->_node);
        db->stats.calls_waiting--;
        db->stats.calls++;
        c->_started = true;
        if (w)
            writer_call(w, c);
    }
    if (writing > 0)
        writers_open(db, writing);
}

static void over(struct db *db, struct db_call *c, int rc)
{
    list_remove(&c->_node);
    db->stats.calls_waiting--;
    c->_over = true;
    c->_rc = rc;
    list_push_back(&db->calls_over, &c->_node);
}

static void end_over(struct db *db)
{
    struct list due;

    list_move(&db->calls_over, &due);
    while (!list_empty(&due)) {
        struct db_call *c = container_of(due.next, struct db_call, _node);
        list_remove(&c->_node);
        call_end(db, c, c->_rc);
    }
}

void calls_fail(struct db *db, int rc)
{
    list_each (node, &db->calls)
        over(db, container_of(node, struct db_call, _node), rc);
    end_over(db);
}

bool calls_turn(struct db *db)
{
    bool seeking;

    end_over(db);
    seeking = writers_turn(db);
    if (!list_empty(&db->calls))
        start_waiting(db);
    if (writers_down(db))
        calls_fail(db, ERR_DATABASE);
    return seeking || db->calls_hurried > 0;
}

bool call_orphan(struct pg_task *task)
{
    return task->done == read_done && !container_of(task, struct reading, task)->call;
}

/* Its statement goes on alone until the database hears that it is not wanted. */
static void reading_hurry(struct reading *r)
{
    struct db_call *c = r->call;

    r->call = NULL;
    c->_reading = NULL;
    r->db->calls_hurried++;
    call_leave(r->db, c);
}

/* ---- opening, asking, closing ---- */

int calls_init(struct db *db)
{
    uint32_t n = db->access->n_procedures;
    int rc = 0;

    list_init(&db->calls);
    list_init(&db->calls_over);
    list_init(&db->reading);
    db->call_statements = arena_array(&db->arena, n + 1, sizeof *db->call_statements);
    if (!db->call_statements)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        rc = statement_of_call(&db->call_statements[i], &db->access->procedures[i], &db->arena);
        db->sql[db->n_statements + i] = db->call_statements[i].sql;
    }
    return rc < 0 ? rc : writers_init(db);
}

int db_call(struct db *db, struct db_call *c)
{
    const struct viewer *viewer = c->call->viewer;

    if (db->closing)
        return ERR_CLOSING;
    if (pool_is_down(db) || (c->call->procedure->writes && writers_down(db)))
        return ERR_DATABASE;
    if (db->stats.calls_waiting >= db->config.queue_calls)
        return ERR_BUSY;
    c->_viewer = arena_str(c->call->arena, viewer ? viewer->key : (struct str){0}).ptr;
    if (c->call->procedure->digested)
        c->_digest = digest_of(c->call);
    if (c->call->procedure->writes)
        c->_request = request_of(c->call);
    if (!c->_viewer || (c->call->procedure->digested && !c->_digest) ||
        (c->call->procedure->writes && !c->_request))
        return ERR_MEMORY;
    list_init(&c->_node);
    list_push_back(&db->calls, &c->_node);
    db->stats.calls_waiting++;
    db_wake(db);
    return 0;
}

void db_call_cancel(struct db *db, struct db_call *c, bool hurry)
{
    if (c->_over)
        return;
    if (!c->_started) {
        over(db, c, ERR_CANCELED);
    } else if (!hurry) {
        return;
    } else if (c->_reading) {
        reading_hurry(c->_reading);
    } else {
        writer_hurry(c->_writer);
    }
    db_wake(db);
}
