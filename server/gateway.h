/* server/gateway.h: where messages leave: somebody's HTTP API, or a file (for a demo, or to be carried on from there).
 *
 * Blocking: for `tolqujat messages`, a process of its own, never on the loop. A gateway is given some messages at once and says of
 * each what became of it; it may be given the same one again later, with the same key. */
#ifndef SERVER_GATEWAY_H
#define SERVER_GATEWAY_H

#include <stdint.h>

#include "base/macros.h"

struct err;
struct gateway;

enum gateway_outcome {
    GATEWAY_AGAIN, /* it was not taken, or nobody knows */
    GATEWAY_SENT,
    GATEWAY_DEAD /* the message itself was refused: to send it again would change nothing */
};

/* Texts belong to the caller. */
struct gateway_message {
    const char *key, *kind, *channel, *recipient, *language, *said;
    enum gateway_outcome outcome; /* set by gateway_send, as are the next two */
    uint32_t pause_s;             /* the gateway asked for so long; 0: it did not say */
    char why[120];                /* for what was not sent; never what it says or whom to */
};

struct gateway_config {
    const char *where;      /* http://..., https://..., or file:PATH */
    const char *token_file; /* NULL: none; else "Authorization: Bearer " and its first line */
    unsigned timeout_s;     /* for one message */
};

/* ERR_CONFIG, ERR_MEMORY. */
int gateway_open(struct gateway **ret, const struct gateway_config *config,
                 struct err *reterr) MUSTCHECK;
void gateway_send(struct gateway *g, struct gateway_message *messages, uint32_t n);
void gateway_close(struct gateway *g); /* NULL is fine */

/* What each kind of gateway is, for gateway.c alone. */
struct gateway {
    void (*send)(struct gateway *g, struct gateway_message *messages, uint32_t n);
    void (*close)(struct gateway *g);
};
int gateway_http_open(struct gateway **ret, const struct gateway_config *config,
                      struct err *reterr) MUSTCHECK;
int gateway_file_open(struct gateway **ret, const struct gateway_config *config,
                      struct err *reterr) MUSTCHECK;

/* The message as a JSON object, to be freed; NULL: no memory. */
char *gateway_json(const struct gateway_message *m) MUSTCHECK;

#endif
