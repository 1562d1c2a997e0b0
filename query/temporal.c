/* query/temporal.c: see query/temporal.h. */
#include "query/temporal.h"

enum {
    DATE_LENGTH = 10,
    TIME_LENGTH = 8,
    FRACTION_DIGITS = 6,
    DAYS_TO_2000 = 730425 /* from 0000-03-01 to 2000-01-01 */
};

#define SECOND INT64_C(1000000)

/* `n` digits at `p`, or -1. */
static int digits(const char *p, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

bool parse_date(struct str text, int64_t *ret_days)
{
    int year, month, day;

    if (text.len != DATE_LENGTH || text.ptr[4] != '-' || text.ptr[7] != '-')
        return false;
    year = digits(text.ptr, 4);
    month = digits(text.ptr + 5, 2);
    day = digits(text.ptr + 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return false;
    if (month < 3) /* a year that begins in March has its leap day at the end */
        year--, month += 12;
    *ret_days = (int64_t)365 * year + year / 4 - year / 100 + year / 400 +
                (153 * (month - 3) + 2) / 5 + day - 1 - DAYS_TO_2000;
    return true;
}

/* "Z" or "+05:00", the whole of `text`: seconds east of Greenwich. */
static bool parse_zone(struct str text, int64_t *ret)
{
    int hours, minutes;

    if (text.len == 1 && (text.ptr[0] == 'Z' || text.ptr[0] == 'z')) {
        *ret = 0;
        return true;
    }
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':')
        return false;
    hours = digits(text.ptr + 1, 2);
    minutes = digits(text.ptr + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *ret = (int64_t)(hours * 60 + minutes) * (text.ptr[0] == '-' ? -60 : 60);
    return true;
}

/* ".25": microseconds; `text` goes on behind it. */
static bool parse_fraction(struct str *text, int64_t *ret)
{
    size_t n = 1;

    *ret = 0;
    if (text->len == 0 || text->ptr[0] != '.')
        return true;
    for (; n < text->len && text->ptr[n] >= '0' && text->ptr[n] <= '9'; n++)
        if (n <= FRACTION_DIGITS)
            *ret = *ret * 10 + (text->ptr[n] - '0');
    if (n == 1)
        return false;
    for (size_t i = n; i <= FRACTION_DIGITS; i++)
        *ret *= 10;
    *text = (struct str){text->ptr + n, text->len - n};
    return true;
}

bool parse_timestamp(struct str text, int64_t *ret_us)
{
    int64_t days, zone, us;
    struct str rest;
    int hour, minute, second;
    const char *time;

    if (text.len < DATE_LENGTH + 1 + TIME_LENGTH ||
        (text.ptr[DATE_LENGTH] != 'T' && text.ptr[DATE_LENGTH] != 't') ||
        !parse_date((struct str){text.ptr, DATE_LENGTH}, &days))
        return false;
    time = text.ptr + DATE_LENGTH + 1;
    if (time[2] != ':' || time[5] != ':')
        return false;
    hour = digits(time, 2);
    minute = digits(time + 3, 2);
    second = digits(time + 6, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    rest = (struct str){time + TIME_LENGTH, text.len - DATE_LENGTH - 1 - TIME_LENGTH};
    if (!parse_fraction(&rest, &us) || !parse_zone(rest, &zone))
        return false;
    *ret_us = ((days * 24 + hour) * 3600 + minute * 60 + second - zone) * SECOND + us;
    return true;
}
