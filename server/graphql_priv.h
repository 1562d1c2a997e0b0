/* server/graphql_priv.h: what the files of GraphQL over HTTP share.
 *
 *     graphql_http.c       the door: what HTTP has to say before any GraphQL
 *     graphql_operation.c  the way of one operation: compile, execute, release
 *     graphql_pending.c    what is in flight: deadlines, the early end; open and close
 *     graphql_reply.c      an answer, whole or in pieces, and refusals
 *     graphql_document.c   an answer that is a document, of one operation or page by page, and refusals of one
 *
 * Each calls only those below it. */
#ifndef SERVER_GRAPHQL_PRIV_H
#define SERVER_GRAPHQL_PRIV_H

#include <uv.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/viewer.h"
#include "query/ahead.h"
#include "query/answer.h"
#include "query/execute.h"
#include "server/access.h"
#include "server/document_text.h"
#include "server/graphql_http.h"
#include "server/graphql_json.h"
#include "server/http/exchange.h"
#include "server/media_type.h"
#include "server/persisted.h"

struct graphql {
    const struct schema *schema;
    struct row_source *source;
    struct graphql_config config;
    struct persisted persisted;
    struct ahead_shelf ahead; /* of its plans and of those that workers share */
    uv_timer_t ticks;
    struct list in_flight; /* oldest first, which is the order of deadlines */
    uv_timer_t unveil;     /* active while something is in `veiled` */
    struct list veiled;    /* of those in flight: done, but not yet answered */
    struct graphql_stats stats;
    bool closing;
    unsigned handles; /* of those that are being closed */
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* One for each request, in the request's arena. */
struct operation {
    struct graphql *g;
    struct exchange *x;
    struct arena *arena; /* of all that it makes: the request's, or its page's */
    enum answer_type type;
    bool safe;                    /* it came by GET or HEAD: nothing may be changed */
    struct document_reply *reply; /* the operation is of a document; NULL: the client's */
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
    uint64_t began_ms, deadline_ms;
    struct list link; /* in g->in_flight while something is pending */
    struct list veil; /* in g->veiled */
    void (*unveiled)(struct operation *o);
    bool hurried;   /* called off in a hurry */
    int called_off; /* why: ERR_TIMEOUT, ERR_CANCELED (the client left), ERR_CLOSING */
};

/* ---- graphql_operation.c ---- */

/* From the parameters to an answer or a refusal, now or later. Touch nothing of `o` afterwards. */
void operation_run(struct operation *o);

/* ---- graphql_pending.c ---- */

/* From now on something is pending: the deadline runs. */
void operation_wait(struct operation *o);
/* Ends the execution early; `why` is put into called_off, the first time. */
void operation_call_off(struct operation *o, int why);
/* A person who may not be seen and one who is not there have to look the same, in time too, though finding somebody takes other
 * steps than finding nobody: whatever it took, the answer leaves when the same time is over. `after` runs then, settled. */
void operation_veil(struct operation *o, void (*after)(struct operation *o));
/* Nothing is pending any more. Every way here ends with graphql_close_when_idle. */
void operation_settle(struct operation *o);
/* May free `g`: touch nothing of it afterwards. */
void graphql_close_when_idle(struct graphql *g);

/* ---- graphql_reply.c: each of them ends the exchange ---- */

void operation_refuse(struct operation *o, struct err *err);
/* With all that was found wrong, at least one. */
void operation_refuse_all(struct operation *o, const struct validate_result *errors);
/* Makes of ERR_MEMORY, where it was the request's own limit that ran out, an error that says so: coming again
 * would not help. */
void graphql_blame_limit(const struct arena *arena, struct err *err);
void operation_refuse_with(struct operation *o, int code, const char *message);
/* The same for what was executed and can't be told: where it changed something, whoever asked must not think that it was not done. */
void operation_refuse_answer(struct operation *o, int code, const char *message);
/* Writes what was executed. */
void operation_answer(struct operation *o);

/* ---- graphql_document.c ---- */

/* A document that is being made: of one operation, or of one for each page. In the request's arena. */
struct document_reply {
    const struct document_route *route;
    struct operation *o; /* of this page */
    struct value *variables;
    struct document_text text;
    struct producer producer;
    struct arena arena; /* of a page's operation */
    struct buf written; /* JSON of the page's answer, */
    size_t at;          /* how much of it was read, */
    bool written_all;   /* and whether that is the whole answer */
    struct buf ready;   /* of the body, before the producer is asked */
    bool sent;          /* the head is on its way: what fails now cuts the connection */
    bool starting;      /* a page's operation is being started */
    bool page_ready;    /* its answer can be read */
    int rc;             /* why there will be no more; 0: nothing failed */
    char after[DOCUMENT_CURSOR_MAX];
};

/* Answers by the route's operation; viewer and variables are known. */
void document_run(struct document_reply *d);
/* With an OperationOutcome, before anything has left: ends the exchange. */
void document_refuse(struct exchange *x, int status, struct str message,
                     const struct http_header *headers);
/* The same for an operation of a document, which may have failed when part of the document has left. */
void document_fail(struct operation *o, int status, struct str message,
                   const struct http_header *headers);
/* The answer of the operation has begun: `written` (taken over), which is all of it or not. */
void document_answer(struct operation *o, struct buf *written, bool is_all);

#endif
