/* tests/unit/language_fixture.h: what tests of the language share: the mapping directives, files of the source
 * tree, literals that stand for JSON. */
#ifndef TESTS_UNIT_LANGUAGE_FIXTURE_H
#define TESTS_UNIT_LANGUAGE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/parse.h"
#include "query/print.h"
#include "query/schema.h"
#include "query/validate.h"
#include "query/variables.h"

#define MAPPING                                                                                    \
    "directive @table(name: String!, key: [String!]! = [\"id\"]) on OBJECT\n"                      \
    "directive @hot(reads: [String!]) on OBJECT "                                                  \
    "directive @changes(types: [String!]!) on FIELD_DEFINITION\n"                                  \
    "directive @aggregate on OBJECT\n"                                                             \
    "directive @kind(column: String!) on INTERFACE | UNION\n"                                      \
    "directive @column(name: String!) on FIELD_DEFINITION | INPUT_FIELD_DEFINITION\n"              \
    "directive @apart on FIELD_DEFINITION directive @negotiated on ARGUMENT_DEFINITION\n"          \
    "directive @computed(function: String!) on FIELD_DEFINITION\n"                                 \
    "directive @reference(columns: [String!]!, kind: String) on FIELD_DEFINITION\n"                \
    "directive @lookup(column: String, argument: String, claim: Claim) on FIELD_DEFINITION\n"      \
    "directive @node(argument: String!) on FIELD_DEFINITION\n"                                     \
    "directive @procedure(name: String!, capacity: Capacity, limit: Int = 100, public: Boolean = " \
    "false) on FIELD_DEFINITION\n"                                                                 \
    "directive @parameter(names: [String!], type: String) on ARGUMENT_DEFINITION | "               \
    "INPUT_FIELD_DEFINITION\n"                                                                     \
    "directive @list(column: String, order: String, function: String, where: String, "             \
    "limit: Int = 100) on FIELD_DEFINITION\n"                                                      \
    "directive @filter(column: String, compare: Comparison! = EQUAL) on ARGUMENT_DEFINITION | "    \
    "INPUT_FIELD_DEFINITION\n"                                                                     \
    "directive @entry(kind: String!, id: String!, of: String!) on OBJECT\n"                        \
    "directive @value(name: String!) on ENUM_VALUE | OBJECT\n"                                     \
    "directive @codec(as: Codec!, scale: Int = 0) on SCALAR | FIELD_DEFINITION\n"                  \
    "enum Codec { DATE TIMESTAMP FIXED SIGNED LINK }\n"                                            \
    "enum Capacity { OWNER DOCTOR NURSE }\n"                                                       \
    "enum Claim { ROLE IIN ORGANISATION NAME CLIENT }\n"                                           \
    "enum Comparison { EQUAL AT_LEAST AT_MOST }\n"

/* A file of the source tree by its path in it; the caller frees. NULL: there is none. */
static inline char *source_file(const char *path, size_t *ret_len)
{
    char name[1024];
    const char *here = strstr(__FILE__, "tests/unit/");
    size_t n = 0;
    char *text;
    FILE *f;

    snprintf(name, sizeof name, "%.*s%s", (int)(here - __FILE__), __FILE__, path);
    f = fopen(name, "rb");
    if (!f)
        return NULL;
    text = malloc(1 << 20);
    if (text)
        n = fread(text, 1, 1 << 20, f);
    fclose(f);
    *ret_len = n;
    return text;
}

/* The value of a GraphQL literal, which is JSON but for the quotes around names. */
static inline const struct value *literal(struct arena *to, const char *text)
{
    static char document[4096];
    struct document doc;

    snprintf(document, sizeof document, "{v(v: %s)}", text);
    if (parse_document(to, arena_str(to, str_of(document)), &(struct parse_limits){0}, &doc, NULL) <
        0)
        return NULL;
    return doc.operations->selections->arguments->value;
}

#endif
