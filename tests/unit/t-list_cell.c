/* Tests of query/list_cell: null in lists of every nesting. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "base/err.h"
#include "base/hash.h"
#include "query/list_cell.h"
#include "query/schema.h"

/* The type that is written so. */
static struct schema *schema;

static const struct type_ref *type_of(const char *type)
{
    char text[200];
    struct err err;

    schema_free(schema);
    schema = NULL;
    snprintf(text, sizeof text, "type Query { f: %s }", type);
    if (schema_build_types(&schema, str_of(text), &err) < 0)
        fail_msg("%s: %s", type, err.message);
    return type_field(schema->root[0], STR("f"))->type;
}

static void add_place(void *data, const uint32_t *at, uint32_t n)
{
    struct buf *places = data;

    buf_add_char(places, places->len ? ' ' : '@');
    for (uint32_t i = 0; i < n; i++)
        buf_addf(places, i ? ".%u" : "%u", at[i]);
}

/* "value", or "value @place place", of a cell; "gone" when nothing is left; "error". */
static void check(const char *type, const char *cell, const char *want)
{
    const struct type_ref *ref = type_of(type);
    struct buf out, places;
    int rc;

    buf_init(&out, 0);
    buf_init(&places, 0);
    buf_add_z(&out, "before ");
    rc = list_cell_write(&out, ref, str_of(cell), add_place, &places);
    if (rc != 0) {
        check_str(buf_str(&out), "before ");
        buf_add_z(&out, rc == LIST_CELL_VANISHED ? "gone" : rc == ERR_DATA ? "error" : "?");
    }
    if (places.len) {
        buf_add_char(&out, ' ');
        buf_add_str(&out, buf_str(&places));
    }
    buf_add_char(&out, '\0');
    if (strcmp(out.ptr + strlen("before "), want) != 0)
        fail_msg("%s %s: %s\nwant: %s", type, cell, out.ptr + strlen("before "), want);
    buf_release(&out);
    buf_release(&places);
}

static void test_write__one_list(void **state)
{
    check("[Int]", "[1,null,2]", "[1,null,2]");
    check("[Int]!", "[null]", "[null]");
    check("[Int!]", "[1,2]", "[1,2]");
    check("[Int!]", "[]", "[]");
    check("[Int!]", "[null]", "null @0");
    check("[Int!]", "[1,null,null]", "null @1");
    check("[Int!]!", "[1,2,null]", "gone @2");
    check("[Int!]!", "[]", "[]");
}

static void test_write__lists_in_lists(void **state)
{
    check("[[Int]]", "[[1,null],[null]]", "[[1,null],[null]]");
    check("[[Int!]]", "[[1,null],[2,3],[null,4]]", "[null,[2,3],null] @0.1 2.0");
    check("[[Int!]!]", "[[1,2],[3,null],[null,5]]", "null @1.1");
    check("[[Int!]!]!", "[[1,2],[null,3]]", "gone @1.0");
    check("[[Int!]]!", "[[null,null]]", "[null] @0.0");
    check("[[Int]!]!", "[[null],[1]]", "[[null],[1]]");
    check("[[Int]!]!", "[]", "[]");
    check("[[[Int!]!]]!", "[[[1],[null]],[[2],[3]],[[null],[4]]]",
          "[null,[[2],[3]],null] @0.1.0 2.0.0");
    check("[[[Int!]]!]!", "[[[1],[null]],[[2],[3]]]", "[[[1],null],[[2],[3]]] @0.1.0");
    check("[[[[[[Int!]!]!]!]!]]", "[[[[[[1]]],[[[null]]]]],[[[[[2]]]]]]",
          "[null,[[[[[2]]]]]] @0.0.1.0.0.0");
}

/* No array has them, but the rule is the same. */
static void test_write__null_for_a_list(void **state)
{
    check("[[Int]!]", "[[1],null]", "null @1");
    check("[[Int]!]!", "[null]", "gone @0");
    check("[[Int!]]", "[null,[1],[1,null]]", "[null,[1],null] @2.1");
}

static void test_write__texts(void **state)
{
    check("[String!]", "[\"null\",\"]\",\"a\\\"null,[\",\"\\\\\"]",
          "[\"null\",\"]\",\"a\\\"null,[\",\"\\\\\"]");
    check("[String!]", "[\"\\\\\",null,\"x\"]", "null @1");
    check("[[String!]]", "[[null,\"],[\\\"\"],[\"]\",\"x\"]]", "[null,[\"]\",\"x\"]] @0.0");
}

static void test_write__what_is_no_list(void **state)
{
    check("[Int!]", "[[null]]", "error");
    check("[[Int!]!]!", "[[null", "gone @0.0");
    check("[Int]", "[1,null", "error");
    check("[Int]", "null]", "error");
    check("[Int]", "[1,\"null", "[1,\"null"); /* nothing to be done within: a copy */
    check("[Int!]!", "[1,\"null", "[1,\"null");
    check("[Int!]", "[[[[[[[null]]]]]]]", "error");
    check("[Int!]", "1,null", "error");
    check("[Int!]", "", "");
}

static void test_types(void **state)
{
    assert_false(list_cell_is_strict(type_of("[Int]!")));
    assert_false(list_cell_is_strict(type_of("[[Int]]")));
    assert_true(list_cell_is_strict(type_of("[Int!]")));
    assert_true(list_cell_is_strict(type_of("[[Int]!]")));
    assert_true(list_cell_may_lack(type_of("[[Int!]]")));
    assert_false(list_cell_may_lack(type_of("[[Int]!]!")));
    assert_true(list_cell_may_vanish(type_of("[[Int!]!]")));
    assert_false(list_cell_may_vanish(type_of("[[Int!]]!")));
    assert_true(list_cell_has_null(STR("[1,[null]]")));
    assert_false(list_cell_has_null(STR("[\"null\"]")));
    assert_false(list_cell_has_null(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write__one_list),        cmocka_unit_test(test_write__lists_in_lists),
        cmocka_unit_test(test_write__null_for_a_list), cmocka_unit_test(test_write__texts),
        cmocka_unit_test(test_write__what_is_no_list), cmocka_unit_test(test_types),
    };
    int rc = hash_start() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);

    schema_free(schema);
    return rc;
}
