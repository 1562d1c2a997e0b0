/* query/answer.h: writes the JSON of a finished execution, in one pass, in the order of the document.
 *
 * The writer keeps a stack of its own, so it can stop after any field and go on later: a long answer leaves in
 * pieces. When a value is missing where none may be (execution.careful) bytes may have to be taken back up to
 * the nearest nullable value; then the whole answer is written into one buffer, and nothing leaves before its
 * end. An answer that is not careful can't fail half-way but for want of memory. */
#ifndef QUERY_ANSWER_H
#define QUERY_ANSWER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/macros.h"
#include "query/answer_errors.h"
#include "query/answer_meta.h"
#include "query/execute.h"

struct answer_frame;

struct answer {
    const struct execution *_x;
    struct answer_frame *_frames;
    uint32_t _depth, _cap;
    int _state;
    bool _careful;
    struct answer_meta _meta;
    struct str
        extensions; /* a JSON object to stand beside the data; empty: none. Set after answer_open */
    bool cut;       /* memory or the limit of the answer's size ran out */
    struct answer_errors errors;
};

/* `request_id` goes into errors of ours. Memory for the stack comes from the execution's arena. The answer
 * holds a buffer of its own for errors until answer_release. */
int answer_open(struct answer *a, const struct execution *x, struct str request_id) MUSTCHECK;

/* Appends to `out` until at least `enough` bytes are there or the answer is complete. 1: more will follow;
 * 0: that was all; ERR_MEMORY, ERR_DATA: it can't be completed (cut the connection if bytes have left).
 * A careful answer is always written whole, and `out` must be the same untouched buffer. */
int answer_next(struct answer *a, struct buf *out, size_t enough) MUSTCHECK;

/* Bytes of its own that it keeps from one piece to the next. */
size_t answer_holds(const struct answer *a);
void answer_release(struct answer *a);

#endif
