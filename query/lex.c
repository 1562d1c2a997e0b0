/* query/lex.c: see query/lex.h.
 *
 * Layer: query; base only. Errors have the wording and the place of graphql-js 16, whose text is
 * UTF-16: columns and the excerpts in messages are counted in its units. A byte that is not UTF-8
 * (which JSON never carries) is refused where JavaScript would refuse a lone surrogate. */
#include "query/lex.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

static const char *const kind_text[] = {
    [TOKEN_EOF] = "<EOF>",       [TOKEN_BANG] = "\"!\"",
    [TOKEN_DOLLAR] = "\"$\"",    [TOKEN_AMP] = "\"&\"",
    [TOKEN_PAREN_L] = "\"(\"",   [TOKEN_PAREN_R] = "\")\"",
    [TOKEN_SPREAD] = "\"...\"",  [TOKEN_COLON] = "\":\"",
    [TOKEN_EQUALS] = "\"=\"",    [TOKEN_AT] = "\"@\"",
    [TOKEN_BRACKET_L] = "\"[\"", [TOKEN_BRACKET_R] = "\"]\"",
    [TOKEN_BRACE_L] = "\"{\"",   [TOKEN_PIPE] = "\"|\"",
    [TOKEN_BRACE_R] = "\"}\"",   [TOKEN_NAME] = "Name",
    [TOKEN_INT] = "Int",         [TOKEN_FLOAT] = "Float",
    [TOKEN_STRING] = "String",   [TOKEN_BLOCK_STRING] = "BlockString",
};

static_assert(ARRAY_LEN(kind_text) == TOKEN_BLOCK_STRING + 1, "each kind of token has its text");

const char *token_kind_text(enum token_kind kind)
{
    return kind_text[kind];
}

void lexer_init(struct lexer *l, struct arena *arena, struct str text)
{
    *l = (struct lexer){.arena = arena, .loc = {1, 1}};
    l->start = l->at = l->loc_at = text.len ? text.ptr : "";
    l->end = l->start + text.len;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The byte at p + n, or -1 behind the end. */
static int peek(const struct lexer *l, const char *p, size_t n)
{
    return (size_t)(l->end - p) > n ? (unsigned char)p[n] : -1;
}

static size_t sequence(const struct lexer *l, const char *p)
{
    return utf8_sequence((const unsigned char *)p, (size_t)(l->end - p));
}

/* Moves `loc` on to `p`. Each byte of the text is passed once. */
static struct loc place(struct lexer *l, const char *p)
{
    for (; l->loc_at < p; l->loc_at++) {
        unsigned char c = (unsigned char)*l->loc_at;
        if (c == '\n' || (c == '\r' && peek(l, l->loc_at, 1) != '\n')) {
            l->loc.line++;
            l->loc.column = 1;
        } else {
            l->loc.column += (c & 0xC0) != 0x80 && c != '\r';
            l->loc.column += c >= 0xF0; /* a surrogate pair in UTF-16 */
        }
    }
    return l->loc;
}

/* graphql-js's printCodePointAt. */
static const char *show(const struct lexer *l, const char *p, char out[16])
{
    const unsigned char *u = (const unsigned char *)p;
    size_t n = p < l->end ? sequence(l, p) : 0;
    uint32_t code;

    if (p >= l->end)
        return "<EOF>";
    if (n == 0) {
        snprintf(out, 16, "byte 0x%02X", *u);
        return out;
    }
    if (*u == '"')
        return "'\"'";
    if (*u >= 0x20 && *u <= 0x7e) {
        snprintf(out, 16, "\"%c\"", *u);
        return out;
    }
    code = n == 1 ? u[0] : u[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        code = code << 6 | (u[i] & 0x3Fu);
    snprintf(out, 16, "U+%04X", code);
    return out;
}

static int fail_char(struct lexer *l, const char *p, const char *what, struct err *reterr)
{
    char c[16];
    struct loc at = place(l, p);
    return err_set_at(reterr, ERR_PARSE, (int)at.line, (int)at.column, "Syntax Error: %s: %s.",
                      what, show(l, p, c));
}

/* `units` UTF-16 units from p, as bytes. */
static struct str excerpt(const struct lexer *l, const char *p, size_t units)
{
    const char *q = p;
    while (units && q < l->end) {
        size_t n = sequence(l, q);
        if (n == 4 && units < 2)
            break;
        units -= n == 4 ? 2 : 1;
        q += n ? n : 1;
    }
    return (struct str){p, (size_t)(q - p)};
}

static int fail_escape(struct lexer *l, const char *p, const char *what, size_t units,
                       struct err *reterr)
{
    struct loc at = place(l, p);
    return err_set_at(reterr, ERR_PARSE, (int)at.line, (int)at.column,
                      "Syntax Error: Invalid %s escape sequence: \"%.*s\".", what,
                      STR_FMT(excerpt(l, p, units)));
}

static int unterminated(struct lexer *l, const char *p, struct err *reterr)
{
    struct loc at = place(l, p);
    return err_set_at(reterr, ERR_PARSE, (int)at.line, (int)at.column,
                      "Syntax Error: Unterminated string.");
}

static int digits(struct lexer *l, const char **p, struct err *reterr)
{
    if (!is_digit(peek(l, *p, 0)))
        return fail_char(l, *p, "Invalid number, expected digit but got", reterr);
    while (is_digit(peek(l, *p, 0)))
        (*p)++;
    return 0;
}

static int number(struct lexer *l, struct token *t, struct err *reterr)
{
    const char *p = l->at;
    int rc = 0, c;

    t->kind = TOKEN_INT;
    if (*p == '-')
        p++;
    if (peek(l, p, 0) == '0') {
        if (is_digit(peek(l, ++p, 0)))
            return fail_char(l, p, "Invalid number, unexpected digit after 0", reterr);
    } else {
        rc = digits(l, &p, reterr);
    }
    if (rc == 0 && peek(l, p, 0) == '.') {
        t->kind = TOKEN_FLOAT;
        p++;
        rc = digits(l, &p, reterr);
    }
    if (rc == 0 && (peek(l, p, 0) == 'e' || peek(l, p, 0) == 'E')) {
        t->kind = TOKEN_FLOAT;
        p++;
        if (peek(l, p, 0) == '+' || peek(l, p, 0) == '-')
            p++;
        rc = digits(l, &p, reterr);
    }
    if (rc < 0)
        return rc;
    c = peek(l, p, 0);
    if (c == '.' || is_name_start(c))
        return fail_char(l, p, "Invalid number, expected digit but got", reterr);
    t->text = (struct str){l->at, (size_t)(p - l->at)};
    l->at = p;
    return 0;
}

static int hex(int c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Four hexadecimal digits at p, or -1. */
static int32_t hex4(const struct lexer *l, const char *p)
{
    int32_t code = 0;
    for (size_t i = 0; i < 4; i++) {
        int h = hex(peek(l, p, i));
        if (h < 0)
            return -1;
        code = code << 4 | h;
    }
    return code;
}

static bool is_scalar(int64_t code)
{
    return (code >= 0 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0x10FFFF);
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* \u{1F600}, at the backslash. */
static int escape_braces(struct lexer *l, const char **p, char **out, struct err *reterr)
{
    int64_t point = 0;
    size_t size = 3;

    while (size < 12) {
        int c = peek(l, *p, size++);
        int h = hex(c);
        if (c == '}' && size >= 5 && is_scalar(point)) {
            *out = put_utf8(*out, (uint32_t)point);
            *p += size;
            return 0;
        }
        if (h < 0)
            break;
        point = point << 4 | h;
        if (point > INT32_MAX) /* graphql-js's 32-bit shift turns negative here */
            break;
    }
    return fail_escape(l, *p, "Unicode", size, reterr);
}

/* \u00e9 or a surrogate pair of two such, at the backslash. */
static int escape_fixed(struct lexer *l, const char **p, char **out, struct err *reterr)
{
    int32_t code = peek(l, *p, 5) < 0 ? -1 : hex4(l, *p + 2);

    if (is_scalar(code)) {
        *out = put_utf8(*out, (uint32_t)code);
        *p += 6;
        return 0;
    }
    if (code >= 0xD800 && code <= 0xDBFF && peek(l, *p, 6) == '\\' && peek(l, *p, 7) == 'u' &&
        peek(l, *p, 11) >= 0) {
        int32_t low = hex4(l, *p + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *out = put_utf8(*out, 0x10000u + ((uint32_t)(code - 0xD800) << 10) +
                                      (uint32_t)(low - 0xDC00));
            *p += 12;
            return 0;
        }
    }
    return fail_escape(l, *p, "Unicode", 6, reterr);
}

static int escape(struct lexer *l, const char **p, char **out, struct err *reterr)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(l, *p, 1);
    const char *at;

    if (c == 'u')
        return peek(l, *p, 2) == '{' ? escape_braces(l, p, out, reterr)
                                     : escape_fixed(l, p, out, reterr);
    at = c > 0 ? memchr(from, c, sizeof from - 1) : NULL;
    if (!at)
        return fail_escape(l, *p, "character", 2, reterr);
    *(*out)++ = to[at - from];
    *p += 2;
    return 0;
}

/* The characters of the string whose content ends before `end`, without escapes. */
static int unescape(struct lexer *l, const char *p, const char *end, struct str *ret,
                    struct err *reterr)
{
    char *out =
        arena_alloc(l->arena, (size_t)(end - p) + 1); /* no escape is shorter than its value */
    char *from = out;

    if (!out)
        return err_set(reterr, ERR_MEMORY, "Out of memory.");
    while (p < end) {
        int rc;
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        rc = escape(l, &p, &out, reterr);
        if (rc < 0)
            return rc;
    }
    *ret = (struct str){from, (size_t)(out - from)};
    return 0;
}

static int string(struct lexer *l, struct token *t, struct err *reterr)
{
    const char *p = l->at + 1, *from = p;
    bool escapes = false;
    char scratch[16];
    int rc;

    t->kind = TOKEN_STRING;
    while (p < l->end && *p != '"' && *p != '\n' && *p != '\r') {
        size_t n = 1;
        if (*p == '\\') {
            /* Checked here too, so that the first error in the text is the one reported. */
            char *out = scratch;
            escapes = true;
            rc = escape(l, &p, &out, reterr);
            if (rc < 0)
                return rc;
            continue;
        }
        if ((unsigned char)*p >= 0x80 && (n = sequence(l, p)) == 0)
            return fail_char(l, p, "Invalid character within String", reterr);
        p += n;
    }
    if (p >= l->end || *p != '"')
        return unterminated(l, p, reterr);
    t->text = (struct str){from, (size_t)(p - from)};
    l->at = p + 1;
    return escapes ? unescape(l, from, p, &t->text, reterr) : 0;
}

/* The end of the line at p, before `end`. */
static const char *line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r')
        p++;
    return p;
}

static const char *line_after(const char *p, const char *end)
{
    if (p < end && *p == '\r' && p + 1 < end && p[1] == '\n')
        return p + 2;
    return p < end ? p + 1 : p;
}

static size_t indent_of(const char *p, const char *end)
{
    const char *q = p;
    while (q < end && (*q == ' ' || *q == '\t'))
        q++;
    return (size_t)(q - p);
}

/* The specification's BlockStringValue(): common indentation and blank first and last lines go. */
static int block_value(struct lexer *l, const char *p, const char *end, struct str *ret,
                       struct err *reterr)
{
    size_t common = SIZE_MAX, first = SIZE_MAX, last = 0, i = 0;
    const char *q = p, *e;
    char *out = arena_alloc(l->arena, (size_t)(end - p) + 1), *from = out;

    if (!out)
        return err_set(reterr, ERR_MEMORY, "Out of memory.");
    for (bool more = true; more; i++, q = line_after(e, end)) {
        size_t indent;
        e = line_end(q, end);
        more = e < end;
        indent = indent_of(q, e);
        if (indent == (size_t)(e - q))
            continue;
        first = MIN(first, i);
        last = i;
        if (i > 0)
            common = MIN(common, indent);
    }
    q = p;
    for (i = 0; first != SIZE_MAX && i <= last; i++, q = line_after(e, end)) {
        const char *c = q;
        e = line_end(q, end);
        if (i < first)
            continue;
        if (i > first)
            *out++ = '\n';
        if (i > 0)
            c += MIN(common, (size_t)(e - q));
        for (; c < e; c++)
            if (!(*c == '\\' && e - c >= 4 && memcmp(c, "\\\"\"\"", 4) == 0))
                *out++ = *c;
            else
                c += 3, memcpy(out, "\"\"\"", 3), out += 3;
    }
    *ret = (struct str){from, (size_t)(out - from)};
    return 0;
}

static int block_string(struct lexer *l, struct token *t, struct err *reterr)
{
    const char *p = l->at + 3, *from = p;

    t->kind = TOKEN_BLOCK_STRING;
    while (p < l->end) {
        size_t n = 1;
        if (l->end - p >= 3 && memcmp(p, "\"\"\"", 3) == 0) {
            l->at = p + 3;
            return block_value(l, from, p, &t->text, reterr);
        }
        if (l->end - p >= 4 && memcmp(p, "\\\"\"\"", 4) == 0)
            n = 4;
        else if ((unsigned char)*p >= 0x80 && (n = sequence(l, p)) == 0)
            return fail_char(l, p, "Invalid character within String", reterr);
        p += n;
    }
    return unterminated(l, p, reterr);
}

/* Steps over what has no meaning: white space, line ends, commas, comments, byte order marks. */
static void skip_ignored(struct lexer *l)
{
    while (l->at < l->end) {
        unsigned char c = (unsigned char)*l->at;
        if (c == ' ' || c == '\t' || c == ',' || c == '\n' || c == '\r') {
            l->at++;
        } else if (c == 0xEF && l->end - l->at >= 3 && memcmp(l->at, "\xEF\xBB\xBF", 3) == 0) {
            l->at += 3;
        } else if (c == '#') {
            size_t n;
            do
                n = sequence(l, l->at), l->at += n;
            while (n && l->at < l->end && *l->at != '\n' && *l->at != '\r');
            if (n == 0)
                return; /* not UTF-8 in a comment: reported as an invalid character */
        } else {
            return;
        }
    }
}

static enum token_kind punctuator(int c)
{
    switch (c) {
    case '!':
        return TOKEN_BANG;
    case '$':
        return TOKEN_DOLLAR;
    case '&':
        return TOKEN_AMP;
    case '(':
        return TOKEN_PAREN_L;
    case ')':
        return TOKEN_PAREN_R;
    case ':':
        return TOKEN_COLON;
    case '=':
        return TOKEN_EQUALS;
    case '@':
        return TOKEN_AT;
    case '[':
        return TOKEN_BRACKET_L;
    case ']':
        return TOKEN_BRACKET_R;
    case '{':
        return TOKEN_BRACE_L;
    case '|':
        return TOKEN_PIPE;
    case '}':
        return TOKEN_BRACE_R;
    default:
        return TOKEN_EOF;
    }
}

static int unexpected(struct lexer *l, struct err *reterr)
{
    if (*l->at == '\'') {
        struct loc at = place(l, l->at);
        return err_set_at(reterr, ERR_PARSE, (int)at.line, (int)at.column,
                          "Syntax Error: Unexpected single quote character ('), did you mean to "
                          "use a double quote (\")?");
    }
    return fail_char(l, l->at, sequence(l, l->at) ? "Unexpected character" : "Invalid character",
                     reterr);
}

int lexer_next(struct lexer *l, struct token *t, struct err *reterr)
{
    int c;

    skip_ignored(l);
    *t = (struct token){.kind = TOKEN_EOF, .loc = place(l, l->at)};
    if (l->at >= l->end)
        return 0;
    c = (unsigned char)*l->at;
    if (is_name_start(c)) {
        const char *p = l->at + 1;
        while (p < l->end && (is_name_start(*p) || is_digit(*p)))
            p++;
        t->kind = TOKEN_NAME;
        t->text = (struct str){l->at, (size_t)(p - l->at)};
        l->at = p;
        return 0;
    }
    t->kind = punctuator(c);
    if (t->kind != TOKEN_EOF) {
        l->at++;
        return 0;
    }
    if (is_digit(c) || c == '-')
        return number(l, t, reterr);
    if (c == '"')
        return peek(l, l->at, 1) == '"' && peek(l, l->at, 2) == '"' ? block_string(l, t, reterr)
                                                                    : string(l, t, reterr);
    if (c == '.' && peek(l, l->at, 1) == '.' && peek(l, l->at, 2) == '.') {
        t->kind = TOKEN_SPREAD;
        l->at += 3;
        return 0;
    }
    return unexpected(l, reterr);
}
