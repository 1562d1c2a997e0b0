/* Tests of base/access: rows as bytes. */
#include "tests/unit/test.h"

#include "base/access.h"

/* Three cells: "ab", null, a number. */
static _Alignas(8) unsigned char bytes[64];

static struct row *make_row(void)
{
    struct row *r = (struct row *)(void *)bytes;
    int64_t number = -7;
    r->n = 3;
    r->end[0] = 2;
    r->end[1] = 2 | ROW_NULL;
    r->end[2] = 2 + sizeof number;
    memcpy((char *)(r->end + 3), "ab", 2);
    memcpy((char *)(r->end + 3) + 2, &number, sizeof number);
    r->size = (uint32_t)(sizeof *r + 3 * sizeof r->end[0] + 2 + sizeof number);
    return r;
}

static void test_row__cells(void **state)
{
    const struct row *r = make_row();
    check_str(row_cell(r, 0), "ab");
    assert_true(row_is_null(r, 1));
    assert_int_equal(row_cell(r, 1).len, 0);
    assert_int_equal(row_number(r, 2), -7);
    assert_int_equal(row_number(r, 0), 0); /* not a number: no wild read */
}

static void test_row__valid(void **state)
{
    struct row *r = make_row();
    assert_true(row_valid(r, r->size, 3));
    assert_false(row_valid(r, r->size, 2));
    assert_false(row_valid(r, r->size - 1, 3));
    assert_false(row_valid(r, 4, 3));
    r->end[0] = 100; /* beyond the row */
    assert_false(row_valid(r, r->size, 3));
    r = make_row();
    r->end[1] = 1; /* goes back */
    assert_false(row_valid(r, r->size, 3));
}

static void test_page__head(void **state)
{
    struct access_path path = {.kind = ACCESS_LIST, .n_filter = 2};
    struct page page = {.limit = 5};
    assert_true(page_is_head(NULL, &path));
    assert_true(page_is_head(&page, &path));
    page.filter[1].set = true;
    assert_false(page_is_head(&page, &path));
    page = (struct page){.has_after = true};
    assert_false(page_is_head(&page, &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row__cells),
        cmocka_unit_test(test_row__valid),
        cmocka_unit_test(test_page__head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
