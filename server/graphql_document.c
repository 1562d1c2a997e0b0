/* server/graphql_document.c: operations whose answer is a document: see server/graphql_priv.h. What the operation selects is one
 * string, which is the body; or strings in the nodes of a connection, of which each is a line of the body:
 *
 *     run the operation → write its answer piece by piece → take the strings out → socket
 *          ↑                                                                         │ has taken all of the page
 *          └── with the cursor of the page that was last, as long as one follows ────┘
 *
 * A page is an operation like any other: who may see it is asked anew, and it is on record as every look. Its
 * memory is an arena of its own, so a document may be of any size. Whatever else comes of the first page is an OperationOutcome, as clients of
 * FHIR expect; what fails later cuts the connection, so that nobody takes a part for the whole. */
#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "server/document_routes.h"
#include "server/graphql_priv.h"

#define OUTCOME "application/fhir+json"

enum {
    PIECE_BYTES = 64 * 1024, /* of the body in one go */
    PAGE_MEMORY =
        4 /* of a page of lines, which are longer than most rows: so many times that of a request */
};

/* ---- refusals ---- */

/* FHIR's word for what a status means (issue-type). */
static const char *issue_of(int status)
{
    switch (status) {
    case 400:
        return "invalid";
    case 401:
        return "login";
    case 403:
        return "forbidden";
    case 404:
        return "not-found";
    case 429:
        return "throttled";
    case 503:
        return "transient";
    default:
        return "exception";
    }
}

void document_refuse(struct exchange *x, int status, struct str message,
                     const struct http_header *headers)
{
    struct buf body;

    buf_init(&body, 0);
    buf_addf(&body,
             "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
             "\"code\":\"%s\",\"diagnostics\":",
             issue_of(status));
    json_add_string(&body, message);
    buf_add_z(&body, "}]}");
    exchange_reply(x, status, OUTCOME, &body, headers);
}

/* The page that the producer waits for can be read, or there is none. */
static void page_over(struct document_reply *d)
{
    struct exchange *x = d->o->x;

    if (d->starting)
        return; /* it looks by itself */
    if (x->is_gone)
        exchange_abandon(x);
    else
        exchange_resume(x);
}

void document_fail(struct operation *o, int status, struct str message,
                   const struct http_header *headers)
{
    struct document_reply *d = o->reply;

    if (!d->sent) {
        document_refuse(o->x, status, message, headers);
        return;
    }
    d->rc = ERR_INTERNAL;
    page_over(d);
}

/* As the first of its errors says it. */
static void refuse_as(struct operation *o, struct str errors)
{
    struct buf list;
    json_t *root, *first;
    const char *code, *message;
    int status = 500;

    buf_init(&list, 0);
    buf_addf(&list, "[");
    buf_add_str(&list, errors);
    buf_addf(&list, "]");
    root = list.failed ? NULL : json_loadb(list.ptr, list.len, JSON_ALLOW_NUL, NULL);
    buf_release(&list);
    first = json_array_get(root, 0);
    code = json_string_value(json_object_get(json_object_get(first, "extensions"), "code"));
    message = json_string_value(json_object_get(first, "message"));
    for (int i = 0; code && i < ERR_COUNT; i++)
        if (strcmp(err_text(-(i + 1)), code) == 0)
            status = err_status(-(i + 1));
    document_fail(o, status, str_of(message ? message : "The document can't be made just now."),
                  NULL);
    json_decref(root);
}

/* ---- the body ---- */

/* Reads the answer of this page on until `out` has enough. 1: there is more of it; 0: that was all; ERR_. */
static int page_read(struct document_reply *d, struct buf *out)
{
    while (out->len < PIECE_BYTES) {
        struct str rest = {d->written.ptr + d->at, MIN(d->written.len - d->at, PIECE_BYTES)};
        int rc;

        if (rest.len) {
            document_text_feed(&d->text, rest, out);
            d->at += rest.len;
            continue;
        }
        if (d->written_all)
            return out->failed ? ERR_MEMORY : 0;
        buf_clear(&d->written);
        d->at = 0;
        rc = answer_next(&d->o->answer, &d->written, PIECE_BYTES);
        if (rc < 0)
            return rc;
        d->written_all = rc == 0;
    }
    return out->failed ? ERR_MEMORY : 1;
}

/* The client left while a page was being fetched. */
static void page_unwanted(struct exchange *x)
{
    struct operation *o = x->data;

    if (!list_empty(&o->link))
        operation_call_off(o, ERR_CANCELED);
}

/* Runs the operation, the one of the page before given up. May end the exchange, unless part of the document has left. */
static void page_start(struct document_reply *d)
{
    struct operation *o = d->o;

    arena_clear(&d->arena);
    *o = (struct operation){.g = o->g,
                            .x = o->x,
                            .arena = &d->arena,
                            .type = o->type,
                            .safe = true,
                            .reply = d,
                            .viewer = o->viewer};
    list_init(&o->link);
    o->params.variables = d->variables;
    o->g->stats.operations++;
    operation_run(o);
}

/* The page behind the one that was read: 0: it can be read; PRODUCER_WAITS; ERR_. */
static int page_next(struct document_reply *d)
{
    size_t n = d->text.cursor_len;

    if (n == 0 || n == sizeof d->after || d->o->g->closing)
        return ERR_INTERNAL;
    memcpy(d->after, d->text.cursor, n);
    document_routes_set_variable(d->variables, STR("after"), (struct str){d->after, n});
    d->page_ready = false;
    d->starting = true;
    page_start(d);
    d->starting = false;
    if (d->rc < 0 || d->page_ready)
        return d->rc;
    d->o->x->gone = page_unwanted;
    return PRODUCER_WAITS;
}

/* What it keeps beside the request's arena. */
static size_t body_holds(const struct document_reply *d)
{
    return d->arena.used + d->written.cap + d->ready.cap;
}

static int body_next(struct producer *p, struct buf *out)
{
    struct document_reply *d = container_of(p, struct document_reply, producer);
    int rc = 0;

    p->holds = body_holds(d);
    if (d->ready.len) {
        buf_add_str(out, buf_str(&d->ready));
        buf_release(&d->ready);
        return out->failed ? ERR_MEMORY : 1;
    }
    while (d->rc == 0 && rc == 0) {
        rc = page_read(d, out);
        if (rc == 0 && !d->text.found)
            return ERR_NOT_FOUND; /* a right that was there for the page before is gone */
        if (rc == 0 && !d->text.more)
            return 0;
        if (rc == 0)
            rc = page_next(d);
    }
    return d->rc < 0 ? d->rc : rc;
}

/* ---- the first page ---- */

static void reply_free(void *arg)
{
    struct document_reply *d = arg;

    buf_release(&d->written);
    buf_release(&d->ready);
    arena_release(&d->arena);
}

/* The answer says that there is such a document, and its beginning is in d->ready. */
static void begin(struct document_reply *d, int rc)
{
    struct exchange *x = d->o->x;

    if (rc == 0 && !d->text.more) {
        exchange_reply(x, 200, d->route->media_type, &d->ready, NULL);
        return;
    }
    d->producer = (struct producer){.next = body_next, .holds = body_holds(d)};
    if (!exchange_may_hold(x, d->producer.holds + PIECE_BYTES)) {
        operation_refuse_with(
            d->o, ERR_BUSY,
            "Too many long answers wait for their readers just now. Please try again.");
        return;
    }
    d->sent = true;
    exchange_stream(x, 200, d->route->media_type, &d->producer, NULL);
}

void document_answer(struct operation *o, struct buf *written, bool is_all)
{
    struct document_reply *d = o->reply;
    int rc;

    buf_release(&d->written);
    d->written = *written;
    d->at = 0;
    d->written_all = is_all;
    document_text_begin(&d->text, d->route->paged);
    if (o->answer.errors.n > 0) {
        refuse_as(o, buf_str(&o->answer.errors.text));
        return;
    }
    if (d->sent) {
        d->page_ready = true;
        page_over(d);
        return;
    }
    rc = page_read(d, &d->ready);
    if (rc < 0)
        operation_refuse_with(o, rc, "The request needs more memory than it may have.");
    else if (!d->text.found)
        document_refuse(o->x, 404, STR("There is no such document that you may see."), NULL);
    else
        begin(d, rc);
}

void document_run(struct document_reply *d)
{
    struct exchange *x = d->o->x;

    arena_init(&d->arena, x->arena.limit * PAGE_MEMORY);
    if (arena_defer(&x->arena, reply_free, d) < 0)
        operation_refuse_with(d->o, ERR_MEMORY, "The request needs more memory than it may have.");
    else
        page_start(d);
}
