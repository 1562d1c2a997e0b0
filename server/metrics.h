/* server/metrics.h: figures of all workers, in memory that they share, as Prometheus text.
 *
 * Each worker writes its own slot and whichever is asked prints all of them, with a `worker` label. A worker
 * that is restarted goes on with its slot, so counters that are counted here do not fall; those copied
 * from db/, cache/ and http start anew, which Prometheus understands. Nothing in here tells one person, one
 * document or one address from another. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdint.h>

#include "base/macros.h"

struct audit_stats;
struct buf;
struct cache_stats;
struct db_stats;
struct err;
struct files_stats;
struct follower_stats;
struct graphql_stats;
struct http_stats;
struct metrics;

/* Made before the workers are forked. */
int metrics_open(struct metrics **ret, unsigned workers, struct err *reterr) MUSTCHECK;
void metrics_close(struct metrics *m);

/* A reply of `worker`, `us` after its head was complete (0: never was). */
void metrics_replied(struct metrics *m, unsigned worker, int status, uint64_t us);
/* Brings the copied figures up to date; each may be NULL. */
void metrics_publish(struct metrics *m, unsigned worker, const struct http_stats *http,
                     const struct db_stats *db, const struct cache_stats *cache,
                     const struct graphql_stats *graphql, const struct audit_stats *audit,
                     const struct files_stats *files, const struct follower_stats *follower);
/* The supervisor saw a worker die. */
void metrics_restarted(struct metrics *m, unsigned worker);

void metrics_write(const struct metrics *m, struct buf *out);

#endif
