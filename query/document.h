/* query/document.h: documents that were compiled before, found by the SHA-256 of their text.
 *
 * Clients send the same few texts again and again, with other variables. A text is parsed, validated and
 * planned once. Three shelves, each bounded in number and bytes, forget the least recently used: good documents,
 * those that a client registered (documents_register) and may ask for by hash alone, and those that failed, with
 * their errors. Neither bad ones nor passing ones can push a registered one out. */
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
    uint32_t max_good, max_bad; /* documents kept; 0: none */
    uint32_t max_registered;    /* 0: nothing can be registered */
    size_t max_bytes;           /* of each shelf; 0: no limit */
};

enum {
    COMPILED_PLANS_MAX = 32, /* kept of one document: operations and values of @skip and @include */
    REGISTERED_BYTES_MAX = 16 * 1024 /* a longer text runs, but can't be registered */
};

struct shelf;

/* A document as it was compiled. It lives at least until compiled_unref. */
struct compiled {
    struct arena arena; /* its text, tree and plans */
    struct document document;
    struct validate_result errors; /* n_errors > 0: it can't be executed */
    struct plan *plans;
    uint32_t n_plans;
    struct sha256 hash;
    struct str text;
    const struct schema *_schema;
    uint32_t _max_fields;
    struct shelf *_shelf; /* NULL: on none */
    struct list _link;    /* there, most recent first */
    size_t _bytes;        /* that it counts for there */
    uint32_t _refs;
};

int documents_new(struct documents **ret, const struct schema *schema,
                  const struct document_limits *limits) MUSTCHECK;
/* Compiled documents that are in use live on until compiled_unref. */
void documents_free(struct documents *d);

/* Finds or compiles `text` (copied). 0: *ret is a reference, good or bad (see errors). ERR_MEMORY, ERR_INTERNAL. */
int documents_get(struct documents *d, struct str text, struct compiled **ret) MUSTCHECK;
/* A reference to the registered document whose text has this hash, or NULL. */
struct compiled *documents_registered(struct documents *d, const struct sha256 *hash);
/* Lets clients ask for `c`, which came from documents_get, by its hash. The caller has seen an operation of it
 * through all limits. Bad documents and texts beyond REGISTERED_BYTES_MAX are left alone. */
void documents_register(struct documents *d, struct compiled *c);

/* Compiles `text` (copied) for a caller who keeps it himself. The results are those of documents_get. */
int compiled_new(struct compiled **ret, const struct schema *schema,
                 const struct document_limits *limits, struct str text) MUSTCHECK;
struct compiled *compiled_ref(struct compiled *c);
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
    uint32_t good, bad, registered;
    size_t bytes;
};
void documents_get_stats(const struct documents *d, struct document_stats *ret);

#endif
