/* tests/unit/fake_source.h: people, their pets and toys: a schema and its rows in memory. For tests of query/. */
#ifndef TESTS_UNIT_FAKE_SOURCE_H
#define TESTS_UNIT_FAKE_SOURCE_H

#include "tests/unit/fake_rows.h"

static const char schema_text[] =
    "directive @table(name: String!, key: [String!]! = [\"id\"]) on OBJECT\n"
    "directive @hot on OBJECT\n"
    "directive @column(name: String!) on FIELD_DEFINITION\n"
    "directive @reference(columns: [String!]!) on FIELD_DEFINITION\n"
    "directive @lookup(column: String!, argument: String!) on FIELD_DEFINITION\n"
    "directive @list(column: String!, order: String!, where: String, limit: Int = 100) on "
    "FIELD_DEFINITION\n"
    "directive @filter(column: String!) on ARGUMENT_DEFINITION\n"
    "directive @value(name: String!) on ENUM_VALUE\n"
    "directive @negotiated on ARGUMENT_DEFINITION\n"
    "type Query {\n"
    "  person(id: ID!): Person @lookup(column: \"id\", argument: \"id\")\n"
    "  named(name: String!): Person @lookup(column: \"name\", argument: \"name\")\n"
    "}\n"
    "type Person @table(name: \"person\") {\n"
    "  id: ID!  name: String!  nick: String\n"
    "  best: Person @reference(columns: [\"best_id\"])\n"
    "  boss: Person! @reference(columns: [\"boss_id\"])\n"
    "  pets(first: Int = 2, after: String, kind: Kind @filter(column: \"kind\")): PetConnection!\n"
    "    @list(column: \"person_id\", order: \"born desc, id desc\")\n"
    "  toys: [Toy!]! @list(column: \"person_id\", order: \"id\", limit: 2)\n"
    "  label(lang: Lang = FIRST): String! @column(name: \"label_{lang}\")\n"
    "  spoken(lang: Lang @negotiated): String! @column(name: \"label_{lang}\")\n"
    "}\n"
    "type Pet @table(name: \"pet\", key: [\"person_id\", \"id\"]) {\n"
    "  id: ID!  name: String!  kind: Kind!  vet: Person @reference(columns: [\"vet_id\"])\n"
    "}\n"
    "type Toy @table(name: \"toy\") { id: ID!  name: String! }\n"
    "type PetConnection { nodes: [Pet!]!  edges: [PetEdge!]!  pageInfo: PageInfo!  "
    "totalCount: Int! }\n"
    "type PetEdge { node: Pet!  cursor: String! }\n"
    "type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  "
    "endCursor: String }\n"
    "enum Kind { CAT DOG @value(name: \"hound\") }\n"
    "enum Lang { FIRST @value(name: \"a\")  SECOND @value(name: \"b\") }\n";

/* ---- the data: rows as "column=value", missing columns are null ---- */

static const char *const person_rows[] = {
    "id=1 name=Ann best_id=2 boss_id=3 label_a=A1 label_b=B1",
    "id=2 name=Bo\"b nick=B boss_id=1 label_a=A2 label_b=B2",
    "id=3 name=Cy best_id=99 boss_id=98 label_a=A3 label_b=B3",
    "id=4 name=Di best_id=3 boss_id=1 label_a=A4",
};
static const char *const pet_rows[] = {
    "person_id=1 id=12 name=Rex kind=hound born=30 vet_id=2",
    "person_id=1 id=11 name=Tom kind=cat born=20 vet_id=3",
    "person_id=1 id=10 name=Kit kind=cat born=20",
    "person_id=2 id=20 name=Fay kind=cat born=5 vet_id=4",
};
static const char *const toy_rows[] = {
    "person_id=1 id=1 name=ball",
    "person_id=2 id=2 name=a",
    "person_id=2 id=3 name=b",
    "person_id=2 id=4 name=c",
};

static const struct fake_table people[] = {
    {"person", person_rows, ARRAY_LEN(person_rows)},
    {"pet", pet_rows, ARRAY_LEN(pet_rows)},
    {"toy", toy_rows, ARRAY_LEN(toy_rows)},
};

#endif
