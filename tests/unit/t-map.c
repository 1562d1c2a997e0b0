/* Tests of base/map, base/buf, base/list and base/err. */
#include "tests/unit/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/list.h"
#include "base/map.h"

enum {
    MANY = 5000
};

static char names[MANY][12];
static int values[MANY];

static struct str name_of(int i)
{
    snprintf(names[i], sizeof names[i], "key-%d", i);
    return str_of(names[i]);
}

/* Puts, takes and looks up in turn, against a plain array. */
static void fill_and_empty(struct map *m)
{
    for (int i = 0; i < MANY; i++)
        assert_int_equal(map_put(m, name_of(i), &values[i]), 0);
    assert_int_equal(m->count, MANY);
    for (int i = 0; i < MANY; i += 2)
        assert_ptr_equal(map_take(m, name_of(i)), &values[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_get(m, name_of(i)), i % 2 ? &values[i] : NULL);
    assert_int_equal(m->count, MANY / 2);
    assert_null(map_take(m, STR("absent")));
}

static void test_map__heap(void **state)
{
    struct map m;
    map_init(&m, NULL);
    assert_null(map_get(&m, STR("x")));
    fill_and_empty(&m);
    map_release(&m);
}

static void test_map__arena(void **state)
{
    struct arena a;
    struct map m;
    arena_init(&a, 0);
    map_init(&m, &a);
    fill_and_empty(&m);
    arena_release(&a);
}

static void test_map__replaces(void **state)
{
    struct map m;
    map_init(&m, NULL);
    assert_int_equal(map_put(&m, STR("a"), &values[0]), 0);
    assert_int_equal(map_put(&m, STR("a"), &values[1]), 0);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(map_get(&m, STR("a")), &values[1]);
    map_release(&m);
}

static void test_buf__limit(void **state)
{
    struct buf b;
    buf_init(&b, 10);
    buf_add_z(&b, "0123456789");
    assert_false(b.failed);
    buf_add_char(&b, 'x');
    assert_true(b.failed);
    check_str(buf_str(&b), "0123456789");
    buf_clear(&b);
    buf_addf(&b, "%d-%s", 12, "ab");
    check_str(buf_str(&b), "12-ab");
    buf_release(&b);
}

static void test_buf__int(void **state)
{
    struct buf b;
    buf_init(&b, 0);
    buf_add_int(&b, INT64_MIN);
    buf_add_char(&b, ' ');
    buf_add_int(&b, INT64_MAX);
    buf_add_char(&b, ' ');
    buf_add_int(&b, 0);
    check_str(buf_str(&b), "-9223372036854775808 9223372036854775807 0");
    buf_release(&b);
}

static void test_err__cuts_at_a_character(void **state)
{
    struct err e;
    char text[600] = "";
    for (int i = 0; i < 75; i++)
        memcpy(text + (size_t)i * 3, "xж", 3);
    assert_int_equal(err_set(&e, ERR_PARSE, "%s", text), ERR_PARSE);
    assert_true(strlen(e.message) < ERR_MESSAGE_MAX);
    assert_true(utf8_valid(str_of(e.message)));
    for (size_t shift = 0; shift < 4; shift++) {
        err_set(&e, ERR_PARSE, "%.*s%s", (int)shift, "yyyy", text);
        assert_true(utf8_valid(str_of(e.message)));
    }
    assert_int_equal(err_status(ERR_BUSY), 503);
    assert_string_equal(err_text(ERR_VALIDATION), "GRAPHQL_VALIDATION_FAILED");
    assert_true(err_is_ours(ERR_DATABASE) && !err_is_ours(ERR_PARSE));
}

struct item {
    int n;
    struct list link;
};

static void test_list__order_and_removal(void **state)
{
    struct list l;
    struct item items[4] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}};
    int sum = 0;
    list_init(&l);
    for (int i = 0; i < 4; i++) {
        list_init(&items[i].link);
        list_push_back(&l, &items[i].link);
    }
    list_each (node, &l) {
        struct item *it = container_of(node, struct item, link);
        sum = sum * 10 + it->n;
        if (it->n % 2)
            list_remove(node);
    }
    assert_int_equal(sum, 123);
    assert_ptr_equal(l.next, &items[0].link);
    assert_ptr_equal(l.prev, &items[2].link);
    list_remove(&items[1].link); /* idempotent */
    list_push_front(&l, &items[3].link);
    assert_ptr_equal(l.next, &items[3].link);
}

static void test_hash__known_answers(void **state)
{
    static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    struct sha256 h;
    struct hmac *mac;
    assert_int_equal(sha256(STR("abc"), &h), 0);
    assert_memory_equal(h.bytes, abc, sizeof abc);
    assert_int_equal(hmac_new(&mac, STR("Jefe")), 0);
    for (int i = 0; i < 3; i++) { /* the key stays */
        assert_int_equal(hmac_sha256(mac, STR("what do ya want for nothing?"), &h), 0);
        assert_int_equal(h.bytes[0], 0x5b);
        assert_int_equal(h.bytes[31], 0x43);
    }
    hmac_free(mac);
    assert_int_equal(hash_bytes(STR("a")), hash_bytes(STR("a")));
    assert_true(hash_seeded(STR("a"), 1) != hash_seeded(STR("a"), 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map__heap),
        cmocka_unit_test(test_map__arena),
        cmocka_unit_test(test_map__replaces),
        cmocka_unit_test(test_buf__limit),
        cmocka_unit_test(test_buf__int),
        cmocka_unit_test(test_err__cuts_at_a_character),
        cmocka_unit_test(test_list__order_and_removal),
        cmocka_unit_test(test_hash__known_answers),
    };
    return hash_start() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
