/* server/options.h: the table of what an operator can set, and how a value's text becomes a field of struct config.
 * server/config.c reads flags and environment with it. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "server/config.h"

struct err;

enum option_type {
    OPTION_TEXT,
    OPTION_OFFABLE, /* text, or "off" */
    OPTION_REDIS,   /* a path, host:port, or "off" */
    OPTION_NUMBER,
    OPTION_SWITCH, /* on or off */
    OPTION_LEVEL,
    OPTION_ACCESS,      /* tokens or open */
    OPTION_ORIGINS,     /* may come again; commas separate too */
    OPTION_ROLE_LIMITS, /* likewise */
    OPTION_FLAG         /* no value */
};

enum {
    OPTION_MAX = 96
};

struct option {
    const char *name; /* of the flag, without its dashes */
    enum option_type type;
    unsigned commands; /* enum config_command, those that take it */
    size_t at;         /* its field in struct config */
    int64_t min, max;  /* of a number */
    const char *fallback, *argument, *help;
};

extern const struct option options[];
extern const size_t options_n;

/* The option of that name that `command` takes, or NULL. */
const struct option *option_find(const char *name, size_t n, enum config_command command);
/* Its place in the table: its number. */
unsigned option_index(const struct option *o);

/* Reads `value` into the field. `where` names the flag or variable in the error; texts are kept by address, so
 * `value` must outlive the configuration. ERR_CONFIG. */
int option_set(struct config *c, const struct option *o, const char *where, const char *value,
               struct err *reterr) MUSTCHECK;

#endif
