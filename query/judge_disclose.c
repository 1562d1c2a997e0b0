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

/* `words` with those of `more` behind it that it lacks. false: no memory. */
static bool join(const struct execution *x, struct str *words, struct str more, const char *between)
{
    bool whole = true;
    struct buf b;

    buf_init(&b, 0);
    buf_add_str(&b, *words);
    for (struct str word = judge_word(&more); word.len; word = judge_word(&more))
        if (!judge_has_word(*words, word))
            buf_addf(&b, "%s%.*s", b.len ? between : "", STR_FMT(word));
    if (b.failed || b.len > words->len) {
        *words = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
        whole = words->ptr != NULL;
    }
    buf_release(&b);
    return whole;
}

/* One person is one entry of the record: what a function gave out of somebody who is met in another way too stands with that,
 * and so does what was met before a change. */
static struct right *entry_of(const struct execution *x, const struct right *r)
{
    struct right *other = r->confined || r->past ? judge_right(&x->judge, r->subject) : NULL;
    return other == r ? NULL : other;
}

static int merge(const struct execution *x, struct right *other, const struct right *r)
{
    struct str capacities = r->capacities;

    for (uint32_t i = 0; i < judge_words(x); i++) {
        other->given[i] |= r->given[i];
        other->refused[i] |= r->refused[i];
    }
    if (!join(x, &capacities, other->capacities, ",") || !join(x, &other->calls, r->calls, " ") ||
        !join(x, &other->answered, r->answered, " "))
        return ERR_MEMORY;
    other->capacities = capacities;
    if (!other->reason.len)
        other->reason = r->reason;
    other->told |= r->told;
    if (r->past && r->judged) {
        other->own = r->own && (other->own || !other->judged);
        other->judged = true;
    }
    return 0;
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
    /* What a function said of somebody before rights were asked is a past entry that nobody judged. */
    for (const struct right *r = x->judge.map ? x->judge._first : NULL; r; r = r->_next)
        if (!r->confined && !r->mask && (r->judged || !r->past))
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
    for (const struct right *r = x->judge._first; r; r = r->_next) {
        struct right *other = entry_of(x, r);
        if (other && merge(x, other, r) < 0)
            return ERR_MEMORY;
    }
    for (const struct right *r = x->judge._first; r; r = r->_next) {
        if (r->phantom || entry_of(x, r) ||
            !(any(x, r->given) || any(x, r->refused) || r->calls.len || r->answered.len))
            continue;
        if (disclose_one(x, r, &all[n++]) < 0)
            return ERR_MEMORY;
    }
    *ret = all;
    *ret_n = n;
    return 0;
}
