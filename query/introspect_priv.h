/* query/introspect_priv.h: what an introspection asks for, merged: introspect_plan.c makes it from the
 * document, introspect.c writes it. Layer: query, private. */
#ifndef QUERY_INTROSPECT_PRIV_H
#define QUERY_INTROSPECT_PRIV_H

#include "base/arena.h"
#include "query/schema.h"

/* The fields of the introspection types; each has its place in one table. */
enum meta {
    META_TYPENAME,
    META_SCHEMA_DESCRIPTION,
    META_SCHEMA_TYPES,
    META_SCHEMA_QUERY,
    META_SCHEMA_MUTATION,
    META_SCHEMA_SUBSCRIPTION,
    META_SCHEMA_DIRECTIVES,
    META_TYPE_KIND,
    META_TYPE_NAME,
    META_TYPE_DESCRIPTION,
    META_TYPE_SPECIFIED_BY,
    META_TYPE_FIELDS,
    META_TYPE_INTERFACES,
    META_TYPE_POSSIBLE,
    META_TYPE_VALUES,
    META_TYPE_INPUTS,
    META_TYPE_OF_TYPE,
    META_TYPE_ONE_OF,
    META_NAME, /* of fields, inputs, enum values and directives alike, as those below */
    META_DESCRIPTION,
    META_ARGS,
    META_FIELD_TYPE,
    META_INPUT_DEFAULT,
    META_IS_DEPRECATED,
    META_DEPRECATION_REASON,
    META_DIRECTIVE_REPEATABLE,
    META_DIRECTIVE_LOCATIONS
};

struct meta_field {
    struct str key; /* the response name */
    enum meta meta;
    const struct type *parent; /* the introspection type that it is a field of */
    bool include_deprecated;
    struct meta_field *children; /* of composite fields */
    struct meta_field *next;
};

struct meta_plan {
    struct arena *arena;
    const struct schema *schema;
    const struct document *doc;
    const struct value *const *variables;
    bool varies; /* an argument is a variable */
    struct err *err;
};

/* The merged selections of the `n` fields, whose named type is `type`. 0, ERR_LIMIT when the arena's limit
 * is reached, or ERR_VARIABLES. */
int meta_plan(struct meta_plan *p, const struct type *type,
              const struct ast_selection *const *fields, uint32_t n,
              struct meta_field **ret) MUSTCHECK;
/* The argument `name` of a field with the definition `def`, coerced; NULL: not given. */
int meta_argument(struct meta_plan *p, const struct ast_selection *s, const struct field *def,
                  const char *name, const struct value **ret) MUSTCHECK;

#endif
