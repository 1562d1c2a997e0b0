/* query/judge_admit.c: taking out what may not be seen. See query/judge.h. Layer: query; base only. */
#include "base/buf.h"
#include "base/err.h"
#include "query/arguments.h"
#include "query/judge_priv.h"

/* ---- hidden entries ---- */

/* `name`, and behind a colon the id where it has one. */
static bool hides(struct str word, struct str name, bool *ret_all, int64_t *ret_id)
{
    if (word.len < name.len || memcmp(word.ptr, name.ptr, name.len) != 0)
        return false;
    *ret_all = word.len == name.len;
    if (*ret_all)
        return true;
    return word.ptr[name.len] == ':' &&
           parse_integer((struct str){word.ptr + name.len + 1, word.len - name.len - 1}, ret_id);
}

/* How many entries of a table are hidden; UINT32_MAX: all of them. */
static uint32_t count_hidden(const struct right *r, const struct table *t)
{
    struct str rest = r->withheld;
    uint32_t n = 0;
    bool all;
    int64_t id;

    for (struct str word = judge_word(&rest); word.len; word = judge_word(&rest)) {
        if (t->stands_for) { /* single ones of any table: those of a whole kind are not asked for */
            n += memchr(word.ptr, ':', word.len) != NULL;
        } else if (hides(word, t->name, &all, &id)) {
            if (all)
                return UINT32_MAX;
            n++;
        }
    }
    return n;
}

static bool is_hidden(const struct right *r, struct str table, int64_t row_id)
{
    struct str rest = r->withheld;
    bool all;
    int64_t id;

    for (struct str word = judge_word(&rest); word.len; word = judge_word(&rest))
        if (hides(word, table, &all, &id) && (all || id == row_id))
            return true;
    return false;
}

/* ---- rows that stand for entries ---- */

/* The type whose table is `name`, of those that the rows of `t` stand for; NULL: none. */
static const struct type *entry_type(const struct type *t, struct str name)
{
    for (uint32_t i = 0; i < t->entry_of->n_possible; i++)
        if (str_eq(t->entry_of->possible[i]->table->name, name))
            return t->entry_of->possible[i];
    return NULL;
}

/* Which tables' entries may be seen: those that @allow and the person leave. ptr NULL: no memory. */
static struct str kinds_of(struct execution *x, struct right *r, const struct type *of)
{
    struct buf b;

    if (r->kinds_of == of)
        return r->kinds;
    buf_init(&b, 0);
    for (uint32_t i = 0; i < of->n_possible; i++) {
        const struct type *one = of->possible[i];
        if (r->mask & one->allow && !is_hidden(r, one->table->name, INT64_MIN))
            buf_addf(&b, "%s%.*s", b.len ? "," : "", STR_FMT(one->table->name));
    }
    r->kinds = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    r->kinds_of = r->kinds.ptr ? of : NULL;
    buf_release(&b);
    return r->kinds;
}

/* Whether a row may be seen as far as what it stands for (or what it is) says. */
static bool admits_entry(const struct plan_step *step, const struct right *r, const struct row *row)
{
    const struct table *t = step->path->table;
    struct str name = t->name;
    int64_t id = t->n_key ? row_number(row, t->key_cell[t->n_key - 1]) : INT64_MIN;

    if (t->stands_for) {
        const struct type *one =
            entry_type(step->field->row_type, row_cell(row, t->entry_kind_cell));
        if (!one || !(r->mask & one->allow))
            return false;
        name = one->table->name;
        id = row_number(row, t->entry_id_cell);
    }
    return !r->withheld.len || !is_hidden(r, name, id);
}

/* ---- admitting ---- */

static bool admits_key(const struct plan_step *step, const struct right *r, const struct key *key)
{
    const struct table *t = step->path->table;

    if (!(r->mask & step->allow))
        return false;
    /* Of a list the rows are looked at, so that it stays a list. */
    return !r->withheld.len || step->path->kind == ACCESS_LIST || t->n_key < 2 ||
           !is_hidden(r, t->name, key->part[t->n_key - 1]);
}

/* Lists are asked for as many more as are hidden of them, so that a page is full all the same. */
static void ask_for_more(struct step_run *run, const struct plan_step *step, const struct right *r,
                         uint32_t *most)
{
    uint32_t hidden = count_hidden(r, step->path->table);

    run->sifted = true;
    if (step->path->kind != ACCESS_LIST || hidden == UINT32_MAX || hidden <= *most)
        return;
    run->page.limit += hidden - *most;
    *most = hidden;
}

/* The words of what is withheld that speak of single rows of `t`; UINT32_MAX: of all of them. */
static uint32_t add_left_out(const struct right *r, const struct table *t, struct buf *b)
{
    struct str rest = r->withheld;
    uint32_t n = 0;
    bool all;
    int64_t id;

    for (struct str word = judge_word(&rest); word.len; word = judge_word(&rest)) {
        const char *colon = memchr(word.ptr, ':', word.len);
        if (t->stands_for && colon) { /* of a whole kind: it is not asked for */
            buf_addf(b, "%s%.*s", n++ ? "," : "", STR_FMT(word));
        } else if (!t->stands_for && hides(word, t->name, &all, &id)) {
            if (all)
                return UINT32_MAX;
            buf_addf(b, "%s%lld", n++ ? "," : "", (long long)id);
        }
    }
    return n;
}

int judge_left_out(const struct execution *x, const struct step_run *run, uint32_t key,
                   struct str *ret, uint32_t *ret_n)
{
    const struct plan_step *step = step_of(x, run);
    const struct right *r;
    struct buf b;

    *ret = (struct str){0};
    *ret_n = 0;
    if (!judge_holds(x, run))
        return 0;
    r = run->granted ? run->granted[key]
                     : judge_right(&x->judge, run->fetch.keys[key].part[step->subject_key]);
    if (!r->withheld.len)
        return 0;
    buf_init(&b, 0);
    *ret_n = add_left_out(r, step->path->table, &b);
    if (*ret_n == UINT32_MAX) {
        *ret = STR("*");
        *ret_n = 0;
    } else if (*ret_n) {
        *ret = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    }
    buf_release(&b);
    return *ret_n && !ret->ptr ? ERR_MEMORY : 0;
}

void judge_admit_keys(struct execution *x, struct step_run *run)
{
    const struct plan_step *step = step_of(x, run);
    struct key *keys = (struct key *)(uintptr_t)run->fetch.keys; /* this execution's own */
    uint32_t n = 0, most = 0;

    if (!judge_holds(x, run) || step->subject_key < 0)
        return;
    for (uint32_t p = 0; p < run->n_parents; p++) {
        const struct key *key;
        struct right *r;
        if (run->slice_of[p] < 0)
            continue;
        key = &keys[run->slice_of[p]];
        r = run->granted ? run->granted[run->slice_of[p]]
                         : judge_right(&x->judge, key->part[step->subject_key]);
        run->slice_of[p] = SLICE_NONE;
        if (!r || !admits_key(step, r, key)) {
            if (r)
                judge_mark_step(r->refused, step);
            x->careful |= step->needed;
            continue;
        }
        judge_mark_step(r->given, step);
        if (r->withheld.len)
            ask_for_more(run, step, r, &most);
        if (run->granted)
            run->granted[n] = r;
        keys[n] = *key;
        if (step->path->by_kind) {
            keys[n].kinds = kinds_of(x, r, step->field->row_type->entry_of);
            run->sifted = true; /* the rows are looked at all the same */
        }
        run->slice_of[p] = (int32_t)n++;
    }
    run->fetch.n = n;
}

/* Whether a function lists the step's rows. */
static bool is_listed(const struct plan_step *step)
{
    return step->path->function.len || step->field->resolve == RESOLVE_CALL_LIST;
}

/* What the viewer may see of whom row `i` of slice `s` is about. */
static struct right *right_of_row(const struct execution *x, const struct step_run *run, uint32_t s,
                                  uint32_t i)
{
    uint32_t cell = run->fetch.path->table->subject_cell;

    if (run->granted)
        return run->granted[run->call ? i : s];
    return judge_right(&x->judge, row_number(run->fetch.slices[s].rows[i], cell));
}

/* What of the plan's parts a row of the step shows. */
static uint32_t part_of_row(const struct execution *x, const struct plan_step *step,
                            const struct row *row)
{
    const struct plan_part *parts = &x->plan->parts[step->part];
    struct str kind;

    if (step->n_parts == 1)
        return step->part;
    kind = row_cell(row, type_ref_named(step->field->type)->kind_cell);
    for (uint32_t i = 0; i < step->n_parts; i++)
        if (str_eq(parts[i].kind, kind))
            return step->part + i;
    return step->part;
}

static bool admits_row(struct execution *x, const struct step_run *run, uint32_t s, uint32_t i)
{
    const struct plan_step *step = step_of(x, run);
    const struct row *row = run->fetch.slices[s].rows[i];
    struct right *r = right_of_row(x, run, s, i);
    bool admitted = r && r->mask & step->allow && admits_entry(step, r, row);

    /* Nobody asked for whom a function happens to list. */
    if (r && step->subject_key < 0 && (admitted || !is_listed(step)))
        judge_mark(admitted ? r->given : r->refused, part_of_row(x, step, row));
    return admitted;
}

int judge_admit_rows(struct execution *x, struct step_run *run)
{
    if (!judge_holds(x, run) || (step_of(x, run)->subject_key >= 0 && !run->sifted))
        return 0;
    for (uint32_t s = 0; s < run->fetch.n; s++) {
        struct slice *slice = &run->fetch.slices[s];
        const struct row **kept = arena_array(x->arena, MAX(slice->n, 1u), sizeof *kept);
        uint32_t n = 0;
        if (!kept)
            return ERR_MEMORY;
        for (uint32_t i = 0; i < slice->n; i++)
            if (admits_row(x, run, s, i))
                kept[n++] = slice->rows[i];
        slice->rows = kept; /* the rows that it had may be others' too */
        slice->n = n;
    }
    return 0;
}

int judge_note_rows(struct execution *x, struct step_run *run)
{
    uint32_t at = 0;

    if (!judge_holds(x, run) || run->n_rows == 0)
        return 0;
    run->rights = arena_array(x->arena, run->n_rows, sizeof(struct right *));
    if (!run->rights)
        return ERR_MEMORY;
    for (uint32_t s = 0; s < run->fetch.n; s++) {
        const struct slice *slice = &run->fetch.slices[s];
        for (uint32_t i = 0; i < MIN(slice->n, run->shown); i++) {
            struct right *r = right_of_row(x, run, s, i);
            if (!run->granted)
                x->judge._hit = r;
            run->rights[at++] = r;
        }
    }
    return 0;
}

bool judge_field(struct execution *x, struct step_run *run, uint32_t parent, rights_mask allow)
{
    const struct plan_step *step = step_of(x, run);
    struct right *const *rights = x->runs[step->parent].rights;

    if (allow == RIGHTS_ALL || !rights || rights[parent]->mask & allow)
        return true;
    if (step->path->table->personal)
        judge_mark_step(rights[parent]->refused, step);
    return false;
}

/* Under which entry of the person the step's keys were admitted: the first that says so, since a step runs once. */
static const struct right *right_of_step(const struct execution *x, const struct step_run *run,
                                         int64_t subject)
{
    for (const struct right *r = x->judge._renewed ? x->judge._first : NULL; r; r = r->_next)
        if (!r->confined && r->subject == subject && judge_marked(r->given, step_of(x, run)->part))
            return r;
    return judge_right(&x->judge, subject);
}

bool judge_withheld(const struct execution *x, const struct step_run *run, uint32_t slice)
{
    int at = x->plan->steps[run->id].subject_key;
    const struct right *r;

    if (!judge_holds(x, run) || at < 0)
        return false;
    r = right_of_step(x, run, run->fetch.keys[slice].part[at]);
    return r && r->withheld.len &&
           (run->fetch.path->by_kind || count_hidden(r, run->fetch.path->table) > 0);
}
