/* tests/unit/fake_records.h: people, pets and events of both kinds: interfaces and unions over rows in memory, ids
 * over all types, cells apart, mutations. For tests of query/. */
#ifndef TESTS_UNIT_FAKE_RECORDS_H
#define TESTS_UNIT_FAKE_RECORDS_H

#include "tests/unit/execute_fixture.h"
#include "tests/unit/language_fixture.h"

#include "query/global_id.h"

static const char records_schema[] = MAPPING
    "scalar Day @codec(as: DATE)\n"
    "type Query {\n"
    "  node(id: ID!): Node @node(argument: \"id\")\n"
    "  nodes(ids: [ID!]!): [Node]! @node(argument: \"ids\")\n"
    "  strict(ids: [ID!]!): [Node!] @node(argument: \"ids\")\n"
    "  must(id: ID!): Named! @node(argument: \"id\")\n"
    "  person(id: ID!): Person @lookup(column: \"id\", argument: \"id\")\n"
    "  code(id: ID): Code @lookup(column: \"code\", argument: \"id\")\n"
    "  find(by: PersonKey!): Person @lookup(argument: \"by\")\n"
    "  hear: Boolean @procedure(name: \"hear\", public: true)\n"
    "  learn: Boolean @procedure(name: \"learn\")\n"
    "}\n"
    "type Mutation {\n"
    "  person(id: ID!): Person @lookup(column: \"id\", argument: \"id\")\n"
    "  must(id: ID!): Person! @lookup(column: \"id\", argument: \"id\")\n"
    "  node(id: ID!): Node @node(argument: \"id\")\n"
    "  meet(who: ID! @parameter(names: [\"a\"], type: \"Person\"),\n"
    "      what: ID @parameter(names: [\"sort\", \"b\"], type: \"Subject\"), on: Day, times: Int = "
    "1,\n"
    "      words: [String], more: More): Person @procedure(name: \"meet\")\n"
    "  gather(all: [Guest!]!): Person @procedure(name: \"gather\")\n"
    "  mustMeet(who: ID!): Person! @procedure(name: \"must_meet\")\n"
    "  tell: Boolean! @procedure(name: \"tell\")\n"
    "}\n"
    "input Guest { who: ID! @parameter(names: [\"guests\"], type: \"Person\")  day: Day  n: Int }\n"
    "input More { firstDay: Day  last: Day @parameter(names: [\"end\"]) }\n"
    "input PersonKey @oneOf { id: ID  name: String  tag: Int @column(name: \"tag_number\") }\n"
    "input Days { from: Day @filter(compare: AT_LEAST)  to: Day @filter(compare: AT_MOST) }\n"
    "interface Node { id: ID! }\n"
    "interface Named { name: String!  note: String }\n"
    "interface Event implements Node @kind(column: \"kind\") { id: ID!  day: Day!  about: Subject "
    "}\n"
    "union Subject = Person | Pet\n"
    "type Person implements Node & Named @table(name: \"person\") {\n"
    "  id: ID!  name: String!  note: String\n"
    "  last: Event @reference(columns: [\"last_id\"])\n"
    "  events(first: Int = 10, after: String, on: Days @filter(column: \"day\"),\n"
    "      room: Int @filter(column: \"room\")): EventConnection!\n"
    "    @list(column: \"person_id\", order: \"day desc, id desc\")\n"
    "  log: [Event!]! @list(column: \"person_id\", order: \"id\")\n"
    "  visits: [Visit!]! @list(column: \"person_id\", order: \"id\")\n"
    "}\n"
    "type Visit implements Node & Event @table(name: \"event\") {\n"
    "  id: ID!  day: Day!  place: String!  doctor: Person! @reference(columns: [\"doctor_id\"])\n"
    "  about: Subject @reference(columns: [\"about_id\"], kind: \"about_kind\")\n"
    "}\n"
    "type Call implements Node & Event @table(name: \"event\") {\n"
    "  id: ID!  day: Day!  number: String!\n"
    "  about: Subject @reference(columns: [\"about_id\"], kind: \"about_kind\")\n"
    "}\n"
    "type Pet implements Node & Named @table(name: \"pet\")\n"
    "    @value(name: \"animal\") {\n"
    "  id: ID!  name: String!  note: String @apart\n"
    "  owner: Person! @reference(columns: [\"owner_id\"]) @apart\n"
    "}\n"
    "type Code implements Node @table(name: \"code\", key: [\"code\"]) { id: ID!  text: String! }\n"
    "type Toy implements Node & Named @table(name: \"toy\", key: [\"person_id\", \"id\"]) {\n"
    "  id: ID!  name: String!  note: String\n"
    "}\n"
    "type EventConnection { nodes: [Event!]!  edges: [EventEdge!]! }\n"
    "type EventEdge { node: Event!  cursor: String! }\n";

static const char *const record_person_rows[] = {
    "id=1 name=Ann note=n1 last_id=12 tag_number=100",
    "id=2 name=Bob last_id=10 tag_number=200",
    "id=3 name=Cy",
};
static const char *const record_pet_rows[] = {
    "id=1 name=Rex note=good owner_id=2",
    "id=2 name=Tom owner_id=99",
};
static const char *const record_toy_rows[] = {"person_id=1 id=-5 name=ball"};
static const char *const record_event_rows[] = {
    "person_id=1 id=12 kind=visit day=30 doctor_id=2 about_kind=animal about_id=1 room=1 place=P12",
    "person_id=1 id=11 kind=call day=20 number=77 about_kind=person about_id=3 room=2",
    "person_id=1 id=10 kind=visit day=10 doctor_id=3 room=2 place=P10",
    "person_id=2 id=20 kind=visit day=5 doctor_id=98",
};
static const char *const record_code_rows[] = {"code=A1 text=one", "code=7 text=seven"};

static const struct fake_table records[] = {
    {"person", record_person_rows, ARRAY_LEN(record_person_rows)},
    {"pet", record_pet_rows, ARRAY_LEN(record_pet_rows)},
    {"event", record_event_rows, ARRAY_LEN(record_event_rows)},
    {"toy", record_toy_rows, ARRAY_LEN(record_toy_rows)},
    {"code", record_code_rows, ARRAY_LEN(record_code_rows)},
};

/* What db_check would say. */
static inline void prepare_records(struct access *access)
{
    for (uint32_t i = 0; i < access->n_tables; i++)
        for (uint32_t c = 0; c < access->tables[i].n_columns; c++)
            access->tables[i].columns[c].raw_is_text =
                str_is(access->tables[i].columns[c].name, "code") &&
                access->tables[i].columns[c].codec == CODEC_KEY;
    for (uint32_t i = 0; i < access->n_paths; i++)
        access->paths[i].key_is_text = str_is(access->paths[i].column[0], "name") ||
                                       str_is(access->paths[i].column[0], "code");
}

/* The id of a row, without quotes; one of a few buffers that are used in turn. */
static inline const char *id_of(const char *type, const char *row)
{
    static char texts[8][100];
    static unsigned next;
    char *text = texts[next++ % ARRAY_LEN(texts)];
    const struct type *t = schema_type(schema, str_of(type));
    struct arena own;
    struct buf b;

    arena_init(&own, 0);
    buf_init(&b, 0);
    global_id_write(&b, &seals.ids, t, make_row(&own, t->table, row));
    snprintf(text, sizeof texts[0], "%.*s", (int)b.len - 2, b.ptr + 1);
    buf_release(&b);
    arena_release(&own);
    return text;
}

#endif
