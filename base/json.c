/* base/json.c: see base/json.h. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t utf8_sequence(const unsigned char *p, size_t n)
{
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        return n >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        unsigned char low = p[0] == 0xE0 ? 0xA0 : 0x80, high = p[0] == 0xED ? 0x9F : 0xBF;
        return n >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 ? 3 : 0;
    }
    if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        unsigned char low = p[0] == 0xF0 ? 0x90 : 0x80, high = p[0] == 0xF4 ? 0x8F : 0xBF;
        return n >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xC0) == 0x80 &&
                       (p[3] & 0xC0) == 0x80
                   ? 4
                   : 0;
    }
    return 0;
}

bool utf8_valid(struct str s)
{
    size_t i = 0;
    while (i < s.len) {
        size_t n = utf8_sequence((const unsigned char *)s.ptr + i, s.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static void json_add_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char out[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    const char *two = NULL;

    switch (c) {
    case '"':
        two = "\\\"";
        break;
    case '\\':
        two = "\\\\";
        break;
    case '\n':
        two = "\\n";
        break;
    case '\r':
        two = "\\r";
        break;
    case '\t':
        two = "\\t";
        break;
    default:
        break;
    }
    if (two)
        buf_add(b, two, 2);
    else
        buf_add(b, out, sizeof out);
}

void json_add_string(struct buf *b, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0, from = 0;

    buf_add_char(b, '"');
    while (i < s.len) {
        size_t n;
        if (p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\' && p[i] != 0x7F) {
            i++;
            continue;
        }
        n = p[i] < 0x80 ? 0 : utf8_sequence(p + i, s.len - i);
        if (n > 0) {
            i += n;
            continue;
        }
        buf_add(b, s.ptr + from, i - from);
        if (p[i] < 0x80)
            json_add_escape(b, p[i]);
        else
            buf_add(b, "\xEF\xBF\xBD", 3);
        from = ++i;
    }
    buf_add(b, s.ptr + from, i - from);
    buf_add_char(b, '"');
}

void json_add_double(struct buf *b, double d)
{
    char text[40];
    if (!isfinite(d)) {
        buf_add_z(b, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    buf_add_z(b, text);
}

/* Civil date of a day count, by eras of 400 years (146097 days) that begin on 1 March. */
static bool civil(int64_t days_since_2000, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = days_since_2000 + 730425; /* days since 0000-03-01 */
    int64_t era, doe, yoe, doy, mp, year;

    era = (z >= 0 ? z : z - 146096) / 146097;
    doe = z - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;
    year = yoe + era * 400 + (mp >= 10);
    *ret_year = (int)year;
    *ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
    return year >= 1 && year <= 9999;
}

static char *put_digits(char *p, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + width;
}

static char *put_date(char *p, int year, int month, int day)
{
    p = put_digits(p, year, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    return put_digits(p, day, 2);
}

void json_add_date(struct buf *b, int32_t days)
{
    char text[12], *p = text;
    int year, month, day;

    if (!civil(days, &year, &month, &day)) {
        buf_add_z(b, "null");
        return;
    }
    *p++ = '"';
    p = put_date(p, year, month, day);
    *p++ = '"';
    buf_add(b, text, (size_t)(p - text));
}

void json_add_timestamp(struct buf *b, int64_t us)
{
    const int64_t day_us = INT64_C(86400000000);
    int64_t days = us / day_us, rest = us % day_us;
    char text[32], *p = text;
    int year, month, day, seconds;

    if (rest < 0) {
        rest += day_us;
        days--;
    }
    if (!civil(days, &year, &month, &day)) {
        buf_add_z(b, "null");
        return;
    }
    seconds = (int)(rest / 1000000);
    *p++ = '"';
    p = put_date(p, year, month, day);
    *p++ = 'T';
    p = put_digits(p, seconds / 3600, 2);
    *p++ = ':';
    p = put_digits(p, seconds / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, seconds % 60, 2);
    if (rest % 1000000) {
        *p++ = '.';
        p = put_digits(p, (int)(rest % 1000000), 6);
    }
    *p++ = 'Z';
    *p++ = '"';
    buf_add(b, text, (size_t)(p - text));
}

void json_add_fixed(struct buf *b, int64_t units, int scale)
{
    uint64_t u = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    char text[48], *p = text + sizeof text;

    *--p = '"';
    for (int i = 0; i < scale; i++) {
        *--p = (char)('0' + u % 10);
        u /= 10;
    }
    if (scale > 0)
        *--p = '.';
    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (units < 0)
        *--p = '-';
    *--p = '"';
    buf_add(b, p, (size_t)(text + sizeof text - p));
}
