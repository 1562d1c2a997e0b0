/* Tests of base/base64. */
#include "tests/unit/test.h"

#include "base/base64.h"
#include "base/buf.h"

/* RFC 4648, section 10, without its padding; and the two digits that are not the ordinary ones. */
static void test_base64__vectors(void **state)
{
    static const char *const all[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    struct buf b;

    buf_init(&b, 0);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char back[16];
        size_t n = 99;
        buf_clear(&b);
        base64_add(&b, all[i][0], strlen(all[i][0]));
        check_str(buf_str(&b), all[i][1]);
        assert_int_equal(b.len, base64_length(strlen(all[i][0])));
        assert_true(base64_read(buf_str(&b), back, strlen(all[i][0]), &n));
        assert_int_equal(n, strlen(all[i][0]));
        assert_memory_equal(back, all[i][0], n);
    }
    buf_release(&b);
}

static void test_base64__every_byte_and_length(void **state)
{
    unsigned char bytes[256], back[256];
    struct buf b;
    size_t n;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    buf_init(&b, 0);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        buf_clear(&b);
        base64_add(&b, bytes, len);
        assert_true(base64_read(buf_str(&b), back, sizeof back, &n));
        assert_int_equal(n, len);
        assert_memory_equal(back, bytes, len);
        if (len > 0)
            assert_false(base64_read(buf_str(&b), back, len - 1, &n)); /* no room */
    }
    buf_release(&b);
}

static void test_base64__refuses(void **state)
{
    static const char *const bad[] = {
        "A", "AAAAA", "Zh", "Zm9=", "Zg==", "Z g", "Zm+v", "Zm/v", "Z\xd0\x90g"};
    char back[16];
    size_t n;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(base64_read(str_of(bad[i]), back, sizeof back, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64__vectors),
        cmocka_unit_test(test_base64__every_byte_and_length),
        cmocka_unit_test(test_base64__refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
