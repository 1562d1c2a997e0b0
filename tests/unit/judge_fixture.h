/* tests/unit/judge_fixture.h: persons with notes and pages, and viewers who may see some of them: rows in memory. For t-judge. */
#ifndef TESTS_UNIT_JUDGE_FIXTURE_H
#define TESTS_UNIT_JUDGE_FIXTURE_H

#include "tests/unit/execute_fixture.h"
#include "tests/unit/language_fixture.h"

#include "base/procedure.h"
#include "query/global_id.h"

static const char judge_schema[] = MAPPING
    "directive @subject(rights: String!, column: String!, role: String!, capacity: Capacity!, "
    "until: String) on OBJECT\n"
    "directive @belongs(column: String! = \"person_id\") on OBJECT\n"
    "directive @allow(to: [Capacity!]!) on OBJECT | FIELD_DEFINITION\n"
    "directive @viewer(claim: Claim) on FIELD_DEFINITION\n"
    "enum Role { CITIZEN DOCTOR }\n"
    "interface Node { id: ID! }\n"
    "type Query {\n"
    "  me: Viewer @viewer\n"
    "  person(iin: ID!): Person @lookup(column: \"iin\", argument: \"iin\")\n"
    "  shop(id: ID!): Shop @lookup(column: \"id\", argument: \"id\")\n"
    "  node(id: ID!): Node @node(argument: \"id\")\n"
    "  nodes(ids: [ID!]!): [Node]! @node(argument: \"ids\")\n"
    "}\n"
    "type Mutation {\n"
    "  give: Note @procedure(name: \"give\", capacity: NURSE)\n"
    "  change: Note @procedure(name: \"change\")\n"
    "}\n"
    "type Viewer {\n"
    "  role: Role @viewer(claim: ROLE)  name: String @viewer(claim: NAME)\n"
    "  person: Person @lookup(column: \"iin\", claim: IIN)\n"
    "}\n"
    "type Person implements Node @table(name: \"person\")\n"
    "    @subject(rights: \"rights\", column: \"iin\", role: \"CITIZEN\", capacity: OWNER, until: "
    "\"left_on\") {\n"
    "  id: ID!  iin: ID!  name: String!\n"
    "  secret: String @allow(to: [OWNER])\n"
    "  phone: String! @allow(to: [OWNER, DOCTOR])\n"
    "  notes(first: Int = 10, after: String): NoteConnection!\n"
    "    @list(column: \"person_id\", order: \"day desc, id desc\")\n"
    "  log: [Note!] @list(column: \"person_id\", order: \"id\")\n"
    "  pages(first: Int = 10): PageConnection @list(column: \"person_id\", order: \"id\")\n"
    "  trail(first: Int = 10, after: String): TrailConnection!\n"
    "    @list(function: \"trail\", order: \"day desc, id desc\")\n"
    "}\n"
    "type Note implements Node & Item @table(name: \"note\", key: [\"person_id\", \"id\"]) "
    "@belongs\n"
    "    @allow(to: [OWNER, DOCTOR, NURSE]) {\n"
    "  id: ID!  text: String!  shop: Shop @reference(columns: [\"shop_id\"])\n"
    "  person: Person! @reference(columns: [\"person_id\"])\n"
    "  friend: Person @reference(columns: [\"friend_id\"])\n"
    "  page: Page @reference(columns: [\"person_id\", \"page_id\"])\n"
    "  source: String @apart  author: String @apart @allow(to: [OWNER])\n"
    "  corrects: Note @reference(columns: [\"person_id\", \"corrects_id\"]) @apart\n"
    "}\n"
    "type Page implements Node & Item @table(name: \"page\", key: [\"person_id\", \"id\"]) "
    "@belongs\n"
    "    @allow(to: [OWNER]) { id: ID!  text: String! }\n"
    "interface Item { id: ID!  text: String! }\n"
    "type Trail @table(name: \"trail\", key: []) @belongs\n"
    "    @entry(kind: \"sort\", id: \"id\", of: \"Item\") {\n"
    "  item: Item! @reference(columns: [\"person_id\", \"id\"], kind: \"sort\") }\n"
    "type TrailConnection { nodes: [Trail!]!  pageInfo: PageInfo!  withheld: Boolean! "
    "totalCount: Int! }\n"
    "type Shop implements Node @table(name: \"shop\") { id: ID!  name: String! }\n"
    "type NoteConnection { nodes: [Note!]!  pageInfo: PageInfo!  withheld: Boolean! "
    "totalCount: Int! }\n"
    "type PageConnection { nodes: [Page!]! }\n"
    "type PageInfo { hasNextPage: Boolean! }\n";

static const char *const person_rows[] = {
    "id=1 iin=111 name=Ann secret=s1 phone=p1", "id=2 iin=222 name=Bob secret=s2 phone=p2",
    "id=3 iin=333 name=Cy secret=s3 phone=p3", "id=4 iin=444 name=Di secret=s4 phone=p4 left_on=1"};
static const char *const note_rows[] = {
    "person_id=1 id=15 day=5 text=n15 shop_id=7 friend_id=2 page_id=90",
    "person_id=1 id=14 day=4 text=n14 source=src author=dr corrects_id=13",
    "person_id=1 id=13 day=3 text=n13",
    "person_id=1 id=12 day=2 text=n12",
    "person_id=2 id=25 day=5 text=n25",
    "person_id=3 id=35 day=5 text=n35 friend_id=1"};
static const char *const page_rows[] = {"person_id=1 id=90 text=diary"};
static const char *const shop_rows[] = {"id=7 name=Shop"};
static const char *const trail_rows[] = {
    "person_id=1 day=6 id=90 sort=page", "person_id=1 day=5 id=15 sort=note",
    "person_id=1 day=4 id=14 sort=note", "person_id=1 day=3 id=13 sort=note",
    "person_id=1 day=2 id=12 sort=note"};
static const char *const right_rows[] = {
    "viewer=CITIZEN/111/ subject=1 capacities=OWNER",
    "viewer=CITIZEN/222/ subject=2 capacities=OWNER",
    "viewer=DOCTOR/900/1 subject=1 capacities=DOCTOR",
    "viewer=DOCTOR/900/1 subject=3 capacities=NURSE,DOCTOR withheld=note reason=call",
    "viewer=NURSE/800/1 subject=1 capacities=NURSE withheld=note:14,note:12",
    "viewer=ODD/700/1 subject=1 capacities=UNKNOWN"};

static const struct fake_table tables[] = {
    {"person", person_rows, ARRAY_LEN(person_rows)}, {"note", note_rows, ARRAY_LEN(note_rows)},
    {"page", page_rows, ARRAY_LEN(page_rows)},       {"shop", shop_rows, ARRAY_LEN(shop_rows)},
    {"trail", trail_rows, ARRAY_LEN(trail_rows)},    {"rights", right_rows, ARRAY_LEN(right_rows)}};

static bool is_text(struct str column)
{
    return str_is(column, "iin") || str_is(column, "viewer") || str_is(column, "capacities") ||
           str_is(column, "withheld") || str_is(column, "reason") || str_is(column, "sort");
}

static void prepare(struct access *access)
{
    for (uint32_t i = 0; i < access->n_tables; i++)
        for (uint32_t c = 0; c < access->tables[i].n_columns; c++) {
            struct column *column = &access->tables[i].columns[c];
            column->raw_is_text = column->codec == CODEC_KEY && is_text(column->name);
        }
    for (uint32_t i = 0; i < access->n_paths; i++)
        access->paths[i].key_is_text = is_text(access->paths[i].column[0]);
}

static const struct viewer owner = {VIEWER_KNOWN, .role = STR("CITIZEN"), .iin = STR("111"),
                                    .name = STR("Ann"), .key = STR("CITIZEN/111/")},
                           stranger = {VIEWER_KNOWN, .role = STR("CITIZEN"), .iin = STR("222"),
                                       .key = STR("CITIZEN/222/")},
                           doctor = {VIEWER_KNOWN, .role = STR("DOCTOR"), .iin = STR("900"),
                                     .key = STR("DOCTOR/900/1")},
                           nurse = {VIEWER_KNOWN, .role = STR("NURSE"), .iin = STR("800"),
                                    .key = STR("NURSE/800/1")},
                           odd = {VIEWER_KNOWN, .role = STR("ODD"), .iin = STR("700"),
                                  .key = STR("ODD/700/1")},
                           departed = {VIEWER_KNOWN, .role = STR("CITIZEN"), .iin = STR("444"),
                                       .key = STR("CITIZEN/444/")},
                           /* the owner's IIN, but not as a citizen */
    disguised = {VIEWER_KNOWN, .role = STR("DOCTOR"), .iin = STR("111"),
                 .key = STR("DOCTOR/111/1")},
                           anonymous = {VIEWER_ANONYMOUS}, open = {VIEWER_OPEN};

static void as(const struct viewer *who, const char *text, const char *want)
{
    viewer = who;
    check(text, want);
    viewer = NULL;
}

/* The id of a row; one of a few buffers that are used in turn. */
static const char *id_of(const char *type, const char *row)
{
    static char texts[4][100];
    static unsigned next;
    char *text = texts[next++ % ARRAY_LEN(texts)];
    const struct type *t = schema_type(schema, str_of(type));
    struct buf b;

    buf_init(&b, 0);
    global_id_write(&b, &seals.ids, t, make_row(&arena, t->table, row));
    snprintf(text, sizeof texts[0], "%.*s", (int)b.len - 2, b.ptr + 1);
    buf_release(&b);
    return text;
}

#define FORBIDDEN(column, path)                                                                    \
    "{\"message\":\"You may not see this part of the "                                             \
    "record.\",\"locations\":[{\"line\":1,\"column\":" #column "}],\"path\":" path                 \
    ",\"extensions\":{\"code\":\"FORBIDDEN\"}}"

#endif
