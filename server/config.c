/* server/config.c: see server/config.h. The places that values come from; what can be set is in server/options.c. */
#include "server/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "server/options.h"

enum {
    FILE_MAX = 4 * 1024 * 1024,
    PATH_BYTES = 4096,
    PARENTS_MAX = 64
};

/* Which options something was said of: by a flag, or by the environment. */
struct given {
    bool option[OPTION_MAX];
};

static const char *command_name(enum config_command command)
{
    return command == COMMAND_SERVE          ? "serve"
           : command == COMMAND_CHECK        ? "check"
           : command == COMMAND_TOKEN        ? "token"
           : command == COMMAND_AUDIT_VERIFY ? "audit verify"
           : command == COMMAND_IMPORT       ? "import"
           : command == COMMAND_RUN          ? "run"
           : command == COMMAND_CARD_VERIFY  ? "card verify"
           : command == COMMAND_CARD_KEY     ? "card key"
           : command == COMMAND_MESSAGES     ? "messages"
                                             : "migrate";
}

/* "cache-ttl" -> "TOLQUJAT_CACHE_TTL" */
static void env_name(const struct option *o, char out[64])
{
    size_t n = (size_t)snprintf(out, 64, "TOLQUJAT_%s", o->name);
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

static int read_flag(struct config *c, enum config_command command, int argc, char **argv, int *i,
                     struct given *given, struct err *reterr)
{
    const char *arg = argv[*i], *name = arg + 2, *value = strchr(arg, '=');
    size_t n = value ? (size_t)(value - name) : strlen(arg) - 2;
    const struct option *o;
    char where[64];

    if (strncmp(arg, "--", 2) != 0 || n == 0)
        return err_set(reterr, ERR_CONFIG, "argument %d is not a flag (they begin with --)",
                       *i + 1);
    o = option_find(name, n, command);
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
    if (o->type != OPTION_ORIGINS && o->type != OPTION_ROLE_LIMITS &&
        given->option[option_index(o)])
        return err_set(reterr, ERR_CONFIG, "%s is given twice", where);
    given->option[option_index(o)] = true;
    return option_set(c, o, where, value, reterr);
}

/* What is given besides flags: SOURCE FILE... of `import`, one thing of `card` and `run`. */
static int read_operand(struct config *c, enum config_command command, int argc, const char *arg,
                        struct err *reterr)
{
    struct config_import *im = &c->import;
    const char **only = command == COMMAND_RUN ? &c->job.name : &c->card.operand;

    if (!*arg)
        return err_set(reterr, ERR_CONFIG, "an argument is empty");
    if (command != COMMAND_IMPORT && *only)
        return err_set(reterr, ERR_CONFIG, "there is one argument more than it takes");
    if (command != COMMAND_IMPORT) {
        *only = arg;
        return 0;
    }
    if (!im->source) {
        im->source = arg;
        return 0;
    }
    if (!im->files)
        im->files = arena_array(&c->arena, (size_t)argc, sizeof *im->files);
    if (!im->files)
        return err_set(reterr, ERR_CONFIG, "out of memory");
    im->files[im->n_files++] = arg;
    return 0;
}

/* "-" is standard input. */
static bool is_operand(enum config_command command, const char *arg)
{
    return (command & (COMMAND_IMPORT | COMMAND_RUN | COMMAND_CARD_VERIFY | COMMAND_CARD_KEY)) &&
           (arg[0] != '-' || !arg[1]);
}

static int read_flags(struct config *c, enum config_command command, int argc, char **argv,
                      struct given *given, struct err *reterr)
{
    for (int i = 0; i < argc; i++) {
        int rc;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return CONFIG_HELP;
        rc = is_operand(command, argv[i]) ? read_operand(c, command, argc, argv[i], reterr)
                                          : read_flag(c, command, argc, argv, &i, given, reterr);
        if (rc < 0)
            return rc;
    }
    if (command == COMMAND_IMPORT && c->import.n_files == 0)
        return err_set(reterr, ERR_CONFIG, "it needs SOURCE FILE... (- is standard input)");
    if (command == COMMAND_RUN && !c->job.name)
        return err_set(reterr, ERR_CONFIG,
                       "it needs a job: capitation, visit-monitor, figures or due-list");
    if (command == COMMAND_CARD_VERIFY && !c->card.operand)
        return err_set(reterr, ERR_CONFIG, "it needs what the QR code holds (- is standard input)");
    if (command == COMMAND_CARD_KEY && !c->card.operand)
        return err_set(reterr, ERR_CONFIG, "it needs the file to make");
    if (c->import.register_people && !c->import.new_source)
        return err_set(reterr, ERR_CONFIG,
                       "--register-people is said of a new source: it wants --new-source");
    return 0;
}

/* Variables of options that no flag gave. An empty one counts as not set. */
static int read_environment(struct config *c, enum config_command command, struct given *given,
                            struct err *reterr)
{
    for (size_t i = 0; i < options_n; i++) {
        const struct option *o = &options[i];
        const char *value;
        char where[64];
        int rc;

        if (!(o->commands & command) || given->option[option_index(o)] || o->type == OPTION_FLAG)
            continue;
        env_name(o, where);
        value = getenv(where);
        if (!value || !*value)
            continue;
        given->option[option_index(o)] = true;
        rc = option_set(c, o, where, value, reterr);
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

static bool is_given(const struct given *given, const char *name)
{
    for (size_t i = 0; i < options_n; i++)
        if (strcmp(options[i].name, name) == 0)
            return given->option[i];
    return false;
}

/* Of a demo: migrate, import and run are its database's owner, the server has a role that can't change what is there. */
static int read_demo(struct config *c, enum config_command command, const struct given *given,
                     struct err *reterr)
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
    if (command == COMMAND_MESSAGES)
        c->database = env_file_value(c, text, "TOLQUJAT_MESSAGES_DATABASE");
    else if (!(command & (COMMAND_MIGRATE | COMMAND_IMPORT | COMMAND_RUN)))
        c->database = env_file_value(c, text, "TOLQUJAT_SERVER_DATABASE");
    if (!c->database)
        c->database = env_file_value(c, text, "TOLQUJAT_DATABASE");
    if (!c->database)
        return err_set(reterr, ERR_CONFIG, "%.160s has no TOLQUJAT_DATABASE", path);
    if (!is_given(given, "redis"))
        c->redis = env_file_value(c, text, "TOLQUJAT_REDIS");
    if ((command == COMMAND_SERVE || command == COMMAND_CHECK) && !is_given(given, "follow"))
        c->follow = env_file_value(c, text, "TOLQUJAT_FOLLOW");
    if (!is_given(given, "secret"))
        c->secret = env_file_value(c, text, "TOLQUJAT_SECRET");
    if (command == COMMAND_AUDIT_VERIFY && !c->audit_heads)
        c->audit_heads = env_file_value(c, text, "TOLQUJAT_HEADS");
    return 0;
}

static int find_files(struct config *c, enum config_command command, const struct given *given,
                      struct err *reterr)
{
    bool schema = command == COMMAND_SERVE || command == COMMAND_CHECK;

    if (command == COMMAND_TOKEN && !c->token.key)
        c->token.key = find_upwards(c, "var/demo/token-key.jwk");
    if (command == COMMAND_CARD_VERIFY && !c->card.keys)
        c->card.keys = find_upwards(c, "var/demo/card-key.jwk.jwks");
    if (schema && !c->schema)
        c->schema = find_upwards(c, "schema/passport.graphql");
    if (schema && !c->schema)
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
    if (c->cache_bytes == 0 && !is_given(given, "shared-cache"))
        c->shared_cache = 0; /* who wants nothing cached says so once */
    if (c->cache_bytes == 0 && !is_given(given, "rights-seconds"))
        c->rights_seconds = 0;
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

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
    return strcmp(host, "localhost") == 0;
}

/* Who may ask: what does not fit together, or is missing. */
static int check_access(const struct config *c, struct err *reterr)
{
    const char *missing = !c->token_keys       ? "token-keys"
                          : !c->token_issuer   ? "token-issuer"
                          : !c->token_audience ? "token-audience"
                          : !c->secret         ? "secret"
                                               : NULL;

    if ((c->access_open || c->demo) && !is_loopback(c->listen))
        return err_set(reterr, ERR_CONFIG,
                       "%s: --listen %.60s can be reached by others; it must be a loopback "
                       "address, such as 127.0.0.1",
                       c->access_open ? "--access open" : "--demo", c->listen);
    if (!c->access_open && missing)
        return err_set(reterr, ERR_CONFIG,
                       "--%s is not given, and --access is tokens (development and benchmarks on "
                       "this machine alone may go without: --access open)",
                       missing);
    return 0;
}

int config_read(struct config *ret, enum config_command command, int argc, char **argv,
                struct err *reterr)
{
    struct config *c = ret;
    struct given given = {0};
    int rc;

    *c = (struct config){0};
    arena_init(&c->arena, 4 * FILE_MAX);
    for (size_t i = 0; i < options_n; i++)
        if (options[i].fallback) {
            rc = option_set(c, &options[i], options[i].name, options[i].fallback, reterr);
            if (rc < 0)
                return rc;
        }
    rc = read_flags(c, command, argc, argv, &given, reterr);
    if (rc)
        return rc;
    rc = read_environment(c, command, &given, reterr);
    if (rc < 0)
        return rc;
    if (command == COMMAND_MESSAGES && !c->messages.gateway)
        return err_set(reterr, ERR_CONFIG, "--gateway is not given");
    if (command == COMMAND_RUN && !c->job.month)
        return err_set(reterr, ERR_CONFIG, "--month is not given");
    if (!c->database && !(command & (COMMAND_TOKEN | COMMAND_CARD_VERIFY | COMMAND_CARD_KEY))) {
        rc = read_demo(c, command, &given, reterr);
        if (rc < 0)
            return rc;
    }
    rc = find_files(c, command, &given, reterr);
    return rc == 0 && command == COMMAND_SERVE ? check_access(c, reterr) : rc;
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

int config_read_given(struct arena *arena, const char *flag, const char *path, size_t max_bytes,
                      struct str *ret, struct err *reterr)
{
    struct err err = {0};
    int rc = config_read_file(arena, path, max_bytes, ret, &err);

    return rc < 0 ? err_set(reterr, (enum err_code)rc, "--%s: %s", flag, err.message) : 0;
}

void config_print_help(enum config_command command)
{
    printf("tolqujat %s [FLAGS]%s\n\nFlags, and the environment variables that stand for them:\n",
           command_name(command),
           command == COMMAND_IMPORT        ? " SOURCE FILE..."
           : command == COMMAND_RUN         ? " JOB"
           : command == COMMAND_CARD_VERIFY ? " PAYLOAD"
           : command == COMMAND_CARD_KEY    ? " FILE"
                                            : "");
    for (size_t i = 0; i < options_n; i++) {
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
