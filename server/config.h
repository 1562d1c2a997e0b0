/* server/config.h: what an operator can set: flags, and environment variables with the same names.
 *
 * One table in options.c has every option. A flag wins over the environment, the environment over the demo of
 * the checkout one stands in (var/demo/env), that over the default. A value that can't be used is an error with
 * the option's name in it; the values of --database and --redis are never repeated (they may hold a password). */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/macros.h"
#include "server/role_limits.h"

struct err;

enum {
    CONFIG_ORIGINS_MAX = 32
};

/* Of `tolqujat token`; texts as in struct config. */
struct config_token {
    const char *new_key, *key, *role, *iin, *org, *name, *client, *issuer, *audience;
    int64_t ttl;
};

/* Of `tolqujat import`; texts as in struct config. */
struct config_import {
    const char *source;
    const char **files; /* in the order given */
    unsigned n_files;
    bool new_source, register_people;
    int64_t batch;
};

/* Of `tolqujat run`; texts as in struct config. */
struct config_job {
    const char *name, *month;
};

/* Of `tolqujat card`; texts as in struct config. */
struct config_card {
    const char *operand; /* what the QR code holds; of `card key` the file to make */
    const char *keys, *lang;
    bool json;
};

/* Of `tolqujat messages`; texts as in struct config. */
struct config_messages {
    const char *gateway, *gateway_token, *metrics_file;
    int64_t gateway_seconds, at_once, lease_seconds, first_pause_ms, tries, keep_days;
    bool until_empty;
};

struct config {
    /* texts; NULL: not set, or off */
    const char *listen, *database, *redis, *schema, *graphiql, *dir, *trusted_documents, *follow;
    const char *token_keys, *token_issuer, *token_audience;
    const char *secret; /* the file's name */
    const char *audit_heads, *from, *to;
    const char *card_key, *images;
    const char *cors_origin[CONFIG_ORIGINS_MAX];
    unsigned n_cors_origin;
    struct role_limits role_limits;
    enum log_level log_level;
    bool access_open; /* nobody is asked for a token */
    bool demo;        /* the demo's own key counts */
    bool introspection, get_queries, sql;
    bool graphiql_given; /* not the default: then files that are missing are an error */
    /* numbers, in the unit that the name says */
    int64_t port, workers, drain_seconds, max_connections, max_in_flight, request_seconds;
    int64_t max_body, max_head, head_seconds, body_seconds, idle_seconds;
    int64_t database_connections, write_connections, lock_timeout_ms, refusal_ms, cache_bytes,
        shared_cache, cache_ttl, redis_stores, rights_seconds;
    int64_t max_depth, max_aliases, max_directives, max_root_fields, max_tokens, max_cost;
    int64_t max_page_size, max_list_input, persisted_queries;

    struct config_token token;
    struct config_import import;
    struct config_job job;
    struct config_card card;
    struct config_messages messages;

    struct arena arena; /* holds what was read from files */
};

enum config_command {
    COMMAND_SERVE = 1,
    COMMAND_CHECK = 2,
    COMMAND_MIGRATE = 4,
    COMMAND_TOKEN = 8,
    COMMAND_AUDIT_VERIFY = 16,
    COMMAND_IMPORT = 32,
    COMMAND_CARD_VERIFY = 64,
    COMMAND_CARD_KEY = 128,
    COMMAND_MESSAGES = 256,
    COMMAND_RUN = 512
};

enum {
    CONFIG_HELP = 1 /* --help was asked for: print it and end well */
};

/* Reads the flags behind the command (argv[0] is the first), the environment and the demo. 0, CONFIG_HELP,
 * or ERR_CONFIG with one line that says what is wrong where. config_release afterwards in any case. */
int config_read(struct config *ret, enum config_command command, int argc, char **argv,
                struct err *reterr) MUSTCHECK;
void config_release(struct config *c);

/* The options of a command, as text for a terminal. */
void config_print_help(enum config_command command);

/* The whole text of a file, with a NUL behind it, in `arena`. ERR_CONFIG with the reason. */
int config_read_file(struct arena *arena, const char *path, size_t max_bytes, struct str *ret,
                     struct err *reterr) MUSTCHECK;
/* The same of the file that a flag names ("schema"): the reason begins with it. */
int config_read_given(struct arena *arena, const char *flag, const char *path, size_t max_bytes,
                      struct str *ret, struct err *reterr) MUSTCHECK;

#endif
