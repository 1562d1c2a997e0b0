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

/* Puts the words of `before` in front of `words`, each once. false: no memory. */
static bool join(const struct execution *x, struct str before, struct str *words,
                 const char *between)
{
    struct str rest = *words;
    struct buf b;

    if (!before.len)
        return true;
    buf_init(&b, 0);
    buf_add_str(&b, before);
    for (struct str word = judge_word(&rest); word.len; word = judge_word(&rest))
        if (!judge_has_word(before, word))
            buf_addf(&b, "%s%.*s", between, STR_FMT(word));
    *words = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    buf_release(&b);
    return words->ptr != NULL;
}

/* One person is one entry of the record: what a function gave out of somebody who is met in another way too stands with that,
 * and so does what was met before a change. */
static struct right *entry_of(const struct execution *x, const struct right *r)
{
    struct right *other = r->confined || r->past ? judge_right(&x->judge, r->subject) : NULL;

    if (other == r)
        return NULL;
    /* What was met before several changes stands in that order: each goes into the next. */
    for (struct right *next = r->_next; other && r->past && next; next = next->_next)
        if (next == other || (next->past && next->subject == r->subject))
            return next;
    return other;
}

static int merge(const struct execution *x, struct right *other, const struct right *r)
{
    for (uint32_t i = 0; i < judge_words(x); i++) {
        other->given[i] |= r->given[i];
        other->refused[i] |= r->refused[i];
    }
    if (!join(x, r->capacities, &other->capacities, ",") ||
        !join(x, r->calls, &other->calls, " ") || !join(x, r->answered, &other->answered, " "))
        return ERR_MEMORY;
    if (!other->reason.len)
        other->reason = r->reason;
    other->told |= r->told;
    return 0;
}

/* Whether the viewer was the person each time that it was asked. */
static bool is_own(const struct execution *x, const struct right *r)
{
    bool own = false;

    if (!x->judge._renewed)
        return r->own;
    for (const struct right *one = x->judge._first; one; one = one->_next) {
        if (one->confined || !one->judged || one->subject != r->subject)
            continue;
        own = one->own;
        if (!own)
            break;
    }
    return own;
}

static int disclose_one(const struct execution *x, const struct right *r, struct disclosure *d)
{
    bool given = any(x, r->given) || r->answered.len;
    struct buf b;

    *d = (struct disclosure){.subject = r->subject,
                             .refused = !given,
                             .told = r->told,
                             .own = is_own(x, r),
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
