/* server/gateway_file.c: messages as lines of JSON at the end of a file. What gateway_send says was sent is on disk.
 *
 * A line that could not be written whole (a full disk) is ended before the next is begun, so that one bad line is all that it costs. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "server/gateway.h"

struct gateway_file {
    struct gateway gateway;
    int fd;
    bool torn; /* the file may end within a line */
    struct buf lines;
};

static bool write_all(int fd, const char *from, size_t n)
{
    while (n) {
        ssize_t done = write(fd, from, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        from += done;
        n -= (size_t)done;
    }
    return true;
}

static bool add_line(struct gateway_file *f, const struct gateway_message *m)
{
    char *line = gateway_json(m);

    if (line)
        buf_addf(&f->lines, "%s\n", line);
    free(line);
    return line != NULL && !f->lines.failed;
}

static void send_all(struct gateway *g, struct gateway_message *messages, uint32_t n)
{
    struct gateway_file *f = container_of(g, struct gateway_file, gateway);
    const char *why = "no memory for the lines";
    bool good = true;

    buf_clear(&f->lines);
    if (f->torn)
        buf_addf(&f->lines, "\n");
    for (uint32_t i = 0; i < n && good; i++)
        good = add_line(f, &messages[i]);
    if (good) {
        f->torn = true;
        good = write_all(f->fd, f->lines.ptr, f->lines.len) && fsync(f->fd) == 0;
        f->torn = !good;
        why = good ? "" : strerror(errno);
    }
    for (uint32_t i = 0; i < n; i++) {
        messages[i].outcome = good ? GATEWAY_SENT : GATEWAY_AGAIN;
        snprintf(messages[i].why, sizeof messages[i].why, "%s", why);
    }
}

static void close_file(struct gateway *g)
{
    struct gateway_file *f = container_of(g, struct gateway_file, gateway);

    close(f->fd);
    buf_release(&f->lines);
    free(f);
}

int gateway_file_open(struct gateway **ret, const struct gateway_config *config, struct err *reterr)
{
    struct gateway_file *f = calloc(1, sizeof *f);
    const char *path = config->where + strlen("file:");

    if (!f)
        return err_set(reterr, ERR_MEMORY, "no memory for a gateway");
    f->gateway = (struct gateway){send_all, close_file};
    f->torn = true; /* whoever wrote before may have been cut off: an empty line harms nobody */
    buf_init(&f->lines, 0);
    f->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        free(f);
        return err_set(reterr, ERR_CONFIG, "--gateway: %.160s: %s", path, strerror(errno));
    }
    *ret = &f->gateway;
    return 0;
}
