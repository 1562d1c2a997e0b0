/* cache/worth.c: see cache/worth.h. */
#include "cache/worth.h"

#include "base/macros.h"

#define FADE 0.966 /* of a second */

enum {
    LOOK_MS = 1000,
    IDLE_SECONDS_MAX = 200 /* longer, and nothing recent is left */
};

void worth_init(struct worth *w, uint64_t now_ms, uint32_t stores)
{
    *w = (struct worth){.at_ms = now_ms, .rate = WORTH_RATE_MAX, .left = WORTH_BURST};
    if (stores)
        w->rate = w->left = stores;
    w->fixed = stores > 0;
}

static void look(struct worth *w, uint64_t now_ms, uint64_t reads)
{
    uint64_t seconds = MIN((now_ms - w->at_ms) / LOOK_MS, (uint64_t)IDLE_SECONDS_MAX);

    for (uint64_t i = 0; i < seconds; i++) {
        w->stores_recent *= FADE;
        w->reads_recent *= FADE;
    }
    w->stores_recent += w->stored;
    w->reads_recent += (double)(reads - w->reads);
    if (!w->fixed)
        w->rate = w->reads_recent >= WORTH_READS * w->stores_recent
                      ? MIN(w->rate * 2, (uint32_t)WORTH_RATE_MAX)
                      : MAX(w->rate / 2, (uint32_t)WORTH_RATE_MIN);
    w->at_ms = now_ms;
    w->reads = reads;
    w->stored = 0;
    w->left = w->rate;
}

bool worth_take(struct worth *w, uint64_t now_ms, uint64_t reads)
{
    if (now_ms - w->at_ms >= LOOK_MS)
        look(w, now_ms, reads);
    if (w->left == 0)
        return false;
    w->left--;
    w->stored++;
    return true;
}
