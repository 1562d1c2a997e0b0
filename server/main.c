/* server/main.c: the commands of tolqujat. What each does is in a file of its own. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "db/conninfo.h"
#include "db/migrate.h"
#include "server/audit_verify.h"
#include "server/card_key.h"
#include "server/card_verify.h"
#include "server/check.h"
#include "server/config.h"
#include "server/import.h"
#include "server/job.h"
#include "server/messages.h"
#include "server/service.h"
#include "server/supervisor.h"
#include "server/token_issue.h"
#include "server/worker.h"

enum {
    STATUS_OK = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2
};

static const char usage[] =
    "tolqujat: the server of the national electronic health passport\n\n"
    "  tolqujat serve [FLAGS]     answers GraphQL over HTTP\n"
    "  tolqujat check [FLAGS]     compares the schema file with the database\n"
    "  tolqujat migrate [FLAGS]   brings the database to the newest tables\n"
    "  tolqujat import [FLAGS] SOURCE FILE...  takes another system's records (FHIR R4)\n"
    "  tolqujat messages [FLAGS]  sends what waits to be told to patients and doctors\n"
    "  tolqujat run [FLAGS] JOB --month YYYY-MM  capitation, visit-monitor, figures, due-list\n"
    "  tolqujat token [FLAGS]     makes a token, or a key, for a demo\n"
    "  tolqujat card verify [FLAGS] PAYLOAD  reads an emergency card without a network\n"
    "  tolqujat card key FILE     makes a key that signs emergency cards\n"
    "  tolqujat audit verify [FLAGS]  whether the access log is what was written\n"
    "  tolqujat COMMAND --help    the flags of a command\n"
    "  tolqujat --version\n";

static const char card_usage[] =
    "  tolqujat card verify [FLAGS] PAYLOAD  reads an emergency card without a network\n"
    "  tolqujat card key FILE     makes a key that signs emergency cards\n";
static const char audit_usage[] =
    "  tolqujat audit verify [FLAGS]  whether the access log is what was written\n";

/* One line, whatever an argument had in it. */
static void complain(const char *command, struct err *err)
{
    for (char *p = err->message; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
    fprintf(stderr, "tolqujat %s: %s\n", command, err->message);
}

static int serve(const struct config *config)
{
    struct service service;
    struct err err = {0};
    int rc = service_prepare(&service, config, &err), status;

    if (rc < 0) {
        complain("serve", &err);
        status = rc == ERR_CONFIG ? STATUS_USAGE : STATUS_FAILED;
    } else if (config->workers > 1) {
        status = supervisor_run(&service);
    } else {
        struct worker_start start = {
            .service = &service, .port = (unsigned)config->port, .ready_fd = -1};
        status = worker_run(&start);
    }
    service_release(&service);
    return status;
}

static void on_applied(const char *name, double seconds)
{
    printf("%s (%.2f s)\n", name, seconds);
    fflush(stdout);
}

static int migrate(const struct config *config)
{
    struct migrate m = {.conninfo = config->database, .dir = config->dir, .applied = on_applied};
    struct err err = {0};
    int applied = 0;

    if (migrate_run(&m, &applied, &err) < 0) {
        complain("migrate", &err);
        return STATUS_FAILED;
    }
    printf("%d applied\n", applied);
    return STATUS_OK;
}

static int token(const struct config *config)
{
    struct err err = {0};

    if (token_command(config, &err) == 0)
        return STATUS_OK;
    complain("token", &err);
    return err.code == ERR_CONFIG ? STATUS_USAGE : STATUS_FAILED;
}

static int card_key(const struct config *config)
{
    struct err err = {0};

    if (card_key_new(config->card.operand, &err) == 0)
        return STATUS_OK;
    complain("card key", &err);
    return err.code == ERR_CONFIG ? STATUS_USAGE : STATUS_FAILED;
}

static int card_verify(const struct config *config)
{
    struct err err = {0};
    int status = card_verify_run(&config->card, &err);

    if (err.code)
        complain("card verify", &err);
    return status;
}

/* What can be told of connection strings before anything is done with them. */
static int check_databases(const struct config *config, struct err *reterr)
{
    int rc = config->database ? conninfo_check(config->database, "--database", reterr) : 0;

    return rc == 0 && config->follow ? conninfo_check(config->follow, "--follow", reterr) : rc;
}

static int run(const char *name, enum config_command command, int argc, char **argv)
{
    struct config config;
    struct err err = {0};
    int rc = config_read(&config, command, argc, argv, &err), status = STATUS_OK;

    if (rc == 0)
        rc = check_databases(&config, &err);
    if (rc == CONFIG_HELP) {
        config_print_help(command);
    } else if (rc < 0) {
        complain(name, &err);
        status = STATUS_USAGE;
    } else {
        log_set_level(config.log_level);
        status = command == COMMAND_SERVE         ? serve(&config)
                 : command == COMMAND_CHECK       ? check_run(&config)
                 : command == COMMAND_TOKEN       ? token(&config)
                 : command == COMMAND_IMPORT      ? import_run(&config)
                 : command == COMMAND_RUN         ? job_run(&config)
                 : command == COMMAND_CARD_VERIFY ? card_verify(&config)
                 : command == COMMAND_CARD_KEY    ? card_key(&config)
                 : command == COMMAND_MESSAGES    ? messages_run(&config)
                 : command == COMMAND_MIGRATE     ? migrate(&config)
                                                  : audit_verify_run(&config);
    }
    config_release(&config);
    return status;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";

    if (hash_start() < 0) {
        fprintf(stderr, "tolqujat: the system gives no random bytes\n");
        return STATUS_FAILED;
    }
    if (strcmp(command, "serve") == 0)
        return run(command, COMMAND_SERVE, argc - 2, argv + 2);
    if (strcmp(command, "check") == 0)
        return run(command, COMMAND_CHECK, argc - 2, argv + 2);
    if (strcmp(command, "migrate") == 0)
        return run(command, COMMAND_MIGRATE, argc - 2, argv + 2);
    if (strcmp(command, "import") == 0)
        return run("import", COMMAND_IMPORT, argc - 2, argv + 2);
    if (strcmp(command, "messages") == 0)
        return run(command, COMMAND_MESSAGES, argc - 2, argv + 2);
    if (strcmp(command, "run") == 0)
        return run(command, COMMAND_RUN, argc - 2, argv + 2);
    if (strcmp(command, "token") == 0)
        return run(command, COMMAND_TOKEN, argc - 2, argv + 2);
    if (strcmp(command, "audit") == 0 && argc > 2 && strcmp(argv[2], "verify") == 0)
        return run("audit verify", COMMAND_AUDIT_VERIFY, argc - 3, argv + 3);
    if (strcmp(command, "card") == 0 && argc > 2 && strcmp(argv[2], "verify") == 0)
        return run("card verify", COMMAND_CARD_VERIFY, argc - 3, argv + 3);
    if (strcmp(command, "card") == 0 && argc > 2 && strcmp(argv[2], "key") == 0)
        return run("card key", COMMAND_CARD_KEY, argc - 3, argv + 3);
    if (argc == 3 && (strcmp(command, "card") == 0 || strcmp(command, "audit") == 0) &&
        (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
        fputs(*command == 'c' ? card_usage : audit_usage, stdout);
        return STATUS_OK;
    }
    if (strcmp(command, "card") == 0) {
        fputs("tolqujat card: what it does is verify and key (see tolqujat --help)\n", stderr);
        return STATUS_USAGE;
    }
    if (strcmp(command, "audit") == 0) {
        fputs("tolqujat audit: the one thing that it does is verify (see tolqujat --help)\n",
              stderr);
        return STATUS_USAGE;
    }
    if (argc == 2 && strcmp(command, "--version") == 0) {
        printf("tolqujat %s\n", TOLQUJAT_VERSION);
        return STATUS_OK;
    }
    if (argc == 2 && (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)) {
        fputs(usage, stdout);
        return STATUS_OK;
    }
    if (argc > 1)
        fprintf(stderr, "tolqujat: there is no command \"%.40s\" (see tolqujat --help)\n", command);
    else
        fputs(usage, stderr);
    return STATUS_USAGE;
}
