/* server/owners.h: the numbers under which workers mark what they are about to change (cache/cache.h). For the supervisor.
 *
 * What a dead worker had marked is taken back, and its number is given to another, only when the database sessions in which
 * it changed something are gone: a COMMIT that it had sent may still take effect until then, however long that lasts, and
 * whoever read before would be believed after. Who asks for those sessions is a process of its own, since asking may block.
 * Marks that stay meanwhile make their records slow, never wrong. */
#ifndef SERVER_OWNERS_H
#define SERVER_OWNERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cache/cache.h"

struct owners {
    struct generations *generations;
    const char *conninfo; /* outlives it */
    uint32_t instance;    /* in the names of those sessions */
    struct {
        bool taken;
        pid_t dead;  /* the worker that had it; 0: it lives, or nobody has it */
        pid_t asker; /* 0: nobody asks just now */
        uint64_t ask_at_ms;
    } _at[GENERATIONS_OWNERS];
};

/* A number that is free; -1: there is none for now. */
int owners_take(struct owners *o);
/* It will not be used after all. */
void owners_return(struct owners *o, unsigned owner);
/* The worker that had the number has died. */
void owners_died(struct owners *o, unsigned owner, pid_t worker, uint64_t now_ms);
/* A child of the supervisor has ended, with this status of waitpid: it may be one that asked. */
void owners_reap(struct owners *o, pid_t pid, int status, uint64_t now_ms);
/* Asks where it is time to. Returns in how many ms it will be again, or UINT64_MAX. */
uint64_t owners_turn(struct owners *o, uint64_t now_ms);

#endif
