/* base/viewer.h: who asks.
 *
 * Made once for each request (server/access), from a verified token, and carried by every fetch, so that
 * rights are decided where rows are found and never by the state of a shared connection. Nothing of it may stand in a
 * log, an error, a metric or the name of a cached value. */
#ifndef BASE_VIEWER_H
#define BASE_VIEWER_H

#include "base/str.h"

enum viewer_kind {
    VIEWER_OPEN,      /* no rights are asked and nothing is on record: development and benchmarks */
    VIEWER_ANONYMOUS, /* no token: public data only */
    VIEWER_KNOWN
};

/* Its texts live as long as the request. All but `request_id` are empty unless it is known. */
struct viewer {
    enum viewer_kind kind;
    struct str request_id;
    struct str role;         /* CITIZEN, DOCTOR, ...: what the person asks as */
    struct str iin;          /* of the person */
    struct str organisation; /* BIN of the organisation that the person asks for; may be empty */
    struct str name;         /* of the person, as the token has it; may be empty */
    struct str client;       /* the machine that acts for the person (RFC 8693); may be empty */
    struct str key;          /* "role/iin/organisation": what SQL functions take */
};

#endif
