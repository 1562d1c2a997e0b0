/* query/answer_errors.h: what an answer says of values that could not be had: message, place in the
 * document, path in the answer.
 *
 * Layer: query. The first 20 are told, within 16 KB; more are only counted. */
#ifndef QUERY_ANSWER_ERRORS_H
#define QUERY_ANSWER_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct answer_frame;
struct plan_field;

struct answer_errors {
    struct buf text; /* JSON objects, comma-separated */
    uint32_t n;      /* so far, told or not */
    int ours;        /* ERR_ of the first that is a failure of ours; 0: none is */
    struct str _request_id;
    bool _discreet;
};

/* `request_id` goes into errors of ours and must outlive it. `discreet`: no type is named. Holds a buffer of
 * its own until answer_errors_release. */
void answer_errors_init(struct answer_errors *errors, struct str request_id, bool discreet);
/* As if there had been none. */
void answer_errors_clear(struct answer_errors *errors);
void answer_errors_release(struct answer_errors *errors);

/* Both note an error at the value that is being written: the `depth` open `frames` lead to it, `f` is its field. */

/* It could not be fetched: ERR_ `rc`. */
void answer_error_failure(struct answer_errors *errors, const struct answer_frame *frames,
                          uint32_t depth, const struct plan_field *f, int rc);
/* The same, in words that are known already. */
void answer_error_told(struct answer_errors *errors, const struct answer_frame *frames,
                       uint32_t depth, const struct plan_field *f, int rc, struct str message);
/* It is null, where none may be. `items`: the `n_items` indexes of the list cell that lead to the place. */
void answer_error_missing(struct answer_errors *errors, const struct answer_frame *frames,
                          uint32_t depth, const struct plan_field *f, const uint32_t *items,
                          uint32_t n_items);

#endif
