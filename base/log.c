/* base/log.c: see base/log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    LOG_LINE_MAX = 1024
};

static enum log_level log_floor = LOG_INFO;
static unsigned long log_dropped;
static const char *const log_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

void log_set_level(enum log_level level)
{
    log_floor = level;
}

bool log_level_parse(const char *name, enum log_level *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(log_names); i++)
        if (strcmp(name, log_names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

unsigned long log_lost(void)
{
    return log_dropped;
}

/* A control character in a message could forge a second line. */
static void log_clean(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            text[i] = ' ';
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    struct timeval now;
    struct tm utc;
    size_t n;
    va_list ap;
    int more;

    if (level < log_floor)
        return;
    gettimeofday(&now, NULL);
    gmtime_r(&now.tv_sec, &utc);
    n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03dZ %s ", (int)(now.tv_usec / 1000),
                          log_names[level]);
    va_start(ap, fmt);
    more = vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
    va_end(ap);
    if (more > 0)
        n += MIN((size_t)more, sizeof line - n - 2);
    log_clean(line, n);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) != (ssize_t)n)
        log_dropped++;
}
