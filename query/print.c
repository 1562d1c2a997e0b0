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
            json_add_string(out, v->text);
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

const char *value_text(const struct value *v, char out[PRINT_TEXT_MAX])
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    print_value(&b, v);
    return take(&b, out);
}
