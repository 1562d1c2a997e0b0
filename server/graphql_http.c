/* server/graphql_http.c: see server/graphql_http.h.
 *
 * One struct operation for each request, in the request's arena, through these states:
 *
 *     read → compile → execute ──────────────→ release → write
 *                         │ (rows pending)        │ (gate pending)
 *                         └──→ waits ─────────────┴──→ waits
 *
 * The deadline and a client that left call the execution off; its memory is let go only when nothing is
 * pending any more. */
#include "server/graphql_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/err.h"
#include "base/json.h"
#include "query/answer.h"
#include "query/execute.h"
#include "query/variables.h"
#include "server/access.h"
#include "server/graphql_json.h"
#include "server/http/exchange.h"
#include "server/media_type.h"
#include "server/persisted.h"
#include "server/source.h"

enum {
    PIECE_BYTES = 64 * 1024, /* a longer answer is streamed in pieces of this size */
    PIECE_FIRST = 4096,      /* first guess of an answer's size */
    TICK_MS = 50             /* how exact deadlines are */
};

struct graphql {
    const struct schema *schema;
    struct row_source *source;
    struct graphql_config config;
    struct persisted persisted;
    uv_timer_t ticks;
    struct list in_flight; /* oldest first, which is the order of deadlines */
    struct graphql_stats stats;
    bool closing;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

struct operation {
    struct graphql *g;
    struct exchange *x;
    enum answer_type type;
    struct graphql_params params;
    struct viewer viewer;
    struct compiled *document;
    struct cost_limits limits;
    struct str extensions; /* of the answer, a JSON object; empty: none */
    const struct plan *plan;
    const struct value **variables;
    struct execution execution;
    struct release release;
    struct answer answer;
    struct producer producer;
    struct buf written; /* when streaming: what was written, */
    size_t sent;        /* how much of it the connection has, */
    bool written_all;   /* and whether that is the whole answer */
    uint64_t deadline_ms;
    struct list link; /* in g->in_flight while something is pending */
    int called_off;   /* why: ERR_TIMEOUT, ERR_CANCELED (the client left), ERR_CLOSING */
};

/* ---- refusals ---- */

static void errors_json(struct buf *out, const struct err *errors, uint32_t n,
                        struct str extensions, const char *id)
{
    buf_add_z(out, "{\"errors\":[");
    for (uint32_t i = 0; i < n; i++) {
        const struct err *e = &errors[i];
        buf_add_z(out, i ? ",{\"message\":" : "{\"message\":");
        json_add_string(out, str_of(e->message));
        if (e->line > 0 && e->code != ERR_REQUEST)
            buf_addf(out, ",\"locations\":[{\"line\":%d,\"column\":%d}]", e->line, e->column);
        buf_addf(out, ",\"extensions\":{\"code\":\"%s\"", err_text(e->code));
        if (err_is_ours(e->code))
            buf_addf(out, ",\"requestId\":\"%s\"", id);
        buf_add_z(out, "}}");
    }
    buf_add_char(out, ']');
    if (extensions.len) {
        buf_add_z(out, ",\"extensions\":");
        buf_add_str(out, extensions);
    }
    buf_add_char(out, '}');
}

/* A document or an operation that can't run: 400, or 200 in the older media type; ours keep their status, and so
 * does a request that contradicts itself. */
static int refusal_status(const struct operation *o, int code)
{
    if (code == ERR_REQUEST)
        return err_status(code);
    return o->type == ANSWER_JSON && !err_is_ours(code) ? 200 : err_status(code);
}

/* What goes with a status: a 503 says when to come again. */
static const struct http_header *headers_of(int status)
{
    static const struct http_header again[] = {{"Retry-After", "1"}, {NULL, NULL}};

    return status == 503 ? again : NULL;
}

static void refuse(struct operation *o, const struct err *errors, uint32_t n)
{
    int status = refusal_status(o, errors[0].code);
    struct buf body;

    o->g->stats.failed++;
    buf_init(&body, 0);
    errors_json(&body, errors, n, o->extensions, o->x->id);
    exchange_reply(o->x, status, media_type_name(o->type), &body, headers_of(status));
}

static void refuse_with(struct operation *o, int code, const char *message)
{
    struct err err;

    err_set(&err, (enum err_code)code, "%s", message);
    refuse(o, &err, 1);
}

/* ---- writing ---- */

/* Writes on behind what has not left yet, so that every piece but the last is full. */
static int stream_refill(struct operation *o)
{
    struct buf *b = &o->written;
    int rc;

    memmove(b->ptr, b->ptr + o->sent, b->len - o->sent);
    b->len -= o->sent;
    o->sent = 0;
    rc = answer_next(&o->answer, b, PIECE_BYTES);
    o->written_all = rc == 0;
    return rc;
}

static int piece_next(struct producer *p, struct buf *out)
{
    struct operation *o = container_of(p, struct operation, producer);
    size_t n;

    if (!o->written_all && o->written.len - o->sent < PIECE_BYTES) {
        int rc = stream_refill(o);
        if (rc < 0)
            return rc;
    }
    n = MIN(o->written.len - o->sent, (size_t)PIECE_BYTES);
    buf_add(out, o->written.ptr + o->sent, n);
    o->sent += n;
    if (out->failed)
        return ERR_MEMORY;
    return !o->written_all || o->sent < o->written.len;
}

static void written_free(void *arg)
{
    buf_release(arg);
}

static void answer_free(void *arg)
{
    answer_release(arg);
}

/* More than one piece: the socket asks for the next when it has taken the one before. */
static void stream(struct operation *o, int status, const struct buf *written, bool is_all)
{
    o->written = *written;
    o->written_all = is_all;
    if (arena_defer(&o->x->arena, written_free, &o->written) < 0) {
        buf_release(&o->written);
        refuse_with(o, ERR_MEMORY, "The request needs more memory than it may have.");
        return;
    }
    o->producer.next = piece_next;
    exchange_stream(o->x, status, media_type_name(o->type), &o->producer, headers_of(status));
}

/* 503 when nothing at all could be answered, by a fault of ours, and the media type lets us say so. */
static int answer_status(const struct operation *o)
{
    return o->type == ANSWER_GRAPHQL_RESPONSE && o->answer.failures > 0 &&
                   o->answer.failures == o->plan->root->n_fields
               ? 503
               : 200;
}

static void write_answer(struct operation *o)
{
    struct buf body;
    int rc, status;

    buf_init(&body, o->g->config.max_answer_bytes);
    rc = answer_open(&o->answer, &o->execution, str_of(o->x->id));
    o->answer.extensions = o->extensions;
    if (rc == 0)
        rc = arena_defer(&o->x->arena, answer_free, &o->answer);
    if (rc == 0 && buf_reserve(&body, PIECE_FIRST))
        rc = answer_next(&o->answer, &body, PIECE_BYTES);
    if (rc < 0) {
        buf_release(&body);
        refuse_with(o, o->answer.cut ? ERR_LIMIT : rc,
                    o->answer.cut ? "The answer would be larger than the server may give."
                                  : "The request needs more memory than it may have.");
        return;
    }
    status = answer_status(o);
    if (rc == 1 || body.len > PIECE_BYTES)
        stream(o, status, &body, rc == 0);
    else
        exchange_reply(o->x, status, media_type_name(o->type), &body, headers_of(status));
}

/* ---- what is pending ---- */

static void tick(uv_timer_t *timer);

static void operation_wait(struct operation *o)
{
    struct graphql *g = o->g;

    o->deadline_ms = uv_now(g->ticks.loop) + g->config.request_ms;
    if (list_empty(&g->in_flight))
        uv_timer_start(&g->ticks, tick, TICK_MS, TICK_MS);
    list_push_back(&g->in_flight, &o->link);
    g->stats.in_flight++;
}

static void graphql_closed(uv_handle_t *handle)
{
    struct graphql *g = handle->data;
    void (*on_closed)(void *data) = g->on_closed;
    void *data = g->on_closed_data;

    documents_free(g->persisted.documents);
    free(g);
    on_closed(data);
}

static void graphql_close_when_idle(struct graphql *g)
{
    if (g->closing && list_empty(&g->in_flight) && !uv_is_closing((uv_handle_t *)&g->ticks))
        uv_close((uv_handle_t *)&g->ticks, graphql_closed);
}

static void operation_settle(struct operation *o)
{
    struct graphql *g = o->g;

    list_remove(&o->link);
    g->stats.in_flight--;
    if (list_empty(&g->in_flight))
        uv_timer_stop(&g->ticks);
}

static void operation_call_off(struct operation *o, int why)
{
    if (o->called_off)
        return;
    o->called_off = why;
    execution_cancel(&o->execution);
}

static void tick(uv_timer_t *timer)
{
    struct graphql *g = timer->data;
    uint64_t now = uv_now(timer->loop);

    list_each (l, &g->in_flight) {
        struct operation *o = container_of(l, struct operation, link);
        if (o->deadline_ms > now)
            break;
        operation_call_off(o, ERR_TIMEOUT);
    }
}

static void operation_gone(struct exchange *x)
{
    struct operation *o = x->data;

    if (!list_empty(&o->link))
        operation_call_off(o, ERR_CANCELED);
}

/* ---- the way of a request ---- */

static void refuse_called_off(struct operation *o)
{
    switch (o->called_off) {
    case ERR_TIMEOUT:
        o->g->stats.timeouts++;
        refuse_with(o, ERR_TIMEOUT, "The request took longer than it may. Please try again.");
        break;
    case ERR_CLOSING:
        refuse_with(o, ERR_CLOSING, "The server is shutting down. Please try again.");
        break;
    default:
        o->g->stats.canceled++;
        refuse_with(o, ERR_CANCELED, "The client left.");
        break;
    }
}

static void released(struct release *r, int rc)
{
    struct operation *o = container_of(r, struct operation, release);

    operation_settle(o);
    if (rc < 0)
        refuse_with(o, rc, "The answer can't be given just now. Please try again.");
    else
        write_answer(o);
    graphql_close_when_idle(o->g);
}

/* All rows are there. `waiting`: the operation is in g->in_flight. */
static void release(struct operation *o, bool waiting)
{
    int rc;

    o->release = (struct release){.viewer = &o->viewer, .done = released};
    rc = release_request(&o->release);
    if (rc == 0) {
        if (!waiting)
            operation_wait(o);
        return;
    }
    if (waiting)
        operation_settle(o);
    if (rc < 0)
        refuse_with(o, rc, "The answer can't be given just now. Please try again.");
    else
        write_answer(o);
}

static void executed(struct execution *e, int rc)
{
    struct operation *o = container_of(e, struct operation, execution);
    struct graphql *g = o->g;

    if (rc < 0) {
        operation_settle(o);
        refuse_called_off(o);
    } else {
        release(o, true);
    }
    graphql_close_when_idle(g);
}

/* What the operation may cost, for a client that wants to know; whether it runs or not. */
static void note_cost(struct operation *o)
{
    char text[80];

    if (!o->params.wants_cost)
        return;
    snprintf(text, sizeof text, "{\"cost\":{\"estimate\":%llu,\"limit\":%u}}",
             (unsigned long long)o->execution.cost, o->limits.max_cost);
    o->extensions = arena_str(&o->x->arena, str_of(text));
}

static void execute(struct operation *o)
{
    struct err err;
    int rc;

    o->execution = (struct execution){.plan = o->plan,
                                      .variables = o->variables,
                                      .source = &o->g->source->source,
                                      .viewer = &o->viewer,
                                      .arena = &o->x->arena,
                                      .limits = o->limits,
                                      .done = executed};
    rc = execution_start(&o->execution, &err);
    note_cost(o);
    if (rc >= 0)
        persisted_passed(&o->g->persisted, &o->params, o->document);
    if (rc < 0)
        refuse(o, &err, 1);
    else if (rc == EXECUTION_READY)
        release(o, false);
    else
        operation_wait(o);
}

static void document_free(void *arg)
{
    compiled_unref(arg);
}

/* Text and variables to a plan; false: refused. */
static bool compile(struct operation *o)
{
    const struct ast_operation *operation;
    struct err err;
    int rc;

    o->limits = o->g->config.limits;
    rc = persisted_find(&o->g->persisted, &o->params, &o->document, &o->limits, &err);
    if (rc < 0) {
        refuse(o, &err, 1);
        return false;
    }
    if (arena_defer(&o->x->arena, document_free, o->document) < 0) {
        compiled_unref(o->document);
        refuse_with(o, ERR_MEMORY, "The request needs more memory than it may have.");
        return false;
    }
    if (o->document->errors.n_errors > 0) {
        refuse(o, o->document->errors.errors, o->document->errors.n_errors);
        return false;
    }
    rc = compiled_operation(o->document, o->params.operation_name, &operation, &err);
    if (rc == 0)
        rc = cost_check_variables(operation, o->params.variables, o->limits.max_list, &err);
    if (rc == 0)
        rc = variables_coerce(&o->x->arena, o->g->schema, operation, o->params.variables,
                              &o->variables, &err);
    if (rc == 0)
        rc = compiled_plan(o->document, operation, o->variables, &o->x->arena, &o->plan, &err);
    if (rc < 0)
        refuse(o, &err, 1);
    return rc == 0;
}

static void refuse_exchange(struct exchange *x, int code, const char *message)
{
    struct err err;

    err_set(&err, (enum err_code)code, "%s", message);
    exchange_error(x, &err, NULL);
}

/* What HTTP has to say before any GraphQL; NULL: refused. */
static struct operation *accept_exchange(struct graphql *g, struct exchange *x)
{
    enum answer_type type = media_type_answer(x->accept);
    struct operation *o;
    struct err err;

    if (type == ANSWER_NOT_ACCEPTABLE) {
        struct buf body;
        buf_init(&body, 0);
        err_set(&err, ERR_REQUEST,
                "Answers are application/json or application/graphql-response+json; the Accept "
                "header allows neither.");
        errors_json(&body, &err, 1, (struct str){0}, x->id);
        exchange_reply(x, 406, media_type_name(ANSWER_JSON), &body, NULL);
        return NULL;
    }
    if (!media_type_is_json(x->content_type)) {
        refuse_exchange(x, ERR_MEDIA_TYPE, "The Content-Type must be application/json, in UTF-8.");
        return NULL;
    }
    o = arena_zalloc(&x->arena, sizeof *o);
    if (!o || g->closing || g->stats.in_flight >= g->config.max_in_flight) {
        err_set(&err, g->closing ? ERR_CLOSING : ERR_BUSY,
                "The server can't take this request just now. Please try again.");
        exchange_error(x, &err, NULL); /* which says when to come again */
        return NULL;
    }
    o->g = g;
    o->x = x;
    o->type = type;
    list_init(&o->link);
    x->data = o;
    x->gone = operation_gone;
    return o;
}

void graphql_handle(struct graphql *g, struct exchange *x)
{
    struct operation *o = accept_exchange(g, x);
    struct err err;
    int rc;

    if (!o)
        return;
    g->stats.operations++;
    rc = graphql_params_parse(&x->arena, x->body, &o->params, &err);
    if (rc < 0) {
        g->stats.failed++;
        exchange_error(x, &err, NULL);
        return;
    }
    rc = viewer_of(x, &o->viewer);
    if (rc < 0) {
        refuse_with(o, rc, "Who asks could not be told.");
        return;
    }
    if (compile(o))
        execute(o);
}

/* ---- life ---- */

int graphql_open(struct graphql **ret, struct uv_loop_s *loop, const struct schema *schema,
                 struct row_source *source, const struct graphql_config *config, struct err *reterr)
{
    struct graphql *g = calloc(1, sizeof *g);

    if (!g || documents_new(&g->persisted.documents, schema, &config->documents) < 0 ||
        uv_timer_init(loop, &g->ticks) != 0) {
        if (g)
            documents_free(g->persisted.documents);
        free(g);
        return err_set(reterr, ERR_MEMORY, "There is no memory to start with.");
    }
    g->schema = schema;
    g->source = source;
    g->config = *config;
    g->persisted.trusted = config->trusted;
    g->persisted.automatic = config->documents.max_registered > 0;
    g->ticks.data = g;
    list_init(&g->in_flight);
    *ret = g;
    return 0;
}

void graphql_set_trusted(struct graphql *g, const struct trusted *trusted)
{
    g->persisted.trusted = trusted;
}

void graphql_get_stats(const struct graphql *g, struct graphql_stats *ret)
{
    *ret = g->stats;
    documents_get_stats(g->persisted.documents, &ret->documents);
}

void graphql_close(struct graphql *g, void (*on_closed)(void *data), void *data)
{
    g->closing = true;
    g->on_closed = on_closed;
    g->on_closed_data = data;
    list_each (l, &g->in_flight)
        operation_call_off(container_of(l, struct operation, link), ERR_CLOSING);
    graphql_close_when_idle(g);
}
