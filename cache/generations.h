/* cache/generations.h: what cache/ itself needs of the shared table of generations (see
 * generations.c for the argument); cache/cache.h has what writers and the supervisor call.
 * May include base/ only. All functions may be called by any process that shares the table. */
#ifndef CACHE_GENERATIONS_H
#define CACHE_GENERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct generations;
struct hot_log;
struct key;
struct table;

/* Taken before the database is asked; what it says may be kept only while the token holds. */
struct token {
    uint64_t epoch;
    uint64_t clock;
};

/* One slot at one moment. */
struct slot_view {
    uint64_t generation;
    bool marked;  /* a write is under way: neither serve nor keep */
    bool present; /* something may be in Redis */
};

/* The slot of an aggregate: its key as integers, or as text where the key column is text. */
uint32_t generations_slot(const struct generations *g, const struct table *aggregate,
                          const struct key *key);
/* The slot of any other name (an alias); nobody bumps it but by collision. */
uint32_t generations_slot_of(const struct generations *g, struct str id);

struct slot_view generations_view(const struct generations *g, uint32_t slot);
uint64_t generations_epoch(const struct generations *g);
struct token generations_token(const struct generations *g);
/* True when no write to the slot was acknowledged or was under way since the token was taken; then
 * `*ret_generation` is what a value read meanwhile is kept under. */
bool generations_holds(const struct generations *g, struct token t, uint32_t slot,
                       uint64_t *ret_generation);
/* True when that is so of all slots: for a row that is not there and so has no slot. */
bool generations_quiet(const struct generations *g, struct token t);

/* Which hot rows changed. */
struct hot_log *generations_hot(const struct generations *g);
/* False: what other systems changed may not have been heard of for a second. */
bool generations_followed(const struct generations *g, uint64_t now_ms);

void generations_set_present(struct generations *g, uint32_t slot);
/* Redis held nothing under the slot, which had this generation when it was asked. */
void generations_clear_present(struct generations *g, uint32_t slot, uint64_t generation);

/* The doorkeeper: was `id` missed within the last few seconds, by any worker? Remembers that it
 * was missed now. `now_s` is a monotonic clock of this machine. */
bool generations_seen(struct generations *g, struct str id, uint64_t now_s);

#endif
