/* tests/unit/t-keyring.c: when the file with the keys is read. (What keys are taken: tests/e2e/tokens.) */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "server/keyring.h"
#include "server/token_keys.h"

#define POINT                                                                                      \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"ucOB1aP-jn6GD3IRJ5DVAWyeYb9CvbIHclTsKWd2hPQ\","      \
    "\"y\":\"VDSTvtUzdR5DOKYnAXi74Xjpa196veiyoligPC2hUFU\""
#define KEY(kid) "{" POINT ",\"kid\":\"" kid "\"}"

static char dir[] = "/tmp/tolqujat-keyring-XXXXXX", path[64], beside[64];

static int set_up(void **state)
{
    log_set_level(LOG_ERROR + 1); /* what is said is tested end to end */
    if (hash_start() < 0 || !mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/keys", dir);
    snprintf(beside, sizeof beside, "%s/keys.new", dir);
    return 0;
}

static int tear_down(void **state)
{
    unlink(path);
    return rmdir(dir);
}

static void publish(const char *text)
{
    FILE *f = fopen(beside, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(beside, path), 0);
}

static struct keyring *open_ring(void)
{
    struct keyring *ring = NULL;
    struct err err = {0};

    assert_int_equal(keyring_open(&ring, path, false, &err), 0);
    return ring;
}

/* Looks until the file is too old to have changed unseen. */
static void settle(struct keyring *ring)
{
    usleep(150 * 1000);
    assert_false(keyring_follow(ring, false));
}

static bool has(const struct keyring *ring, const char *kid)
{
    return token_keys_find(keyring_keys(ring), kid) != NULL;
}

static void test_keyring__follows(void **state)
{
    struct keyring *ring;

    publish("{\"keys\":[" KEY("a") "]}");
    ring = open_ring();
    assert_true(has(ring, "a") && !has(ring, "b"));
    publish("{\"keys\":[" KEY("a") "," KEY("b") "]}");
    assert_true(keyring_follow(ring, false));
    assert_true(has(ring, "a") && has(ring, "b"));
    publish("{\"keys\":[" KEY("b") "]}");
    assert_true(keyring_follow(ring, false));
    assert_true(!has(ring, "a") && has(ring, "b"));
    keyring_close(ring);
}

static void test_keyring__reads_only_what_changed(void **state)
{
    struct keyring *ring;
    uint64_t reads;

    publish("{\"keys\":[" KEY("a") "]}");
    ring = open_ring();
    settle(ring);
    reads = keyring_reads(ring);
    for (int i = 0; i < 100; i++)
        assert_false(keyring_follow(ring, false));
    assert_int_equal(keyring_reads(ring), reads);
    assert_true(keyring_follow(ring, true)); /* somebody asked for it */
    assert_int_equal(keyring_reads(ring), reads + 1);
    publish("{\"keys\":[" KEY("a") "]}"); /* another file with the same text */
    assert_false(keyring_follow(ring, false));
    assert_int_equal(keyring_reads(ring), reads + 2);
    keyring_close(ring);
}

static void test_keyring__keeps_what_was_good(void **state)
{
    static const char *const bad[] = {"", "{", "{\"keys\":[7]}",
                                      "{\"keys\":[" KEY("b") ",{\"kty\":\"oct\",\"k\":\"c2Vj\"}]}"};
    struct keyring *ring;

    publish("{\"keys\":[" KEY("a") "]}");
    ring = open_ring();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        publish(bad[i]);
        assert_false(keyring_follow(ring, i % 2));
        assert_true(has(ring, "a") && !has(ring, "b"));
    }
    assert_int_equal(unlink(path), 0);
    assert_false(keyring_follow(ring, false));
    assert_true(has(ring, "a"));
    publish("{\"keys\":[" KEY("b") "]}");
    assert_true(keyring_follow(ring, false));
    assert_true(!has(ring, "a") && has(ring, "b"));
    keyring_close(ring);
}

/* A burst of keys that nobody knows: one look a second. */
static void test_keyring__looks_once_a_second(void **state)
{
    struct keyring *ring;

    publish("{\"keys\":[" KEY("a") "]}");
    ring = open_ring();
    publish("{\"keys\":[" KEY("b") "]}");
    assert_true(keyring_look(ring, 5000));
    publish("{\"keys\":[" KEY("c") "]}");
    for (uint64_t ms = 5000; ms < 6000; ms += 9)
        assert_false(keyring_look(ring, ms));
    assert_true(has(ring, "b"));
    assert_true(keyring_look(ring, 6000));
    assert_true(has(ring, "c"));
    keyring_close(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyring__follows),
        cmocka_unit_test(test_keyring__reads_only_what_changed),
        cmocka_unit_test(test_keyring__keeps_what_was_good),
        cmocka_unit_test(test_keyring__looks_once_a_second),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
