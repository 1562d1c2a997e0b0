/* server/persisted.h: which document a request means.
 *
 *     query                        the text; with --trusted-documents, only one of those
 *     documentId (doc_id, id)      a trusted document by its id, or sha256:HEX by the hash of its text
 *     extensions.persistedQuery    by hash alone: a trusted document or one that a client registered before;
 *                                  with `query`: the same, checked against the text (Apollo's automatic
 *                                  persisted queries, version 1)
 *
 * With a list of trusted documents nothing can be registered and nothing else runs. */
#ifndef SERVER_PERSISTED_H
#define SERVER_PERSISTED_H

#include <stdbool.h>

#include "base/macros.h"
#include "query/cost.h"
#include "query/document.h"

struct err;
struct graphql_params;
struct trusted;

struct persisted {
    struct documents *documents;
    const struct trusted *trusted; /* NULL: any document may run */
    bool automatic;                /* clients may register documents */
};

/* 0: *ret is a reference, good or bad; *limits (set by the caller) are those that go with it: a trusted document may
 * have its own. ERR_PERSISTED_NOT_FOUND (send it with its text), ERR_PERSISTED_OFF (don't try hashes again),
 * ERR_NOT_TRUSTED, ERR_REQUEST (a hash that is not the text's), ERR_MEMORY, ERR_INTERNAL. */
int persisted_find(const struct persisted *p, const struct graphql_params *params,
                   struct compiled **ret, struct cost_limits *limits, struct err *reterr) MUSTCHECK;

/* An operation of `c`, which persisted_find gave for `params`, has passed every limit and will run: registers the
 * document when the client wants that. */
void persisted_passed(const struct persisted *p, const struct graphql_params *params,
                      struct compiled *c);

#endif
