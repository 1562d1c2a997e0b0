/* t-local.c: the LRU of one process, and the values that it and Redis hold. */
#include "cache/local.h"

#include "cache/value.h"
#include "tests/unit/cache_fixture.h"

enum {
    SEED = 12345,
    NAME = 99,
    UNIT = ITEMS_OF_OWNER
};

/* A sealed value of `n` items. */
static struct str make_value(struct buf *b, uint32_t n, const char *what)
{
    struct value_head h = {.unit = UNIT, .name = NAME, .generation = 5, .complete = true};
    struct arena a;
    struct slice s;

    arena_init(&a, 0);
    s = fix_items(&a, 1, n, what);
    buf_clear(b);
    assert_true(value_add_rows(b, &h, &s));
    value_seal(b, 0, SEED);
    arena_release(&a);
    return buf_str(b);
}

static struct str name_of(int *i)
{
    return (struct str){(const char *)i, sizeof *i};
}

static int setup(void **state)
{
    assert_int_equal(hash_start(), 0);
    return 0;
}

static void test_local__keeps_within_the_budget(void **state)
{
    enum {
        N = 5000,
        BUDGET = 100000
    };
    struct local l;
    struct buf b;
    struct str value;
    unsigned there = 0;

    buf_init(&b, 0);
    local_init(&l, BUDGET);
    value = make_value(&b, 3, "\"x\"");
    for (int i = 0; i < N; i++) {
        assert_true(local_put(&l, name_of(&i), 1, value));
        assert_true(l.bytes <= BUDGET);
    }
    for (int i = 0; i < N; i++) {
        struct local_entry *e = local_get(&l, name_of(&i));
        there += e != NULL;
        if (e) {
            assert_true(i > N / 2); /* the newest */
            assert_int_equal(e->len, value.len);
            assert_memory_equal(e->value, value.ptr, value.len);
        }
    }
    assert_true(there > 100 && there < 500);
    assert_int_equal(l.rows, there * 3);
    local_release(&l);
    assert_int_equal(l.bytes, 0);
    buf_release(&b);
}

static void test_local__drops_what_was_not_used_longest(void **state)
{
    struct local l;
    struct buf b;
    struct str value;
    int used = -1;

    buf_init(&b, 0);
    local_init(&l, 20000);
    value = make_value(&b, 1, "\"x\"");
    assert_true(local_put(&l, name_of(&used), 1, value));
    for (int i = 0; i < 1000; i++) {
        assert_true(local_put(&l, name_of(&i), 1, value));
        assert_non_null(local_get(&l, name_of(&used)));
    }
    local_release(&l);
    buf_release(&b);
}

static void test_local__replaces_and_refuses(void **state)
{
    struct local l;
    struct buf b;
    int one = 1;
    size_t bytes;

    buf_init(&b, 0);
    local_init(&l, 10000);
    assert_true(local_put(&l, name_of(&one), 1, make_value(&b, 2, "\"a\"")));
    bytes = l.bytes;
    assert_true(local_put(&l, name_of(&one), 2, make_value(&b, 2, "\"b\"")));
    assert_int_equal(l.bytes, bytes);
    assert_int_equal(l.rows, 2);
    assert_int_equal(local_get(&l, name_of(&one))->epoch, 2);
    /* Too large for the budget: then the old one is gone as well. */
    assert_false(local_put(&l, name_of(&one), 1, make_value(&b, 100, "\"b\"")));
    assert_null(local_get(&l, name_of(&one)));
    assert_int_equal(l.bytes, 0);
    assert_int_equal(l.rows, 0);
    local_release(&l);
    local_init(&l, 0);
    assert_false(local_put(&l, name_of(&one), 1, make_value(&b, 1, "\"b\"")));
    local_release(&l);
    buf_release(&b);
}

static bool good(struct str v)
{
    return value_check(v.ptr, v.len, VALUE_ROWS, UNIT, NAME, 3, SEED);
}

static void test_value__is_checked(void **state)
{
    struct buf b;
    struct str v;
    char *copy;

    buf_init(&b, 0);
    v = make_value(&b, 4, "\"text\"");
    assert_true(good(v));
    assert_false(value_check(v.ptr, v.len, VALUE_ALIAS, UNIT, NAME, 3, SEED));
    assert_false(value_check(v.ptr, v.len, VALUE_ROWS, UNIT + 1, NAME, 3, SEED));
    assert_false(value_check(v.ptr, v.len, VALUE_ROWS, UNIT, NAME + 1, 3, SEED));
    assert_false(value_check(v.ptr, v.len, VALUE_ROWS, UNIT, NAME, 2, SEED));
    assert_false(value_check(v.ptr, v.len, VALUE_ROWS, UNIT, NAME, 3, SEED + 1));
    for (size_t n = 0; n < v.len; n++) { /* cut at every byte; the sanitizer sees what is read */
        copy = malloc(n ? n : 1);
        memcpy(copy, v.ptr, n);
        assert_false(value_check(copy, n, VALUE_ROWS, UNIT, NAME, 3, SEED));
        free(copy);
    }
    /* Sealed by somebody who knows the seed, and wrong all the same. */
    for (size_t at = 0; at < v.len; at++) {
        struct buf evil;
        if (at >= offsetof(struct value_head, checksum) && at < sizeof(struct value_head))
            continue;
        buf_init(&evil, 0);
        buf_add_str(&evil, v);
        evil.ptr[at] = (char)(evil.ptr[at] ^ 0x80);
        value_seal(&evil, 0, SEED);
        (void)good(buf_str(&evil)); /* may be a value; must not be read outside */
        buf_release(&evil);
    }
    buf_release(&b);
}

static void test_value__rows_come_out_as_they_went_in(void **state)
{
    struct buf b;
    struct str v;
    struct arena a;
    struct slice s;
    size_t at = 0;
    unsigned n = 0;

    buf_init(&b, 0);
    arena_init(&a, 0);
    v = make_value(&b, 5, "\"odd\"");
    assert_true(value_get_rows(v.ptr, v.len, 5, &a, &s));
    assert_int_equal(s.n, 5);
    for (const struct row *r; (r = value_next_row(v.ptr, v.len, &at)); n++) {
        assert_int_equal(r->size, s.rows[n]->size);
        assert_memory_equal(r, s.rows[n], r->size);
        assert_int_equal(row_number(r, 1), 1000 - n);
        assert_cell(r, 2, "\"odd\"");
    }
    assert_int_equal(n, 5);
    assert_true(value_get_rows(v.ptr, v.len, 2, &a, &s));
    assert_int_equal(s.n, 2);
    assert_true(value_get_rows(v.ptr, v.len, 0, &a, &s));
    assert_int_equal(s.n, 0);
    arena_release(&a);
    arena_init(&a, 0); /* the first thing that an arena is asked for may be an empty slice */
    assert_true(value_get_rows(v.ptr, v.len, 0, &a, &s));
    arena_release(&a);
    buf_release(&b);
}

static void test_value__long_lists_are_cut_and_incomplete(void **state)
{
    struct value_head h = {.unit = UNIT, .complete = true};
    struct arena a;
    struct buf b;
    struct slice s;
    char *huge = malloc(VALUE_BYTES_MAX);

    arena_init(&a, 0);
    buf_init(&b, 0);
    s = fix_items(&a, 1, VALUE_ROWS_MAX + 1, "\"x\"");
    assert_true(value_add_rows(&b, &h, &s));
    assert_int_equal(value_head(b.ptr)->n_rows, VALUE_ROWS_MAX);
    assert_int_equal(value_head(b.ptr)->complete, 0);
    memset(huge, 'x', VALUE_BYTES_MAX - 1);
    huge[VALUE_BYTES_MAX - 1] = '\0';
    s = fix_items(&a, 1, 1, huge);
    buf_clear(&b);
    assert_false(value_add_rows(&b, &h, &s));
    free(huge);
    buf_release(&b);
    arena_release(&a);
}

static void test_value__aliases(void **state)
{
    struct value_head h = {.unit = 3, .name = NAME};
    struct key key = {.part = {5, -6}, .text = STR("text")}, got;
    static char long_text[VALUE_TEXT_MAX + 1];
    struct buf b;

    buf_init(&b, 0);
    assert_true(value_add_alias(&b, &h, &key));
    value_seal(&b, 0, SEED);
    assert_true(value_check(b.ptr, b.len, VALUE_ALIAS, 3, NAME, 0, SEED));
    assert_true(value_get_alias(b.ptr, b.len, &got));
    assert_int_equal(got.part[0], 5);
    assert_int_equal(got.part[1], -6);
    assert_true(str_eq(got.text, key.text));
    assert_false(value_check(b.ptr, b.len - 5, VALUE_ALIAS, 3, NAME, 0, SEED));
    buf_clear(&b);
    key.text = (struct str){long_text, sizeof long_text};
    assert_false(value_add_alias(&b, &h, &key));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local__keeps_within_the_budget),
        cmocka_unit_test(test_local__drops_what_was_not_used_longest),
        cmocka_unit_test(test_local__replaces_and_refuses),
        cmocka_unit_test(test_value__is_checked),
        cmocka_unit_test(test_value__rows_come_out_as_they_went_in),
        cmocka_unit_test(test_value__long_lists_are_cut_and_incomplete),
        cmocka_unit_test(test_value__aliases),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
