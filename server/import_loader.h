/* server/import_loader.h: records on their way into the database, a batch at a time.
 *
 * A batch is one call of the SQL function import_batch, which is one transaction: all of it is on record, or nothing. While one is
 * being taken, the next is filled, so that reading and mapping each have a core. What a record means, and what becomes of it, is
 * decided there; here it is only seen to that one record which the database can't take costs no other: its batch is halved
 * until it stands alone. Blocking. */
#ifndef SERVER_IMPORT_LOADER_H
#define SERVER_IMPORT_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "server/import_record.h"

struct err;
struct import_loader;

enum {
    IMPORT_BATCH_BYTES = 8 << 20 /* of a batch with more than one record */
};

struct import_place {
    const char *file;      /* valid UTF-8; has to live as long as the loader */
    uint64_t number, line; /* of the record in it; 0, 0: all of the file */
};

struct import_loader_config {
    const char *conninfo;
    uint32_t batch; /* records in one */
    /* Called for each record that a person should hear of: `outcome` is bad or quarantined, `reason` a clause for people.
     * From within any function below. */
    void (*tell)(void *data, const struct import_place *at, const char *outcome,
                 const char *reason);
    void *data;
};

/* Connects. `config` is copied. ERR_CONFIG, ERR_DATABASE, ERR_MEMORY. */
int import_loader_open(struct import_loader **ret, const struct import_loader_config *config,
                       struct err *reterr) MUSTCHECK;
/* What was added and not flushed is given up. NULL is fine. */
void import_loader_close(struct import_loader *l);

/* Begins a run for that source; `is_new` registers it. ERR_CONFIG: there is no such source (or there is one already), in
 * words of the database's; ERR_DATABASE. */
int import_loader_begin(struct import_loader *l, const char *source, bool is_new,
                        bool registers_people, struct err *reterr) MUSTCHECK;

/* A record for the batch; its texts are copied. ERR_DATABASE, ERR_MEMORY: nothing more can be taken. */
int import_loader_add(struct import_loader *l, const struct import_place *at,
                      const struct import_resource *resource, struct err *reterr) MUSTCHECK;
/* Likewise one that is no record: it is told at once, and goes on record with the batch. */
int import_loader_add_bad(struct import_loader *l, const struct import_place *at, const char *why,
                          struct err *reterr) MUSTCHECK;
/* Until all that was added is on record. */
int import_loader_flush(struct import_loader *l, struct err *reterr) MUSTCHECK;

/* After the last file: one more round over what waits for something that may have come since. `*ret_n`: how many are no longer waiting. */
int import_loader_settle(struct import_loader *l, uint64_t *ret_n, struct err *reterr) MUSTCHECK;
/* The run is at its end: who could not be matched by now is in quarantine. */
int import_loader_end(struct import_loader *l, struct err *reterr) MUSTCHECK;

/* How many records of this run became what; `row` is called for each line of it, with texts until it returns. */
int import_loader_report(struct import_loader *l,
                         void (*row)(void *data, const char *type, const char *outcome,
                                     const char *reason, uint64_t n),
                         void *data, struct err *reterr) MUSTCHECK;

/* Records that are on record, whatever became of them. */
uint64_t import_loader_done(const struct import_loader *l);

#endif
