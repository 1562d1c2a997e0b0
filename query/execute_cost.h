/* query/execute_cost.h: what an execution may cost. Layer: query, private. */
#ifndef QUERY_EXECUTE_COST_H
#define QUERY_EXECUTE_COST_H

#include "base/macros.h"

struct err;
struct execution;

/* Of the prepared steps: sets x->cost and how many rows each may have. 0, or ERR_LIMIT (query/cost.h). */
int execution_cost(struct execution *x, struct err *reterr) MUSTCHECK;

#endif
