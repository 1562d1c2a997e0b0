/* Tests of query/schema: what files are refused and how, and how fields become tables, cells and paths. */
#include "tests/unit/test.h"

#include "base/procedure.h"
#include "tests/unit/cases_mappings.h"
#include "tests/unit/language_fixture.h"

static int setup(void **state)
{
    return hash_start();
}

static struct schema *build(const char *text)
{
    struct schema *s = NULL;
    struct err e = {0};

    if (schema_build(&s, str_of(text), &e) < 0)
        fail_msg("%d:%d %s", e.line, e.column, e.message);
    return s;
}

/* ---- what the specification forbids ---- */

static const struct {
    const char *text, *error;
} bad_types[] = {
    {"type A { a: Int }", "0:0 Query root type must be provided."},
    {"type Query { a: B }", "1:17 Unknown type \"B\"."},
    {"type Query { a: Int }\ntype Query { b: Int }",
     "2:6 There can be only one type named \"Query\"."},
    {"type Query { a: Int }\nscalar String",
     "2:8 Type \"String\" is defined by the specification."},
    {"type Query { a: Int }\ntype __A { a: Int }",
     "2:6 Name \"__A\" must not begin with \"__\", which is reserved by GraphQL introspection."},
    {"type Query { a: Int\n a: Int }", "2:2 Field \"Query.a\" can only be defined once."},
    {"type Query { a(b: Int,\n b: Int): Int }", "2:2 \"a\" has \"b\" twice."},
    {"type Query { a: I }\ninput I { a: Int }",
     "1:14 The type of Query.a must be an output type, not \"I\"."},
    {"type Query {\n a(b: Query): Int }",
     "2:4 The type of a.b must be an input type, not \"Query\"."},
    {"type Query", "1:6 Type \"Query\" must define one or more fields."},
    {"type Query { a: E }\nenum E", "2:6 Enum type E must define one or more values."},
    {"type Query { a: E }\nenum E { A\n A }", "3:2 Enum value \"E.A\" can only be defined once."},
    {"type Query { a: U }\nunion U", "2:7 Union type U must define one or more member types."},
    {"type Query { a: U }\nunion U = Query | E\nenum E { A }",
     "2:7 Union type U can only include object types, it cannot include E."},
    {"type Query { a: U }\nunion U = Query |\n Query",
     "3:2 Type \"U\" can only include \"Query\" once."},
    {"type Query { a(i: I): Int }\ninput I { i: J! }\ninput J { i: I! }",
     "3:11 Cannot reference Input Object I within itself through a series of non-null fields."},
    {"type Query { a(i: I): Int }\ninput I @oneOf { i: Int! }",
     "2:18 OneOf input field I.i must be nullable."},
    {"type Query { a(i: I): Int }\ninput I @oneOf { i: Int = 1 }",
     "2:18 OneOf input field I.i cannot have a default value."},
    {"type Query { a(i: Int! @deprecated): Int }", "1:16 Required \"a.i\" cannot be deprecated."},
    {"type Query { a(i: Int = \"x\"): Int }",
     "1:25 The default value must be of type \"Int\", not \"x\"."},
    {"type Query { a(i: Int! = null): Int }",
     "1:26 The default value must be of type \"Int!\", not null."},
    {"type Query { a(i: [E!] = [A, B]): Int }\nenum E { A }",
     "1:30 The default value must be of type \"E!\", not B."},
    {"type Query { a(i: I = {b: 1}): Int }\ninput I { a: Int! }",
     "1:24 Field \"b\" is not one of its type's."},
    {"type Query { a(i: I = {}): Int }\ninput I { a: Int! }",
     "1:23 The default value lacks the required field \"a\"."},
    {"interface I { a: Int }\ntype Query implements I { b: Int }",
     "2:6 Interface field I.a expected but Query does not provide it."},
    {"interface I { a: Int }\ntype Query implements I { a: String }",
     "2:27 Interface field I.a expects type \"Int\", but here it is \"String\"."},
    {"interface I { a(b: Int): Int }\ntype Query implements I { a(b: ID): Int }",
     "2:29 Interface field argument \"b\" expects type \"Int\", but here it is \"ID\"."},
    {"interface I { a: Int }\ntype Query implements I { a(b: ID!): Int }",
     "2:29 Argument \"b\" must not be required: interface field I.a does not have it."},
    {"interface I { a: Int }\ninterface J implements I { a: Int }\ntype Query implements J { a: "
     "Int }",
     "3:6 Type Query must implement I because it is implemented by J."},
    {"type Query implements Query { a: Int }",
     "1:6 Type Query must only implement interface types, it cannot implement Query."},
    {"interface I implements I { a: Int }\ntype Query { a: I }",
     "1:11 Type I cannot implement itself."},
    {"type Query { a: Int @nope }", "1:21 Unknown directive \"@nope\"."},
    {"type Query @deprecated { a: Int }",
     "1:12 Directive \"@deprecated\" may not be used on OBJECT."},
    {"type Query { a: Int @deprecated @deprecated }",
     "1:33 The directive \"@deprecated\" can only be used once at this location."},
    {"type Query { a: Int @deprecated(why: 1) }",
     "1:33 Unknown argument \"why\" on directive \"@deprecated\"."},
    {"type Query { a: Int @deprecated(reason: 1) }",
     "1:41 Argument \"reason\" of \"@deprecated\" must be of type \"String!\", not 1."},
    {"scalar S @specifiedBy\ntype Query { a: S }",
     "1:10 Directive \"@specifiedBy\" argument \"url\" is required, but it was not provided."},
    {"directive @a on FIELD\ndirective @a on FIELD\ntype Query { a: Int }",
     "2:1 There can be only one directive named \"@a\"."},
    {"schema { query: A }", "1:17 Unknown type \"A\"."},
    {"schema { query: A\n query: A }\ntype A { a: Int }",
     "2:9 There can be only one query type in schema."},
    {"schema { query: A mutation: A }\ntype A { a: Int }",
     "1:29 All root types must be different, \"A\" is both query and mutation."},
    {"schema { query: A }\nschema { query: A }\ntype A { a: Int }",
     "2:1 There can be only one schema definition."},
    {"extend type A { a: Int }\ntype Query { a: Int }",
     "1:13 Cannot extend type \"A\" because it is not defined."},
    {"extend enum Query { A }\ntype Query { a: Int }",
     "1:13 Cannot extend \"Query\": it is another kind of type."},
    {"type Query { a: Int } {", "1:24 Syntax Error: Expected Name, found <EOF>."},
    {"type Query { a(i: I = {}): Int }\ninput I { i: I = {} }",
     "2:18 The value is nested too deeply."},
};

static void test_schema__refuses_types(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_types); i++) {
        struct schema *s = NULL;
        struct err e = {0};
        char got[ERR_MESSAGE_MAX + 32] = "";
        assert_true(schema_build_types(&s, str_of(bad_types[i].text), &e) < 0);
        snprintf(got, sizeof got, "%d:%d %s", e.line, e.column, e.message);
        if (strcmp(got, bad_types[i].error) != 0)
            fail_msg("%s\ngot  %s\nwant %s", bad_types[i].text, got, bad_types[i].error);
    }
}

static void test_schema__types(void **state)
{
    struct schema *s = NULL;
    struct err e = {0};
    const struct type *t;

    if (schema_build_types(
            &s,
            STR("schema { query: Q } type Q { a(b: [I!] = {c: 1}): [U!]! @deprecated b: Int }\n"
                "extend type Q { c: E @deprecated(reason: \"old\") }\n"
                "input I { c: ID! d: Float = 2 }\nunion U = Q\nenum E { A B }\n"
                "interface F implements G { x: G }\ninterface G { x: G }\n"
                "type H implements F & G { x: F }"),
            &e) < 0)
        fail_msg("%s", e.message);
    t = s->root[OPERATION_QUERY];
    check_str(t->name, "Q");
    assert_int_equal(t->n_fields, 3);
    assert_true(t->fields[0].deprecated);
    check_str(t->fields[0].deprecation_reason, "No longer supported");
    check_str(t->fields[2].deprecation_reason, "old");
    /* A default is coerced: one value made a list, an Int an ID, a missing field filled in. */
    assert_int_equal(t->fields[0].arguments[0].default_value->kind, VALUE_LIST);
    assert_int_equal(t->fields[0].arguments[0].default_value->items[0].items[0].kind, VALUE_STRING);
    assert_int_equal(t->fields[0].arguments[0].default_value->items[0].items[1].kind, VALUE_FLOAT);
    assert_int_equal(t->fields[0].arguments[0].default_literal->kind, VALUE_OBJECT);
    t = schema_type(s, STR("G"));
    assert_int_equal(t->n_possible, 1);
    assert_true(type_includes(t, schema_type(s, STR("H"))));
    assert_true(type_is_subtype(schema_type(s, STR("F")), t));
    assert_true(types_overlap(t, schema_type(s, STR("F"))));
    assert_false(types_overlap(t, schema_type(s, STR("U"))));
    /* Meta fields belong to where the specification puts them. */
    assert_non_null(schema_field(s, s->root[0], STR("__schema")));
    assert_null(schema_field(s, schema_type(s, STR("H")), STR("__schema")));
    assert_non_null(schema_field(s, schema_type(s, STR("U")), STR("__typename")));
    assert_null(schema_type(s, STR("__Meta")));
    /* A built-in scalar that nothing uses is not there for clients. */
    assert_non_null(schema_visible_type(s, STR("Float")));
    schema_free(s);
    assert_int_equal(schema_build_types(&s, STR("type Query { a: Int }"), &e), 0);
    assert_null(schema_visible_type(s, STR("Float")));
    assert_non_null(schema_visible_type(s, STR("Boolean")));
    schema_free(s);
}

/* ---- the mapping ---- */

static const char shop[] = MAPPING
    "scalar Day @codec(as: DATE)\nscalar Money @codec(as: FIXED, scale: 2)\n"
    "type Query {\n"
    "  person(iin: ID!): Person @lookup(column: \"iin\", argument: \"iin\")\n"
    "  shop(id: ID!): Shop @lookup(column: \"id\", argument: \"id\")\n"
    "}\n"
    "type Person @table(name: \"person\") @aggregate {\n"
    "  id: ID!  fullName: String  patientIIN: ID!  bornOn: Day!  kind: Kind!  other: Kind "
    "@column(name: \"kind2\")\n"
    "  shop: Shop @reference(columns: [\"shop_id\"])\n"
    "  orders(first: Int = 5, after: String, kind: Kind @filter(column: \"kind\")): "
    "OrderConnection!\n"
    "    @list(column: \"person_id\", order: \"made_on desc, id desc\", where: \"gone IS NULL\")\n"
    "  same(first: Int, after: String, of: Kind @filter(column: \"kind\")): OrderConnection!\n"
    "    @list(column: \"person_id\", order: \"made_on desc,id desc\", where: \"gone IS NULL\")\n"
    "  plain: [Order!]! @list(column: \"person_id\", order: \"id\", limit: 7)\n"
    "}\n"
    "type Order @table(name: \"order\", key: [\"person_id\", \"id\"]) {\n"
    "  id: ID!  madeOn: Day!  paid: Money  day: String! @column(name: \"made_on\") @codec(as: "
    "DATE)\n"
    "  before: Order @reference(columns: [\"person_id\", \"before_id\"])\n"
    "  shop: Shop! @reference(columns: [\"shop_id\"])\n"
    "}\n"
    "type Shop @table(name: \"shop\") @hot {\n"
    "  id: ID!  name(lang: Lang = KK): String! @column(name: \"name_{lang}_x\")\n"
    "  sort(lang: Lang = KK): String @computed(function: \"sort_{lang}\")\n"
    "  cap: Money @computed(function: \"cap_of\")\n"
    "}\n"
    "type OrderConnection { nodes: [Order!]! edges: [OrderEdge!]! pageInfo: PageInfo! }\n"
    "type OrderEdge { node: Order! cursor: String! }\n"
    "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String "
    "endCursor: String }\n"
    "enum Kind { BIG SMALL_ONE @value(name: \"S-\") }\nenum Lang { KK RU }\n";

static const struct field *field(const struct schema *s, const char *type, const char *name)
{
    const struct type *t = schema_type(s, str_of(type));
    const struct field *f = t ? type_field(t, str_of(name)) : NULL;

    assert_non_null(f);
    return f;
}

static const struct column *cell(const struct field *f)
{
    assert_int_equal(f->resolve, RESOLVE_CELL);
    assert_true(f->cell < f->parent->table->n_columns);
    return &f->parent->table->columns[f->cell];
}

static void test_schema__cells(void **state)
{
    struct schema *s = build(shop);
    const struct column *c = cell(field(s, "Person", "fullName"));
    const struct table *t = schema_type(s, STR("Person"))->table;

    check_str(c->name, "full_name");
    assert_int_equal(c->codec, CODEC_STRING);
    assert_false(c->required);
    check_str(cell(field(s, "Person", "patientIIN"))->name, "patient_iin");
    assert_int_equal(cell(field(s, "Person", "id"))->codec, CODEC_ID);
    assert_int_equal(cell(field(s, "Person", "bornOn"))->codec, CODEC_DATE);
    c = cell(field(s, "Person", "kind"));
    assert_int_equal(c->codec, CODEC_ENUM);
    assert_true(c->required);
    check_str(c->values[0].stored, "big");
    check_str(c->values[1].stored, "S-");
    check_str(c->values[1].json, "\"SMALL_ONE\"");
    assert_true(cell(field(s, "Person", "other"))->values == c->values);
    assert_int_equal(cell(field(s, "Order", "paid"))->scale, 2);
    assert_int_equal(cell(field(s, "Order", "day"))->codec, CODEC_DATE);
    /* madeOn and day are the same column in the same form: one cell. */
    assert_int_equal(field(s, "Order", "day")->cell, field(s, "Order", "madeOn")->cell);
    c = cell(field(s, "Shop", "cap"));
    assert_true(c->computed);
    check_str(c->name, "cap_of");
    assert_int_equal(t->n_key, 1);
    assert_int_equal(t->columns[t->key_cell[0]].codec, CODEC_KEY);
    assert_true(t->aggregate && !t->hot);
    assert_true(schema_type(s, STR("Shop"))->table->hot);
    assert_int_equal(s->access.n_tables, 3);
    schema_free(s);
}

static void test_schema__choices(void **state)
{
    struct schema *s = build(shop);
    const struct field *f = field(s, "Shop", "name");

    assert_int_equal(f->resolve, RESOLVE_CELL_CHOICE);
    assert_int_equal(f->choice_argument, 0);
    check_str(f->parent->table->columns[f->choice_cells[0]].name, "name_kk_x");
    check_str(f->parent->table->columns[f->choice_cells[1]].name, "name_ru_x");
    assert_false(f->parent->table->columns[f->choice_cells[1]].computed);
    f = field(s, "Shop", "sort");
    assert_int_equal(f->resolve, RESOLVE_CELL_CHOICE);
    check_str(f->parent->table->columns[f->choice_cells[1]].name, "sort_ru");
    assert_true(f->parent->table->columns[f->choice_cells[1]].computed);
    schema_free(s);
}

static void test_schema__rows(void **state)
{
    struct schema *s = build(shop);
    const struct field *f = field(s, "Order", "before");

    assert_int_equal(f->resolve, RESOLVE_ROW);
    assert_int_equal(f->path->n_columns, 2);
    assert_true(f->path->by_primary_key);
    check_str(f->parent->table->columns[f->key_cell[1]].name, "before_id");
    assert_int_equal(f->key_cell[0], f->parent->table->key_cell[0]);
    f = field(s, "Order", "shop");
    assert_true(f->parent->table->columns[f->key_cell[0]].required);
    assert_false(field(s, "Person", "shop")
                     ->parent->table->columns[field(s, "Person", "shop")->key_cell[0]]
                     .required);
    /* By a key, however it is named: one path. */
    assert_true(f->path == field(s, "Person", "shop")->path);
    assert_true(f->path == field(s, "Query", "shop")->path);
    assert_null(f->path->aggregate);
    f = field(s, "Query", "person");
    assert_int_equal(f->resolve, RESOLVE_LOOKUP);
    assert_int_equal(f->key_argument, 0);
    assert_false(f->path->by_primary_key);
    assert_true(f->path->aggregate == f->path->table);
    schema_free(s);
}

static void test_schema__lists(void **state)
{
    struct schema *s = build(shop);
    const struct field *f = field(s, "Person", "orders");

    assert_int_equal(f->resolve, RESOLVE_CONNECTION);
    assert_int_equal(f->path->kind, ACCESS_LIST);
    check_str(f->path->table->name, "order");
    assert_true(f->path->aggregate == f->parent->table);
    check_str(f->path->column[0], "person_id");
    check_str(f->path->where, "gone IS NULL");
    assert_int_equal(f->path->n_order, 2);
    check_str(f->path->order[1].name, "id");
    assert_true(f->path->order[0].descending);
    assert_int_equal(f->path->table->columns[f->path->order[0].cell].codec, CODEC_KEY);
    assert_int_equal(f->first_argument, 0);
    assert_int_equal(f->after_argument, 1);
    assert_int_equal(f->n_filters, 1);
    assert_int_equal(f->filters[0].argument, 2);
    assert_int_equal(f->filters[0].input, -1);
    check_str(f->path->filter[0].name, "kind");
    assert_int_equal(f->list_limit, 100);
    assert_true(f->path == field(s, "Person", "same")->path);
    f = field(s, "Person", "plain");
    assert_int_equal(f->resolve, RESOLVE_LIST);
    assert_int_equal(f->list_limit, 7);
    assert_false(f->path->order[0].descending);
    assert_int_equal(field(s, "OrderConnection", "edges")->resolve, RESOLVE_EDGES);
    assert_int_equal(field(s, "OrderEdge", "node")->resolve, RESOLVE_NODE);
    assert_int_equal(field(s, "PageInfo", "endCursor")->resolve, RESOLVE_END_CURSOR);
    for (uint32_t i = 0; i < s->access.n_paths; i++)
        assert_int_equal(s->access.paths[i].id, i);
    schema_free(s);
}

static void test_schema__lists_of_functions(void **state)
{
    struct schema *s =
        build(MAPPING "scalar Day @codec(as: DATE)\n"
                      "type Query { t(id: ID!): T @lookup(column: \"id\", argument: \"id\")\n"
                      "  node(id: ID!): N @node(argument: \"id\")\n"
                      "  all(n: Int): [Due!]! @procedure(name: \"all_due\", limit: 7) }\n"
                      "interface N { id: ID! }\n"
                      "input More { on: Day  n: Int }\n"
                      "type T implements N @table(name: \"t\", key: [\"a\", \"b\"]) { id: ID!\n"
                      "  due(k: ID @parameter(type: \"U\"), more: More): [Due!]! @list(function: "
                      "\"due\", limit: 9)\n"
                      "}\n"
                      "type U implements N @table(name: \"u\") { id: ID! }\n"
                      "type Due @table(name: \"due_item\", key: []) { n: Int! }\n");
    const struct field *f = field(s, "T", "due");

    assert_int_equal(f->resolve, RESOLVE_LIST);
    check_str(f->path->function, "due");
    check_str(f->path->table->name, "due_item");
    assert_int_equal(f->path->table->n_key, 0);
    assert_null(f->path->aggregate);
    assert_int_equal(f->path->n_columns, 2);
    check_str(f->path->column[1], "b");
    assert_int_equal(f->key_cell[1], f->parent->table->key_cell[1]);
    assert_int_equal(f->path->n_order, 0);
    assert_int_equal(f->path->n_filter, 3);
    check_str(f->path->filter[1].name, "on");
    assert_int_equal(f->path->filter[1].codec, CODEC_DATE);
    assert_int_equal(f->filters[2].argument, 1);
    assert_int_equal(f->filters[2].input, 1);
    assert_true(f->filters[0].id_of == schema_type(s, STR("U")));
    assert_null(f->filters[1].id_of);
    assert_int_equal(f->list_limit, 9);
    f = field(s, "Query", "all");
    assert_int_equal(f->resolve, RESOLVE_CALL_LIST);
    assert_int_equal(f->path->kind, ACCESS_LIST);
    assert_int_equal(f->procedure->limit, 7);
    assert_int_equal(f->list_limit, 7);
    schema_free(s);
}

/* Tables that hot rows are made of, and hot types that a mutation changes. */
static void test_schema__hot_rows_that_change(void **state)
{
    struct schema *s = build(
        MAPPING "type Query { a: Int @procedure(name: \"f\") }\n"
                "type Mutation { all: Int @procedure(name: \"g\") @changes(types: [\"Drug\"]) }\n"
                "type Drug @table(name: \"drug\") @hot(reads: [\"cap\", \"form\"]) { id: ID! }\n"
                "type Place @table(name: \"place\") @hot { id: ID! }\n");
    const struct table *drug = schema_type(s, STR("Drug"))->table;
    const struct procedure *p = field(s, "Mutation", "all")->procedure;

    assert_true(drug->hot);
    assert_int_equal(drug->n_reads, 2);
    check_str(drug->reads[0], "cap");
    check_str(drug->reads[1], "form");
    assert_int_equal(schema_type(s, STR("Place"))->table->n_reads, 0);
    assert_int_equal(p->n_changes, 1);
    assert_ptr_equal(p->changes[0], drug);
    schema_free(s);
}

static void test_schema__pages_of_functions(void **state)
{
    struct schema *s = build(
        MAPPING
        "directive @subject(rights: String!, column: String!, role: String!, capacity: "
        "Capacity!, until: String) on OBJECT\n"
        "directive @belongs(column: String! = \"p_id\") on OBJECT\n"
        "type Query { p(id: ID!): P @lookup(column: \"id\", argument: \"id\") }\n"
        "interface Entry { id: ID! }\n"
        "type P @table(name: \"p\") @subject(rights: \"r\", column: \"iin\", role: \"C\", "
        "capacity: OWNER) { id: ID!\n"
        "  line(kind: String, first: Int = 5, after: String): LineConnection! @list(function: "
        "\"line\", order: \"at desc, id desc\") }\n"
        "type Note implements Entry @table(name: \"note\", key: [\"p_id\", \"id\"]) @belongs { "
        "id: ID! }\n"
        "type Line @table(name: \"line_row\", key: []) @belongs @entry(kind: \"sort\", id: "
        "\"id\", of: \"Entry\") {\n"
        "  at: Int!  entry: Entry! @reference(columns: [\"p_id\", \"id\"], kind: \"sort\") }\n"
        "type LineConnection { nodes: [Line!]! }\n");
    const struct field *f = field(s, "P", "line");
    const struct type *line = schema_type(s, STR("Line"));

    assert_int_equal(f->resolve, RESOLVE_CONNECTION);
    check_str(f->path->function, "line");
    check_str(f->path->column[0], "p_id"); /* whose rows a page has is known of its key */
    assert_int_equal(f->path->n_order, 2);
    assert_int_equal(f->path->n_filter, 1);
    assert_true(f->path->by_kind);
    assert_int_equal(f->first_argument, 1);
    assert_int_equal(f->after_argument, 2);
    assert_true(line->entry_of == schema_type(s, STR("Entry")));
    assert_true(line->table->stands_for);
    check_str(line->table->columns[line->table->entry_kind_cell].name, "sort");
    schema_free(s);
}

#define COUNTED(FIELDS)                                                                            \
    MAPPING                                                                                        \
    "directive @subject(rights: String!, column: String!, role: String!, capacity: "               \
    "Capacity!, until: String) on OBJECT\n"                                                        \
    "directive @belongs(column: String! = \"p_id\") on OBJECT\n"                                   \
    "type Query { p(id: ID!): P @lookup(column: \"id\", argument: \"id\") }\n"                     \
    "type P @table(name: \"p\") @subject(rights: \"r\", column: \"iin\", role: \"C\", "            \
    "capacity: OWNER) { id: ID!\n"                                                                 \
    "  notes: NoteConnection! @list(column: \"p_id\", order: \"id\") shop: Shop "                  \
    "@reference(columns: [\"shop_id\"]) }\n"                                                       \
    "type Note @table(name: \"note\", key: [\"p_id\", \"id\"]) @belongs { id: ID! }\n"             \
    "type NoteConnection { nodes: [Note!]! totalCount: Int! }\n"                                   \
    "type Bare { nodes: [Note!]! }\n"                                                              \
    "type Shop @table(name: \"shop\") { id: ID! " FIELDS " }\n"

/* A path counts that some connection shows the total of; never one of rows about several people. */
static void test_schema__totals(void **state)
{
    struct schema *s = build(COUNTED("bare: Bare! @list(column: \"shop_id\", order: \"id\")"));
    struct err e = {0};

    assert_true(field(s, "P", "notes")->path->counted);
    assert_false(field(s, "Shop", "bare")->path->counted);
    assert_int_equal(field(s, "NoteConnection", "totalCount")->resolve, RESOLVE_TOTAL_COUNT);
    schema_free(s);
    assert_int_equal(
        schema_build(
            &s, STR(COUNTED("notes: NoteConnection! @list(column: \"shop_id\", order: \"id\")")),
            &e),
        ERR_CONFIG);
    assert_string_equal(e.message,
                        "Field \"Shop.notes\" has a total count of rows about several people, who "
                        "would have to be asked about one by one.");
}

static void test_schema__hides_the_mapping(void **state)
{
    struct schema *s = build(shop);

    assert_null(schema_visible_type(s, STR("Codec")));
    assert_non_null(schema_type(s, STR("Codec")));
    assert_null(schema_visible_directive(s, STR("table")));
    assert_non_null(schema_visible_directive(s, STR("skip")));
    schema_free(s);
}

static void test_schema__refuses_mappings(void **state)
{
    static const char query[] =
        "type T0 @table(name: \"t0\") { id: ID! }\n"
        "type Root { t(id: ID!): T0 @lookup(column: \"id\", argument: \"id\") }\n"
        "schema { query: Root }\n";

    for (size_t i = 0; i < ARRAY_LEN(cases_mappings); i++) {
        struct schema *s = NULL;
        struct err e = {0};
        char text[8192];
        int rc;
        if (strncmp(cases_mappings[i].types, "type Query", 10) == 0)
            snprintf(text, sizeof text, MAPPING "%s", cases_mappings[i].types);
        else
            snprintf(text, sizeof text, MAPPING "%s%s", query, cases_mappings[i].types);
        rc = schema_build(&s, str_of(text), &e);
        if (rc != ERR_CONFIG || strcmp(e.message, cases_mappings[i].error) != 0)
            fail_msg("%s\ngot  %s\nwant %s", cases_mappings[i].types, rc ? e.message : "(nothing)",
                     cases_mappings[i].error);
        assert_true(e.line > 0);
    }
}

/* The schemas that are shipped. */
static void test_schema__files(void **state)
{
    static const char *const files[] = {"schema/passport.graphql", "bench/peers/peers.graphql"};

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct schema *s = NULL;
        struct err e = {0};
        size_t n;
        char *text = source_file(files[i], &n);
        if (!text)
            fail_msg("%s is missing", files[i]);
        if (schema_build(&s, (struct str){text, n}, &e) < 0)
            fail_msg("%s:%d:%d %s", files[i], e.line, e.column, e.message);
        free(text); /* the schema has its own copy */
        assert_true(s->access.n_tables > 5 && s->access.n_paths > 5);
        /* The mapping directives are defined in the file, so that any tool reads it; clients see none. */
        for (uint32_t k = 0; k < s->n_directives; k++)
            assert_true(s->directives[k].internal != s->directives[k].builtin);
        schema_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema__refuses_types),
        cmocka_unit_test(test_schema__types),
        cmocka_unit_test(test_schema__cells),
        cmocka_unit_test(test_schema__choices),
        cmocka_unit_test(test_schema__rows),
        cmocka_unit_test(test_schema__lists),
        cmocka_unit_test(test_schema__lists_of_functions),
        cmocka_unit_test(test_schema__hot_rows_that_change),
        cmocka_unit_test(test_schema__pages_of_functions),
        cmocka_unit_test(test_schema__totals),
        cmocka_unit_test(test_schema__hides_the_mapping),
        cmocka_unit_test(test_schema__refuses_mappings),
        cmocka_unit_test(test_schema__files),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
