/* query/parse_schema.h: the type system half of the grammar.
 *
 * Layer: query, private. See query/parse_tokens.h for how errors travel. */
#ifndef QUERY_PARSE_SCHEMA_H
#define QUERY_PARSE_SCHEMA_H

#include "base/str.h"

struct parser;

/* A definition that begins at the current token (with or without a description), whose keyword is
 * `word`: appended to the document. False when `word` begins none; true also when an error was met. */
bool parser_type_system(struct parser *p, struct str word);

#endif
