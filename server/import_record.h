/* server/import_record.h: whether what import_reader gave is a resource of FHIR that can be asked to be kept: JSON, with a
 * resourceType and an id. What it means says the database. Pure. */
#ifndef SERVER_IMPORT_RECORD_H
#define SERVER_IMPORT_RECORD_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/str.h"

struct import_record;

enum {
    IMPORT_WHY_MAX = 160
};

struct import_resource {
    struct str
        body;  /* its bytes as they came: a decimal keeps its digits. A part of the record's text */
    char *url; /* fullUrl of its entry, or NULL. The receiver's: free() */
};

/* True, and `*ret` says what is to be kept; or `why` says in words what is wrong on which line of the file, without any
 * word of the record itself. */
bool import_record_check(const struct import_record *record, struct import_resource *ret,
                         char why[IMPORT_WHY_MAX]) MUSTCHECK;

#endif
