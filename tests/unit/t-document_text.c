/* Tests of server/document_text: the strings of an answer, whatever pieces it comes in. */
#include "tests/unit/test.h"

#include "base/json.h"
#include "server/document_text.h"

/* The answer in pieces of `size` bytes. */
static void feed(struct document_text *t, bool paged, struct str answer, size_t size,
                 struct buf *out)
{
    buf_clear(out);
    document_text_begin(t, paged);
    for (size_t at = 0; at < answer.len; at += size)
        document_text_feed(t, (struct str){answer.ptr + at, MIN(size, answer.len - at)}, out);
}

static void check(struct str answer, bool paged, struct str want, bool found)
{
    struct document_text t;
    struct buf out;

    buf_init(&out, 0);
    for (size_t size = 1; size <= answer.len; size++) {
        feed(&t, paged, answer, size, &out);
        if (!str_eq(buf_str(&out), want))
            fail_msg("%.*s in pieces of %zu: %.*s", (int)answer.len, answer.ptr, size, (int)out.len,
                     out.ptr);
        assert_int_equal(t.found, found);
    }
    buf_release(&out);
}

static void test_document_text__one_string(void **state)
{
    check(STR("{\"data\":{\"node\":{\"it\":{\"document\":\"a, {b} [c]: d\"}}}}"), false,
          STR("a, {b} [c]: d"), true);
    check(STR("{\"data\":{\"it\":\"\"}}"), false, STR(""), true);
    check(STR("{\"data\":{\"it\":null}}"), false, STR(""), false);
    check(STR("{\"data\":null}"), false, STR(""), false);
}

static void test_document_text__escapes(void **state)
{
    check(STR("{\"it\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"), false, STR("\"\\/\b\f\n\r\t"), true);
    check(STR("{\"it\":\"\\u0041\\u0001\\u04d9\\u20B8\"}"), false, STR("A\x01\xd3\x99\xe2\x82\xb8"),
          true);
    check(STR("{\"it\":\"\\ud83d\\ude00.\\uD83D\\uDE00\"}"), false,
          STR("\xf0\x9f\x98\x80.\xf0\x9f\x98\x80"), true);
    /* Halves of pairs, which no writer of ours makes. */
    check(STR("{\"it\":\"\\ud83d\"}"), false, STR("\xef\xbf\xbd"), true);
    check(STR("{\"it\":\"\\ud83dx\\ude00\\ud83d\\n\"}"), false,
          STR("\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\n"), true);
}

/* Every character that a text may have comes back. */
static void test_document_text__what_json_writes(void **state)
{
    struct buf text, json, out;
    struct document_text t;

    buf_init(&text, 0);
    buf_init(&json, 0);
    buf_init(&out, 0);
    for (int c = 1; c < 0x80; c++)
        buf_add_char(&text, (char)c);
    buf_add_z(&text, "\xd3\x99\xe2\x82\xb8\xf0\x9f\x98\x80");
    buf_add_z(&json, "{\"it\":");
    json_add_string(&json, buf_str(&text));
    buf_add_char(&json, '}');
    for (size_t size = 1; size < json.len; size++) {
        feed(&t, false, buf_str(&json), size, &out);
        assert_true(str_eq(buf_str(&out), buf_str(&text)));
    }
    buf_release(&text);
    buf_release(&json);
    buf_release(&out);
}

static void check_page(struct str answer, const char *cursor, bool more)
{
    struct document_text t;
    struct buf out;

    buf_init(&out, 0);
    for (size_t size = 1; size <= answer.len; size++) {
        feed(&t, true, answer, size, &out);
        assert_true(str_is((struct str){t.cursor, t.cursor_len}, cursor));
        assert_int_equal(t.more, more);
    }
    buf_release(&out);
}

static void test_document_text__pages(void **state)
{
    static const struct str
        page = STR("{\"data\":{\"p\":{\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":"
                   "\"Y\\u0075\"},\"nodes\":[{\"line\":\"{\\\"hasNextPage\\\":false}\"},{\"line\":"
                   "\"\"},{\"line\":\"z\"}]}}}"),
        last = STR("{\"data\":{\"p\":{\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null},"
                   "\"nodes\":[]}}}"),
        gone = STR("{\"data\":{\"p\":null}}");

    check(page, true, STR("{\"hasNextPage\":false}\n\nz\n"), true);
    check_page(page, "Yu", true);
    check(last, true, STR(""), true);
    check_page(last, "", false);
    check(gone, true, STR(""), false);
    /* Of no page the names mean nothing. */
    check(STR("{\"data\":{\"endCursor\":\"x\"}}"), false, STR("x"), true);
}

/* A cursor that is longer than any fills its place and no more. */
static void test_document_text__long_cursor(void **state)
{
    struct document_text t;
    struct buf json, out;

    buf_init(&json, 0);
    buf_init(&out, 0);
    buf_add_z(&json, "{\"endCursor\":\"");
    for (int i = 0; i < 1000; i++)
        buf_add_char(&json, 'x');
    buf_add_z(&json, "\",\"a long key that nobody looks for\":\"y\"}");
    feed(&t, true, buf_str(&json), 7, &out);
    assert_int_equal(t.cursor_len, DOCUMENT_CURSOR_MAX);
    assert_true(str_is(buf_str(&out), "y\n"));
    buf_release(&json);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_text__one_string),
        cmocka_unit_test(test_document_text__escapes),
        cmocka_unit_test(test_document_text__what_json_writes),
        cmocka_unit_test(test_document_text__pages),
        cmocka_unit_test(test_document_text__long_cursor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
