/* db/pg_fault.h: what a failed statement means for those who asked. Layer: db. */
#ifndef DB_PG_FAULT_H
#define DB_PG_FAULT_H

enum pg_fault {
    PG_FINE,
    PG_DATA,     /* the values of some key are at fault: ask one by one */
    PG_LOST,     /* the connection is gone, or the server is going: ask again elsewhere */
    PG_AGAIN,    /* lost a race (deadlock, conflict on a standby): ask again */
    PG_STALE,    /* the prepared statement no longer fits the tables: prepare anew, ask again */
    PG_RULE,     /* a function refused, in words of its own (pg_conn.said) */
    PG_CANCELED, /* statement_timeout, or a cancel request */
    PG_REFUSED   /* anything else: asking again would not help */
};

/* By SQLSTATE; NULL: the server said nothing, as when a connection breaks. */
enum pg_fault pg_fault_of(const char *sqlstate);

#endif
