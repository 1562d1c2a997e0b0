/* tests/unit/t-file_link.c: links that come back as they were given out, and no others; parts of a file. */
#include "tests/unit/test.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "server/file_link.h"
#include "server/file_range.h"

static const unsigned char key[SEAL_BOX_KEY_BYTES] = {1, 2, 3}, other[SEAL_BOX_KEY_BYTES] = {1};

static int set_up(void **state)
{
    return hash_start();
}

/* The sealed part of a link that was just made. */
static struct str sealed(struct buf *b)
{
    size_t prefix = strlen(FILE_LINK_PATH);

    assert_memory_equal(b->ptr, FILE_LINK_PATH, prefix);
    return (struct str){b->ptr + prefix, b->len - prefix};
}

static void test_file_link__comes_back(void **state)
{
    struct file_link link;
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(file_link_add(key, STR("1000 image/png a/b-1/c_2.png"), &b), 0);
    assert_int_equal(file_link_read(key, sealed(&b), 999, &link), FILE_LINK_GOOD);
    assert_string_equal(link.media_type, "image/png");
    assert_string_equal(link.path, "a/b-1/c_2.png");
    assert_int_equal(file_link_read(key, sealed(&b), 1000, &link), FILE_LINK_EXPIRED);
    assert_int_equal(file_link_read(other, sealed(&b), 999, &link), FILE_LINK_FORGED);
    assert_null(memmem(b.ptr, b.len, "png", 3));
    buf_release(&b);
}

static void test_file_link__no_byte_can_be_changed(void **state)
{
    struct file_link link;
    struct buf b;
    struct str s;

    buf_init(&b, 0);
    assert_int_equal(file_link_add(key, STR("1000 image/png x"), &b), 0);
    s = sealed(&b);
    for (size_t at = 0; at < s.len; at++) {
        char *byte = b.ptr + (b.len - s.len) + at;
        *byte ^= 1;
        assert_int_equal(file_link_read(key, s, 1, &link), FILE_LINK_FORGED);
        *byte ^= 1;
        assert_int_equal(file_link_read(key, (struct str){s.ptr, at}, 1, &link), FILE_LINK_FORGED);
    }
    assert_int_equal(file_link_read(key, s, 1, &link), FILE_LINK_GOOD);
    buf_release(&b);
}

static void test_file_link__what_can_t_be_one(void **state)
{
    static const char *const texts[] = {
        "",
        "1000",
        "1000 image/png",
        "1000 image/png ",
        " image/png x",
        "x image/png x",
        "-1 image/png x",
        "1000 png x",
        "1000  x",
        "1000 image/png /etc/passwd",
        "1000 image/png ../x",
        "1000 image/png a/../x",
        "1000 image/png a/./x",
        "1000 image/png a//x",
        "1000 image/png a/",
        "1000 image/png .x",
        "1000 image/png a b",
        "1000 image/png a\\b",
        "1000 image/png a%2e",
        "1000 text/html;x a",
        "9999999999999 image/png x",
    };
    struct buf b;

    buf_init(&b, 0);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (file_link_add(key, str_of(texts[i]), &b) != ERR_DATA)
            fail_msg("\"%s\" became a link", texts[i]);
    assert_int_equal(file_link_add(key, (struct str){"1000 image/png x\0y", 18}, &b), ERR_DATA);
    buf_release(&b);
}

static void test_file_link__parts(void **state)
{
    static const struct {
        const char *field;
        bool part;
        uint64_t at, n;
    } cases[] = {
        {"", false, 0, 100},
        {"bytes=0-9", true, 0, 10},
        {"bytes=90-", true, 90, 10},
        {"bytes=90-999", true, 90, 10},
        {"bytes=-10", true, 90, 10},
        {"bytes=-999", true, 0, 100},
        {"bytes=99-99", true, 99, 1},
        {"bytes=100-", true, 100, 0},
        {"bytes=-0", true, 100, 0},
        {"bytes=9-8", false, 0, 100},
        {"bytes=0-9,20-", false, 0, 100},
        {"bytes=", false, 0, 100},
        {"bytes=a-b", false, 0, 100},
        {"bytes=-", false, 0, 100},
        {"lines=0-9", false, 0, 100},
        {"bytes=1", false, 0, 100},
        {"bytes=99999999999999999999-", false, 0, 100},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct file_range r;
        bool part = file_range_read(str_of(cases[i].field), 100, &r);
        if (part != cases[i].part || r.n != cases[i].n || (r.n && r.at != cases[i].at))
            fail_msg("%s: %d, %llu from %llu", cases[i].field, part, (unsigned long long)r.n,
                     (unsigned long long)r.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_link__comes_back),
        cmocka_unit_test(test_file_link__no_byte_can_be_changed),
        cmocka_unit_test(test_file_link__what_can_t_be_one),
        cmocka_unit_test(test_file_link__parts),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
