/* db/departed.h: what a process that has died may still be doing in the database.
 *
 * Layer: db. Blocking, a connection each time: not for the loop. */
#ifndef DB_DEPARTED_H
#define DB_DEPARTED_H

#include <stdint.h>

#include "base/macros.h"

struct err;

/* The sessions in which the process `pid` of the server `instance` (db_config) changed something, and that have not ended yet, so that a COMMIT which was sent may
 * still take effect: their number. ERR_CONFIG, ERR_DATABASE, ERR_MEMORY: it is not known. */
int departed_writers(const char *conninfo, long pid, uint32_t instance,
                     struct err *reterr) MUSTCHECK;

#endif
