/* server/graphql_priv.h: what the files of GraphQL over HTTP share.
 *
 *     graphql_http.c       the door: what HTTP has to say before any GraphQL
 *     graphql_operation.c  the way of one operation: compile, execute, release
 *     graphql_pending.c    what is in flight: deadlines, the early end; open and close
 *     graphql_reply.c      an answer, whole or in pieces, and refusals
 *     graphql_document.c   an answer that is a document, and refusals of one
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
    enum answer_type type;
    bool safe;                          /* it came by GET or HEAD: nothing may be changed */
    const struct document_route *route; /* the operation is of this document; NULL: the client's */
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
void graphql_blame_limit(const struct exchange *x, struct err *err);
void operation_refuse_with(struct operation *o, int code, const char *message);
/* Writes what was executed. */
void operation_answer(struct operation *o);

/* ---- graphql_document.c: each of them ends the exchange ---- */

/* With an OperationOutcome. */
void document_refuse(struct exchange *x, int status, struct str message,
                     const struct http_header *headers);
/* With the one string that the answer `written` holds, or with an OperationOutcome. */
void document_answer(struct operation *o, const struct buf *written);

#endif
