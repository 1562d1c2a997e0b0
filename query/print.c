/* query/print.c: see query/print.h.
 *
 * Layer: query; base only. Recursion is as deep as the parser let the value be. */
#include "query/print.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/macros.h"

void print_type(struct buf *out, const struct type_ref *r)
{
    if (r->kind == TYPE_REF_LIST) {
        buf_add_char(out, '[');
        print_type(out, r->inner);
        buf_add_char(out, ']');
    } else {
        buf_add_str(out, r->name);
    }
    if (r->non_null)
        buf_add_char(out, '!');
}

/* graphql-js's printString: quoted, control characters (U+007F to U+009F among them) escaped. */
static void print_string(struct buf *out, struct str s)
{
    static const char from[] = "\b\t\n\f\r\"\\", to[] = "btnfr\"\\";

    buf_add_char(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        const char *at = c ? memchr(from, c, sizeof from - 1) : NULL;
        if (at)
            buf_addf(out, "\\%c", to[at - from]);
        else if (c < 0x20 || c == 0x7F)
            buf_addf(out, "\\u%04X", c);
        else if (c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xA0)
            buf_addf(out, "\\u%04X", (unsigned char)s.ptr[++i]);
        else
            buf_add_char(out, s.ptr[i]);
    }
    buf_add_char(out, '"');
}

static void print_items(struct buf *out, const struct value *v)
{
    bool object = v->kind == VALUE_OBJECT;

    buf_add_char(out, object ? '{' : '[');
    for (uint32_t i = 0; i < v->n_items; i++) {
        if (i)
            buf_add_z(out, ", ");
        if (object) {
            buf_add_str(out, v->items[i].name);
            buf_add_z(out, ": ");
        }
        print_value(out, &v->items[i]);
    }
    buf_add_char(out, object ? '}' : ']');
}

/* graphql-js's printBlockString: on lines of its own when that reads better or is needed. */
static void print_block(struct buf *out, struct str s)
{
    bool lines = memchr(s.ptr, '\n', s.len) != NULL, indented = lines, multiple;
    bool quotes = s.len >= 3 && memcmp(s.ptr + s.len - 3, "\"\"\"", 3) == 0;
    bool tail = s.len && ((s.ptr[s.len - 1] == '"' && !quotes) || s.ptr[s.len - 1] == '\\');

    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.ptr[i] == '\n' && s.ptr[i + 1] != ' ' && s.ptr[i + 1] != '\t' && s.ptr[i + 1] != '\n')
            indented = false;
    multiple = lines || s.len > 70 || tail || indented || quotes;
    buf_add_z(out, "\"\"\"");
    if ((multiple && (lines || !s.len || (s.ptr[0] != ' ' && s.ptr[0] != '\t'))) || indented)
        buf_add_char(out, '\n');
    for (size_t i = 0; i < s.len; i++) {
        if (s.len - i >= 3 && memcmp(s.ptr + i, "\"\"\"", 3) == 0) {
            buf_add_z(out, "\\\"\"\"");
            i += 2;
        } else {
            buf_add_char(out, s.ptr[i]);
        }
    }
    if (multiple || tail)
        buf_add_char(out, '\n');
    buf_add_z(out, "\"\"\"");
}

void print_value(struct buf *out, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NULL:
        buf_add_z(out, "null");
        break;
    case VALUE_INT:
        if (v->text.len)
            buf_add_str(out, v->text);
        else
            buf_add_int(out, v->integer);
        break;
    case VALUE_FLOAT:
        if (v->text.len)
            buf_add_str(out, v->text);
        else
            json_add_double(out, v->real);
        break;
    case VALUE_STRING:
        if (v->block && v->text.len)
            print_block(out, v->text);
        else
            print_string(out, v->text);
        break;
    case VALUE_BOOLEAN:
        buf_add_z(out, v->boolean ? "true" : "false");
        break;
    case VALUE_ENUM:
        buf_add_str(out, v->text);
        break;
    case VALUE_VARIABLE:
        buf_add_char(out, '$');
        buf_add_str(out, v->text);
        break;
    case VALUE_LIST:
    case VALUE_OBJECT:
        print_items(out, v);
        break;
    }
}

/* ---- For messages. ---- */

enum {
    LINE_MAX =
        80 /* longer lists and objects are printed with an item a line, as graphql-js 17 does */
};

struct printing {
    struct buf *out;
    bool variables; /* false: as if none was given: no entry of an object, null in a list */
};

static bool is_left_out(const struct printing *p, const struct value *object, uint32_t i)
{
    return !p->variables && object->kind == VALUE_OBJECT && object->items[i].kind == VALUE_VARIABLE;
}

static void print_one(const struct printing *p, struct buf *out, const struct value *v)
{
    if (v->kind == VALUE_VARIABLE && !p->variables)
        buf_add_z(out, "null");
    else
        print_value(out, v);
}

/* What a value takes on one line, in UTF-16 units; not counted on beyond LINE_MAX. */
static size_t line_length(const struct printing *p, const struct value *v)
{
    bool object = v->kind == VALUE_OBJECT, more = false;
    struct buf one;
    size_t n = object ? 4 : 2;

    if (object || v->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < v->n_items && n <= LINE_MAX; i++) {
            if (is_left_out(p, v, i))
                continue;
            n += (more ? 2 : 0) + (object ? v->items[i].name.len + 2 : 0);
            n += line_length(p, &v->items[i]);
            more = true;
        }
        return n;
    }
    n = 0;
    buf_init(&one, 1024);
    print_one(p, &one, v);
    for (size_t i = 0; i < one.len; i++)
        n += (((unsigned char)one.ptr[i] & 0xC0) != 0x80) + ((unsigned char)one.ptr[i] >= 0xF0);
    buf_release(&one);
    return n;
}

static void print_indent(struct buf *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        buf_add_z(out, "  ");
}

/* Lines of a block string are indented like what is around it. */
static void print_leaf(const struct printing *p, const struct value *v, unsigned depth)
{
    struct buf one;

    if (v->kind != VALUE_STRING || !v->block || depth == 0) {
        print_one(p, p->out, v);
        return;
    }
    buf_init(&one, 1024);
    print_value(&one, v);
    for (size_t n = 0; n < one.len; n++) {
        buf_add_char(p->out, one.ptr[n]);
        if (one.ptr[n] == '\n')
            print_indent(p->out, depth);
    }
    buf_release(&one);
}

static void print_found(const struct printing *p, const struct value *v, unsigned depth);

static void print_entries(const struct printing *p, const struct value *v, bool lines,
                          unsigned depth)
{
    bool more = false;

    for (uint32_t i = 0; i < v->n_items && p->out->len < PRINT_TEXT_MAX; i++) {
        if (is_left_out(p, v, i))
            continue;
        if (lines) {
            buf_add_char(p->out, '\n');
            print_indent(p->out, depth);
        } else if (more) {
            buf_add_z(p->out, ", ");
        }
        more = true;
        if (v->kind == VALUE_OBJECT) {
            buf_add_str(p->out, v->items[i].name);
            buf_add_z(p->out, ": ");
        }
        print_found(p, &v->items[i], depth);
    }
}

/* graphql-js 17's: `{ a: 1 }`, and lines when one is not enough. */
static void print_found(const struct printing *p, const struct value *v, unsigned depth)
{
    bool object = v->kind == VALUE_OBJECT, lines;

    if (!object && v->kind != VALUE_LIST) {
        print_leaf(p, v, depth);
        return;
    }
    lines = line_length(p, v) > LINE_MAX;
    buf_add_z(p->out, object ? (lines ? "{" : "{ ") : "[");
    print_entries(p, v, lines, lines ? depth + 1 : depth);
    if (lines) {
        buf_add_char(p->out, '\n');
        print_indent(p->out, depth);
    }
    buf_add_z(p->out, object ? (lines ? "}" : " }") : "]");
}

/* What was printed, cut at a character; the rest was dropped by the buffer's limit. */
static const char *take(struct buf *b, char out[PRINT_TEXT_MAX])
{
    size_t n = MIN(b->len, (size_t)PRINT_TEXT_MAX - 1);

    if (b->len)
        memcpy(out, b->ptr, n);
    if (n == PRINT_TEXT_MAX - 1) {
        while (n && ((unsigned char)out[n - 1] & 0xC0) == 0x80)
            n--;
        if (n && (unsigned char)out[n - 1] >= 0xC0)
            n--;
    }
    out[n] = '\0';
    buf_release(b);
    return out;
}

const char *type_text(const struct type_ref *r, char out[PRINT_TEXT_MAX])
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    print_type(&b, r);
    return take(&b, out);
}

static const char *found_text(const struct value *v, bool variables, char out[PRINT_TEXT_MAX])
{
    struct buf b;
    const struct printing p = {&b, variables};

    buf_init(&b, 64 * 1024);
    print_found(&p, v, 0);
    return take(&b, out);
}

const char *value_text(const struct value *v, char out[PRINT_TEXT_MAX])
{
    return found_text(v, true, out);
}

const char *constant_text(const struct value *v, char out[PRINT_TEXT_MAX])
{
    return found_text(v, false, out);
}
