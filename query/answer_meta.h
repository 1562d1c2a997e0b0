/* query/answer_meta.h: the value of an answer's `__schema` or `__type`, which may be very long, in pieces.
 *
 * What is written ahead (query/ahead.h) is copied as it is asked for. When it goes meanwhile, as others needed its room,
 * the rest is written here: the same bytes. Layer: query, private. */
#ifndef QUERY_ANSWER_META_H
#define QUERY_ANSWER_META_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct buf;
struct execution;
struct introspection;
struct plan_field;

struct answer_meta {
    const struct plan_field *_field; /* whose value is begun and not complete; NULL: none */
    size_t _sent;                    /* how much of it was copied */
    struct introspection *_writer;   /* NULL: not needed yet */
};

static inline bool answer_meta_is_open(const struct answer_meta *m)
{
    return m->_field != NULL;
}

void answer_meta_open(struct answer_meta *m, const struct plan_field *f);
/* As answer_next, of this value. 1: more will follow; 0: it is complete, and not open any more; negative. */
int answer_meta_next(struct answer_meta *m, const struct execution *x, struct buf *out,
                     size_t enough) MUSTCHECK;
/* Bytes that it keeps. */
size_t answer_meta_holds(const struct answer_meta *m);
void answer_meta_release(struct answer_meta *m);

#endif
