/* query/arguments.c: see query/arguments.h. */
#include "query/arguments.h"

#include <stdio.h>

#include "base/err.h"
#include "query/cursor.h"
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

/* A value as the database compares it: number or text. */
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
        return !as_text;
    }
    if (as_text) {
        *ret_text = v->text;
        return v->kind == VALUE_STRING &&
               !memchr(v->text.ptr ? v->text.ptr : "", '\0', v->text.len);
    }
    if (v->kind == VALUE_INT) {
        *ret_number = v->integer;
        return !v->overflow;
    }
    return v->kind == VALUE_STRING && parse_integer(v->text, ret_number);
}

int argument_key(const struct arguments *a, const struct field *field,
                 const struct ast_selection *selection, struct key *ret, bool *ret_none,
                 struct err *reterr)
{
    const struct input_def *def = &field->arguments[field->key_argument];
    const struct value *v;
    int rc = argument_value(a, field, selection, field->key_argument, &v, reterr);

    if (rc < 0)
        return rc;
    *ret = (struct key){0};
    *ret_none = is_null(v) || !value_stored(v, type_ref_named(def->type), field->path->key_is_text,
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
                      const struct ast_selection *selection, struct page *page, struct err *reterr)
{
    const struct value *v;
    int rc;

    if (field->after_argument < 0)
        return 0;
    rc = argument_value(a, field, selection, field->after_argument, &v, reterr);
    if (rc < 0 || is_null(v))
        return rc;
    if (v->kind != VALUE_STRING || !cursor_read(v->text, field->path, page))
        return bad_argument(field, selection, field->after_argument,
                            "is not a cursor of this list.", reterr);
    return 0;
}

int argument_page(const struct arguments *a, const struct field *field,
                  const struct ast_selection *selection, uint32_t max_page, struct page *ret,
                  struct err *reterr)
{
    int rc;

    *ret = (struct page){0};
    rc = page_first(a, field, selection, max_page, ret, reterr);
    if (rc == 0)
        rc = page_after(a, field, selection, ret, reterr);
    for (uint32_t i = 0; i < field->n_arguments && rc == 0; i++) {
        const struct input_def *def = &field->arguments[i];
        struct filter_value *filter;
        const struct value *v;

        if (def->filter < 0)
            continue;
        filter = &ret->filter[def->filter];
        rc = argument_value(a, field, selection, (int)i, &v, reterr);
        if (rc < 0 || is_null(v))
            continue;
        filter->set = true;
        if (!value_stored(v, type_ref_named(def->type), field->path->filter[def->filter].is_text,
                          &filter->number, &filter->text))
            rc = bad_argument(field, selection, (int)i, "has a value that no entry can have.",
                              reterr);
    }
    return rc;
}

int argument_cell(const struct arguments *a, const struct field *field,
                  const struct ast_selection *selection, uint32_t *ret, struct err *reterr)
{
    const struct type *type = type_ref_named(field->arguments[field->choice_argument].type);
    const struct enum_def *e = NULL;
    const struct value *v;
    int rc = argument_value(a, field, selection, field->choice_argument, &v, reterr);

    if (rc < 0)
        return rc;
    if (v && v->kind == VALUE_ENUM)
        e = map_get(&type->value_map, v->text);
    *ret = field->choice_cells[e ? e->index : 0];
    return 0;
}
