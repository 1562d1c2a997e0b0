/* query/schema_procedure.c: root fields that call a SQL function. See query/schema_procedure.h.
 *
 * Layer: query; base only. Each argument, or each field of an argument that is an input object, becomes a named
 * parameter (of a list of input objects an array); an id of a given type becomes as many as its key has columns. Whether there is such a function
 * is db_check's question. */
#include "query/schema_procedure.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/procedure.h"
#include "query/schema_access.h"
#include "query/schema_hot.h"
#include "query/schema_mapper.h"
#include "query/schema_rights.h"
#include "query/schema_tools.h"

int procedures_init(struct mapper *m)
{
    struct access *a = &m->s->access;
    uint32_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(m->s->root); i++)
        n += m->s->root[i] ? m->s->root[i]->n_fields : 0;
    a->procedures = arena_array(&m->s->arena, MAX(n, 1u), sizeof *a->procedures);
    return a->procedures ? 0 : schema_no_memory(m->err);
}

/* ---- parameters ---- */

/* A place that parameters come from: an argument, or a field of its input object. */
struct origin {
    struct field *field;
    uint32_t argument;
    int input; /* -1: the argument itself */
    bool
        each; /* the argument is a list of such objects, and the parameter an array of this field's values */
    const struct input_def *def;
};

static int refuse(struct mapper *m, const struct origin *o, const char *what)
{
    const struct input_def *argument = &o->field->arguments[o->argument];
    char text[160];

    snprintf(text, sizeof text, "has the argument \"%.*s%s%.*s\", which %s",
             (int)MIN(argument->name.len, 30u), argument->name.ptr, o->input < 0 ? "" : ".",
             o->input < 0 ? 0 : (int)MIN(o->def->name.len, 30u), o->def->name.ptr, what);
    return map_refuse(m, o->field, text);
}

/* The type of a leaf, or of a list of leaves; NULL: neither. */
static const struct type *leaf_of(const struct type_ref *r)
{
    if (r->kind == TYPE_REF_LIST)
        r = r->inner;
    return r->kind == TYPE_REF_NAMED && type_is_leaf(r->type) ? r->type : NULL;
}

static int add_param(struct mapper *m, const struct origin *o, struct procedure *p,
                     struct procedure_param param)
{
    if (param.name.len == 0 || str_is(param.name, "viewer") || str_is(param.name, "payload_digest"))
        return refuse(m, o, "is no name for a parameter.");
    for (uint32_t i = 0; i < p->n_params; i++)
        if (str_eq(p->params[i].name, param.name))
            return refuse(m, o, "gives a parameter that another one gives too.");
    if (p->n_params == PROCEDURE_PARAM_MAX)
        return map_refuse(m, o->field, "would give its function too many parameters.");
    param.line = (int)o->def->loc.line;
    p->params[p->n_params++] = param;
    return 0;
}

/* `{argument}_{field}` or `{argument}`, in snake_case. */
static int default_name(struct mapper *m, const struct origin *o, struct str *ret)
{
    struct str name;
    struct buf b;
    int rc = access_snake_case(m, o->field->arguments[o->argument].name, ret);

    if (rc < 0 || o->input < 0)
        return rc;
    rc = access_snake_case(m, o->def->name, &name);
    if (rc < 0)
        return rc;
    buf_init(&b, 0);
    buf_addf(&b, "%.*s_%.*s", STR_FMT(*ret), STR_FMT(name));
    *ret = b.failed ? (struct str){0} : arena_str(&m->s->arena, buf_str(&b));
    buf_release(&b);
    return ret->ptr ? 0 : schema_no_memory(m->err);
}

static struct str name_at(const struct value *names, uint32_t i)
{
    return names->kind == VALUE_LIST ? names->items[i].text : names->text;
}

/* The table that an id of `t` is of, which all types of an abstract one have like keys in; NULL: it is none. */
static const struct table *table_of_ids(const struct type *t)
{
    const struct table *first = NULL;

    if (!t)
        return NULL;
    if (t->kind == TYPE_OBJECT)
        return t->has_global_id ? t->table : NULL;
    for (uint32_t i = 0; i < t->n_possible; i++) {
        const struct table *one = t->possible[i]->has_global_id ? t->possible[i]->table : NULL;
        if (!one || (first && one->n_key != first->n_key))
            return NULL;
        first = first ? first : one;
    }
    return first;
}

/* An id of the type `name`: a parameter for each column of its key, before them the table's name when it is
 * of several types. */
static int map_id_param(struct mapper *m, const struct origin *o, struct procedure *p,
                        struct field_param *fp, struct str name, const struct value *names)
{
    const struct table *table;
    uint32_t n = names->kind == VALUE_LIST ? names->n_items : 1, at = 0;
    bool abstract;
    int rc = 0;

    fp->id_of = schema_type(m->s, name);
    table = table_of_ids(fp->id_of);
    if (!table)
        return refuse(m, o, "is to be an id of a type that has none, or not one form of it.");
    if (o->def->type->kind == TYPE_REF_LIST || !str_is(o->def->type->name, "ID"))
        return refuse(m, o, "is to be an id, but is not of type ID.");
    abstract = fp->id_of->kind != TYPE_OBJECT;
    fp->has_subject = table->personal && table->subject_cell == table->key_cell[0];
    if (n != table->n_key + abstract)
        return refuse(m, o, "does not name one parameter for each column of the key.");
    if (o->each && n != 1)
        return refuse(m, o, "is an id of more than one column, in a list of input objects.");
    if (abstract)
        rc = add_param(m, o, p,
                       (struct procedure_param){.name = name_at(names, at++), .codec = CODEC_KEY});
    for (uint32_t i = 0; i < table->n_key && rc == 0; i++)
        rc = add_param(m, o, p,
                       (struct procedure_param){.name = name_at(names, at++),
                                                .codec = CODEC_KEY,
                                                .is_list = o->each,
                                                .key = &table->columns[table->key_cell[i]]});
    return rc;
}

static int map_param(struct mapper *m, const struct origin *o, struct procedure *p)
{
    const struct ast_directive *d = directive_find(o->def->_def->directives, "parameter");
    const struct value *names = d ? directive_argument(m->s, d, "names") : NULL;
    struct str type = d ? map_text(m, d, "type") : (struct str){0};
    struct field_param *fp = &o->field->params[o->field->n_params++];
    const struct type *leaf = leaf_of(o->def->type);
    struct str name;
    int rc = 0;

    *fp = (struct field_param){
        .argument = o->argument, .input = o->input, .each = o->each, .param = p->n_params};
    if (!leaf)
        return refuse(m, o, "is neither a scalar or enum nor a list of them.");
    if (o->each && o->def->type->kind == TYPE_REF_LIST)
        return refuse(m, o, "is a list in a list of input objects.");
    if (type.len)
        return map_id_param(m, o, p, fp, type, names);
    if (names && names->kind == VALUE_LIST && names->n_items != 1)
        return refuse(m, o, "names more than one parameter and is no id.");
    if (names)
        name = name_at(names, 0);
    else
        rc = default_name(m, o, &name);
    if (rc < 0)
        return rc;
    return add_param(
        m, o, p,
        (struct procedure_param){.name = name,
                                 .codec = leaf->codec,
                                 .scale = leaf->scale,
                                 .is_list = o->each || o->def->type->kind == TYPE_REF_LIST});
}

static int map_argument_params(struct mapper *m, struct field *f, uint32_t i, struct procedure *p)
{
    struct origin o = {.field = f, .argument = i, .input = -1, .def = &f->arguments[i]};
    const struct type_ref *type = f->arguments[i].type;
    const struct type *input = type_ref_named(type);
    int rc = 0;

    if (input->kind != TYPE_INPUT)
        return map_param(m, &o, p);
    o.each = type->kind == TYPE_REF_LIST;
    if (o.each && type->inner->kind == TYPE_REF_LIST)
        return refuse(m, &o, "is a list of lists of input objects.");
    if (directive_find(o.def->_def->directives, "parameter"))
        return refuse(m, &o, "is an input object, whose fields name the parameters themselves.");
    for (uint32_t k = 0; k < input->n_inputs && rc == 0; k++) {
        o.input = (int)k;
        o.def = &input->inputs[k];
        rc = map_param(m, &o, p);
    }
    return rc;
}

static int map_params(struct mapper *m, struct field *f, struct procedure *p)
{
    uint32_t n = 0;
    int rc = 0;

    for (uint32_t i = 0; i < f->n_arguments; i++)
        n += 1 + type_ref_named(f->arguments[i].type)->n_inputs;
    p->params = arena_array(&m->s->arena, PROCEDURE_PARAM_MAX, sizeof *p->params);
    f->params = arena_array(&m->s->arena, MAX(n, 1u), sizeof *f->params);
    if (!p->params || !f->params)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < f->n_arguments && rc == 0; i++)
        rc = map_argument_params(m, f, i, p);
    return rc;
}

/* ---- results ---- */

/* A table of one column, the function's value. */
static int scalar_result(struct mapper *m, const struct field *f, struct procedure *p)
{
    const struct type *t = type_ref_named(f->type);
    struct table *table = arena_zalloc(&m->s->arena, sizeof *table);
    struct column *column = arena_zalloc(&m->s->arena, sizeof *column);
    int rc = 0;

    if (!table || !column)
        return schema_no_memory(m->err);
    *column = (struct column){.name = STR("value"),
                              .codec = t->codec,
                              .scale = t->scale,
                              .n_values = t->n_values,
                              .line = (int)f->loc.line};
    if (t->kind == TYPE_ENUM)
        rc = access_enum(m, t, &column->values);
    *table = (struct table){.id = UINT32_MAX,
                            .name = p->name,
                            .columns = column,
                            .n_columns = 1,
                            .line = (int)f->loc.line};
    p->result.table = table;
    p->scalar = true;
    return rc;
}

/* Rows, as a plain list. */
static int list_result(struct mapper *m, struct field *f, const struct ast_directive *d,
                       struct procedure *p)
{
    const struct value *limit = directive_argument(m->s, d, "limit");

    if (p->writes)
        return map_refuse(m, f, "is a list, but a change returns one row.");
    if (f->type->inner->kind == TYPE_REF_LIST || !p->result.table)
        return map_refuse(m, f, "has @procedure, and as a list must be one of a type with @table.");
    f->list_limit = limit && limit->kind == VALUE_INT ? (uint32_t)MAX(0, limit->integer) : 100;
    if (f->list_limit < 1 || f->list_limit > 1000)
        return map_refuse(m, f, "must have a limit from 1 to 1000.");
    p->result.kind = ACCESS_LIST;
    p->limit = f->list_limit;
    f->row_type = type_ref_named(f->type);
    return 0;
}

static int map_result(struct mapper *m, struct field *f, const struct ast_directive *d,
                      struct procedure *p)
{
    const struct type *t = type_ref_named(f->type);

    p->result = (struct access_path){
        .id = UINT32_MAX, .kind = ACCESS_ROW, .table = t->table, .line = (int)f->loc.line};
    if (f->type->kind == TYPE_REF_LIST)
        return list_result(m, f, d, p);
    if (type_is_leaf(t))
        return scalar_result(m, f, p);
    if (!t->table)
        return map_refuse(m, f,
                          "has @procedure, and must be a scalar or of a type with @table (or of an "
                          "interface or union with @kind).");
    f->row_type = t;
    return 0;
}

static bool is_public(const struct mapper *m, const struct ast_directive *d)
{
    const struct value *v = directive_argument(m->s, d, "public");
    return v && v->kind == VALUE_BOOLEAN && v->boolean;
}

static struct str name_field(struct mapper *m, const struct field *f)
{
    struct str text = {0};
    struct buf b;

    buf_init(&b, 0);
    buf_addf(&b, "%.*s(%.*s)", STR_FMT(f->parent->name), STR_FMT(f->name));
    if (!b.failed)
        text = arena_str(&m->s->arena, buf_str(&b));
    buf_release(&b);
    return text;
}

int map_procedure(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    struct access *a = &m->s->access;
    bool writes = f->parent == m->s->root[OPERATION_MUTATION];
    struct procedure *p;
    int rc;

    if (!writes && f->parent != m->s->root[OPERATION_QUERY])
        return map_refuse(m, f,
                          "has @procedure, which only fields of Query and Mutation can have.");
    p = &a->procedures[a->n_procedures];
    *p = (struct procedure){.id = a->n_procedures,
                            .name = map_text(m, d, "name"),
                            .field = name_field(m, f),
                            .writes = writes,
                            .is_public = is_public(m, d),
                            .line = (int)f->loc.line};
    if (p->name.len == 0)
        return map_refuse(m, f, "has @procedure without a name.");
    if (!p->field.ptr)
        return schema_no_memory(m->err);
    a->n_procedures++;
    rc = map_result(m, f, d, p);
    if (rc == 0 && p->is_public && (writes || p->result.table->personal))
        rc = map_refuse(m, f, "is public, but changes something or is about persons.");
    if (rc == 0)
        rc = rights_granted(m, f, d);
    if (rc == 0)
        rc = map_params(m, f, p);
    if (rc == 0)
        rc = hot_map_changes(m, f, p);
    f->resolve = p->limit ? RESOLVE_CALL_LIST : RESOLVE_CALL;
    f->procedure = p;
    f->path = &p->result;
    return rc;
}

/* ---- what a row that comes back changes ---- */

static int add_touch(struct mapper *m, struct procedure *p, const struct table *aggregate,
                     struct str column)
{
    const struct loc loc = {.line = (uint32_t)p->line};
    uint32_t cell;
    int rc = access_key_cell(m, p->result.table, column, true, loc, &cell);

    for (uint32_t i = 0; i < p->n_touches; i++)
        if (p->touches[i].aggregate == aggregate && p->touches[i].cell == cell)
            return rc;
    if (p->n_touches == PROCEDURE_TOUCH_MAX)
        return schema_fail(m->err, loc, "A row of \"%.*s\" is part of too many aggregates.",
                           STR_FMT(p->result.table->name));
    p->touches[p->n_touches++] = (struct procedure_touch){aggregate, cell};
    return rc;
}

static int find_touches(struct mapper *m, struct procedure *p)
{
    const struct access *a = &m->s->access;
    const struct table *t = p->result.table;
    int rc = 0;

    if (t->aggregate)
        rc = add_touch(m, p, t, t->key[0]);
    for (uint32_t i = 0; i < a->n_paths && rc == 0; i++)
        if (a->paths[i].table == t && a->paths[i].kind == ACCESS_LIST && a->paths[i].aggregate)
            rc = add_touch(m, p, a->paths[i].aggregate, a->paths[i].column[0]);
    /* What belongs to somebody changes what is cached of that person, listed there or not. */
    for (uint32_t i = 0; i < a->n_tables && rc == 0 && t->personal; i++)
        if (a->tables[i].aggregate && a->tables[i].personal &&
            a->tables[i].subject_cell == a->tables[i].key_cell[0])
            rc = add_touch(m, p, &a->tables[i], t->columns[t->subject_cell].name);
    return rc;
}

int procedures_finish(struct mapper *m)
{
    struct access *a = &m->s->access;
    int rc = 0;

    for (uint32_t i = 0; i < a->n_procedures && rc == 0; i++)
        if (a->procedures[i].writes && !a->procedures[i].scalar)
            rc = find_touches(m, &a->procedures[i]);
    return rc;
}
