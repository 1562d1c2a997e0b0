/* base/log.h: one line a message, `time level message key=value ...`, to standard error.
 *
 * Only server/ and the start-up code log; libraries return errors. Never log personal data:
 * no variables, no documents, no rows. The logger never blocks on a full pipe for long: lines
 * that can't be written are counted and dropped. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/macros.h"

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR
};

/* Lines below `level` are dropped. LOG_INFO at start. */
void log_set_level(enum log_level level);
/* "debug", "info", "warn" or "error"; false: none of them. */
bool log_level_parse(const char *name, enum log_level *ret);
/* How many lines were lost because standard error could not take them. */
unsigned long log_lost(void);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
