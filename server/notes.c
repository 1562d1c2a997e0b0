/* server/notes.c: see server/notes.h. Layer: server. */
#include "server/notes.h"

#include <time.h>

#include "base/err.h"
#include "base/log.h"

enum {
    LINES_A_SECOND = 10
};

void note_database(const char *why)
{
    log_warn("database: %s", why);
}

void note_audit(const char *why)
{
    log_warn("access log: %s", why);
}

void note_redis(bool up)
{
    if (up)
        log_info("redis: it answers");
    else
        log_warn("redis: it can't be reached; PostgreSQL is asked for all");
}

void note_failure(struct str request_id, int code)
{
    static time_t second; /* one process has one log */
    static unsigned lines, left_out;
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != second) {
        if (left_out)
            log_warn("%u more requests failed", left_out);
        second = now.tv_sec;
        lines = left_out = 0;
    }
    if (lines++ < LINES_A_SECOND)
        log_warn("request id=%.*s code=%s", STR_FMT(request_id), err_text(code));
    else
        left_out++;
}
