/* cache/worth.h: how many values a second are worth putting into Redis.
 *
 * A value that is stored costs three commands and the bytes; a value that is read back spares PostgreSQL one key
 * of a batch, but costs this process a little more than the batch would have. Reckoned from CPU a request with and
 * without Redis on one machine (not measured by itself), a store pays after some sixteen reads. So the rate follows what comes back: a hot set is stored at once and at
 * any rate it needs, a sweep over millions of people hardly at all.
 *
 * Layer: cache; no clock and no counter of its own. */
#ifndef CACHE_WORTH_H
#define CACHE_WORTH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    WORTH_READS = 16,      /* of a stored value, for its storing to pay */
    WORTH_RATE_MIN = 50,   /* stores a second, to see whether they pay by now */
    WORTH_RATE_MAX = 2000, /* so that storing never takes more than a few per cent of the loop */
    WORTH_BURST = 4000
};

struct worth {
    uint64_t at_ms;       /* when the rate was last looked at */
    uint32_t rate, left;  /* stores a second; left of this one */
    bool fixed;           /* the rate is what somebody said */
    uint32_t stored;      /* since at_ms */
    uint64_t reads;       /* what the counter stood at then */
    double stores_recent; /* both fade: half of them in about 20 seconds */
    double reads_recent;
};

/* `stores` a second, whatever comes back; 0: as above. */
void worth_init(struct worth *w, uint64_t now_ms, uint32_t stores);
/* May one more value be stored? Counts it when so. `reads`: all values read from Redis so far. */
bool worth_take(struct worth *w, uint64_t now_ms, uint64_t reads);

#endif
