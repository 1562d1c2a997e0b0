/* server/document_text.c: see server/document_text.h. */
#include "server/document_text.h"

#include <string.h>

enum text_state {
    BETWEEN,
    IN_KEY,
    IN_STRING,
    ESCAPED, /* behind a backslash */
    IN_UNIT  /* behind \u */
};

static const struct str key_more = STR("hasNextPage");
static const struct str key_cursor = STR("endCursor");

void document_text_begin(struct document_text *t, bool paged)
{
    *t = (struct document_text){.paged = paged};
}

static bool is_key(const struct document_text *t, struct str name)
{
    return t->paged && str_eq((struct str){t->_key, t->_key_len}, name);
}

/* ---- what a string holds ---- */

static void put(struct document_text *t, const char *bytes, size_t n, struct buf *out)
{
    if (!is_key(t, key_cursor)) {
        buf_add(out, bytes, n);
        return;
    }
    n = MIN(n, sizeof t->cursor - t->cursor_len);
    memcpy(t->cursor + t->cursor_len, bytes, n);
    t->cursor_len += (uint32_t)n;
}

static void put_point(struct document_text *t, uint32_t c, struct buf *out)
{
    char b[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        b[i] = (char)(0x80 | (c & 0x3F));
    b[0] = (char)(n == 1 ? c : (0xF00u >> n & 0xF0u) | c);
    put(t, b, n, out);
}

/* Half of a pair that no other half followed. */
static void put_half(struct document_text *t, struct buf *out)
{
    if (t->_high)
        put_point(t, 0xFFFD, out);
    t->_high = 0;
}

static void put_unit(struct document_text *t, struct buf *out)
{
    uint32_t u = t->_unit;

    if (t->_high && u >= 0xDC00 && u < 0xE000) {
        put_point(t, 0x10000 + ((t->_high - 0xD800) << 10) + (u - 0xDC00), out);
        t->_high = 0;
        return;
    }
    put_half(t, out);
    if (u >= 0xD800 && u < 0xDC00)
        t->_high = u;
    else
        put_point(t, u >= 0xDC00 && u < 0xE000 ? 0xFFFD : u, out);
}

static void put_escaped(struct document_text *t, char c, struct buf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *at = memchr(from, c, sizeof from - 1);

    put_half(t, out);
    put(t, at ? &to[at - from] : &c, 1, out);
}

/* ---- one byte in a state, or a run of them; each gives how many bytes it took ---- */

static void end_string(struct document_text *t, struct buf *out)
{
    put_half(t, out);
    if (t->paged && !is_key(t, key_cursor))
        buf_add_char(out, '\n');
    t->_state = BETWEEN;
}

static size_t take_string(struct document_text *t, struct str s, struct buf *out)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] != '"' && s.ptr[n] != '\\')
        n++;
    if (n > 0) {
        put_half(t, out);
        put(t, s.ptr, n, out);
        return n;
    }
    if (s.ptr[0] == '"')
        end_string(t, out);
    else
        t->_state = ESCAPED;
    return 1;
}

static size_t take_escaped(struct document_text *t, char c, struct buf *out)
{
    t->_state = IN_STRING;
    if (c != 'u') {
        put_escaped(t, c, out);
        return 1;
    }
    t->_state = IN_UNIT;
    t->_digits = t->_unit = 0;
    return 1;
}

static size_t take_digit(struct document_text *t, char c, struct buf *out)
{
    uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a') + 10;

    t->_unit = t->_unit << 4 | (digit & 0xF);
    if (++t->_digits == 4) {
        t->_state = IN_STRING;
        put_unit(t, out);
    }
    return 1;
}

static size_t take_key(struct document_text *t, char c)
{
    if (c == '"')
        t->_state = BETWEEN;
    else if (t->_key_len < sizeof t->_key)
        t->_key[t->_key_len++] = c;
    return 1;
}

static void begin_string(struct document_text *t)
{
    t->_state = t->_key_next ? IN_KEY : IN_STRING;
    if (t->_key_next)
        t->_key_len = 0;
    else
        t->found = true;
    t->_key_next = false;
}

static size_t take_between(struct document_text *t, char c)
{
    switch (c) {
    case '{':
    case '[':
        t->_objects = t->_objects << 1 | (c == '{');
        t->_key_next = c == '{';
        break;
    case '}':
    case ']':
        t->_objects >>= 1;
        break;
    case ',':
        t->_key_next = t->_objects & 1;
        break;
    case '"':
        begin_string(t);
        break;
    case 't':
    case 'f': /* the first letter of true and false, as no other word has it */
        if (is_key(t, key_more)) {
            t->found = true;
            t->more = c == 't';
        }
        break;
    default:
        break;
    }
    return 1;
}

void document_text_feed(struct document_text *t, struct str bytes, struct buf *out)
{
    while (bytes.len) {
        size_t n = t->_state == BETWEEN     ? take_between(t, bytes.ptr[0])
                   : t->_state == IN_KEY    ? take_key(t, bytes.ptr[0])
                   : t->_state == IN_STRING ? take_string(t, bytes, out)
                   : t->_state == ESCAPED   ? take_escaped(t, bytes.ptr[0], out)
                                            : take_digit(t, bytes.ptr[0], out);
        bytes.ptr += n;
        bytes.len -= n;
    }
}
