/* query/variables.h: values from clients, checked against their types (specification, section 6.1.2 and 3). */
#ifndef QUERY_VARIABLES_H
#define QUERY_VARIABLES_H

#include "base/macros.h"
#include "query/ast.h"

struct arena;
struct err;
struct schema;
struct type_ref;
struct validate_result;

/* Coerces the JSON object `given` (VALUE_OBJECT, or NULL for none; entries nobody declared are ignored) to
 * the operation's variables. `*ret` gets an array of n_variables values by index; an entry is NULL when the
 * variable was not given and has no default. ERR_VARIABLES: `reterrors` has all that is wrong, at most
 * VALIDATE_ERRORS_MAX, in the arena: each names the variable, the path in it and what was expected, at the variable's
 * definition (graphql-js's wording; of the client's values only short numbers, true, false and null are repeated).
 * ERR_MEMORY: `reterrors` says nothing. */
int variables_coerce_all(struct arena *arena, const struct schema *schema,
                         const struct ast_operation *operation, const struct value *given,
                         const struct value ***ret, struct validate_result *reterrors) MUSTCHECK;

/* The same for who wants one error: the first. */
int variables_coerce(struct arena *arena, const struct schema *schema,
                     const struct ast_operation *operation, const struct value *given,
                     const struct value ***ret, struct err *reterr) MUSTCHECK;

/* A literal of a document (which may hold variables) as a value of `type`: defaults of input fields filled in,
 * a single value made a list, Int made Float or ID. `*ret` is NULL when it is a variable that was not given.
 * Coerced kinds: Int -> VALUE_INT, Float -> VALUE_FLOAT, ID and String -> VALUE_STRING, custom scalars keep
 * their literal's kind, enum -> VALUE_ENUM. ERR_VARIABLES when a variable's null meets a non-null place. */
int literal_coerce(struct arena *arena, const struct schema *schema, const struct type_ref *type,
                   const struct value *literal, const struct value *const *variables,
                   const struct value **ret, struct err *reterr) MUSTCHECK;

#endif
