/* cache/flight.h: single flight: look-ups of the same key and page wait for one answer.
 * Layer: cache; base/ only; no loop, no clock: cache/lookup.c decides what happens when.
 *
 *   ASKING  Redis is being asked; all are waiters
 *   LED     one of them, the leader, asks the database; the others wait
 *
 * A look-up is in at most one place: a flight's waiters (l->_flight set), a flight's leader
 * (l->_flight set, l->_link unlinked), or none. A flight that is listed can be found and joined. */
#ifndef CACHE_FLIGHT_H
#define CACHE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/macros.h"
#include "base/map.h"
#include "base/str.h"
#include "cache/generations.h"

struct cache_lookup;
struct ask;

struct cache_flight {
    struct list waiters;         /* cache_lookup._link, oldest first */
    struct cache_lookup *leader; /* NULL while ASKING */
    struct token token;
    struct ask *ask;      /* ASKING: what Redis is asked for; lookup.c's */
    struct list ask_link; /* in ask->flights */
    struct list _link;    /* in flights.all */
    bool listed;
    bool joined; /* more than one waited at some time: worth caching */
    bool seen;   /* the doorkeeper had seen it */
    struct str name;
};

struct flights {
    struct map _map;
    struct list all;
    uint32_t n_lookups; /* waiters and leaders */
};

void flights_init(struct flights *fs);
/* All flights must have ended. */
void flights_release(struct flights *fs);

/* The flight that can be joined, or NULL. */
struct cache_flight *flight_find(const struct flights *fs, struct str name);
/* A new one without look-ups, listed in place of an older one of that name (which goes on unlisted).
 * NULL: out of memory. */
struct cache_flight *flight_new(struct flights *fs, struct str name, struct token token);
/* No look-up may join any more. Idempotent. */
void flight_unlist(struct flights *fs, struct cache_flight *f);

void flight_wait(struct flights *fs, struct cache_flight *f, struct cache_lookup *l);
/* `l` (in no flight) leads a flight without a leader. */
void flight_lead(struct flights *fs, struct cache_flight *f, struct cache_lookup *l);
/* Takes the oldest waiter and makes it the leader; NULL: there is none. The flight has no leader. */
struct cache_lookup *flight_promote(struct cache_flight *f);
/* Takes a waiter or the leader out of its flight. */
void flight_leave(struct flights *fs, struct cache_lookup *l);
/* Ends a flight that has neither waiters nor a leader nor an ask: frees it. */
void flight_end(struct flights *fs, struct cache_flight *f);

#endif
