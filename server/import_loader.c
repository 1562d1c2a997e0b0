/* server/import_loader.c: see server/import_loader.h. */
#include "server/import_loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/array.h"
#include "db/session.h"
#include "db/types.h"

/* No plan is worth compiling or sharing out for statements that run some milliseconds each. */
#define SETTINGS                                                                                   \
    "-c jit=off -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0 "                     \
    "-c idle_in_transaction_session_timeout=60000"

enum {
    TRIES_MAX = 8,
    TRY_AGAIN_MS = 50 /* before the second try; longer before each further one */
};

struct span {
    size_t at, len; /* in the batch's text */
};

struct item {
    struct import_place place;
    struct span url, body;
    bool has_url;
};

struct bad {
    struct import_place place;
    char why[ERR_MESSAGE_MAX];
};

struct batch {
    struct item *items;
    struct bad *bads;
    uint32_t n_items, n_bads; /* at most config.batch of each */
    struct buf text;
};

enum {
    FILES,
    PLACES,
    URLS,
    BODIES,
    ARRAYS
};

struct import_loader {
    struct import_loader_config config;
    struct session *session;
    char run[24]; /* its number, as a text */
    struct batch batches[2];
    struct batch *filling, *running; /* running NULL: none */
    struct array arrays[ARRAYS];
    uint64_t done;
};

/* ---- parameters ---- */

static struct session_param text_param(const char *text)
{
    return (struct session_param){.value = str_of(text)};
}

static struct session_param array_param(const struct array *a)
{
    return (struct session_param){.value = buf_str(&a->bytes), .binary = true};
}

static void begin_arrays(struct import_loader *l)
{
    static const uint32_t oids[ARRAYS] = {OID_TEXT, OID_INT8, OID_TEXT, OID_JSONB};

    for (int i = 0; i < ARRAYS; i++)
        array_begin(&l->arrays[i], oids[i]);
}

static void add_place(struct import_loader *l, const struct import_place *place)
{
    array_add_bytes(&l->arrays[FILES], str_of(place->file));
    array_add_number(&l->arrays[PLACES], (int64_t)place->number);
}

/* The parameters: the run, and the first `n` arrays. */
static int end_arrays(struct import_loader *l, int n, struct session_param *params,
                      struct err *reterr)
{
    params[0] = text_param(l->run);
    for (int i = 0; i < n; i++) {
        if (array_end(&l->arrays[i]) < 0)
            return err_set(reterr, ERR_MEMORY, "no memory for a batch");
        params[i + 1] = array_param(&l->arrays[i]);
    }
    return 0;
}

static void pause_before(int tries)
{
    struct timespec t = {.tv_nsec = (long)TRY_AGAIN_MS * tries * 1000 * 1000};
    nanosleep(&t, NULL);
}

/* As often as another one's transaction is in its way. */
static int run_again(struct import_loader *l, const char *sql, uint32_t n,
                     const struct session_param *params, struct err *reterr)
{
    for (int tries = 1;; tries++) {
        int rc = session_run(l->session, sql, n, params, reterr);
        if (rc == 0 || session_fault(l->session) != PG_AGAIN || tries == TRIES_MAX)
            return rc;
        pause_before(tries);
    }
}

static struct str in_text(const struct batch *b, struct span span)
{
    return (struct str){b->text.ptr + span.at, span.len};
}

/* Records `from` to before `to`. */
static int send_items(struct import_loader *l, const struct batch *b, uint32_t from, uint32_t to,
                      struct err *reterr)
{
    struct session_param params[ARRAYS + 1];
    int rc;

    begin_arrays(l);
    for (uint32_t i = from; i < to; i++) {
        const struct item *item = &b->items[i];
        add_place(l, &item->place);
        array_add_bytes(&l->arrays[URLS], item->has_url ? in_text(b, item->url) : (struct str){0});
        array_add_jsonb(&l->arrays[BODIES], in_text(b, item->body));
    }
    rc = end_arrays(l, ARRAYS, params, reterr);
    return rc < 0
               ? rc
               : session_send(l->session,
                              "SELECT file, place, outcome, reason FROM import_batch($1::bigint, "
                              "$2::text[], $3::bigint[], $4::text[], $5::jsonb[])",
                              ARRAYS + 1, params, reterr);
}

/* Those that were no records, or that the database could not take. */
static int run_bads(struct import_loader *l, const struct batch *b, struct err *reterr)
{
    struct session_param params[4];
    int rc;

    if (b->n_bads == 0)
        return 0;
    begin_arrays(l);
    for (uint32_t i = 0; i < b->n_bads; i++) {
        add_place(l, &b->bads[i].place);
        array_add_bytes(&l->arrays[URLS], str_of(b->bads[i].why));
    }
    rc = end_arrays(l, 3, params, reterr);
    return rc < 0
               ? rc
               : run_again(l, "SELECT import_bad($1::bigint, $2::text[], $3::bigint[], $4::text[])",
                           4, params, reterr);
}

/* ---- batches ---- */

static void clear_batch(struct batch *b)
{
    b->n_items = b->n_bads = 0;
    buf_clear(&b->text);
}

static void add_bad(struct import_loader *l, struct batch *b, const struct import_place *at,
                    const char *why)
{
    struct bad *bad = &b->bads[b->n_bads++];

    bad->place = *at;
    snprintf(bad->why, sizeof bad->why, "%s", why);
    l->config.tell(l->config.data, at, "bad", why);
}

static const struct import_place *place_of(const struct batch *b, const char *file, uint64_t number)
{
    for (uint32_t i = 0; i < b->n_items; i++)
        if (b->items[i].place.number == number && strcmp(b->items[i].place.file, file) == 0)
            return &b->items[i].place;
    return NULL;
}

/* What import_batch says of single records. */
static void tell_rows(struct import_loader *l, const struct batch *b)
{
    for (uint32_t i = 0; i < session_rows(l->session); i++) {
        const char *file = session_text(l->session, i, 0);
        uint64_t number = strtoull(session_text(l->session, i, 1), NULL, 10);
        const struct import_place *at = place_of(b, file, number);
        struct import_place other = {.file = file, .number = number};
        l->config.tell(l->config.data, at ? at : &other, session_text(l->session, i, 2),
                       session_text(l->session, i, 3));
    }
}

static int load(struct import_loader *l, struct batch *b, uint32_t from, uint32_t to,
                struct err *reterr);

/* Another chance for what lost a race; for what a record is to blame, each half by itself. */
static int load_after(struct import_loader *l, struct batch *b, uint32_t from, uint32_t to,
                      int *tries, struct err *reterr)
{
    enum pg_fault fault = session_fault(l->session);
    uint32_t middle = from + (to - from) / 2;
    int rc = ERR_DATABASE;

    if ((fault == PG_AGAIN || fault == PG_STALE) && *tries < TRIES_MAX) {
        pause_before((*tries)++);
        rc = ERR_TRY_AGAIN;
    } else if ((fault == PG_DATA || fault == PG_RULE) && to - from > 1) {
        rc = load(l, b, from, middle, reterr);
        if (rc == 0)
            rc = load(l, b, middle, to, reterr);
    } else if (fault == PG_DATA || fault == PG_RULE) {
        add_bad(l, b, &b->items[from].place, reterr->message);
        rc = 0;
    }
    return rc;
}

/* Waits for records `from` to before `to`, which have been sent, and sees to what went wrong. */
static int wait_items(struct import_loader *l, struct batch *b, uint32_t from, uint32_t to,
                      struct err *reterr)
{
    int tries = 1, rc;

    for (;;) {
        rc = session_wait(l->session, reterr);
        if (rc == 0) {
            tell_rows(l, b);
            return 0;
        }
        rc = load_after(l, b, from, to, &tries, reterr);
        if (rc != ERR_TRY_AGAIN)
            return rc;
        rc = send_items(l, b, from, to, reterr);
        if (rc < 0)
            return rc;
    }
}

static int load(struct import_loader *l, struct batch *b, uint32_t from, uint32_t to,
                struct err *reterr)
{
    int rc = send_items(l, b, from, to, reterr);
    return rc < 0 ? rc : wait_items(l, b, from, to, reterr);
}

static int finish_running(struct import_loader *l, struct err *reterr)
{
    struct batch *b = l->running;
    struct err err = {0}; /* of what is seen to here: nobody's, unless nothing helps */
    int rc = 0;

    if (!b)
        return 0;
    l->running = NULL;
    if (b->n_items > 0)
        rc = wait_items(l, b, 0, b->n_items, &err);
    if (rc == 0)
        rc = run_bads(l, b, &err);
    if (rc < 0) {
        if (reterr)
            *reterr = err;
        return rc;
    }
    l->done += b->n_items + b->n_bads;
    clear_batch(b);
    return 0;
}

/* The batch that was filled is sent, and another can be filled. */
static int hand_over(struct import_loader *l, struct err *reterr)
{
    struct batch *b = l->filling;
    int rc = finish_running(l, reterr);

    if (rc == 0 && b->n_items > 0)
        rc = send_items(l, b, 0, b->n_items, reterr);
    if (rc < 0)
        return rc;
    l->running = b;
    l->filling = b == &l->batches[0] ? &l->batches[1] : &l->batches[0];
    return 0;
}

static struct span add_text(struct batch *b, struct str s)
{
    struct span span = {b->text.len, s.len};
    buf_add_str(&b->text, s);
    return span;
}

/* A record may turn out to be a bad one, so both together are at most as many as one batch takes. */
static bool is_full(const struct import_loader *l)
{
    return l->filling->n_items + l->filling->n_bads == l->config.batch;
}

int import_loader_add(struct import_loader *l, const struct import_place *at,
                      const struct import_resource *resource, struct err *reterr)
{
    struct item *item;
    int rc = 0;

    if (is_full(l) ||
        (l->filling->n_items > 0 && l->filling->text.len + resource->body.len > IMPORT_BATCH_BYTES))
        rc = hand_over(l, reterr);
    if (rc < 0)
        return rc;
    item = &l->filling->items[l->filling->n_items++];
    *item = (struct item){.place = *at, .has_url = resource->url};
    if (resource->url)
        item->url = add_text(l->filling, str_of(resource->url));
    item->body = add_text(l->filling, resource->body);
    return l->filling->text.failed ? err_set(reterr, ERR_MEMORY, "no memory for a batch") : 0;
}

int import_loader_add_bad(struct import_loader *l, const struct import_place *at, const char *why,
                          struct err *reterr)
{
    int rc = is_full(l) ? hand_over(l, reterr) : 0;

    if (rc == 0)
        add_bad(l, l->filling, at, why);
    return rc;
}

int import_loader_flush(struct import_loader *l, struct err *reterr)
{
    int rc = hand_over(l, reterr);
    return rc < 0 ? rc : finish_running(l, reterr);
}

/* ---- runs ---- */

/* A statement whose one value is a number. */
static int run_number(struct import_loader *l, const char *sql, uint32_t n,
                      const struct session_param *params, char ret[24], struct err *reterr)
{
    int rc = run_again(l, sql, n, params, reterr);

    if (rc == 0 && session_rows(l->session) != 1)
        return err_set(reterr, ERR_DATABASE, "the database gave no number");
    if (rc == 0)
        snprintf(ret, 24, "%s", session_text(l->session, 0, 0));
    return rc;
}

int import_loader_begin(struct import_loader *l, const char *source, bool is_new,
                        bool registers_people, struct err *reterr)
{
    struct session_param params[] = {text_param(source), text_param(is_new ? "t" : "f"),
                                     text_param(registers_people ? "t" : "f")};
    char id[24];
    int rc = run_number(l, "SELECT import_source($1::text, $2::boolean, $3::boolean)", 3, params,
                        id, reterr);

    if (rc < 0)
        return session_fault(l->session) == PG_RULE ? ERR_CONFIG : rc;
    params[0] = text_param(id);
    return run_number(l, "SELECT import_begin($1::smallint)", 1, params, l->run, reterr);
}

int import_loader_settle(struct import_loader *l, uint64_t *ret_n, struct err *reterr)
{
    struct session_param run = text_param(l->run);
    char n[24];
    int rc = run_number(l, "SELECT import_settle($1::bigint)", 1, &run, n, reterr);

    if (rc == 0)
        *ret_n = strtoull(n, NULL, 10);
    return rc;
}

int import_loader_end(struct import_loader *l, struct err *reterr)
{
    struct session_param run = text_param(l->run);
    return run_again(l, "SELECT import_end($1::bigint)", 1, &run, reterr);
}

int import_loader_report(struct import_loader *l,
                         void (*row)(void *data, const char *type, const char *outcome,
                                     const char *reason, uint64_t n),
                         void *data, struct err *reterr)
{
    struct session_param run = text_param(l->run);
    int rc = session_run(l->session,
                         "SELECT resource_type, outcome, reason, n FROM import_report($1::bigint) "
                         "ORDER BY resource_type NULLS LAST, outcome, reason",
                         1, &run, reterr);

    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < session_rows(l->session); i++)
        row(data, session_text(l->session, i, 0), session_text(l->session, i, 1),
            session_text(l->session, i, 2), strtoull(session_text(l->session, i, 3), NULL, 10));
    return 0;
}

uint64_t import_loader_done(const struct import_loader *l)
{
    return l->done;
}

/* ---- lifetime ---- */

int import_loader_open(struct import_loader **ret, const struct import_loader_config *config,
                       struct err *reterr)
{
    struct import_loader *l = calloc(1, sizeof *l);
    int rc;

    if (!l)
        return err_set(reterr, ERR_MEMORY, "no memory for an import");
    l->config = *config;
    l->filling = &l->batches[0];
    for (int i = 0; i < ARRAYS; i++)
        array_init(&l->arrays[i], 0);
    rc = session_open(&l->session, config->conninfo, SETTINGS, reterr);
    for (int i = 0; i < 2 && rc == 0; i++) {
        struct batch *b = &l->batches[i];
        buf_init(&b->text, 0);
        b->items = calloc(config->batch, sizeof *b->items);
        b->bads = calloc(config->batch, sizeof *b->bads);
        if (!b->items || !b->bads)
            rc = err_set(reterr, ERR_MEMORY, "no memory for a batch");
    }
    if (rc < 0) {
        import_loader_close(l);
        return rc;
    }
    *ret = l;
    return 0;
}

void import_loader_close(struct import_loader *l)
{
    if (!l)
        return;
    session_close(l->session);
    for (int i = 0; i < 2; i++) {
        free(l->batches[i].items);
        free(l->batches[i].bads);
        buf_release(&l->batches[i].text);
    }
    for (int i = 0; i < ARRAYS; i++)
        array_release(&l->arrays[i]);
    free(l);
}
