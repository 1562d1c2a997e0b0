/* t-ring.c: the memory that workers share: what is found in it, what is forgotten, and that nothing torn is ever
 * believed, whoever is killed or stopped at whatever moment. */
#include "cache/ring.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cache/value.h"
#include "tests/unit/cache_fixture.h"

enum {
    MB = 1024 * 1024,
    EPOCH = 77,
    UNIT = 64
};

static uint64_t drawn; /* the last number drawn: the tests are the same each time */

static uint64_t draw(uint64_t below)
{
    drawn = hash_u64(drawn + 1);
    return drawn % below;
}

static struct ring *open_ring(void)
{
    struct ring *r = NULL;

    assert_int_equal(hash_start(), 0);
    assert_int_equal(ring_open(&r, MB, NULL), 0);
    return r;
}

static struct str name_of(const uint64_t *i)
{
    return (struct str){(const char *)i, sizeof *i};
}

/* `n` words that say which name they are of and which of its values: any mixture shows. */
static struct str value_of(uint64_t *words, uint64_t i, uint64_t version, size_t n)
{
    for (size_t at = 0; at < n; at++)
        words[at] = hash_u64(i * 1000003 + version) + at;
    words[0] = version;
    return (struct str){(const char *)words, n * sizeof *words};
}

static bool is_value_of(struct str value, uint64_t i)
{
    const uint64_t *words = (const void *)value.ptr;

    for (size_t at = 1; at < value.len / sizeof *words; at++)
        if (words[at] != hash_u64(i * 1000003 + words[0]) + at)
            return false;
    return value.len % sizeof *words == 0;
}

static void test_ring__arguments(void **state)
{
    static char big[VALUE_BYTES_MAX + 1], name[RING_NAME_MAX + 1];
    struct ring *r = NULL;
    struct err err = {0};
    struct str whole = {big, VALUE_BYTES_MAX};

    assert_int_equal(ring_open(&r, MB - UNIT, &err), ERR_CONFIG);
    assert_int_equal(ring_open(&r, MB + 1, &err), ERR_CONFIG);
    assert_int_equal(ring_open(&r, (size_t)RING_MB_MAX * MB + UNIT, &err), ERR_CONFIG);
    assert_null(r);
    ring_close(NULL);
    r = open_ring();
    assert_int_equal(ring_used(r), 0);
    assert_false(ring_put(r, EPOCH, STR("a"), STR(""), (struct str){big, sizeof big}));
    assert_false(ring_put(r, EPOCH, STR(""), STR("b"), STR("value")));
    assert_false(ring_put(r, EPOCH, (struct str){name, sizeof name}, STR(""), STR("value")));
    assert_false(ring_put(r, EPOCH, STR("a"), (struct str){name, sizeof name}, STR("value")));
    assert_int_equal(ring_used(r), 0);
    assert_true(
        ring_put(r, EPOCH, (struct str){name, RING_NAME_MAX}, (struct str){name, 1}, whole));
    assert_int_equal(ring_get(r, EPOCH, (struct str){name, RING_NAME_MAX}).len, VALUE_BYTES_MAX);
    assert_int_equal(ring_get(r, EPOCH, (struct str){name, 1}).len, VALUE_BYTES_MAX);
    assert_int_equal(ring_get(r, EPOCH, STR("")).len, 0);
    ring_close(r);
}

static void test_ring__finds_by_both_names_and_the_epoch(void **state)
{
    struct ring *r = open_ring();

    assert_int_equal(ring_get(r, EPOCH, STR("a")).len, 0);
    assert_true(ring_put(r, EPOCH, STR("a"), STR("alias"), STR("first")));
    assert_true(str_eq(ring_get(r, EPOCH, STR("a")), STR("first")));
    assert_true(str_eq(ring_get(r, EPOCH, STR("alias")), STR("first")));
    assert_int_equal((uintptr_t)ring_get(r, EPOCH, STR("a")).ptr % 8, 0);
    assert_int_equal(ring_get(r, EPOCH + 1, STR("a")).len, 0);
    assert_int_equal(ring_get(r, EPOCH, STR("b")).len, 0);
    assert_true(ring_put(r, EPOCH, STR("a"), STR(""), STR("second")));
    assert_true(str_eq(ring_get(r, EPOCH, STR("a")), STR("second")));
    assert_true(
        str_eq(ring_get(r, EPOCH, STR("alias")), STR("first"))); /* its user's generation tells */
    ring_close(r);
}

static void test_ring__forgets_what_was_written_longest_ago(void **state)
{
    enum {
        N = 40000,
        WORDS = 60 /* 512 bytes with head and name: the index has twice as many entries as fit */
    };
    struct ring *r = open_ring();
    uint64_t words[WORDS], there = 0, oldest = N;

    for (uint64_t i = 0; i < N; i++)
        assert_true(ring_put(r, EPOCH, name_of(&i), STR(""), value_of(words, i, 1, WORDS)));
    assert_int_equal(ring_used(r), MB);
    for (uint64_t i = 0; i < N; i++) {
        struct str value = ring_get(r, EPOCH, name_of(&i));
        if (!value.len)
            continue;
        assert_true(is_value_of(value, i));
        oldest = MIN(oldest, i);
        there++;
    }
    assert_true(oldest >= N - MB / (WORDS * sizeof words[0]));
    assert_true(there >
                (uint64_t)(N - oldest) * 9 / 10); /* a set of the index overflows now and then */
    assert_int_equal(ring_get(r, EPOCH, name_of(&(uint64_t){N - 1})).len, sizeof words);
    ring_close(r);
}

/* Sizes of all kinds over many rounds of the ring: what is found is what was last put. */
static void test_ring__holds_its_end(void **state)
{
    enum {
        NAMES = 50,
        ROUNDS = 20000,
        WORDS = 3000
    };
    struct ring *r = open_ring();
    static uint64_t words[WORDS], version[NAMES];
    uint64_t hits = 0;

    drawn = 1;
    for (uint64_t n = 1; n < ROUNDS; n++) {
        uint64_t i = draw(NAMES);
        struct str value = ring_get(r, EPOCH, name_of(&i));
        if (value.len) {
            hits++;
            assert_true(is_value_of(value, i));
            assert_int_equal(*(const uint64_t *)(const void *)value.ptr, version[i]);
        }
        version[i] = n;
        assert_true(
            ring_put(r, EPOCH, name_of(&i), STR(""), value_of(words, i, n, 1 + draw(WORDS))));
    }
    assert_true(hits > ROUNDS / 2);
    ring_close(r);
}

/* The ring's own descriptor, found as an outsider would. */
static int find_file(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *e;
    char path[300], link[100];
    int fd = -1;

    assert_non_null(dir);
    while ((e = readdir(dir))) {
        ssize_t n;
        snprintf(path, sizeof path, "/proc/self/fd/%s", e->d_name);
        n = readlink(path, link, sizeof link - 1);
        if (n > 0 && strncmp(link, "/memfd:tolqujat-cache", 21) == 0)
            fd = (int)strtol(e->d_name, NULL, 10);
    }
    closedir(dir);
    return fd;
}

static void test_ring__no_changed_byte_is_believed(void **state)
{
    struct ring *r = open_ring();
    int fd = find_file();
    size_t size = 24 + 5 + 1 + 5; /* head, value, names */

    assert_true(fd >= 0);
    assert_true(ring_put(r, EPOCH, STR("a"), STR("alias"), STR("value")));
    for (size_t at = 0; at < size; at++) {
        char was, changed;
        assert_int_equal(pread(fd, &was, 1, (off_t)at), 1);
        for (int bit = 0; bit < 8; bit++) {
            changed = (char)(was ^ (1 << bit));
            assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
            assert_int_equal(ring_get(r, EPOCH, STR("a")).len, 0);
        }
        assert_int_equal(pwrite(fd, &was, 1, (off_t)at), 1);
    }
    assert_true(str_eq(ring_get(r, EPOCH, STR("a")), STR("value")));
    assert_int_equal(ring_lost(r), size * 8);
    ring_close(r);
}

/* ---- Processes ---- */

enum {
    WRITERS = 4,
    READERS = 3,
    NAMES = 30,
    WORDS_MAX = 12000, /* a dozen of the longest go round the ring */
    SECONDS = 2
};

struct tally {
    _Atomic uint64_t puts, hits, lost, wrong;
    _Atomic bool stop;
};

static void write_on(struct ring *r, struct tally *t, unsigned seed)
{
    static uint64_t words[WORDS_MAX];

    drawn = (uint64_t)seed << 32;
    while (!atomic_load(&t->stop)) {
        uint64_t i = draw(NAMES), version = draw(1000000);
        size_t n = 1 + draw(WORDS_MAX);
        if (ring_put(r, EPOCH, name_of(&i), STR(""), value_of(words, i, version, n)))
            atomic_fetch_add(&t->puts, 1);
    }
}

static void read_on(struct ring *r, struct tally *t, unsigned seed)
{
    drawn = (uint64_t)seed << 32;
    while (!atomic_load(&t->stop)) {
        uint64_t i = draw(NAMES);
        struct str value = ring_get(r, EPOCH, name_of(&i));
        if (value.len)
            atomic_fetch_add(is_value_of(value, i) ? &t->hits : &t->wrong, 1);
    }
    atomic_fetch_add(&t->lost, ring_lost(r));
}

static pid_t start(struct ring *r, struct tally *t, unsigned number, unsigned seed)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (number < WRITERS)
            write_on(r, t, seed);
        else
            read_on(r, t, seed);
        _exit(0);
    }
    return pid;
}

/* Writers are killed and stopped in the middle of what they do (one that sleeps for a whole round writes where
 * another one has been since); readers see whole values or none. */
static void test_ring__processes_tear_nothing(void **state)
{
    struct ring *r = open_ring();
    struct tally *t =
        mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[WRITERS + READERS];
    unsigned kills = 0;

    assert_ptr_not_equal(t, MAP_FAILED);
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        pids[i] = start(r, t, i, i);
    for (int ms = 0; ms < SECONDS * 1000; ms += 10) {
        unsigned i = kills % WRITERS;
        usleep(5000);
        kill(pids[(i + 1) % WRITERS], SIGSTOP);
        usleep(5000);
        kill(pids[(i + 1) % WRITERS], SIGCONT);
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
        pids[i] = start(r, t, i, 100 + kills++);
    }
    atomic_store(&t->stop, true);
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        waitpid(pids[i], NULL, 0);
    print_message("%llu puts, %u writers killed, %llu hits, %llu lost, %llu wrong\n",
                  (unsigned long long)t->puts, kills, (unsigned long long)t->hits,
                  (unsigned long long)t->lost, (unsigned long long)t->wrong);
    assert_int_equal(t->wrong, 0);
    assert_true(t->hits > 1000 && t->puts > 1000 && t->lost > 0);
    munmap(t, sizeof *t);
    ring_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring__arguments),
        cmocka_unit_test(test_ring__finds_by_both_names_and_the_epoch),
        cmocka_unit_test(test_ring__forgets_what_was_written_longest_ago),
        cmocka_unit_test(test_ring__holds_its_end),
        cmocka_unit_test(test_ring__no_changed_byte_is_believed),
        cmocka_unit_test(test_ring__processes_tear_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
