/* server/audit_unlogged.c: see server/audit_unlogged.h. */
#include "server/audit_unlogged.h"

#include <stdlib.h>

#include <uv.h>

#include "base/err.h"
#include "base/viewer.h"
#include "db/append.h"
#include "db/array.h"
#include "db/types.h"
#include "query/disclosure.h"
#include "server/audit.h"
#include "server/audit_entry.h"

enum {
    ASK_MS = 5000,
    CONNECT_MS = 2000,
    WATCH_MS = 30000
};

enum {
    SQL_TIDY,
    SQL_ASK,
    SQL_COUNT
};

#define ASK                                                                                        \
    "SELECT made_at, patient_id, role, person, organisation, client, capacities, reason, "         \
    "request_id, field FROM changes_unlogged(make_interval(secs => ($1::bigint[])[1]))"

static const char *const sql[SQL_COUNT] = {[SQL_TIDY] = "SELECT tidy_looks()", [SQL_ASK] = ASK};

enum { /* columns, in their order */
    MADE_AT,
    PATIENT,
    ROLE,
    PERSON,
    ORGANISATION,
    CLIENT,
    CAPACITIES,
    REASON,
    REQUEST,
    FIELD
};

/* What the row says, as an entry. NULL: no memory; it is given again later. */
static struct audit_entry *read_one(const struct append_task *task, int row, uint64_t now_ms)
{
    const struct viewer who = {.role = append_text(task, row, ROLE),
                               .iin = append_text(task, row, PERSON),
                               .organisation = append_text(task, row, ORGANISATION),
                               .client = append_text(task, row, CLIENT),
                               .request_id = append_text(task, row, REQUEST)};
    const struct disclosure what = {.subject = append_number(task, row, PATIENT),
                                    .capacities = append_text(task, row, CAPACITIES),
                                    .reason = append_text(task, row, REASON),
                                    .parts = append_text(task, row, FIELD)};

    return audit_entry_new(&who, &what, append_number(task, row, MADE_AT), now_ms);
}

struct audit_unlogged {
    uv_loop_t *loop;
    struct append *append;
    struct append_task task;
    struct array patience;
    uv_timer_t tick;
    void (*note)(const char *why);
    bool (*may)(void *data);
    void (*found)(void *data, struct audit_entry *e);
    void *data;
    bool due; /* to ask, once the index is tidy */
    unsigned handles;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

static void send_next(struct audit_unlogged *u, uint32_t statement)
{
    u->task.statement = u->task.again = statement;
    u->task.n_params = statement == SQL_ASK;
    append_send(u->append, &u->task);
}

static void on_done(struct append_task *task)
{
    struct audit_unlogged *u = container_of(task, struct audit_unlogged, task);

    u->due = task->statement == SQL_TIDY;
    if (!append_was_done(task))
        u->note(u->due ? "the log's index can't be tidied"
                       : "changes that have no row can't be looked for");
    for (int row = 0; !u->due && row < append_n_rows(task); row++) {
        struct audit_entry *e = read_one(task, row, uv_now(u->loop));
        if (!e)
            break;
        u->found(u->data, e);
    }
}

static void on_free(void *data)
{
    struct audit_unlogged *u = data;

    if (u->due && u->may(u->data))
        send_next(u, SQL_ASK);
}

static void on_tick(uv_timer_t *timer)
{
    struct audit_unlogged *u = timer->data;

    if (append_is_free(u->append))
        send_next(u, SQL_TIDY);
}

static void unlogged_free(struct audit_unlogged *u)
{
    array_release(&u->patience);
    free(u);
}

static int patience_init(struct array *a, unsigned seconds)
{
    array_init(a, 1024);
    array_begin(a, OID_INT8);
    array_add_number(a, seconds);
    return array_end(a);
}

int audit_unlogged_open(struct audit_unlogged **ret, struct uv_loop_s *loop,
                        const struct audit_config *config, bool (*may)(void *data),
                        void (*found)(void *data, struct audit_entry *e), void *data)
{
    struct audit_unlogged *u = calloc(1, sizeof *u);
    struct append_config append = {.conninfo = config->conninfo,
                                   .sql = sql,
                                   .n_sql = SQL_COUNT,
                                   .connect_timeout_ms = CONNECT_MS,
                                   .watch_ms = WATCH_MS,
                                   .on_free = on_free,
                                   .data = u};
    struct err err;

    if (!u)
        return ERR_MEMORY;
    *u = (struct audit_unlogged){
        .loop = loop, .note = config->note, .may = may, .found = found, .data = data};
    u->task =
        (struct append_task){.once = true, .forget = true, .params = &u->patience, .done = on_done};
    if (patience_init(&u->patience, config->patience_s) < 0 ||
        append_open(&u->append, loop, &append, &err) < 0) {
        unlogged_free(u);
        return ERR_MEMORY;
    }
    uv_timer_init(loop, &u->tick);
    u->tick.data = u;
    uv_timer_start(&u->tick, on_tick, ASK_MS, ASK_MS);
    *ret = u;
    return 0;
}

/* ---- the end ---- */

static void part_closed(void *data)
{
    struct audit_unlogged *u = data;
    void (*on_closed)(void *data) = u->on_closed;
    void *on_closed_data = u->on_closed_data;

    if (--u->handles)
        return;
    unlogged_free(u);
    on_closed(on_closed_data);
}

static void timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void audit_unlogged_close(struct audit_unlogged *u, void (*on_closed)(void *data), void *data)
{
    u->on_closed = on_closed;
    u->on_closed_data = data;
    u->handles = 2;
    uv_close((uv_handle_t *)&u->tick, timer_closed);
    append_close(u->append, part_closed, u);
}
