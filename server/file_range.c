/* server/file_range.c: see server/file_range.h. */
#include "server/file_range.h"

#include <ctype.h>

#include "base/macros.h"

enum {
    DIGITS_MAX = 18 /* no file is longer, no number overflows */
};

/* The digits that `s` begins with; -1: there are none, or too many. */
static int64_t take_number(struct str *s)
{
    int64_t n = 0;
    size_t digits = 0;

    while (s->len && isdigit((unsigned char)*s->ptr)) {
        if (++digits > DIGITS_MAX)
            return -1;
        n = n * 10 + (*s->ptr - '0');
        s->ptr++, s->len--;
    }
    return digits ? n : -1;
}

/* The last `n` bytes. */
static bool take_suffix(struct str s, uint64_t size, struct file_range *ret)
{
    int64_t n = take_number(&s);

    if (n < 0 || s.len)
        return false;
    ret->n = MIN((uint64_t)n, size);
    ret->at = size - ret->n;
    return true;
}

bool file_range_read(struct str s, uint64_t size, struct file_range *ret)
{
    const struct str unit = STR("bytes=");
    int64_t first, last;

    *ret = (struct file_range){0, size};
    if (s.len < unit.len || memcmp(s.ptr, unit.ptr, unit.len) != 0)
        return false;
    s.ptr += unit.len, s.len -= unit.len;
    if (s.len && *s.ptr == '-')
        return take_suffix((struct str){s.ptr + 1, s.len - 1}, size, ret);
    first = take_number(&s);
    if (first < 0 || s.len == 0 || *s.ptr != '-')
        return false;
    s.ptr++, s.len--;
    last = s.len ? take_number(&s) : INT64_MAX;
    if (last < first || s.len) {
        return false;
    }
    ret->at = (uint64_t)first;
    ret->n = (uint64_t)first < size ? MIN((uint64_t)last, size - 1) - (uint64_t)first + 1 : 0;
    return true;
}
