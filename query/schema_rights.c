/* query/schema_rights.c: whose record a row is in, and who may see what. See query/schema_rights.h.
 *
 * Layer: query; base only. A capacity is a value of the enum that @subject names; what somebody has of them is a bit mask,
 * so that no name is compared when rows are judged. */
#include "query/schema_rights.h"

#include "query/schema_access.h"
#include "query/schema_mapper.h"
#include "query/schema_tools.h"

enum {
    CAPACITIES_MAX = 31 /* bits of a rights_mask, less the one that only RIGHTS_ALL has */
};

/* ---- @subject ---- */

/* A function that says what somebody may see, as a table of its own with one path. The cells are the same in all of them. */
static int rights_path(struct mapper *m, const struct ast_directive *d, struct str function,
                       const struct access_path **ret)
{
    static const struct value key[] = {{.kind = VALUE_STRING, .text = STR("viewer")},
                                       {.kind = VALUE_STRING, .text = STR("subject")}};
    struct access *a = &m->s->access;
    struct rights_map *r = &m->s->rights;
    struct table *t = &a->tables[a->n_tables];
    struct access_path path = {.kind = ACCESS_ROW,
                               .table = t,
                               .function = function,
                               .subject = r->subject,
                               .n_columns = ARRAY_LEN(key)};
    int rc;

    *t = (struct table){
        .id = a->n_tables, .name = function, .function = true, .line = (int)d->loc.line};
    t->columns = arena_array(&m->s->arena, ACCESS_COLUMN_MAX, sizeof *t->columns);
    if (!t->columns)
        return schema_no_memory(m->err);
    a->n_tables++;
    for (size_t i = 0; i < ARRAY_LEN(key); i++)
        path.column[i] = key[i].text;
    rc = access_key_cell(m, t, STR("capacities"), false, d->loc, &r->capacities_cell);
    if (rc == 0)
        rc = access_key_cell(m, t, STR("withheld"), false, d->loc, &r->withheld_cell);
    if (rc == 0)
        rc = access_key_cell(m, t, STR("reason"), false, d->loc, &r->reason_cell);
    return rc < 0 ? rc : access_add_path(m, &path, d->loc, ret);
}

/* "rights", "AMBULANCE" -> "rights_ambulance"; ptr NULL: no memory. */
static struct str function_of_role(struct mapper *m, struct str rights, struct str role)
{
    char *name = arena_alloc(&m->s->arena, rights.len + 1 + role.len + 1);
    size_t n = 0;

    if (!name)
        return (struct str){0};
    for (; n < rights.len; n++)
        name[n] = rights.ptr[n];
    name[n++] = '_';
    for (size_t i = 0; i < role.len; i++)
        name[n++] = role.ptr[i] >= 'A' && role.ptr[i] <= 'Z' ? (char)(role.ptr[i] - 'A' + 'a')
                                                             : role.ptr[i];
    name[n] = '\0';
    return (struct str){name, n};
}

static int rights_paths(struct mapper *m, const struct ast_directive *d)
{
    struct rights_map *r = &m->s->rights;
    struct str rights = map_text(m, d, "rights");
    const struct value *roles = directive_argument(m->s, d, "roles");
    int rc = rights_path(m, d, rights, &r->path);

    if (rc < 0 || !roles || roles->kind != VALUE_LIST)
        return rc;
    if (roles->n_items > RIGHTS_ROLES_MAX)
        return schema_fail(m->err, d->loc, "@subject has more than %d roles.", RIGHTS_ROLES_MAX);
    for (uint32_t i = 0; i < roles->n_items && rc == 0; i++) {
        struct role_rights *of = &r->by_role[i];
        struct str function = function_of_role(m, rights, roles->items[i].text);
        if (!function.ptr)
            return schema_no_memory(m->err);
        of->role = roles->items[i].text;
        rc = rights_path(m, d, function, &of->path);
        r->n_by_role = i + 1;
    }
    return rc;
}

/* The enum that names the capacities: the type of @subject's argument. */
static const struct type *capacities_of(const struct schema *s)
{
    const struct directive_def *d = map_get(&s->directive_map, STR("subject"));

    for (uint32_t i = 0; d && i < d->n_arguments; i++)
        if (str_is(d->arguments[i].name, "capacity"))
            return type_ref_named(d->arguments[i].type);
    return NULL;
}

static bool capacity(const struct type *capacities, const struct value *v, rights_mask *ret)
{
    const struct enum_def *e = v && v->kind == VALUE_ENUM ? map_get(&capacities->value_map, v->text)
                                                          : NULL;

    if (e)
        *ret = (rights_mask)1 << e->index;
    return e != NULL;
}

/* The day from which on somebody's own record is nobody's own any more. */
static int own_until(struct mapper *m, const struct table *t, const struct ast_directive *d)
{
    struct rights_map *r = &m->s->rights;
    struct column day = {.name = map_text(m, d, "until"), .codec = CODEC_DATE};

    r->ends = day.name.len > 0;
    return r->ends ? access_cell(m, t, &day, d->loc, &r->end_cell) : 0;
}

int rights_granted(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    const struct value *v = directive_argument(m->s, d, "capacity");

    f->granted = 0;
    if (!v || v->kind == VALUE_NULL)
        return 0;
    if (!m->s->rights.path || !f->row_type || !f->row_type->table->personal)
        return map_refuse(m, f, "has a capacity, but its rows belong to nobody.");
    return capacity(m->s->rights.capacities, v, &f->granted)
               ? 0
               : map_refuse(m, f, "has a capacity that is none.");
}

static int map_subject(struct mapper *m, const struct type *t, const struct ast_directive *d)
{
    struct rights_map *r = &m->s->rights;
    const struct value *own = directive_argument(m->s, d, "capacity");
    int rc;

    if (r->path)
        return schema_fail(m->err, d->loc, "Only one type can have @subject.");
    if (!t->table || t->table->n_key != 1)
        return schema_fail(m->err, d->loc,
                           "Type \"%.*s\" has @subject and needs @table with a key of one column.",
                           STR_FMT(t->name));
    r->capacities = capacities_of(m->s);
    if (!r->capacities || r->capacities->kind != TYPE_ENUM ||
        r->capacities->n_values > CAPACITIES_MAX)
        return schema_fail(m->err, d->loc,
                           "@subject needs an argument `capacity` of an enum of at most %d values.",
                           CAPACITIES_MAX);
    if (!capacity(r->capacities, own, &r->own))
        return schema_fail(m->err, d->loc, "@subject names no capacity of who is the subject.");
    r->own_name = own->text;
    r->own_role = map_text(m, d, "role");
    r->subject = t->table;
    rc = access_key_cell(m, t->table, map_text(m, d, "column"), true, d->loc, &r->viewer_cell);
    if (rc == 0)
        rc = own_until(m, t->table, d);
    return rc < 0 ? rc : rights_paths(m, d);
}

/* ---- whose a row is ---- */

static int belong(struct mapper *m, const struct type *t, struct str column, struct loc loc)
{
    struct table *own;
    uint32_t cell;
    int rc;

    if (!t->table)
        return schema_fail(m->err, loc, "Type \"%.*s\" has @belongs, but no @table.",
                           STR_FMT(t->name));
    own = &m->s->access.tables[t->table->id]; /* the same one, to be changed */
    rc = access_key_cell(m, own, column, true, loc, &cell);
    if (rc == 0 && own->personal && own->subject_cell != cell)
        rc = schema_fail(m->err, loc, "The rows of table \"%.*s\" belong by two columns.",
                         STR_FMT(own->name));
    own->personal = true;
    own->subject_cell = cell;
    return rc;
}

static int allowed(struct mapper *m, const struct ast_directive *d, rights_mask *ret)
{
    const struct value *to = d ? directive_argument(m->s, d, "to") : NULL;
    rights_mask one;

    *ret = RIGHTS_ALL;
    if (!d)
        return 0;
    if (!m->s->rights.path || !to || to->kind != VALUE_LIST)
        return schema_fail(m->err, d->loc,
                           "@allow needs a list of capacities, and a type with @subject.");
    *ret = 0;
    for (uint32_t i = 0; i < to->n_items; i++) {
        if (!capacity(m->s->rights.capacities, &to->items[i], &one))
            return schema_fail(m->err, d->loc, "@allow names something that is no capacity.");
        *ret |= one;
    }
    return 0;
}

static int map_type_rights(struct mapper *m, struct type *t)
{
    const struct ast_directive *belongs = directive_find(t->_def->directives, "belongs");
    const struct ast_directive *allow = directive_find(t->_def->directives, "allow");
    int rc = 0;

    if (belongs && !m->s->rights.path)
        return schema_fail(m->err, belongs->loc, "@belongs needs a type with @subject.");
    if (belongs)
        rc = belong(m, t, map_text(m, belongs, "column"), belongs->loc);
    else if (t->table && t->table == m->s->rights.subject)
        rc = belong(m, t, t->table->key[0], t->loc);
    if (rc == 0)
        rc = allowed(m, allow, &t->allow);
    if (rc < 0 || !allow)
        return rc;
    if (!t->table || !t->table->personal)
        return schema_fail(m->err, allow->loc,
                           "Type \"%.*s\" has @allow, but its rows belong to nobody.",
                           STR_FMT(t->name));
    return t->kind_of
               ? schema_fail(m->err, allow->loc,
                             "Type \"%.*s\" has @allow, but shares its rows' table with others.",
                             STR_FMT(t->name))
               : 0;
}

/* The rows of `t` stand for entries in the tables of other types, and are judged as those are. */
static int map_entry(struct mapper *m, struct type *t, const struct ast_directive *d)
{
    const struct type *of = schema_type(m->s, map_text(m, d, "of"));
    struct table *own;
    int rc;

    if (!t->table || !t->table->personal || !of ||
        (of->kind != TYPE_INTERFACE && of->kind != TYPE_UNION))
        return schema_fail(
            m->err, d->loc,
            "Type \"%.*s\" has @entry, which needs @belongs and an interface or union.",
            STR_FMT(t->name));
    for (uint32_t i = 0; i < of->n_possible; i++) {
        const struct type *one = of->possible[i];
        if (!one->table || !str_eq(one->stored, one->table->name))
            return schema_fail(m->err, one->loc,
                               "Type \"%.*s\" can be what \"%.*s\" stands for, so its table's name "
                               "has to say it: @value(name: \"%.*s\").",
                               STR_FMT(one->name), STR_FMT(t->name),
                               one->table ? (int)one->table->name.len : 0,
                               one->table ? one->table->name.ptr : "");
    }
    own = &m->s->access.tables[t->table->id]; /* the same one, to be changed */
    rc = access_key_cell(m, own, map_text(m, d, "kind"), true, d->loc, &own->entry_kind_cell);
    if (rc == 0)
        rc = access_key_cell(m, own, map_text(m, d, "id"), true, d->loc, &own->entry_id_cell);
    own->stands_for = true;
    t->entry_of = of;
    return rc;
}

int rights_map_types(struct mapper *m)
{
    int rc = 0;

    for (uint32_t i = 0; i < m->s->n_types && rc == 0; i++) {
        struct type *t = m->s->types[i];
        const struct ast_directive *d;
        t->allow = RIGHTS_ALL;
        if (t->builtin || t->kind != TYPE_OBJECT)
            continue;
        d = directive_find(t->_def->directives, "subject");
        if (d)
            rc = map_subject(m, t, d);
    }
    for (uint32_t i = 0; i < m->s->n_types && rc == 0; i++)
        if (!m->s->types[i]->builtin && m->s->types[i]->kind == TYPE_OBJECT)
            rc = map_type_rights(m, m->s->types[i]);
    for (uint32_t i = 0; i < m->s->n_types && rc == 0; i++) {
        const struct ast_directive *d = NULL;
        if (!m->s->types[i]->builtin && m->s->types[i]->kind == TYPE_OBJECT)
            d = directive_find(m->s->types[i]->_def->directives, "entry");
        if (d)
            rc = map_entry(m, m->s->types[i], d);
    }
    return rc;
}

static int map_field_rights(struct mapper *m, struct field *f)
{
    const struct ast_directive *d = f->_def ? map_directive(f, "allow") : NULL;
    int rc = allowed(m, d, &f->allow);

    if (rc < 0)
        return rc;
    if (d && (!f->parent->table || !f->parent->table->personal))
        return map_refuse(m, f, "has @allow, but its rows belong to nobody.");
    if (f->row_type)
        f->allow &= f->row_type->allow;
    return 0;
}

int rights_map_fields(struct mapper *m)
{
    int rc = 0;

    for (uint32_t i = 0; i < m->s->n_types && rc == 0; i++)
        for (uint32_t k = 0; k < m->s->types[i]->n_fields && rc == 0; k++)
            rc = map_field_rights(m, &m->s->types[i]->fields[k]);
    m->s->typename_field->allow = m->s->schema_field->allow = m->s->type_field->allow = RIGHTS_ALL;
    return rc;
}

/* ---- who asks ---- */

bool rights_claim(const struct value *v, enum claim *ret)
{
    static const char *const names[] = {[CLAIM_ROLE] = "ROLE",
                                        [CLAIM_IIN] = "IIN",
                                        [CLAIM_ORGANISATION] = "ORGANISATION",
                                        [CLAIM_NAME] = "NAME",
                                        [CLAIM_CLIENT] = "CLIENT"};

    for (size_t i = 1; v && v->kind == VALUE_ENUM && i < ARRAY_LEN(names); i++)
        if (str_is(v->text, names[i])) {
            *ret = (enum claim)i;
            return true;
        }
    return false;
}

int map_viewer(struct mapper *m, struct field *f, const struct ast_directive *d)
{
    const struct value *claim = directive_argument(m->s, d, "claim");
    const struct type *t = type_ref_named(f->type);

    if (f->n_arguments)
        return map_refuse(m, f, "has an argument that nothing uses.");
    if (f->parent->table || f->type->kind == TYPE_REF_LIST)
        return map_refuse(m, f, "has @viewer, but is in a row or is a list.");
    if (!claim) {
        f->resolve = RESOLVE_VIEWER;
        return t->kind == TYPE_OBJECT && !t->table && !f->type->non_null
                   ? 0
                   : map_refuse(
                         m, f,
                         "has @viewer and must be nullable, of an object type without @table.");
    }
    f->resolve = RESOLVE_CLAIM;
    if (!type_is_leaf(t) || !rights_claim(claim, &f->claim))
        return map_refuse(m, f, "has @viewer with a claim that is not known, or is no scalar.");
    return 0;
}
