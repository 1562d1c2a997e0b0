/* server/import.h: `tolqujat import SOURCE FILE...`: records of FHIR R4 that another system holds, into the passport. */
#ifndef SERVER_IMPORT_H
#define SERVER_IMPORT_H

struct config;

enum import_status { /* the exit status */
    IMPORT_ALL_IN = 0,
    IMPORT_FAILED = 1,  /* it could not go on, or not read a file to its end, or was interrupted */
    IMPORT_USAGE = 2,   /* a bad argument, or an unknown source: nothing was begun */
    IMPORT_SOME_OUT = 3 /* all was read, and some records are bad or in quarantine */
};

/* Reads the files and shows what became of their records. SIGINT and SIGTERM: the batch under way is finished, and it ends with what
 * is on record by then; a second one ends it at once, and the batch under way never was. */
int import_run(const struct config *config);

#endif
