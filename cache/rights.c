/* cache/rights.c: what somebody may see of whom, remembered for moments. Layer: cache; base/ and uv.h.
 *
 * Kept apart from the data, by who asks and whose record it is. What changes a right is a row of that record (a grant,
 * an attachment, a visit to come), so its generation says whether an answer still counts: whoever revokes a right marks the
 * slot before COMMIT, and the next question goes to the database, in every worker. Generations know nothing of time that
 * passes (a grant that ends) nor of rows that are nobody's record (a post), so an answer counts only for a second or so. */
#include "cache/cache_priv.h"
#include "cache/ident.h"
#include "cache/value.h"

/* The name in c->name, and the slot of whose record it is. False: too long, or no memory. */
static bool name_of(struct cache *c, const struct access_path *path, const struct key *key,
                    uint32_t *ret_slot)
{
    const struct key subject = {.part = {key->part[1]}};

    *ret_slot = generations_slot(c->g, path->subject, &subject);
    return ident_rights_name(&c->name, path, key);
}

static bool counts(const struct cache *c, const struct local_entry *e, uint32_t slot)
{
    const struct value_head *h = value_head(e->value);
    struct slot_view v = generations_view(c->g, slot);
    unsigned lasts_s = cache_is_followed(c) ? c->rights_s : MIN(c->rights_s, UNFOLLOWED_TTL_S);

    return e->epoch == generations_epoch(c->g) && !v.marked && h->generation == v.generation &&
           cache_now_s(c) < h->born_s + lasts_s;
}

bool cache_rights_get(struct cache *c, const struct access_path *path, const struct key *key,
                      struct arena *arena, struct slice *ret)
{
    struct local_entry *e;
    uint32_t slot;

    if (c->closing || c->rights_s == 0 || !name_of(c, path, key, &slot))
        return false;
    e = local_get(&c->rights, buf_str(&c->name));
    if (!e)
        return false;
    if (!counts(c, e, slot)) {
        local_drop(&c->rights, e);
        return false;
    }
    if (!value_get_rows(e->value, e->len, value_head(e->value)->n_rows, arena, ret))
        return false;
    c->stats.rights_hits++;
    return true;
}

struct cache_moment cache_now(const struct cache *c)
{
    struct token t = generations_token(c->g);

    return (struct cache_moment){t.epoch, t.clock};
}

void cache_rights_put(struct cache *c, const struct access_path *path, const struct key *key,
                      struct cache_moment asked, const struct slice *slice)
{
    struct token token = {asked._epoch, asked._clock};
    struct value_head h = {.unit = path->id, .born_s = cache_now_s(c), .complete = true};
    uint32_t slot;

    if (c->closing || c->rights_s == 0 || !name_of(c, path, key, &slot) ||
        !generations_holds(c->g, token, slot, &h.generation))
        return;
    buf_clear(&c->value);
    if (value_add_rows(&c->value, &h, slice))
        local_put(&c->rights, buf_str(&c->name), token.epoch, buf_str(&c->value));
}
