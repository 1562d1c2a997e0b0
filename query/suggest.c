/* query/suggest.c: see query/suggest.h. Damerau-Levenshtein distance without regard to case, cut off at
 * a threshold that grows with the input (graphql-js's suggestionList).
 *
 * Layer: query; base only. Names longer than SUGGEST_LENGTH_MAX are never suggested nor corrected, which
 * bounds the work for each pair. */
#include "query/suggest.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/macros.h"

enum {
    SUGGEST_LENGTH_MAX = 64,
    TOO_FAR = UINT16_MAX
};

void suggest_start(struct suggest *s, struct str input)
{
    *s = (struct suggest){.input = input};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t distance(struct str x, struct str y, uint32_t threshold)
{
    uint32_t rows[3][SUGGEST_LENGTH_MAX + 1] = {{0}};
    struct str a = x.len >= y.len ? x : y, b = x.len >= y.len ? y : x;

    if (a.len - b.len > threshold || a.len > SUGGEST_LENGTH_MAX)
        return TOO_FAR;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (uint32_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        const uint32_t *up = rows[(i - 1) % 3];
        uint32_t *row = rows[i % 3], smallest = row[0] = (uint32_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            char ca = lower(a.ptr[i - 1]), cb = lower(b.ptr[j - 1]);
            uint32_t cell = MIN(MIN(up[j] + 1, row[j - 1] + 1), up[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == lower(b.ptr[j - 2]) && lower(a.ptr[i - 2]) == cb)
                cell = MIN(cell, rows[(i - 2) % 3][j - 2] + 1);
            smallest = MIN(smallest, cell);
            row[j] = cell;
        }
        if (smallest > threshold)
            return TOO_FAR;
    }
    return rows[a.len % 3][b.len];
}

static bool equal_but_for_case(struct str a, struct str b)
{
    for (size_t i = 0; i < a.len && a.len == b.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return a.len == b.len;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned long number(struct str s, size_t *at)
{
    unsigned long n = 0;
    do
        n = n * 10 + (unsigned long)(s.ptr[(*at)++] - '0');
    while (*at < s.len && is_digit(s.ptr[*at]) && n > 0);
    return n;
}

int suggest_compare(struct str a, struct str b)
{
    size_t i = 0, j = 0;

    while (i < a.len && j < b.len) {
        if (is_digit(a.ptr[i]) && is_digit(b.ptr[j])) {
            unsigned long x = number(a, &i), y = number(b, &j);
            if (x != y)
                return x < y ? -1 : 1;
        } else {
            if (a.ptr[i] != b.ptr[j])
                return a.ptr[i] < b.ptr[j] ? -1 : 1;
            i++;
            j++;
        }
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

static void insert(struct suggest *s, struct str name, uint32_t d)
{
    uint32_t at = MIN(s->n, SUGGEST_MAX);

    s->n++;
    while (at > 0 && (s->distance[at - 1] > d ||
                      (s->distance[at - 1] == d && suggest_compare(s->name[at - 1], name) > 0))) {
        if (at < SUGGEST_MAX) {
            s->name[at] = s->name[at - 1];
            s->distance[at] = s->distance[at - 1];
        }
        at--;
    }
    if (at < SUGGEST_MAX) {
        s->name[at] = name;
        s->distance[at] = d;
    }
}

void suggest_add(struct suggest *s, struct str name)
{
    uint32_t threshold = (uint32_t)(s->input.len * 2 / 5) + 1, d;

    if (str_eq(s->input, name))
        d = 0;
    else if (equal_but_for_case(s->input, name))
        d = 1;
    else
        d = distance(s->input, name, threshold);
    if (d <= threshold)
        insert(s, name, d);
}

void suggest_force(struct suggest *s, struct str name)
{
    if (s->n < SUGGEST_MAX)
        s->name[s->n] = name;
    s->n++;
}

const char *suggest_text(const struct suggest *s, const char *kind, char out[SUGGEST_TEXT_MAX])
{
    uint32_t n = MIN(s->n, SUGGEST_MAX);
    size_t at = 0;

    out[0] = '\0';
    if (n == 0)
        return out;
    at += (size_t)snprintf(out, SUGGEST_TEXT_MAX, " Did you mean %s%s", kind, *kind ? " " : "");
    for (uint32_t i = 0; i < n && at < SUGGEST_TEXT_MAX; i++) {
        const char *before = i == 0 ? "" : i + 1 < n ? ", " : n == 2 ? " or " : ", or ";
        at += (size_t)snprintf(out + at, SUGGEST_TEXT_MAX - at, "%s\"%.*s\"%s", before,
                               STR_FMT(s->name[i]), i + 1 == n ? "?" : "");
    }
    return out;
}
