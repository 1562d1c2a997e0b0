/* server/messages_stats.h: what became of messages, as a file in Prometheus's text format, which an exporter of files reads: `tolqujat
 * messages` answers nobody. Kinds of messages are labels; people are in none. */
#ifndef SERVER_MESSAGES_STATS_H
#define SERVER_MESSAGES_STATS_H

#include <stdint.h>

#include "base/macros.h"
#include "server/gateway.h"

struct err;
struct session;

struct messages_stats {
    uint64_t by_outcome[3]; /* since the start */
};

void messages_stats_count(struct messages_stats *s, enum gateway_outcome outcome);
/* Of those that were counted as to be tried again, so many are not, and are dead letters. */
void messages_stats_out_of_tries(struct messages_stats *s, uint64_t n);

/* Asks what waits, and puts a new file in the place of the old one. A file that can't be written is a line of the log. ERR_DATABASE. */
int messages_stats_write(const struct messages_stats *s, struct session *session, const char *path,
                         struct err *reterr) MUSTCHECK;

#endif
