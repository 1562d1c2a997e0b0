/* db/pg_fault.c: see db/pg_fault.h. SQLSTATEs are those of PostgreSQL's appendix A; the first row
 * whose text begins the code decides, so single codes stand before their class. */
#include "db/pg_fault.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"

static const struct {
    const char *prefix;
    enum pg_fault fault;
} faults[] = {
    {"TQ", PG_RULE},        /* our functions, see db/refusal.c */
    {"57014", PG_CANCELED}, /* query_canceled */
    {"57P", PG_LOST},       /* admin_shutdown, crash_shutdown, cannot_connect_now, idle timeouts */
    {"08", PG_LOST},        /* connection exceptions */
    {"40", PG_AGAIN},       /* deadlock, serialization */
    {"26000", PG_STALE},    /* no such prepared statement: somebody said DISCARD */
    {"0A000", PG_STALE}, /* cached plan must not change result type (and, once, what else it may be) */
    {"22", PG_DATA},     /* data exceptions */
    {"21", PG_DATA},     /* cardinality violation in a function */
    {"23", PG_DATA},     /* a domain's check */
    {"38", PG_DATA},     /* external routine exceptions */
    {"39", PG_DATA},        {"P0", PG_DATA},    /* RAISE in a function */
    {"XX001", PG_DATA},     {"XX002", PG_DATA}, /* corrupted row or index */
};

enum pg_fault pg_fault_of(const char *sqlstate)
{
    if (!sqlstate)
        return PG_LOST;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (strncmp(sqlstate, faults[i].prefix, strlen(faults[i].prefix)) == 0)
            return faults[i].fault;
    return PG_REFUSED;
}
