/* server/graphql_operation.c: see server/graphql_priv.h. The way of a request:
 *
 *     read → compile → execute ──────────────→ release → write
 *                         │ (rows pending)        │ (gate pending)
 *                         └──→ waits ─────────────┴──→ waits
 *
 * The deadline and a client that left call the execution off; its memory is let go only when nothing is
 * pending any more. */
#include <stdio.h>

#include "base/err.h"
#include "query/ast.h"
#include "query/variables.h"
#include "server/accept_language.h"
#include "server/document_routes.h"
#include "server/graphql_priv.h"
#include "server/role_limits.h"
#include "server/source.h"

enum {
    DOCUMENT_PAGE_MAX = 1000 /* rows on a page of a document over HTTP */
};

/* It did not come to its end. `message`: where it changed nothing for certain. */
static void refuse_unfinished(struct operation *o, int code, const char *message)
{
    if (o->execution.unknown)
        operation_refuse_with(
            o, ERR_OUTCOME_UNKNOWN,
            "The request did not come to its end in time, and it is not known whether all that it "
            "asked for took effect. Look before you ask for it again.");
    else
        operation_refuse_with(
            o, code,
            o->execution.changed
                ? "The request did not come to its end in time, and some of what it asked for took "
                  "effect. Look before you ask for it again."
                : message);
}

static void refuse_called_off(struct operation *o)
{
    switch (o->called_off) {
    case ERR_TIMEOUT:
        o->g->stats.timeouts++;
        refuse_unfinished(o, ERR_TIMEOUT, "The request took longer than it may. Please try again.");
        break;
    case ERR_CLOSING:
        refuse_unfinished(o, ERR_CLOSING, "The server is shutting down. Please try again.");
        break;
    default:
        o->g->stats.canceled++;
        operation_refuse_with(o, ERR_CANCELED, "The client left.");
        break;
    }
}

/* It was executed, but may not leave. That the record can't be written is the database's fault, not the request's, though
 * its time is up. */
static void refuse_release(struct operation *o, int rc)
{
    if (rc == ERR_CANCELED && o->called_off != ERR_TIMEOUT)
        refuse_called_off(o);
    else
        operation_refuse_answer(o, rc == ERR_CANCELED ? ERR_DATABASE : rc,
                                o->execution.changed
                                    ? "The answer can't be given just now."
                                    : "The answer can't be given just now. Please try again.");
}

static void unveiled(struct operation *o)
{
    if (o->called_off)
        refuse_called_off(o);
    else
        operation_answer(o);
}

/* It may leave; when it tells that somebody is not to be seen, after as long as any answer that tells so. */
static void answer(struct operation *o, bool waiting)
{
    bool veiled = o->g->config.refusal_ms && judge_has_veiled(&o->execution);

    if (veiled) {
        if (!waiting)
            operation_wait(o);
        operation_veil(o, unveiled);
        return;
    }
    if (waiting)
        operation_settle(o);
    operation_answer(o);
}

static void released(struct release *r, int rc)
{
    struct operation *o = container_of(r, struct operation, release);
    struct graphql *g = o->g; /* `o` is gone when its answer is whole */

    if (rc < 0) {
        operation_settle(o);
        refuse_release(o, rc);
    } else {
        answer(o, true);
    }
    graphql_close_when_idle(g);
}

/* All rows are there. `waiting`: the operation is in g->in_flight. */
static void release(struct operation *o, bool waiting)
{
    int rc;

    o->release =
        (struct release){.audit = o->g->config.audit, .viewer = &o->viewer, .done = released};
    rc = judge_disclose(&o->execution, &o->release.disclosures, &o->release.n_disclosures);
    if (rc == 0)
        rc = release_request(&o->release);
    if (rc == 0) {
        if (!waiting)
            operation_wait(o);
        if (o->called_off) /* it came to its end all the same; for the record there is no time left */
            release_cancel(&o->release);
        return;
    }
    if (rc > 0) {
        answer(o, waiting);
        return;
    }
    if (waiting)
        operation_settle(o);
    refuse_release(o, rc);
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
    o->extensions = arena_str(o->arena, str_of(text));
}

static uint32_t language_of(const struct operation *o)
{
    return o->plan->negotiated
               ? accept_language_choose(o->x->accept_language, o->g->schema->languages)
               : 0;
}

static void execute(struct operation *o)
{
    struct err err;
    int rc;

    o->execution = (struct execution){.plan = o->plan,
                                      .variables = o->variables,
                                      .source = &o->g->source->source,
                                      .viewer = &o->viewer,
                                      .arena = o->arena,
                                      .limits = o->limits,
                                      .seals = o->g->config.seals,
                                      .language = language_of(o),
                                      .discreet = o->g->config.documents.validate.no_introspection,
                                      .done = executed};
    o->began_ms = uv_now(o->g->ticks.loop);
    list_init(&o->veil);
    rc = execution_start(&o->execution, &err);
    note_cost(o);
    if (rc >= 0)
        persisted_passed(&o->g->persisted, &o->params, o->document);
    if (rc < 0)
        operation_refuse(o, &err);
    else if (rc == EXECUTION_READY)
        release(o, false);
    else
        operation_wait(o);
}

static void document_free(void *arg)
{
    compiled_unref(arg);
}

/* Whether the operation is one that GET may not bring, also when its document is invalid. */
static bool is_unsafe(const struct operation *o)
{
    const struct validate_result *errors = &o->document->errors;
    const struct ast_operation *operation;

    if (!o->safe || (errors->n_errors > 0 && errors->errors[0].code == ERR_PARSE))
        return false;
    return compiled_operation(o->document, o->params.operation_name, &operation, NULL) == 0 &&
           operation->kind != OPERATION_QUERY;
}

/* The operator's own documents need not be in his list of trusted ones, and what they cost is his to say. */
static int take_document(struct operation *o)
{
    o->limits = (struct cost_limits){
        .max_cost = UINT32_MAX, .max_page = DOCUMENT_PAGE_MAX, .max_list = DOCUMENT_PAGE_MAX};
    o->document = compiled_ref(o->reply->route->compiled);
    return 0;
}

static int find_compiled(struct operation *o, struct err *reterr)
{
    o->limits = o->g->config.limits;
    role_limits_apply(o->g->config.role_limits, &o->viewer, &o->limits);
    return persisted_find(&o->g->persisted, &o->params, &o->document, &o->limits, reterr);
}

/* The document of the request, good; false: refused. */
static bool find_document(struct operation *o)
{
    struct err err;
    int rc;

    rc = o->reply ? take_document(o) : find_compiled(o, &err);
    if (rc < 0) {
        operation_refuse(o, &err);
        return false;
    }
    if (arena_defer(o->arena, document_free, o->document) < 0) {
        compiled_unref(o->document);
        operation_refuse_with(o, ERR_MEMORY, "The request needs more memory than it may have.");
        return false;
    }
    if (is_unsafe(o)) {
        operation_refuse_with(o, ERR_METHOD, "Only a query may come by GET: send this with POST.");
        return false;
    }
    if (o->document->errors.n_errors > 0) {
        operation_refuse_all(o, &o->document->errors);
        return false;
    }
    return true;
}

/* The operation's variables, good; false: refused. */
static bool take_variables(struct operation *o, const struct ast_operation *operation)
{
    struct validate_result errors;
    int rc = variables_coerce_all(o->arena, o->g->schema, operation, o->params.variables,
                                  &o->variables, &errors);

    if (rc == ERR_MEMORY)
        operation_refuse_with(o, rc, "The request needs more memory than it may have.");
    else if (rc < 0)
        operation_refuse_all(o, &errors);
    return rc == 0;
}

/* Document and variables to a plan; false: refused. */
static bool compile(struct operation *o)
{
    const struct ast_operation *operation;
    struct err err;
    int rc;

    rc = compiled_operation(o->document, o->params.operation_name, &operation, &err);
    if (rc == 0)
        rc = cost_check_variables(operation, o->params.variables, o->limits.max_list, &err);
    if (rc == 0 && !take_variables(o, operation))
        return false;
    if (rc == 0)
        rc = compiled_plan(o->document, operation, o->variables, o->arena, &o->plan, &err);
    if (rc < 0)
        operation_refuse(o, &err);
    else if (o->plan->ahead)
        ahead_use(&o->g->ahead, o->plan, o->variables);
    return rc == 0;
}

void operation_run(struct operation *o)
{
    if (find_document(o) && compile(o))
        execute(o);
}
