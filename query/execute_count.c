/* query/execute_count.c: see query/execute_count.h. */
#include "query/execute_count.h"

#include "base/err.h"
#include "query/execute.h"

int count_prepare(struct execution *x, struct step_run *run, void (*done)(struct fetch *f, int rc))
{
    struct step_count *c = arena_zalloc(x->arena, sizeof *c);
    struct key *keys = arena_array(x->arena, run->fetch.n, sizeof *keys);
    uint32_t most = 0;

    if (!c || !keys)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < run->fetch.n; i++) {
        uint32_t n;
        int rc;
        keys[i] = run->fetch.keys[i];
        rc = judge_left_out(x, run, i, &keys[i].left_out, &n);
        if (rc < 0)
            return rc;
        most = MAX(most, n);
    }
    c->run = run;
    c->page = run->page;
    c->page.counts = true;
    c->page.has_after = false;
    c->page.limit = ACCESS_COUNT_MAX + most; /* a function counts before they are left out */
    c->fetch = (struct fetch){.path = run->fetch.path,
                              .keys = keys,
                              .n = run->fetch.n,
                              .page = &c->page,
                              .viewer = x->viewer,
                              .arena = x->arena,
                              .done = done};
    run->count = c;
    return 0;
}

void count_settle(struct step_run *run)
{
    for (uint32_t s = 0; run->count && s < run->fetch.n; s++) {
        const struct slice *counted = &run->count->fetch.slices[s];
        if (counted->rc < 0 || counted->n == 0 || row_is_null(counted->rows[0], 0))
            run->fetch.slices[s] = (struct slice){.rc = counted->rc < 0 ? counted->rc : ERR_DATA};
    }
}
