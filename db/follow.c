/* db/follow.c: see db/follow.h.
 *
 *     WAITING --> CONNECTING --> CHECKING --> CREATING --> STARTING --> STREAMING
 *        ^------------+-------------+------------+------------+-------------'   failure, loss
 *
 * A beat: where is the end of the log, and who has ended for others? (the second connection) -- the stream's sender is asked
 * to say where it is, again with each tick of the timer -- it is past that: caught up with the moment of the question. After
 * a change was told the next beat comes sooner. */
#include "db/follow_priv.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/err.h"
#include "db/conninfo.h"
#include "db/follow_message.h"
#include "db/pg_conn.h"

enum {
    BEAT_MS = 200,
    SOON_MS = 20, /* between two questions where there are changes */
    AGAIN_MIN_MS = 50,
    AGAIN_MAX_MS = 2000,
    SLOT_NOTE_MS = 10000,
    STEADY_MS = 1000,    /* a stream that lived shorter counts as a failed attempt */
    SILENT_MS = 10000,   /* the sender was asked, and says nothing at all */
    TURN_MESSAGES = 512, /* then others have their turn */
    NOTE_EVERY = 50,     /* attempts that fail */
    HEAD_BYTES = 25,     /* of a message in the stream */
    KEEPALIVE_BYTES = 18,
    SNAPSHOT_MAX = 4 * 1024 * 1024, /* eight bytes for each transaction that runs */
    /* The end of the log may be said to lie behind the head of a page that has nothing yet; no record of a commit is as short. */
    PAGE_HEAD_BYTES = 40
};

enum follow_state {
    FOLLOW_WAITING,
    FOLLOW_CONNECTING,
    FOLLOW_CHECKING,
    FOLLOW_CREATING,
    FOLLOW_STARTING,
    FOLLOW_STREAMING,
    FOLLOW_CLOSED
};

/* One for each step of connecting: the socket may change (db/pg_conn.c). */
struct watch {
    uv_poll_t poll;
    struct follow *f;
};

struct follow {
    uv_loop_t *loop;
    struct follow_config config;
    struct conninfo info, ask_info;
    enum follow_state state;
    PGconn *pg;
    struct watch *watch;
    struct buf sql;
    char slot[FOLLOW_SLOT_MAX];
    uv_timer_t timer; /* of the state: time to connect, or too long */
    uv_timer_t beat;
    uv_idle_t more; /* active: libpq holds messages that were not looked at */
    unsigned handles;
    unsigned failures; /* in a row */
    uint64_t began_ms; /* loop time when the stream began */
    uint64_t heard_ms; /* loop time when the stream last said anything */
    uint64_t position; /* of the log: how far the stream is */

    struct pg_conn ask; /* the second connection */
    struct pg_task task;
    bool asking, wanting; /* where the end is; that the stream gets there */
    bool told;            /* of a change, since that was last asked */
    uint64_t asked_ms, want;
    struct buf snapshot; /* of the answer */
    struct follow_stats stats;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

static const char *const ask_sql[] = {
    "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint, pg_current_snapshot()"};

static void step(struct follow *f);
static void on_poll(uv_poll_t *poll, int status, int events);

/* ---- handles ---- */

static void handle_closed(struct follow *f)
{
    void (*on_closed)(void *) = f->on_closed;
    void *data = f->on_closed_data;

    if (--f->handles || f->state != FOLLOW_CLOSED)
        return;
    conninfo_release(&f->info);
    conninfo_release(&f->ask_info);
    buf_release(&f->sql);
    buf_release(&f->snapshot);
    free(f);
    on_closed(data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct follow *f = w->f;

    free(w);
    handle_closed(f);
}

static void watch_end(struct follow *f)
{
    if (f->watch)
        uv_close((uv_handle_t *)&f->watch->poll, on_watch_closed);
    f->watch = NULL;
}

static bool watch_start(struct follow *f, int events)
{
    int fd = PQsocket(f->pg);

    if (!f->watch) {
        struct watch *w = fd < 0 ? NULL : malloc(sizeof *w);
        if (!w || uv_poll_init(f->loop, &w->poll, fd) < 0) {
            free(w);
            return false;
        }
        w->poll.data = w;
        w->f = f;
        f->watch = w;
        f->handles++;
    }
    return uv_poll_start(&f->watch->poll, events, on_poll) == 0;
}

/* ---- failing ---- */

static void on_timer(uv_timer_t *timer);

static void hang_up(struct follow *f)
{
    watch_end(f);
    uv_idle_stop(&f->more);
    uv_timer_stop(&f->beat);
    uv_timer_stop(&f->timer);
    PQfinish(f->pg);
    f->pg = NULL;
    f->wanting = false;
}

static void fail(struct follow *f, const char *why)
{
    char line[200];

    if (!*why)
        why = "the stream broke";
    snprintf(line, sizeof line, "%.*s", (int)strcspn(why, "\n"), why);
    if (f->state == FOLLOW_STREAMING && uv_now(f->loop) - f->began_ms >= STEADY_MS)
        f->failures = 0;
    hang_up(f);
    f->state = FOLLOW_WAITING;
    if (f->failures % NOTE_EVERY < 1)
        f->config.note(line);
    f->failures++;
    uv_timer_start(&f->timer, on_timer,
                   f->failures > 6 ? AGAIN_MAX_MS : (uint64_t)AGAIN_MIN_MS << (f->failures - 1), 0);
}

static void fail_by(struct follow *f, const PGresult *res)
{
    const char *why = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    char copy[200];

    snprintf(copy, sizeof copy, "%s", why ? why : PQerrorMessage(f->pg));
    fail(f, copy);
}

/* ---- connecting ---- */

static void send_sql(struct follow *f, enum follow_state next, bool made)
{
    f->state = next;
    if (!made || PQsendQuery(f->pg, f->sql.ptr) != 1 || PQflush(f->pg) < 0 ||
        !watch_start(f, UV_READABLE))
        fail(f, made ? PQerrorMessage(f->pg) : "no memory");
}

static void connect_step(struct follow *f)
{
    int events = UV_WRITABLE;

    watch_end(f);
    switch (PQconnectPoll(f->pg)) {
    case PGRES_POLLING_OK:
        uv_timer_stop(&f->timer);
        if (PQsetnonblocking(f->pg, 1) < 0)
            fail(f, PQerrorMessage(f->pg));
        else
            send_sql(f, FOLLOW_CHECKING, follow_sql_check(&f->sql, f->pg, &f->config));
        return;
    case PGRES_POLLING_READING:
        events = UV_READABLE;
        break;
    case PGRES_POLLING_WRITING:
    case PGRES_POLLING_ACTIVE:
        break;
    case PGRES_POLLING_FAILED:
        fail(f, PQerrorMessage(f->pg));
        return;
    }
    if (!watch_start(f, events))
        fail(f, "no memory or no socket");
}

static void drop_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

static void connect_start(struct follow *f)
{
    f->state = FOLLOW_CONNECTING;
    uv_timer_start(&f->timer, on_timer, f->config.connect_timeout_ms, 0);
    f->pg = PQconnectStartParams(f->info.keywords, f->info.values, 0);
    if (f->pg)
        PQsetNoticeReceiver(f->pg, drop_notice, NULL);
    if (PQstatus(f->pg) == CONNECTION_BAD)
        fail(f, f->pg ? PQerrorMessage(f->pg) : "no memory");
    else if (!watch_start(f, UV_WRITABLE))
        fail(f, "no memory or no socket");
}

static void on_timer(uv_timer_t *timer)
{
    struct follow *f = timer->data;

    if (f->state == FOLLOW_WAITING) {
        connect_start(f);
    } else if (f->state == FOLLOW_CREATING) {
        f->config.note("the slot waits for the end of transactions that are open");
        uv_timer_start(&f->timer, on_timer, SLOT_NOTE_MS, 0);
    } else {
        fail(f, "connecting took too long");
    }
}

/* ---- the beat ---- */

static void say_status(struct follow *f, bool reply)
{
    char bytes[FOLLOW_STATUS_BYTES];

    follow_status(bytes, f->position, reply);
    if (PQputCopyData(f->pg, bytes, sizeof bytes) < 0 || PQflush(f->pg) < 0)
        fail(f, PQerrorMessage(f->pg)); /* what could not be sent yet goes with the next flush */
}

static void on_asked(struct pg_task *task, enum pg_fault fault, const PGresult *res)
{
    struct follow *f = container_of(task, struct follow, task);
    uint64_t n;

    f->asking = false;
    if (fault != PG_FINE || PQntuples(res) != 1 || PQgetlength(res, 0, 0) != sizeof n ||
        f->state != FOLLOW_STREAMING)
        return;
    memcpy(&n, PQgetvalue(res, 0, 0), sizeof n);
    f->want = be64toh(n);
    buf_clear(&f->snapshot);
    buf_add(&f->snapshot, PQgetvalue(res, 0, 1), (size_t)PQgetlength(res, 0, 1));
    f->wanting = !f->snapshot.failed;
    say_status(f, true);
}

static void ask_end(struct follow *f)
{
    if (f->asking)
        return;
    f->asking = true;
    f->told = false;
    f->asked_ms = uv_now(f->loop);
    f->task = (struct pg_task){.done = on_asked};
    pg_conn_send(&f->ask, &f->task, 0, NULL, NULL, NULL);
}

static void on_beat(uv_timer_t *timer)
{
    struct follow *f = timer->data;

    if (uv_now(f->loop) - f->heard_ms > SILENT_MS)
        fail(f, "the stream says nothing");
    else if (f->wanting || f->ask.state != PG_STATE_READY)
        say_status(f, true); /* which also shows whether the stream lives */
    else
        ask_end(f);
}

/* What was told waits for the next answer: it is asked for soon, but not all the time. */
static void ask_soon(struct follow *f)
{
    uint64_t due = f->asked_ms + SOON_MS, now = uv_now(f->loop);

    if (f->told && !f->asking && !f->wanting && f->ask.state == PG_STATE_READY)
        uv_timer_start(&f->beat, on_beat, due > now ? due - now : 0, BEAT_MS);
}

static void came_to(struct follow *f, uint64_t position)
{
    f->position = MAX(f->position, position);
    if (!f->wanting || position + PAGE_HEAD_BYTES < f->want)
        return;
    f->wanting = false;
    f->config.caught_up(f->config.data, f->asked_ms, buf_str(&f->snapshot));
}

/* ---- the stream ---- */

static uint64_t number_at(const char *p)
{
    uint64_t n;

    memcpy(&n, p, sizeof n);
    return be64toh(n);
}

/* False: it is nothing that we know. */
static bool take_message(struct follow *f, const char *bytes, size_t n)
{
    struct follow_message m;

    if (bytes[0] == 'k' && n >= KEEPALIVE_BYTES) {
        came_to(f, number_at(bytes + 1));
        if (bytes[KEEPALIVE_BYTES - 1])
            say_status(f, false);
        return true;
    }
    if (bytes[0] != 'w' || n < HEAD_BYTES ||
        follow_read((struct str){bytes + HEAD_BYTES, n - HEAD_BYTES}, &m) < 0)
        return false;
    f->stats.changes += m.kind == FOLLOW_CHANGED;
    f->told |= m.kind == FOLLOW_CHANGED || m.kind == FOLLOW_TRUNCATED;
    if (m.kind != FOLLOW_OTHER)
        f->config.told(f->config.data, &m);
    return true;
}

/* Takes what is there, up to a turn's worth. */
static void drain(struct follow *f)
{
    char *bytes = NULL;
    int n = 0;

    for (unsigned i = 0; i < TURN_MESSAGES; i++) {
        bool good;
        n = PQgetCopyData(f->pg, &bytes, 1);
        if (n <= 0)
            break;
        good = take_message(f, bytes, (size_t)n);
        PQfreemem(bytes);
        if (!good)
            fail(f, "the stream says what is not understood");
        if (f->state != FOLLOW_STREAMING)
            return;
    }
    f->heard_ms = uv_now(f->loop);
    ask_soon(f);
    if (n > 0 && uv_is_active((uv_handle_t *)&f->more))
        return;
    if (n > 0) { /* the socket may have nothing more: libpq has it already */
        uv_poll_stop(&f->watch->poll);
        return;
    }
    if (n < 0) {
        PGresult *res = PQgetResult(f->pg);
        fail_by(f, res);
        PQclear(res);
        return;
    }
    uv_idle_stop(&f->more);
    if (!watch_start(f, UV_READABLE))
        fail(f, "no memory or no socket");
}

static void on_more(uv_idle_t *idle)
{
    drain(idle->data);
}

static void read_stream(struct follow *f)
{
    drain(f);
    if (f->state == FOLLOW_STREAMING && !uv_is_active((uv_handle_t *)&f->watch->poll))
        uv_idle_start(&f->more, on_more);
}

static void stream_begins(struct follow *f)
{
    f->state = FOLLOW_STREAMING;
    f->position = 0;
    f->began_ms = f->heard_ms = uv_now(f->loop);
    f->stats.begun++;
    f->config.begins(f->config.data);
    uv_timer_start(&f->beat, on_beat, 0, BEAT_MS);
}

/* One result of a command. */
static void on_result(struct follow *f, const PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    char why[160];

    if (status == PGRES_COPY_BOTH) {
        stream_begins(f);
    } else if (status != PGRES_TUPLES_OK) {
        fail_by(f, res);
    } else if (f->state == FOLLOW_CHECKING && PQntuples(res) > 0) {
        snprintf(why, sizeof why, "the publication %s does not have table %s",
                 f->config.publication, PQgetvalue(res, 0, 0));
        fail(f, why);
    }
}

static void next_command(struct follow *f)
{
    if (f->state == FOLLOW_CHECKING) {
        uv_timer_start(&f->timer, on_timer, SLOT_NOTE_MS, 0);
        send_sql(f, FOLLOW_CREATING,
                 follow_slot_name(f->slot) == 0 && follow_sql_create(&f->sql, f->slot));
    } else {
        uv_timer_stop(&f->timer);
        send_sql(f, FOLLOW_STARTING,
                 follow_sql_start(&f->sql, f->pg, f->slot, f->config.publication));
    }
}

static void read_results(struct follow *f)
{
    enum follow_state state = f->state;

    while (f->state == state && !PQisBusy(f->pg)) {
        PGresult *res = PQgetResult(f->pg);
        if (!res) {
            next_command(f);
            return;
        }
        on_result(f, res);
        PQclear(res);
    }
    if (f->state == FOLLOW_STREAMING)
        read_stream(f);
}

static void step(struct follow *f)
{
    if (f->state == FOLLOW_CONNECTING)
        connect_step(f);
    else if (!PQconsumeInput(f->pg) || PQflush(f->pg) < 0)
        fail(f, PQerrorMessage(f->pg));
    else if (f->state == FOLLOW_STREAMING)
        read_stream(f);
    else
        read_results(f);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;

    (void)status; /* libpq finds out what is wrong */
    (void)events;
    step(w->f);
}

/* ---- the whole ---- */

static void on_ask_ready(struct pg_conn *c)
{
    (void)c; /* the next beat finds it so */
}

static void on_ask_down(struct pg_conn *c, const char *why)
{
    (void)c; /* the stream, on the same server, says so too */
    (void)why;
}

static void on_ask_closed(struct pg_conn *c)
{
    handle_closed(c->config.owner);
}

static int open_conns(struct follow *f, struct err *reterr)
{
    struct pg_conn_config conn = {.loop = f->loop,
                                  .sql = ask_sql,
                                  .n_sql = 1,
                                  .n_prepare = 1,
                                  .max_tasks = 1,
                                  .connect_timeout_ms = f->config.connect_timeout_ms,
                                  .watch_ms = SILENT_MS,
                                  .on_ready = on_ask_ready,
                                  .on_down = on_ask_down,
                                  .on_closed = on_ask_closed,
                                  .owner = f,
                                  .info = &f->ask_info};
    int rc = conninfo_init(&f->info, f->config.conninfo, FOLLOW_SETTINGS, reterr);

    if (rc < 0)
        return rc;
    conninfo_set_replication(&f->info);
    rc = conninfo_init(&f->ask_info, f->config.conninfo, CONNINFO_READ_SETTINGS, reterr);
    if (rc == 0 && pg_conn_open(&f->ask, &conn) < 0) {
        conninfo_release(&f->ask_info);
        rc = err_set(reterr, ERR_MEMORY, "no memory for a connection");
    }
    if (rc < 0)
        conninfo_release(&f->info);
    return rc;
}

int follow_open(struct follow **ret, struct uv_loop_s *loop, const struct follow_config *config,
                struct err *reterr)
{
    struct follow *f = calloc(1, sizeof *f);
    int rc;

    if (!f)
        return err_set(reterr, ERR_MEMORY, "no memory for a connection");
    f->loop = loop;
    f->config = *config;
    buf_init(&f->sql, 256 * 1024);
    buf_init(&f->snapshot, SNAPSHOT_MAX);
    rc = open_conns(f, reterr);
    if (rc < 0) {
        buf_release(&f->sql);
        free(f);
        return rc;
    }
    uv_timer_init(loop, &f->timer);
    uv_timer_init(loop, &f->beat);
    uv_idle_init(loop, &f->more);
    f->timer.data = f->beat.data = f->more.data = f;
    f->handles = 4; /* these and `ask` */
    uv_timer_start(&f->timer, on_timer, 0, 0);
    *ret = f;
    return 0;
}

void follow_get_stats(const struct follow *f, struct follow_stats *ret)
{
    *ret = f->stats;
}

void follow_close(struct follow *f, void (*on_closed)(void *data), void *data)
{
    hang_up(f);
    f->state = FOLLOW_CLOSED;
    f->on_closed = on_closed;
    f->on_closed_data = data;
    uv_close((uv_handle_t *)&f->timer, on_handle_closed);
    uv_close((uv_handle_t *)&f->beat, on_handle_closed);
    uv_close((uv_handle_t *)&f->more, on_handle_closed);
    pg_conn_close(&f->ask);
}
