/* server/trusted.h: the documents that may run, from a manifest (--trusted-documents).
 *
 * Two forms are read:
 *
 *     { "ID": "query ...", "ID": { "document": "query ...", "maxCost": 200 } }    client-preset, Relay
 *     { "format": "apollo-persisted-query-manifest", "version": 1,
 *       "operations": [ { "id": "ID", "body": "query ...", "name": ..., "type": ... } ] }
 *
 * An entry may bring ceilings of its own, above or below the server's. Every document is compiled when the
 * manifest is read, so a bad one is known at start-up. An id that looks like a SHA-256 must be the text's. */
#ifndef SERVER_TRUSTED_H
#define SERVER_TRUSTED_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"
#include "query/cost.h"
#include "query/document.h"

struct err;
struct schema;
struct trusted;

struct trusted_document {
    struct str id;
    struct compiled *compiled; /* good; the list's reference */
    struct cost_limits limits;
};

/* Reads the file. `documents` and `limits` are what holds where an entry does not say otherwise; `schema` must
 * outlive the list. ERR_CONFIG with file, id and reason; ERR_MEMORY, ERR_INTERNAL. */
int trusted_read(struct trusted **ret, const char *path, const struct schema *schema,
                 const struct document_limits *documents, const struct cost_limits *limits,
                 struct err *reterr) MUSTCHECK;
/* Documents that are in use live on until compiled_unref. */
void trusted_free(struct trusted *t);

uint32_t trusted_count(const struct trusted *t);

/* By the id of the manifest, by `sha256:HEX`, or by the 64 digits alone; NULL: not trusted. */
const struct trusted_document *trusted_by_id(const struct trusted *t, struct str id);
/* By the whole text, byte for byte. Of several entries with that text: the first. */
const struct trusted_document *trusted_by_text(const struct trusted *t, struct str text);

#endif
