/* server/check.h: `tolqujat check`: the schema file, the documents beside it, and both against the live database. */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

struct config;

/* Prints what was found. The exit status: 0 when it fits, 1 when not, 2 when a file itself is at fault. */
int check_run(const struct config *config);

#endif
