/* Tests of query/cursor. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "query/cursor.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const struct seal seal = {.key = "a key"};
static const struct table entries = {.name = STR("entry")};

/* Two columns of order, in cells 0 and 1. */
static struct access_path a_path(void)
{
    return (struct access_path){.kind = ACCESS_LIST,
                                .table = &entries,
                                .column = {STR("person_id")},
                                .n_columns = 1,
                                .order = {{.name = STR("day"), .cell = 0, .descending = true},
                                          {.name = STR("id"), .cell = 1, .descending = true}},
                                .n_order = 2};
}

/* Cells of 8 bytes each, behind the header and two ends. */
static const struct row *a_row(int64_t day, int64_t id)
{
    static uint32_t words[8];
    const uint32_t head[] = {sizeof words, 2, 8, 16};

    memcpy(words, head, sizeof head);
    memcpy(words + 4, &day, sizeof day);
    memcpy(words + 6, &id, sizeof id);
    assert_true(row_valid(words, sizeof words, 2));
    return (const struct row *)(const void *)words;
}

/* The cursor, without quotes. */
static const char *written(const struct access_path *path, const struct key *parent)
{
    static char text[100];
    struct buf b;

    buf_init(&b, 0);
    cursor_write(&b, &seal, path, parent, a_row(-7, 12));
    assert_int_equal(b.ptr[0], '"');
    assert_int_equal(b.ptr[b.len - 1], '"');
    snprintf(text, sizeof text, "%.*s", (int)b.len - 2, b.ptr + 1);
    buf_release(&b);
    return text;
}

static bool fits(struct str text, const struct access_path *path, const struct key *parent)
{
    struct page page = {0};
    struct cursor cursor;

    return cursor_read(text, path, &page, &cursor) &&
           cursor_fits(&cursor, &seal, path, parent, &page);
}

static void test_cursor__round_trip(void **state)
{
    const struct access_path path = a_path();
    const struct key parent = {.part = {5}};
    struct page page = {0};
    struct cursor cursor;

    assert_true(cursor_read(str_of(written(&path, &parent)), &path, &page, &cursor));
    assert_true(page.has_after);
    assert_int_equal(page.after[0], -7);
    assert_int_equal(page.after[1], 12);
    assert_true(cursor_fits(&cursor, &seal, &path, &parent, &page));
}

/* No digit is another, left out or added. */
static void test_cursor__has_one_text(void **state)
{
    const struct access_path path = a_path();
    const struct key parent = {.part = {5}};
    char text[100];
    size_t n;

    snprintf(text, sizeof text, "%s", written(&path, &parent));
    n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        char right = text[i];
        for (const char *c = digits; *c; c++) {
            text[i] = *c;
            assert_int_equal(fits(str_of(text), &path, &parent), *c == right);
        }
        text[i] = right;
        assert_false(fits((struct str){text, i}, &path, &parent));
    }
    for (const char *c = digits; *c; c++) {
        text[n] = *c;
        assert_false(fits((struct str){text, n + 1}, &path, &parent));
    }
}

static void check_foreign(const char *text, const struct access_path *path,
                          const struct key *parent)
{
    assert_false(fits(str_of(text), path, parent));
}

static void test_cursor__of_one_list(void **state)
{
    const struct table others = {.name = STR("other")};
    const struct key parent = {.part = {5}}, texts = {.part = {5}, .text = STR("ab")};
    const struct key wrong[] = {{.part = {6}},
                                {.part = {0, 5}},
                                {.part = {5, 1}},
                                {.part = {5}, .text = STR("a")},
                                {.part = {5}, .text = STR("ac")}};
    struct access_path path = a_path();
    char one[100], two[100];

    snprintf(one, sizeof one, "%s", written(&path, &parent));
    snprintf(two, sizeof two, "%s", written(&path, &texts));
    assert_true(fits(str_of(one), &path, &parent));
    assert_true(fits(str_of(two), &path, &texts));
    check_foreign(one, &path, &texts);
    check_foreign(two, &path, &parent);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        check_foreign(one, &path, &wrong[i]);
        check_foreign(two, &path, &wrong[i]);
    }
    path.table = &others;
    check_foreign(one, &path, &parent);
    path = a_path();
    path.order[0].descending = false;
    check_foreign(one, &path, &parent);
    path = a_path();
    path.n_order = 1;
    check_foreign(one, &path, &parent);
    path = a_path();
    path.column[0] = STR("doctor_id");
    check_foreign(one, &path, &parent);
}

static void test_cursor__of_one_secret(void **state)
{
    const struct access_path path = a_path();
    const struct key parent = {.part = {5}};
    const struct seal other = {.key = "b key"};
    struct page page = {0};
    struct cursor cursor;

    assert_true(cursor_read(str_of(written(&path, &parent)), &path, &page, &cursor));
    assert_false(cursor_fits(&cursor, &other, &path, &parent, &page));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor__round_trip),
        cmocka_unit_test(test_cursor__has_one_text),
        cmocka_unit_test(test_cursor__of_one_list),
        cmocka_unit_test(test_cursor__of_one_secret),
    };
    return hash_start() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
