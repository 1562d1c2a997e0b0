/* server/follower.h: what other systems write into the database, made known to the caches of all workers.
 *
 * One worker follows for all (db/follow.h): what it hears of, once everybody can see it (server/heard.h), it says in the table of generations that they share. A row of
 * a table that hangs on an aggregate voids what is cached of that one (of that patient); a row of a hot table that hot row; a
 * table that such a one `reads`, all of that; a table that none of this is true of, and a truncation, everything. While nobody is
 * known to be up to date, caches step back by themselves (cache/cache.h, generations_follow). */
#ifndef SERVER_FOLLOWER_H
#define SERVER_FOLLOWER_H

#include <stdint.h>

#include "base/macros.h"

struct access;
struct err;
struct follower;
struct generations;
struct uv_loop_s;

/* db_check must have run. The others must outlive it. */
int follower_open(struct follower **ret, struct uv_loop_s *loop, const char *conninfo,
                  const struct access *access, struct generations *generations,
                  struct err *reterr) MUSTCHECK;
void follower_close(struct follower *f, void (*on_closed)(void *data), void *data);

struct follower_stats {
    uint64_t changes; /* of rows that were heard of */
    uint64_t begun;   /* streams: after each everything that was cached is void */
    uint64_t
        voided_others; /* times that everything became void, as it was not known what a change was of */
};
void follower_get_stats(const struct follower *f, struct follower_stats *ret);

/* Blocking, for `tolqujat check`: whether changes can be followed. ERR_DATABASE with the reason. */
int follower_check(const char *conninfo, const struct access *access, struct err *reterr) MUSTCHECK;

#endif
