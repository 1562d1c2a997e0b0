/* server/supervisor.h: several workers on one port: starts them, starts again what dies, ends them together.
 *
 * It holds the port with a socket that does not listen, so that the port stays the same while workers come and
 * go; it serves nothing itself, and so has nothing to crash on. */
#ifndef SERVER_SUPERVISOR_H
#define SERVER_SUPERVISOR_H

struct service;

/* Returns the exit status: 0 after SIGTERM or SIGINT and a drain, 1 when workers had to be killed, 2 when the
 * port can't be had. In a worker it returns that worker's status. */
int supervisor_run(struct service *service);

#endif
