/* cache/share.c: hot tables by way of Redis. */
#include "base/err.h"
#include "cache/cache_priv.h"

int cache_hot_load(struct cache *c, struct cache_hot_load *load)
{
    return ERR_NOT_FOUND;
}
void cache_hot_publish(struct cache *c, const struct table *table)
{
}
void share_on_change(struct cache *c, bool up)
{
}
void share_end(struct cache *c)
{
}
