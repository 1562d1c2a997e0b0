/* query/disclosure.h: what an answer tells of one patient, for the record of every look.
 *
 * An execution that is done lists one for each subject (schema directive @subject) of which it found rows, or was
 * refused some, whether they came from a cache or not. */
#ifndef QUERY_DISCLOSURE_H
#define QUERY_DISCLOSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Its texts live as long as the request. */
struct disclosure {
    int64_t subject; /* key of the subject's row */
    bool refused;    /* nothing of the subject was given */
    bool
        told; /* refused, but in words that may follow from the record: these wait for the row too */
    bool own; /* the viewer is the subject: the record may follow the answer */
    struct str
        capacities; /* as what the viewer was allowed: names with commas between; empty: refused */
    struct str reason; /* what the right rests on, for the record; may be empty */
    /* Types and fields that were given (refused: asked for), sorted: "Patient(birthDate fullName) Drug(inn)". */
    struct str parts;
};

#endif
