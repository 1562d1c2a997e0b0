/* server/role_limits.h: ceilings of cost that a role has in place of everybody's. */
#ifndef SERVER_ROLE_LIMITS_H
#define SERVER_ROLE_LIMITS_H

#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

struct cost_limits;
struct err;
struct schema;
struct viewer;

enum {
    ROLE_LIMITS_MAX = 64
};

/* One ceiling of one role. */
struct role_limit {
    struct str role; /* as a token says it; ANONYMOUS: without one */
    enum role_ceiling {
        CEILING_COST,
        CEILING_PAGE_SIZE,
        CEILING_LIST_INPUT
    } ceiling;
    uint32_t value;
};

struct role_limits {
    struct role_limit all[ROLE_LIMITS_MAX];
    unsigned n;
};

/* Adds what `text` says, "ROLE:max-cost=N" (or max-page-size, max-list-input), with commas between several; its bytes
 * must live as long as `l`. ERR_CONFIG with a sentence that begins with `where`. */
int role_limits_add(struct role_limits *l, const char *where, const char *text,
                    struct err *reterr) MUSTCHECK;

/* Whether each role is one of the schema's (enum Role), or ANONYMOUS. ERR_CONFIG with a sentence; 0 where the schema names no roles. */
int role_limits_check(const struct role_limits *l, const struct schema *schema,
                      struct err *reterr) MUSTCHECK;

/* Puts the ceilings that who asks has into `limits`. */
void role_limits_apply(const struct role_limits *l, const struct viewer *viewer,
                       struct cost_limits *limits);

#endif
