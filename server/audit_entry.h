/* server/audit_entry.h: a row of the record of every look on its way, and the texts that it is made of. */
#ifndef SERVER_AUDIT_ENTRY_H
#define SERVER_AUDIT_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "server/audit_chain.h"

struct disclosure;
struct release;
struct viewer;

struct audit_entry {
    struct list node;        /* in a list of server/audit.c */
    struct list of;          /* in release->_rows */
    struct release *release; /* NULL: nobody waits for it */
    uint64_t queued_ms;
    size_t size; /* of all of it, in bytes */
    struct audit_row row;
    char bytes[]; /* what the row's texts are in */
};

/* What `v` saw of one person (or was refused), with texts that the database can't refuse: valid UTF-8 without NUL, and cut
 * where they are longer than anything that is true. In no list yet; ended with free(). NULL when memory ran out. */
struct audit_entry *audit_entry_new(const struct viewer *v, const struct disclosure *d,
                                    int64_t at_us, uint64_t now_ms);

#endif
