/* server/import_screen.c: see server/import_screen.h. */
#include "server/import_screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "server/import_loader.h"

enum {
    TOLD_MAX = 1000 /* records that are told; all are counted in the table */
};

#define TERMINAL_S 0.2
#define LOG_S 10.0
#define MB 1e6

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void import_screen_begin(struct import_screen *s, uint64_t bytes_total)
{
    *s = (struct import_screen){
        .bytes_total = bytes_total, ._terminal = isatty(STDERR_FILENO) == 1, ._began = now()};
    s->_shown_at = s->_began;
}

static void wipe(struct import_screen *s)
{
    if (s->_shown)
        fputs("\r\033[K", stderr);
    s->_shown = false;
}

/* The last part of a path, whatever bytes are in it. */
static void put_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    for (const char *p = slash && slash[1] ? slash + 1 : path; *p; p++)
        fputc((unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p, stderr);
}

void import_screen_progress(struct import_screen *s, const char *file, uint64_t bytes,
                            uint64_t records)
{
    double t = now();

    if (t - s->_shown_at < (s->_terminal ? TERMINAL_S : LOG_S))
        return;
    wipe(s);
    s->_shown_at = t;
    put_name(file);
    if (s->bytes_total > 0)
        fprintf(stderr, ": %.1f of %.1f MB", (double)bytes / MB, (double)s->bytes_total / MB);
    else
        fprintf(stderr, ": %.1f MB", (double)bytes / MB);
    fprintf(stderr, ", %" PRIu64 " records, %.0f/s%s", records, (double)records / (t - s->_began),
            s->_terminal ? "" : "\n");
    s->_shown = s->_terminal;
    fflush(stderr);
}

void import_screen_tell(struct import_screen *s, const struct import_place *at, const char *outcome,
                        const char *reason)
{
    if (at->number > 0 && s->_told++ >= TOLD_MAX) {
        if (s->_told == TOLD_MAX + 1)
            fputs("(more records are only counted)\n", stderr);
        return;
    }
    wipe(s);
    put_name(at->file);
    if (at->number > 0)
        fprintf(stderr, ": record %" PRIu64, at->number);
    if (at->line > 0)
        fprintf(stderr, " (line %" PRIu64 ")", at->line);
    if (outcome)
        fprintf(stderr, ": %s", outcome);
    fprintf(stderr, ": %s\n", reason);
}

void import_screen_row(struct import_screen *s, const char *type, const char *outcome,
                       const char *reason, uint64_t n)
{
    static const char *const faults[] = {"bad", "quarantined", "waiting"};

    wipe(s);
    if (s->_records == 0)
        printf("%-28s %-12s %9s  %s\n", "type", "outcome", "records", "why");
    printf("%-28s %-12s %9" PRIu64 "%s%s\n", *type ? type : "-", outcome, n, *reason ? "  " : "",
           reason);
    s->_records += n;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (strcmp(outcome, faults[i]) == 0)
            s->_at_fault += n;
}

void import_screen_end(struct import_screen *s)
{
    double seconds = now() - s->_began;

    wipe(s);
    printf("%" PRIu64 " records in %.1f s (%.0f/s)", s->_records, seconds,
           (double)s->_records / MAX(seconds, 0.001));
    if (s->_at_fault > 0)
        printf(", %" PRIu64 " of them not in", s->_at_fault);
    putchar('\n');
}

bool import_screen_at_fault(const struct import_screen *s)
{
    return s->_at_fault > 0;
}
