/* cache/flight.c: see cache/flight.h. */
#include "cache/flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"

void flights_init(struct flights *fs)
{
    *fs = (struct flights){0};
    map_init(&fs->_map, NULL);
    list_init(&fs->all);
}

void flights_release(struct flights *fs)
{
    assert(list_empty(&fs->all) && fs->n_lookups == 0);
    map_release(&fs->_map);
}

struct cache_flight *flight_find(const struct flights *fs, struct str name)
{
    return map_get(&fs->_map, name);
}

struct cache_flight *flight_new(struct flights *fs, struct str name, struct token token)
{
    struct cache_flight *f = malloc(sizeof *f + name.len);
    struct cache_flight *old = map_get(&fs->_map, name);

    if (!f)
        return NULL;
    *f = (struct cache_flight){.token = token};
    memcpy(f + 1, name.ptr, name.len);
    f->name = (struct str){(const char *)(f + 1), name.len};
    list_init(&f->waiters);
    list_init(&f->ask_link);
    list_init(&f->_link);
    if (old)
        flight_unlist(fs, old); /* or the map would go on using its name */
    if (map_put(&fs->_map, f->name, f) < 0) {
        free(f);
        return NULL;
    }
    f->listed = true;
    list_push_back(&fs->all, &f->_link);
    return f;
}

void flight_unlist(struct flights *fs, struct cache_flight *f)
{
    if (f->listed)
        map_take(&fs->_map, f->name);
    f->listed = false;
}

void flight_wait(struct flights *fs, struct cache_flight *f, struct cache_lookup *l)
{
    f->joined = f->joined || f->leader || !list_empty(&f->waiters);
    l->_flight = f;
    list_push_back(&f->waiters, &l->_link);
    fs->n_lookups++;
}

void flight_lead(struct flights *fs, struct cache_flight *f, struct cache_lookup *l)
{
    assert(!f->leader);
    l->_flight = f;
    f->leader = l;
    fs->n_lookups++;
}

struct cache_lookup *flight_promote(struct cache_flight *f)
{
    struct cache_lookup *l;

    assert(!f->leader);
    if (list_empty(&f->waiters))
        return NULL;
    l = container_of(f->waiters.next, struct cache_lookup, _link);
    list_remove(&l->_link);
    f->leader = l;
    return l;
}

void flight_leave(struct flights *fs, struct cache_lookup *l)
{
    struct cache_flight *f = l->_flight;

    if (f->leader == l)
        f->leader = NULL;
    list_remove(&l->_link);
    l->_flight = NULL;
    fs->n_lookups--;
}

void flight_end(struct flights *fs, struct cache_flight *f)
{
    assert(!f->leader && list_empty(&f->waiters) && !f->ask);
    flight_unlist(fs, f);
    list_remove(&f->ask_link);
    list_remove(&f->_link);
    free(f);
}
