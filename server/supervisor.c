/* server/supervisor.c: see server/supervisor.h. No loop: it sleeps in sigtimedwait until a signal comes or
 * a worker's time to start again has come.
 *
 * A worker that dies within STEADY_MS of its start is started again after a pause that doubles from
 * PAUSE_MIN_MS to PAUSE_MAX_MS; one that lived longer, or was ended by SIGTERM from outside, at once, under
 * another number: see server/owners.h. */
#include "server/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cache/cache.h"
#include "server/config.h"
#include "server/http/server.h"
#include "server/metrics.h"
#include "server/owners.h"
#include "server/service.h"
#include "server/worker.h"

enum {
    STEADY_MS = 5000,
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 5000,
    NUMBER_MS = 100, /* until there may be a number for a worker */
    READY_WAIT_MS = 10000,
    GRACE_MS = 2000, /* beyond the drain, before SIGKILL */
    LOOK_MS =
        1000 /* at the keys of tokens: a worker that is started must not bring old ones back */
};

struct child {
    pid_t pid; /* 0: none runs */
    uint64_t started_ms;
    uint64_t start_at_ms; /* when it is to be started again; 0: at once */
    unsigned owner;       /* its number for marks */
    uint64_t pause_ms;
};

struct supervisor {
    struct service *service;
    struct child *child;
    struct owners owners;
    unsigned n, port;
    int hold_fd;
    sigset_t signals, before;
    bool stopping, killed;
    uint64_t kill_at_ms;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* In the new process. Never returns to the supervisor's loop. Signals stay blocked until the worker hears them: those that tell
 * all workers to read something again would end it before. */
static int child_main(struct supervisor *s, unsigned index, unsigned owner, pid_t parent,
                      int ready_fd)
{
    char name[16]; /* as long as Linux lets one be */
    struct worker_start start = {.service = s->service,
                                 .index = index,
                                 .supervised = true,
                                 .signals = &s->before,
                                 .port = s->port,
                                 .ready_fd = ready_fd};

    snprintf(name, sizeof name, "tolqujat-w%u", index);
    prctl(PR_SET_NAME, name);         /* for top, and to be told from server/owners.h's children */
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody would restart or stop it any more */
    if (getppid() != parent)
        return 0;
    close(s->hold_fd);
    free(s->child);
    s->child = NULL;
    if (generations_set_owner(s->service->generations, owner) < 0)
        log_error("worker %u has no owner's number", index);
    return worker_run(&start);
}

/* Returns true in the child, with its exit status in *status. */
static bool start_child(struct supervisor *s, unsigned index, int ready_fd, int close_fd,
                        int *status)
{
    struct child *c = &s->child[index];
    pid_t parent = getpid(), pid;
    int owner = owners_take(&s->owners);

    if (owner < 0) { /* all of them: those of the dead will be free soon */
        c->start_at_ms = now_ms() + NUMBER_MS;
        return false;
    }
    pid = fork();
    if (pid == 0) {
        if (close_fd >= 0)
            close(close_fd);
        *status = child_main(s, index, (unsigned)owner, parent, ready_fd);
        return true;
    }
    c->started_ms = now_ms();
    if (pid < 0) {
        owners_return(&s->owners, (unsigned)owner);
        log_error("worker %u can't be started: %s", index, strerror(errno));
        c->start_at_ms = c->started_ms + PAUSE_MAX_MS;
        return false;
    }
    c->pid = pid;
    c->owner = (unsigned)owner;
    return false;
}

static void child_ended(struct supervisor *s, unsigned index, int status)
{
    struct child *c = &s->child[index];
    uint64_t now = now_ms();
    bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

    owners_died(&s->owners, c->owner, c->pid, now);
    c->pid = 0;
    if (s->stopping) {
        if (!well)
            log_warn("worker %u did not end well", index);
        return;
    }
    c->pause_ms = well || now - c->started_ms > STEADY_MS ? 0
                  : c->pause_ms                           ? MIN(c->pause_ms * 2, PAUSE_MAX_MS)
                                                          : PAUSE_MIN_MS;
    c->start_at_ms = now + c->pause_ms;
    if (WIFSIGNALED(status))
        log_warn("worker %u was killed by signal %d; starting it again in %llu ms", index,
                 WTERMSIG(status), (unsigned long long)c->pause_ms);
    else
        log_warn("worker %u ended with status %d; starting it again in %llu ms", index,
                 WEXITSTATUS(status), (unsigned long long)c->pause_ms);
    metrics_restarted(s->service->metrics, index);
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        owners_reap(&s->owners, pid, status, now_ms());
        for (unsigned i = 0; i < s->n; i++)
            if (s->child[i].pid == pid)
                child_ended(s, i, status);
    }
}

static void signal_all(struct supervisor *s, int signum)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->child[i].pid)
            kill(s->child[i].pid, signum);
}

static void stop(struct supervisor *s)
{
    if (s->stopping) {
        log_warn("told to end again: killing the workers");
        s->killed = true;
        signal_all(s, SIGKILL);
        return;
    }
    log_info("ending: the workers finish what is in flight");
    s->stopping = true;
    s->kill_at_ms = now_ms() + (uint64_t)s->service->config->drain_seconds * 1000 + GRACE_MS;
    signal_all(s, SIGTERM);
}

/* Does what is due. Returns the time until something else is, or UINT64_MAX. True in *is_child: see there. */
static uint64_t do_due(struct supervisor *s, bool *is_child, int *status)
{
    uint64_t now = now_ms(), next = owners_turn(&s->owners, now);

    for (unsigned i = 0; i < s->n; i++) {
        struct child *c = &s->child[i];
        if (c->pid || s->stopping)
            continue;
        if (now < c->start_at_ms) {
            next = MIN(next, c->start_at_ms - now);
            continue;
        }
        *is_child = start_child(s, i, -1, -1, status);
        if (*is_child)
            return 0;
    }
    if (s->stopping && !s->killed) {
        if (now >= s->kill_at_ms) {
            log_warn("workers do not end: killing them");
            s->killed = true;
            signal_all(s, SIGKILL);
        } else {
            next = MIN(next, s->kill_at_ms - now);
        }
    }
    return next;
}

static bool any_runs(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->child[i].pid)
            return true;
    return false;
}

/* Read here too, as a worker that is started later inherits what is read here. */
static void hang_up(struct supervisor *s)
{
    bool tell = s->service->keyring != NULL;

    service_follow_keys(s->service, true);
    if (s->service->config->trusted_documents && service_read_trusted_again(s->service))
        tell = true;
    if (tell)
        signal_all(s, SIGHUP);
}

static int supervise(struct supervisor *s)
{
    while (!s->stopping || any_runs(s)) {
        bool is_child = false;
        int status = 0, signum;
        uint64_t wait = do_due(s, &is_child, &status);
        struct timespec t;

        if (is_child)
            return status;
        wait = MIN(wait, (uint64_t)(s->service->keyring ? LOOK_MS : 60000));
        t = (struct timespec){(time_t)(wait / 1000), (long)(wait % 1000) * 1000000};
        signum = sigtimedwait(&s->signals, NULL, &t);
        if (signum == SIGTERM || signum == SIGINT)
            stop(s);
        if (signum == SIGHUP)
            hang_up(s);
        else
            service_follow_keys(s->service, false);
        reap(s);
    }
    return s->killed;
}

/* Waits until all listen, so that the address is printed when it works. */
static void wait_ready(struct supervisor *s, int fd)
{
    uint64_t until = now_ms() + READY_WAIT_MS;
    unsigned ready = 0;
    char bytes[64];

    while (ready < s->n) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now = now_ms();
        ssize_t got;
        if (now >= until || poll(&p, 1, (int)(until - now)) <= 0)
            break;
        got = read(fd, bytes, sizeof bytes);
        if (got <= 0)
            break;
        ready += (unsigned)got;
    }
    if (ready < s->n)
        log_warn("only %u of %u workers listen so far", ready, s->n);
}

static int take_port(struct supervisor *s, struct err *reterr)
{
    const struct config *c = s->service->config;
    int probe, rc;

    /* Without sharing first: nobody else may listen there, another Tölqujat of this user included. */
    rc = http_bind(c->listen, (unsigned)c->port, false, &probe, &s->port, reterr);
    if (rc < 0)
        return rc;
    close(probe);
    return http_bind(c->listen, s->port, true, &s->hold_fd, &s->port, reterr);
}

int supervisor_run(struct service *service)
{
    struct supervisor s = {.service = service,
                           .n = (unsigned)service->config->workers,
                           .owners = {.generations = service->generations,
                                      .conninfo = service->config->database,
                                      .instance = service->instance}};
    struct err err = {0};
    int ready[2], status = 0;

    s.child = calloc(s.n, sizeof *s.child);
    if (!s.child || pipe(ready) < 0) {
        log_error("no memory for workers");
        free(s.child);
        return 1;
    }
    if (take_port(&s, &err) < 0) {
        log_error("%s", err.message);
        close(ready[0]);
        close(ready[1]);
        free(s.child);
        return 2;
    }
    sigemptyset(&s.signals);
    sigaddset(&s.signals, SIGTERM);
    sigaddset(&s.signals, SIGINT);
    sigaddset(&s.signals, SIGCHLD);
    if (service->config->trusted_documents || service->keyring)
        sigaddset(&s.signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &s.signals, &s.before);
    for (unsigned i = 0; i < s.n; i++)
        if (start_child(&s, i, ready[1], ready[0], &status))
            return status;
    close(ready[1]);
    wait_ready(&s, ready[0]);
    close(ready[0]);
    service_log_address(service, s.port);
    status = supervise(&s);
    if (s.child)
        close(s.hold_fd);
    free(s.child);
    return status;
}
