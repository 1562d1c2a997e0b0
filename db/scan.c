/* db/scan.c: all rows of a table, page by page. Layer: db, behind db/db_priv.h.
 *
 * Each page is a statement of its own (the rows behind the last key), so a scan takes turns with
 * batches, holds no cursor and no snapshot, and goes on after a lost connection where it stood. */
#include "db/db_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "db/result.h"

enum {
    SCAN_ROWS = 500, /* a page: about a millisecond of decoding */
    SCAN_TRIES = 3   /* of one page */
};

static void scan_free(struct scan *s)
{
    for (int i = 0; i < ACCESS_KEY_MAX; i++)
        buf_release(&s->last[i]);
    free(s);
}

static void scan_end(struct scan *s, int rc)
{
    struct db_scan *scan = s->scan;

    list_remove(&s->node);
    scan_free(s);
    scan->_state = NULL;
    scan->done(scan, rc);
}

void scans_fail(struct db *db, struct list *list, int rc)
{
    struct list due;

    (void)db;
    list_move(list, &due);
    while (!list_empty(&due))
        scan_end(container_of(due.next, struct scan, node), rc);
}

static bool keep_key(struct scan *s, const struct statement *st, const PGresult *res, int r)
{
    const struct table *table = st->table;

    for (uint32_t i = 0; i < table->n_key; i++) {
        int cell = st->field[table->key_cell[i]];
        buf_clear(&s->last[i]);
        buf_add(&s->last[i], PQgetvalue(res, r, cell), (size_t)PQgetlength(res, r, cell));
        if (s->last[i].failed)
            return false;
    }
    s->has_last = true;
    return true;
}

/* A scan that failed is tried again and again, so not each time. */
static void note_fault(struct db *db, const struct table *table)
{
    uint64_t now = uv_now(db->loop);
    char text[360];

    if (!db->config.note || (db->scan_noted_ms && now - db->scan_noted_ms < NOTE_MS))
        return;
    db->scan_noted_ms = now;
    snprintf(text, sizeof text, "a row of table %.*s can't be read: %s",
             (int)MIN(table->name.len, 80u), table->name.ptr, db->decoder.fault);
    db->config.note(text);
}

/* 0: there are more; 1: that was the last page; or an error. */
static int give_rows(struct scan *s, const PGresult *res)
{
    const struct statement *st = &s->db->statements[s->task.statement];
    struct wire values[ACCESS_COLUMN_MAX];
    int n = PQntuples(res), rc = 0;

    if (!result_fits(st, res))
        return ERR_DATABASE;
    if (n > 0 && !keep_key(s, st, res, n - 1))
        return ERR_MEMORY;
    for (int r = 0; r < n; r++) {
        const struct row *row;
        result_row(st, res, r, values);
        row = decode_row(&s->db->decoder, st->table, values, &rc);
        if (!row) {
            if (rc == ERR_DATA)
                note_fault(s->db, st->table);
            return rc;
        }
        s->scan->each(s->scan, row);
    }
    s->db->stats.rows += (uint64_t)n;
    return n < SCAN_ROWS;
}

static void scan_done(struct pg_task *task, enum pg_fault fault, const PGresult *res)
{
    struct scan *s = container_of(task, struct scan, task);
    struct db *db = s->db;
    int rc;

    db_wake(db); /* a place in the pipeline is free */
    if (fault == PG_STALE)
        pool_mark_stale(db, task->statement);
    if (fault == PG_FINE) {
        s->tries = 0;
        rc = give_rows(s, res);
        if (rc != 0) {
            scan_end(s, rc < 0 ? rc : 0);
            return;
        }
    } else if ((fault != PG_LOST && fault != PG_AGAIN && fault != PG_STALE) ||
               ++s->tries == SCAN_TRIES) {
        if (!db->closing) {
            scan_end(s, ERR_DATABASE);
            return;
        }
    }
    list_remove(&s->node);
    list_push_back(&db->scans, &s->node);
}

void scan_send(struct db *db, struct pg_conn *c)
{
    struct scan *s = container_of(db->scans.next, struct scan, node);
    const struct table *table = s->scan->table;
    uint32_t statement = db->n_path_statements + 2 * table->id + (s->has_last ? 1 : 0);
    struct wire last[ACCESS_KEY_MAX];

    for (uint32_t i = 0; i < table->n_key; i++)
        last[i] = (struct wire){s->last[i].ptr, (uint32_t)s->last[i].len};
    list_remove(&s->node);
    if (encode_scan(&db->encoder, &db->statements[statement], last, SCAN_ROWS) < 0) {
        scan_end(s, ERR_MEMORY);
        return;
    }
    list_push_back(&db->scanning, &s->node);
    s->task = (struct pg_task){.statement = statement, .done = scan_done};
    db->stats.statements++;
    pg_conn_send(c, &s->task, db->statements[statement].n_params, db->encoder.values,
                 db->encoder.lengths, db->encoder.formats);
}

int db_scan(struct db *db, struct db_scan *scan)
{
    struct scan *s;

    if (db->closing)
        return ERR_CLOSING;
    if (pool_is_down(db))
        return ERR_DATABASE;
    s = calloc(1, sizeof *s);
    if (!s)
        return ERR_MEMORY;
    s->db = db;
    s->scan = scan;
    list_init(&s->node);
    for (int i = 0; i < ACCESS_KEY_MAX; i++)
        buf_init(&s->last[i], 1 << 20);
    scan->_state = s;
    list_push_back(&db->scans, &s->node);
    db_wake(db);
    return 0;
}
