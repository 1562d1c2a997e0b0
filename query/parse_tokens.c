/* query/parse_tokens.c: how the parser reads tokens, bounds its work and words its errors. See
 * query/parse_tokens.h.
 *
 * Layer: query; base only. The error texts are those of graphql-js 16's parser. */
#include "query/parse_tokens.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

void *parser_new(struct parser *p, size_t size)
{
    void *m = p->rc < 0 ? NULL : arena_zalloc(p->arena, size);
    if (!m && p->rc == 0)
        p->rc = err_set(p->err, ERR_MEMORY, "Out of memory.");
    return m;
}

static void read_token(struct parser *p, struct token *ret)
{
    int rc = lexer_next(&p->lex, ret, p->err);
    if (rc < 0) {
        p->rc = rc;
        *ret = (struct token){.kind = TOKEN_EOF};
    }
}

void parser_advance(struct parser *p)
{
    if (p->rc < 0)
        return;
    if (p->has_ahead)
        p->tok = p->ahead;
    else
        read_token(p, &p->tok);
    p->has_ahead = false;
    if (p->rc == 0 && p->tok.kind != TOKEN_EOF && p->max_tokens && ++p->n_tokens > p->max_tokens)
        p->rc = err_set_at(p->err, ERR_LIMIT, (int)p->tok.loc.line, (int)p->tok.loc.column,
                           "The document has more than %u tokens.", p->max_tokens);
    else if (!p->max_tokens && p->tok.kind != TOKEN_EOF)
        p->n_tokens++;
    if (p->rc < 0)
        p->tok = (struct token){.kind = TOKEN_EOF};
}

const struct token *parser_peek(struct parser *p)
{
    if (!p->has_ahead && p->rc == 0) {
        read_token(p, &p->ahead);
        p->has_ahead = true;
    }
    return &p->ahead;
}

bool parser_at(const struct parser *p, enum token_kind kind)
{
    return p->rc == 0 && p->tok.kind == kind;
}

bool parser_at_keyword(const struct parser *p, const char *word)
{
    return parser_at(p, TOKEN_NAME) && str_is(p->tok.text, word);
}

bool parser_skip(struct parser *p, enum token_kind kind)
{
    if (!parser_at(p, kind))
        return false;
    parser_advance(p);
    return p->rc == 0;
}

bool parser_skip_keyword(struct parser *p, const char *word)
{
    if (!parser_at_keyword(p, word))
        return false;
    parser_advance(p);
    return p->rc == 0;
}

const char *parser_describe(const struct token *t, char *out, size_t size)
{
    const char *kind = token_kind_text(t->kind);
    if (t->kind < TOKEN_NAME)
        return kind;
    snprintf(out, size, "%s \"%.*s\"", kind, (int)MIN(t->text.len, size), t->text.ptr);
    return out;
}

void parser_fail(struct parser *p, struct loc loc, const char *fmt, ...)
{
    char text[ERR_MESSAGE_MAX];
    va_list args;

    if (p->rc < 0)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    p->rc = err_set_at(p->err, ERR_PARSE, (int)loc.line, (int)loc.column, "Syntax Error: %s", text);
}

void parser_unexpected(struct parser *p, const struct token *t)
{
    char text[ERR_MESSAGE_MAX];
    parser_fail(p, t->loc, "Unexpected %s.", parser_describe(t, text, sizeof text));
}

bool parser_expect(struct parser *p, enum token_kind kind)
{
    char text[ERR_MESSAGE_MAX];

    if (parser_skip(p, kind))
        return true;
    /* A lexer error on the way has set rc already. */
    parser_fail(p, p->tok.loc, "Expected %s, found %s.", token_kind_text(kind),
                parser_describe(&p->tok, text, sizeof text));
    return false;
}

bool parser_expect_keyword(struct parser *p, const char *word)
{
    char text[ERR_MESSAGE_MAX];

    if (parser_skip_keyword(p, word))
        return true;
    parser_fail(p, p->tok.loc, "Expected \"%s\", found %s.", word,
                parser_describe(&p->tok, text, sizeof text));
    return false;
}

bool parser_enter(struct parser *p)
{
    if (p->rc < 0)
        return false;
    if (p->depth >= p->max_depth) {
        p->rc = err_set_at(p->err, ERR_LIMIT, (int)p->tok.loc.line, (int)p->tok.loc.column,
                           "The document is nested deeper than %u levels.", p->max_depth);
        return false;
    }
    p->depth++;
    return true;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

bool parser_name(struct parser *p, struct str *ret, struct loc *ret_loc)
{
    *ret = p->tok.text;
    if (ret_loc)
        *ret_loc = p->tok.loc;
    return parser_expect(p, TOKEN_NAME);
}

bool parser_at_description(const struct parser *p)
{
    return parser_at(p, TOKEN_STRING) || parser_at(p, TOKEN_BLOCK_STRING);
}

struct str parser_description(struct parser *p)
{
    struct str s = {0};
    if (parser_at_description(p)) {
        s = p->tok.text;
        parser_advance(p);
    }
    return s;
}
