/* server/check.c: see server/check.h. */
#include "server/check.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "db/db.h"
#include "db/files.h"
#include "query/schema.h"
#include "server/config.h"
#include "server/document_routes.h"
#include "server/follower.h"
#include "server/service.h"

static void print_statements(const struct access *access, struct arena *arena)
{
    for (uint32_t i = 0; i < access->n_paths; i++)
        for (unsigned variant = 0;; variant++) {
            const char *sql = db_statement_sql(&access->paths[i], variant, arena);
            if (!sql)
                break;
            printf("\n-- line %d, variant %u\n%s\n", access->paths[i].line, variant, sql);
        }
}

static void print_found(const struct schema *schema)
{
    const struct access *a = &schema->access;
    unsigned lists = 0, hot = 0;

    for (uint32_t i = 0; i < a->n_paths; i++)
        lists += a->paths[i].kind == ACCESS_LIST;
    for (uint32_t i = 0; i < a->n_tables; i++)
        hot += a->tables[i].hot;
    printf("%u types, %u tables (%u held in the process), %u ways to find rows (%u lists)\n",
           schema->n_types, a->n_tables, hot, a->n_paths, lists);
}

/* The file of documents beside the schema file. */
static int check_documents(struct arena *arena, const char *path, const struct schema *schema,
                           struct err *reterr)
{
    struct document_routes routes;
    int rc = document_routes_read(arena, path, &routes, reterr);

    if (rc == 0)
        rc = document_routes_compile(&routes, schema, reterr);
    if (rc == 0)
        printf("%u documents over HTTP\n", routes.n);
    document_routes_release(&routes);
    return rc;
}

/* Whether what others write can be heard of. */
static int check_follow(const struct config *config, const struct access *access)
{
    struct err err = {0};

    if (!config->follow)
        return 0;
    if (follower_check(config->follow, access, &err) < 0) {
        fprintf(stderr, "tolqujat check: changes by others can't be followed: %s\n", err.message);
        return 1;
    }
    printf("changes by others can be followed\n");
    return 0;
}

/* Whether it has the migrations and functions that this program came with. */
static int check_files(const struct config *config, struct err *reterr)
{
    struct db_files files;
    char sentence[400];
    int rc = db_files_compare(config->database, &files, reterr);

    if (rc < 0)
        return rc;
    db_files_sentence(&files, sentence, sizeof sentence);
    if (files.state == DB_FILES_OLDER || files.state == DB_FILES_OTHER)
        return err_set(reterr, ERR_DATA, "%s", sentence);
    if (*sentence)
        fprintf(stderr, "tolqujat check: %s\n", sentence);
    return 0;
}

int check_run(const struct config *config)
{
    struct schema *schema = NULL;
    struct err err = {0};
    struct arena arena;
    int rc, status = 0;

    arena_init(&arena, 0);
    rc = service_read_schema(&arena, config->schema, &schema, &err);
    if (rc < 0) {
        fprintf(stderr, "tolqujat check: %s\n", err.message);
        arena_release(&arena);
        return 2;
    }
    print_found(schema);
    rc = check_documents(&arena, config->schema, schema, &err);
    if (rc < 0) {
        fprintf(stderr, "tolqujat check: %s\n", err.message);
        schema_free(schema);
        arena_release(&arena);
        return 2;
    }
    rc = check_files(config, &err);
    if (rc == 0)
        rc = db_check(config->database, &schema->access, &err);
    if (rc < 0) {
        status = 1;
        if (err.line)
            fprintf(stderr, "tolqujat check: %s:%d: %s\n", config->schema, err.line, err.message);
        else
            fprintf(stderr, "tolqujat check: %s\n", err.message);
    } else {
        if (config->sql)
            print_statements(&schema->access, &arena);
        printf("%s fits the database\n", config->schema);
        status = check_follow(config, &schema->access);
    }
    schema_free(schema);
    arena_release(&arena);
    return status;
}
