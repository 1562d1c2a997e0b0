/* server/owners.c: see server/owners.h. */
#include "server/owners.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "db/departed.h"

enum {
    ASK_FIRST_MS = 50, /* most sessions end with their connection */
    ASK_AGAIN_MS = 500,
    ASK_MAX_S = 5
};

int owners_take(struct owners *o)
{
    for (unsigned i = 0; i < GENERATIONS_OWNERS; i++)
        if (!o->_at[i].taken) {
            o->_at[i].taken = true;
            return (int)i;
        }
    return -1;
}

void owners_return(struct owners *o, unsigned owner)
{
    o->_at[owner].taken = false;
}

void owners_died(struct owners *o, unsigned owner, pid_t worker, uint64_t now_ms)
{
    o->_at[owner].dead = worker;
    o->_at[owner].ask_at_ms = now_ms + ASK_FIRST_MS;
}

void owners_reap(struct owners *o, pid_t pid, int status, uint64_t now_ms)
{
    for (unsigned i = 0; i < GENERATIONS_OWNERS; i++) {
        if (o->_at[i].asker != pid)
            continue;
        o->_at[i].asker = 0;
        o->_at[i].ask_at_ms = now_ms + ASK_AGAIN_MS;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            return;
        generations_clear_owner(o->generations, i);
        o->_at[i].dead = 0;
        o->_at[i].taken = false;
        return;
    }
}

/* In a process of its own: status 0 says that they are gone. */
_Noreturn static void ask(const struct owners *o, pid_t worker)
{
    struct err err = {0};

    prctl(PR_SET_NAME, "tolqujat-ask");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(ASK_MAX_S); /* a server that stands still: another will ask */
    _exit(departed_writers(o->conninfo, worker, o->instance, &err) == 0 ? 0 : 1);
}

uint64_t owners_turn(struct owners *o, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < GENERATIONS_OWNERS; i++) {
        if (!o->_at[i].dead || o->_at[i].asker)
            continue;
        if (now_ms >= o->_at[i].ask_at_ms) {
            pid_t pid = fork();
            if (pid == 0)
                ask(o, o->_at[i].dead);
            if (pid > 0) {
                o->_at[i].asker = pid;
                continue;
            }
            o->_at[i].ask_at_ms = now_ms + ASK_AGAIN_MS;
        }
        next = MIN(next, o->_at[i].ask_at_ms - now_ms);
    }
    return next;
}
