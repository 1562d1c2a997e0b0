/* server/worker.h: one reactor: a loop with an HTTP server, GraphQL, caches and database behind it.
 *
 * It listens from the first moment. What needs the database is opened when the schema has been compared with
 * it; until then /graphql and /readyz say 503. Things are opened in the order loop, http, db, cache, hot records,
 * graphql, and closed the other way round, each with its callback, until the loop is empty. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <signal.h>
#include <stdbool.h>

struct service;

struct worker_start {
    struct service *service;
    unsigned index;  /* from 0 */
    bool supervised; /* one of several: the port is shared, and a second SIGTERM changes nothing */
    const sigset_t *signals; /* that are blocked once it hears them; NULL: those that are blocked */
    unsigned port;
    int ready_fd; /* a byte is written here when it listens; -1: it logs so itself */
};

/* Runs until it is told to end. Returns the exit status of the process: 0 after a drain, 1 when something failed,
 * 2 when it can't listen. */
int worker_run(const struct worker_start *start);

#endif
