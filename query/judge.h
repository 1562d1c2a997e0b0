/* query/judge.h: what the viewer may see of each person whose record an execution meets.
 *
 * Two questions stand around every fetch of rows that belong to somebody (schema directives @subject, @belongs). Before it,
 * when the key says whose rows it finds: may they be seen at all? Behind it, when only the rows say that, and for single
 * rows that the person hid. What may not be seen is taken out as if it were not there, so that pages, cursors and
 * errors can't tell. The answer to "what may this viewer see of that person" is asked once for each of them in a
 * request (struct rights_map), and kept here no longer; the source may remember what it found, as long as no change of that
 * person's record was acknowledged: a right that was revoked is gone with the next request.
 *
 * Layer: query, private. */
#ifndef QUERY_JUDGE_H
#define QUERY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/map.h"
#include "query/disclosure.h"
#include "query/schema.h"

struct err;
struct execution;
struct plan_step;
struct row;
struct step_run;
struct viewer;

/* What the viewer may see of one person. */
struct right {
    int64_t subject;
    rights_mask mask; /* 0: nothing */
    bool judged;      /* what stands here is known */
    bool own;         /* the viewer is the person */
    bool phantom;     /* there is no such person: asked all the same, so that time tells nothing */
    bool told;        /* a function refused in words that may follow from the record */
    bool
        past; /* a change came after: it holds for what was met before that, and for nothing else */
    struct str capacities, withheld, reason;
    /* Fields whose functions refused what was asked about the person, and those that changed something or answered with no row
     * of anybody's, as parts. */
    struct str calls, answered;
    uint64_t *given, *refused; /* bits by part of the plan */
    /* Of the entries of `kinds_of`, the tables of those that may be seen, with commas between. */
    const struct type *kinds_of;
    struct str kinds;
    bool
        confined; /* it holds for the row that a function gave out, and for nothing else of the person */
    const struct step_run *_asker;
    struct right *_next;
};

/* All of one execution. */
struct judge {
    const struct rights_map *map; /* NULL: nobody is asked for rights */
    struct map _by_subject;
    struct right *_first, **_last, *_hit;
    uint32_t _n;
    bool _refused; /* a function refused something, about somebody or not */
    bool _renewed; /* somebody has more than one entry */
};

enum {
    JUDGED = 1
};

/* When all steps are prepared. 0, or ERR_UNAUTHENTICATED: rows about somebody are asked for, and who asks is not known. */
int judge_start(struct execution *x, struct err *reterr) MUSTCHECK;

/* Both: JUDGED, when all is known that admitting needs; 0: then(run, rc) runs on a later turn, exactly once, with 0 or
 * a negative ERR_; or a negative ERR_. */
int judge_keys(struct execution *x, struct step_run *run,
               void (*then)(struct step_run *run, int rc)) MUSTCHECK;
int judge_rows(struct execution *x, struct step_run *run,
               void (*then)(struct step_run *run, int rc)) MUSTCHECK;

/* Takes out the keys that may not be looked for; the others move up. */
void judge_admit_keys(struct execution *x, struct step_run *run);
/* Takes out the rows that may not be seen. 0 or ERR_MEMORY. */
int judge_admit_rows(struct execution *x, struct step_run *run) MUSTCHECK;
/* What of the list that key `key` of `run` finds may not be seen, as key.left_out has it (ptr NULL: nothing), and how many entries
 * it names. 0 or ERR_MEMORY. */
int judge_left_out(const struct execution *x, const struct step_run *run, uint32_t key,
                   struct str *ret, uint32_t *ret_n) MUSTCHECK;
/* When the rows are numbered: whose each is. 0 or ERR_MEMORY. */
int judge_note_rows(struct execution *x, struct step_run *run) MUSTCHECK;

/* Whether the rows of parent `parent` of `run` may be seen through a field that `allow` speaks of; a refusal is noted. */
bool judge_field(struct execution *x, struct step_run *run, uint32_t parent, rights_mask allow);
/* Whether the person whose rows slice `slice` holds has hidden some of their kind from the viewer. */
bool judge_withheld(const struct execution *x, const struct step_run *run, uint32_t slice);
/* A function refused what `step` asked for, about `subject` (0: about nobody who is there); `told`: in words that may follow from
 * the record. 0 or ERR_MEMORY. */
int judge_refused(struct execution *x, const struct plan_step *step, int64_t subject,
                  bool told) MUSTCHECK;
/* A function changed something about `subject`, whoever may see what it returned. 0 or ERR_MEMORY. */
int judge_changed(struct execution *x, const struct plan_step *step, int64_t subject) MUSTCHECK;
/* What is known of who asks; empty: nothing. `viewer` may be NULL. */
struct str viewer_claim(const struct viewer *viewer, enum claim claim);
/* Whether the finished execution asked about somebody who may not be seen, or who is not there, or a function refused something. */
bool judge_has_veiled(const struct execution *x);
/* What the finished execution tells of whom, in the order in which they were met. 0 or ERR_MEMORY. */
int judge_disclose(const struct execution *x, const struct disclosure **ret,
                   uint32_t *ret_n) MUSTCHECK;

#endif
