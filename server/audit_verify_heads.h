/* server/audit_verify_heads.h: the chains that a verification expects: from their beginnings in the database and from the
 * heads that were written down. */
#ifndef SERVER_AUDIT_VERIFY_HEADS_H
#define SERVER_AUDIT_VERIFY_HEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "server/audit_chain.h"

struct err;

struct expected_chain {
    int64_t chain, started;
    bool begun; /* the database has its beginning */
    bool met;   /* and rows */
    size_t
        bytes; /* of its file of heads that count: what is written later tells of rows that may not be seen yet */
    int64_t max_seq; /* of its heads; -1: it has none */
};

struct expected_chains {
    struct expected_chain *all; /* sorted by chain */
    size_t n, _cap;
};

/* Tells of what is wrong, in a sentence. */
typedef void (*verify_tell)(void *data, const char *text);

/* Adds the chains of the files in `dir` that began in [from, to). Lines that are no heads are told. ERR_CONFIG: the folder
 * can't be read; ERR_MEMORY. */
int expected_from_heads(struct expected_chains *e, const char *dir, struct hmac *key, int64_t from,
                        int64_t to, verify_tell tell, void *data, struct err *reterr) MUSTCHECK;
/* Adds one that the database has. Not sorted until expected_sort, which makes one of two with the same number. */
int expected_add(struct expected_chains *e, const struct expected_chain *chain) MUSTCHECK;
void expected_sort(struct expected_chains *e);
struct expected_chain *expected_find(const struct expected_chains *e, int64_t chain);
void expected_release(struct expected_chains *e);

/* The heads of one chain, by seq, those that count. */
struct head_list {
    struct audit_head *all;
    size_t n, _cap;
};
int head_list_read(struct head_list *l, const char *dir, const struct expected_chain *chain,
                   struct hmac *key) MUSTCHECK;
void head_list_release(struct head_list *l);

#endif
