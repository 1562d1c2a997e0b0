/* query/discreet.c: see query/discreet.h. Layer: query; base only.
 *
 * Messages quote the names that they speak of, so names are looked for between quotes only, and words of the
 * sentence stay. A client's own values may stand there as well; they are in the document. */
#include "query/discreet.h"

#include <stdbool.h>

#include "base/macros.h"
#include "query/ast.h"

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Names that every schema has. */
static bool is_common(struct str name)
{
    static const char *const common[] = {"Int", "Float", "String", "Boolean", "ID"};

    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        if (str_is(name, common[i]))
            return true;
    return name.len > 2 && name.ptr[0] == '_' && name.ptr[1] == '_';
}

static bool in_text(struct str text, struct str name)
{
    const char *at = text.ptr, *end = text.ptr + text.len;

    while (at && (at = memmem(at, (size_t)(end - at), name.ptr, name.len))) {
        const char *after = at + name.len;
        if ((at == text.ptr || !is_name_char(at[-1])) && (after == end || !is_name_char(*after)))
            return true;
        at++;
    }
    return false;
}

/* Whether an entry of `v` or below has that name. */
static bool in_value(const struct value *v, struct str name)
{
    for (uint32_t i = 0; v && i < v->n_items; i++)
        if (str_eq(v->items[i].name, name) || in_value(&v->items[i], name))
            return true;
    return false;
}

void discreet_message(char *message, struct str document, const struct value *variables)
{
    const char *in = message;
    char *out = message;
    bool quoted = false;

    while (*in) {
        struct str name = {in, 0};
        while (is_name_char(in[name.len]))
            name.len++;
        if (quoted && name.len && !is_digit(*in) && !is_common(name) && !in_text(document, name) &&
            !in_value(variables, name)) {
            *out++ = '?';
            in += name.len;
            continue;
        }
        if (name.len == 0) {
            quoted ^= *in == '"';
            name.len = *in == '\\' && in[1] ? 2 : 1; /* a quote in a client's text ends nothing */
        }
        memmove(out, in, name.len);
        out += name.len;
        in += name.len;
    }
    *out = '\0';
}
