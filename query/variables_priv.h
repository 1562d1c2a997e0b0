/* query/variables_priv.h: what the coercion of lists and objects and that of leaves share.
 *
 * Layer: query, private. */
#ifndef QUERY_VARIABLES_PRIV_H
#define QUERY_VARIABLES_PRIV_H

#include "query/schema.h"
#include "query/variables.h"

struct validate_result;

struct coercion {
    struct arena *arena;
    const struct value *const *variables; /* of literals; NULL for JSON */
    bool json;
    const struct ast_variable *variable; /* JSON: the one that is being coerced */
    uint32_t depth;
    struct validate_result *errors; /* JSON: all that is wrong, in graphql-js's order */
    struct err *err;                /* the first thing wrong with a literal; memory that ran out */
};

/* Where in a variable's value we are: a chain on the stack. */
struct coercion_path {
    const struct coercion_path *up;
    struct str name; /* an input field, or empty: */
    uint32_t index;  /* an item of a list */
};

/* All of these return an error's code. */
int coercion_no_memory(struct coercion *c);
/* JSON: an error at the variable's definition. ERR_VARIABLES, or ERR_MEMORY. */
int coercion_error(struct coercion *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "Variable "$x" got invalid value ... at "x.y"; `what`", or `what` at a literal's place. */
int coercion_invalid(struct coercion *c, const struct value *v, const struct coercion_path *path,
                     const char *what);

/* Whether an error ends it: one in a literal, no memory, or one too many. Else what is beside it is looked at too. */
bool coercion_ends(const struct coercion *c, int rc);

/* A scalar or an enum. 0 or an error's code, as literal_coerce. */
int coercion_leaf(struct coercion *c, const struct type_ref *type, const struct value *v,
                  const struct coercion_path *path, const struct value **ret) MUSTCHECK;
/* NULL: no memory. */
struct value *coercion_copy(struct coercion *c, const struct value *v) MUSTCHECK;

#endif
