/* query/arguments.h: what a field's arguments mean to its access path. */
#ifndef QUERY_ARGUMENTS_H
#define QUERY_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"
#include "base/macros.h"
#include "query/ast.h"
#include "query/schema.h"

/* What an error says of what is no id, behind the argument's name: the type's, which goes between quotes (query/discreet.h). */
#define ID_REFUSED "is no id of \"%.*s\"."

struct cursor;
struct err;
struct seals;

/* What arguments are read from, for one request. */
struct arguments {
    struct arena *arena;
    const struct schema *schema;
    const struct value *const *variables;
    const struct seals *seals;
    uint32_t
        language; /* which value of schema.languages a @negotiated argument is that is not given */
};

/* The coerced value of argument `index` of `field`: given, else its default, else NULL. ERR_VARIABLES, ERR_MEMORY. */
int argument_value(const struct arguments *a, const struct field *field,
                   const struct ast_selection *selection, int index, const struct value **ret,
                   struct err *reterr) MUSTCHECK;

/* The key of a RESOLVE_LOOKUP field, and the path that takes it. A primary key may come as the type's global id
 * or, where rows are about no person, as it is. `*ret_none` is set when no row can have it (null, or no number where the column holds numbers). */
int argument_key(const struct arguments *a, const struct field *field,
                 const struct ast_selection *selection, struct key *ret,
                 const struct access_path **ret_path, bool *ret_none, struct err *reterr) MUSTCHECK;

/* The argument of a RESOLVE_BY_ID field (a string), or of a RESOLVE_BY_IDS field (a list of strings and nulls);
 * NULL when it is null. ERR_VARIABLES when the list is longer than the field's limit. */
int argument_ids(const struct arguments *a, const struct field *field,
                 const struct ast_selection *selection, const struct value **ret,
                 struct err *reterr) MUSTCHECK;

/* The page of a RESOLVE_LIST or RESOLVE_CONNECTION field; ret->limit is what the client may see. Where `first` may be
 * given it is from 1 to `max_page` or to the schema's limit, whichever is less; the schema's default is cut to that.
 * `ret_after` is set with ret->has_after; whose list it is of, cursor_fits knows. ERR_VARIABLES when `first` is out of
 * these bounds, `after` is no cursor of such a list or a filter has a value that is none of its type. */
int argument_page(const struct arguments *a, const struct field *field,
                  const struct ast_selection *selection, uint32_t max_page, struct page *ret,
                  struct cursor *ret_after, struct err *reterr) MUSTCHECK;

/* The cell of a RESOLVE_CELL_CHOICE field: of an argument that is not given, or null, the first value's. */
int argument_cell(const struct arguments *a, const struct field *field,
                  const struct ast_selection *selection, uint32_t *ret,
                  struct err *reterr) MUSTCHECK;

/* A decimal integer without sign games: "-5", "17". false: anything else, or beyond 64 bits. */
bool parse_integer(struct str text, int64_t *ret);

#endif
