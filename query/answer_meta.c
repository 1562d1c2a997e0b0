/* query/answer_meta.c: see query/answer_meta.h. */
#include "query/answer_meta.h"

#include "base/buf.h"
#include "base/err.h"
#include "query/ahead.h"
#include "query/execute.h"
#include "query/introspect.h"
#include "query/plan.h"

enum {
    SKIP_BYTES = 64 * 1024
};

void answer_meta_open(struct answer_meta *m, const struct plan_field *f)
{
    *m = (struct answer_meta){._field = f};
}

void answer_meta_release(struct answer_meta *m)
{
    introspect_close(m->_writer);
    *m = (struct answer_meta){0};
}

size_t answer_meta_holds(const struct answer_meta *m)
{
    return m->_writer ? introspect_holds(m->_writer) : 0;
}

static int copy(struct answer_meta *m, struct str ahead, struct buf *out, size_t enough)
{
    size_t n = MIN(ahead.len - m->_sent, enough - MIN(out->len, enough));

    buf_add(out, ahead.ptr + m->_sent, n);
    m->_sent += n;
    return out->failed ? ERR_LIMIT : m->_sent < ahead.len;
}

/* Opens the writer and passes over what was copied before. */
static int begin(struct answer_meta *m, const struct execution *x, struct buf *out)
{
    const struct plan *plan = x->plan;
    size_t start = out->len;
    struct err err;
    int rc = introspect_open(&m->_writer, plan->schema, plan->document, m->_field->selections,
                             m->_field->n_selections, x->variables, &err);

    while (rc >= 0 && m->_sent > 0) {
        size_t n;
        rc = introspect_next(m->_writer, out, start + MIN(m->_sent, (size_t)SKIP_BYTES));
        n = MIN(out->len - start, m->_sent);
        if (rc < 0 || n == 0)
            break;
        m->_sent -= n;
        memmove(out->ptr + start, out->ptr + start + n, out->len - start - n);
        out->len -= n;
    }
    return rc;
}

int answer_meta_next(struct answer_meta *m, const struct execution *x, struct buf *out,
                     size_t enough)
{
    struct str ahead = m->_writer ? (struct str){0} : ahead_value(x->plan, m->_field);
    int rc = 0;

    if (ahead.ptr) {
        rc = copy(m, ahead, out, enough);
    } else {
        if (!m->_writer)
            rc = begin(m, x, out);
        if (rc >= 0)
            rc = introspect_next(m->_writer, out, enough);
    }
    if (rc == 0)
        answer_meta_release(m);
    return rc;
}
