/* query/ahead.h: introspection that is written once for a plan, not once for each request.
 *
 * Tools send the same introspection again and again, and its answer is long. Where no argument in it is a variable
 * (the variables of @skip and @include are the plan's own), the values of the operation's `__schema` and `__type`
 * are written when the plan is first used and then copied. The bytes of all plans are bounded together: the plans
 * used longest ago lose theirs first, and get them again when they are used. */
#ifndef QUERY_AHEAD_H
#define QUERY_AHEAD_H

#include <stddef.h>

#include "base/list.h"
#include "base/macros.h"
#include "base/str.h"

struct ahead;
struct arena;
struct plan;
struct plan_field;
struct value;

/* The bytes of one process; the owner's memory. */
struct ahead_shelf {
    struct list recent; /* most recent first */
    size_t bytes, max;
};

void ahead_init(struct ahead_shelf *shelf, size_t max_bytes);
/* Takes the bytes from all plans that have some; the plans live on. */
void ahead_release(struct ahead_shelf *shelf);

/* For plan.ahead of a plan that is kept and shows the schema: room, without bytes yet, in the plan's arena; call
 * ahead_drop before that goes. NULL: no memory, and each request writes for itself. */
struct ahead *ahead_new(struct arena *arena, const struct plan *plan) MUSTCHECK;
void ahead_drop(struct ahead *a); /* idempotent; NULL is fine */

/* `plan`, which has an `ahead`, is about to be used with these variables: what can be is written, or moves to the
 * front. Nothing is written when memory runs out or it would take more than a quarter of the shelf. */
void ahead_use(struct ahead_shelf *shelf, const struct plan *plan,
               const struct value *const *variables);

/* The value of `field`, which is one of the plan's root fields; ptr NULL: it is not written ahead. */
struct str ahead_value(const struct plan *plan, const struct plan_field *field);

#endif
