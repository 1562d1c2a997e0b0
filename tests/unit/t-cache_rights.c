/* t-cache_rights.c: what somebody may see of whom is remembered by both, until that one's record changes or a moment has passed. */
#include "cache/cache.h"

#include <unistd.h>

#include "tests/unit/cache_door_fixture.h"

static struct table rights_table = {
    .id = 9, .name = {"rights", 6}, .n_columns = 2, .function = true};
static const struct access_path rights = {.id = 9,
                                          .kind = ACCESS_ROW,
                                          .table = &rights_table,
                                          .subject = &fix_tables[OWNER],
                                          .n_columns = 2,
                                          .key_is_text = true};

static int setup_rights(void **state)
{
    return setup_with(state, 0);
}

static struct key who_of_whom(const char *who, int64_t whom)
{
    return (struct key){.text = str_of(who), .part = {0, whom}};
}

static void put(struct world *w, const char *who, int64_t whom, struct cache_moment asked,
                const char *what)
{
    struct key key = who_of_whom(who, whom);
    struct slice s = {.n = 0};

    if (what)
        s = fix_one(&w->arena, fix_place(&w->arena, 0, what));
    cache_rights_put(w->c, &rights, &key, asked, &s);
}

/* What is remembered: NULL: nothing; "": that nothing may be seen. */
static const char *remembered(struct world *w, const char *who, int64_t whom)
{
    struct key key = who_of_whom(who, whom);
    struct slice got;

    if (!cache_rights_get(w->c, &rights, &key, &w->arena, &got))
        return NULL;
    return got.n ? arena_str(&w->arena, row_cell(got.rows[0], 1)).ptr : "";
}

static void test_cache_rights__of_one_asker_and_one_record(void **state)
{
    struct world *w = *state;

    assert_null(remembered(w, "doctor", 7));
    put(w, "doctor", 7, cache_now(w->c), "TREATING");
    put(w, "stranger", 7, cache_now(w->c), NULL);
    assert_string_equal(remembered(w, "doctor", 7), "TREATING");
    assert_string_equal(remembered(w, "stranger", 7), "");
    assert_null(remembered(w, "doctor", 8));
    assert_null(remembered(w, "doctor7", 7));
    put(w, "doctor", 7, cache_now(w->c), "GRANTEE");
    assert_string_equal(remembered(w, "doctor", 7), "GRANTEE");
}

static void test_cache_rights__a_change_of_the_record_voids_them(void **state)
{
    struct world *w = *state;
    struct key key = fix_id(7), other = fix_id(8);

    put(w, "doctor", 7, cache_now(w->c), "GRANTEE");
    generations_mark(w->g, &fix_tables[OWNER], &other);
    generations_bump(w->g, &fix_tables[OWNER], &other);
    assert_non_null(remembered(w, "doctor", 7));
    generations_mark(w->g, &fix_tables[OWNER], &key);
    assert_null(remembered(w, "doctor", 7));
    put(w, "doctor", 7, cache_now(w->c), "GRANTEE"); /* asked while the change was under way */
    generations_bump(w->g, &fix_tables[OWNER], &key);
    assert_null(remembered(w, "doctor", 7));
    put(w, "doctor", 7, cache_now(w->c), NULL);
    assert_string_equal(remembered(w, "doctor", 7), "");
    generations_flush(w->g);
    assert_null(remembered(w, "doctor", 7));
}

static void test_cache_rights__an_answer_that_lost_its_race_is_not_kept(void **state)
{
    struct world *w = *state;
    struct cache_moment asked = cache_now(w->c);
    struct key key = fix_id(7);

    generations_mark(w->g, &fix_tables[OWNER], &key);
    generations_bump(w->g, &fix_tables[OWNER], &key);
    put(w, "doctor", 7, asked, "GRANTEE");
    assert_null(remembered(w, "doctor", 7));
    asked = cache_now(w->c);
    generations_flush(w->g);
    put(w, "doctor", 7, asked, "GRANTEE");
    assert_null(remembered(w, "doctor", 7));
}

static void test_cache_rights__they_last_a_moment(void **state)
{
    struct world *w = *state;

    put(w, "doctor", 7, cache_now(w->c), "GRANTEE");
    assert_non_null(remembered(w, "doctor", 7));
    usleep(2100 * 1000);
    uv_update_time(&w->loop);
    assert_null(remembered(w, "doctor", 7));
}

static void test_cache_rights__of_too_many_the_oldest_go(void **state)
{
    struct world *w = *state;

    for (int64_t i = 0; i < 100000; i++)
        put(w, "DOCTOR/880101300123/990140000123", i, cache_now(w->c), "\"TREATING_DOCTOR\"");
    assert_null(remembered(w, "DOCTOR/880101300123/990140000123", 0));
    assert_non_null(remembered(w, "DOCTOR/880101300123/990140000123", 99999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cache_rights__of_one_asker_and_one_record,
                                        setup_rights, teardown),
        cmocka_unit_test_setup_teardown(test_cache_rights__a_change_of_the_record_voids_them,
                                        setup_rights, teardown),
        cmocka_unit_test_setup_teardown(test_cache_rights__an_answer_that_lost_its_race_is_not_kept,
                                        setup_rights, teardown),
        cmocka_unit_test_setup_teardown(test_cache_rights__they_last_a_moment, setup_rights,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_cache_rights__of_too_many_the_oldest_go, setup_rights,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
