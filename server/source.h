/* server/source.h: where query/, cache/ and db/ meet: rows from the caches first, what is missing from
 * PostgreSQL. One for each worker. */
#ifndef SERVER_SOURCE_H
#define SERVER_SOURCE_H

#include "query/source.h"

struct cache;
struct db;
struct generations;

struct row_source {
    struct source source; /* what the engine sees */
    struct cache *_cache;
    struct db *_db;
    struct generations *_generations;
};

/* All of them must outlive it; `generations` are those that the cache goes by. */
void row_source_init(struct row_source *s, struct cache *cache, struct db *db,
                     struct generations *generations);

#endif
