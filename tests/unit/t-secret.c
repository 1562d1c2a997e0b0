/* Tests of server/secret: which files are taken, and what keys are made of them. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "server/secret.h"

static char dir[] = "/tmp/tolqujat-secret-XXXXXX", path[100];

static int set_up(void **state)
{
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/secret", dir);
    return 0;
}

static int tear_down(void **state)
{
    unlink(path);
    return rmdir(dir);
}

static void put(const char *text, size_t n, mode_t mode)
{
    FILE *f;

    unlink(path);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void check_refused(const char *words)
{
    struct secret *s = NULL;
    struct err err = {0};

    assert_int_equal(secret_open(&s, path, &err), ERR_CONFIG);
    assert_null(s);
    if (!strstr(err.message, words) || !strstr(err.message, "--secret"))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
}

static void test_secret__refuses_files(void **state)
{
    static const char zeros[5000];
    static const mode_t open_to[] = {0640, 0604, 0660, 0644, 0610, 0601, 0620, 0777};

    unlink(path);
    check_refused(strerror(ENOENT));
    assert_int_equal(mkdir(path, 0700), 0);
    check_refused("is not a file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused("is not a file");
    put(zeros, 31, 0600);
    check_refused("has 31 bytes; a secret has from 32 to 4096");
    put(zeros, 0, 0600);
    check_refused("has 0 bytes");
    put(zeros, 4097, 0600);
    check_refused("has 4097 bytes");
    for (size_t i = 0; i < ARRAY_LEN(open_to); i++) {
        char mode[20];
        put(zeros, 32, open_to[i]);
        snprintf(mode, sizeof mode, "has mode %04o", open_to[i]);
        check_refused(mode);
    }
}

/* The key for `label` of a file with this text. */
static void key_of(const char *text, size_t n, const char *label,
                   unsigned char ret[SECRET_KEY_BYTES])
{
    struct secret *s;
    struct err err;

    put(text, n, 0600);
    assert_int_equal(secret_open(&s, path, &err), 0);
    assert_int_equal(secret_derive(s, label, ret), 0);
    secret_close(s);
}

/* Ids are for ever, and so is the way from the secret to their key. Here as Python's hmac has it. */
static void test_secret__key_is_hmac_of_the_label(void **state)
{
    struct sha256 want;
    unsigned char key[SECRET_KEY_BYTES];
    char text[33];

    memset(text, '0', 32);
    text[32] = '\0';
    key_of(text, 32, "ids", key);
    assert_true(sha256_read(STR("6c70a9c29a5977708e1e34799f7b9204b54c2f7d9e3e4fe2a6e298b84b46976d"),
                            &want));
    assert_memory_equal(key, want.bytes, sizeof key);
}

static void test_secret__keys_differ(void **state)
{
    unsigned char keys[6][SECRET_KEY_BYTES];
    char text[4096];

    memset(text, 'x', sizeof text);
    key_of(text, 32, "ids", keys[0]);
    key_of(text, 32, "audit", keys[1]);
    key_of(text, 33, "ids", keys[2]);
    key_of(text, 4096, "ids", keys[3]);
    text[31] = '\n';
    key_of(text, 32, "ids", keys[4]);
    key_of(text, 33, "ids", keys[5]);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(keys[i], keys[k], SECRET_KEY_BYTES);
}

static void test_secret__seals(void **state)
{
    static const struct seals zero;
    unsigned char ids[SECRET_KEY_BYTES], cursors[SECRET_KEY_BYTES];
    struct secret *s;
    struct err err;

    put("0123456789abcdef0123456789abcdef", 32, 0400);
    assert_int_equal(secret_open(&s, path, &err), 0);
    assert_int_equal(secret_derive(s, "ids", ids), 0);
    assert_int_equal(secret_derive(s, "cursors", cursors), 0);
    assert_memory_equal(secret_seals(s)->ids.key, ids, sizeof ids);
    assert_memory_equal(secret_seals(s)->cursors.key, cursors, sizeof cursors);
    assert_memory_not_equal(ids, cursors, sizeof ids);
    secret_close(s);
    assert_int_equal(secret_open(&s, NULL, &err), 0); /* none: open to all */
    assert_int_equal(secret_derive(s, "audit", ids), 0);
    assert_memory_equal(ids, &zero, sizeof ids);
    assert_memory_equal(secret_seals(s), &zero, sizeof zero);
    secret_close(s);
    secret_close(NULL);
}

/* Looks up the mapping of the secret: "dd" among its flags is MADV_DONTDUMP. */
static void test_secret__stays_out_of_core_dumps(void **state)
{
    char line[300], range[40];
    bool found = false, dont_dump = false;
    struct secret *s;
    struct err err;
    FILE *f;

    assert_int_equal(secret_open(&s, NULL, &err), 0);
    snprintf(range, sizeof range, "%lx-", (unsigned long)(uintptr_t)s);
    f = fopen("/proc/self/smaps", "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (strstr(line, "-") && strspn(line, "0123456789abcdef") >= 8)
            found = strncmp(line, range, strlen(range)) == 0;
        else if (found && strncmp(line, "VmFlags:", 8) == 0)
            dont_dump = strstr(line, " dd") != NULL;
    }
    fclose(f);
    assert_true(dont_dump);
    secret_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret__refuses_files),
        cmocka_unit_test(test_secret__key_is_hmac_of_the_label),
        cmocka_unit_test(test_secret__keys_differ),
        cmocka_unit_test(test_secret__seals),
        cmocka_unit_test(test_secret__stays_out_of_core_dumps),
    };
    return hash_start() < 0 ? 1 : cmocka_run_group_tests(tests, set_up, tear_down);
}
