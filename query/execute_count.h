/* query/execute_count.h: how many rows the lists of a step have. Layer: query, private. */
#ifndef QUERY_EXECUTE_COUNT_H
#define QUERY_EXECUTE_COUNT_H

#include "base/macros.h"

struct execution;
struct fetch;
struct step_run;

/* When the keys that may be looked for are known: makes run->count, the question how long the list of each of them is, with the
 * filters of the page, from end to end, without what may not be seen; `done` is its fetch's. 0 or ERR_MEMORY. */
int count_prepare(struct execution *x, struct step_run *run,
                  void (*done)(struct fetch *f, int rc)) MUSTCHECK;

/* When rows and numbers are there: a list that can't be counted has failed. */
void count_settle(struct step_run *run);

#endif
