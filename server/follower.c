/* server/follower.c: see server/follower.h. */
#include "server/follower.h"

#include <stdlib.h>

#include "base/access.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "cache/cache.h"
#include "db/follow.h"
#include "db/follow_message.h"
#include "server/heard.h"

#define PUBLICATION "tolqujat_changes"

enum {
    TARGETS_MAX = 8,
    RELATIONS_MAX = 1024,
    CONNECT_MS = 2000,
    KEY_DIGITS = 24
};

/* What a row of a relation changes, found by the key in one of its columns. */
struct target {
    const struct table *table;
    bool hot;   /* else an aggregate */
    bool whole; /* hot: whichever row it is, all of the table */
    uint32_t column;
};

struct relation {
    uint32_t id;
    uint32_t n_targets;
    bool overflows; /* there are more: what happens to its rows voids everything */
    struct target targets[TARGETS_MAX];
};

struct follower {
    const struct access *access;
    struct generations *generations;
    struct heard *heard;
    struct follow *follow;
    struct str *tables; /* that the publication has to have */
    uint32_t n_tables;
    struct relation *relations;
    uint32_t n_relations, room;
    bool voided; /* everything, by this transaction: once is enough */
    struct follower_stats stats;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* ---- which tables ---- */

static const struct table *aggregate_of(const struct access_path *path)
{
    if (path->function.len)
        return NULL;
    return path->aggregate ? path->aggregate : path->table->aggregate ? path->table : NULL;
}

static void add_table(struct follower *f, struct str name)
{
    for (uint32_t i = 0; i < f->n_tables; i++)
        if (str_eq(f->tables[i], name))
            return;
    f->tables[f->n_tables++] = name;
}

/* The tables that cached rows are read from. ERR_MEMORY. */
static int list_tables(struct follower *f)
{
    const struct access *a = f->access;
    uint32_t n = a->n_tables + a->n_paths;

    for (uint32_t i = 0; i < a->n_tables; i++)
        n += a->tables[i].n_reads;
    f->tables = calloc(MAX(n, 1u), sizeof *f->tables);
    if (!f->tables)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < a->n_paths; i++)
        if (aggregate_of(&a->paths[i]) && !a->paths[i].table->view)
            add_table(f, a->paths[i].table->name);
    for (uint32_t i = 0; i < a->n_tables; i++) {
        const struct table *t = &a->tables[i];
        if (t->hot && !t->view)
            add_table(f, t->name);
        for (uint32_t k = 0; k < t->n_reads; k++)
            add_table(f, t->reads[k]);
    }
    return 0;
}

/* ---- what a relation's rows change ---- */

static void add_target(struct relation *r, struct target target)
{
    for (uint32_t i = 0; i < r->n_targets; i++)
        if (r->targets[i].table == target.table && r->targets[i].column == target.column)
            return;
    if (r->n_targets == TARGETS_MAX)
        r->overflows = true;
    else
        r->targets[r->n_targets++] = target;
}

/* The column `name` of the relation leads to a row of `table`. */
static void lead(struct relation *r, const struct follow_message *m, struct str name,
                 const struct table *table, bool hot)
{
    for (uint32_t i = 0; i < m->n_columns; i++)
        if (str_eq(m->columns[i], name))
            add_target(r, (struct target){.table = table, .hot = hot, .column = i});
}

/* A path whose rows hang on an aggregate by a column: a column of that name means the same in every table, those too that no
 * path leads to but that functions read. */
static void find_aggregates(const struct follower *f, struct relation *r,
                            const struct follow_message *m)
{
    for (uint32_t i = 0; i < f->access->n_tables; i++) {
        const struct table *t = &f->access->tables[i];
        if (t->aggregate && t->n_key == 1 && str_eq(t->name, m->name))
            lead(r, m, t->key[0], t, false);
    }
    for (uint32_t i = 0; i < f->access->n_paths; i++) {
        const struct access_path *p = &f->access->paths[i];
        const struct table *t = aggregate_of(p);
        if (t && p->table != t && p->n_columns == 1 && t->n_key == 1)
            lead(r, m, p->column[0], t, false);
    }
}

static void find_hot(const struct follower *f, struct relation *r, const struct follow_message *m)
{
    for (uint32_t i = 0; i < f->access->n_tables; i++) {
        const struct table *t = &f->access->tables[i];
        if (t->hot && str_eq(t->name, m->name))
            lead(r, m, t->key[0], t, true);
        for (uint32_t k = 0; k < t->n_reads; k++)
            if (str_eq(t->reads[k], m->name))
                add_target(r, (struct target){.table = t, .hot = true, .whole = true});
    }
}

static struct relation *find_relation(struct follower *f, uint32_t id)
{
    for (uint32_t i = 0; i < f->n_relations; i++)
        if (f->relations[i].id == id)
            return &f->relations[i];
    return NULL;
}

static struct relation *new_relation(struct follower *f)
{
    if (f->n_relations == f->room) {
        uint32_t room = f->room ? f->room * 2 : 64;
        struct relation *more = room > RELATIONS_MAX ? NULL
                                                     : realloc(f->relations, room * sizeof *more);
        if (!more)
            return NULL;
        f->relations = more;
        f->room = room;
    }
    return &f->relations[f->n_relations++];
}

static void describe(struct follower *f, const struct follow_message *m)
{
    struct relation *r = find_relation(f, m->relation);

    if (!r)
        r = new_relation(f);
    if (!r)
        return; /* what happens to its rows voids everything */
    *r = (struct relation){.id = m->relation};
    find_aggregates(f, r, m);
    find_hot(f, r, m);
}

/* ---- changes ---- */

static void void_all(struct follower *f)
{
    if (f->voided)
        return;
    f->voided = true;
    f->stats.voided_others++;
    heard_anything(f->heard);
}

static bool key_of(struct str text, struct key *ret)
{
    char digits[KEY_DIGITS];
    char *end;

    if (!text.ptr || text.len == 0 || text.len >= sizeof digits)
        return false;
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    *ret = (struct key){.part = {strtoll(digits, &end, 10)}};
    return *end == '\0';
}

static void touch(struct follower *f, const struct target *t, struct str value)
{
    bool is_text = t->table->columns[t->table->key_cell[0]].raw_is_text;
    struct key key = {.text = value};

    if (t->whole) {
        heard_hot(f->heard, t->table, NULL);
        return;
    }
    if (!value.ptr)
        return; /* it belongs to nobody */
    if (!is_text && !key_of(value, &key))
        void_all(f);
    else if (t->hot)
        heard_hot(f->heard, t->table, &key.part[0]);
    else
        heard_aggregate(f->heard, t->table, &key);
}

static void changed(struct follower *f, const struct follow_message *m)
{
    const struct relation *r = find_relation(f, m->relation);

    if (failpoint("deaf-follower"))
        return;
    if (!r || r->n_targets == 0 || r->overflows) {
        void_all(f);
        return;
    }
    for (uint32_t i = 0; i < r->n_targets; i++) {
        touch(f, &r->targets[i], m->columns[r->targets[i].column]);
        if (m->has_old)
            touch(f, &r->targets[i], m->old[r->targets[i].column]);
    }
}

static void on_told(void *data, const struct follow_message *m)
{
    struct follower *f = data;

    switch (m->kind) {
    case FOLLOW_RELATION:
        describe(f, m);
        break;
    case FOLLOW_CHANGED:
        changed(f, m);
        break;
    case FOLLOW_TRUNCATED:
        void_all(f);
        break;
    case FOLLOW_BEGINS:
        f->voided = false;
        heard_begins(f->heard, m->xid);
        break;
    case FOLLOW_OTHER:
        break;
    }
}

static void on_begins(void *data)
{
    struct follower *f = data;

    f->n_relations = 0;    /* they are described anew */
    heard_clear(f->heard); /* the slot has waited for the end of whatever was under way */
    generations_flush(f->generations);
    log_info("changes by others are followed");
}

static void on_caught_up(void *data, uint64_t ms, struct str snapshot)
{
    struct follower *f = data;

    if (heard_settle(f->heard, snapshot))
        generations_follow(f->generations, ms + GENERATIONS_LAG_MS);
}

static void on_note(const char *why)
{
    log_warn("changes by others can't be followed, so that caches serve little: %s", why);
}

/* ---- the whole ---- */

static void release(struct follower *f)
{
    heard_free(f->heard);
    free(f->tables);
    free(f->relations);
    free(f);
}

static struct follow_config config_of(struct follower *f, const char *conninfo)
{
    return (struct follow_config){.conninfo = conninfo,
                                  .publication = PUBLICATION,
                                  .tables = f->tables,
                                  .n_tables = f->n_tables,
                                  .connect_timeout_ms = CONNECT_MS,
                                  .note = on_note,
                                  .begins = on_begins,
                                  .told = on_told,
                                  .caught_up = on_caught_up,
                                  .data = f};
}

static int follower_new(struct follower **ret, const struct access *access, struct err *reterr)
{
    struct follower *f = calloc(1, sizeof *f);

    if (f)
        f->access = access;
    if (!f || list_tables(f) < 0) {
        free(f);
        return err_set(reterr, ERR_MEMORY, "There is no memory to start with.");
    }
    *ret = f;
    return 0;
}

int follower_open(struct follower **ret, struct uv_loop_s *loop, const char *conninfo,
                  const struct access *access, struct generations *generations, struct err *reterr)
{
    struct follow_config config;
    struct follower *f;
    int rc = follower_new(&f, access, reterr);

    if (rc < 0)
        return rc;
    f->generations = generations;
    f->heard = heard_new(generations);
    config = config_of(f, conninfo);
    rc = f->heard ? follow_open(&f->follow, loop, &config, reterr)
                  : err_set(reterr, ERR_MEMORY, "There is no memory to start with.");
    if (rc < 0)
        release(f);
    else
        *ret = f;
    return rc;
}

static void on_follow_closed(void *data)
{
    struct follower *f = data;
    void (*on_closed)(void *) = f->on_closed;
    void *closed_data = f->on_closed_data;

    release(f);
    on_closed(closed_data);
}

void follower_close(struct follower *f, void (*on_closed)(void *data), void *data)
{
    f->on_closed = on_closed;
    f->on_closed_data = data;
    follow_close(f->follow, on_follow_closed, f);
}

void follower_get_stats(const struct follower *f, struct follower_stats *ret)
{
    struct follow_stats stats;

    follow_get_stats(f->follow, &stats);
    *ret = f->stats;
    ret->changes = stats.changes;
    ret->begun = stats.begun;
}

int follower_check(const char *conninfo, const struct access *access, struct err *reterr)
{
    struct follow_config config;
    struct follower *f;
    int rc = follower_new(&f, access, reterr);

    if (rc < 0)
        return rc;
    config = config_of(f, conninfo);
    rc = follow_check(&config, reterr);
    release(f);
    return rc;
}
