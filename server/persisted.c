/* server/persisted.c: see server/persisted.h. */
#include "server/persisted.h"

#include "base/err.h"
#include "server/graphql_json.h"
#include "server/trusted.h"

/* Apollo's words: clients compare them. */
static int not_found(struct err *reterr)
{
    return err_set(reterr, ERR_PERSISTED_NOT_FOUND, "PersistedQueryNotFound");
}

static int not_supported(struct err *reterr)
{
    return err_set(reterr, ERR_PERSISTED_OFF, "PersistedQueryNotSupported");
}

static int not_trusted(struct err *reterr)
{
    return err_set(reterr, ERR_NOT_TRUSTED,
                   "This document is not in the server's list of trusted documents; nothing else "
                   "may run.");
}

static bool same_hash(const struct sha256 *a, const struct sha256 *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The hash that came with a text must be its own: nobody gets to put one text behind the hash of another. */
static int check_hash(struct str hash, const struct compiled *c, struct err *reterr)
{
    struct sha256 said;

    if (sha256_read(hash, &said) && same_hash(&said, &c->hash))
        return 0;
    return err_set(reterr, ERR_REQUEST, "provided sha does not match query");
}

static int find_trusted(const struct trusted *t, const struct graphql_params *params,
                        struct compiled **ret, struct cost_limits *limits, struct err *reterr)
{
    struct str id = params->document_id.ptr ? params->document_id : params->persisted_hash;
    const struct trusted_document *named = id.ptr ? trusted_by_id(t, id) : NULL;
    const struct trusted_document *found = params->query.ptr ? trusted_by_text(t, params->query)
                                                             : named;

    if (!found)
        return not_trusted(reterr);
    if (id.ptr && (!named || !same_hash(&named->compiled->hash, &found->compiled->hash)))
        return err_set(reterr, ERR_REQUEST, "%s",
                       params->document_id.ptr ? "The document's id is not that of the text."
                                               : "provided sha does not match query");
    *limits = found->limits;
    *ret = compiled_ref(found->compiled);
    return 0;
}

static int find_registered(const struct persisted *p, const struct graphql_params *params,
                           struct compiled **ret, struct err *reterr)
{
    struct sha256 hash;
    struct compiled *c = NULL;

    if (sha256_read(params->persisted_hash, &hash))
        c = documents_registered(p->documents, &hash);
    if (!c)
        return not_found(reterr);
    *ret = c;
    return 0;
}

static int find_text(const struct persisted *p, const struct graphql_params *params,
                     struct compiled **ret, struct err *reterr)
{
    struct compiled *c;
    int rc = documents_get(p->documents, params->query, &c);

    if (rc < 0)
        return err_set(reterr, (enum err_code)rc, "The document could not be read.");
    if (params->persisted_hash.ptr)
        rc = check_hash(params->persisted_hash, c, reterr);
    if (rc < 0)
        compiled_unref(c);
    else
        *ret = c;
    return rc;
}

int persisted_find(const struct persisted *p, const struct graphql_params *params,
                   struct compiled **ret, struct cost_limits *limits, struct err *reterr)
{
    if (p->trusted)
        return find_trusted(p->trusted, params, ret, limits, reterr);
    if (params->persisted_hash.ptr && !p->automatic)
        return not_supported(reterr);
    if (params->query.ptr)
        return find_text(p, params, ret, reterr);
    if (params->persisted_hash.ptr)
        return find_registered(p, params, ret, reterr);
    return err_set(reterr, ERR_REQUEST,
                   "This server has no list of trusted documents: send the text as \"query\".");
}

void persisted_passed(const struct persisted *p, const struct graphql_params *params,
                      struct compiled *c)
{
    if (p->automatic && !p->trusted && params->persisted_hash.ptr)
        documents_register(p->documents, c);
}
