/* query/parse_schema.c: the type system half of the grammar: types, directives, `schema`, and their
 * extensions. See query/parse_tokens.h for how errors travel.
 *
 * Layer: query; base only. */
#include "query/parse_schema.h"

#include "query/parse_tokens.h"
#include "query/parse_values.h"

static bool is_location(struct str name)
{
    static const char *const known[] = {"QUERY",
                                        "MUTATION",
                                        "SUBSCRIPTION",
                                        "FIELD",
                                        "FRAGMENT_DEFINITION",
                                        "FRAGMENT_SPREAD",
                                        "INLINE_FRAGMENT",
                                        "VARIABLE_DEFINITION",
                                        "SCHEMA",
                                        "SCALAR",
                                        "OBJECT",
                                        "FIELD_DEFINITION",
                                        "ARGUMENT_DEFINITION",
                                        "INTERFACE",
                                        "UNION",
                                        "ENUM",
                                        "ENUM_VALUE",
                                        "INPUT_OBJECT",
                                        "INPUT_FIELD_DEFINITION"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_is(name, known[i]))
            return true;
    return false;
}

/* `&`- or `|`-separated names; the first may have the separator in front of it. */
static struct ast_name *separated(struct parser *p, enum token_kind separator, bool locations)
{
    struct ast_name *first = NULL, **tail = &first;

    (void)parser_skip(p, separator);
    do {
        struct ast_name *n = parser_new(p, sizeof *n);
        struct token t = p->tok;
        if (!n || !parser_name(p, &n->name, &n->loc))
            return NULL;
        if (locations && !is_location(n->name)) {
            parser_unexpected(p, &t);
            return NULL;
        }
        *tail = n;
        tail = &n->next;
    } while (parser_skip(p, separator));
    return first;
}

static struct ast_input *input(struct parser *p)
{
    struct ast_input *in = parser_new(p, sizeof *in);

    if (!in)
        return NULL;
    in->loc = p->tok.loc;
    in->description = parser_description(p);
    if (in->description.ptr)
        in->loc = p->tok.loc;
    if (!parser_name(p, &in->name, NULL) || !parser_expect(p, TOKEN_COLON))
        return NULL;
    in->type = parser_type_ref(p);
    if (parser_skip(p, TOKEN_EQUALS))
        in->default_value = parser_value(p, true);
    in->directives = parser_directives(p, true);
    return p->rc < 0 ? NULL : in;
}

/* Arguments in parentheses or fields of an input object in braces; NULL when there are none. */
static struct ast_input *inputs(struct parser *p, enum token_kind open, enum token_kind close)
{
    struct ast_input *first = NULL, **tail = &first;

    if (!parser_skip(p, open))
        return NULL;
    do {
        *tail = input(p);
        if (!*tail)
            return NULL;
        tail = &(*tail)->next;
    } while (!parser_skip(p, close) && p->rc == 0);
    return p->rc < 0 ? NULL : first;
}

static struct ast_field_def *field_definitions(struct parser *p)
{
    struct ast_field_def *first = NULL, **tail = &first;

    if (!parser_skip(p, TOKEN_BRACE_L))
        return NULL;
    do {
        struct ast_field_def *f = parser_new(p, sizeof *f);
        if (!f)
            return NULL;
        f->description = parser_description(p);
        f->loc = p->tok.loc;
        if (!parser_name(p, &f->name, NULL))
            return NULL;
        f->arguments = inputs(p, TOKEN_PAREN_L, TOKEN_PAREN_R);
        if (!parser_expect(p, TOKEN_COLON))
            return NULL;
        f->type = parser_type_ref(p);
        f->directives = parser_directives(p, true);
        *tail = f;
        tail = &f->next;
    } while (!parser_skip(p, TOKEN_BRACE_R) && p->rc == 0);
    return p->rc < 0 ? NULL : first;
}

static struct ast_enum_value *enum_values(struct parser *p)
{
    struct ast_enum_value *first = NULL, **tail = &first;

    if (!parser_skip(p, TOKEN_BRACE_L))
        return NULL;
    do {
        struct ast_enum_value *v = parser_new(p, sizeof *v);
        if (!v)
            return NULL;
        v->description = parser_description(p);
        v->loc = p->tok.loc;
        if (parser_at_keyword(p, "true") || parser_at_keyword(p, "false") ||
            parser_at_keyword(p, "null")) {
            parser_fail(p, v->loc,
                        "Name \"%.*s\" is reserved and cannot be used for an enum value.",
                        STR_FMT(p->tok.text));
            return NULL;
        }
        if (!parser_name(p, &v->name, NULL))
            return NULL;
        v->directives = parser_directives(p, true);
        *tail = v;
        tail = &v->next;
    } while (!parser_skip(p, TOKEN_BRACE_R) && p->rc == 0);
    return p->rc < 0 ? NULL : first;
}

/* Notes a definition for documents that may not have any. */
static void note(struct parser *p, struct str name, struct loc loc)
{
    struct ast_name *n = parser_new(p, sizeof *n);
    if (!n)
        return;
    n->name = name;
    n->loc = loc;
    *p->not_executable = n;
    p->not_executable = &n->next;
}

static void add_root(struct parser *p, struct ast_schema_def *s)
{
    static const char *const kinds[] = {"query", "mutation", "subscription"};
    struct ast_name *n = parser_new(p, sizeof *n), **tail;
    struct token word;
    int k = 0;

    if (!n)
        return;
    while (k < 3 && !parser_at_keyword(p, kinds[k]))
        k++;
    word = p->tok;
    if (!parser_expect(p, TOKEN_NAME))
        return;
    if (k == 3) {
        parser_unexpected(p, &word);
        return;
    }
    if (!parser_expect(p, TOKEN_COLON) || !parser_name(p, &n->name, &n->loc))
        return;
    for (tail = &s->roots[k]; *tail; tail = &(*tail)->next)
        ;
    *tail = n;
}

static struct ast_directive **directives_end(struct ast_directive **d)
{
    while (*d)
        d = &(*d)->next;
    return d;
}

static void schema_definition(struct parser *p, bool extends)
{
    struct ast_schema_def *s = &p->doc->schema;
    struct loc loc = p->tok.loc;
    struct str description = {0};
    struct ast_directive *directives;
    bool roots;

    if (extends)
        parser_advance(p);
    else
        description = parser_description(p);
    parser_advance(p); /* the keyword */
    directives = parser_directives(p, true);
    *directives_end(&s->directives) = directives;
    roots = extends ? parser_skip(p, TOKEN_BRACE_L) : parser_expect(p, TOKEN_BRACE_L);
    if (roots) {
        do
            add_root(p, s);
        while (p->rc == 0 && !parser_skip(p, TOKEN_BRACE_R));
    } else if (extends && !directives) {
        parser_unexpected(p, &p->tok);
    }
    if (extends) {
        s->extends = true;
    } else {
        s->repeated = s->present;
        s->present = true;
        s->description = description;
        s->loc = loc;
    }
    note(p, (struct str){0}, loc);
}

static void type_body(struct parser *p, struct ast_type_def *t)
{
    bool composite = t->kind == TYPE_OBJECT || t->kind == TYPE_INTERFACE;

    if (composite && parser_skip_keyword(p, "implements"))
        t->interfaces = separated(p, TOKEN_AMP, false);
    t->directives = parser_directives(p, true);
    if (composite)
        t->fields = field_definitions(p);
    else if (t->kind == TYPE_UNION && parser_skip(p, TOKEN_EQUALS))
        t->members = separated(p, TOKEN_PIPE, false);
    else if (t->kind == TYPE_ENUM)
        t->values = enum_values(p);
    else if (t->kind == TYPE_INPUT)
        t->inputs = inputs(p, TOKEN_BRACE_L, TOKEN_BRACE_R);
}

static void type_definition(struct parser *p, enum type_kind kind, bool extends)
{
    struct ast_type_def *t = parser_new(p, sizeof *t);

    if (!t)
        return;
    t->kind = kind;
    t->extends = extends;
    t->loc = p->tok.loc;
    if (extends)
        parser_advance(p);
    else
        t->description = parser_description(p);
    parser_advance(p); /* the keyword */
    if (!parser_name(p, &t->name, &t->name_loc))
        return;
    type_body(p, t);
    if (extends && p->rc == 0 && !t->interfaces && !t->directives && !t->fields && !t->members &&
        !t->values && !t->inputs)
        parser_unexpected(p, &p->tok);
    *p->types = t;
    p->types = &t->next;
    note(p, t->name, t->loc);
}

static void directive_definition(struct parser *p)
{
    struct ast_directive_def *d = parser_new(p, sizeof *d);

    if (!d)
        return;
    d->loc = p->tok.loc;
    d->description = parser_description(p);
    parser_advance(p); /* the keyword */
    if (!parser_expect(p, TOKEN_AT) || !parser_name(p, &d->name, NULL))
        return;
    d->arguments = inputs(p, TOKEN_PAREN_L, TOKEN_PAREN_R);
    d->repeatable = parser_skip_keyword(p, "repeatable");
    if (!parser_expect_keyword(p, "on"))
        return;
    d->locations = separated(p, TOKEN_PIPE, true);
    *p->directives = d;
    p->directives = &d->next;
    note(p, d->name, d->loc);
}

/* A type's keyword; -1 when it is none. */
static int type_keyword(struct str word)
{
    static const char *const words[] = {
        [TYPE_SCALAR] = "scalar", [TYPE_OBJECT] = "type", [TYPE_INTERFACE] = "interface",
        [TYPE_UNION] = "union",   [TYPE_ENUM] = "enum",   [TYPE_INPUT] = "input"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(word, words[i]))
            return (int)i;
    return -1;
}

static bool extension(struct parser *p)
{
    const struct token *t;
    int kind;

    if (!parser_at_keyword(p, "extend"))
        return false; /* a description in front: no definition begins so */
    t = parser_peek(p);
    kind = p->rc == 0 && t->kind == TOKEN_NAME ? type_keyword(t->text) : -1;
    if (kind >= 0)
        type_definition(p, (enum type_kind)kind, true);
    else if (p->rc == 0 && t->kind == TOKEN_NAME && str_is(t->text, "schema"))
        schema_definition(p, true);
    else
        parser_unexpected(p, t);
    return true;
}

bool parser_type_system(struct parser *p, struct str word)
{
    int kind = type_keyword(word);

    if (kind >= 0)
        type_definition(p, (enum type_kind)kind, false);
    else if (str_is(word, "schema"))
        schema_definition(p, false);
    else if (str_is(word, "directive"))
        directive_definition(p);
    else if (str_is(word, "extend"))
        return extension(p);
    else
        return false;
    return true;
}
