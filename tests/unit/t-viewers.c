/* tests/unit/t-viewers.c: who asked before: what is found, when it no longer is, and how much is kept. */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/viewer.h"
#include "server/token.h"
#include "server/viewers.h"

static struct token said = {.begins_s = 100,
                            .ends_s = 200,
                            .role = STR("DOCTOR"),
                            .iin = STR("581011381944"),
                            .organisation = STR("123456789012"),
                            .name = STR("Anuar"),
                            .client = STR("app")};

struct fixture {
    struct viewers *viewers;
    struct arena arena;
};

static void open_fixture(struct fixture *f, size_t max_bytes)
{
    assert_int_equal(hash_start(), 0);
    assert_int_equal(viewers_new(&f->viewers, max_bytes), 0);
    arena_init(&f->arena, 0);
}

static void close_fixture(struct fixture *f)
{
    viewers_free(f->viewers);
    arena_release(&f->arena);
}

static int find(struct fixture *f, const char *token, int64_t now_s, struct viewer *ret)
{
    *ret = (struct viewer){.request_id = STR("id")};
    return viewers_find(f->viewers, str_of(token), now_s, &f->arena, ret);
}

static void check_viewer(const struct viewer *v)
{
    assert_int_equal(v->kind, VIEWER_KNOWN);
    assert_true(str_is(v->request_id, "id"));
    assert_true(str_is(v->role, "DOCTOR"));
    assert_true(str_is(v->iin, "581011381944"));
    assert_true(str_is(v->organisation, "123456789012"));
    assert_true(str_is(v->name, "Anuar"));
    assert_true(str_is(v->client, "app"));
    assert_true(str_is(v->key, "DOCTOR/581011381944/123456789012"));
}

/* What a request has goes on when the entry is gone. */
static void test_viewers__found_and_forgotten(void **state)
{
    struct fixture f;
    struct viewer v, none;

    open_fixture(&f, 1 << 20);
    assert_int_equal(find(&f, "token", 150, &v), 0);
    viewers_keep(f.viewers, STR("token"), &said);
    assert_int_equal(find(&f, "token", 150, &v), VIEWERS_FOUND);
    assert_int_equal(find(&f, "toke", 150, &none), 0);
    assert_int_equal(find(&f, "token ", 150, &none), 0);
    viewers_forget(f.viewers);
    assert_int_equal(find(&f, "token", 150, &none), 0);
    check_viewer(&v);
    v = (struct viewer){.request_id = STR("id")};
    assert_int_equal(viewer_from_token(&said, &f.arena, &v), 0);
    check_viewer(&v);
    close_fixture(&f);
}

static void test_viewers__only_what_is_there(void **state)
{
    struct token citizen = {.ends_s = 200, .role = STR("CITIZEN"), .iin = STR("581011381944")};
    struct fixture f;
    struct viewer v;

    open_fixture(&f, 1 << 20);
    viewers_keep(f.viewers, STR("token"), &citizen);
    assert_int_equal(find(&f, "token", 150, &v), VIEWERS_FOUND);
    assert_true(str_is(v.key, "CITIZEN/581011381944/"));
    assert_int_equal(v.organisation.len + v.name.len + v.client.len, 0);
    close_fixture(&f);
}

static void test_viewers__in_its_time(void **state)
{
    static const struct {
        int64_t now_s;
        int rc;
    } cases[] = {{99, 0}, {100, VIEWERS_FOUND}, {199, VIEWERS_FOUND}, {200, 0}};
    struct fixture f;
    struct viewer v;

    open_fixture(&f, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        viewers_forget(f.viewers);
        viewers_keep(f.viewers, STR("token"), &said);
        assert_int_equal(find(&f, "token", cases[i].now_s, &v), cases[i].rc);
        assert_int_equal(viewers_count(f.viewers), cases[i].rc);
    }
    close_fixture(&f);
}

static void test_viewers__bounded(void **state)
{
    struct fixture f;
    struct viewer v;
    size_t n;
    char name[32];

    open_fixture(&f, 16 * 1024);
    viewers_keep(f.viewers, STR("first"), &said);
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "token %d", i);
        viewers_keep(f.viewers, str_of(name), &said);
        assert_int_equal(find(&f, "first", 150, &v), VIEWERS_FOUND); /* who comes again stays */
        arena_clear(&f.arena);
    }
    n = viewers_count(f.viewers);
    assert_in_range(n, 20, 100);
    assert_int_equal(find(&f, "token 9999", 150, &v), VIEWERS_FOUND);
    assert_int_equal(find(&f, "token 0", 150, &v), 0);
    close_fixture(&f);
    open_fixture(&f, 64); /* not even one: nothing is kept */
    viewers_keep(f.viewers, STR("first"), &said);
    assert_int_equal(viewers_count(f.viewers), 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_viewers__found_and_forgotten),
        cmocka_unit_test(test_viewers__only_what_is_there),
        cmocka_unit_test(test_viewers__in_its_time),
        cmocka_unit_test(test_viewers__bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
