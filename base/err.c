/* base/err.c: see base/err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    const char *text;
    int ours;
} err_table[] = {
#define ERR_X(name, status, text, ours) [ERR_INDEX_##name] = {status, text, ours},
    ERR_TABLE(ERR_X)
#undef ERR_X
};

/* vsnprintf cuts anywhere; an incomplete UTF-8 sequence at the end must not reach a client. */
static void err_trim(char *message)
{
    size_t n = strlen(message), i = n;
    if (n + 1 < ERR_MESSAGE_MAX)
        return;
    while (i > 0 && ((unsigned char)message[i - 1] & 0xC0) == 0x80)
        i--;
    if (i > 0 && (unsigned char)message[i - 1] >= 0xC0)
        i--;
    message[i] = '\0';
}

__attribute__((format(printf, 5, 0))) static int err_fill(struct err *err, enum err_code code,
                                                          int line, int column, const char *fmt,
                                                          va_list ap)
{
    if (!err)
        return code;
    err->code = code;
    err->line = line;
    err->column = column;
    if (vsnprintf(err->message, sizeof err->message, fmt, ap) < 0)
        err->message[0] = '\0';
    err_trim(err->message);
    return code;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_fill(err, code, 0, 0, fmt, ap);
    va_end(ap);
    return code;
}

int err_set_at(struct err *err, enum err_code code, int line, int column, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_fill(err, code, line, column, fmt, ap);
    va_end(ap);
    return code;
}

static int err_row(int code)
{
    return code < 0 && -code <= ERR_COUNT ? -code - 1 : ERR_INDEX_INTERNAL;
}

int err_status(int code)
{
    return err_table[err_row(code)].status;
}

const char *err_text(int code)
{
    return err_table[err_row(code)].text;
}

int err_is_ours(int code)
{
    return err_table[err_row(code)].ours;
}
