/* server/graphql_reply.c: see server/graphql_priv.h. An answer of up to 64 KB is one reply; a longer one is written
 * as the socket takes it. */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "query/discreet.h"
#include "query/plan.h"
#include "server/graphql_priv.h"
#include "server/notes.h"

enum {
    PIECE_BYTES = 64 * 1024, /* a longer answer is streamed in pieces of this size */
    PIECE_FIRST = 4096       /* first guess of an answer's size */
};

/* ---- refusals ---- */

static void places_json(struct buf *out, const struct loc *at, uint32_t n)
{
    buf_add_z(out, ",\"locations\":[");
    for (uint32_t i = 0; i < n; i++)
        buf_addf(out, "%s{\"line\":%u,\"column\":%u}", i ? "," : "", at[i].line, at[i].column);
    buf_add_char(out, ']');
}

static void errors_json(struct buf *out, const struct validate_result *errors,
                        struct str extensions, const char *id)
{
    buf_add_z(out, "{\"errors\":[");
    for (uint32_t i = 0; i < errors->n_errors; i++) {
        const struct err *e = &errors->errors[i];
        buf_add_z(out, i ? ",{\"message\":" : "{\"message\":");
        json_add_string(out, str_of(e->message));
        if (errors->places)
            places_json(out, errors->places[i].at, errors->places[i].n);
        else if (e->line > 0)
            places_json(out, &(struct loc){(uint32_t)e->line, (uint32_t)e->column}, 1);
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
 * do a request that contradicts itself, a mutation by GET and one that needs a token. */
static int refusal_status(const struct operation *o, int code)
{
    if (code == ERR_REQUEST || code == ERR_METHOD || code == ERR_UNAUTHENTICATED)
        return err_status(code);
    return o->type == ANSWER_JSON && !err_is_ours(code) ? 200 : err_status(code);
}

/* What goes with a status: a 503 says when to come again, a 405 and a 401 how. */
static const struct http_header *headers_of(int status)
{
    static const struct http_header again[] = {{"Retry-After", "1"}, {NULL, NULL}};
    static const struct http_header post[] = {{"Allow", "POST"}, {NULL, NULL}};

    static const struct http_header token[] = {{"WWW-Authenticate", "Bearer realm=\"tolqujat\""},
                                               {NULL, NULL}};

    return status == 503 ? again : status == 405 ? post : status == 401 ? token : NULL;
}

/* The errors as a client may see them when the schema is not shown; false: no memory. */
static bool discreet_errors(struct operation *o, struct validate_result *errors)
{
    struct str text = o->document ? o->document->text : o->params.query;
    struct err *copy = arena_array(o->arena, errors->n_errors, sizeof *copy);

    for (uint32_t i = 0; copy && i < errors->n_errors; i++) {
        copy[i] = errors->errors[i];
        discreet_message(copy[i].message, text, o->params.variables);
    }
    errors->errors = copy;
    return copy != NULL;
}

void operation_refuse_all(struct operation *o, const struct validate_result *all)
{
    static struct err no_memory = {ERR_MEMORY, 0, 0,
                                   "The request needs more memory than it may have."};
    struct validate_result errors = *all;
    int status;
    struct buf body;

    if (o->g->config.documents.validate.no_introspection && !discreet_errors(o, &errors))
        errors = (struct validate_result){.errors = &no_memory, .n_errors = 1};
    status = refusal_status(o, errors.errors[0].code);
    o->g->stats.failed++;
    if (err_is_ours(errors.errors[0].code))
        note_failure(str_of(o->x->id), errors.errors[0].code);
    if (o->reply) {
        document_fail(o, status, str_of(errors.errors[0].message), headers_of(status));
        return;
    }
    buf_init(&body, 0);
    errors_json(&body, &errors, o->extensions, o->x->id);
    exchange_reply(o->x, status, media_type_name(o->type), &body, headers_of(status));
}

void graphql_blame_limit(const struct arena *arena, struct err *err)
{
    if (err->code == ERR_MEMORY && arena->limited)
        err_set(err, ERR_LIMIT,
                "The request needs more memory than one may have (%zu MB). Send or ask for less.",
                arena->limit >> 20);
}

void operation_refuse(struct operation *o, struct err *err)
{
    graphql_blame_limit(o->arena, err);
    operation_refuse_all(o, &(struct validate_result){.errors = err, .n_errors = 1});
}

void operation_refuse_with(struct operation *o, int code, const char *message)
{
    struct err err;

    err_set(&err, (enum err_code)code, "%s", message);
    operation_refuse(o, &err);
}

void operation_refuse_answer(struct operation *o, int code, const char *message)
{
    struct err err;

    if (!o->execution.changed) {
        operation_refuse_with(o, code, message);
        return;
    }
    err_set(&err, ERR_OUTCOME_UNKNOWN, "%s %s Look before you ask for it again.", message,
            o->execution.unknown ? "It is not known whether all that was asked for took effect."
                                 : "Some of what the request asked for took effect.");
    operation_refuse(o, &err);
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

/* What a stream keeps beside its arena. */
static size_t stream_holds(const struct operation *o)
{
    return o->written.cap + answer_holds(&o->answer);
}

static int piece_next(struct producer *p, struct buf *out)
{
    struct operation *o = container_of(p, struct operation, producer);
    size_t n;

    if (!o->written_all && o->written.len - o->sent < PIECE_BYTES) {
        int rc = stream_refill(o);
        if (rc < 0)
            return rc;
        p->holds = stream_holds(o);
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
    struct operation *o = arg;

    if (o->answer.errors.ours)
        note_failure(str_of(o->x->id), o->answer.errors.ours);
    answer_release(&o->answer);
}

/* The same answer in other languages is another one for who keeps answers. */
static const struct http_header *answer_headers(const struct operation *o)
{
    static const struct http_header language[] = {{"Vary", "Accept-Language"}, {NULL, NULL}};

    return o->plan->negotiated ? language : NULL;
}

/* More than one piece: the socket asks for the next when it has taken the one before. Who made a change is told of it,
 * however much is held. */
static void stream(struct operation *o, int status, const struct buf *written, bool is_all)
{
    o->written = *written;
    o->written_all = is_all;
    o->producer = (struct producer){.next = piece_next, .holds = stream_holds(o)};
    if (!o->execution.changed &&
        !exchange_may_hold(o->x, o->producer.holds + PIECE_BYTES + o->arena->used)) {
        buf_release(&o->written);
        operation_refuse_with(o, ERR_BUSY,
                              "Too many long answers wait for their readers just now. "
                              "Please try again.");
        return;
    }
    if (arena_defer(o->arena, written_free, &o->written) < 0) {
        buf_release(&o->written);
        operation_refuse_answer(o, ERR_MEMORY, "The request needs more memory than it may have.");
        return;
    }
    exchange_stream(o->x, status, media_type_name(o->type), &o->producer, answer_headers(o));
}

/* Data with errors is 294, Partial Success, where the media type lets us say so, even when all of it is null: the
 * operation was executed. (An error that is met after the first piece has left comes under a 200.) */
static int answer_status(const struct operation *o)
{
    return o->type == ANSWER_GRAPHQL_RESPONSE && o->answer.errors.n > 0 ? 294 : 200;
}

void operation_answer(struct operation *o)
{
    struct buf body;
    int rc, status;

    buf_init(&body, o->g->config.max_answer_bytes);
    rc = answer_open(&o->answer, &o->execution, str_of(o->x->id));
    o->answer.extensions = o->extensions;
    if (rc == 0)
        rc = arena_defer(o->arena, answer_free, o);
    if (rc == 0 && buf_reserve(&body, PIECE_FIRST))
        rc = answer_next(&o->answer, &body, PIECE_BYTES);
    if (rc < 0) {
        buf_release(&body);
        operation_refuse_answer(o, o->answer.cut ? ERR_LIMIT : rc,
                                o->answer.cut
                                    ? "The answer would be larger than the server may give."
                                    : "The request needs more memory than it may have.");
        return;
    }
    if (o->reply) {
        document_answer(o, &body, rc == 0);
        return;
    }
    status = answer_status(o);
    if (rc == 1 || body.len > PIECE_BYTES)
        stream(o, status, &body, rc == 0);
    else
        exchange_reply(o->x, status, media_type_name(o->type), &body, answer_headers(o));
}
