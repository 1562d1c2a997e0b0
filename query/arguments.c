/* query/arguments.c: see query/arguments.h. */
#include "query/arguments.h"

#include <stdio.h>

#include "base/err.h"
#include "query/cursor.h"
#include "query/global_id.h"
#include "query/temporal.h"
#include "query/variables.h"

bool parse_integer(struct str text, int64_t *ret)
{
    bool minus = text.len > 0 && text.ptr[0] == '-';
    int64_t n = 0;

    if (text.len == minus || text.len > 20)
        return false;
    for (size_t i = minus; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_sub_overflow(n, digit, &n)) /* negative: its range is the larger */
            return false;
    }
    if (!minus)
        return !__builtin_sub_overflow((int64_t)0, n, ret);
    *ret = n;
    return true;
}

int argument_value(const struct arguments *a, const struct field *field,
                   const struct ast_selection *selection, int index, const struct value **ret,
                   struct err *reterr)
{
    const struct input_def *def = &field->arguments[index];
    const struct value *value = NULL;

    for (const struct ast_argument *g = selection->arguments; g; g = g->next)
        if (str_eq(g->name, def->name)) {
            int rc = literal_coerce(a->arena, a->schema, def->type, g->value, a->variables, &value,
                                    reterr);
            if (rc < 0)
                return rc;
            break;
        }
    *ret = value ? value : def->default_value;
    return 0;
}

static bool is_null(const struct value *v)
{
    return !v || v->kind == VALUE_NULL;
}

/* A value as the database compares it: number or text. false: no column holds it. */
static bool value_stored(const struct value *v, const struct type *type, bool as_text,
                         int64_t *ret_number, struct str *ret_text)
{
    if (v->kind == VALUE_ENUM) {
        const struct enum_def *e = map_get(&type->value_map, v->text);
        *ret_text = e ? e->stored : v->text;
        return as_text;
    }
    if (v->kind == VALUE_BOOLEAN) {
        *ret_number = v->boolean;
        return !as_text && type->codec == CODEC_BOOLEAN;
    }
    if (as_text) {
        *ret_text = v->text;
        return v->kind == VALUE_STRING &&
               !memchr(v->text.ptr ? v->text.ptr : "", '\0', v->text.len);
    }
    if (type->codec == CODEC_DATE)
        return v->kind == VALUE_STRING && parse_date(v->text, ret_number);
    if (type->codec == CODEC_TIMESTAMP)
        return v->kind == VALUE_STRING && parse_timestamp(v->text, ret_number);
    if (v->kind == VALUE_INT) {
        *ret_number = v->integer;
        return !v->overflow;
    }
    return v->kind == VALUE_STRING && parse_integer(v->text, ret_number);
}

/* The field of a @oneOf input object that was given, with its value; NULL: none. */
static const struct input_def *given_input(const struct type *input, const struct value **v)
{
    const struct value *object = *v;

    for (uint32_t i = 0; object && i < object->n_items; i++)
        for (uint32_t k = 0; k < input->n_inputs; k++)
            if (!is_null(&object->items[i]) &&
                str_eq(object->items[i].name, input->inputs[k].name)) {
                *v = &object->items[i];
                return &input->inputs[k];
            }
    return NULL;
}

int argument_key(const struct arguments *a, const struct field *field,
                 const struct ast_selection *selection, struct key *ret,
                 const struct access_path **ret_path, bool *ret_none, struct err *reterr)
{
    const struct input_def *def = &field->arguments[field->key_argument];
    const struct type *target = type_ref_named(field->type);
    const struct value *v;
    int rc = argument_value(a, field, selection, field->key_argument, &v, reterr);

    if (rc < 0)
        return rc;
    *ret = (struct key){0};
    *ret_path = field->path;
    *ret_none = true;
    if (is_null(v))
        return 0;
    if (field->paths) {
        def = given_input(type_ref_named(def->type), &v);
        if (!def)
            return 0;
        *ret_path = field->paths[def->index];
    }
    if ((*ret_path)->by_primary_key && target->has_global_id && v->kind == VALUE_STRING &&
        global_id_read(a->arena, &a->seals->ids, v->text, target, ret))
        *ret_none = false;
    else if (!(*ret_path)->by_primary_key || !(*ret_path)->table->personal)
        *ret_none = !value_stored(v, type_ref_named(def->type), (*ret_path)->key_is_text,
                                  &ret->part[0], &ret->text);
    return 0;
}

static int bad_argument(const struct field *field, const struct ast_selection *selection, int index,
                        const char *what, struct err *reterr)
{
    return err_set_at(reterr, ERR_VARIABLES, (int)selection->loc.line, (int)selection->loc.column,
                      "Argument \"%.*s\" of \"%.*s.%.*s\" %s",
                      STR_FMT(field->arguments[index].name), STR_FMT(field->parent->name),
                      STR_FMT(field->name), what);
}

static int page_first(const struct arguments *a, const struct field *field,
                      const struct ast_selection *selection, uint32_t max_page, struct page *page,
                      struct err *reterr)
{
    const uint32_t most = MIN(field->list_limit, max_page);
    const struct value *v;
    int64_t first;
    int rc;

    page->limit = field->list_limit;
    if (field->first_argument < 0)
        return 0;
    page->limit = most;
    rc = argument_value(a, field, selection, field->first_argument, &v, reterr);
    if (rc < 0 || is_null(v))
        return rc;
    first = v->integer;
    if (v == field->arguments[field->first_argument].default_value)
        first = MIN(first, most); /* the client did not ask for that many */
    if (first < 1 || first > most) {
        char what[64];
        snprintf(what, sizeof what, "must be from 1 to %u, not %lld.", most, (long long)first);
        return bad_argument(field, selection, field->first_argument, what, reterr);
    }
    page->limit = (uint32_t)first;
    return 0;
}

static int page_after(const struct arguments *a, const struct field *field,
                      const struct ast_selection *selection, struct page *page,
                      struct cursor *ret_after, struct err *reterr)
{
    const struct value *v;
    int rc;

    if (field->after_argument < 0)
        return 0;
    rc = argument_value(a, field, selection, field->after_argument, &v, reterr);
    if (rc < 0 || is_null(v))
        return rc;
    if (v->kind != VALUE_STRING || !cursor_read(v->text, field->path, page, ret_after))
        return bad_argument(field, selection, field->after_argument, CURSOR_REFUSED, reterr);
    return 0;
}

int argument_ids(const struct arguments *a, const struct field *field,
                 const struct ast_selection *selection, const struct value **ret,
                 struct err *reterr)
{
    int rc = argument_value(a, field, selection, field->key_argument, ret, reterr);
    char what[64];

    if (rc < 0)
        return rc;
    if (is_null(*ret))
        *ret = NULL;
    if (!*ret || (*ret)->kind != VALUE_LIST || (*ret)->n_items <= field->list_limit)
        return 0;
    snprintf(what, sizeof what, "has %u entries; at most %u are allowed.", (*ret)->n_items,
             field->list_limit);
    return bad_argument(field, selection, field->key_argument, what, reterr);
}

/* The value of one filter; NULL: it does not narrow. */
static const struct value *filter_given(const struct field *field,
                                        const struct field_filter *source, const struct value *v,
                                        const struct input_def **ret_def)
{
    const struct type *t;

    *ret_def = &field->arguments[source->argument];
    if (is_null(v) || source->input < 0)
        return is_null(v) ? NULL : v;
    t = type_ref_named((*ret_def)->type);
    *ret_def = &t->inputs[source->input];
    for (uint32_t i = 0; i < v->n_items; i++)
        if (str_eq(v->items[i].name, (*ret_def)->name))
            return is_null(&v->items[i]) ? NULL : &v->items[i];
    return NULL;
}

static const char *filter_refusal(enum codec codec)
{
    if (codec == CODEC_DATE)
        return "is no day: it must be \"YYYY-MM-DD\".";
    if (codec == CODEC_TIMESTAMP)
        return "is no point of time: it must be as in \"2026-03-31T09:30:00+05:00\".";
    return "has a value that no entry can have.";
}

/* A value that is an id of the type `of`, whose key has one column. */
static bool id_stored(const struct arguments *a, const struct value *v, const struct type *of,
                      struct filter_value *ret)
{
    struct key key = {0};

    if (v->kind != VALUE_STRING || !global_id_read(a->arena, &a->seals->ids, v->text, of, &key))
        return false;
    ret->number = key.part[0];
    ret->text = key.text;
    return true;
}

static int page_filter(const struct arguments *a, const struct field *field,
                       const struct ast_selection *selection, const struct field_filter *source,
                       struct page *page, struct err *reterr)
{
    struct filter_value *filter = &page->filter[source->filter];
    const struct input_def *def;
    const struct value *v;
    const struct type *t;
    char refusal[200];
    int rc = argument_value(a, field, selection, (int)source->argument, &v, reterr);

    if (rc < 0)
        return rc;
    v = filter_given(field, source, v, &def);
    if (!v)
        return 0;
    filter->set = true;
    t = type_ref_named(def->type);
    if (source->id_of ? id_stored(a, v, source->id_of, filter)
                      : value_stored(v, t, field->path->filter[source->filter].is_text,
                                     &filter->number, &filter->text))
        return 0;
    if (source->id_of)
        snprintf(refusal, sizeof refusal, ID_REFUSED, STR_FMT(source->id_of->name));
    else
        snprintf(refusal, sizeof refusal, "%s", filter_refusal(t->codec));
    if (source->input < 0)
        return bad_argument(field, selection, (int)source->argument, refusal, reterr);
    return err_set_at(reterr, ERR_VARIABLES, (int)selection->loc.line, (int)selection->loc.column,
                      "Field \"%.*s\" of argument \"%.*s\" of \"%.*s.%.*s\" %s", STR_FMT(def->name),
                      STR_FMT(field->arguments[source->argument].name),
                      STR_FMT(field->parent->name), STR_FMT(field->name), refusal);
}

int argument_page(const struct arguments *a, const struct field *field,
                  const struct ast_selection *selection, uint32_t max_page, struct page *ret,
                  struct cursor *ret_after, struct err *reterr)
{
    int rc;

    *ret = (struct page){0};
    rc = page_first(a, field, selection, max_page, ret, reterr);
    if (rc == 0)
        rc = page_after(a, field, selection, ret, ret_after, reterr);
    for (uint32_t i = 0; i < field->n_filters && rc == 0; i++)
        rc = page_filter(a, field, selection, &field->filters[i], ret, reterr);
    return rc;
}

int argument_cell(const struct arguments *a, const struct field *field,
                  const struct ast_selection *selection, uint32_t *ret, struct err *reterr)
{
    const struct input_def *def = &field->arguments[field->choice_argument];
    const struct enum_def *e = NULL;
    const struct value *v;
    int rc = argument_value(a, field, selection, field->choice_argument, &v, reterr);

    if (rc < 0)
        return rc;
    if (v && v->kind == VALUE_ENUM)
        e = map_get(&type_ref_named(def->type)->value_map, v->text);
    *ret = field->choice_cells[e ? e->index : def->negotiated ? a->language : 0];
    return 0;
}
