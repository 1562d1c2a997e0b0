/* query/schema_map.c: mapping directives -> how each field is resolved. Its parts are listed
 * in query/schema_mapper.h.
 *
 * Layer: query; base only. Knows no type of any schema: what the mapping recognises are its directives and
 * the shape of a Relay connection. First the tables, so that every key is known, then the fields; what is
 * left without a meaning at the end is an error that names line, type and field. */
#include "query/schema_access.h"
#include "query/schema_hot.h"
#include "query/schema_kinds.h"
#include "query/schema_lists.h"
#include "query/schema_mapper.h"
#include "query/schema_priv.h"
#include "query/schema_procedure.h"
#include "query/schema_rights.h"
#include "query/schema_rows.h"
#include "query/schema_tools.h"

/* ---- Types. ---- */

static int apply_codec(struct mapper *m, const struct ast_directive *d, enum codec *codec,
                       uint8_t *scale)
{
    const struct value *as = directive_argument(m->s, d, "as");
    const struct value *digits = directive_argument(m->s, d, "scale");

    *scale = 0;
    if (as && str_is(as->text, "DATE"))
        *codec = CODEC_DATE;
    else if (as && str_is(as->text, "TIMESTAMP"))
        *codec = CODEC_TIMESTAMP;
    else if (as && str_is(as->text, "FIXED"))
        *codec = CODEC_FIXED;
    else if (as && str_is(as->text, "SIGNED"))
        *codec = CODEC_SIGNED;
    else if (as && str_is(as->text, "LINK"))
        *codec = CODEC_LINK;
    else
        return schema_fail(m->err, d->loc,
                           "@codec: `as` must be DATE, TIMESTAMP, FIXED, SIGNED or LINK.");
    if (digits && digits->kind == VALUE_INT && (digits->integer < 0 || digits->integer > 18))
        return schema_fail(m->err, d->loc, "@codec: `scale` must be from 0 to 18.");
    if (digits && digits->kind == VALUE_INT)
        *scale = (uint8_t)digits->integer;
    return 0;
}

static int map_enum(struct mapper *m, struct type *t)
{
    for (uint32_t i = 0; i < t->n_values; i++) {
        struct enum_def *e = &t->values[i];
        const struct ast_directive *d = directive_find(e->_def->directives, "value");
        char *lower;
        if (d) {
            e->stored = map_text(m, d, "name");
            continue;
        }
        lower = arena_alloc(&m->s->arena, e->name.len + 1);
        if (!lower)
            return schema_no_memory(m->err);
        for (size_t k = 0; k < e->name.len; k++) {
            char c = e->name.ptr[k];
            lower[k] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        e->stored = (struct str){lower, e->name.len};
    }
    for (uint32_t i = 0; i < t->n_values; i++)
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(t->values[i].stored, t->values[k].stored))
                return schema_fail(m->err, t->values[i].loc,
                                   "Enum values \"%.*s\" and \"%.*s\" are stored alike.",
                                   STR_FMT(t->values[k].name), STR_FMT(t->values[i].name));
    return 0;
}

static int map_table(struct mapper *m, struct type *t)
{
    const struct ast_directive *d = directive_find(t->_def->directives, "table");
    const struct ast_directive *hot = directive_find(t->_def->directives, "hot");
    const struct ast_directive *aggregate = directive_find(t->_def->directives, "aggregate");
    const struct value *key;
    struct table *table;
    int rc;

    if (!d)
        return hot || aggregate
                   ? schema_fail(m->err, t->loc, "Type \"%.*s\" lacks @table.", STR_FMT(t->name))
                   : 0;
    key = directive_argument(m->s, d, "key");
    if (!key)
        return schema_fail(m->err, d->loc, "@table lacks a key.");
    rc = access_table(m, map_text(m, d, "name"), key, d->loc, &table);
    if (rc < 0)
        return rc;
    if ((hot || aggregate) && table->n_key != 1)
        return schema_fail(m->err, d->loc,
                           "Type \"%.*s\": @hot and @aggregate need a key of one "
                           "column.",
                           STR_FMT(t->name));
    table->hot |= hot != NULL;
    table->aggregate |= aggregate != NULL;
    t->table = table;
    return hot ? hot_map_reads(m, table, hot) : 0;
}

static int map_type(struct mapper *m, struct type *t)
{
    const struct ast_directive *codec;

    if (t->kind == TYPE_OBJECT)
        return map_table(m, t);
    if (t->kind == TYPE_ENUM)
        return map_enum(m, t);
    codec = t->kind == TYPE_SCALAR ? directive_find(t->_def->directives, "codec") : NULL;
    return codec ? apply_codec(m, codec, &t->codec, &t->scale) : 0;
}

/* ---- Cells. ---- */

/* Everything about a field's cell but its name. */
static int cell_kind(struct mapper *m, const struct field *f, struct column *ret)
{
    const struct type *t = type_ref_named(f->type);
    const struct ast_directive *codec = map_directive(f, "codec");

    *ret = (struct column){.codec = t->codec, .scale = t->scale, .required = map_required(f)};
    for (const struct type_ref *r = f->type; r->kind == TYPE_REF_LIST; r = r->inner)
        if (++ret->lists > ACCESS_LIST_MAX)
            return map_refuse(m, f, "has more lists in lists than an array has dimensions: 6.");
    if (t->kind == TYPE_ENUM) {
        ret->n_values = t->n_values;
        return access_enum(m, t, &ret->values);
    }
    return codec ? apply_codec(m, codec, &ret->codec, &ret->scale) : 0;
}

/* An argument that the request's languages stand in for; there is one enum of languages. */
static int map_negotiated(struct mapper *m, const struct field *f, struct input_def *in)
{
    const struct type *t = type_ref_named(in->type);

    if (!directive_find(in->_def->directives, "negotiated"))
        return 0;
    if (in->type->non_null || in->default_literal)
        return map_refuse(m, f,
                          "has an argument with @negotiated, which must be one that may be left "
                          "out and has no default.");
    if (m->s->languages && m->s->languages != t)
        return map_refuse(m, f,
                          "has an argument with @negotiated of another enum than the others.");
    in->negotiated = true;
    m->s->languages = t;
    return 0;
}

/* `name_{lang}`, of a column or a function: one cell for each value of the enum argument `lang`. */
static int map_choice(struct mapper *m, struct field *f, const struct table *home,
                      struct column want, struct str pattern)
{
    const char *open = memchr(pattern.ptr, '{', pattern.len);
    size_t before = (size_t)(open - pattern.ptr);
    const char *close = memchr(open, '}', pattern.len - before);
    const struct type *t;
    struct str after;
    int rc;

    if (!close)
        return map_refuse(m, f, "has a name with \"{\" and no \"}\".");
    f->choice_argument = map_argument(f, (struct str){open + 1, (size_t)(close - open) - 1});
    if (f->choice_argument < 0)
        return map_refuse(m, f, "has a name with an argument that it does not have.");
    t = type_ref_named(f->arguments[f->choice_argument].type);
    if (t->kind != TYPE_ENUM || f->arguments[f->choice_argument].type->kind == TYPE_REF_LIST)
        return map_refuse(m, f, "has a name with an argument that is no enum.");
    rc = map_negotiated(m, f, &f->arguments[f->choice_argument]);
    if (rc < 0)
        return rc;
    after = (struct str){close + 1, pattern.len - before - (size_t)(close + 1 - open)};
    f->choice_cells = arena_array(&m->s->arena, t->n_values, sizeof *f->choice_cells);
    if (!f->choice_cells)
        return schema_no_memory(m->err);
    for (uint32_t i = 0; i < t->n_values; i++) {
        struct str stored = t->values[i].stored;
        char *name = arena_alloc(&m->s->arena, before + stored.len + after.len + 1);
        if (!name)
            return schema_no_memory(m->err);
        want.name = (struct str){name, before + stored.len + after.len};
        memcpy(name, pattern.ptr, before);
        memcpy(name + before, stored.ptr, stored.len);
        memcpy(name + before + stored.len, after.ptr, after.len);
        rc = access_cell(m, home, &want, f->loc, &f->choice_cells[i]);
        if (rc < 0)
            return rc;
    }
    f->resolve = RESOLVE_CELL_CHOICE;
    return 0;
}

/* What is issued is made anew for each answer, so it can't be in a row that caches keep. */
static int check_issued(struct mapper *m, const struct field *f, const struct table *home,
                        const struct column *want)
{
    if (!codec_is_issued(want->codec))
        return 0;
    if (want->lists)
        return map_refuse(m, f, "is signed or a link, which has no lists.");
    if (home->n_key > 0)
        return map_refuse(m, f,
                          "is signed or a link, which only rows without a key can have: those that "
                          "functions return.");
    return 0;
}

static int map_cell(struct mapper *m, struct field *f)
{
    const struct ast_directive *column = map_directive(f, "column"),
                               *computed = map_directive(f, "computed");
    const struct table *home;
    struct column want;
    int rc = cell_kind(m, f, &want);

    if (rc == 0)
        rc = access_home(m, f, &home);
    if (rc == 0)
        rc = check_issued(m, f, home, &want);
    if (rc < 0)
        return rc;
    if (column && computed)
        return map_refuse(m, f, "has both @column and @computed.");
    if (column) {
        want.name = map_text(m, column, "name");
    } else if (computed) {
        want.name = map_text(m, computed, "function");
        want.computed = true;
    } else {
        rc = access_snake_case(m, f->name, &want.name);
        if (rc < 0)
            return rc;
    }
    if ((column || computed) && want.name.len && memchr(want.name.ptr, '{', want.name.len))
        rc = map_choice(m, f, home, want, want.name);
    else
        rc = access_cell(m, home, &want, f->loc, &f->cell);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < f->n_arguments; i++)
        if ((int)i != f->choice_argument)
            return map_refuse(m, f, "has an argument that nothing uses.");
    if (f->resolve == RESOLVE_NONE)
        f->resolve = RESOLVE_CELL;
    return 0;
}

/* ---- All of it. ---- */

static bool is_id(const struct type_ref *r)
{
    return r->kind == TYPE_REF_NAMED && r->non_null && str_is(r->name, "ID");
}

/* `id: ID!` of a type that @node reaches. */
static int map_id(struct mapper *m, struct field *f)
{
    if (!is_id(f->type) || f->n_arguments || f->apart || map_directive(f, "column") ||
        map_directive(f, "computed"))
        return map_refuse(m, f,
                          "must be `id: ID!` and nothing more: its type is reached by @node.");
    f->resolve = RESOLVE_GLOBAL_ID;
    return 0;
}

static int map_field(struct mapper *m, struct field *f)
{
    static const struct {
        const char *name;
        int (*map)(struct mapper *m, struct field *f, const struct ast_directive *d);
    } ways[] = {{"reference", map_reference}, {"lookup", map_lookup}, {"node", map_node},
                {"procedure", map_procedure}, {"list", map_list},     {"viewer", map_viewer}};
    const struct ast_directive *used = NULL;
    size_t way = 0;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const struct ast_directive *d = map_directive(f, ways[i].name);
        if (d && used)
            return map_refuse(m, f, "is mapped in two ways.");
        if (d)
            used = d, way = i;
    }
    if (used && (map_directive(f, "column") || map_directive(f, "computed")))
        return map_refuse(m, f, "is mapped in two ways.");
    f->apart = map_directive(f, "apart") != NULL;
    if (f->apart && (!f->parent->table || (used && ways[way].map != map_reference)))
        return map_refuse(m, f, "has @apart, which only cells and references of a row can have.");
    if (used)
        return ways[way].map(m, f, used);
    if (f->parent->has_global_id && str_is(f->name, "id"))
        return map_id(m, f);
    if (f->parent->table && type_is_leaf(type_ref_named(f->type)))
        return map_cell(m, f);
    return 0;
}

static int check_arguments(struct mapper *m, const struct field *f)
{
    for (uint32_t i = 0; i < f->n_arguments; i++)
        if (!f->arguments[i].negotiated &&
            directive_find(f->arguments[i]._def->directives, "negotiated"))
            return map_refuse(m, f, "has @negotiated on an argument that chooses no column.");
    return 0;
}

static int check_mapped(struct mapper *m, const struct type *t)
{
    for (uint32_t i = 0; i < t->n_fields; i++) {
        int rc = check_arguments(m, &t->fields[i]);
        if (rc < 0)
            return rc;
        if (t->fields[i].resolve == RESOLVE_NONE)
            return map_refuse(m, &t->fields[i],
                              t->table
                                  ? "has no mapping: it needs @reference, @lookup or @list."
                                  : "has no mapping: its type has no @table and is no part of a "
                                    "connection that is used.");
    }
    return 0;
}

int schema_map(struct schema *s, struct err *err)
{
    struct mapper m = {.s = s, .err = err};
    int rc = access_init(&m);

    if (rc == 0)
        rc = procedures_init(&m);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (!s->types[i]->builtin)
            rc = map_type(&m, s->types[i]);
    if (rc == 0)
        rc = kinds_stored(&m);
    if (rc == 0)
        rc = kinds_map(&m);
    if (rc == 0)
        rc = kinds_ids(&m);
    if (rc == 0)
        rc = rights_map_types(&m);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        for (uint32_t k = 0; k < s->types[i]->n_fields && rc == 0; k++)
            if (!s->types[i]->builtin && s->types[i]->kind == TYPE_OBJECT)
                rc = map_field(&m, &s->types[i]->fields[k]);
    for (uint32_t i = 0; i < s->n_types && rc == 0; i++)
        if (!s->types[i]->builtin && s->types[i]->kind == TYPE_OBJECT)
            rc = check_mapped(&m, s->types[i]);
    if (rc == 0)
        rc = rights_map_fields(&m);
    return rc < 0 ? rc : procedures_finish(&m);
}
