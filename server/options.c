/* server/options.c: see server/options.h. */
#include "server/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "cache/ring.h"

enum {
    ALL = COMMAND_SERVE | COMMAND_CHECK | COMMAND_MIGRATE | COMMAND_AUDIT_VERIFY | COMMAND_IMPORT |
          COMMAND_MESSAGES | COMMAND_RUN,
    SERVE = COMMAND_SERVE,
    TOKEN = COMMAND_TOKEN,
    MESSAGES = COMMAND_MESSAGES
};

#define MB (1024 * 1024)
#define AT(field) offsetof(struct config, field)

const struct option options[] = {
    {"listen", OPTION_TEXT, SERVE, AT(listen), 0, 0, "127.0.0.1", "HOST", "address to listen on"},
    {"port", OPTION_NUMBER, SERVE, AT(port), 0, 65535, "8080", "N", "port; 0 is any free one"},
    {"workers", OPTION_NUMBER, SERVE, AT(workers), 1, 24, "1", "N", "processes on that port"},
    {"access", OPTION_ACCESS, SERVE, AT(access_open), 0, 0, "tokens", "tokens|open",
     "who may ask: who has a token; or anybody for everything, for development"},
    {"token-keys", OPTION_TEXT, SERVE, AT(token_keys), 0, 0, NULL, "FILE",
     "JWKS: the public keys of who issues tokens"},
    {"token-issuer", OPTION_TEXT, SERVE, AT(token_issuer), 0, 0, NULL, "TEXT",
     "the only `iss` of tokens"},
    {"token-audience", OPTION_TEXT, SERVE, AT(token_audience), 0, 0, NULL, "TEXT",
     "the `aud` that tokens must have"},
    {"demo", OPTION_FLAG, SERVE, AT(demo), 0, 0, NULL, NULL,
     "takes tokens of a demo's own key, on a loopback address"},
    {"database", OPTION_TEXT, ALL, AT(database), 0, 0, NULL, "CONNINFO",
     "PostgreSQL, as libpq's text or URI; the demo's when there is one"},
    {"redis", OPTION_REDIS, SERVE, AT(redis), 0, 0, NULL, "PATH|HOST:PORT|off",
     "Redis; the demo's when --database is the demo's, else off"},
    {"follow", OPTION_OFFABLE, COMMAND_SERVE | COMMAND_CHECK, AT(follow), 0, 0, NULL,
     "CONNINFO|off",
     "the database as a role that may replicate: what others write there is seen within a second; "
     "off: after --cache-ttl"},
    {"schema", OPTION_TEXT, COMMAND_SERVE | COMMAND_CHECK, AT(schema), 0, 0, NULL, "FILE",
     "the API; schema/passport.graphql here or above"},
    {"dir", OPTION_TEXT, COMMAND_MIGRATE, AT(dir), 0, 0, NULL, "DIR",
     "folder with migrations/ and functions/; db here or above"},
    {"sql", OPTION_FLAG, COMMAND_CHECK, AT(sql), 0, 0, NULL, NULL, "print every statement"},
    {"graphiql", OPTION_OFFABLE, SERVE, AT(graphiql), 0, 0, NULL, "DIR|off",
     "folder with the GraphQL IDE; web here or above"},
    {"cors-origin", OPTION_ORIGINS, SERVE, AT(cors_origin), 0, 0, NULL, "ORIGIN,...",
     "web pages of these origins may ask; may come again"},
    {"introspection", OPTION_SWITCH, SERVE, AT(introspection), 0, 0, "on", "on|off",
     "whether clients may read the schema"},
    {"get-queries", OPTION_SWITCH, SERVE, AT(get_queries), 0, 0, "off", "on|off",
     "GET /graphql?query=...: puts health data into URLs"},
    {"log-level", OPTION_LEVEL, ALL, AT(log_level), 0, 0, "info", "LEVEL",
     "debug, info, warn or error"},
    {"drain-seconds", OPTION_NUMBER, SERVE, AT(drain_seconds), 0, 3600, "10", "N",
     "for what is in flight after SIGTERM"},
    {"request-seconds", OPTION_NUMBER, SERVE, AT(request_seconds), 1, 3600, "5", "N",
     "for one request"},
    {"max-connections", OPTION_NUMBER, SERVE, AT(max_connections), 1, 1000000, "10000", "N",
     "of clients, each worker"},
    {"max-in-flight", OPTION_NUMBER, SERVE, AT(max_in_flight), 1, 1000000, "1000", "N",
     "requests being answered, each worker"},
    {"max-body", OPTION_NUMBER, SERVE, AT(max_body), 1, 64 * MB, "1048576", "BYTES",
     "of a request"},
    {"max-head", OPTION_NUMBER, SERVE, AT(max_head), 512, 65536, "16384", "BYTES", "of a request"},
    {"head-seconds", OPTION_NUMBER, SERVE, AT(head_seconds), 1, 3600, "10", "N",
     "for a request's head to come"},
    {"body-seconds", OPTION_NUMBER, SERVE, AT(body_seconds), 1, 3600, "10", "N",
     "for a body to come, and a second for each KB"},
    {"idle-seconds", OPTION_NUMBER, SERVE, AT(idle_seconds), 1, 3600, "30", "N",
     "between requests of a connection"},
    {"database-connections", OPTION_NUMBER, SERVE, AT(database_connections), 1, 64, "4", "N",
     "for reads, each worker"},
    {"write-connections", OPTION_NUMBER, SERVE, AT(write_connections), 1, 64, "2", "N",
     "for mutations, each worker; opened when first needed"},
    {"lock-timeout-ms", OPTION_NUMBER, SERVE, AT(lock_timeout_ms), 1, 3600000, "2000", "N",
     "a mutation waits so long for what another one is changing"},
    {"refusal-ms", OPTION_NUMBER, SERVE, AT(refusal_ms), 0, 1000, "10", "N",
     "an answer that hides somebody takes at least so long, so that nobody can tell by the time "
     "that there is one"},
    {"cache-bytes", OPTION_NUMBER, SERVE, AT(cache_bytes), 0, INT64_C(64) * 1024 * MB, "16777216",
     "BYTES", "of the cache in the process, each worker"},
    {"shared-cache", OPTION_NUMBER, SERVE, AT(shared_cache), 0, RING_MB_MAX, "256", "MB",
     "of the cache that all workers share, taken as it fills; 0, as with --cache-bytes 0: none"},
    {"cache-ttl", OPTION_NUMBER, SERVE, AT(cache_ttl), 1, 86400, "60", "SECONDS",
     "the longest that a cached row lives"},
    {"redis-stores", OPTION_NUMBER, SERVE, AT(redis_stores), 0, 1000000, "0", "N",
     "put that many rows a second into Redis at most, each worker; 0: as many as are read back "
     "often enough to pay"},
    {"rights-seconds", OPTION_NUMBER, SERVE, AT(rights_seconds), 0, 60, "1", "N",
     "the longest that what somebody may see of a record is remembered, until that record changes; "
     "0: it is asked for each request"},
    {"max-depth", OPTION_NUMBER, SERVE, AT(max_depth), 1, 100, "12", "N", "of fields"},
    {"max-aliases", OPTION_NUMBER, SERVE, AT(max_aliases), 0, 10000, "30", "N",
     "in a document; 0: no limit"},
    {"max-directives", OPTION_NUMBER, SERVE, AT(max_directives), 0, 10000, "50", "N",
     "in a document; 0: no limit"},
    {"max-root-fields", OPTION_NUMBER, SERVE, AT(max_root_fields), 1, 10000, "20", "N",
     "in an operation"},
    {"max-tokens", OPTION_NUMBER, SERVE, AT(max_tokens), 10, 1000000, "2000", "N", "in a document"},
    {"max-cost", OPTION_NUMBER, SERVE, AT(max_cost), 1, INT32_MAX, "5000", "N",
     "rows that an operation may ask for"},
    {"role-limits", OPTION_ROLE_LIMITS, SERVE, AT(role_limits), 0, 0, NULL, "ROLE:max-cost=N,...",
     "ceilings of a role (ANONYMOUS: without a token): max-cost, max-page-size, max-list-input; "
     "may come again"},
    {"max-page-size", OPTION_NUMBER, SERVE, AT(max_page_size), 1, 100000, "100", "N",
     "of a list, where the schema has no less"},
    {"max-list-input", OPTION_NUMBER, SERVE, AT(max_list_input), 1, 100000, "100", "N",
     "items of a list that a client gives"},
    {"persisted-queries", OPTION_NUMBER, SERVE, AT(persisted_queries), 0, 100000, "1000", "N",
     "documents that clients may register by hash, each worker; 0: none"},
    {"trusted-documents", OPTION_TEXT, SERVE, AT(trusted_documents), 0, 0, NULL, "FILE",
     "manifest of the only documents that may run"},
    {"secret", OPTION_TEXT, SERVE | COMMAND_AUDIT_VERIFY, AT(secret), 0, 0, NULL, "FILE",
     "32 random bytes or more that only its owner can read: ids, cursors and the access log are "
     "sealed with it"},
    {"audit-heads", OPTION_TEXT, SERVE, AT(audit_heads), 0, 0, NULL, "DIR",
     "folder, out of the database's reach, where the state of the access log is written down"},
    {"heads", OPTION_TEXT, COMMAND_AUDIT_VERIFY, AT(audit_heads), 0, 0, NULL, "DIR",
     "the server's --audit-heads: shows what was cut off"},
    {"from", OPTION_TEXT, COMMAND_AUDIT_VERIFY, AT(from), 0, 0, NULL, "YYYY-MM",
     "the first month; else from the beginning"},
    {"to", OPTION_TEXT, COMMAND_AUDIT_VERIFY, AT(to), 0, 0, NULL, "YYYY-MM",
     "the month behind the last one; else to the end"},
    {"new-key", OPTION_TEXT, TOKEN, AT(token.new_key), 0, 0, NULL, "FILE",
     "makes a demo's key there, and FILE.jwks beside it; no token"},
    {"key", OPTION_TEXT, TOKEN, AT(token.key), 0, 0, NULL, "FILE",
     "private JWK that signs; the demo's when there is one"},
    {"role", OPTION_TEXT, TOKEN, AT(token.role), 0, 0, NULL, "ROLE", "CITIZEN, DOCTOR, ..."},
    {"iin", OPTION_TEXT, TOKEN, AT(token.iin), 0, 0, NULL, "IIN", "of the person who asks"},
    {"org", OPTION_TEXT, TOKEN, AT(token.org), 0, 0, NULL, "BIN", "of their organisation"},
    {"name", OPTION_TEXT, TOKEN, AT(token.name), 0, 0, NULL, "TEXT", "of the person"},
    {"client", OPTION_TEXT, TOKEN, AT(token.client), 0, 0, NULL, "ID",
     "of the machine that acts for the person"},
    {"ttl", OPTION_NUMBER, TOKEN, AT(token.ttl), 1, INT64_C(100) * 366 * 86400, "3600", "SECONDS",
     "that it counts"},
    {"issuer", OPTION_TEXT, TOKEN, AT(token.issuer), 0, 0, "tolqujat-demo", "TEXT", "claim `iss`"},
    {"card-key", OPTION_TEXT, SERVE, AT(card_key), 0, 0, NULL, "FILE",
     "private JWK (or a set of them) that signs emergency cards: tolqujat card key makes one"},
    {"images", OPTION_TEXT, SERVE, AT(images), 0, 0, NULL, "DIR",
     "the store of images: what records refer to lies below it"},
    {"keys", OPTION_TEXT, COMMAND_CARD_VERIFY, AT(card.keys), 0, 0, NULL, "FILE",
     "JWKS: the public keys of who signs cards; the demo's when there is one"},
    {"lang", OPTION_TEXT, COMMAND_CARD_VERIFY, AT(card.lang), 0, 0, "en", "kk|ru|en",
     "of the words that are printed"},
    {"json", OPTION_FLAG, COMMAND_CARD_VERIFY, AT(card.json), 0, 0, NULL, NULL,
     "prints the card as the JSON that was signed"},
    {"new-source", OPTION_FLAG, COMMAND_IMPORT, AT(import.new_source), 0, 0, NULL, NULL,
     "registers SOURCE, which is not known yet"},
    {"register-people", OPTION_FLAG, COMMAND_IMPORT, AT(import.register_people), 0, 0, NULL, NULL,
     "with --new-source: who matches nobody gets a passport, not a place in quarantine"},
    {"batch", OPTION_NUMBER, COMMAND_IMPORT, AT(import.batch), 1, 10000, "1000", "N",
     "records in a transaction"},
    {"gateway", OPTION_TEXT, MESSAGES, AT(messages.gateway), 0, 0, NULL, "URL|file:PATH",
     "where messages go: POST to an HTTP API, or lines of JSON at the end of a file"},
    {"gateway-token", OPTION_TEXT, MESSAGES, AT(messages.gateway_token), 0, 0, NULL, "FILE",
     "its first line is the bearer token for the gateway"},
    {"gateway-seconds", OPTION_NUMBER, MESSAGES, AT(messages.gateway_seconds), 1, 300, "10", "N",
     "for one message"},
    {"at-once", OPTION_NUMBER, MESSAGES, AT(messages.at_once), 1, 1000, "50", "N",
     "messages taken together"},
    {"lease-seconds", OPTION_NUMBER, MESSAGES, AT(messages.lease_seconds), 1, 86400, "300", "N",
     "after which what was taken and not settled is due again"},
    {"first-pause-ms", OPTION_NUMBER, MESSAGES, AT(messages.first_pause_ms), 1, 3600000, "5000",
     "N", "before the second try; twice as long each time, to an hour"},
    {"tries", OPTION_NUMBER, MESSAGES, AT(messages.tries), 1, 1000, "100", "N",
     "then it is a dead letter"},
    {"keep-days", OPTION_NUMBER, MESSAGES, AT(messages.keep_days), 1, 36500, "90", "N",
     "that messages which were sent are remembered"},
    {"metrics-file", OPTION_TEXT, MESSAGES, AT(messages.metrics_file), 0, 0, NULL, "FILE",
     "Prometheus text, written anew every few seconds"},
    {"until-empty", OPTION_FLAG, MESSAGES, AT(messages.until_empty), 0, 0, NULL, NULL,
     "ends when nothing is due any more"},
    {"month", OPTION_TEXT, COMMAND_RUN, AT(job.month), 0, 0, NULL, "YYYY-MM", "of which month"},
    {"audience", OPTION_TEXT, TOKEN, AT(token.audience), 0, 0, "tolqujat", "TEXT", "claim `aud`"},
};

const size_t options_n = ARRAY_LEN(options);
static_assert(ARRAY_LEN(options) <= OPTION_MAX, "a place for each option");

const struct option *option_find(const char *name, size_t n, enum config_command command)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == n && memcmp(options[i].name, name, n) == 0 &&
            (options[i].commands & command))
            return &options[i];
    return NULL;
}

unsigned option_index(const struct option *o)
{
    return (unsigned)(o - options);
}

/* ---- values ---- */

static void *field_of(struct config *c, const struct option *o)
{
    return (char *)c + o->at;
}

static int set_number(struct config *c, const struct option *o, const char *where,
                      const char *value, struct err *reterr)
{
    char *end;
    long long n;

    errno = 0;
    n = strtoll(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || errno || n < o->min || n > o->max)
        return err_set(reterr, ERR_CONFIG, "%s: \"%.40s\" is not a number from %lld to %lld", where,
                       value, (long long)o->min, (long long)o->max);
    *(int64_t *)field_of(c, o) = n;
    return 0;
}

static bool origin_valid(const char *s, size_t n)
{
    size_t scheme = n > 8 && memcmp(s, "https://", 8) == 0  ? 8
                    : n > 7 && memcmp(s, "http://", 7) == 0 ? 7
                                                            : 0;
    if (!scheme)
        return false;
    for (size_t i = scheme; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-._:[]", s[i]))
            return false;
    return true;
}

static int add_origins(struct config *c, const char *where, const char *value, struct err *reterr)
{
    while (*value) {
        size_t n = strcspn(value, ",");
        if (!origin_valid(value, n))
            return err_set(reterr, ERR_CONFIG,
                           "%s: \"%.*s\" is not an origin such as https://example.kz", where,
                           (int)MIN(n, (size_t)60), value);
        if (c->n_cors_origin == CONFIG_ORIGINS_MAX)
            return err_set(reterr, ERR_CONFIG, "%s: more than %d origins", where,
                           CONFIG_ORIGINS_MAX);
        c->cors_origin[c->n_cors_origin] = arena_str(&c->arena, (struct str){value, n}).ptr;
        if (!c->cors_origin[c->n_cors_origin++])
            return err_set(reterr, ERR_CONFIG, "%s: out of memory", where);
        value += n + (value[n] == ',');
    }
    return 0;
}

static bool redis_valid(const char *s)
{
    const char *colon = strrchr(s, ':');
    char *end;
    long port;

    if (*s == '/' || *s == '.')
        return true;
    if (!colon || colon == s || !isdigit((unsigned char)colon[1]))
        return false;
    port = strtol(colon + 1, &end, 10);
    return !*end && port >= 1 && port <= 65535;
}

static int set_text(struct config *c, const struct option *o, const char *where, const char *value,
                    struct err *reterr)
{
    const char **field = field_of(c, o);

    if (!*value)
        return err_set(reterr, ERR_CONFIG, "%s: the value is empty", where);
    if (o->type != OPTION_TEXT && strcmp(value, "off") == 0)
        value = NULL;
    else if (o->type == OPTION_REDIS && !redis_valid(value))
        return err_set(reterr, ERR_CONFIG, "%s: neither a path, nor HOST:PORT, nor \"off\"", where);
    *field = value;
    return 0;
}

int option_set(struct config *c, const struct option *o, const char *where, const char *value,
               struct err *reterr)
{
    switch (o->type) {
    case OPTION_TEXT:
    case OPTION_OFFABLE:
    case OPTION_REDIS:
        return set_text(c, o, where, value, reterr);
    case OPTION_NUMBER:
        return set_number(c, o, where, value, reterr);
    case OPTION_SWITCH:
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
            return err_set(reterr, ERR_CONFIG, "%s: \"%.40s\" is neither on nor off", where, value);
        *(bool *)field_of(c, o) = strcmp(value, "on") == 0;
        return 0;
    case OPTION_LEVEL:
        if (!log_level_parse(value, field_of(c, o)))
            return err_set(reterr, ERR_CONFIG, "%s: \"%.40s\" is none of debug, info, warn, error",
                           where, value);
        return 0;
    case OPTION_ACCESS:
        if (strcmp(value, "tokens") != 0 && strcmp(value, "open") != 0)
            return err_set(reterr, ERR_CONFIG, "%s: \"%.40s\" is neither tokens nor open", where,
                           value);
        *(bool *)field_of(c, o) = strcmp(value, "open") == 0;
        return 0;
    case OPTION_ORIGINS:
        return add_origins(c, where, value, reterr);
    case OPTION_ROLE_LIMITS:
        value = arena_str(&c->arena, str_of(value)).ptr;
        return value ? role_limits_add(&c->role_limits, where, value, reterr)
                     : err_set(reterr, ERR_CONFIG, "%s: out of memory", where);
    case OPTION_FLAG:
        *(bool *)field_of(c, o) = true;
        return 0;
    }
    return 0;
}
