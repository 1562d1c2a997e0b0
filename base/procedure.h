/* base/procedure.h: the words that query/, db/ and server/ share for what changes something: SQL functions that a
 * field calls (`@procedure`), and one call of such a function.
 *
 * From the schema file query/ derives the procedures, once at start-up; db_check compares them with the functions
 * of the live database; db/ makes one prepared statement of each. Nothing here knows what they do. */
#ifndef BASE_PROCEDURE_H
#define BASE_PROCEDURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/access.h"

enum {
    PROCEDURE_PARAM_MAX = 64, /* beside the viewer */
    PROCEDURE_TOUCH_MAX = 4,
    PROCEDURE_CHANGE_MAX = 4
};

/* One named parameter of the SQL function, beside `viewer`. */
struct procedure_param {
    struct str name;
    enum codec codec; /* what the field's argument is; CODEC_KEY: a column of a global id's key */
    uint8_t scale;    /* CODEC_FIXED */
    bool is_list;     /* an array of that */
    const struct column
        *key; /* CODEC_KEY: the column whose type it has; NULL: a table's name, a text */
    int line;
};

/* Whose cached aggregate a returned row belongs to: it changes with that row. */
struct procedure_touch {
    const struct table *aggregate;
    uint32_t cell; /* of the returned row (CODEC_KEY): the aggregate's key */
};

struct procedure {
    uint32_t id; /* index in struct access */
    struct str name;
    struct str field; /* that calls it, "Mutation(hideEntry)": as what a change is on record */
    bool writes;      /* in a transaction of its own; else it only reads */
    bool is_public;   /* nobody has to say who asks: nothing of what it returns is about a person */
    struct procedure_param *params;
    uint32_t n_params;
    /* What it returns, as a path that finds one row, or a list: its table is one of struct access, or, when `scalar`,
     * a table of one column that exists nowhere. */
    struct access_path result;
    uint32_t limit; /* ACCESS_LIST: most rows that count; it may return one more, to say so */
    bool scalar;
    bool nothing; /* scalar: the function returns void, and the cell is true; set by db_check */
    /* The function takes `payload_digest` too: what it was called with, as a hash; set by db_check. */
    bool digested;
    struct procedure_touch touches[PROCEDURE_TOUCH_MAX];
    uint32_t n_touches;
    /* Hot tables of which it changes rows, whichever; a row of one that it returns is changed in any case. */
    const struct table *changes[PROCEDURE_CHANGE_MAX];
    uint32_t n_changes;
    int line;
};

/* One call. The asker owns it until done() ran. */
struct call {
    const struct procedure *procedure;
    /* By parameter, as PostgreSQL writes values, with a NUL behind each; ptr NULL: null. The asker's. */
    const struct str *values;
    const struct viewer *viewer;
    struct arena *arena; /* rows are put here */
    int64_t
        about; /* whose record the first id among its arguments is in; 0: no argument says whose */
    /* Set by the answerer before done(): one row, or as many as the procedure's limit and one; its rc is that of done(). */
    struct slice slice;
    struct str
        message; /* of a failure: a sentence for the client, or empty; lives as long as the arena */
    int64_t
        subject; /* of a refusal: the key of the person whom the function says it is about; 0: it says nobody */
    bool
        turned_down; /* it took effect and refused all the same, about `subject`: a wrong code, which is counted */
    /* 0: it took effect (or only read). ERR_OUTCOME_UNKNOWN: perhaps. Any other: nothing was changed. Runs exactly
     * once, on a later turn. */
    void (*done)(struct call *c, int rc);
    void *_answerer; /* state of whoever is working on it; NULL when nobody is */
};

#endif
