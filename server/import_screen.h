/* server/import_screen.h: what who runs `tolqujat import` sees: how far it is, which records are at fault, what became of all.
 *
 * How far it is and what is wrong go to standard error, the table to standard output. Of a record only its place is shown, never what is in it. */
#ifndef SERVER_IMPORT_SCREEN_H
#define SERVER_IMPORT_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

struct import_place;

struct import_screen {
    uint64_t bytes_total; /* of all files whose size is known */
    bool _terminal;       /* one line that is written anew */
    bool _shown;          /* it stands there */
    uint64_t _told;
    double _began, _shown_at; /* seconds of the monotonic clock */
    uint64_t _records, _at_fault;
};

/* The clock begins. */
void import_screen_begin(struct import_screen *s, uint64_t bytes_total);

/* How far it is, when it is time to say so (a terminal: five times a second; else every ten seconds). */
void import_screen_progress(struct import_screen *s, const char *file, uint64_t bytes,
                            uint64_t records);

/* A sentence about a record, or about a whole file. Of records the first 1,000 are told. */
void import_screen_tell(struct import_screen *s, const struct import_place *at, const char *outcome,
                        const char *reason);

/* The table of what became of the records, line by line, and the sum of it. */
void import_screen_row(struct import_screen *s, const char *type, const char *outcome,
                       const char *reason, uint64_t n);
void import_screen_end(struct import_screen *s);
/* Whether some of them are bad, in quarantine or still waiting. */
bool import_screen_at_fault(const struct import_screen *s);

#endif
