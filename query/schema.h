/* query/schema.h: the types of the API and what each field means to the engine.
 *
 * Built once from the schema file and then constant. It holds what GraphQL knows (types, fields,
 * arguments, descriptions) and, from the mapping directives, how each field is resolved: a cell of the
 * row, the next access path, or something the engine computes. The tables and access paths that the
 * mapping needs are collected in `access` (base/access.h) for db/ and cache/. */
#ifndef QUERY_SCHEMA_H
#define QUERY_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"
#include "base/arena.h"
#include "base/macros.h"
#include "base/map.h"
#include "query/ast.h"

struct err;
struct procedure;

enum {
    GLOBAL_ID_MARK = 8 /* digits at the start of an id that say its type; query/global_id.h */
};

/* Capacities in which somebody sees a record (owner, treating doctor, ...): by index of the enum's value. */
typedef uint32_t rights_mask;

#define RIGHTS_ALL UINT32_MAX

/* What is known of who asks (base/viewer.h). */
enum claim {
    CLAIM_NONE,
    CLAIM_ROLE,
    CLAIM_IIN,
    CLAIM_ORGANISATION,
    CLAIM_NAME,
    CLAIM_CLIENT
};

/* A role of which a function of its own says what it may see. */
struct role_rights {
    struct str role;
    const struct access_path *path;
};

enum {
    RIGHTS_ROLES_MAX = 8
};

/* How it is found out what somebody may see of one subject (@subject): a function of who asks and of the
 * subject's key returns at most one row. */
struct rights_map {
    const struct access_path *path; /* NULL: the schema has no subjects, and everything is public */
    struct role_rights by_role[RIGHTS_ROLES_MAX]; /* instead of it; their rows have its cells */
    uint32_t n_by_role;
    uint32_t capacities_cell, withheld_cell, reason_cell;
    const struct table *subject;
    uint32_t
        viewer_cell; /* of the subject's row: equals the viewer's IIN when it is the viewer's own */
    bool ends;       /* somebody's own is so only while the cell `end_cell` is null */
    uint32_t end_cell;
    struct str own_role; /* as which the viewer has to ask for that */
    rights_mask own;     /* and what the viewer then is */
    struct str own_name;
    const struct type *capacities; /* the enum */
};

/* An argument or an input field. */
struct input_def {
    struct str name, description;
    struct type_ref *type;
    const struct value *default_value;   /* coerced to `type`; NULL: none */
    const struct value *default_literal; /* as the schema file has it */
    bool deprecated;
    bool negotiated; /* not given, it is the language that the request asks for */
    struct str deprecation_reason;
    struct loc loc;
    uint32_t index;               /* among its siblings */
    const struct ast_input *_def; /* in the arena; for the building of the schema */
};

/* How a field gets its value. */
enum resolve_kind {
    RESOLVE_NONE,        /* a root type's field without a mapping: an error at start-up unless the
                              type is never reached through a table (connection types) */
    RESOLVE_CELL,        /* the row's cell `cell` */
    RESOLVE_CELL_CHOICE, /* one of several cells, chosen by the enum argument `choice_argument` */
    RESOLVE_GLOBAL_ID,   /* the row's id over all types, made of its key */
    RESOLVE_APART,       /* in plans: the value lies in the row's second group of cells */
    RESOLVE_ROW,         /* path to one row; the key is in this row's cells `key_cell` */
    RESOLVE_ROW_OF_KIND, /* the same, by the path of the type that the cell `kind_cell` names */
    RESOLVE_LOOKUP,      /* path to one row; the key is the argument `key_argument` */
    RESOLVE_BY_ID,     /* one row by the path of the type that the global id `key_argument` names */
    RESOLVE_BY_IDS,    /* the same for a list of ids */
    RESOLVE_CALL,      /* what the SQL function `procedure` returns: a row, or a cell */
    RESOLVE_CALL_LIST, /* the same: rows, as a plain list */
    RESOLVE_LIST,      /* path to a list by this row's key, as a plain list */
    RESOLVE_CONNECTION, /* the same as a Relay connection */
    RESOLVE_NODES,      /* of a connection: its rows */
    RESOLVE_EDGES,      /* of a connection: its rows, each as an edge */
    RESOLVE_NODE,       /* of an edge: its row */
    RESOLVE_CURSOR,     /* of an edge */
    RESOLVE_PAGE_INFO,  /* of a connection */
    RESOLVE_HAS_NEXT,   /* of PageInfo, and so on */
    RESOLVE_HAS_PREVIOUS,
    RESOLVE_START_CURSOR,
    RESOLVE_END_CURSOR,
    RESOLVE_TOTAL_COUNT, /* of a connection: how many rows there are, before and behind the page too */
    RESOLVE_WITHHELD,    /* of a connection: whether rows were kept back at the subject's wish */
    RESOLVE_VIEWER,      /* an object of who asks; its fields below */
    RESOLVE_CLAIM,       /* of it: what is known of who asks */
    RESOLVE_TYPENAME,    /* __typename */
    RESOLVE_SCHEMA,      /* __schema */
    RESOLVE_TYPE         /* __type(name:) */
};

/* Where a list's filter (or the argument of its function) gets its value. */
struct field_filter {
    uint32_t argument;
    int input;                /* of the argument's input object; -1: the argument itself */
    uint32_t filter;          /* index in access_path.filter */
    const struct type *id_of; /* the value is an id of this type; NULL: as it is */
};

/* Where parameters of a SQL function get their values. */
struct field_param {
    uint32_t argument;
    int input; /* of the argument's input object; -1: the argument itself */
    bool each; /* of each of the input objects in the argument, which is a list of them: an array */
    uint32_t param; /* index in procedure.params: the first */
    /* The value is an id of this type, for as many parameters as its key has columns; of an interface or union one more
     * stands before them, for the table's name. NULL: the value is the parameter's. */
    const struct type *id_of;
    bool has_subject; /* the first column of its key is the person whose record it is in */
};

struct field {
    struct str name, description;
    struct type_ref *type;
    struct input_def *arguments;
    uint32_t n_arguments;
    bool deprecated;
    struct str deprecation_reason;
    struct loc loc;
    struct type *parent;

    enum resolve_kind resolve;
    uint32_t cell;                     /* CELL */
    uint32_t *choice_cells;            /* CELL_CHOICE: by index of the enum value */
    int choice_argument;               /* CELL_CHOICE */
    bool apart;                        /* its cells are in the type's second group */
    uint32_t key_cell[ACCESS_KEY_MAX]; /* ROW; LIST, CONNECTION: the cells of this row's key */
    uint32_t kind_cell;                /* ROW_OF_KIND */
    int key_argument;                  /* LOOKUP, BY_ID, BY_IDS */
    const struct access_path *path;    /* ROW, LOOKUP, LIST, CONNECTION, CALL, CALL_LIST */
    const struct type *row_type;       /* the same: whose rows it returns */
    rights_mask allow;                 /* who may see it in a row of its type (and those rows) */
    rights_mask granted; /* CALL: in which capacity its row is seen, without asking; 0: none */
    enum claim claim;    /* CLAIM; LOOKUP without key_argument (-1): its key */
    /* LOOKUP by a @oneOf input object: by its field. ROW_OF_KIND, BY_ID, BY_IDS: by `possible` of the type. */
    const struct access_path **paths;
    int first_argument, after_argument; /* LIST, CONNECTION: index in arguments, or -1 */
    uint32_t list_limit; /* LIST, CONNECTION, BY_IDS, CALL_LIST: most rows of a page; 100 */
    bool single; /* LIST: of a function that returns one row or none, which is the field's object */
    bool gives_viewer; /* LIST: the first filter is who asks, as SQL functions take it */
    struct field_filter filters[ACCESS_FILTER_MAX]; /* LIST, CONNECTION */
    uint32_t n_filters;
    const struct procedure *procedure; /* CALL */
    struct field_param *params;        /* CALL */
    uint32_t n_params;
    const struct ast_field_def *_def;
};

struct enum_def {
    struct str name, description;
    struct str stored; /* in the database */
    bool deprecated;
    struct str deprecation_reason;
    struct loc loc;
    uint32_t index;
    const struct ast_enum_value *_def;
};

struct type {
    enum type_kind kind;
    struct str name, description;
    struct loc loc;
    bool builtin; /* of the specification: Int, String, __Schema, ... */
    bool hidden;  /* only mapping directives use it, or a built-in scalar that nothing uses:
                        clients don't see it, and for documents it does not exist */
    struct str specified_by; /* SCALAR: URL or empty */
    enum codec codec;        /* SCALAR, ENUM: how a cell of it is written */
    uint8_t scale;

    struct field *fields; /* OBJECT, INTERFACE; without __typename */
    uint32_t n_fields;
    struct map field_map;     /* name -> struct field */
    struct type **interfaces; /* OBJECT, INTERFACE: what it implements */
    uint32_t n_interfaces;
    struct type **possible; /* INTERFACE, UNION: the object types it can be (in schema order) */
    uint32_t n_possible;

    struct enum_def *values; /* ENUM */
    uint32_t n_values;
    struct map value_map; /* name -> struct enum_def */

    struct input_def *inputs; /* INPUT */
    uint32_t n_inputs;
    bool one_of;

    /* OBJECT with @table; INTERFACE, UNION with @kind: what all of its types share; or NULL. */
    const struct table *table;
    /* OBJECT with @entry: the abstract type whose entries its rows stand for, or NULL. */
    const struct type *entry_of;
    struct str stored; /* OBJECT: what a column holds that says the type */
    const struct type
        *kind_of; /* OBJECT: the abstract type whose @kind tells its rows apart, or NULL */
    struct str kind_column;               /* INTERFACE, UNION with @kind */
    uint32_t kind_cell;                   /* the same: JSON text of the name of the row's type */
    bool has_global_id;                   /* OBJECT: reached by @node */
    char id_mark[GLOBAL_ID_MARK];         /* the same */
    rights_mask allow;                    /* OBJECT: who may see its rows */
    const struct table *apart;            /* OBJECT: its second group of cells, or NULL */
    const struct access_path *apart_path; /* the same: by the key that `table` has */
    uint32_t id;                          /* index in schema.types */
    const struct ast_type_def *_def;
};

struct directive_def {
    struct str name, description;
    struct input_def *arguments;
    uint32_t n_arguments;
    bool repeatable;
    uint32_t locations; /* bits of enum directive_location */
    bool builtin;       /* of the specification */
    bool internal;      /* mapping directives: clients don't see them */
    struct loc loc;
};

enum directive_location {
    LOC_QUERY,
    LOC_MUTATION,
    LOC_SUBSCRIPTION,
    LOC_FIELD,
    LOC_FRAGMENT_DEFINITION,
    LOC_FRAGMENT_SPREAD,
    LOC_INLINE_FRAGMENT,
    LOC_VARIABLE_DEFINITION,
    LOC_SCHEMA,
    LOC_SCALAR,
    LOC_OBJECT,
    LOC_FIELD_DEFINITION,
    LOC_ARGUMENT_DEFINITION,
    LOC_INTERFACE,
    LOC_UNION,
    LOC_ENUM,
    LOC_ENUM_VALUE,
    LOC_INPUT_OBJECT,
    LOC_INPUT_FIELD_DEFINITION
};

/* "QUERY", ...: as the specification spells it. */
const char *location_name(enum directive_location location);

struct schema {
    struct arena arena;
    struct str description;
    struct type **types; /* in the order of the file, the specification's after them */
    uint32_t n_types;
    struct map type_map;  /* name -> struct type */
    struct type *root[3]; /* by operation_kind; NULL: none */
    struct directive_def *directives;
    uint32_t n_directives;
    struct map directive_map;
    struct access access;
    struct rights_map rights;
    const struct type *languages; /* the enum of @negotiated arguments; NULL: there is none */
    struct field *typename_field, *schema_field, *type_field; /* the meta fields */
};

/* Builds a schema from the text of a schema file (which is copied). ERR_CONFIG with the line and a
 * sentence for whatever the specification or the mapping forbids; ERR_PARSE; ERR_MEMORY. */
int schema_build(struct schema **ret, struct str text, struct err *reterr) MUSTCHECK;
/* The same without the mapping: every field's `resolve` is RESOLVE_NONE and there is no access. For tools
 * and tests that need types only. */
int schema_build_types(struct schema **ret, struct str text, struct err *reterr) MUSTCHECK;
void schema_free(struct schema *s);

struct type *schema_type(const struct schema *s, struct str name); /* or NULL */
/* The type as a client sees it: NULL for hidden ones too. */
struct type *schema_visible_type(const struct schema *s, struct str name);
/* The same for directives. */
struct directive_def *schema_visible_directive(const struct schema *s, struct str name);
struct field *type_field(const struct type *t, struct str name); /* without meta fields; or NULL */

/* The field `name` of a composite type with the meta fields that it has (__typename; at the query root
 * __schema and __type); or NULL. */
struct field *schema_field(const struct schema *s, const struct type *t, struct str name);
/* True when the object type `t` is `abstract` itself, or one of what it can be. */
bool type_includes(const struct type *abstract, const struct type *t);
/* True when `t` is `super`, a member of it, or implements it (interfaces do so too). */
bool type_is_subtype(const struct type *t, const struct type *super);
/* True when some object can be both. Composite types only. */
bool types_overlap(const struct type *a, const struct type *b);
bool type_ref_equal(const struct type_ref *a, const struct type_ref *b);
/* The specification's subtype relation: a value of `sub` may stand where `super` is expected. */
bool type_ref_is_subtype(const struct type_ref *sub, const struct type_ref *super);

static inline bool type_is_leaf(const struct type *t)
{
    return t->kind == TYPE_SCALAR || t->kind == TYPE_ENUM;
}
static inline bool type_is_composite(const struct type *t)
{
    return t->kind == TYPE_OBJECT || t->kind == TYPE_INTERFACE || t->kind == TYPE_UNION;
}
static inline bool type_is_input(const struct type *t)
{
    return type_is_leaf(t) || t->kind == TYPE_INPUT;
}
/* The innermost named type, or NULL when it is unknown. */
static inline struct type *type_ref_named(const struct type_ref *r)
{
    while (r->kind == TYPE_REF_LIST)
        r = r->inner;
    return r->type;
}

#endif
