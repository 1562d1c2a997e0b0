/* query/parse_values.h: the parts of the grammar that operations and type definitions share.
 *
 * Layer: query, private. Each reads from the current token on and returns NULL once an error is set (see
 * query/parse_tokens.h), lists also when there is nothing to read. `constant`: no variable may stand in
 * it. */
#ifndef QUERY_PARSE_VALUES_H
#define QUERY_PARSE_VALUES_H

#include "query/ast.h"

struct parser;

struct ast_argument *parser_arguments(struct parser *p, bool constant);
struct value *parser_value(struct parser *p, bool constant);
struct type_ref *parser_type_ref(struct parser *p);
struct ast_directive *parser_directives(struct parser *p, bool constant);

#endif
