/* server/source_call.c: see server/source_call.h.
 *
 * The rows that a function returns say whose cached records it changed. Their slots are marked before COMMIT, so that
 * nobody serves or keeps what may be old by then, and bumped when the transaction has ended; only then is the change
 * acknowledged (cache/generations.c has the argument). Marks outlive the request: see db/db.h on a lost COMMIT. */
#include "server/source_call.h"

#include <signal.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/failpoint.h"
#include "base/procedure.h"
#include "cache/cache.h"
#include "db/db.h"
#include "server/source.h"

struct pending_call {
    struct db_call db;
    struct row_source *source;
};

/* What one transaction has marked. */
struct marks {
    struct generations *generations;
    const struct procedure *procedure;
    uint32_t n;
    bool hot; /* the returned row is one of a hot table, with this key */
    int64_t hot_key;
    struct {
        const struct table *aggregate;
        struct key key; /* its text is in `texts` */
    } at[PROCEDURE_TOUCH_MAX];
    char texts[];
};

static void unmark(void *kept)
{
    struct marks *m = kept;

    if (failpoint("die-before-invalidation"))
        raise(SIGKILL);
    for (uint32_t i = 0; i < m->n; i++)
        generations_bump(m->generations, m->at[i].aggregate, &m->at[i].key);
    for (uint32_t i = 0; i < m->procedure->n_changes; i++)
        generations_bump_hot(m->generations, m->procedure->changes[i], NULL);
    if (m->hot)
        generations_bump_hot(m->generations, m->procedure->result.table, &m->hot_key);
    free(m);
}

static void mark_hot(struct marks *m, const struct row *row)
{
    const struct procedure *p = m->procedure;
    const struct table *t = p->result.table;

    for (uint32_t i = 0; i < p->n_changes; i++)
        generations_mark_hot(m->generations, p->changes[i], NULL);
    m->hot = row && !p->scalar && t->hot;
    if (m->hot) {
        m->hot_key = row_number(row, t->key_cell[0]);
        generations_mark_hot(m->generations, t, &m->hot_key);
    }
}

static size_t text_bytes(const struct procedure *p, const struct row *row)
{
    size_t n = 0;

    for (uint32_t i = 0; i < p->n_touches; i++)
        n += row_cell(row, p->touches[i].cell).len;
    return n;
}

static bool touches_nothing(const struct procedure *p, const struct row *row)
{
    bool row_touches = row && !p->scalar && (p->n_touches || p->result.table->hot);
    return p->n_changes == 0 && !row_touches;
}

/* A change that can't be marked is not made: were all of the cache declared void instead, a reader that asks between that and
 * COMMIT would keep what is old. */
static int mark(struct db_call *c, void **ret_kept)
{
    struct pending_call *p = container_of(c, struct pending_call, db);
    const struct procedure *procedure = c->call->procedure;
    const struct row *row = c->call->slice.n ? c->call->slice.rows[0] : NULL;
    struct generations *g = p->source->_generations;
    struct marks *m;
    char *text;

    if (touches_nothing(procedure, row) || failpoint("no-invalidation"))
        return 0;
    m = failpoint("no-memory-for-marks")
            ? NULL
            : malloc(sizeof *m + (row ? text_bytes(procedure, row) : 0));
    if (!m)
        return ERR_MEMORY;
    *m = (struct marks){.generations = g, .procedure = procedure};
    mark_hot(m, row);
    text = m->texts;
    for (uint32_t i = 0; row && i < procedure->n_touches; i++) {
        const struct procedure_touch *t = &procedure->touches[i];
        struct str cell = row_cell(row, t->cell);
        if (row_is_null(row, t->cell))
            continue;
        m->at[m->n].aggregate = t->aggregate;
        m->at[m->n].key = (struct key){.part = {row_number(row, t->cell)}};
        if (procedure->result.table->columns[t->cell].raw_is_text) {
            memcpy(text, cell.ptr, cell.len);
            m->at[m->n].key = (struct key){.text = {text, cell.len}};
            text += cell.len;
        }
        generations_mark(g, m->at[m->n].aggregate, &m->at[m->n].key);
        m->n++;
    }
    if (failpoint("early-invalidation")) {
        unmark(m);
        return 0;
    }
    *ret_kept = m;
    return 0;
}

static void call_done(struct db_call *c, int rc)
{
    c->call->_answerer = NULL;
    c->call->done(c->call, rc);
}

int source_call(struct row_source *s, struct call *c)
{
    struct pending_call *p = arena_zalloc(c->arena, sizeof *p);
    int rc;

    if (!p)
        return ERR_MEMORY;
    p->source = s;
    p->db = (struct db_call){.call = c, .committing = mark, .settled = unmark, .done = call_done};
    rc = db_call(s->_db, &p->db);
    c->_answerer = rc < 0 ? NULL : p;
    return rc;
}

void source_cancel_call(struct row_source *s, struct call *c, bool hurry)
{
    struct pending_call *p = c->_answerer;

    if (p)
        db_call_cancel(s->_db, &p->db, hurry);
}
