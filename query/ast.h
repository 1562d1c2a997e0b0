/* query/ast.h: a parsed document, for operations and for the schema alike (GraphQL, September 2025).
 *
 * All nodes lie in one arena; names and texts are views of the source or of that arena. Siblings are
 * linked by `next` in source order. The parser makes no promise beyond the grammar. */
#ifndef QUERY_AST_H
#define QUERY_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* A place in the source, counted from 1; columns count as graphql-js counts (UTF-16 code units). */
struct loc {
    uint32_t line, column;
};

enum value_kind {
    VALUE_NULL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_BOOLEAN,
    VALUE_ENUM,
    VALUE_LIST,
    VALUE_OBJECT,
    VALUE_VARIABLE
};

/* A value: a literal of a document, a variable from JSON, or a coerced argument. */
struct value {
    enum value_kind kind;
    struct loc loc; /* {0, 0} when it came from JSON */
    struct str
        text; /* INT, FLOAT: the digits (may be empty when from JSON); STRING: its characters,
                           unescaped; ENUM, VARIABLE: the name without `$` */
    int64_t integer;     /* INT, when !overflow */
    bool overflow;       /* INT that does not fit 64 bits */
    bool block;          /* STRING written as a block string */
    bool boolean;        /* BOOLEAN */
    double real;         /* FLOAT; INT too */
    struct value *items; /* LIST: the items; OBJECT: the entries, each with its name: an array of
                            n_items, in the parser's values also linked by `next` */
    uint32_t n_items;
    struct str name; /* of an object's entry */
    struct loc name_loc;
    struct value *next;
    uint32_t variable; /* VARIABLE: index in the operation, set by validation */
};

struct ast_argument {
    struct str name;
    struct loc loc;
    struct value *value;
    struct ast_argument *next;
};

struct ast_directive {
    struct str name;
    struct loc loc; /* of the @ */
    struct ast_argument *arguments;
    struct ast_directive *next;
};

enum type_ref_kind {
    TYPE_REF_NAMED,
    TYPE_REF_LIST
};

/* [Int!]! is LIST(non_null) of NAMED(non_null). */
struct type_ref {
    enum type_ref_kind kind;
    bool non_null;
    struct str name; /* NAMED */
    struct loc loc;
    struct type_ref *inner; /* LIST */
    struct type *type;      /* NAMED: set when the schema resolves it; NULL when unknown */
};

enum selection_kind {
    SELECTION_FIELD,
    SELECTION_SPREAD,
    SELECTION_INLINE
};

struct ast_selection {
    enum selection_kind kind;
    struct loc loc;
    struct str
        name; /* FIELD: the field's; SPREAD: the fragment's; INLINE: the type condition or empty */
    struct loc name_loc;
    struct str alias; /* FIELD: empty when there is none */
    struct ast_argument *arguments;
    struct ast_directive *directives;
    struct ast_selection *selections; /* first child */
    struct ast_selection *next;
    struct loc selections_loc; /* of the `{`; {0, 0} when there is none */
    uint64_t hash;             /* of all that it asks for; set by validation */
    uint64_t selections_hash;  /* of its selections alone; the same */
};

enum operation_kind {
    OPERATION_QUERY,
    OPERATION_MUTATION,
    OPERATION_SUBSCRIPTION
};

struct ast_variable {
    struct str name, description;
    struct loc loc;      /* of the definition's first token: the $, or its description */
    struct loc name_loc; /* of the name behind the $ */
    struct type_ref *type;
    struct value *default_value; /* NULL: none */
    struct ast_directive *directives;
    uint32_t index;
    struct ast_variable *next;
};

struct ast_operation {
    enum operation_kind kind;
    struct str name, description; /* name is empty when anonymous */
    struct loc loc, name_loc;
    struct ast_variable *variables;
    uint32_t n_variables;
    struct ast_directive *directives;
    struct ast_selection *selections;
    struct loc selections_loc; /* of the `{` */
    struct ast_operation *next;
};

struct ast_fragment {
    struct str name, description;
    struct loc loc, name_loc;
    struct str condition; /* the type's name */
    struct loc condition_loc;
    struct ast_directive *directives;
    struct ast_selection *selections;
    struct ast_fragment *next;
};

/* ---- Type system definitions (schema files). ---- */

enum type_kind {
    TYPE_SCALAR,
    TYPE_OBJECT,
    TYPE_INTERFACE,
    TYPE_UNION,
    TYPE_ENUM,
    TYPE_INPUT
};

struct ast_name {
    struct str name;
    struct loc loc;
    struct ast_name *next;
};

struct ast_input { /* an argument's definition, or a field of an input object */
    struct str name, description;
    struct loc loc;
    struct type_ref *type;
    struct value *default_value; /* NULL: none */
    struct ast_directive *directives;
    struct ast_input *next;
};

struct ast_field_def {
    struct str name, description;
    struct loc loc;
    struct ast_input *arguments;
    struct type_ref *type;
    struct ast_directive *directives;
    struct ast_field_def *next;
};

struct ast_enum_value {
    struct str name, description;
    struct loc loc;
    struct ast_directive *directives;
    struct ast_enum_value *next;
};

struct ast_type_def {
    enum type_kind kind;
    bool extends; /* `extend type ...` */
    struct str name, description;
    struct loc loc, name_loc;
    struct ast_directive *directives;
    struct ast_name *interfaces;   /* OBJECT, INTERFACE */
    struct ast_field_def *fields;  /* OBJECT, INTERFACE */
    struct ast_name *members;      /* UNION */
    struct ast_enum_value *values; /* ENUM */
    struct ast_input *inputs;      /* INPUT */
    struct ast_type_def *next;
};

struct ast_directive_def {
    struct str name, description;
    struct loc loc;
    struct ast_input *arguments;
    bool repeatable;
    struct ast_name *locations;
    struct ast_directive_def *next;
};

struct ast_schema_def {
    bool present, extends;
    struct str description;
    struct loc loc;
    struct ast_directive *directives;
    struct ast_name *roots[3]; /* by operation_kind; NULL: not given; with `next`: given twice */
    bool repeated;             /* more than one `schema { ... }` that does not extend */
};

struct document {
    struct ast_operation *operations;
    struct ast_fragment *fragments;
    struct ast_schema_def schema;
    struct ast_type_def *types;
    struct ast_directive_def *directives;
    /* Every type system definition in source order (no name: `schema`): an executable document may
     * not have them, which validation says. */
    struct ast_name *not_executable;
    uint32_t n_operations, n_fragments, n_tokens;
};

#endif
