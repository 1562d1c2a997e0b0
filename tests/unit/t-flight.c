/* t-flight.c: who waits for whom: the table of flights alone, and the names by which they are found. */
#include "cache/flight.h"

#include "cache/cache.h"
#include "cache/ident.h"
#include "tests/unit/cache_fixture.h"

static int setup(void **state)
{
    assert_int_equal(hash_start(), 0);
    return 0;
}

static void test_flight__waits_leads_and_ends(void **state)
{
    struct flights fs;
    struct cache_flight *f;
    struct cache_lookup a = {0}, b = {0}, c = {0};

    flights_init(&fs);
    list_init(&a._link);
    list_init(&b._link);
    list_init(&c._link);
    f = flight_new(&fs, STR("name"), (struct token){1, 2});
    assert_non_null(f);
    assert_ptr_equal(flight_find(&fs, STR("name")), f);
    assert_null(flight_find(&fs, STR("nam")));
    flight_lead(&fs, f, &a);
    assert_false(f->joined);
    flight_wait(&fs, f, &b);
    assert_true(f->joined);
    flight_wait(&fs, f, &c);
    assert_int_equal(fs.n_lookups, 3);
    assert_ptr_equal(f->leader, &a);
    flight_leave(&fs, &a);
    assert_null(f->leader);
    assert_null(a._flight);
    assert_ptr_equal(flight_promote(f), &b); /* the oldest */
    assert_ptr_equal(f->leader, &b);
    assert_true(list_empty(&b._link));
    flight_leave(&fs, &c);
    flight_leave(&fs, &b);
    assert_null(flight_promote(f));
    assert_int_equal(fs.n_lookups, 0);
    flight_end(&fs, f);
    assert_null(flight_find(&fs, STR("name")));
    flights_release(&fs);
}

static void test_flight__a_newer_one_takes_the_name(void **state)
{
    struct flights fs;
    struct cache_flight *old, *new;
    struct cache_lookup a = {0}, b = {0};

    flights_init(&fs);
    list_init(&a._link);
    list_init(&b._link);
    old = flight_new(&fs, STR("name"), (struct token){1, 2});
    flight_lead(&fs, old, &a);
    new = flight_new(&fs, STR("name"), (struct token){1, 3});
    flight_lead(&fs, new, &b);
    assert_ptr_equal(flight_find(&fs, STR("name")), new);
    assert_ptr_equal(a._flight, old);
    flight_leave(&fs, &a);
    flight_end(&fs, old); /* must not take the name of the newer one away */
    assert_ptr_equal(flight_find(&fs, STR("name")), new);
    flight_leave(&fs, &b);
    flight_end(&fs, new);
    flights_release(&fs);
}

static void test_flight__one_alone_has_not_joined(void **state)
{
    struct flights fs;
    struct cache_flight *f;
    struct cache_lookup a = {0};

    flights_init(&fs);
    list_init(&a._link);
    f = flight_new(&fs, STR("n"), (struct token){0});
    flight_wait(&fs, f, &a);
    assert_false(f->joined);
    flight_leave(&fs, &a);
    flight_end(&fs, f);
    flights_release(&fs);
}

/* Names must differ wherever the answer may. */
static void test_ident__names_differ_where_answers_do(void **state)
{
    static const struct page pages[] = {
        {.limit = 10},
        {.limit = 11},
        {.limit = 10, .has_after = true, .after = {0}},
        {.limit = 10, .has_after = true, .after = {1}},
        {.limit = 10, .filter = {{.set = true, .text = {"a", 1}}}},
        {.limit = 10, .filter = {{.set = true, .text = {"", 0}}}},
        {.limit = 10, .filter = {{.set = true, .text = {"ab", 2}}}},
    };
    enum {
        N = ARRAY_LEN(pages) * 2 * 2
    };
    struct buf names[N];
    unsigned n = 0;

    for (size_t p = 0; p < ARRAY_LEN(pages); p++)
        for (int64_t id = 1; id <= 2; id++)
            for (int path = ITEMS_OF_OWNER; path <= NOTES_OF_OWNER; path++) {
                struct key key = fix_id(id);
                buf_init(&names[n], 0);
                fix_paths[NOTES_OF_OWNER].n_filter = 1;
                fix_paths[NOTES_OF_OWNER].filter[0] = fix_paths[ITEMS_OF_OWNER].filter[0];
                assert_true(ident_flight_name(&names[n], &fix_paths[path], &key, &pages[p]));
                n++;
            }
    fix_paths[NOTES_OF_OWNER].n_filter = 0;
    assert_int_equal(n, N);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < i; k++)
            assert_false(str_eq(buf_str(&names[i]), buf_str(&names[k])));
    for (unsigned i = 0; i < n; i++)
        buf_release(&names[i]);
}

static void test_ident__what_is_cached_and_how(void **state)
{
    struct access_path odd = fix_paths[ITEMS_OF_OWNER];
    bool known;

    assert_int_equal(ident_use(&fix_paths[OWNER_BY_CODE]), IDENT_ALIAS);
    assert_int_equal(ident_use(&fix_paths[OWNER_BY_ID]), IDENT_ROW);
    assert_int_equal(ident_use(&fix_paths[ITEMS_OF_OWNER]), IDENT_PART);
    assert_int_equal(ident_use(&fix_paths[PLACE_BY_ID]), IDENT_NOT);
    assert_int_equal(ident_unit(&fix_paths[OWNER_BY_CODE]), ident_unit(&fix_paths[OWNER_BY_ID]));
    odd.n_columns = 2; /* not the aggregate's key */
    assert_int_equal(ident_use(&odd), IDENT_NOT);
    odd.n_columns = 1;
    odd.key_is_text = true;
    assert_int_equal(ident_use(&odd), IDENT_NOT);
    assert_ptr_equal(ident_path(&fix_access, &fix_tables[OWNER], NOTES_OF_OWNER, &known),
                     &fix_paths[NOTES_OF_OWNER]);
    assert_true(known);
    assert_null(
        ident_path(&fix_access, &fix_tables[OWNER], ident_row_unit(&fix_tables[OWNER]), &known));
    assert_true(known);
    ident_path(&fix_access, &fix_tables[OWNER], PLACE_BY_ID, &known);
    assert_false(known);
    ident_path(&fix_access, &fix_tables[OWNER], 12345, &known);
    assert_false(known);
}

static void test_ident__key_of_a_row(void **state)
{
    struct arena a;
    struct key key;
    struct row *r;

    arena_init(&a, 0);
    assert_true(ident_key_of_row(&fix_tables[OWNER], fix_owner(&a, -7, "\"x\""), &key));
    assert_int_equal(key.part[0], -7);
    assert_true(ident_key_of_row(&fix_tables[ITEM], fix_item(&a, 3, 4, "\"x\""), &key));
    assert_int_equal(key.part[1], 4);
    assert_false(ident_key_of_row(&fix_tables[OWNER], fix_place(&a, 3, "\"x\""), &key));
    r = (struct row *)(uintptr_t)fix_owner(&a, -7, "\"x\"");
    r->end[0] |= ROW_NULL;
    assert_false(ident_key_of_row(&fix_tables[OWNER], r, &key));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flight__waits_leads_and_ends),
        cmocka_unit_test(test_flight__a_newer_one_takes_the_name),
        cmocka_unit_test(test_flight__one_alone_has_not_joined),
        cmocka_unit_test(test_ident__names_differ_where_answers_do),
        cmocka_unit_test(test_ident__what_is_cached_and_how),
        cmocka_unit_test(test_ident__key_of_a_row),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
