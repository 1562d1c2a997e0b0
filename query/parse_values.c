/* query/parse_values.c: the parts of the grammar that operations and type definitions share: values,
 * arguments, directives and references to types. See query/parse_tokens.h for how errors travel.
 *
 * Layer: query; base only. Every recursion goes through parser_enter, so that depth is bounded. */
#include "query/parse_values.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/parse_tokens.h"

/* ---- Values. ---- */

/* Linked items become one array, links kept, so that values are walked by index everywhere. */
static void to_array(struct parser *p, struct value *v, struct value *first)
{
    struct value *all = v->n_items ? arena_array(p->arena, v->n_items, sizeof *all) : NULL;

    if (v->n_items && !all && p->rc == 0)
        p->rc = err_set(p->err, ERR_MEMORY, "Out of memory.");
    if (p->rc < 0) {
        v->n_items = 0;
        return;
    }
    for (uint32_t i = 0; i < v->n_items; i++, first = first->next) {
        all[i] = *first;
        all[i].next = i + 1 < v->n_items ? &all[i + 1] : NULL;
    }
    v->items = all;
}

static void list_value(struct parser *p, struct value *v, bool constant)
{
    struct value *first = NULL, **tail = &first;

    v->kind = VALUE_LIST;
    parser_advance(p);
    while (p->rc == 0 && !parser_skip(p, TOKEN_BRACKET_R)) {
        *tail = parser_value(p, constant);
        if (!*tail)
            return;
        tail = &(*tail)->next;
        v->n_items++;
    }
    to_array(p, v, first);
}

static void object_value(struct parser *p, struct value *v, bool constant)
{
    struct value *first = NULL, **tail = &first;

    v->kind = VALUE_OBJECT;
    parser_advance(p);
    while (p->rc == 0 && !parser_skip(p, TOKEN_BRACE_R)) {
        struct str name;
        struct loc loc;
        if (!parser_name(p, &name, &loc) || !parser_expect(p, TOKEN_COLON))
            return;
        *tail = parser_value(p, constant);
        if (!*tail)
            return;
        (*tail)->name = name;
        (*tail)->name_loc = loc;
        tail = &(*tail)->next;
        v->n_items++;
    }
    to_array(p, v, first);
}

static void number_value(struct parser *p, struct value *v)
{
    char small[64], *text = small;
    struct str s = p->tok.text;

    if (s.len >= sizeof small) {
        text = arena_alloc(p->arena, s.len + 1);
        if (!text) {
            p->rc = err_set(p->err, ERR_MEMORY, "Out of memory.");
            return;
        }
    }
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    v->kind = p->tok.kind == TOKEN_INT ? VALUE_INT : VALUE_FLOAT;
    v->text = s;
    v->real = strtod(text, NULL);
    if (v->kind == VALUE_INT) {
        errno = 0;
        v->integer = strtoll(text, NULL, 10);
        v->overflow = errno == ERANGE;
    }
    parser_advance(p);
}

static void name_value(struct parser *p, struct value *v)
{
    struct str s = p->tok.text;

    if (str_is(s, "true") || str_is(s, "false")) {
        v->kind = VALUE_BOOLEAN;
        v->boolean = s.ptr[0] == 't';
    } else if (str_is(s, "null")) {
        v->kind = VALUE_NULL;
    } else {
        v->kind = VALUE_ENUM;
        v->text = s;
    }
    parser_advance(p);
}

static void variable_value(struct parser *p, struct value *v, bool constant)
{
    struct token dollar = p->tok;

    parser_advance(p);
    if (constant && parser_at(p, TOKEN_NAME)) {
        parser_fail(p, dollar.loc, "Unexpected variable \"$%.*s\" in constant value.",
                    (int)MIN(p->tok.text.len, (size_t)100), p->tok.text.ptr);
        return;
    }
    if (constant) {
        parser_unexpected(p, &dollar);
        return;
    }
    v->kind = VALUE_VARIABLE;
    v->variable = UINT32_MAX;
    (void)parser_name(p, &v->text, NULL);
}

static void string_value(struct parser *p, struct value *v)
{
    v->kind = VALUE_STRING;
    v->block = p->tok.kind == TOKEN_BLOCK_STRING;
    v->text = p->tok.text;
    parser_advance(p);
}

struct value *parser_value(struct parser *p, bool constant)
{
    struct value *v = parser_new(p, sizeof *v);

    if (!v || !parser_enter(p))
        return NULL;
    v->loc = p->tok.loc;
    if (p->tok.kind == TOKEN_BRACKET_L)
        list_value(p, v, constant);
    else if (p->tok.kind == TOKEN_BRACE_L)
        object_value(p, v, constant);
    else if (p->tok.kind == TOKEN_INT || p->tok.kind == TOKEN_FLOAT)
        number_value(p, v);
    else if (parser_at_description(p))
        string_value(p, v);
    else if (p->tok.kind == TOKEN_NAME)
        name_value(p, v);
    else if (p->tok.kind == TOKEN_DOLLAR)
        variable_value(p, v, constant);
    else
        parser_unexpected(p, &p->tok);
    parser_leave(p);
    return p->rc < 0 ? NULL : v;
}

/* ---- Arguments, directives, types. ---- */

struct ast_argument *parser_arguments(struct parser *p, bool constant)
{
    struct ast_argument *first = NULL, **tail = &first;

    if (!parser_skip(p, TOKEN_PAREN_L))
        return NULL;
    do {
        struct ast_argument *a = parser_new(p, sizeof *a);
        if (!a || !parser_name(p, &a->name, &a->loc) || !parser_expect(p, TOKEN_COLON))
            return NULL;
        a->value = parser_value(p, constant);
        *tail = a;
        tail = &a->next;
    } while (p->rc == 0 && !parser_skip(p, TOKEN_PAREN_R));
    return p->rc < 0 ? NULL : first;
}

struct ast_directive *parser_directives(struct parser *p, bool constant)
{
    struct ast_directive *first = NULL, **tail = &first;

    while (parser_at(p, TOKEN_AT)) {
        struct ast_directive *d = parser_new(p, sizeof *d);
        if (!d)
            return NULL;
        d->loc = p->tok.loc;
        parser_advance(p);
        if (!parser_name(p, &d->name, NULL))
            return NULL;
        d->arguments = parser_arguments(p, constant);
        *tail = d;
        tail = &d->next;
    }
    return p->rc < 0 ? NULL : first;
}

struct type_ref *parser_type_ref(struct parser *p)
{
    struct type_ref *r = parser_new(p, sizeof *r);

    if (!r || !parser_enter(p))
        return NULL;
    r->loc = p->tok.loc;
    if (parser_skip(p, TOKEN_BRACKET_L)) {
        r->kind = TYPE_REF_LIST;
        r->inner = parser_type_ref(p);
        if (r->inner)
            (void)parser_expect(p, TOKEN_BRACKET_R);
    } else {
        r->kind = TYPE_REF_NAMED;
        (void)parser_name(p, &r->name, NULL);
    }
    r->non_null = parser_skip(p, TOKEN_BANG);
    parser_leave(p);
    return p->rc < 0 ? NULL : r;
}
