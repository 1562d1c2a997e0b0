/* server/service.c: see server/service.h. */
#include "server/service.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "cache/cache.h"
#include "cache/ring.h"
#include "db/db.h"
#include "db/files.h"
#include "query/cost.h"
#include "query/document.h"
#include "query/schema.h"
#include "server/audit_heads.h"
#include "server/card_key.h"
#include "server/config.h"
#include "server/files.h"
#include "server/keyring.h"
#include "server/metrics.h"
#include "server/role_limits.h"
#include "server/secret.h"
#include "server/static.h"
#include "server/trusted.h"

enum {
    SCHEMA_FILE_MAX = 4 * 1024 * 1024,
    GENERATION_SLOTS = 1 << 20,
    MB = 1024 * 1024
};

/* An error of the schema file says where it is. */
static int at_place(const char *path, const struct err *err, struct err *reterr)
{
    if (err->line)
        return err_set(reterr, ERR_CONFIG, "%.100s:%d: %s", path, err->line, err->message);
    return err_set(reterr, ERR_CONFIG, "%.100s: %s", path, err->message);
}

int service_read_schema(struct arena *arena, const char *path, struct schema **ret,
                        struct err *reterr)
{
    struct err err = {0};
    struct str text = {0};
    int rc = config_read_given(arena, "schema", path, SCHEMA_FILE_MAX, &text, reterr);

    if (rc < 0)
        return rc;
    rc = schema_build(ret, text, &err);
    return rc < 0 ? at_place(path, &err, reterr) : 0;
}

/* Rows in Redis count only for the same tables and columns. */
static int set_namespace(struct service *s, struct err *reterr)
{
    struct sha256 hash;
    struct str text = {0};
    int rc = config_read_file(&s->arena, s->config->schema, SCHEMA_FILE_MAX, &text, reterr);

    if (rc < 0)
        return rc;
    rc = sha256(text, &hash);
    if (rc < 0 || random_bytes(s->cache_secret, sizeof s->cache_secret) < 0 ||
        random_bytes(&s->instance, sizeof s->instance) < 0)
        return err_set(reterr, ERR_INTERNAL, "the system gives no random bytes");
    for (size_t i = 0; i < 8; i++)
        snprintf(s->namespace_ + 2 * i, 3, "%02x", hash.bytes[i]);
    return 0;
}

static int open_files(struct service *s, struct err *reterr)
{
    struct err err = {0};
    int rc;

    if (!s->config->graphiql)
        return 0;
    rc = static_open(&s->files, s->config->graphiql, &err);
    if (rc == 0)
        return 0;
    if (s->config->graphiql_given)
        return err_set(reterr, ERR_CONFIG, "--graphiql: %s", err.message);
    log_warn("no GraphQL IDE at /graphiql: %s", err.message);
    return 0;
}

static int check_audit(const struct service *s, struct err *reterr)
{
    if (s->config->access_open)
        return 0;
    if (s->config->audit_heads)
        return audit_heads_check(s->config->audit_heads, reterr);
    log_warn("no --audit-heads: an end of the access log that is cut off can't be noticed");
    return 0;
}

int service_check_database(const struct service *s, struct err *reterr)
{
    struct db_files files;
    struct err err = {0};
    char sentence[400];
    int rc = db_files_compare(s->config->database, &files, reterr);

    if (rc < 0)
        return rc;
    db_files_sentence(&files, sentence, sizeof sentence);
    if (files.state == DB_FILES_OLDER)
        return err_set(reterr, ERR_DATA, "%s", sentence);
    if (*sentence)
        log_warn("%s", sentence);
    rc = db_check(s->config->database, &s->schema->access, &err);
    if (rc == ERR_CONFIG) {
        at_place(s->config->schema, &err, reterr);
        return ERR_DATA; /* not the flags' fault */
    }
    if (rc < 0)
        *reterr = err;
    return rc;
}

static int check_database(struct service *s, struct err *reterr)
{
    struct err err = {0};
    int rc = service_check_database(s, &err);

    s->checked = rc == 0;
    if (rc == ERR_DATABASE) {
        log_warn("the database can't be reached yet: %s", err.message);
        return 0;
    }
    if (rc < 0)
        *reterr = err;
    return rc;
}

void service_limits(const struct config *c, struct document_limits *ret_documents,
                    struct cost_limits *ret_cost)
{
    *ret_documents =
        (struct document_limits){.parse = {.max_tokens = (uint32_t)c->max_tokens},
                                 .validate = {.max_depth = (uint32_t)c->max_depth,
                                              .max_aliases = (uint32_t)c->max_aliases,
                                              .max_directives = (uint32_t)c->max_directives,
                                              .max_root_fields = (uint32_t)c->max_root_fields,
                                              .max_list = (uint32_t)c->max_list_input,
                                              .suggestions = c->introspection,
                                              .no_introspection = !c->introspection},
                                 .max_fields = 5000,
                                 .max_good = 1000,
                                 .max_bad = 200,
                                 .max_registered = (uint32_t)c->persisted_queries,
                                 .max_bytes = (size_t)64 * 1024 * 1024};
    *ret_cost = (struct cost_limits){.max_cost = (uint32_t)c->max_cost,
                                     .max_page = (uint32_t)c->max_page_size,
                                     .max_list = (uint32_t)c->max_list_input};
}

static int read_trusted(const struct service *s, struct trusted **ret, struct err *reterr)
{
    struct document_limits documents;
    struct cost_limits cost;

    if (!s->config->trusted_documents)
        return 0;
    service_limits(s->config, &documents, &cost);
    return trusted_read(ret, s->config->trusted_documents, s->schema, &documents, &cost, reterr);
}

bool service_read_trusted_again(struct service *s)
{
    struct trusted *list = NULL;
    struct err err = {0};

    if (read_trusted(s, &list, &err) < 0) {
        log_error("the trusted documents stay as they were: %s", err.message);
        return false;
    }
    trusted_free(s->trusted);
    s->trusted = list;
    log_info("%u trusted documents", list ? trusted_count(list) : 0);
    return true;
}

static int open_keyring(struct service *s, struct err *reterr)
{
    const struct config *c = s->config;

    return c->access_open ? 0 : keyring_open(&s->keyring, c->token_keys, c->demo, reterr);
}

void service_follow_keys(struct service *s, bool again)
{
    if (s->keyring)
        keyring_follow(s->keyring, again);
}

static int set_issuer(struct service *s, struct err *reterr)
{
    server_issuer_init(&s->issuer);
    s->issuer.card_key = s->card_key;
    s->issuer.links = s->images >= 0;
    return secret_derive(s->secret, "files", s->issuer.link_key) < 0
               ? err_set(reterr, ERR_INTERNAL, "no keys can be made of the secret")
               : 0;
}

/* Until a worker has caught up nobody knows what others changed. */
static void prepare_follower(struct service *s)
{
    if (s->config->follow)
        generations_follow(s->generations, 0);
    else
        log_info("what others write into the database is seen after %lld s (no --follow)",
                 (long long)s->config->cache_ttl);
}

int service_prepare(struct service *s, const struct config *config, struct err *reterr)
{
    int rc;

    *s = (struct service){.config = config, .images = -1};
    arena_init(&s->arena, 0);
    rc = secret_open(&s->secret, config->secret, reterr);
    if (rc == 0)
        rc = service_read_schema(&s->arena, config->schema, &s->schema, reterr);
    if (rc == 0)
        rc = role_limits_check(&config->role_limits, s->schema, reterr);
    if (rc == 0)
        rc = read_trusted(s, &s->trusted, reterr);
    if (rc == 0)
        rc = document_routes_read(&s->arena, config->schema, &s->documents, reterr);
    if (rc == 0)
        rc = document_routes_compile(&s->documents, s->schema, reterr);
    if (rc == 0)
        rc = open_keyring(s, reterr);
    if (rc == 0 && config->card_key)
        rc = card_key_open(&s->card_key, config->card_key, reterr);
    if (rc == 0 && config->images)
        rc = files_open_store(config->images, &s->images, reterr);
    if (rc == 0)
        rc = set_issuer(s, reterr);
    if (rc == 0)
        rc = set_namespace(s, reterr);
    if (rc == 0)
        rc = check_audit(s, reterr);
    if (rc == 0)
        rc = open_files(s, reterr);
    if (rc == 0)
        rc = metrics_open(&s->metrics, (unsigned)config->workers, reterr);
    if (rc == 0)
        rc = generations_open(&s->generations, GENERATION_SLOTS, reterr);
    if (rc == 0 && config->shared_cache)
        rc = ring_open(&s->ring, (size_t)config->shared_cache * MB, reterr);
    if (rc == 0)
        prepare_follower(s);
    if (rc == 0)
        rc = check_database(s, reterr);
    return rc;
}

void service_log_address(const struct service *s, unsigned port)
{
    const char *host = s->config->listen;
    bool v6 = strchr(host, ':') != NULL;

    log_info("listening on http://%s%s%s:%u/ workers=%lld graphiql=%s redis=%s", v6 ? "[" : "",
             host, v6 ? "]" : "", port, (long long)s->config->workers, s->files ? "on" : "off",
             s->config->redis ? "on" : "off");
}

void service_release(struct service *s)
{
    if (s->generations)
        generations_close(s->generations);
    ring_close(s->ring);
    metrics_close(s->metrics);
    static_close(s->files);
    trusted_free(s->trusted);
    document_routes_release(&s->documents);
    keyring_close(s->keyring);
    if (s->schema)
        schema_free(s->schema);
    secret_close(s->secret);
    card_key_close(s->card_key);
    explicit_bzero(&s->issuer, sizeof s->issuer);
    if (s->images >= 0)
        close(s->images);
    arena_release(&s->arena);
}
