/* query/judge.c: see query/judge.h. Layer: query; base only. */
#include "query/judge_priv.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/viewer.h"
#include "query/source.h"

/* Somebody who does not exist. */
#define NOBODY INT64_MIN

bool judge_holds(const struct execution *x, const struct step_run *run)
{
    return x->judge.map && step_of(x, run)->path->table->personal;
}

/* The first step that would find rows about somebody: of the steps for a global id only those whose type it names
 * have keys. NULL: there is none. */
static const struct plan_step *personal_step(const struct execution *x)
{
    for (uint32_t i = 0; i < x->plan->n_steps; i++) {
        uint32_t root = i;
        if (!x->plan->steps[i].path->table->personal)
            continue;
        while (x->plan->steps[root].parent != PLAN_NO_STEP)
            root = x->plan->steps[root].parent;
        if (x->runs[root].fetch.n > 0)
            return &x->plan->steps[i];
    }
    return NULL;
}

static int refuse_anonymous(const struct execution *x, struct err *reterr)
{
    const struct plan_step *step = personal_step(x);

    if (!step)
        return 0;
    return err_set_at(
        reterr, ERR_UNAUTHENTICATED, (int)step->selection->loc.line,
        (int)step->selection->loc.column,
        "Records of people are for those who are known: send a token with the request.");
}

/* Rows of people may come, or a function may refuse something about somebody. */
static bool is_about_people(const struct execution *x)
{
    for (uint32_t i = 0; i < x->plan->n_steps; i++)
        if (x->runs[i].call && !x->plan->steps[i].field->procedure->is_public)
            return x->plan->schema->rights.path != NULL;
    return x->plan->personal;
}

int judge_start(struct execution *x, struct err *reterr)
{
    x->judge = (struct judge){0};
    if (!is_about_people(x) || !x->viewer || x->viewer->kind == VIEWER_OPEN)
        return 0;
    if (x->viewer->kind == VIEWER_ANONYMOUS)
        return refuse_anonymous(x, reterr);
    x->judge.map = &x->plan->schema->rights;
    x->judge._last = &x->judge._first;
    map_init(&x->judge._by_subject, x->arena);
    return 0;
}

struct str viewer_claim(const struct viewer *viewer, enum claim claim)
{
    if (!viewer)
        return (struct str){0};
    switch (claim) {
    case CLAIM_ROLE:
        return viewer->role;
    case CLAIM_IIN:
        return viewer->iin;
    case CLAIM_ORGANISATION:
        return viewer->organisation;
    case CLAIM_NAME:
        return viewer->name;
    case CLAIM_CLIENT:
        return viewer->client;
    case CLAIM_NONE:
        break;
    }
    return (struct str){0};
}

/* ---- what is known of whom ---- */

static struct str key_of(const int64_t *subject)
{
    return (struct str){(const char *)subject, sizeof *subject};
}

struct right *judge_right(const struct judge *j, int64_t subject)
{
    if (j->_hit && j->_hit->subject == subject)
        return j->_hit;
    return map_get(&j->_by_subject, key_of(&subject));
}

static struct right *right_new(struct execution *x, int64_t subject)
{
    struct judge *j = &x->judge;
    struct right *r = arena_zalloc(x->arena, sizeof *r);
    size_t words = judge_words(x);

    if (!r)
        return NULL;
    r->subject = subject;
    r->given = arena_array(x->arena, words * 2, sizeof *r->given);
    if (!r->given)
        return NULL;
    r->refused = r->given + words;
    *j->_last = r;
    j->_last = &r->_next;
    j->_n++;
    return r;
}

/* The entry of a person, made when it is new; NULL when memory ran out. */
static struct right *right_get(struct execution *x, int64_t subject)
{
    struct judge *j = &x->judge;
    struct right *r = judge_right(j, subject);

    if (!r || r->past) {
        j->_renewed |= r != NULL;
        r = right_new(x, subject);
        if (!r || map_put(&j->_by_subject, key_of(&r->subject), r) < 0)
            return NULL;
    }
    j->_hit = r;
    return r;
}

struct str judge_word(struct str *rest)
{
    struct str word;
    size_t n = 0;

    while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == ','))
        rest->ptr++, rest->len--;
    while (n < rest->len && rest->ptr[n] != ' ' && rest->ptr[n] != ',')
        n++;
    word = (struct str){rest->ptr, n};
    rest->ptr += n;
    rest->len -= n;
    return word;
}

static rights_mask mask_of(const struct type *capacities, struct str names)
{
    rights_mask mask = 0;

    for (struct str word = judge_word(&names); word.len; word = judge_word(&names)) {
        const struct enum_def *e = map_get(&capacities->value_map, word);
        if (e)
            mask |= (rights_mask)1 << e->index;
    }
    return mask;
}

/* What the function says of one person; NULL: nothing may be seen. */
static void right_take(struct execution *x, struct right *r, const struct row *row)
{
    const struct rights_map *map = x->judge.map;

    r->judged = true;
    if (row) {
        r->capacities = row_cell(row, map->capacities_cell);
        r->withheld = row_cell(row, map->withheld_cell);
        r->reason = row_cell(row, map->reason_cell);
        r->mask = mask_of(map->capacities, r->capacities);
        r->own = r->mask & map->own;
    }
    /* Some cell may turn out to be refused when others have been written. */
    x->careful |= x->plan->restricted && !r->own;
}

bool judge_has_word(struct str words, struct str word)
{
    for (struct str one = judge_word(&words); one.len; one = judge_word(&words))
        if (str_eq(one, word))
            return true;
    return false;
}

/* Adds the field of `step`, `Mutation(newPickCode)`, to `words` unless it is among them. 0 or ERR_MEMORY. */
static int add_call(struct execution *x, const struct plan_step *step, struct str *words)
{
    const struct field *f = step->field;
    struct str call;
    struct buf b;

    buf_init(&b, 0);
    buf_addf(&b, "%.*s(%.*s)", STR_FMT(f->parent->name), STR_FMT(f->name));
    call = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    if (call.ptr && words->len && !judge_has_word(*words, call)) {
        buf_clear(&b);
        buf_addf(&b, "%.*s %.*s", STR_FMT(*words), STR_FMT(call));
        *words = b.failed ? (struct str){0} : arena_str(x->arena, buf_str(&b));
    } else if (!words->len) {
        *words = call;
    }
    buf_release(&b);
    return call.ptr && words->ptr ? 0 : ERR_MEMORY;
}

int judge_refused(struct execution *x, const struct plan_step *step, int64_t subject, bool told)
{
    struct right *r;

    if (!x->judge.map)
        return 0;
    x->judge._refused = true;
    if (subject == 0)
        return 0;
    r = right_get(x, subject);
    if (!r)
        return ERR_MEMORY;
    r->told |= told;
    return add_call(x, step, &r->calls);
}

int judge_changed(struct execution *x, const struct plan_step *step, int64_t subject)
{
    struct right *r;

    if (!x->judge.map || subject == 0)
        return 0;
    r = right_get(x, subject);
    return r ? add_call(x, step, &r->answered) : ERR_MEMORY;
}

/* ---- asking ---- */

/* What is asked for one step. */
struct judging {
    struct fetch fetch;
    struct step_run *run;
    struct right **rights; /* by key */
    void (*then)(struct step_run *run, int rc);
};

static int judging_take(struct judging *g)
{
    struct execution *x = g->run->execution;

    for (uint32_t i = 0; i < g->fetch.n; i++) {
        const struct slice *s = &g->fetch.slices[i];
        if (s->rc < 0)
            return s->rc;
        right_take(x, g->rights[i], s->n ? s->rows[0] : NULL);
    }
    return 0;
}

static void judging_done(struct fetch *f, int rc)
{
    struct judging *g = container_of(f, struct judging, fetch);

    g->run->judging = NULL;
    g->then(g->run, rc < 0 ? rc : judging_take(g));
}

static struct judging *judging_new(struct execution *x, struct step_run *run, uint32_t room,
                                   void (*then)(struct step_run *run, int rc))
{
    struct judging *g = arena_zalloc(x->arena, sizeof *g);

    if (!g)
        return NULL;
    g->run = run;
    g->then = then;
    g->rights = arena_array(x->arena, room, sizeof(struct right *));
    return g->rights ? g : NULL;
}

/* Adds somebody of whom nothing is known yet, once. */
static int judging_add(struct execution *x, struct judging *g, int64_t subject)
{
    struct right *r = right_get(x, subject);

    if (!r)
        return ERR_MEMORY;
    if (r->judged || r->_asker == g->run)
        return 0;
    r->_asker = g->run;
    r->phantom = subject == NOBODY;
    g->rights[g->fetch.n++] = r;
    return 0;
}

/* Where it is said what the viewer may see. */
static const struct access_path *path_of(const struct rights_map *map, struct str role)
{
    for (uint32_t i = 0; i < map->n_by_role; i++)
        if (str_eq(map->by_role[i].role, role))
            return map->by_role[i].path;
    return map->path;
}

static int judging_ask(struct execution *x, struct judging *g)
{
    struct key *keys;
    int rc;

    if (g->fetch.n == 0)
        return JUDGED;
    keys = arena_array(x->arena, g->fetch.n, sizeof *keys);
    if (!keys)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < g->fetch.n; i++)
        keys[i] = (struct key){.text = x->viewer->key, .part = {0, g->rights[i]->subject}};
    g->fetch = (struct fetch){.path = path_of(x->judge.map, x->viewer->role),
                              .keys = keys,
                              .n = g->fetch.n,
                              .viewer = x->viewer,
                              .arena = x->arena,
                              .done = judging_done};
    rc = x->source->fetch(x->source, &g->fetch);
    if (rc == 0)
        g->run->judging = &g->fetch;
    if (rc == FETCH_READY) {
        rc = judging_take(g);
        return rc < 0 ? rc : JUDGED;
    }
    return rc;
}

/* The second group of a row's cells is of the same row: who was given that sees both. 1: it was given; 0: not; or ERR_MEMORY. */
static int take_granted(const struct execution *x, struct step_run *run)
{
    const struct plan_step *step = step_of(x, run);
    const struct step_run *up = step->path->table->apart ? &x->runs[step->parent] : NULL;

    if (!up || !up->granted)
        return 0;
    run->granted = arena_array(x->arena, MAX(run->fetch.n, 1u), sizeof(struct right *));
    if (!run->granted)
        return ERR_MEMORY;
    for (uint32_t p = 0; p < run->n_parents; p++)
        if (run->slice_of[p] >= 0)
            run->granted[run->slice_of[p]] = up->rights[p];
    return 1;
}

int judge_keys(struct execution *x, struct step_run *run,
               void (*then)(struct step_run *run, int rc))
{
    int at = step_of(x, run)->subject_key, rc;
    struct judging *g;

    if (!judge_holds(x, run))
        return JUDGED;
    rc = take_granted(x, run);
    if (rc != 0 || at < 0)
        return rc < 0 ? rc : JUDGED;
    g = judging_new(x, run, run->fetch.n, then);
    if (!g)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < run->fetch.n && rc == 0; i++)
        rc = judging_add(x, g, run->fetch.keys[i].part[at]);
    return rc < 0 ? rc : judging_ask(x, g);
}

static bool is_own(const struct execution *x, const struct table *t, const struct row *row)
{
    const struct rights_map *map = x->judge.map;

    return t == map->subject && x->viewer->iin.len && str_eq(x->viewer->role, map->own_role) &&
           str_eq(row_cell(row, map->viewer_cell), x->viewer->iin) &&
           !(map->ends && !row_is_null(row, map->end_cell));
}

/* A row of the viewer's own needs no asking. */
static int know_own(struct execution *x, const struct table *t, const struct row *row)
{
    const struct rights_map *map = x->judge.map;
    struct right *r;

    if (!is_own(x, t, row))
        return 0;
    r = right_get(x, row_number(row, t->subject_cell));
    if (!r)
        return ERR_MEMORY;
    r->judged = r->own = true;
    r->mask = map->own;
    r->capacities = map->own_name;
    return 0;
}

/* What a function has given out of this person in the same capacity before: one person is one entry of the record. */
static struct right *granted_before(const struct judge *j, int64_t subject, rights_mask mask)
{
    struct right *r = j->_first;

    while (r && !(r->confined && r->subject == subject && r->mask == mask))
        r = r->_next;
    return r;
}

static struct right *granted_get(struct execution *x, int64_t subject, rights_mask mask)
{
    struct right *r = granted_before(&x->judge, subject, mask);

    if (!r)
        r = right_new(x, subject);
    if (!r)
        return NULL;
    r->judged = r->confined = true;
    r->mask = mask;
    r->capacities = x->judge.map->capacities->values[__builtin_ctz(mask)].name;
    return r;
}

/* The rows that a function gave out are seen in the capacity that its field says, whatever else of the persons is. */
static int know_granted(struct execution *x, struct step_run *run)
{
    const struct plan_step *step = step_of(x, run);
    const struct slice *slice = &run->fetch.slices[0];

    if (slice->n == 0)
        return JUDGED;
    run->granted = arena_array(x->arena, slice->n, sizeof(struct right *));
    if (!run->granted)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < slice->n; i++) {
        int64_t subject = row_number(slice->rows[i], step->path->table->subject_cell);
        run->granted[i] = granted_get(x, subject, step->field->granted);
        if (!run->granted[i])
            return ERR_MEMORY;
    }
    x->careful |= x->plan->restricted;
    return JUDGED;
}

/* After a change nothing that was known of rights is known any more. The entries stay as they are, for the rows that were met
 * under them and for the record of those; whoever is met again has a new one. */
static void forget_all(struct judge *j)
{
    for (struct right *r = j->_first; r; r = r->_next)
        r->past = !r->confined;
    j->_hit = NULL;
}

static uint32_t count_rows(const struct step_run *run)
{
    uint32_t n = 0;

    for (uint32_t s = 0; s < run->fetch.n; s++)
        n += run->fetch.slices[s].n;
    return n;
}

/* Whether a function answered with a value about somebody whom its arguments name (a code for a prescription): there is no row to judge. */
static bool is_answer_about(const struct execution *x, const struct step_run *run)
{
    return x->judge.map && run->call && run->call->call.about != 0 &&
           step_of(x, run)->field->procedure->scalar && run->fetch.slices[0].rc == 0 &&
           run->fetch.slices[0].n > 0;
}

/* The function decided who may; as what, is asked for the record. */
static int judge_answer(struct execution *x, struct step_run *run,
                        void (*then)(struct step_run *run, int rc))
{
    struct judging *g = judging_new(x, run, 1, then);
    struct right *r = right_get(x, run->call->call.about);
    int rc = g && r ? add_call(x, step_of(x, run), &r->answered) : ERR_MEMORY;

    if (rc == 0)
        rc = judging_add(x, g, r->subject);
    return rc < 0 ? rc : judging_ask(x, g);
}

int judge_rows(struct execution *x, struct step_run *run,
               void (*then)(struct step_run *run, int rc))
{
    const struct table *t = step_of(x, run)->path->table;
    struct judging *g;
    uint32_t n;
    int rc = 0;

    if (x->judge.map && run->call && step_of(x, run)->field->procedure->writes)
        forget_all(&x->judge);
    if (is_answer_about(x, run))
        return judge_answer(x, run, then);
    if (!judge_holds(x, run) || step_of(x, run)->subject_key >= 0)
        return JUDGED;
    if (step_of(x, run)->field->granted)
        return know_granted(x, run);
    n = count_rows(run);
    g = judging_new(x, run, n + 1, then);
    if (!g)
        return ERR_MEMORY;
    for (uint32_t s = 0; s < run->fetch.n && rc == 0; s++)
        for (uint32_t r = 0; r < run->fetch.slices[s].n && rc == 0; r++) {
            const struct row *row = run->fetch.slices[s].rows[r];
            rc = know_own(x, t, row);
            if (rc == 0)
                rc = judging_add(x, g, row_number(row, t->subject_cell));
        }
    /* What a function returns below a row, about whom it is, is no secret: the row was judged. */
    if (rc == 0 && n == 0 && run->fetch.n > 0 && !step_of(x, run)->path->function.len)
        rc = judging_add(x, g, NOBODY);
    return rc < 0 ? rc : judging_ask(x, g);
}
