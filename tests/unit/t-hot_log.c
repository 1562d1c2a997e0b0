/* t-hot_log.c: what workers are told of hot rows that changed. */
#include "cache/hot_log.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static struct hot_log *open_log(void)
{
    void *map = mmap(NULL, sizeof(struct hot_log), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(map != MAP_FAILED);
    return map;
}

static void close_log(struct hot_log *l)
{
    munmap(l, sizeof *l);
}

static struct hot_change row(uint32_t table, int64_t key)
{
    return (struct hot_change){.table = table, .key = key};
}

static void test_hot_log__says_what_changed(void **state)
{
    struct hot_log *l = open_log();
    struct hot_change c;

    assert_int_equal(hot_log_newest(l), 0);
    hot_log_enter(l, row(3, -7));
    hot_log_enter(l, (struct hot_change){.table = 4, .all = true});
    assert_int_equal(hot_log_newest(l), 2);
    assert_int_equal(hot_log_read(l, 1, &c), HOT_LOG_READ);
    assert_int_equal(c.table, 3);
    assert_int_equal(c.key, -7);
    assert_false(c.all);
    assert_int_equal(hot_log_read(l, 2, &c), HOT_LOG_READ);
    assert_true(c.all);
    atomic_store(&l->newest, 3); /* taken by who has not written it */
    assert_int_equal(hot_log_read(l, 3, &c), HOT_LOG_LATER);
    close_log(l);
}

static void test_hot_log__what_was_overwritten_is_missed(void **state)
{
    struct hot_log *l = open_log();
    struct hot_change c;

    for (int64_t i = 1; i <= HOT_LOG_ENTRIES + 10; i++)
        hot_log_enter(l, row(1, i));
    assert_int_equal(hot_log_read(l, 10, &c), HOT_LOG_MISSED);
    assert_int_equal(hot_log_read(l, 11, &c), HOT_LOG_READ);
    assert_int_equal(c.key, 11);
    assert_false(hot_log_holds(l, 10, 2, 1)); /* nobody knows whether it was among them */
    assert_true(hot_log_voided(l, 10, 2));
    assert_true(hot_log_holds(l, 11, 2, 1));
    close_log(l);
}

static void test_hot_log__holds_what_did_not_change_since(void **state)
{
    struct hot_log *l = open_log();
    uint64_t before = hot_log_newest(l);

    hot_log_enter(l, row(1, 5));
    assert_false(hot_log_holds(l, before, 1, 5));
    assert_true(hot_log_holds(l, before, 1, 6));
    assert_true(hot_log_holds(l, before, 2, 5));
    assert_true(hot_log_holds(l, before + 1, 1, 5));
    assert_false(hot_log_voided(l, before, 1));
    hot_log_enter(l, (struct hot_change){.table = 2, .all = true});
    assert_false(hot_log_holds(l, before, 2, 99));
    assert_true(hot_log_voided(l, before, 2));
    assert_false(hot_log_voided(l, before, 1));
    hot_log_enter(l, (struct hot_change){.table = HOT_LOG_EVERY_TABLE, .all = true});
    assert_true(hot_log_voided(l, before, 1));
    assert_false(hot_log_holds(l, before, 1, 6));
    close_log(l);
}

/* Between a write's two entries nothing that was read is kept, whenever it was read. */
static void test_hot_log__nothing_holds_while_somebody_writes(void **state)
{
    struct hot_log *l = open_log();
    uint64_t during;

    hot_log_begin(l, 7, row(1, 5));
    during = hot_log_newest(l);
    assert_int_equal(during, 1);
    assert_false(hot_log_holds(l, during, 1, 5));
    hot_log_end(l, 7, row(1, 5));
    assert_false(hot_log_holds(l, during, 1, 5)); /* it may have been read before the commit */
    assert_true(hot_log_holds(l, during + 1, 1, 5));
    close_log(l);
}

static void test_hot_log__who_died_while_writing_voids_all(void **state)
{
    struct hot_log *l = open_log();
    uint64_t before;

    hot_log_clear(l, 3);
    assert_int_equal(hot_log_newest(l), 0); /* it wrote nothing */
    hot_log_begin(l, 3, row(1, 5));
    before = hot_log_newest(l);
    hot_log_clear(l, 3);
    assert_true(hot_log_voided(l, before, 1));
    assert_true(hot_log_holds(l, hot_log_newest(l), 1, 5));
    close_log(l);
}

/* Four processes write, and one reads all of it, or is told that it missed some. */
static void test_hot_log__several_processes(void **state)
{
    enum {
        WRITERS = 4,
        EACH = 20000
    };
    struct hot_log *l = open_log();
    uint64_t read = 0, missed = 0, good = 0;
    int64_t last[WRITERS] = {0};
    struct hot_change c;
    pid_t pid[WRITERS];

    for (uint32_t w = 0; w < WRITERS; w++) {
        pid[w] = fork();
        assert_true(pid[w] >= 0);
        if (pid[w] == 0) {
            for (int64_t i = 1; i <= EACH; i++)
                hot_log_enter(l, row(w, i));
            _exit(0);
        }
    }
    while (read < WRITERS * EACH) {
        uint64_t newest = hot_log_newest(l);
        while (read < newest) {
            int rc = hot_log_read(l, read + 1, &c);
            if (rc == HOT_LOG_LATER)
                continue;
            if (rc == HOT_LOG_MISSED) {
                missed += newest - read;
                read = newest;
                continue;
            }
            read++;
            good++;
            assert_true(c.table < WRITERS && !c.all);
            assert_true(c.key > last[c.table]); /* each writer's in its order */
            last[c.table] = c.key;
        }
    }
    for (int w = 0; w < WRITERS; w++)
        assert_int_equal(waitpid(pid[w], NULL, 0), pid[w]);
    assert_int_equal(good + missed, WRITERS * EACH);
    close_log(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hot_log__says_what_changed),
        cmocka_unit_test(test_hot_log__what_was_overwritten_is_missed),
        cmocka_unit_test(test_hot_log__holds_what_did_not_change_since),
        cmocka_unit_test(test_hot_log__nothing_holds_while_somebody_writes),
        cmocka_unit_test(test_hot_log__who_died_while_writing_voids_all),
        cmocka_unit_test(test_hot_log__several_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
