/* query/judge_priv.h: what the parts of judging share.
 *
 *     judge.c           who is met, and what the viewer may see of each: asked and remembered
 *     judge_admit.c     keys and rows that may not be seen are taken out
 *     judge_disclose.c  what was told of whom
 *
 * Layer: query, private. */
#ifndef QUERY_JUDGE_PRIV_H
#define QUERY_JUDGE_PRIV_H

#include "query/execute.h"
#include "query/judge.h"

static inline const struct plan_step *step_of(const struct execution *x, const struct step_run *run)
{
    return &x->plan->steps[run->id];
}

/* Whether the step's rows belong to somebody, and rights are asked. */
bool judge_holds(const struct execution *x, const struct step_run *run);
/* What is known of a person, or NULL. */
struct right *judge_right(const struct judge *j, int64_t subject);
/* Takes the next word off a list whose words commas or blanks divide; empty: there is none. */
struct str judge_word(struct str *rest);
bool judge_has_word(struct str words, struct str word);

/* How many words bits by part take. */
static inline uint32_t judge_words(const struct execution *x)
{
    return x->plan->n_parts / 64 + 1;
}

static inline void judge_mark(uint64_t *bits, uint32_t part)
{
    bits[part / 64] |= UINT64_C(1) << part % 64;
}

static inline void judge_mark_step(uint64_t *bits, const struct plan_step *step)
{
    for (uint32_t i = 0; i < step->n_parts; i++)
        judge_mark(bits, step->part + i);
}

static inline bool judge_marked(const uint64_t *bits, uint32_t part)
{
    return bits[part / 64] >> part % 64 & 1;
}

#endif
