/* base/base64.c: see base/base64.h. */
#include "base/base64.h"

#include <stdint.h>

#include "base/buf.h"

void base64_add(struct buf *out, const void *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *from = bytes;
    char *to;

    if (!buf_reserve(out, base64_length(n)))
        return;
    to = out->ptr + out->len;
    for (; n >= 3; n -= 3, from += 3) {
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = digits[bits >> 6 & 63];
        *to++ = digits[bits & 63];
    }
    if (n > 0) {
        *to++ = digits[from[0] >> 2];
        *to++ = digits[(from[0] & 3) << 4 | (n > 1 ? from[1] >> 4 : 0)];
    }
    if (n > 1)
        *to++ = digits[(from[1] & 15) << 2];
    out->len = (size_t)(to - out->ptr);
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64_read(struct str text, void *out, size_t room, size_t *ret_n)
{
    unsigned char *to = out;
    uint32_t bits = 0;
    unsigned held = 0; /* bits that no byte has taken yet */
    size_t n = 0;

    if (text.len % 4 == 1 || text.len / 4 * 3 > room)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = digit_value(text.ptr[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (n == room)
            return false;
        to[n++] = (unsigned char)(bits >> held);
        bits &= (UINT32_C(1) << held) - 1;
    }
    *ret_n = n;
    return bits == 0;
}
