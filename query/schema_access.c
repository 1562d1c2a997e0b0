/* query/schema_access.c: the tables, cells and access paths that a mapping needs. See
 * query/schema_access.h.
 *
 * Layer: query; base only. Whether they exist in the database is db_check's question. */
#include "query/schema_access.h"

#include "query/schema_mapper.h"
#include "query/schema_tools.h"

/* The most paths that one field can need. */
static uint32_t paths_of_field(const struct field *f)
{
    uint32_t n = 1 + type_ref_named(f->type)->n_possible;

    for (uint32_t i = 0; i < f->n_arguments; i++)
        n += type_ref_named(f->arguments[i].type)->n_inputs;
    return n;
}

int access_init(struct mapper *m)
{
    struct access *a = &m->s->access;

    /* Each type with a second group of cells; the rights. */
    m->tables_max = m->s->n_types * 2 + 1 + RIGHTS_ROLES_MAX;
    m->paths_max = m->s->n_types + 1 + RIGHTS_ROLES_MAX;
    for (uint32_t i = 0; i < m->s->n_types; i++)
        for (uint32_t k = 0; k < m->s->types[i]->n_fields; k++)
            m->paths_max += paths_of_field(&m->s->types[i]->fields[k]);
    a->tables = arena_array(&m->s->arena, m->tables_max, sizeof *a->tables);
    a->paths = arena_array(&m->s->arena, m->paths_max, sizeof *a->paths);
    m->enum_tables = arena_array(&m->s->arena, m->s->n_types, sizeof(void *));
    return a->tables && a->paths && m->enum_tables ? 0 : schema_no_memory(m->err);
}

static int set_key(struct mapper *m, struct table *t, const struct value *key, struct loc loc)
{
    uint32_t n = key->kind == VALUE_LIST ? key->n_items : 1;

    if (n > ACCESS_KEY_MAX)
        return schema_fail(m->err, loc, "Table \"%.*s\": a key has at most %d columns.",
                           STR_FMT(t->name), ACCESS_KEY_MAX);
    for (uint32_t i = 0; i < n; i++)
        t->key[i] = key->kind == VALUE_LIST ? key->items[i].text : key->text;
    t->n_key = n;
    for (uint32_t i = 0; i < n; i++) {
        int rc = access_key_cell(m, t, t->key[i], true, loc, &t->key_cell[i]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool same_key(const struct table *t, const struct value *key)
{
    uint32_t n = key->kind == VALUE_LIST ? key->n_items : 1;

    for (uint32_t i = 0; i < n && n == t->n_key; i++)
        if (!str_eq(t->key[i], key->kind == VALUE_LIST ? key->items[i].text : key->text))
            return false;
    return n == t->n_key;
}

int access_table(struct mapper *m, struct str name, const struct value *key, struct loc loc,
                 struct table **ret)
{
    struct access *a = &m->s->access;
    struct table *t;

    for (uint32_t i = 0; i < a->n_tables; i++)
        if (str_eq(a->tables[i].name, name) && !a->tables[i].apart) {
            *ret = &a->tables[i];
            return same_key(*ret, key)
                       ? 0
                       : schema_fail(m->err, loc, "Table \"%.*s\" has another key in line %d.",
                                     STR_FMT(name), (*ret)->line);
        }
    if (name.len == 0)
        return schema_fail(m->err, loc, "A table's name is empty.");
    t = &a->tables[a->n_tables];
    *t = (struct table){.id = a->n_tables, .name = name, .line = (int)loc.line};
    t->columns = arena_array(&m->s->arena, ACCESS_COLUMN_MAX, sizeof *t->columns);
    if (!t->columns)
        return schema_no_memory(m->err);
    a->n_tables++;
    *ret = t;
    return set_key(m, t, key, loc);
}

/* The second group of cells of `t` (same name, same key), made when it is new. */
static int apart_table(struct mapper *m, const struct table *t, struct loc loc,
                       const struct table **ret)
{
    struct access *a = &m->s->access;
    struct table *new;

    for (uint32_t i = 0; i < a->n_tables; i++)
        if (a->tables[i].apart && str_eq(a->tables[i].name, t->name)) {
            *ret = &a->tables[i];
            return 0;
        }
    new = &a->tables[a->n_tables];
    *new = (struct table){.id = a->n_tables,
                          .name = t->name,
                          .n_key = t->n_key,
                          .apart = true,
                          .line = (int)loc.line};
    new->columns = arena_array(&m->s->arena, ACCESS_COLUMN_MAX, sizeof *new->columns);
    if (!new->columns)
        return schema_no_memory(m->err);
    a->n_tables++;
    for (uint32_t i = 0; i < t->n_key; i++) {
        int rc;
        new->key[i] = t->key[i];
        rc = access_key_cell(m, new, t->key[i], true, loc, &new->key_cell[i]);
        if (rc < 0)
            return rc;
    }
    *ret = new;
    new->personal = t->personal;
    return t->personal ? access_key_cell(m, new, t->columns[t->subject_cell].name, true, loc,
                                         &new->subject_cell)
                       : 0;
}

static bool same_cell(const struct column *a, const struct column *b)
{
    return str_eq(a->name, b->name) && a->codec == b->codec && a->computed == b->computed &&
           a->scale == b->scale && a->lists == b->lists && a->values == b->values;
}

int access_cell(struct mapper *m, const struct table *t, const struct column *want, struct loc loc,
                uint32_t *ret)
{
    struct table *own = &m->s->access.tables[t->id]; /* the same one, to be changed */

    for (uint32_t i = 0; i < own->n_columns; i++)
        if (same_cell(&own->columns[i], want)) {
            own->columns[i].required |= want->required;
            *ret = i;
            return 0;
        }
    if (want->name.len == 0)
        return schema_fail(m->err, loc, "A column's name is empty.");
    if (own->n_columns == ACCESS_COLUMN_MAX)
        return schema_fail(m->err, loc, "Table \"%.*s\" would have more than %d cells in a row.",
                           STR_FMT(t->name), ACCESS_COLUMN_MAX);
    *ret = own->n_columns++;
    own->columns[*ret] = *want;
    own->columns[*ret].line = (int)loc.line;
    return 0;
}

int access_key_cell(struct mapper *m, const struct table *t, struct str column, bool required,
                    struct loc loc, uint32_t *ret)
{
    struct column want = {.name = column, .codec = CODEC_KEY, .required = required};
    return access_cell(m, t, &want, loc, ret);
}

static bool same_path(const struct access_path *a, const struct access_path *b)
{
    if (a->kind != b->kind || a->table != b->table || a->aggregate != b->aggregate ||
        a->n_columns != b->n_columns || a->n_order != b->n_order || a->n_filter != b->n_filter ||
        !str_eq(a->where, b->where) || !str_eq(a->function, b->function) ||
        a->by_kind != b->by_kind)
        return false;
    for (uint32_t i = 0; i < a->n_columns; i++)
        if (!str_eq(a->column[i], b->column[i]))
            return false;
    for (uint32_t i = 0; i < a->n_order; i++)
        if (!str_eq(a->order[i].name, b->order[i].name) ||
            a->order[i].descending != b->order[i].descending)
            return false;
    for (uint32_t i = 0; i < a->n_filter; i++)
        if (!str_eq(a->filter[i].name, b->filter[i].name) ||
            a->filter[i].codec != b->filter[i].codec ||
            a->filter[i].compare != b->filter[i].compare)
            return false;
    return true;
}

int access_add_path(struct mapper *m, const struct access_path *want, struct loc loc,
                    const struct access_path **ret)
{
    struct access *a = &m->s->access;

    for (uint32_t i = 0; i < a->n_paths; i++)
        if (same_path(&a->paths[i], want)) {
            *ret = &a->paths[i];
            return 0;
        }
    for (uint32_t i = 0; i < want->n_columns; i++)
        if (want->column[i].len == 0)
            return schema_fail(m->err, loc, "A column's name is empty.");
    a->paths[a->n_paths] = *want; /* there is room for all that fields can need */
    a->paths[a->n_paths].id = a->n_paths;
    a->paths[a->n_paths].line = (int)loc.line;
    *ret = &a->paths[a->n_paths++];
    return 0;
}

int access_home(struct mapper *m, const struct field *f, const struct table **ret)
{
    struct type *t = f->parent;
    struct access_path path = {.kind = ACCESS_ROW, .by_primary_key = true};
    int rc;

    *ret = t->table;
    if (!f->apart || !t->table)
        return 0;
    if (t->table->n_key == 0)
        return map_refuse(m, f, "has @apart, but the rows of its type have no key.");
    if (!t->apart) {
        rc = apart_table(m, t->table, f->loc, &t->apart);
        if (rc < 0)
            return rc;
        path.table = t->apart;
        path.n_columns = t->table->n_key;
        for (uint32_t i = 0; i < path.n_columns; i++)
            path.column[i] = t->table->key[i];
        rc = access_add_path(m, &path, f->loc, &t->apart_path);
        if (rc < 0)
            return rc;
    }
    *ret = t->apart;
    return 0;
}

/* The next word of an order; false at its end or at something that is no word. */
static bool word(struct str *rest, struct str *ret)
{
    size_t n = 0;

    while (rest->len && rest->ptr[0] == ' ')
        rest->ptr++, rest->len--;
    while (n < rest->len && rest->ptr[n] != ' ' && rest->ptr[n] != ',')
        n++;
    *ret = (struct str){rest->ptr, n};
    rest->ptr += n;
    rest->len -= n;
    while (rest->len && rest->ptr[0] == ' ')
        rest->ptr++, rest->len--;
    return n > 0;
}

int access_order(struct mapper *m, struct access_path *path, struct str text, struct loc loc)
{
    struct str rest = text;
    bool more = true;

    while (more) {
        struct order_column *o = &path->order[path->n_order];
        struct str direction = STR("asc");
        int rc;
        if (path->n_order == ACCESS_ORDER_MAX)
            return schema_fail(m->err, loc, "The order \"%.*s\" has more than %d columns.",
                               STR_FMT(text), ACCESS_ORDER_MAX);
        if (!word(&rest, &o->name))
            return schema_fail(m->err, loc, "The order \"%.*s\" lacks a column.", STR_FMT(text));
        if (rest.len && rest.ptr[0] != ',')
            (void)word(&rest, &direction);
        o->descending = str_is(direction, "desc");
        if ((!o->descending && !str_is(direction, "asc")) || (rest.len && rest.ptr[0] != ','))
            return schema_fail(m->err, loc, "The order \"%.*s\" is not \"column [asc|desc], ...\".",
                               STR_FMT(text));
        if (path->n_order && o->descending != path->order[0].descending)
            return schema_fail(m->err, loc,
                               "All columns of the order \"%.*s\" must go the same way.",
                               STR_FMT(text));
        /* An order over nulls would lose rows behind a cursor. */
        rc = access_key_cell(m, path->table, o->name, true, loc, &o->cell);
        if (rc < 0)
            return rc;
        path->n_order++;
        more = rest.len > 0;
        if (more)
            rest.ptr++, rest.len--;
    }
    return 0;
}

int access_json_name(struct mapper *m, struct str name, struct str *ret)
{
    char *json = arena_alloc(&m->s->arena, name.len + 2);

    if (!json)
        return schema_no_memory(m->err);
    json[0] = json[name.len + 1] = '"';
    memcpy(json + 1, name.ptr, name.len);
    *ret = (struct str){json, name.len + 2};
    return 0;
}

int access_enum(struct mapper *m, const struct type *t, const struct enum_value **ret)
{
    uint32_t n = t->kind == TYPE_ENUM ? t->n_values : t->n_possible;
    struct enum_value *all;
    int rc;

    *ret = m->enum_tables[t->id];
    if (*ret)
        return 0;
    all = arena_array(&m->s->arena, MAX(n, 1u), sizeof *all);
    if (!all)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < n; i++) {
        struct str name = t->kind == TYPE_ENUM ? t->values[i].name : t->possible[i]->name;
        all[i].stored = t->kind == TYPE_ENUM ? t->values[i].stored : t->possible[i]->stored;
        rc = access_json_name(m, name, &all[i].json);
        if (rc < 0)
            return rc;
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(all[k].stored, all[i].stored)) /* of an enum: refused before */
                return schema_fail(m->err, t->loc, "Two types of \"%.*s\" are stored as \"%.*s\".",
                                   STR_FMT(t->name), STR_FMT(all[i].stored));
    }
    *ret = m->enum_tables[t->id] = all;
    return 0;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

int access_snake_case(struct mapper *m, struct str name, struct str *ret)
{
    char *out = arena_alloc(&m->s->arena, name.len * 2 + 1);
    size_t n = 0;

    if (!out)
        return schema_no_memory(m->err);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        /* A capital begins a word unless it stands among capitals: patientIIN -> patient_iin. */
        if (is_upper(c) && i > 0 && name.ptr[i - 1] != '_' &&
            (!is_upper(name.ptr[i - 1]) ||
             (i + 1 < name.len && name.ptr[i + 1] >= 'a' && name.ptr[i + 1] <= 'z')))
            out[n++] = '_';
        out[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    *ret = (struct str){out, n};
    return 0;
}
