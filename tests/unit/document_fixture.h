/* tests/unit/document_fixture.h: a schema for tests in which documents are compiled but never run. */
#ifndef TESTS_UNIT_DOCUMENT_FIXTURE_H
#define TESTS_UNIT_DOCUMENT_FIXTURE_H

#include "tests/unit/test.h"

#include "base/err.h"
#include "query/document.h"
#include "query/schema.h"

static struct schema *schema;

/* False, with the reason on stderr, when it can't be built. */
static inline bool fixture_schema(void)
{
    struct err err;
    int rc = schema_build(
        &schema,
        STR("directive @table(name: String!, key: [String!]! = [\"id\"]) on OBJECT\n"
            "directive @reference(columns: [String!]!) on FIELD_DEFINITION\n"
            "directive @lookup(column: String!, argument: String!) on FIELD_DEFINITION\n"
            "type Query { person(id: ID!): Person @lookup(column: \"id\", argument: \"id\") }\n"
            "type Person @table(name: \"person\") {\n"
            "  id: ID!  name: String!  nick: String  label: String\n"
            "  best: Person @reference(columns: [\"best_id\"])\n"
            "  boss: Person! @reference(columns: [\"boss_id\"])\n"
            "}\n"),
        &err);

    if (rc < 0)
        fprintf(stderr, "line %d: %s\n", err.line, err.message);
    return rc == 0;
}

#endif
