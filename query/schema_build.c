/* query/schema_build.c: definitions -> types. See query/schema.h.
 *
 * Layer: query; base only. First every type gets its place and name, then extensions are merged into
 * the definitions, then the types are filled, so that references resolve whatever the order of the
 * file is. The syntax tree stays in the schema's arena: the later steps read the applied directives
 * from it. */
#include <stdlib.h>

#include "base/err.h"
#include "query/parse.h"
#include "query/schema_priv.h"
#include "query/schema_tools.h"

struct builder {
    struct schema *s;
    struct document file, spec;
    struct type *meta; /* __Meta */
    struct err *err;
};

/* ---- Names of types, and extensions. ---- */

static enum codec builtin_codec(struct str name)
{
    static const struct {
        const char *name;
        enum codec codec;
    } known[] = {
        {"ID", CODEC_ID}, {"Int", CODEC_INT}, {"Float", CODEC_FLOAT}, {"Boolean", CODEC_BOOLEAN}};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_is(name, known[i].name))
            return known[i].codec;
    return CODEC_STRING;
}

static int name_type(struct builder *b, struct ast_type_def *def, bool builtin)
{
    struct schema *s = b->s;
    struct type *t = schema_type(s, def->name);

    if (t)
        return schema_fail(b->err, def->name_loc,
                           t->builtin ? "Type \"%.*s\" is defined by the specification."
                                      : "There can be only one type named \"%.*s\".",
                           STR_FMT(def->name));
    t = arena_zalloc(&s->arena, sizeof *t);
    if (!t)
        return schema_no_memory(b->err);
    t->kind = def->kind;
    t->name = def->name;
    t->description = def->description;
    t->loc = def->name_loc;
    t->builtin = builtin;
    t->codec = def->kind == TYPE_ENUM ? CODEC_ENUM : builtin_codec(def->name);
    t->_def = def;
    map_init(&t->field_map, &s->arena);
    map_init(&t->value_map, &s->arena);
    if (builtin && str_is(def->name, "__Meta")) {
        b->meta = t;
        return 0;
    }
    t->id = s->n_types;
    s->types[s->n_types++] = t;
    return map_put(&s->type_map, t->name, t) < 0 ? schema_no_memory(b->err) : 0;
}

static int name_types(struct builder *b)
{
    size_t n = 0;
    int rc = 0;

    for (struct ast_type_def *d = b->file.types; d; d = d->next)
        n++;
    for (struct ast_type_def *d = b->spec.types; d; d = d->next)
        n++;
    b->s->types = arena_array(&b->s->arena, n, sizeof *b->s->types);
    if (!b->s->types)
        return schema_no_memory(b->err);
    for (struct ast_type_def *d = b->file.types; d && rc == 0; d = d->next)
        if (!d->extends)
            rc = name_type(b, d, false);
    /* The specification's come last, so a file that redefines one is told by the map. */
    for (struct ast_type_def *d = b->spec.types; d && rc == 0; d = d->next) {
        struct type *t = schema_type(b->s, d->name);
        rc = t ? schema_fail(b->err, t->loc, "Type \"%.*s\" is defined by the specification.",
                             STR_FMT(d->name))
               : name_type(b, d, true);
    }
    return rc;
}

#define APPEND(list, more)                                                                         \
    do {                                                                                           \
        __typeof__(list) *end = &(list);                                                           \
        while (*end)                                                                               \
            end = &(*end)->next;                                                                   \
        *end = (more);                                                                             \
    } while (0)

static int extend_types(struct builder *b)
{
    for (struct ast_type_def *e = b->file.types; e; e = e->next) {
        struct type *t;
        struct ast_type_def *d = NULL;
        if (!e->extends)
            continue;
        t = schema_type(b->s, e->name);
        for (d = b->file.types; t && d && (d->extends || !str_eq(d->name, e->name)); d = d->next)
            ;
        if (!t || !d)
            return schema_fail(b->err, e->name_loc,
                               "Cannot extend type \"%.*s\" because it is not defined.",
                               STR_FMT(e->name));
        if (t->kind != e->kind)
            return schema_fail(b->err, e->name_loc,
                               "Cannot extend \"%.*s\": it is another kind of type.",
                               STR_FMT(e->name));
        APPEND(d->directives, e->directives);
        APPEND(d->interfaces, e->interfaces);
        APPEND(d->fields, e->fields);
        APPEND(d->members, e->members);
        APPEND(d->values, e->values);
        APPEND(d->inputs, e->inputs);
    }
    return 0;
}

/* ---- What is in a type. ---- */

static int resolve(struct builder *b, struct type_ref *r)
{
    while (r->kind == TYPE_REF_LIST)
        r = r->inner;
    r->type = schema_type(b->s, r->name);
    return r->type ? 0 : schema_fail(b->err, r->loc, "Unknown type \"%.*s\".", STR_FMT(r->name));
}

/* The arguments in `list`, or the fields of an input object; `owner` is for messages. */
static int build_inputs(struct builder *b, const struct ast_input *list, struct str owner,
                        struct input_def **ret, uint32_t *ret_n)
{
    uint32_t n = 0;
    struct input_def *all;

    for (const struct ast_input *i = list; i; i = i->next)
        n++;
    all = arena_array(&b->s->arena, n, sizeof *all);
    if (n && !all)
        return schema_no_memory(b->err);
    n = 0;
    for (const struct ast_input *i = list; i; i = i->next, n++) {
        int rc = resolve(b, i->type);
        if (rc < 0)
            return rc;
        for (uint32_t k = 0; k < n; k++)
            if (str_eq(all[k].name, i->name))
                return schema_fail(b->err, i->loc, "\"%.*s\" has \"%.*s\" twice.", STR_FMT(owner),
                                   STR_FMT(i->name));
        all[n] = (struct input_def){.name = i->name,
                                    .description = i->description,
                                    .type = i->type,
                                    .default_literal = i->default_value,
                                    .loc = i->loc,
                                    .index = n,
                                    ._def = i};
    }
    *ret = all;
    *ret_n = n;
    return 0;
}

static int build_fields(struct builder *b, struct type *t)
{
    uint32_t n = 0;

    for (const struct ast_field_def *d = t->_def->fields; d; d = d->next)
        n++;
    t->fields = arena_array(&b->s->arena, n, sizeof *t->fields);
    if (n && !t->fields)
        return schema_no_memory(b->err);
    for (const struct ast_field_def *d = t->_def->fields; d; d = d->next) {
        struct field *f = &t->fields[t->n_fields];
        int rc = resolve(b, d->type);
        if (rc < 0)
            return rc;
        if (type_field(t, d->name))
            return schema_fail(b->err, d->loc, "Field \"%.*s.%.*s\" can only be defined once.",
                               STR_FMT(t->name), STR_FMT(d->name));
        *f = (struct field){.name = d->name,
                            .description = d->description,
                            .type = d->type,
                            .loc = d->loc,
                            .parent = t,
                            .choice_argument = -1,
                            .key_argument = -1,
                            .first_argument = -1,
                            .after_argument = -1,
                            ._def = d};
        rc = build_inputs(b, d->arguments, d->name, &f->arguments, &f->n_arguments);
        if (rc < 0)
            return rc;
        t->n_fields++;
        if (map_put(&t->field_map, f->name, f) < 0)
            return schema_no_memory(b->err);
    }
    return 0;
}

/* A list of names as types; each may be there once. */
static int build_names(struct builder *b, const struct type *t, const struct ast_name *list,
                       const char *verb, struct type ***ret, uint32_t *ret_n)
{
    uint32_t n = 0;
    struct type **all;

    for (const struct ast_name *i = list; i; i = i->next)
        n++;
    all = arena_array(&b->s->arena, n, sizeof *all);
    if (n && !all)
        return schema_no_memory(b->err);
    n = 0;
    for (const struct ast_name *i = list; i; i = i->next) {
        struct type *named = schema_type(b->s, i->name);
        if (!named)
            return schema_fail(b->err, i->loc, "Unknown type \"%.*s\".", STR_FMT(i->name));
        for (uint32_t k = 0; k < n; k++)
            if (all[k] == named)
                return schema_fail(b->err, i->loc, "Type \"%.*s\" can only %s \"%.*s\" once.",
                                   STR_FMT(t->name), verb, STR_FMT(i->name));
        all[n++] = named;
    }
    *ret = all;
    *ret_n = n;
    return 0;
}

static int build_values(struct builder *b, struct type *t)
{
    uint32_t n = 0;

    for (const struct ast_enum_value *d = t->_def->values; d; d = d->next)
        n++;
    t->values = arena_array(&b->s->arena, n, sizeof *t->values);
    if (n && !t->values)
        return schema_no_memory(b->err);
    for (const struct ast_enum_value *d = t->_def->values; d; d = d->next) {
        struct enum_def *e = &t->values[t->n_values];
        if (map_get(&t->value_map, d->name))
            return schema_fail(b->err, d->loc, "Enum value \"%.*s.%.*s\" can only be defined once.",
                               STR_FMT(t->name), STR_FMT(d->name));
        *e = (struct enum_def){.name = d->name,
                               .description = d->description,
                               .loc = d->loc,
                               .index = t->n_values++,
                               ._def = d};
        if (map_put(&t->value_map, e->name, e) < 0)
            return schema_no_memory(b->err);
    }
    return 0;
}

static int build_type(struct builder *b, struct type *t)
{
    int rc = 0;

    if (t->kind == TYPE_OBJECT || t->kind == TYPE_INTERFACE) {
        rc = build_fields(b, t);
        if (rc == 0)
            rc = build_names(b, t, t->_def->interfaces, "implement", &t->interfaces,
                             &t->n_interfaces);
    } else if (t->kind == TYPE_UNION) {
        rc = build_names(b, t, t->_def->members, "include", &t->possible, &t->n_possible);
    } else if (t->kind == TYPE_ENUM) {
        rc = build_values(b, t);
    } else if (t->kind == TYPE_INPUT) {
        rc = build_inputs(b, t->_def->inputs, t->name, &t->inputs, &t->n_inputs);
    }
    return rc;
}

/* Which objects each interface can be. */
static int build_possible(struct builder *b)
{
    struct schema *s = b->s;

    for (uint32_t i = 0; i < s->n_types; i++) {
        struct type *face = s->types[i];
        if (face->kind != TYPE_INTERFACE)
            continue;
        face->possible = arena_array(&s->arena, s->n_types, sizeof *face->possible);
        if (!face->possible)
            return schema_no_memory(b->err);
        for (uint32_t k = 0; k < s->n_types; k++)
            for (uint32_t n = 0; n < s->types[k]->n_interfaces; n++)
                if (s->types[k]->kind == TYPE_OBJECT && s->types[k]->interfaces[n] == face)
                    face->possible[face->n_possible++] = s->types[k];
    }
    return 0;
}

/* ---- Directives and roots. ---- */

static bool is_mapping(struct str name)
{
    static const char *const names[] = {
        "table",    "hot",    "aggregate", "kind",       "column",    "apart",
        "computed", "node",   "procedure", "parameter",  "reference", "list",
        "lookup",   "filter", "value",     "codec",      "subject",   "belongs",
        "allow",    "viewer", "entry",     "negotiated", "changes"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

static uint32_t location_bits(const struct type *locations, const struct ast_name *list)
{
    uint32_t bits = 0;
    for (; list; list = list->next) {
        const struct enum_def *e = map_get(&locations->value_map, list->name);
        if (e) /* the parser knows no others */
            bits |= 1u << e->index;
    }
    return bits;
}

static int build_directive(struct builder *b, const struct ast_directive_def *d, bool builtin)
{
    struct schema *s = b->s;
    struct directive_def *def = map_get(&s->directive_map, d->name);
    const struct type *locations = schema_type(s, STR("__DirectiveLocation"));

    if (def && builtin)
        return 0; /* the file may spell the specification's own ones out */
    if (def)
        return schema_fail(b->err, d->loc, "There can be only one directive named \"@%.*s\".",
                           STR_FMT(d->name));
    def = &s->directives[s->n_directives++];
    *def = (struct directive_def){.name = d->name,
                                  .description = d->description,
                                  .repeatable = d->repeatable,
                                  .builtin = builtin,
                                  .loc = d->loc};
    def->locations = location_bits(locations, d->locations);
    def->internal = is_mapping(d->name) && !(def->locations & ((1u << LOC_SCHEMA) - 1));
    if (map_put(&s->directive_map, def->name, def) < 0)
        return schema_no_memory(b->err);
    return build_inputs(b, d->arguments, d->name, &def->arguments, &def->n_arguments);
}

static int build_directives(struct builder *b)
{
    size_t n = 0;
    int rc = 0;

    for (const struct ast_directive_def *d = b->file.directives; d; d = d->next)
        n++;
    for (const struct ast_directive_def *d = b->spec.directives; d; d = d->next)
        n++;
    b->s->directives = arena_array(&b->s->arena, n, sizeof *b->s->directives);
    if (!b->s->directives)
        return schema_no_memory(b->err);
    for (const struct ast_directive_def *d = b->file.directives; d && rc == 0; d = d->next)
        rc = build_directive(b, d, false);
    for (const struct ast_directive_def *d = b->spec.directives; d && rc == 0; d = d->next)
        rc = build_directive(b, d, true);
    return rc;
}

static int build_roots(struct builder *b)
{
    static const char *const kinds[] = {"query", "mutation", "subscription"};
    static const char *const names[] = {"Query", "Mutation", "Subscription"};
    const struct ast_schema_def *def = &b->file.schema;

    if (def->repeated)
        return schema_fail(b->err, def->loc, "There can be only one schema definition.");
    for (int k = 0; k < 3; k++) {
        const struct ast_name *root = def->roots[k];
        struct type *t = schema_type(b->s, root ? root->name : str_of(names[k]));
        if (!root && def->present)
            continue;
        if (root && root->next)
            return schema_fail(b->err, root->next->loc, "There can be only one %s type in schema.",
                               kinds[k]);
        if (root && !t)
            return schema_fail(b->err, root->loc, "Unknown type \"%.*s\".", STR_FMT(root->name));
        if (t && t->kind != TYPE_OBJECT)
            return schema_fail(b->err, root ? root->loc : t->loc,
                               "The %s root type must be an object type, it cannot be \"%.*s\".",
                               kinds[k], STR_FMT(t->name));
        for (int i = 0; i < k; i++)
            if (t && b->s->root[i] == t)
                return schema_fail(b->err, root ? root->loc : t->loc,
                                   "All root types must be different, \"%.*s\" is both %s and %s.",
                                   STR_FMT(t->name), kinds[i], kinds[k]);
        b->s->root[k] = t;
    }
    b->s->description = def->description;
    if (!b->s->root[OPERATION_QUERY])
        return schema_fail(b->err, def->loc, "Query root type must be provided.");
    return 0;
}

static void set_meta(struct builder *b)
{
    b->s->typename_field = &b->meta->fields[0];
    b->s->schema_field = &b->meta->fields[1];
    b->s->type_field = &b->meta->fields[2];
    b->s->typename_field->resolve = RESOLVE_TYPENAME;
    b->s->schema_field->resolve = RESOLVE_SCHEMA;
    b->s->type_field->resolve = RESOLVE_TYPE;
}

static int build_all(struct builder *b, struct str text, bool map)
{
    struct schema *s = b->s;
    struct str copy = arena_str(&s->arena, text);
    int rc;

    if (!copy.ptr)
        return schema_no_memory(b->err);
    rc = parse_schema(&s->arena, copy, &b->file, b->err);
    if (rc == 0)
        rc = parse_schema(&s->arena, str_of(schema_specification), &b->spec, b->err);
    if (rc == 0)
        rc = name_types(b);
    if (rc == 0)
        rc = extend_types(b);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        rc = build_type(b, s->types[i]);
    if (rc == 0)
        rc = build_type(b, b->meta);
    if (rc == 0)
        rc = build_possible(b);
    if (rc == 0)
        rc = build_directives(b);
    if (rc == 0)
        rc = build_roots(b);
    if (rc < 0)
        return rc;
    set_meta(b);
    rc = schema_check_directives(s, &b->file, b->err);
    if (rc == 0)
        rc = schema_check_types(s, b->err);
    if (rc == 0)
        rc = schema_finish(s, b->err);
    if (rc == 0 && map)
        rc = schema_map(s, b->err);
    return rc;
}

static int build(struct schema **ret, struct str text, bool map, struct err *reterr)
{
    struct builder b = {.err = reterr};
    int rc;

    b.s = calloc(1, sizeof *b.s);
    if (!b.s)
        return schema_no_memory(reterr);
    arena_init(&b.s->arena, 0);
    map_init(&b.s->type_map, &b.s->arena);
    map_init(&b.s->directive_map, &b.s->arena);
    rc = build_all(&b, text, map);
    if (rc < 0)
        schema_free(b.s);
    else
        *ret = b.s;
    return rc;
}

int schema_build(struct schema **ret, struct str text, struct err *reterr)
{
    return build(ret, text, true, reterr);
}

int schema_build_types(struct schema **ret, struct str text, struct err *reterr)
{
    return build(ret, text, false, reterr);
}
