/* query/execute_call.h: the steps of a plan that call a SQL function: their arguments as its parameters, and the
 * call in the place of a fetch.
 *
 * Layer: query, private. Whoever asks without a token is refused before anything runs. */
#ifndef QUERY_EXECUTE_CALL_H
#define QUERY_EXECUTE_CALL_H

#include "base/macros.h"

struct arguments;
struct call;
struct err;
struct execution;
struct step_run;

/* Makes the call of a step, with its values, and its slice in `run->fetch`. ERR_UNAUTHENTICATED; ERR_VARIABLES: a value
 * that no parameter can have; ERR_MEMORY. */
int call_prepare(const struct execution *x, const struct arguments *a, struct step_run *run,
                 struct err *reterr) MUSTCHECK;

/* Starts it. 0: run->fetch.done() will run, on a later turn; negative: nothing was started. */
int call_start(struct execution *x, struct step_run *run) MUSTCHECK;

#endif
