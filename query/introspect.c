/* query/introspect.c: see query/introspect.h. Writes what a plan (introspect_plan.c) asks of the schema.
 *
 * What is open is kept on a stack, an object or a list each, so the writer can stop behind any value.
 * Layer: query; base only. A type is shown as a chain: a non-null of a list of a non-null of a name; the
 * chain is the type reference itself, walked one wrapper at a time. */
#include "query/introspect.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "query/introspect_priv.h"
#include "query/print.h"

enum {
    PLAN_BYTES_MAX = 1024 * 1024
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

enum open_kind {
    OPEN_OBJECT,
    OPEN_TYPES, /* and other lists */
    OPEN_FIELDS,
    OPEN_INPUTS,
    OPEN_VALUES,
    OPEN_DIRECTIVES
};

/* An object or a list that was begun and not ended. */
struct open {
    enum open_kind kind;
    bool has_some;
    const struct meta_field *field; /* of an object the next to write, or NULL; of a list its own */
    struct thing thing;             /* the object */
    const void *all;                /* the list's n items, of which `at` is the next */
    uint32_t at, n;
};

struct introspection {
    struct arena arena;
    const struct schema *schema;
    struct buf *out; /* while it writes */
    struct open *opened;
    uint32_t depth; /* how many of them */
    bool begun;
};

static void write_text(struct introspection *w, struct str s)
{
    if (s.ptr)
        json_add_string(w->out, s);
    else
        buf_add_z(w->out, "null");
}

static void write_bool(struct introspection *w, bool b)
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

static void open_object(struct introspection *w, const struct meta_field *fields,
                        const struct thing *t)
{
    buf_add_char(w->out, '{');
    w->opened[w->depth++] = (struct open){.kind = OPEN_OBJECT, .field = fields, .thing = *t};
}

static void open_list(struct introspection *w, enum open_kind kind, const struct meta_field *f,
                      const void *all, uint32_t n)
{
    buf_add_char(w->out, '[');
    w->opened[w->depth++] = (struct open){.kind = kind, .field = f, .all = all, .n = n};
}

static void write_type(struct introspection *w, const struct meta_field *f, const struct type *t)
{
    struct thing thing = named(t);
    if (t)
        open_object(w, f->children, &thing);
    else
        buf_add_z(w->out, "null");
}

/* ---- Lists. ---- */

/* The next item of `o`; false: it is not shown. */
static bool next_item(struct open *o, struct thing *ret)
{
    uint32_t i = o->at++;
    bool all = o->field->include_deprecated;

    switch (o->kind) {
    case OPEN_TYPES:
        *ret = named(((struct type *const *)o->all)[i]);
        return !ret->type.named->hidden;
    case OPEN_FIELDS:
        *ret = (struct thing){.kind = THING_FIELD, .field = (const struct field *)o->all + i};
        return all || !ret->field->deprecated;
    case OPEN_INPUTS:
        *ret = (struct thing){.kind = THING_INPUT, .input = (const struct input_def *)o->all + i};
        return all || !ret->input->deprecated;
    case OPEN_VALUES:
        *ret = (struct thing){.kind = THING_VALUE, .value = (const struct enum_def *)o->all + i};
        return all || !ret->value->deprecated;
    case OPEN_DIRECTIVES:
        *ret = (struct thing){.kind = THING_DIRECTIVE,
                              .directive = (const struct directive_def *)o->all + i};
        return !ret->directive->internal;
    case OPEN_OBJECT:
        break;
    }
    return false;
}

static void list_next(struct introspection *w, struct open *o)
{
    struct thing t;

    if (o->at == o->n) {
        buf_add_char(w->out, ']');
        w->depth--;
        return;
    }
    if (!next_item(o, &t))
        return;
    if (o->has_some)
        buf_add_char(w->out, ',');
    o->has_some = true;
    open_object(w, o->field->children, &t);
}

static void write_locations(struct introspection *w, uint32_t locations)
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

static void write_of_type(struct introspection *w, const struct meta_field *f,
                          const struct thing *t)
{
    const struct type_ref *r = t->type.ref;
    struct thing of;

    if (!r) {
        buf_add_z(w->out, "null");
        return;
    }
    of = r->non_null && !t->type.past_non_null ? reference(r, true) : reference(r->inner, false);
    open_object(w, f->children, &of);
}

static void write_type_field(struct introspection *w, const struct meta_field *f,
                             const struct thing *t)
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
        open_list(w, OPEN_FIELDS, f, n->fields, n->n_fields);
    else if (f->meta == META_TYPE_INTERFACES &&
             (n->kind == TYPE_OBJECT || n->kind == TYPE_INTERFACE))
        open_list(w, OPEN_TYPES, f, n->interfaces, n->n_interfaces);
    else if (f->meta == META_TYPE_POSSIBLE && (n->kind == TYPE_INTERFACE || n->kind == TYPE_UNION))
        open_list(w, OPEN_TYPES, f, n->possible, n->n_possible);
    else if (f->meta == META_TYPE_VALUES && n->kind == TYPE_ENUM)
        open_list(w, OPEN_VALUES, f, n->values, n->n_values);
    else if (f->meta == META_TYPE_INPUTS && n->kind == TYPE_INPUT)
        open_list(w, OPEN_INPUTS, f, n->inputs, n->n_inputs);
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

static void write_default(struct introspection *w, const struct input_def *in)
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

static void write_value(struct introspection *w, const struct meta_field *f, const struct thing *t)
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
        open_list(w, OPEN_TYPES, f, w->schema->types, w->schema->n_types);
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
        open_list(w, OPEN_DIRECTIVES, f, w->schema->directives, w->schema->n_directives);
        break;
    case META_NAME:
        write_text(w, name_of(t));
        break;
    case META_DESCRIPTION:
        write_text(w, description_of(t));
        break;
    case META_ARGS:
        if (t->kind == THING_FIELD)
            open_list(w, OPEN_INPUTS, f, t->field->arguments, t->field->n_arguments);
        else
            open_list(w, OPEN_INPUTS, f, t->directive->arguments, t->directive->n_arguments);
        break;
    case META_FIELD_TYPE:
        r = t->kind == THING_FIELD ? t->field->type : t->input->type;
        of = reference(r, false);
        open_object(w, f->children, &of);
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

static void object_next(struct introspection *w, struct open *o)
{
    const struct meta_field *f = o->field;

    if (!f) {
        buf_add_char(w->out, '}');
        w->depth--;
        return;
    }
    if (o->has_some)
        buf_add_char(w->out, ',');
    o->has_some = true;
    o->field = f->next;
    buf_add_char(w->out, '"'); /* a name needs no escapes */
    buf_add_str(w->out, f->key);
    buf_add_z(w->out, "\":");
    write_value(w, f, &o->thing);
}

/* ---- From the document to the end of the value. ---- */

/* How many objects stand in each other at most. */
static uint32_t depth_of(const struct meta_field *fields)
{
    uint32_t most = 0;

    for (const struct meta_field *f = fields; f; f = f->next)
        most = MAX(most, f->children ? depth_of(f->children) : 1);
    return most + 1;
}

/* Makes the plan and opens the value, unless that is null. */
static int begin(struct introspection *w, struct meta_plan *p,
                 const struct ast_selection *const *fields, uint32_t n, bool constant_only)
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
    w->opened = arena_array(p->arena, (size_t)depth_of(plan) * 2, sizeof *w->opened);
    if (!w->opened)
        return err_set(p->err, ERR_LIMIT, "The introspection asks for too much.");
    if (whole || thing.type.named)
        w->opened[w->depth++] = (struct open){.kind = OPEN_OBJECT, .field = plan, .thing = thing};
    return 0;
}

static int open_planned(struct introspection **ret, const struct schema *schema,
                        const struct document *doc, const struct ast_selection *const *fields,
                        uint32_t n, const struct value *const *variables, bool constant_only,
                        struct err *reterr)
{
    struct introspection *w = calloc(1, sizeof *w);
    struct meta_plan p = {.schema = schema, .doc = doc, .variables = variables, .err = reterr};
    int rc;

    if (!w)
        return err_set(reterr, ERR_MEMORY, "Out of memory.");
    w->schema = schema;
    arena_init(&w->arena, PLAN_BYTES_MAX);
    p.arena = &w->arena;
    rc = begin(w, &p, fields, n, constant_only);
    if (rc == 0)
        *ret = w;
    else
        introspect_close(w);
    return rc;
}

int introspect_open(struct introspection **ret, const struct schema *schema,
                    const struct document *doc, const struct ast_selection *const *fields,
                    uint32_t n, const struct value *const *variables, struct err *reterr)
{
    return open_planned(ret, schema, doc, fields, n, variables, false, reterr);
}

void introspect_close(struct introspection *w)
{
    if (w)
        arena_release(&w->arena);
    free(w);
}

size_t introspect_holds(const struct introspection *w)
{
    return w->arena.used;
}

int introspect_next(struct introspection *w, struct buf *out, size_t enough)
{
    w->out = out;
    if (!w->begun)
        buf_add_z(out, w->depth ? "{" : "null");
    w->begun = true;
    while (w->depth && !out->failed && out->len < enough) {
        struct open *o = &w->opened[w->depth - 1];
        if (o->kind == OPEN_OBJECT)
            object_next(w, o);
        else
            list_next(w, o);
    }
    if (out->failed)
        return out->limit ? ERR_LIMIT : ERR_MEMORY;
    return w->depth > 0;
}

/* All of it. */
static int write_planned(const struct schema *schema, const struct document *doc,
                         const struct ast_selection *const *fields, uint32_t n,
                         const struct value *const *variables, bool constant_only, struct buf *out,
                         struct err *reterr)
{
    struct introspection *w;
    int rc = open_planned(&w, schema, doc, fields, n, variables, constant_only, reterr);

    if (rc != 0)
        return rc;
    rc = introspect_next(w, out, SIZE_MAX);
    introspect_close(w);
    if (rc == ERR_LIMIT)
        err_set(reterr, ERR_LIMIT, "The answer to the introspection is too large.");
    else if (rc < 0)
        err_set(reterr, ERR_MEMORY, "Out of memory.");
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
