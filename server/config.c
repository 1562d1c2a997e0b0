/* server/config.c: see server/config.h. The table first, then the places that values come from. */
#include "server/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

enum option_type {
    OPTION_TEXT,
    OPTION_OFFABLE, /* text, or "off" */
    OPTION_REDIS,   /* a path, host:port, or "off" */
    OPTION_NUMBER,
    OPTION_SWITCH, /* on or off */
    OPTION_LEVEL,
    OPTION_ORIGINS, /* may come again; commas separate too */
    OPTION_FLAG     /* no value */
};

enum {
    ALL = COMMAND_SERVE | COMMAND_CHECK | COMMAND_MIGRATE,
    SERVE = COMMAND_SERVE,
    OPTION_MAX = 64,
    FILE_MAX = 4 * 1024 * 1024,
    PATH_BYTES = 4096,
    PARENTS_MAX = 64
};

#define MB (1024 * 1024)
#define AT(field) offsetof(struct config, field)

static const struct option {
    const char *name;
    enum option_type type;
    unsigned commands;
    size_t at;
    int64_t min, max;
    const char *fallback, *argument, *help;
} options[] = {
    {"listen", OPTION_TEXT, SERVE, AT(listen), 0, 0, "127.0.0.1", "HOST", "address to listen on"},
    {"port", OPTION_NUMBER, SERVE, AT(port), 0, 65535, "8080", "N", "port; 0 is any free one"},
    {"workers", OPTION_NUMBER, SERVE, AT(workers), 1, 24, "1", "N", "processes on that port"},
    {"database", OPTION_TEXT, ALL, AT(database), 0, 0, NULL, "CONNINFO",
     "PostgreSQL, as libpq's text or URI; the demo's when there is one"},
    {"redis", OPTION_REDIS, SERVE, AT(redis), 0, 0, NULL, "PATH|HOST:PORT|off",
     "Redis; the demo's when --database is the demo's, else off"},
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
    {"cache-bytes", OPTION_NUMBER, SERVE, AT(cache_bytes), 0, INT64_C(64) * 1024 * MB, "16777216",
     "BYTES", "of the cache in the process, each worker"},
    {"cache-ttl", OPTION_NUMBER, SERVE, AT(cache_ttl), 1, 86400, "60", "SECONDS",
     "the longest that a cached row lives"},
    {"max-depth", OPTION_NUMBER, SERVE, AT(max_depth), 1, 100, "12", "N", "of fields"},
    {"max-aliases", OPTION_NUMBER, SERVE, AT(max_aliases), 0, 10000, "30", "N",
     "in a document; 0: no limit"},
    {"max-directives", OPTION_NUMBER, SERVE, AT(max_directives), 0, 10000, "50", "N",
     "in a document; 0: no limit"},
    {"max-root-fields", OPTION_NUMBER, SERVE, AT(max_root_fields), 1, 10000, "20", "N",
     "in an operation"},
    {"max-tokens", OPTION_NUMBER, SERVE, AT(max_tokens), 10, 1000000, "2000", "N", "in a document"},
    {"max-cost", OPTION_NUMBER, SERVE, AT(max_cost), 1, 1000000000, "5000", "N",
     "rows that an operation may ask for"},
    {"max-page-size", OPTION_NUMBER, SERVE, AT(max_page_size), 1, 100000, "100", "N",
     "of a list, where the schema has no less"},
    {"max-list-input", OPTION_NUMBER, SERVE, AT(max_list_input), 1, 100000, "100", "N",
     "items of a list that a client gives"},
    {"persisted-queries", OPTION_NUMBER, SERVE, AT(persisted_queries), 0, 100000, "1000", "N",
     "documents that clients may register by hash, each worker; 0: none"},
    {"trusted-documents", OPTION_TEXT, SERVE, AT(trusted_documents), 0, 0, NULL, "FILE",
     "manifest of the only documents that may run"},
};

static_assert(ARRAY_LEN(options) <= OPTION_MAX, "a bit for each option");

static const char *command_name(enum config_command command)
{
    return command == COMMAND_SERVE ? "serve" : command == COMMAND_CHECK ? "check" : "migrate";
}

/* "cache-ttl" -> "TOLQUJAT_CACHE_TTL" */
static void env_name(const struct option *o, char out[64])
{
    size_t n = (size_t)snprintf(out, 64, "TOLQUJAT_%s", o->name);
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

static void *field_of(struct config *c, const struct option *o)
{
    return (char *)c + o->at;
}

/* ---- values ---- */

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

static int set_value(struct config *c, const struct option *o, const char *where, const char *value,
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
    case OPTION_ORIGINS:
        return add_origins(c, where, value, reterr);
    case OPTION_FLAG:
        *(bool *)field_of(c, o) = true;
        return 0;
    }
    return 0;
}

/* ---- where values come from ---- */

static const struct option *find_option(const char *name, size_t n, enum config_command command)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == n && memcmp(options[i].name, name, n) == 0 &&
            (options[i].commands & command))
            return &options[i];
    return NULL;
}

static int read_flag(struct config *c, enum config_command command, int argc, char **argv, int *i,
                     uint64_t *given, struct err *reterr)
{
    const char *arg = argv[*i], *name = arg + 2, *value = strchr(arg, '=');
    size_t n = value ? (size_t)(value - name) : strlen(arg) - 2;
    const struct option *o;
    char where[64];

    if (strncmp(arg, "--", 2) != 0 || n == 0)
        return err_set(reterr, ERR_CONFIG, "argument %d is not a flag (they begin with --)",
                       *i + 1);
    o = find_option(name, n, command);
    if (!o)
        return err_set(reterr, ERR_CONFIG, "there is no flag --%.*s (see tolqujat %s --help)",
                       (int)MIN(n, (size_t)40), name, command_name(command));
    snprintf(where, sizeof where, "--%s", o->name);
    if (o->type == OPTION_FLAG && value)
        return err_set(reterr, ERR_CONFIG, "%s takes no value", where);
    if (value)
        value++;
    else if (o->type == OPTION_FLAG)
        value = "";
    else if (*i + 1 < argc)
        value = argv[++*i];
    else
        return err_set(reterr, ERR_CONFIG, "%s needs a value", where);
    if (o->type != OPTION_ORIGINS && (*given & UINT64_C(1) << (o - options)))
        return err_set(reterr, ERR_CONFIG, "%s is given twice", where);
    *given |= UINT64_C(1) << (o - options);
    return set_value(c, o, where, value, reterr);
}

static int read_flags(struct config *c, enum config_command command, int argc, char **argv,
                      uint64_t *given, struct err *reterr)
{
    for (int i = 0; i < argc; i++) {
        int rc;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return CONFIG_HELP;
        rc = read_flag(c, command, argc, argv, &i, given, reterr);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Variables of options that no flag gave. An empty one counts as not set. */
static int read_environment(struct config *c, enum config_command command, uint64_t *given,
                            struct err *reterr)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        const char *value;
        char where[64];
        int rc;

        if (!(o->commands & command) || (*given & UINT64_C(1) << i) || o->type == OPTION_FLAG)
            continue;
        env_name(o, where);
        value = getenv(where);
        if (!value || !*value)
            continue;
        *given |= UINT64_C(1) << i;
        rc = set_value(c, o, where, value, reterr);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* The path of `name` in the current directory or one above it, or NULL. */
static const char *find_upwards(struct config *c, const char *name)
{
    char dir[PATH_BYTES], path[PATH_BYTES + 64];

    if (!getcwd(dir, sizeof dir))
        return NULL;
    for (int i = 0; i < PARENTS_MAX; i++) {
        char *slash;
        snprintf(path, sizeof path, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, name);
        if (access(path, R_OK) == 0)
            return arena_str(&c->arena, str_of(path)).ptr;
        slash = strrchr(dir, '/');
        if (!slash || !slash[1])
            return NULL;
        slash[slash == dir] = '\0';
    }
    return NULL;
}

/* KEY=VALUE lines, with or without `export` and quotes, as a shell would read them. */
static const char *env_file_value(struct config *c, struct str text, const char *key)
{
    const char *p = text.ptr;
    size_t key_len = strlen(key);

    while (p && *p) {
        size_t n = strcspn(p, "\n");
        const char *line = p;
        p += n + (p[n] == '\n');
        if (n > 7 && memcmp(line, "export ", 7) == 0) {
            line += 7;
            n -= 7;
        }
        if (n <= key_len || memcmp(line, key, key_len) != 0 || line[key_len] != '=')
            continue;
        line += key_len + 1;
        n -= key_len + 1;
        if (n >= 2 && (line[0] == '\'' || line[0] == '"') && line[n - 1] == line[0]) {
            line++;
            n -= 2;
        }
        return arena_str(&c->arena, (struct str){line, n}).ptr;
    }
    return NULL;
}

static bool is_given(uint64_t given, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return given & UINT64_C(1) << i;
    return false;
}

static int read_demo(struct config *c, uint64_t given, struct err *reterr)
{
    const char *path = find_upwards(c, "var/demo/env");
    struct str text = {0};
    int rc;

    if (!path)
        return err_set(
            reterr, ERR_CONFIG,
            "--database is not given, and there is no demo here (scripts/demo makes one)");
    rc = config_read_file(&c->arena, path, FILE_MAX, &text, reterr);
    if (rc < 0)
        return rc;
    c->database = env_file_value(c, text, "TOLQUJAT_DATABASE");
    if (!c->database)
        return err_set(reterr, ERR_CONFIG, "%.160s has no TOLQUJAT_DATABASE", path);
    if (!is_given(given, "redis"))
        c->redis = env_file_value(c, text, "TOLQUJAT_REDIS");
    return 0;
}

static int find_files(struct config *c, enum config_command command, uint64_t given,
                      struct err *reterr)
{
    if (command != COMMAND_MIGRATE && !c->schema)
        c->schema = find_upwards(c, "schema/passport.graphql");
    if (command != COMMAND_MIGRATE && !c->schema)
        return err_set(reterr, ERR_CONFIG,
                       "--schema is not given, and there is no schema/passport.graphql here");
    if (command == COMMAND_MIGRATE && !c->dir) {
        const char *found = find_upwards(c, "db/migrations");
        if (!found)
            return err_set(reterr, ERR_CONFIG,
                           "--dir is not given, and there is no db/migrations here");
        c->dir =
            arena_str(&c->arena, (struct str){found, strlen(found) - strlen("/migrations")}).ptr;
    }
    c->graphiql_given = is_given(given, "graphiql");
    if (command == COMMAND_SERVE && !c->graphiql_given) {
        const char *found = find_upwards(c, "web/graphiql/index.html");
        if (found)
            c->graphiql =
                arena_str(&c->arena,
                          (struct str){found, strlen(found) - strlen("/graphiql/index.html")})
                    .ptr;
    }
    return 0;
}

int config_read(struct config *ret, enum config_command command, int argc, char **argv,
                struct err *reterr)
{
    struct config *c = ret;
    uint64_t given = 0;
    int rc;

    *c = (struct config){0};
    arena_init(&c->arena, 4 * FILE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (options[i].fallback) {
            rc = set_value(c, &options[i], options[i].name, options[i].fallback, reterr);
            if (rc < 0)
                return rc;
        }
    rc = read_flags(c, command, argc, argv, &given, reterr);
    if (rc)
        return rc;
    rc = read_environment(c, command, &given, reterr);
    if (rc < 0)
        return rc;
    if (!c->database) {
        rc = read_demo(c, given, reterr);
        if (rc < 0)
            return rc;
    }
    return find_files(c, command, given, reterr);
}

void config_release(struct config *c)
{
    arena_release(&c->arena);
}

int config_read_file(struct arena *arena, const char *path, size_t max_bytes, struct str *ret,
                     struct err *reterr)
{
    FILE *f = fopen(path, "rbe");
    long size = -1;
    char *text;

    if (!f)
        return err_set(reterr, ERR_CONFIG, "%.160s: %s", path, strerror(errno));
    if (fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size < 0 || (size_t)size > max_bytes || fseek(f, 0, SEEK_SET) != 0) {
        fclose(f);
        return err_set(reterr, ERR_CONFIG, "%.160s: not a file of at most %zu bytes", path,
                       max_bytes);
    }
    text = arena_alloc(arena, (size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, f) != (size_t)size) {
        fclose(f);
        return err_set(reterr, ERR_CONFIG, "%.160s: can't be read", path);
    }
    fclose(f);
    text[size] = '\0';
    *ret = (struct str){text, (size_t)size};
    return 0;
}

void config_print_help(enum config_command command)
{
    printf("tolqujat %s [FLAGS]\n\nFlags, and the environment variables that stand for them:\n",
           command_name(command));
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        char left[80], env[64];
        if (!(o->commands & command))
            continue;
        env_name(o, env);
        snprintf(left, sizeof left, "--%s %s", o->name, o->argument ? o->argument : "");
        printf("  %-30s %s%s%s%s\n  %-30s %s\n", left, o->help, o->fallback ? " (" : "",
               o->fallback ? o->fallback : "", o->fallback ? ")" : "", "",
               o->type == OPTION_FLAG ? "" : env);
    }
}
