/* server/audit_chain.h: the seals of the record of every look: rows in a chain, and the signed heads of chains.
 *
 * A chain is one life of one worker, or one month of it. Its beginning is sealed, and each row's MAC covers the MAC of the
 * row before and every value of the row, in an unambiguous form:
 *
 *     mac(0) = HMAC(key, "tolqujat chain 1" chain started)        mac(i) = HMAC(key, mac(i-1) row(i))
 *
 * so that without the key nothing can be changed, taken out, put in or moved without being seen. What is cut off at the end
 * only a head shows: (chain, seq, mac) under a MAC of its own, kept where the database can't write
 * (server/audit_heads.h). MACs are HMAC-SHA-256, cut to 16 bytes in rows and chains (RFC 2104, 5; 4868, 2.6). Pure. */
#ifndef SERVER_AUDIT_CHAIN_H
#define SERVER_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/str.h"

struct buf;

enum {
    AUDIT_MAC_BYTES = 16
};

struct audit_mac {
    unsigned char bytes[AUDIT_MAC_BYTES];
};

/* The texts of a row. */
enum audit_text {
    AUDIT_ROLE,
    AUDIT_PERSON,
    AUDIT_ORGANISATION,
    AUDIT_CLIENT,
    AUDIT_CAPACITIES,
    AUDIT_REASON,
    AUDIT_REQUEST,
    AUDIT_PARTS,
    AUDIT_TEXTS
};

/* One look at one patient. Times are microseconds since 2000-01-01 UTC, as PostgreSQL's. */
struct audit_row {
    int64_t at;
    int64_t patient;
    int64_t chain, seq; /* seq from 1, without a gap */
    bool refused;
    struct str text[AUDIT_TEXTS]; /* ptr NULL: null */
};

/* Where a chain stands: what has been sealed last. */
struct audit_head {
    int64_t chain, started;
    int64_t seq; /* 0: no row yet */
    struct audit_mac mac;
};

/* The beginning of a chain: sets seq and mac of `head`, whose chain and started are set. 0 or ERR_INTERNAL. */
int audit_chain_begin(struct hmac *key, struct audit_head *head) MUSTCHECK;

/* The row in its unambiguous form: what is sealed. */
void audit_row_bytes(const struct audit_row *row, struct buf *out);

/* Seals `row` (whose chain and seq are the next of `head`) and moves the head on. `scratch` is used. 0, ERR_MEMORY or
 * ERR_INTERNAL: nothing moved. */
int audit_chain_seal(struct hmac *key, struct audit_head *head, const struct audit_row *row,
                     struct buf *scratch) MUSTCHECK;

/* The signature of a head that was written down at `at`. 0 or ERR_INTERNAL. */
int audit_head_sign(struct hmac *key, const struct audit_head *head, int64_t at,
                    struct sha256 *ret) MUSTCHECK;

/* The number under which a text of parts is kept once: made with the key, so that nobody can look for two texts with
 * the same. `scratch` is used. 0, ERR_MEMORY or ERR_INTERNAL. */
int audit_parts_hash(struct hmac *key, struct str parts, struct buf *scratch,
                     int64_t *ret) MUSTCHECK;

/* Whether two MACs are equal, in a time that does not tell where they differ. */
bool audit_mac_equal(const void *a, const void *b, size_t n);

/* The month (UTC) that a time is in, as year * 12 + month. */
int64_t audit_month(int64_t at);

#endif
