/* db/refusal.h: what a client is told when a SQL function that it called did not do what it asked. Layer: db.
 *
 * A function that refuses by a rule says so itself: SQLSTATE class TQ, with a whole sentence as its message, and as its
 * detail the key of the person whom it is about, for the record of looks (refusal_about() in db/functions/attempts.sql). One
 * whose transaction is to be kept (a wrong code, which is counted) says the same by RAISE INFO (refusal_noted()). Of all other errors PostgreSQL's words stay here, since they may quote what is in a record: a sentence of ours stands for
 * each kind. */
#ifndef DB_REFUSAL_H
#define DB_REFUSAL_H

struct refusal {
    int rc;               /* ERR_ */
    const char *sentence; /* static; NULL: the function's own */
};

/* By SQLSTATE, which is five characters. */
struct refusal refusal_of(const char *sqlstate);

#endif
