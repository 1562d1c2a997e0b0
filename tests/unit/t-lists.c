/* Tests of fields that are lists of scalars and enums: from the mapping to the answer, null in every place. What a
 * document gets must be the same in one piece and in many: that is, a null that takes more than its field with it is
 * known before the first byte. */
#include "tests/unit/execute_fixture.h"
#include "tests/unit/language_fixture.h"

static const char lists_schema[] = MAPPING
    "type Query { thing(id: ID!): Thing @lookup(column: \"id\", argument: \"id\")\n"
    "  must(id: ID!): Thing! @lookup(column: \"id\", argument: \"id\") }\n"
    "type Mutation { thing(id: ID!): Thing @lookup(column: \"id\", argument: \"id\")\n"
    "  must(id: ID!): Thing! @lookup(column: \"id\", argument: \"id\") }\n"
    "enum Kind { CAT DOG }\n"
    "enum Lang { A B }\n"
    "interface Part @kind(column: \"kind\") { id: ID! }\n"
    "type Thing @table(name: \"thing\") {\n"
    "  id: ID!\n"
    "  free: [Int] @column(name: \"list\")\n"
    "  items: [Int!] @column(name: \"list\")\n"
    "  list: [Int]!\n"
    "  both: [Int!]! @column(name: \"list\")\n"
    "  deep: [[Int!]!]!\n"
    "  half: [[Int!]]! @column(name: \"deep\")\n"
    "  kinds: [Kind!]!\n"
    "  aside: [Int!]! @apart\n"
    "  made: [Int!]! @computed(function: \"make\")\n"
    "  one: String! @computed(function: \"make_one\")\n"
    "  named(lang: Lang = A): [Int!]! @column(name: \"names_{lang}\")\n"
    "  parts: [Part!]! @list(column: \"thing_id\", order: \"id\")\n"
    "  page: PartConnection! @list(column: \"thing_id\", order: \"id\")\n"
    "}\n"
    "type Wheel implements Part @table(name: \"part\") { id: ID!  sizes: [Int!]!  name: String! }\n"
    "type Door implements Part @table(name: \"part\") {\n"
    "  id: ID!  widths: [Int!] @column(name: \"sizes\")\n"
    "}\n"
    "type PartConnection { nodes: [Part]! }\n";

static const char *const thing_rows[] = {
    "id=1 list=[1,2] deep=[[1],[2]] kinds=[\"CAT\"] aside=[3] make=[4] make_one=1 names_a=[5] "
    "names_b=[null]",
    "id=2 list=[1,null] deep=[[1],[null],[null]] kinds=[\"CAT\",null] aside=[null] make=[null] "
    "names_a=[5] names_b=[6]",
    "id=3 list=[] deep=[] kinds=[] aside=[] names_a=[] names_b=[]",
    "id=4",
};
static const char *const part_rows[] = {
    "thing_id=1 id=1 kind=wheel sizes=[1] name=7",    "thing_id=1 id=2 kind=door sizes=[null]",
    "thing_id=2 id=3 kind=wheel sizes=[null] name=7", "thing_id=3 id=4 kind=wheel sizes=[1]",
    "thing_id=3 id=5 kind=wheel sizes=[2] name=8",
};
static const struct fake_table things[] = {
    {"thing", thing_rows, ARRAY_LEN(thing_rows)},
    {"part", part_rows, ARRAY_LEN(part_rows)},
};

static void no_preparation(struct access *access)
{
}

/* An error of the field "Type.field" at the path `path`, which the text `document` asks for. */
static void add_error(struct buf *b, const char *document, struct str path, struct str field)
{
    const char *name = (const char *)memchr(field.ptr, '.', field.len) + 1;
    char bare[40];

    snprintf(bare, sizeof bare, "%.*s", (int)(field.ptr + field.len - name), name);
    buf_addf(b,
             "{\"message\":\"Cannot return null for non-nullable field %.*s.\",\"locations\":"
             "[{\"line\":1,\"column\":%zu}],\"path\":[\"thing\",%.*s],\"extensions\":"
             "{\"code\":\"DATA_ERROR\",\"requestId\":\"rid\"}}",
             STR_FMT(field), strstr(strchr(document + 2, '{'), bare) - document + (size_t)1,
             STR_FMT(path));
}

/* `selection` of the thing `id`: `want` is its object, `errors` are "path:Type.field" with blanks between. */
static void check_thing(int id, const char *selection, const char *want, const char *errors)
{
    char document[200];
    struct buf answer;

    snprintf(document, sizeof document, "{ thing(id: %d) { %s } }", id, selection);
    buf_init(&answer, 0);
    buf_addf(&answer, "{\"data\":{\"thing\":%s}%s", want, *errors ? ",\"errors\":[" : "");
    for (const char *rest = errors; *rest;) {
        struct str path = {rest, strcspn(rest, ":")};
        struct str field = {rest + path.len + 1, strcspn(rest + path.len + 1, " ")};
        buf_add_z(&answer, rest == errors ? "" : ",");
        add_error(&answer, document, path, field);
        rest = field.ptr + field.len;
        rest += *rest == ' ';
    }
    buf_addf(&answer, "%s}%c", *errors ? "]" : "", '\0');
    check(document, answer.ptr);
    buf_release(&answer);
}

static void test_lists__whole(void **state)
{
    check_thing(1, "free items list both deep half kinds",
                "{\"free\":[1,2],\"items\":[1,2],\"list\":[1,2],\"both\":[1,2],\"deep\":[[1],[2]],"
                "\"half\":[[1],[2]],\"kinds\":[\"CAT\"]}",
                "");
    check_thing(3, "free both deep half kinds aside",
                "{\"free\":[],\"both\":[],\"deep\":[],\"half\":[],\"kinds\":[],\"aside\":[]}", "");
    check_thing(4, "free items", "{\"free\":null,\"items\":null}", "");
}

static void test_lists__null_items(void **state)
{
    check_thing(2, "free list", "{\"free\":[1,null],\"list\":[1,null]}", "");
    check_thing(2, "id items", "{\"id\":\"2\",\"items\":null}", "\"items\",1:Thing.items");
    check_thing(2, "id both", "null", "\"both\",1:Thing.both");
    check_thing(2, "id deep", "null", "\"deep\",1,0:Thing.deep");
    check_thing(2, "id half", "{\"id\":\"2\",\"half\":[[1],null,null]}",
                "\"half\",1,0:Thing.half \"half\",2,0:Thing.half");
    check_thing(2, "id kinds", "null", "\"kinds\",1:Thing.kinds");
}

static void test_lists__cells_of_other_ways(void **state)
{
    check_thing(1, "aside made one named",
                "{\"aside\":[3],\"made\":[4],\"one\":\"1\",\"named\":[5]}", "");
    check_thing(2, "id aside", "null", "\"aside\",0:Thing.aside");
    check_thing(2, "id made", "null", "\"made\",0:Thing.made");
    check_thing(2, "id one", "null", "\"one\":Thing.one");
    check_thing(2, "named", "{\"named\":[5]}", "");
    check_thing(1, "id named(lang: B)", "null", "\"named\",0:Thing.named");
}

/* Rows of two types in one table: only those of the type that is asked for count. */
static void test_lists__rows_of_several_types(void **state)
{
    check_thing(1, "parts { ... on Wheel { sizes name } ... on Door { widths } }",
                "{\"parts\":[{\"sizes\":[1],\"name\":\"7\"},{\"widths\":null}]}",
                "\"parts\",1,\"widths\",0:Door.widths");
    check_thing(2, "id parts { ... on Wheel { sizes } }", "null",
                "\"parts\",0,\"sizes\",0:Wheel.sizes");
    check_thing(3, "page { nodes { ... on Wheel { name } } }",
                "{\"page\":{\"nodes\":[null,{\"name\":\"8\"}]}}",
                "\"page\",\"nodes\",0,\"name\":Wheel.name");
}

/* Known when the rows are there, or not at all. */
static void check_careful(const char *text, bool want)
{
    struct run r;

    at_once = true;
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, EXECUTION_READY);
    if (r.x.careful != want)
        fail_msg("%s: careful is not %d", text, want);
    arena_clear(&arena);
    compiled_unref(r.document);
}

static void test_lists__only_what_matters_is_noticed(void **state)
{
    check_careful("{ thing(id: 2) { both } }", true);
    check_careful("{ thing(id: 2) { items } }", true);
    check_careful("{ thing(id: 2) { free list } }", false);
    check_careful("{ thing(id: 1) { both deep made one aside } }", false);
    check_careful("{ thing(id: 1) { parts { ... on Wheel { sizes name } } } }", false);
    check_careful("{ thing(id: 1) { parts { ... on Door { widths } } } }", true);
}

/* When all data is null already, the next field of a mutation is not begun. */
static void test_lists__mutation_ends_when_data_is_null(void **state)
{
    static const struct {
        const char *text;
        unsigned fetches;
    } cases[] = {
        {"mutation { a: must(id: 2) { both } b: thing(id: 1) { id } }", 1},
        {"mutation { a: must(id: 2) { half } b: thing(id: 1) { id } }", 2},
        {"mutation { a: must(id: 2) { one } b: thing(id: 1) { id } }", 1},
        {"mutation { a: thing(id: 2) { both } b: thing(id: 1) { id } }", 2},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct run r;
        n_fetches = 0;
        at_once = true;
        run_start(&r, cases[i].text, NULL);
        if (n_fetches != cases[i].fetches)
            fail_msg("%s: %u fetches", cases[i].text, n_fetches);
        arena_clear(&arena);
        compiled_unref(r.document);
    }
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lists__whole, setup),
        cmocka_unit_test_setup(test_lists__null_items, setup),
        cmocka_unit_test_setup(test_lists__cells_of_other_ways, setup),
        cmocka_unit_test_setup(test_lists__rows_of_several_types, setup),
        cmocka_unit_test_setup(test_lists__only_what_matters_is_noticed, setup),
        cmocka_unit_test_setup(test_lists__mutation_ends_when_data_is_null, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return execute_main(lists_schema, things, ARRAY_LEN(things), no_preparation, run_all);
}
