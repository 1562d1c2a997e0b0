/* server/issuer.h: what makes signed cells and links (struct issuer of base/access.h) with the keys that the operator gave. */
#ifndef SERVER_ISSUER_H
#define SERVER_ISSUER_H

#include <stdbool.h>

#include "base/access.h"
#include "base/seal.h"

struct card_key;

struct server_issuer {
    struct issuer issuer;
    const struct card_key *card_key; /* NULL: nothing is signed */
    bool links;                      /* there is a store that they lead to */
    unsigned char link_key[SEAL_BOX_KEY_BYTES];
};

/* Sets `issuer`; the other fields are the caller's to set. */
void server_issuer_init(struct server_issuer *s);

#endif
