/* Tests of db/encode: arrays on the wire, byte by byte, and keys that never travel. */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "base/err.h"
#include "db/encode.h"
#include "db/types.h"

static struct column columns[] = {
    {.name = {"id", 2}, .codec = CODEC_KEY, .type_oid = OID_INT4},
    {.name = {"day", 3}, .codec = CODEC_KEY, .type_oid = OID_DATE},
};
static struct table thing = {
    .name = {"thing", 5}, .columns = columns, .n_columns = 2, .key = {{"id", 2}}, .n_key = 1};
static struct access_path list = {
    .kind = ACCESS_LIST,
    .table = &thing,
    .column = {{"owner", 5}},
    .n_columns = 1,
    .key_oid = {OID_INT2},
    .order = {{.name = {"day", 3}, .cell = 1, .descending = true, .type_oid = OID_DATE},
              {.name = {"id", 2}, .cell = 0, .descending = true, .type_oid = OID_INT4}},
    .n_order = 2,
    .filter = {{.name = {"state", 5}, .type_oid = OID_TEXT, .is_text = true}},
    .n_filter = 1,
};
static struct access_path by_text = {.kind = ACCESS_ROW,
                                     .table = &thing,
                                     .column = {{"code", 4}},
                                     .n_columns = 1,
                                     .key_oid = {OID_TEXT},
                                     .key_is_text = true};

static struct arena arena;
static struct encoder enc;

static void check_bytes(int param, const char *want, size_t n)
{
    assert_int_equal(enc.lengths[param], n);
    assert_memory_equal(enc.values[param], want, n);
}

#define BYTES(param, literal) check_bytes(param, literal, sizeof(literal) - 1)

static void test_encode__page(void **state)
{
    struct statement s;
    struct key a = {.part = {-2}}, b = {.part = {258}};
    struct page first = {.limit = 20}, next = {.limit = 5, .has_after = true, .after = {1, -1}};

    next.filter[0] = (struct filter_value){.set = true, .text = STR("ok")};
    assert_int_equal(statement_of_path(&s, &list, 1, &arena), 0);
    encode_begin(&enc, &s);
    encode_key(&enc, &a, &first);
    encode_key(&enc, &b, &next);
    assert_int_equal(encode_end(&enc), 0);
    BYTES(0, "\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\2\0\0\0\1"
             "\0\0\0\2\xFF\xFE\0\0\0\2\1\2");
    BYTES(1, "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\2\0\0\0\1"
             "\0\0\0\4\0\0\0\x14\0\0\0\4\0\0\0\5");
    BYTES(2, "\0\0\0\1\0\0\0\0\0\0\4\x3A\0\0\0\2\0\0\0\1" /* no cursor: infinity */
             "\0\0\0\4\x7F\xFF\xFF\xFF\0\0\0\4\0\0\0\1");
    BYTES(3, "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\2\0\0\0\1"
             "\0\0\0\4\x7F\xFF\xFF\xFF\0\0\0\4\xFF\xFF\xFF\xFF");
    BYTES(4, "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1" /* with a null */
             "\xFF\xFF\xFF\xFF\0\0\0\2ok");
}

static void test_encode__ranges(void **state)
{
    struct access_path ranged = list;
    struct key key = {.part = {1}};
    struct page open = {.limit = 1}, both = {.limit = 1};
    struct statement s;

    ranged.filter[0] = (struct filter_column){
        .name = {"day", 3}, .compare = COMPARE_AT_LEAST, .of_order = true, .type_oid = OID_DATE};
    ranged.filter[1] = ranged.filter[0];
    ranged.filter[1].compare = COMPARE_AT_MOST;
    ranged.n_filter = 2;
    both.filter[0] = (struct filter_value){.set = true, .number = 7};
    both.filter[1] = (struct filter_value){.set = true, .number = 9};
    assert_int_equal(statement_of_path(&s, &ranged, 1, &arena), 0);
    encode_begin(&enc, &s);
    encode_key(&enc, &key, &open);
    encode_key(&enc, &key, &both);
    assert_int_equal(encode_end(&enc), 0);
    BYTES(4, "\0\0\0\1\0\0\0\0\0\0\4\x3A\0\0\0\2\0\0\0\1" /* open: -infinity */
             "\0\0\0\4\x80\0\0\0\0\0\0\4\0\0\0\7");
    BYTES(5, "\0\0\0\1\0\0\0\0\0\0\4\x3A\0\0\0\2\0\0\0\1" /* open: infinity */
             "\0\0\0\4\x7F\xFF\xFF\xFF\0\0\0\4\0\0\0\x09");
}

static void test_encode__is_reused(void **state)
{
    struct statement s;
    struct key k = {.text = STR("abc")}, empty = {.text = {0}};

    assert_int_equal(statement_of_path(&s, &by_text, 0, &arena), 0);
    for (int i = 0; i < 2; i++) {
        encode_begin(&enc, &s);
        encode_key(&enc, &k, NULL);
        encode_key(&enc, &empty, NULL);
        assert_int_equal(encode_end(&enc), 0);
        BYTES(0, "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\3abc\0\0\0\0");
    }
}

static bool fits(const struct access_path *path, int64_t n, struct str text)
{
    struct key k = {.part = {n}, .text = text};
    struct page page = {.limit = 1};
    return encode_matchable(path, &k, &page);
}

static void test_matchable__numbers(void **state)
{
    struct access_path p = list;

    assert_true(fits(&p, 32767, STR("")));
    assert_false(fits(&p, 32768, STR("")));
    assert_false(fits(&p, INT64_MIN, STR("")));
    p.key_oid[0] = OID_DATE;
    assert_true(fits(&p, -2451545, STR("")));
    assert_false(fits(&p, -2451546, STR("")));
    assert_true(fits(&p, INT32_MAX, STR(""))); /* infinity */
    assert_false(fits(&p, INT32_MAX - 1, STR("")));
    p.key_oid[0] = OID_TIMESTAMPTZ;
    assert_true(fits(&p, INT64_MAX, STR("")));
    assert_false(fits(&p, INT64_MAX - 1, STR("")));
    p.key_oid[0] = OID_INT8;
    assert_true(fits(&p, INT64_MIN, STR("")));
}

static void test_matchable__texts(void **state)
{
    static char longest[70000];

    assert_true(fits(&by_text, 0, STR("\xD2\x9B")));
    assert_false(fits(&by_text, 0, STR("a\0b")));
    assert_false(fits(&by_text, 0, STR("\xC0\x80")));
    memset(longest, 'a', sizeof longest);
    assert_false(fits(&by_text, 0, (struct str){longest, sizeof longest}));
    assert_true(fits(&by_text, 0, (struct str){longest, 65536}));
}

static void test_matchable__filters(void **state)
{
    struct key k = {.part = {1}};
    struct page page = {.limit = 1};

    page.filter[0] = (struct filter_value){.set = true, .text = STR("a\0b")};
    assert_false(encode_matchable(&list, &k, &page));
    page.filter[0].set = false;
    assert_true(encode_matchable(&list, &k, &page));
}

static int set_up(void **state)
{
    arena_init(&arena, 0);
    encode_init(&enc);
    return 0;
}

static int tear_down(void **state)
{
    encode_release(&enc);
    arena_release(&arena);
    return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_encode__page),       T(test_encode__ranges),   T(test_encode__is_reused),
        T(test_matchable__numbers), T(test_matchable__texts), T(test_matchable__filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
