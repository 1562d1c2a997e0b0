/* query/judge_disclose.c: what an execution told of whom. See query/judge.h. Layer: query; base only. */
#include "base/buf.h"
#include "base/err.h"
#include "query/judge_priv.h"

static bool any(const struct execution *x, const uint64_t *bits)
{
    for (uint32_t i = 0; i < judge_words(x); i++)
        if (bits[i])
            return true;
    return false;
}

/* The marked parts, each once; with `sign` before each. */
static void add_parts(const struct execution *x, const uint64_t *bits, const char *sign,
                      struct buf *b)
{
    for (uint32_t i = 0; i < x->plan->n_parts; i++) {
        struct str parts = x->plan->parts[i].shown;
        uint32_t before = 0;
        if (!judge_marked(bits, i) || !parts.len)
            continue;
        while (before < i &&
               !(judge_marked(bits, before) && str_eq(x->plan->parts[before].shown, parts)))
            before++;
        if (before < i)
            continue;
        buf_add_z(b, b->len ? " " : "");
        buf_add_z(b, sign);
        buf_add_str(b, parts);
    }
}

static void add_calls(struct str calls, const char *sign, struct buf *b)
{
    for (struct str call = judge_word(&calls); call.len; call = judge_word(&calls))
        buf_addf(b, "%s%s%.*s", b->len ? " " : "", sign, STR_FMT(call));
}

/* One person is one entry: what a function gave out of somebody who is met in another way too stands with that. */
static struct right *merged(const struct execution *x, struct right *r)
{
    struct right *other = r->confined ? judge_right(&x->judge, r->subject) : NULL;
    struct buf b;

    if (!other)
        return r;
    for (uint32_t i = 0; i < judge_words(x); i++) {
        other->given[i] |= r->given[i];
        other->refused[i] |= r->refused[i];
    }
    other->told |= r->told;
    buf_init(&b, 0);
    buf_add_str(&b, r->capacities);
    if (other->capacities.len)
        buf_addf(&b, ",%.*s", STR_FMT(other->capacities));
    other->capacities = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    buf_release(&b);
    return other->capacities.ptr ? other : NULL;
}

static int disclose_one(const struct execution *x, const struct right *r, struct disclosure *d)
{
    bool given = any(x, r->given) || r->answered.len;
    struct buf b;

    *d = (struct disclosure){.subject = r->subject,
                             .refused = !given,
                             .told = r->told,
                             .own = r->own,
                             .capacities = r->capacities,
                             .reason = r->reason};
    buf_init(&b, 0);
    add_parts(x, r->given, "", &b);
    add_calls(r->answered, "", &b);
    add_parts(x, r->refused, given ? "!" : "", &b);
    add_calls(r->calls, given ? "!" : "", &b);
    d->parts = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    buf_release(&b);
    return d->parts.ptr ? 0 : ERR_MEMORY;
}

bool judge_has_veiled(const struct execution *x)
{
    if (x->judge.map && x->judge._refused)
        return true;
    for (const struct right *r = x->judge.map ? x->judge._first : NULL; r; r = r->_next)
        if (!r->confined && !r->mask)
            return true;
    return false;
}

int judge_disclose(const struct execution *x, const struct disclosure **ret, uint32_t *ret_n)
{
    struct disclosure *all;
    uint32_t n = 0;

    *ret = NULL;
    *ret_n = 0;
    if (!x->judge.map)
        return 0;
    all = arena_array(x->arena, MAX(x->judge._n, 1u), sizeof *all);
    if (!all)
        return ERR_MEMORY;
    for (struct right *r = x->judge._first; r; r = r->_next)
        if (r->confined && !merged(x, r))
            return ERR_MEMORY;
    for (const struct right *r = x->judge._first; r; r = r->_next) {
        if (r->phantom || (r->confined && judge_right(&x->judge, r->subject)) ||
            !(any(x, r->given) || any(x, r->refused) || r->calls.len || r->answered.len))
            continue;
        if (disclose_one(x, r, &all[n++]) < 0)
            return ERR_MEMORY;
    }
    *ret = all;
    *ret_n = n;
    return 0;
}
