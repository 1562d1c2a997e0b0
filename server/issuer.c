/* server/issuer.c: see server/issuer.h. */
#include "server/issuer.h"

#include "base/err.h"
#include "base/macros.h"
#include "server/card.h"
#include "server/file_link.h"

static int issue(struct issuer *issuer, enum codec codec, struct str text, struct buf *out)
{
    const struct server_issuer *s = container_of(issuer, struct server_issuer, issuer);

    if (codec == CODEC_SIGNED)
        return s->card_key ? card_sign(s->card_key, text, out) : ERR_CONFIG;
    return s->links ? file_link_add(s->link_key, text, out) : ERR_CONFIG;
}

void server_issuer_init(struct server_issuer *s)
{
    s->issuer.issue = issue;
}
