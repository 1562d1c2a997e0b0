/* server/import.c: see server/import.h. The command: files, signals, what is said at the end. */
#include "server/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"
#include "server/config.h"
#include "server/import_loader.h"
#include "server/import_reader.h"
#include "server/import_record.h"
#include "server/import_screen.h"

struct import {
    const struct config_import *config;
    struct import_loader *loader;
    struct import_screen screen;
    uint64_t bytes_before; /* of the files before this one */
    bool broken;           /* a file could not be read to its end */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signum)
{
    interrupted = 1;
}

/* One is heeded between two records; the next finds what it would have found without us. */
static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* who reads our output may go; the records stay */
}

static bool is_stdin(const char *file)
{
    return strcmp(file, "-") == 0;
}

/* ---- one file ---- */

/* Its name as it is shown and goes on record: a name may be any bytes. */
static char *name_of(const char *file)
{
    char *name = strdup(is_stdin(file) ? "standard input" : file);
    size_t n = name ? strlen(name) : 0;

    for (size_t i = 0; i < n;) {
        size_t step = utf8_sequence((const unsigned char *)name + i, n - i);
        if (step == 0)
            name[i] = '?';
        i += MAX(step, (size_t)1);
    }
    return name;
}

static ssize_t read_bytes(void *data, char *to, size_t n)
{
    const int *fd = data;
    ssize_t got;

    do {
        got = interrupted ? -1 : read(*fd, to, n);
    } while (got < 0 && errno == EINTR && !interrupted);
    return got;
}

static void tell_file(struct import *im, const char *name, const char *what)
{
    struct import_place all = {.file = name};

    im->broken = true;
    import_screen_tell(&im->screen, &all, NULL, what);
}

static int one_record(struct import *im, const char *name, const struct import_record *record,
                      struct err *reterr)
{
    struct import_place at = {name, record->number, record->line};
    struct import_resource resource;
    char why[IMPORT_WHY_MAX];
    int rc;

    if (!import_record_check(record, &resource, why))
        return import_loader_add_bad(im->loader, &at, why, reterr);
    rc = import_loader_add(im->loader, &at, &resource, reterr);
    free(resource.url);
    return rc;
}

/* < 0: nothing more can be taken, of any file. */
static int read_records(struct import *im, const char *name, int fd, struct err *reterr)
{
    struct import_reader *reader = NULL;
    struct import_record record;
    struct err err = {0};
    int rc = import_reader_new(&reader, read_bytes, &fd);

    if (rc < 0)
        return err_set(reterr, rc, "no memory for a file");
    while (!interrupted && (rc = import_reader_next(reader, &record, &err)) == 1) {
        rc = one_record(im, name, &record, reterr);
        if (rc < 0)
            break;
        import_screen_progress(&im->screen, name, im->bytes_before + import_reader_offset(reader),
                               import_loader_done(im->loader));
    }
    im->bytes_before += import_reader_offset(reader);
    import_reader_free(reader);
    if (rc < 0 && err.code && !interrupted) { /* this file's fault alone */
        tell_file(im, name, err.message);
        rc = 0;
    }
    return interrupted ? 0 : rc;
}

static int one_file(struct import *im, const char *file, const char *name, struct err *reterr)
{
    int fd = is_stdin(file) ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC), rc;

    if (fd < 0) {
        char what[ERR_MESSAGE_MAX];
        snprintf(what, sizeof what, "it can't be opened: %s", strerror(errno));
        tell_file(im, name, what);
        return 0;
    }
    rc = read_records(im, name, fd, reterr);
    if (fd != STDIN_FILENO)
        close(fd);
    return rc;
}

/* ---- all of it ---- */

/* Before anything is begun: a name with a slip in it is no reason to find out later. */
static int check_files(const struct config_import *c, uint64_t *ret_bytes, struct err *reterr)
{
    uint64_t bytes = 0;
    bool all_known = true, had_stdin = false;

    for (unsigned i = 0; i < c->n_files; i++) {
        const char *file = c->files[i];
        struct stat st;

        if (is_stdin(file)) {
            if (had_stdin)
                return err_set(reterr, ERR_CONFIG, "standard input (-) is given twice");
            had_stdin = true;
            all_known = false;
            continue;
        }
        if (access(file, R_OK) < 0 || stat(file, &st) < 0)
            return err_set(reterr, ERR_CONFIG, "%.160s: %s", file, strerror(errno));
        if (S_ISDIR(st.st_mode))
            return err_set(reterr, ERR_CONFIG, "%.160s is a folder: give the files in it", file);
        all_known = all_known && S_ISREG(st.st_mode);
        bytes += (uint64_t)st.st_size;
    }
    *ret_bytes = all_known ? bytes : 0;
    return 0;
}

static int read_files(struct import *im, char **names, struct err *reterr)
{
    int rc = 0;

    for (unsigned i = 0; i < im->config->n_files && rc == 0 && !interrupted; i++) {
        names[i] = name_of(im->config->files[i]);
        rc = names[i] ? one_file(im, im->config->files[i], names[i], reterr)
                      : err_set(reterr, ERR_MEMORY, "no memory for a file's name");
    }
    return rc < 0 ? rc : import_loader_flush(im->loader, reterr);
}

/* What came before what it refers to. An interrupted run leaves it to the next. */
static int settle(struct import *im, struct err *reterr)
{
    uint64_t n = 1, all = 0;
    int rc = 0;

    while (rc == 0 && n > 0 && !interrupted) {
        rc = import_loader_settle(im->loader, &n, reterr);
        all += n;
        import_screen_progress(&im->screen, "what waited", im->bytes_before, all);
    }
    return rc == 0 && !interrupted ? import_loader_end(im->loader, reterr) : rc;
}

static void on_told(void *data, const struct import_place *at, const char *outcome,
                    const char *reason)
{
    struct import *im = data;
    import_screen_tell(&im->screen, at, outcome, reason);
}

static void on_row(void *data, const char *type, const char *outcome, const char *reason,
                   uint64_t n)
{
    struct import *im = data;
    import_screen_row(&im->screen, type, outcome, reason, n);
}

static int open_run(struct import *im, const char *conninfo, struct err *reterr)
{
    struct import_loader_config config = {
        .conninfo = conninfo, .batch = (uint32_t)im->config->batch, .tell = on_told, .data = im};
    int rc = import_loader_open(&im->loader, &config, reterr);

    return rc < 0 ? rc
                  : import_loader_begin(im->loader, im->config->source, im->config->new_source,
                                        im->config->register_people, reterr);
}

static int import(struct import *im, const char *conninfo, char **names, struct err *reterr)
{
    uint64_t bytes = 0;
    int rc = check_files(im->config, &bytes, reterr);

    import_screen_begin(&im->screen, bytes);
    if (rc == 0)
        rc = open_run(im, conninfo, reterr);
    if (rc == 0)
        rc = read_files(im, names, reterr);
    if (rc == 0)
        rc = settle(im, reterr);
    if (rc == 0)
        rc = import_loader_report(im->loader, on_row, im, reterr);
    if (rc == 0)
        import_screen_end(&im->screen);
    return rc;
}

static int finish(struct import *im, int rc, const struct err *err)
{
    if (rc == ERR_CONFIG) {
        fprintf(stderr, "tolqujat import: %s\n", err->message);
        return IMPORT_USAGE;
    }
    if (rc < 0)
        fprintf(stderr,
                "tolqujat import: %s\n%" PRIu64 " records are on record; the same command goes on "
                "from there\n",
                err->message, im->loader ? import_loader_done(im->loader) : 0);
    else if (interrupted)
        fprintf(stderr, "tolqujat import: interrupted; the same command goes on from there\n");
    if (rc < 0 || interrupted || im->broken)
        return IMPORT_FAILED;
    return import_screen_at_fault(&im->screen) ? IMPORT_SOME_OUT : IMPORT_ALL_IN;
}

int import_run(const struct config *config)
{
    struct import im = {.config = &config->import};
    char **names = calloc(config->import.n_files, sizeof *names);
    struct err err = {0};
    int rc, status;

    heed_signals();
    rc = names ? import(&im, config->database, names, &err)
               : err_set(&err, ERR_MEMORY, "no memory for the names of the files");
    status = finish(&im, rc, &err);
    import_loader_close(im.loader);
    for (unsigned i = 0; names && i < config->import.n_files; i++)
        free(names[i]);
    free(names);
    return status;
}
