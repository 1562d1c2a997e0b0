/* server/audit_verify.h: `tolqujat audit verify`: whether the record of every look is what was written.
 *
 * Reads the whole of it (or some months), chain by chain and row by row, and the heads that were written down elsewhere. Finds
 * every row that was changed, taken out, put in, moved or given twice; with heads also what was cut off at the end, a chain
 * that is gone, and one that was sealed anew with the key. Memory grows with the number of chains, not of rows. */
#ifndef SERVER_AUDIT_VERIFY_H
#define SERVER_AUDIT_VERIFY_H

struct config;

/* Prints what it finds, and a summary. The exit status: 0 all is well, 1 something is not, 2 a flag is missing. */
int audit_verify_run(const struct config *config);

#endif
