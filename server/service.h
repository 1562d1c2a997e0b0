/* server/service.h: what is made once, before any worker, and then shared by all of them.
 *
 * Made in the one process that the operator starts; workers that are forked inherit it. What lies in shared
 * memory (generations, metrics) is written by all; the rest is constant from then on. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"
#include "server/document_routes.h"
#include "server/issuer.h"

struct card_key;
struct config;
struct cost_limits;
struct document_limits;
struct err;
struct generations;
struct keyring;
struct metrics;
struct ring;
struct schema;
struct secret;
struct static_files;
struct trusted;

enum {
    CACHE_SECRET_BYTES = 32
};

struct service {
    const struct config *config;
    struct arena arena;
    struct schema *schema;
    bool checked; /* the schema has been compared with the database: db_check's fields are set */
    struct generations *generations;
    struct ring *ring; /* the cache that the workers share; NULL: none */
    struct metrics *metrics;
    struct static_files *files;            /* NULL: no IDE */
    struct document_routes documents;      /* that are asked for by a path */
    struct trusted *trusted;               /* NULL: any document may run */
    struct keyring *keyring;               /* of tokens; NULL: none count */
    struct secret *secret;                 /* the operator's */
    struct card_key *card_key;             /* NULL: no cards are signed */
    struct server_issuer issuer;           /* of cards and links */
    int images;                            /* the folder of the store; -1: none */
    char cache_secret[CACHE_SECRET_BYTES]; /* of the keys in Redis; new at each start */
    uint32_t instance;                     /* in the names of its sessions; new at each start */
    char namespace_[17];                   /* tells schema versions apart in one Redis */
};

/* Reads the schema file and builds it. ERR_CONFIG with "FILE:LINE: reason" in the message. */
int service_read_schema(struct arena *arena, const char *path, struct schema **ret,
                        struct err *reterr) MUSTCHECK;

/* 0; ERR_CONFIG for what the operator must put right, else what failed. A database that can't be reached is no
 * failure: workers go on trying. `config` must outlive it. service_release afterwards in any case. */
int service_prepare(struct service *s, const struct config *config, struct err *reterr) MUSTCHECK;
void service_release(struct service *s);

/* Whether the database is what this program wants: not older, and as the schema file says. What does no harm is in the log. 0, ERR_DATABASE
 * (it can't be reached), or ERR_DATA (it does not fit, and why). Blocking, on any thread. */
int service_check_database(const struct service *s, struct err *reterr) MUSTCHECK;

/* Reads the manifest of trusted documents anew, and says so in the log. False: it is bad, and the list is the one
 * before. The old list is freed: nobody may hold it. */
bool service_read_trusted_again(struct service *s);

/* The supervisor's way of keeping what workers to come begin with: looks whether the keys of tokens have changed;
 * `again`: reads them in any case. */
void service_follow_keys(struct service *s, bool again);

/* "listening on http://HOST:PORT/", in the log. */
void service_log_address(const struct service *s, unsigned port);

/* The limits that the flags set: of documents, and of what a request may cost. */
void service_limits(const struct config *c, struct document_limits *ret_documents,
                    struct cost_limits *ret_cost);

#endif
