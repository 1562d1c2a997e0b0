/* server/messages.h: `tolqujat messages`: hands out what private.outbox holds to a gateway, until it is told to end.
 *
 * A process of its own, so that it may block, and what it does holds up no answer. Several may run: each takes other messages. What
 * it took and did not settle (it was killed) is due again after --lease-seconds: a message arrives at least once, each time
 * with the same key. */
#ifndef SERVER_MESSAGES_H
#define SERVER_MESSAGES_H

struct config;

/* Returns the exit status: 0 after SIGTERM or SIGINT (or, with --until-empty, when nothing is due any more), 1 when it can't go on, 2 when something is set
 * wrongly. */
int messages_run(const struct config *config);

#endif
