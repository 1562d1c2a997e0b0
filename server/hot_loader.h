/* server/hot_loader.h: fills the hot tables of a worker, at start and again from time to time.
 *
 * One table after the other: from Redis when another worker has left them there, else from PostgreSQL, and
 * then into Redis for the others. When both fail it tries again after a pause; meanwhile look-ups
 * simply go to the database. Refreshing keeps what other systems changed from being old for long. */
#ifndef SERVER_HOT_LOADER_H
#define SERVER_HOT_LOADER_H

#include <stdbool.h>

#include "base/access.h"
#include "base/macros.h"

struct cache;
struct db;
struct err;
struct hot_loader;
struct uv_loop_s;

/* Starts at once. `refresh_s`: seconds between two fillings; 0: only once. The others must outlive it. */
int hot_loader_start(struct hot_loader **ret, struct uv_loop_s *loop, const struct access *access,
                     struct cache *cache, struct db *db, unsigned refresh_s,
                     struct err *reterr) MUSTCHECK;

/* True when every hot table has been filled at least once. */
bool hot_loader_ready(const struct hot_loader *h);

/* Stops; what is under way ends first (db_close or cache_close end it), then on_stopped is called and the
 * loader is gone. */
void hot_loader_stop(struct hot_loader *h, void (*on_stopped)(void *data), void *data);

#endif
