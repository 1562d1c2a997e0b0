/* query/answer_frame.h: where an answer is in the middle of being written: one frame for each object or list
 * that is open.
 *
 * Layer: query, private. `at` is the next field or item; what is being written is at - 1, so the path of an
 * error can be read off the frames. */
#ifndef QUERY_ANSWER_FRAME_H
#define QUERY_ANSWER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan_field;
struct plan_object;
struct slice;
struct step_run;

enum frame_kind {
    FRAME_OBJECT,
    FRAME_LIST
};

/* Which rows a value stands on: one row of a slice, or (connections, page infos) a slice as a whole. */
struct place {
    const struct step_run *run;
    const struct slice *slice;
    uint32_t row;
};

struct answer_frame {
    enum frame_kind kind;
    bool nullable;
    const struct plan_object
        *object;                    /* its fields; of a list: each item's, NULL when they differ */
    const struct plan_field *field; /* the field whose value this is; NULL for the root */
    struct place place;
    uint32_t at, n;
    size_t start; /* where its value begins in the output */
};

#endif
