/* server/field_value.c: see server/field_value.h. */
#include "server/field_value.h"

struct str field_trim(struct str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

struct str field_cut(struct str *rest, char sep)
{
    bool quoted = false;
    size_t i = 0;
    struct str part;

    for (; i < rest->len && (quoted || rest->ptr[i] != sep); i++) {
        if (rest->ptr[i] == '"')
            quoted = !quoted;
        else if (quoted && rest->ptr[i] == '\\' && i + 1 < rest->len)
            i++;
    }
    part = field_trim((struct str){rest->ptr, i});
    rest->ptr += i;
    rest->len -= i;
    if (rest->len)
        rest->ptr++, rest->len--;
    return part;
}

int field_weight(struct str s)
{
    int whole = 0, q = 0, scale = 1000;
    size_t i = 0;

    if (s.len && (s.ptr[0] == '0' || s.ptr[0] == '1'))
        whole = s.ptr[i++] - '0';
    if (i == s.len)
        return i ? whole * 1000 : -1;
    if (s.ptr[i++] != '.')
        return -1;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || (whole && s.ptr[i] != '0'))
            return -1;
        scale /= 10;
        q += (s.ptr[i] - '0') * scale;
    }
    return whole * 1000 + q;
}
