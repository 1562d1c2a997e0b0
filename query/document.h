/* query/document.h: documents that were compiled before, found by the SHA-256 of their text.
 *
 * Clients send the same few texts again and again, with other variables. A text is parsed, validated and
 * planned once; a document that fails is kept with its errors in a smaller cache of its own, so that bad ones
 * can't push good ones out. Both are bounded in number and forget the least recently used. */
#ifndef QUERY_DOCUMENT_H
#define QUERY_DOCUMENT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/macros.h"
#include "query/parse.h"
#include "query/plan.h"
#include "query/validate.h"

struct documents;
struct err;

struct document_limits {
    struct parse_limits parse;
    struct validate_limits validate;
    uint32_t max_fields;        /* of a plan */
    uint32_t max_good, max_bad; /* documents kept */
};

enum {
    COMPILED_PLANS_MAX = 32 /* kept of one document: operations and values of @skip and @include */
};

/* A document as it was compiled. It lives at least until compiled_unref. */
struct compiled {
    struct arena arena; /* its text, tree and plans */
    struct document document;
    struct validate_result errors; /* n_errors > 0: it can't be executed */
    const struct documents *owner;
    struct plan *plans;
    uint32_t n_plans;
    struct sha256 hash;
    struct list _link; /* in the LRU, most recent first */
    uint32_t _refs;
};

int documents_new(struct documents **ret, const struct schema *schema,
                  const struct document_limits *limits) MUSTCHECK;
/* No compiled document may be in use any more. */
void documents_free(struct documents *d);

/* Finds or compiles `text` (copied). 0: *ret is a reference, good or bad (see errors). ERR_MEMORY, ERR_INTERNAL. */
int documents_get(struct documents *d, struct str text, struct compiled **ret) MUSTCHECK;
void compiled_unref(struct compiled *c);

/* The operation to run: the only one, or the one of that name (name.ptr NULL: none was asked for).
 * ERR_OPERATION as the specification's GetOperation says. */
int compiled_operation(const struct compiled *c, struct str name, const struct ast_operation **ret,
                       struct err *reterr) MUSTCHECK;

/* The plan of `operation` under these variables; made in `scratch` when the document has plans enough. */
int compiled_plan(struct compiled *c, const struct ast_operation *operation,
                  const struct value *const *variables, struct arena *scratch,
                  const struct plan **ret, struct err *reterr) MUSTCHECK;

struct document_stats {
    uint64_t hits, misses;
    uint32_t good, bad;
};
void documents_get_stats(const struct documents *d, struct document_stats *ret);

#endif
