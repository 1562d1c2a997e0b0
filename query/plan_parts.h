/* query/plan_parts.h: what a plan shows of persons, in words: for the record of every look.
 *
 * Layer: query, private. */
#ifndef QUERY_PLAN_PARTS_H
#define QUERY_PLAN_PARTS_H

#include "base/macros.h"

struct arena;
struct plan;

/* Sets `parts` of every step that fetches rows about somebody, and the plan's `personal` and `restricted`.
 * 0 or ERR_MEMORY. */
int plan_parts(struct arena *arena, struct plan *plan) MUSTCHECK;

#endif
