/* tests/unit/db_probe_fixture.h: a struct db in a loop of its own over the schema of
 * db_fixture.h, and fetches and scans that remember how they ended. A binary defines SCHEMA
 * before it includes this: its own schema in the database, and the name that its connections
 * bear there. */
#ifndef TESTS_UNIT_DB_PROBE_FIXTURE_H
#define TESTS_UNIT_DB_PROBE_FIXTURE_H

#include "tests/unit/test.h"

#include <uv.h>

#include "base/arena.h"
#include "db/db.h"
#include "tests/unit/db_fixture.h"

/* One fetch with all that it needs. */
struct probe {
    struct fetch f;
    struct arena arena;
    struct key keys[600];
    struct page page;
    int done, rc;
};

static uv_loop_t loop;
static struct db *db;
static bool closed;

static inline void on_done(struct fetch *f, int rc)
{
    struct probe *p = container_of(f, struct probe, f);
    p->done++;
    p->rc = rc;
}

static inline struct probe *probe_new(int path, uint32_t n)
{
    struct probe *p = calloc(1, sizeof *p);
    arena_init(&p->arena, 0);
    p->f = (struct fetch){.path = &paths[path],
                          .keys = p->keys,
                          .n = n,
                          .page = paths[path].kind == ACCESS_LIST ? &p->page : NULL,
                          .arena = &p->arena,
                          .done = on_done};
    p->page.limit = 10;
    return p;
}

/* A probe for the keys from, from + 1, ... */
static inline struct probe *probe_range(int path, int64_t from, uint32_t n)
{
    struct probe *p = probe_new(path, n);
    for (uint32_t i = 0; i < n; i++)
        p->keys[i].part[0] = from + i;
    return p;
}

static inline void probe_free(struct probe *p)
{
    assert_int_equal(p->done, 1);
    arena_release(&p->arena);
    free(p);
}

static inline void on_late(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

static inline void on_timer_closed(uv_handle_t *h)
{
    *(bool *)h->data = false;
}

/* Runs the loop until `*what` is not 0 any more, at most so long. */
static inline bool run_until(const int *what, unsigned ms)
{
    uv_timer_t timer;
    bool late = false, open = true;

    uv_timer_init(&loop, &timer);
    timer.data = &late;
    uv_timer_start(&timer, on_late, ms, 0);
    while (!*what && !late)
        uv_run(&loop, UV_RUN_ONCE);
    timer.data = &open;
    uv_close((uv_handle_t *)&timer, on_timer_closed);
    while (open)
        uv_run(&loop, UV_RUN_NOWAIT);
    return *what != 0;
}

static inline void run_ms(unsigned ms)
{
    int never = 0;
    run_until(&never, ms);
}

/* Starts the fetch and waits for its end. */
static inline int ask(struct probe *p)
{
    int rc = db_fetch(db, &p->f);
    if (rc < 0)
        return rc;
    assert_int_equal(p->done, 0);
    assert_true(run_until(&p->done, 20000));
    return p->rc;
}

static inline struct db_stats stats(void)
{
    struct db_stats s;
    db_get_stats(db, &s);
    return s;
}

static inline void on_closed(void *data)
{
    *(bool *)data = true;
}

static inline void open_with(const struct db_config *config)
{
    struct err err = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    closed = false;
    assert_int_equal(db_open(&db, &loop, &access_all, config, &err), 0);
}

static inline struct db_config usual(void)
{
    return (struct db_config){.conninfo = fixture_conninfo,
                              .readers = 2,
                              .batches = 2,
                              .batch_keys = 64,
                              .queue_keys = 5000,
                              .statement_timeout_ms = 2000,
                              .connect_timeout_ms = 3000};
}

static inline int set_up(void **state)
{
    struct db_config config = usual();
    open_with(&config);
    return 0;
}

/* Closing must leave the loop empty: uv_run ends by itself, and uv_loop_close agrees. */
static inline int tear_down(void **state)
{
    db_close(db, on_closed, &closed);
    assert_false(closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static inline const struct row *only_row(const struct probe *p, uint32_t key)
{
    assert_int_equal(p->f.slices[key].rc, 0);
    assert_int_equal(p->f.slices[key].n, 1);
    return p->f.slices[key].rows[0];
}

struct scan_probe {
    struct db_scan scan;
    int64_t last;
    int rows, done, rc;
};

static inline void on_each(struct db_scan *scan, const struct row *row)
{
    struct scan_probe *s = container_of(scan, struct scan_probe, scan);
    assert_true(row_number(row, 0) >= s->last);
    s->last = row_number(row, 0);
    s->rows++;
}

static inline void on_scanned(struct db_scan *scan, int rc)
{
    struct scan_probe *s = container_of(scan, struct scan_probe, scan);
    s->done++;
    s->rc = rc;
}

/* cmocka: before the first test of the binary, which has called fixture_open(SCHEMA), and after the
 * last one. */
static inline int group_setup(void **state)
{
    struct err err = {0};

    if (db_check(fixture_conninfo, &access_all, &err) < 0) {
        fprintf(stderr, "db_check: line %d: %s\n", err.line, err.message);
        return -1;
    }
    return 0;
}

static inline int group_teardown(void **state)
{
    fixture_close(SCHEMA);
    return 0;
}

#endif
