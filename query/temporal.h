/* query/temporal.h: days and points of time out of a client's text, as the database counts them. */
#ifndef QUERY_TEMPORAL_H
#define QUERY_TEMPORAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/str.h"

/* "2026-03-31": days since 2000-01-01. false: no such day, or another form. */
bool parse_date(struct str text, int64_t *ret_days) MUSTCHECK;

/* RFC 3339, "2026-03-31T09:30:00.5+05:00": microseconds since 2000-01-01 00:00 UTC; digits behind the sixth are
 * dropped. false: no such time (a leap second included), or another form. */
bool parse_timestamp(struct str text, int64_t *ret_us) MUSTCHECK;

#endif
