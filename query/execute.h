/* query/execute.h: runs a plan: fetches the rows of every step, breadth first.
 *
 * A step starts when its parent's rows are there, with the keys of all of them in one fetch; steps that do not
 * depend on each other run side by side. What can be had at once (reference rows) is taken at once, so an
 * execution may be over before execution_start returns. Nothing is written here: query/answer does that
 * from the finished steps.
 *
 * The root's fields of a mutation run one after another: the steps of one start when all steps of the one before
 * have ended. When a failure makes all data null, the fields behind it are not started. */
#ifndef QUERY_EXECUTE_H
#define QUERY_EXECUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"
#include "base/macros.h"
#include "base/procedure.h"
#include "query/cost.h"
#include "query/cursor.h"
#include "query/judge.h"
#include "query/plan.h"
#include "query/source.h"

struct err;

enum {
    EXECUTION_READY = 1
};

/* What stands in slice_of where there is no slice. */
enum {
    SLICE_NONE = -1,      /* the key is null, or what it finds may not be seen */
    SLICE_FORBIDDEN = -2, /* the viewer may see the parent's row, but not this of it */
    SLICE_FOREIGN = -3    /* `after` is no cursor of this parent's list */
};

struct step_run;

/* A call of a SQL function, which stands for the fetch of its step. */
struct step_call {
    struct call call;
    struct step_run *run;
};

/* How many rows the lists of a step have: asked beside the rows, or in their place. */
struct step_count {
    struct fetch fetch; /* by slice of the step's: one row with one cell */
    struct page page;
    struct step_run *run;
};

/* A step that ran (or runs). */
struct step_run {
    struct fetch fetch;
    struct page page; /* its limit is one more than `shown`, to know whether more follow */
    uint32_t shown;   /* most rows of a key that the answer shows */
    uint32_t n_parents;
    struct cursor after; /* when page.has_after: good for one of the parents at most */
    int32_t *slice_of;   /* by parent: which slice is its, or SLICE_ */
    struct right *
        *rights; /* by shown row: what the viewer may see of whose row it is; NULL: all is public */
    /* What a function gave the viewer by giving out its rows, by row of its one slice; of the second group of those rows'
     * cells: by slice. NULL: nothing. */
    struct right **granted;
    struct fetch *judging; /* what is being asked before it goes on (query/judge.h) */
    bool sifted;           /* single rows of it may be hidden */
    uint32_t
        *first_row; /* by slice: the number of its first row among all shown rows of this step */
    uint32_t n_rows;
    uint64_t may_have; /* rows, of all parents together; before any is fetched */
    uint32_t id;
    uint64_t cost,
        most; /* of its rows and all below; of the dearest alternative, in the first of them */
    uint32_t dearest;         /* that alternative */
    bool free;                /* another alternative is dearer */
    struct step_call *call;   /* CALL; else NULL */
    struct step_count *count; /* of a connection that shows its total; else NULL */
    uint32_t fetching;        /* of its rows and their number: those that are under way */
    int failed;               /* how one of them failed as a whole */
    const struct value *ids; /* BY_ID, BY_IDS, in the first alternative: the argument; NULL: none */
    struct execution *execution;
};

struct execution {
    /* Set by the owner before execution_start. */
    const struct plan *plan;
    const struct value *const *variables; /* coerced */
    struct source *source;
    const struct viewer *viewer;
    struct arena *arena;
    struct cost_limits limits;
    const struct seals *seals; /* of ids and cursors */
    uint32_t language; /* of schema.languages: what @negotiated arguments are that are not given */
    bool discreet;     /* errors of the answer name no type (query/discreet.h) */
    /* Runs once, on a later turn, when execution_start returned 0: 0, or ERR_CANCELED. Failures of single
     * steps or keys are in their slices. */
    void (*done)(struct execution *x, int rc);
    void *data;

    /* The result. */
    struct step_run *runs; /* by step */
    struct judge judge;
    uint64_t cost; /* query/cost.h; known even when execution_start refuses because of it */
    bool changed;  /* a call of it changed something, or may have */
    bool unknown;  /* of one of them nobody knows whether it did */
    bool careful;  /* some value is missing or failed: the answer must be able to take bytes back */

    uint32_t _pending;
    uint32_t _next; /* the first step that was not looked at for starting */
    bool _canceled, _stopped;
};

/* 0: under way, done() will run. EXECUTION_READY: finished, done() will not run. Negative: nothing was fetched
 * and done() will not run: ERR_VARIABLES (an argument), ERR_LIMIT (the cost), ERR_UNAUTHENTICATED, ERR_MEMORY. */
int execution_start(struct execution *x, struct err *reterr) MUSTCHECK;

/* The client is gone or the deadline passed: done(ERR_CANCELED) runs when the last fetch has ended. A change that is under
 * way is called off only in a `hurry`; what only waits its turn is so in any case. May come again, in a hurry. */
void execution_cancel(struct execution *x, bool hurry);

/* The slice of `parent` in a finished step; NULL when its key is null. */
static inline const struct slice *step_slice(const struct step_run *run, uint32_t parent)
{
    int32_t i = run->slice_of[parent];
    return i < 0 ? NULL : &run->fetch.slices[i];
}

#endif
