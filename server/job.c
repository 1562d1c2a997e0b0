/* server/job.c: see server/job.h. */
#include "server/job.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/macros.h"
#include "db/session.h"
#include "server/config.h"

/* Who is gone is noticed while a step runs, and its lock is free again. */
#define SETTINGS                                                                                   \
    "-c jit=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=60000 "              \
    "-c client_connection_check_interval=1000"

#define TERMINAL_S 0.2
#define LOG_S 10.0

struct job {
    const char *name, *month;
    struct session *session;
    bool at_once; /* one transaction from begin to end */
    bool unsure;  /* it was to be committed, and nobody has said that it was */
    bool terminal, shown;
    double began, shown_at;
    uint64_t people, done;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signum)
{
    (void)signum;
    interrupted = 1;
}

static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* who reads our output may go; the job stays */
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- how far it is ---- */

static void wipe(struct job *j)
{
    if (j->shown)
        fputs("\r\033[K", stderr);
    j->shown = false;
}

static void show_progress(struct job *j)
{
    double t = now();

    if (t - j->shown_at < (j->terminal ? TERMINAL_S : LOG_S))
        return;
    wipe(j);
    j->shown_at = t;
    fprintf(stderr, "%s %s: %" PRIu64 " of %" PRIu64 " people, %.0f/s%s", j->name, j->month,
            j->done, j->people, (double)j->done / (t - j->began), j->terminal ? "" : "\n");
    j->shown = j->terminal;
    fflush(stderr);
}

/* ---- what is asked of the database ---- */

/* A function of the job, its month and, where there is one, `more`. */
static int call(struct job *j, const char *sql, const char *more, struct err *reterr)
{
    struct session_param params[] = {
        {.value = str_of(j->name)}, {.value = str_of(j->month)}, {.value = str_of(more)}};

    return session_run(j->session, sql, *more ? 3 : 2, params, reterr);
}

static bool is_true(const struct session *s, uint32_t column)
{
    return strcmp(session_text(s, 0, column), "t") == 0;
}

static int begin(struct job *j, struct err *reterr)
{
    int rc = 0;

    if (j->at_once)
        rc = session_run(j->session, "BEGIN ISOLATION LEVEL REPEATABLE READ", 0, NULL, reterr);
    if (rc == 0)
        rc = call(j, "SELECT job_begin($1, $2)", "", reterr);
    if (rc == 0)
        j->people = strtoull(session_text(j->session, 0, 0), NULL, 10);
    return rc;
}

/* Until there is nobody left, or a signal has come. */
static int take_steps(struct job *j, struct err *reterr)
{
    char after[24] = "0";

    while (!interrupted) {
        const char *until;
        int rc = call(j, "SELECT until, people FROM job_step($1, $2, $3)", after, reterr);
        if (rc < 0)
            return rc;
        until = session_text(j->session, 0, 0);
        if (!*until)
            return 0;
        snprintf(after, sizeof after, "%s", until);
        j->done += strtoull(session_text(j->session, 0, 1), NULL, 10);
        show_progress(j);
    }
    return 0;
}

static int end(struct job *j, struct err *reterr)
{
    char rows[24], snapshot[64];
    int rc = call(j, "SELECT rows_written, snapshot_at FROM job_end($1, $2)", "", reterr);

    if (rc < 0)
        return rc;
    snprintf(rows, sizeof rows, "%s", session_text(j->session, 0, 0));
    snprintf(snapshot, sizeof snapshot, "%s", session_text(j->session, 0, 1));
    if (j->at_once)
        rc = session_run(j->session, "COMMIT", 0, NULL, reterr);
    j->unsure = rc < 0 && session_fault(j->session) == PG_LOST;
    wipe(j);
    if (rc == 0)
        printf("%s %s: %s rows, as of %s (%.1f s)\n", j->name, j->month, rows, snapshot,
               now() - j->began);
    return rc;
}

/* ---- all of it ---- */

static int refuse(const char *why, int status)
{
    fprintf(stderr, "tolqujat run: %s\n", why);
    return status;
}

static int claim(struct job *j)
{
    struct err err = {0};

    if (call(j, "SELECT busy, at_once FROM job_claim($1, $2)", "", &err) < 0)
        return refuse(err.message, session_fault(j->session) == PG_RULE ? JOB_USAGE : JOB_FAILED);
    j->at_once = is_true(j->session, 1);
    return is_true(j->session, 0) ? refuse("another run is at this month; it goes on", JOB_BUSY)
                                  : JOB_DONE;
}

static int run_claimed(struct job *j)
{
    struct err err = {0};
    int rc = begin(j, &err);

    if (rc == 0)
        rc = take_steps(j, &err);
    if (rc == 0 && !interrupted)
        rc = end(j, &err);
    wipe(j);
    if (rc == 0 && !interrupted)
        return JOB_DONE;
    fprintf(stderr, "tolqujat run: %s; %s\n", rc < 0 ? err.message : "interrupted",
            j->unsure    ? "it may be done all the same, and can be run again"
            : j->at_once ? "nothing was changed"
                         : "the same command goes on from there");
    return JOB_FAILED;
}

int job_run(const struct config *config)
{
    struct job j = {.name = config->job.name,
                    .month = config->job.month,
                    .terminal = isatty(STDERR_FILENO) == 1,
                    .began = now()};
    struct err err = {0};
    int status;

    heed_signals();
    j.shown_at = j.began;
    if (session_open(&j.session, config->database, SETTINGS, &err) < 0)
        return refuse(err.message, err.code == ERR_CONFIG ? JOB_USAGE : JOB_FAILED);
    status = claim(&j);
    if (status == JOB_DONE)
        status = run_claimed(&j);
    session_close(j.session);
    return status;
}
