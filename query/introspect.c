/* query/introspect.c: see query/introspect.h. Writes what a plan (introspect_plan.c) asks of the schema.
 *
 * Layer: query; base only. A type is shown as a chain: a non-null of a list of a non-null of a name; the
 * chain is the type reference itself, walked one wrapper at a time. */
#include "query/introspect.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "query/introspect_priv.h"
#include "query/print.h"

enum {
    PLAN_BYTES_MAX = 4 * 1024 * 1024
};

enum thing_kind {
    THING_SCHEMA,
    THING_TYPE,
    THING_FIELD,
    THING_INPUT,
    THING_VALUE,
    THING_DIRECTIVE
};

/* What one object of the answer stands for. */
struct thing {
    enum thing_kind kind;
    union {
        const struct field *field;
        const struct input_def *input;
        const struct enum_def *value;
        const struct directive_def *directive;
        struct {
            const struct type *named;   /* a named type, or */
            const struct type_ref *ref; /* what is left of a reference */
            bool past_non_null;         /* whose `!` was shown already */
        } type;
    };
};

struct writer {
    const struct schema *schema;
    struct buf *out;
};

static void write_object(struct writer *w, const struct meta_field *fields, const struct thing *t);

static void write_text(struct writer *w, struct str s)
{
    if (s.ptr)
        json_add_string(w->out, s);
    else
        buf_add_z(w->out, "null");
}

static void write_bool(struct writer *w, bool b)
{
    buf_add_z(w->out, b ? "true" : "false");
}

static struct thing named(const struct type *t)
{
    return (struct thing){.kind = THING_TYPE, .type = {.named = t}};
}

static struct thing reference(const struct type_ref *r, bool past_non_null)
{
    if (r->kind == TYPE_REF_NAMED && (!r->non_null || past_non_null))
        return named(r->type);
    return (struct thing){.kind = THING_TYPE, .type = {.ref = r, .past_non_null = past_non_null}};
}

static void write_type(struct writer *w, const struct meta_field *f, const struct type *t)
{
    struct thing thing = named(t);
    if (t)
        write_object(w, f->children, &thing);
    else
        buf_add_z(w->out, "null");
}

/* ---- Lists. ---- */

static void item(struct writer *w, const struct meta_field *f, bool *first, const struct thing *t)
{
    if (!*first)
        buf_add_char(w->out, ',');
    *first = false;
    write_object(w, f->children, t);
}

static void write_types(struct writer *w, const struct meta_field *f, struct type *const *all,
                        uint32_t n)
{
    bool first = true;

    buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < n && !w->out->failed; i++) {
        struct thing t = named(all[i]);
        if (!all[i]->hidden)
            item(w, f, &first, &t);
    }
    buf_add_char(w->out, ']');
}

static void write_fields(struct writer *w, const struct meta_field *f, const struct type *t)
{
    bool first = true;

    buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < t->n_fields && !w->out->failed; i++) {
        struct thing thing = {.kind = THING_FIELD, .field = &t->fields[i]};
        if (!t->fields[i].deprecated || f->include_deprecated)
            item(w, f, &first, &thing);
    }
    buf_add_char(w->out, ']');
}

static void write_inputs(struct writer *w, const struct meta_field *f, const struct input_def *all,
                         uint32_t n)
{
    bool first = true;

    buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < n && !w->out->failed; i++) {
        struct thing thing = {.kind = THING_INPUT, .input = &all[i]};
        if (!all[i].deprecated || f->include_deprecated)
            item(w, f, &first, &thing);
    }
    buf_add_char(w->out, ']');
}

static void write_values(struct writer *w, const struct meta_field *f, const struct type *t)
{
    bool first = true;

    buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < t->n_values && !w->out->failed; i++) {
        struct thing thing = {.kind = THING_VALUE, .value = &t->values[i]};
        if (!t->values[i].deprecated || f->include_deprecated)
            item(w, f, &first, &thing);
    }
    buf_add_char(w->out, ']');
}

static void write_directives(struct writer *w, const struct meta_field *f)
{
    bool first = true;

    buf_add_char(w->out, '[');
    for (uint32_t i = 0; i < w->schema->n_directives && !w->out->failed; i++) {
        struct thing thing = {.kind = THING_DIRECTIVE, .directive = &w->schema->directives[i]};
        if (!w->schema->directives[i].internal)
            item(w, f, &first, &thing);
    }
    buf_add_char(w->out, ']');
}

static void write_locations(struct writer *w, uint32_t locations)
{
    bool first = true;

    buf_add_char(w->out, '[');
    for (int i = LOC_QUERY; i <= LOC_INPUT_FIELD_DEFINITION; i++) {
        if (!(locations & 1u << i))
            continue;
        buf_addf(w->out, "%s\"%s\"", first ? "" : ",", location_name((enum directive_location)i));
        first = false;
    }
    buf_add_char(w->out, ']');
}

/* ---- Types. ---- */

static const char *kind_text(const struct thing *t)
{
    static const char *const kinds[] = {
        [TYPE_SCALAR] = "\"SCALAR\"",       [TYPE_OBJECT] = "\"OBJECT\"",
        [TYPE_INTERFACE] = "\"INTERFACE\"", [TYPE_UNION] = "\"UNION\"",
        [TYPE_ENUM] = "\"ENUM\"",           [TYPE_INPUT] = "\"INPUT_OBJECT\""};

    if (t->type.named)
        return kinds[t->type.named->kind];
    return t->type.ref->non_null && !t->type.past_non_null ? "\"NON_NULL\"" : "\"LIST\"";
}

static void write_of_type(struct writer *w, const struct meta_field *f, const struct thing *t)
{
    const struct type_ref *r = t->type.ref;
    struct thing of;

    if (!r) {
        buf_add_z(w->out, "null");
        return;
    }
    of = r->non_null && !t->type.past_non_null ? reference(r, true) : reference(r->inner, false);
    write_object(w, f->children, &of);
}

static void write_type_field(struct writer *w, const struct meta_field *f, const struct thing *t)
{
    static const struct type none = {.kind = TYPE_SCALAR};
    const struct type *n = t->type.named ? t->type.named
                                         : &none; /* wrappers have no names, lists ... */

    if (f->meta == META_TYPE_KIND)
        buf_add_z(w->out, kind_text(t));
    else if (f->meta == META_TYPE_NAME)
        write_text(w, n->name);
    else if (f->meta == META_TYPE_DESCRIPTION)
        write_text(w, n->description);
    else if (f->meta == META_TYPE_SPECIFIED_BY)
        write_text(w, n->specified_by);
    else if (f->meta == META_TYPE_FIELDS && (n->kind == TYPE_OBJECT || n->kind == TYPE_INTERFACE))
        write_fields(w, f, n);
    else if (f->meta == META_TYPE_INTERFACES &&
             (n->kind == TYPE_OBJECT || n->kind == TYPE_INTERFACE))
        write_types(w, f, n->interfaces, n->n_interfaces);
    else if (f->meta == META_TYPE_POSSIBLE && (n->kind == TYPE_INTERFACE || n->kind == TYPE_UNION))
        write_types(w, f, n->possible, n->n_possible);
    else if (f->meta == META_TYPE_VALUES && n->kind == TYPE_ENUM)
        write_values(w, f, n);
    else if (f->meta == META_TYPE_INPUTS && n->kind == TYPE_INPUT)
        write_inputs(w, f, n->inputs, n->n_inputs);
    else if (f->meta == META_TYPE_ONE_OF && n->kind == TYPE_INPUT)
        write_bool(w, n->one_of);
    else if (f->meta == META_TYPE_OF_TYPE)
        write_of_type(w, f, t);
    else
        buf_add_z(w->out, "null");
}

/* ---- Everything else. ---- */

static struct str description_of(const struct thing *t)
{
    switch (t->kind) {
    case THING_FIELD:
        return t->field->description;
    case THING_INPUT:
        return t->input->description;
    case THING_VALUE:
        return t->value->description;
    case THING_DIRECTIVE:
        return t->directive->description;
    case THING_SCHEMA:
    case THING_TYPE:
        break;
    }
    return (struct str){0};
}

static struct str name_of(const struct thing *t)
{
    switch (t->kind) {
    case THING_FIELD:
        return t->field->name;
    case THING_INPUT:
        return t->input->name;
    case THING_VALUE:
        return t->value->name;
    case THING_DIRECTIVE:
        return t->directive->name;
    case THING_SCHEMA:
    case THING_TYPE:
        break;
    }
    return (struct str){0};
}

static bool deprecation_of(const struct thing *t, struct str *ret)
{
    bool is = (t->kind == THING_FIELD && t->field->deprecated) ||
              (t->kind == THING_INPUT && t->input->deprecated) ||
              (t->kind == THING_VALUE && t->value->deprecated);

    *ret = (struct str){0};
    if (is)
        *ret = t->kind == THING_FIELD   ? t->field->deprecation_reason
               : t->kind == THING_INPUT ? t->input->deprecation_reason
                                        : t->value->deprecation_reason;
    return is;
}

static void write_default(struct writer *w, const struct input_def *in)
{
    struct buf text;

    if (!in->default_literal) {
        buf_add_z(w->out, "null");
        return;
    }
    buf_init(&text, 0);
    print_value(&text, in->default_literal);
    w->out->failed |= text.failed;
    json_add_string(w->out, buf_str(&text));
    buf_release(&text);
}

static void write_value(struct writer *w, const struct meta_field *f, const struct thing *t)
{
    const struct type_ref *r;
    struct thing of;
    struct str reason;

    switch (f->meta) {
    case META_TYPENAME:
        write_text(w, f->parent->name);
        break;
    case META_SCHEMA_DESCRIPTION:
        write_text(w, w->schema->description);
        break;
    case META_SCHEMA_TYPES:
        write_types(w, f, w->schema->types, w->schema->n_types);
        break;
    case META_SCHEMA_QUERY:
        write_type(w, f, w->schema->root[OPERATION_QUERY]);
        break;
    case META_SCHEMA_MUTATION:
        write_type(w, f, w->schema->root[OPERATION_MUTATION]);
        break;
    case META_SCHEMA_SUBSCRIPTION:
        write_type(w, f, w->schema->root[OPERATION_SUBSCRIPTION]);
        break;
    case META_SCHEMA_DIRECTIVES:
        write_directives(w, f);
        break;
    case META_NAME:
        write_text(w, name_of(t));
        break;
    case META_DESCRIPTION:
        write_text(w, description_of(t));
        break;
    case META_ARGS:
        if (t->kind == THING_FIELD)
            write_inputs(w, f, t->field->arguments, t->field->n_arguments);
        else
            write_inputs(w, f, t->directive->arguments, t->directive->n_arguments);
        break;
    case META_FIELD_TYPE:
        r = t->kind == THING_FIELD ? t->field->type : t->input->type;
        of = reference(r, false);
        write_object(w, f->children, &of);
        break;
    case META_INPUT_DEFAULT:
        write_default(w, t->input);
        break;
    case META_IS_DEPRECATED:
        write_bool(w, deprecation_of(t, &reason));
        break;
    case META_DEPRECATION_REASON:
        (void)deprecation_of(t, &reason);
        write_text(w, reason);
        break;
    case META_DIRECTIVE_REPEATABLE:
        write_bool(w, t->directive->repeatable);
        break;
    case META_DIRECTIVE_LOCATIONS:
        write_locations(w, t->directive->locations);
        break;
    case META_TYPE_KIND:
    case META_TYPE_NAME:
    case META_TYPE_DESCRIPTION:
    case META_TYPE_SPECIFIED_BY:
    case META_TYPE_FIELDS:
    case META_TYPE_INTERFACES:
    case META_TYPE_POSSIBLE:
    case META_TYPE_VALUES:
    case META_TYPE_INPUTS:
    case META_TYPE_OF_TYPE:
    case META_TYPE_ONE_OF:
        write_type_field(w, f, t);
        break;
    }
}

static void write_object(struct writer *w, const struct meta_field *fields, const struct thing *t)
{
    buf_add_char(w->out, '{');
    for (const struct meta_field *f = fields; f && !w->out->failed; f = f->next) {
        if (f != fields)
            buf_add_char(w->out, ',');
        buf_add_char(w->out, '"'); /* a name needs no escapes */
        buf_add_str(w->out, f->key);
        buf_add_z(w->out, "\":");
        write_value(w, f, t);
    }
    buf_add_char(w->out, '}');
}

static int introspect(struct meta_plan *p, const struct ast_selection *const *fields, uint32_t n,
                      bool constant_only, struct writer *w)
{
    const struct schema *s = p->schema;
    bool whole = str_eq(fields[0]->name, s->schema_field->name);
    const struct field *def = whole ? s->schema_field : s->type_field;
    struct thing thing = {.kind = THING_SCHEMA};
    const struct value *name;
    struct meta_field *plan;
    int rc = meta_plan(p, type_ref_named(def->type), fields, n, &plan);

    if (rc < 0)
        return rc;
    if (!whole) {
        rc = meta_argument(p, fields[0], def, "name", &name);
        if (rc < 0)
            return rc;
        thing =
            named(name && name->kind == VALUE_STRING ? schema_visible_type(s, name->text) : NULL);
    }
    if (constant_only && p->varies)
        return INTROSPECT_VARIES;
    if (!whole && !thing.type.named)
        buf_add_z(w->out, "null");
    else
        write_object(w, plan, &thing);
    if (w->out->failed && w->out->limit)
        return err_set(p->err, ERR_LIMIT, "The answer to the introspection is too large.");
    return w->out->failed ? err_set(p->err, ERR_MEMORY, "Out of memory.") : 0;
}

static int write_planned(const struct schema *schema, const struct document *doc,
                         const struct ast_selection *const *fields, uint32_t n,
                         const struct value *const *variables, bool constant_only, struct buf *out,
                         struct err *reterr)
{
    struct writer w = {.schema = schema, .out = out};
    struct arena arena;
    struct meta_plan p = {
        .arena = &arena, .schema = schema, .doc = doc, .variables = variables, .err = reterr};
    int rc;

    arena_init(&arena, PLAN_BYTES_MAX);
    rc = introspect(&p, fields, n, constant_only, &w);
    arena_release(&arena);
    return rc;
}

int introspect_write(const struct schema *schema, const struct document *doc,
                     const struct ast_selection *const *fields, uint32_t n,
                     const struct value *const *variables, struct buf *out, struct err *reterr)
{
    return write_planned(schema, doc, fields, n, variables, false, out, reterr);
}

int introspect_write_constant(const struct schema *schema, const struct document *doc,
                              const struct ast_selection *const *fields, uint32_t n,
                              const struct value *const *variables, struct buf *out,
                              struct err *reterr)
{
    return write_planned(schema, doc, fields, n, variables, true, out, reterr);
}
