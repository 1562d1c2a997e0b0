/* query/plan_parts.h: what a plan shows of persons, in words: for the record of every look.
 *
 * Layer: query, private. */
#ifndef QUERY_PLAN_PARTS_H
#define QUERY_PLAN_PARTS_H

#include "base/macros.h"

struct arena;
struct plan;

/* Sets the plan's parts, which those steps have that fetch rows about somebody, and its `personal` and `restricted`.
 * 0 or ERR_MEMORY. */
int plan_parts(struct arena *arena, struct plan *plan) MUSTCHECK;

#endif
