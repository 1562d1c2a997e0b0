/* t-cache_race.c: after an acknowledged write no read is older, and reads never go back.
 *
 * Two workers over one Redis and a made-up database, all in one thread, so that every step has an exact
 * place in time. Reads and writes overlap at random: a read takes its snapshot some turns after it began and
 * has its answer some turns later; a write marks, commits, bumps and is acknowledged, with turns between.
 * Each record is a register: a read that returned version v raises its floor to v, an acknowledged write too,
 * and a read must not return less than the floor at the time it began.
 * The last tests leave out one of the writer's steps: then the checker must find stale reads. */
#include "cache/cache.h"

#include <uv.h>

#include "base/err.h"
#include "tests/unit/cache_fixture.h"
#include "tests/unit/redis_fixture.h"

enum {
    RECORDS = 12,
    READERS = 40,
    WRITERS = 3,
    TURNS = 12000
};

enum sabotage {
    HONEST,
    NO_BUMP, /* and no mark: writes are not told at all */
    BUMP_BEFORE_COMMIT,
    NO_MARK
};

enum read_state {
    READ_IDLE,
    READ_LOOKING,  /* cache_lookup is under way */
    READ_SNAPSHOT, /* the database is going to take its snapshot */
    READ_ANSWER    /* it was taken */
};

struct world;

struct reader {
    struct cache_lookup l;
    struct world *w;
    struct cache *c;
    struct arena arena;
    enum read_state state;
    int64_t record;
    int64_t floor, snapshot;
    int wait;
};

struct writer {
    int64_t record;
    int state; /* 0 idle, 1 marked, 2 committed, 3 bumped */
    int wait;
};

struct world {
    uv_loop_t loop;
    struct generations *g;
    struct cache *workers[2];
    struct page head;
    enum sabotage sabotage;
    uint64_t random;
    int64_t version[RECORDS]; /* committed */
    int64_t floor[RECORDS];
    bool writing[RECORDS];
    struct reader readers[READERS];
    struct writer writers[WRITERS];
    uint64_t reads, writes, stale, foreign, from_cache, from_redis;
    unsigned closed;
    bool quiet; /* nothing new begins */
};

static struct redis_server server;
static bool have_redis;

static uint32_t rnd(struct world *w, uint32_t n)
{
    w->random = hash_u64(w->random + 0x9E3779B97F4A7C15u);
    return (uint32_t)(w->random >> 20) % n;
}

static void returned(struct reader *r, const struct slice *s, bool cached)
{
    struct world *w = r->w;
    long long record = -1, version = -1;
    bool list = r->l.path->kind == ACCESS_LIST;

    assert_int_equal(s->rc, 0);
    assert_int_equal(s->n, list ? 2 : 1);
    for (uint32_t i = 0; i < s->n; i++) {
        struct str cell = row_cell(s->rows[i], 2);
        char text[64], *colon, *end;
        snprintf(text, sizeof text, "%.*s", STR_FMT(cell));
        record = strtoll(text, &colon, 10);
        assert_true(colon > text && *colon == ':');
        version = strtoll(colon + 1, &end, 10);
        assert_true(end > colon + 1 && *end == '\0');
        w->foreign += record != r->record || row_number(s->rows[i], 0) != r->record;
        w->stale += version < r->floor;
    }
    w->floor[r->record] = MAX(w->floor[r->record], version);
    w->reads++;
    w->from_cache += cached;
    r->state = READ_IDLE;
    arena_release(&r->arena);
}

static void on_done(struct cache_lookup *l, int outcome)
{
    struct reader *r = container_of(l, struct reader, l);

    assert_int_equal(r->state, READ_LOOKING);
    if (outcome == CACHE_HIT) {
        returned(r, &l->slice, true);
        return;
    }
    r->state = READ_SNAPSHOT;
    r->wait = (int)rnd(r->w, 4);
}

static void begin_read(struct world *w, struct reader *r)
{
    static const int paths[] = {OWNER_BY_CODE, OWNER_BY_ID, ITEMS_OF_OWNER};
    const struct access_path *path = &fix_paths[paths[rnd(w, 3)]];
    struct slice s;
    int rc;

    r->record = rnd(w, 2) ? rnd(w, RECORDS / 4) : rnd(w, RECORDS);
    r->floor = w->floor[r->record];
    r->c = w->workers[rnd(w, 2)];
    arena_init(&r->arena, 0);
    r->l = (struct cache_lookup){.path = path,
                                 .key = path->key_is_text ? fix_code(&r->arena, r->record)
                                                          : fix_id(r->record),
                                 .page = path->kind == ACCESS_LIST ? &w->head : NULL,
                                 .arena = &r->arena,
                                 .done = on_done};
    if (cache_peek(r->c, path, &r->l.key, r->l.page, &r->arena, &s)) {
        returned(r, &s, true);
        return;
    }
    r->state = READ_LOOKING;
    rc = cache_lookup(r->c, &r->l);
    if (rc == CACHE_MISS)
        on_done(&r->l, CACHE_MISS);
    else
        assert_int_equal(rc, 0);
}

static void answer(struct world *w, struct reader *r)
{
    char text[64];
    struct slice s;

    if (rnd(w, 50) == 0) { /* the database failed, or the client went */
        if (rnd(w, 2))
            cache_abandon(r->c, &r->l);
        else
            cache_cancel(r->c, &r->l);
        r->state = READ_IDLE;
        arena_release(&r->arena);
        return;
    }
    snprintf(text, sizeof text, "%lld:%lld", (long long)r->record, (long long)r->snapshot);
    s = r->l.path->kind == ACCESS_LIST ? fix_items(&r->arena, r->record, 2, text)
                                       : fix_one(&r->arena, fix_owner(&r->arena, r->record, text));
    cache_fill(r->c, &r->l, &s);
    returned(r, &s, false);
}

static void step_reader(struct world *w, struct reader *r)
{
    if (r->state == READ_IDLE) {
        if (!w->quiet && rnd(w, 3) == 0)
            begin_read(w, r);
    } else if (r->state == READ_LOOKING) {
        if (rnd(w, 300) == 0) {
            cache_cancel(r->c, &r->l);
            r->state = READ_IDLE;
            arena_release(&r->arena);
        }
    } else if (r->wait-- <= 0) {
        if (r->state == READ_SNAPSHOT) {
            r->snapshot = w->version[r->record];
            r->state = READ_ANSWER;
            r->wait = (int)rnd(w, 6);
        } else {
            answer(w, r);
        }
    }
}

static void bump(struct world *w, const struct key *key)
{
    if (w->sabotage != NO_BUMP)
        generations_bump(w->g, &fix_tables[OWNER], key);
}

static void step_writer(struct world *w, struct writer *wr)
{
    struct key key = fix_id(wr->record);

    if (wr->state == 0) {
        if (w->quiet || rnd(w, 40) != 0)
            return;
        wr->record = rnd(w, RECORDS);
        if (w->writing[wr->record])
            return; /* the row is locked */
        key = fix_id(wr->record);
        w->writing[wr->record] = true;
        if (w->sabotage == HONEST || w->sabotage == BUMP_BEFORE_COMMIT)
            generations_mark(w->g, &fix_tables[OWNER], &key);
        if (w->sabotage == BUMP_BEFORE_COMMIT)
            bump(w, &key);
        wr->state = 1;
        wr->wait = (int)rnd(w, 4);
    } else if (wr->wait-- > 0) {
        return;
    } else if (wr->state == 1) {
        if (rnd(w, 20) != 0) /* else it is rolled back, and bumped all the same */
            w->version[wr->record]++;
        wr->state = 2;
        wr->wait = (int)rnd(w, 6);
    } else if (wr->state == 2) {
        if (w->sabotage != BUMP_BEFORE_COMMIT)
            bump(w, &key);
        wr->state = 3;
        wr->wait = (int)rnd(w, 2);
    } else {
        w->floor[wr->record] = MAX(w->floor[wr->record], w->version[wr->record]); /* acknowledged */
        w->writing[wr->record] = false;
        w->writes++;
        wr->state = 0;
    }
}

static void on_closed(void *data)
{
    ((struct world *)data)->closed++;
}

static bool busy(const struct world *w)
{
    for (int i = 0; i < READERS; i++)
        if (w->readers[i].state != READ_IDLE)
            return true;
    return false;
}

/* What may happen to Redis meanwhile. */
static void nemesis(struct world *w, int turn)
{
    if (!have_redis)
        return;
    if (turn % 1500 == 700)
        redis_run(&server, "FLUSHALL");
    if (turn % 3000 == 1200)
        redis_signal(&server, SIGSTOP);
    if (turn % 3000 == 1260)
        redis_signal(&server, SIGCONT);
    if (turn % 3000 == 2000)
        generations_flush(w->g);
    if (turn == TURNS / 2) {
        redis_kill(&server);
        assert_true(redis_start(&server));
    }
}

static void race(enum sabotage sabotage, bool with_redis, uint64_t seed, struct world *w)
{
    struct cache_config config = {.redis = with_redis ? server.socket : NULL,
                                  .secret = STR("s"),
                                  .namespace_ = STR("race"),
                                  .local_bytes = with_redis && seed % 2 ? 0 : 1 << 18,
                                  .timeout_ms = 20,
                                  .ttl_s = 600};

    *w = (struct world){.sabotage = sabotage, .random = seed, .head = {.limit = 10}};
    assert_int_equal(hash_start(), 0);
    uv_loop_init(&w->loop);
    assert_int_equal(generations_open(&w->g, 64, NULL), 0);
    config.generations = w->g;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cache_open(&w->workers[i], &w->loop, &fix_access, &config, NULL), 0);
    for (int i = 0; i < READERS; i++)
        w->readers[i].w = w;
    for (int turn = 0; turn < TURNS || busy(w); turn++) {
        w->quiet = turn >= TURNS;
        if (with_redis && !w->quiet)
            nemesis(w, turn);
        for (int i = 0; i < READERS; i++)
            step_reader(w, &w->readers[i]);
        for (int i = 0; i < WRITERS; i++)
            step_writer(w, &w->writers[i]);
        uv_run(&w->loop, UV_RUN_NOWAIT);
        if (with_redis && turn % 4 == 0)
            usleep(50); /* let Redis have the core */
    }
    for (int i = 0; i < 2; i++) {
        struct cache_stats s;
        cache_get_stats(w->workers[i], &s);
        w->from_redis += s.remote_hits;
        cache_close(w->workers[i], on_closed, w);
    }
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, 2);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    generations_close(w->g);
    print_message("# stale %llu, foreign %llu of %llu reads (%llu from the caches, %llu of Redis), "
                  "%llu writes\n",
                  (unsigned long long)w->stale, (unsigned long long)w->foreign,
                  (unsigned long long)w->reads, (unsigned long long)w->from_cache,
                  (unsigned long long)w->from_redis, (unsigned long long)w->writes);
    assert_int_equal(w->foreign, 0);
}

static void test_race__no_read_is_older_than_an_acknowledged_write(void **state)
{
    static struct world w;

    for (uint64_t seed = 1; seed <= 3; seed++) {
        race(HONEST, false, seed, &w);
        assert_int_equal(w.stale, 0);
        assert_true(w.reads > 10000);
        assert_true(w.writes > 200);
        assert_true(w.from_cache > w.reads / 5); /* not vacuous */
    }
}

static void test_race__nor_with_a_redis_that_comes_and_goes(void **state)
{
    static struct world w;

    SKIP_WITHOUT_REDIS(have_redis);
    for (uint64_t seed = 11; seed <= 14; seed++) { /* the odd ones without an LRU */
        uint64_t from_redis = 0;
        /* Where Redis hardly gets a core, one race may see little of it: then there are more. */
        for (uint64_t more = 0; more < 500 && from_redis <= 50; more += 100) {
            race(HONEST, true, seed + more, &w);
            assert_int_equal(w.stale, 0);
            assert_true(w.from_cache > w.reads / 20);
            from_redis += w.from_redis;
        }
        assert_true(from_redis > 50); /* not vacuous */
    }
}

static void test_race__the_checker_finds_what_is_stale(void **state)
{
    static struct world w;

    race(NO_BUMP, false, 1, &w);
    assert_true(w.stale > 0);
    race(BUMP_BEFORE_COMMIT, false, 1, &w);
    assert_true(w.stale > 0);
    /* Reads that go back between COMMIT and bump: rare, so a few histories are looked at. */
    for (uint64_t seed = 1; seed <= 30; seed++) {
        race(NO_MARK, false, seed, &w);
        if (w.stale > 0)
            break;
    }
    assert_true(w.stale > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_race__no_read_is_older_than_an_acknowledged_write),
        cmocka_unit_test(test_race__nor_with_a_redis_that_comes_and_goes),
        cmocka_unit_test(test_race__the_checker_finds_what_is_stale),
    };
    int failed;

    signal(SIGPIPE, SIG_IGN);
    redis_prepare(&server);
    have_redis = redis_start(&server);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_signal(&server, SIGCONT);
    redis_remove(&server);
    return failed;
}
