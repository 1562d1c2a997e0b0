/* query/parse.c: see query/parse.h. Recursive descent over the executable half of the grammar; the
 * functions follow the order and the error texts of graphql-js 16's parser.
 *
 * Layer: query; base only. Every recursion goes through parser_enter, so that depth is bounded. */
#include "query/parse.h"

#include "query/parse_schema.h"
#include "query/parse_tokens.h"
#include "query/parse_values.h"

enum {
    DEPTH_DEFAULT = 200
};

/* ---- Selections. ---- */

static struct ast_selection *selection_set(struct parser *p, struct loc *ret_loc);

static void field(struct parser *p, struct ast_selection *s)
{
    s->kind = SELECTION_FIELD;
    if (!parser_name(p, &s->name, &s->name_loc))
        return;
    if (parser_skip(p, TOKEN_COLON)) {
        s->alias = s->name;
        if (!parser_name(p, &s->name, &s->name_loc))
            return;
    }
    s->arguments = parser_arguments(p, false);
    s->directives = parser_directives(p, false);
    if (parser_at(p, TOKEN_BRACE_L))
        s->selections = selection_set(p, &s->selections_loc);
}

static void fragment_use(struct parser *p, struct ast_selection *s)
{
    bool on;

    parser_advance(p);
    on = parser_skip_keyword(p, "on");
    if (!on && parser_at(p, TOKEN_NAME)) {
        s->kind = SELECTION_SPREAD;
        (void)parser_name(p, &s->name, &s->name_loc);
        s->directives = parser_directives(p, false);
        return;
    }
    s->kind = SELECTION_INLINE;
    if (on && !parser_name(p, &s->name, &s->name_loc))
        return;
    s->directives = parser_directives(p, false);
    s->selections = selection_set(p, &s->selections_loc);
}

static struct ast_selection *selection_set(struct parser *p, struct loc *ret_loc)
{
    struct ast_selection *first = NULL, **tail = &first;

    if (ret_loc)
        *ret_loc = p->tok.loc;
    if (!parser_expect(p, TOKEN_BRACE_L) || !parser_enter(p))
        return NULL;
    do {
        struct ast_selection *s = parser_new(p, sizeof *s);
        if (!s)
            break;
        s->loc = p->tok.loc;
        if (parser_at(p, TOKEN_SPREAD))
            fragment_use(p, s);
        else
            field(p, s);
        *tail = s;
        tail = &s->next;
    } while (p->rc == 0 && !parser_skip(p, TOKEN_BRACE_R));
    parser_leave(p);
    return p->rc < 0 ? NULL : first;
}

/* ---- Definitions. ---- */

static void variable_definitions(struct parser *p, struct ast_operation *op)
{
    struct ast_variable **tail = &op->variables;

    if (!parser_skip(p, TOKEN_PAREN_L))
        return;
    do {
        struct ast_variable *v = parser_new(p, sizeof *v);
        if (!v)
            return;
        v->loc = p->tok.loc;
        v->index = op->n_variables++;
        v->description = parser_description(p);
        if (!parser_expect(p, TOKEN_DOLLAR) || !parser_name(p, &v->name, &v->name_loc) ||
            !parser_expect(p, TOKEN_COLON))
            return;
        v->type = parser_type_ref(p);
        if (parser_skip(p, TOKEN_EQUALS))
            v->default_value = parser_value(p, true);
        v->directives = parser_directives(p, true);
        *tail = v;
        tail = &v->next;
    } while (p->rc == 0 && !parser_skip(p, TOKEN_PAREN_R));
}

static void operation(struct parser *p, enum operation_kind kind)
{
    struct ast_operation *op = parser_new(p, sizeof *op);

    if (!op)
        return;
    op->loc = p->tok.loc;
    op->kind = kind;
    if (!parser_at(p, TOKEN_BRACE_L)) {
        op->description = parser_description(p);
        parser_advance(p); /* the keyword */
        if (parser_at(p, TOKEN_NAME))
            (void)parser_name(p, &op->name, &op->name_loc);
        variable_definitions(p, op);
        op->directives = parser_directives(p, false);
    }
    op->selections = selection_set(p, &op->selections_loc);
    *p->operations = op;
    p->operations = &op->next;
    p->doc->n_operations++;
}

static void fragment(struct parser *p)
{
    struct ast_fragment *f = parser_new(p, sizeof *f);

    if (!f)
        return;
    f->loc = p->tok.loc;
    f->description = parser_description(p);
    parser_advance(p); /* the keyword */
    if (parser_at_keyword(p, "on")) {
        parser_unexpected(p, &p->tok);
        return;
    }
    if (!parser_name(p, &f->name, &f->name_loc) || !parser_expect_keyword(p, "on") ||
        !parser_name(p, &f->condition, &f->condition_loc))
        return;
    f->directives = parser_directives(p, false);
    f->selections = selection_set(p, NULL);
    *p->fragments = f;
    p->fragments = &f->next;
    p->doc->n_fragments++;
}

static void definition(struct parser *p)
{
    static const char *const operations[] = {"query", "mutation", "subscription"};
    bool described = parser_at_description(p);
    const struct token *t = described ? parser_peek(p) : &p->tok;

    if (p->rc < 0)
        return;
    if (t->kind == TOKEN_BRACE_L && described) {
        parser_fail(p, p->tok.loc,
                    "Unexpected description, descriptions are not supported on shorthand queries.");
        return;
    }
    if (t->kind == TOKEN_BRACE_L) {
        operation(p, OPERATION_QUERY);
        return;
    }
    if (t->kind == TOKEN_NAME) {
        if (parser_type_system(p, t->text))
            return;
        for (int k = OPERATION_QUERY; k <= OPERATION_SUBSCRIPTION; k++)
            if (str_is(t->text, operations[k])) {
                operation(p, (enum operation_kind)k);
                return;
            }
        if (str_is(t->text, "fragment")) {
            fragment(p);
            return;
        }
        if (described) {
            parser_fail(p, p->tok.loc,
                        "Unexpected description, only GraphQL definitions support descriptions.");
            return;
        }
    }
    parser_unexpected(p, t);
}

static int parse(struct arena *arena, struct str text, const struct parse_limits *limits,
                 bool schema, struct document *ret, struct err *reterr)
{
    struct parser p = {.arena = arena, .err = reterr, .doc = ret};

    *ret = (struct document){0};
    p.max_tokens = limits->max_tokens;
    p.max_depth = limits->max_depth ? limits->max_depth : DEPTH_DEFAULT;
    p.operations = &ret->operations;
    p.fragments = &ret->fragments;
    p.types = &ret->types;
    p.directives = &ret->directives;
    p.not_executable = &ret->not_executable;
    lexer_init(&p.lex, arena, text);
    parser_advance(&p);
    do {
        struct token t = p.tok;
        definition(&p);
        if (schema && p.rc == 0 && (ret->operations || ret->fragments))
            parser_unexpected(&p, &t);
    } while (p.rc == 0 && p.tok.kind != TOKEN_EOF);
    ret->n_tokens = p.n_tokens;
    return p.rc;
}

int parse_document(struct arena *arena, struct str text, const struct parse_limits *limits,
                   struct document *ret, struct err *reterr)
{
    return parse(arena, text, limits, false, ret, reterr);
}

int parse_schema(struct arena *arena, struct str text, struct document *ret, struct err *reterr)
{
    return parse(arena, text, &(struct parse_limits){0}, true, ret, reterr);
}
