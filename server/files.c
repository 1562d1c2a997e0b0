/* server/files.c: see server/files.h. */
#include "server/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "server/file_link.h"
#include "server/file_range.h"
#include "server/http/exchange.h"

enum {
    PIECE = 64 * 1024
};

struct files {
    uv_loop_t *loop;
    int store;
    unsigned char key[SEAL_BOX_KEY_BYTES];
    struct files_stats stats;
};

enum sending_state {
    OPENING,
    READING, /* a piece is on its way */
    FILLED,  /* piece[] holds the next n bytes */
    OVER     /* all is taken, or something failed */
};

/* One file on its way. Lives until its exchange has ended and nothing of its own is pending. */
struct sending {
    struct producer producer;
    struct files *files;
    struct exchange *x; /* NULL: it has ended */
    struct file_link link;
    union {
        uv_work_t open;
        uv_fs_t fs;
    } req;
    enum sending_state state;
    int fd, failure; /* errno of opening; ERR_ of reading */
    bool waits;      /* next() came before the piece */
    bool begun;      /* the file is there, and its reply has begun */
    uint64_t at, left, size;
    size_t n;
    char piece[PIECE];
};

/* ---- its end ---- */

static void on_closed(uv_fs_t *req)
{
    struct sending *s = container_of(req, struct sending, req.fs);

    uv_fs_req_cleanup(req);
    free(s);
}

/* Nothing is pending and nobody waits. */
static void end(struct sending *s)
{
    s->files->stats.open--;
    if (s->fd < 0 || uv_fs_close(s->files->loop, &s->req.fs, s->fd, on_closed) < 0) {
        if (s->fd >= 0)
            close(s->fd);
        free(s);
    }
}

/* The exchange is over, well or not. */
static void on_exchange_ended(void *arg)
{
    struct sending *s = arg;

    if (s->begun && s->state == OVER && s->failure == 0)
        s->files->stats.sent++;
    else if (s->begun)
        s->files->stats.broken++;
    s->x = NULL;
    if (s->state != READING)
        end(s);
}

/* ---- reading ---- */

static void on_read(uv_fs_t *req)
{
    struct sending *s = container_of(req, struct sending, req.fs);
    ssize_t n = req->result;

    uv_fs_req_cleanup(req);
    if (n > 0) {
        s->n = (size_t)n;
        s->at += (uint64_t)n;
        s->left -= (uint64_t)n;
        s->state = FILLED;
    } else {
        /* An end before the end: somebody has cut the file. */
        s->failure = ERR_INTERNAL;
        s->state = OVER;
        log_error("a file of the store can't be read: %s",
                  n < 0 ? uv_strerror((int)n) : "it ends too early");
    }
    if (!s->x) {
        end(s);
    } else if (s->waits) {
        s->waits = false;
        if (s->x->is_gone)
            exchange_abandon(s->x); /* while next() waited it was ours again */
        else
            exchange_resume(s->x);
    }
}

static void read_piece(struct sending *s)
{
    uv_buf_t b = uv_buf_init(s->piece, (unsigned)MIN(s->left, (uint64_t)PIECE));

    s->state = READING;
    if (uv_fs_read(s->files->loop, &s->req.fs, s->fd, &b, 1, (int64_t)s->at, on_read) < 0) {
        s->failure = ERR_INTERNAL;
        s->state = OVER;
    }
}

static int on_next(struct producer *p, struct buf *out)
{
    struct sending *s = container_of(p, struct sending, producer);

    switch (s->state) {
    case READING:
        s->waits = true;
        return PRODUCER_WAITS;
    case FILLED:
        buf_add(out, s->piece, s->n);
        s->files->stats.bytes += s->n;
        if (s->left > 0) {
            read_piece(s);
            return 1;
        }
        s->state = OVER;
        return 0;
    case OPENING:
    case OVER:
        break;
    }
    return s->failure;
}

/* ---- opening ---- */

/* On a thread. Folder by folder, so that no symbolic link on the way is followed. */
static void open_file(uv_work_t *work)
{
    struct sending *s = container_of(work, struct sending, req.open);
    int dir = s->files->store, fd = -1;
    const char *at = s->link.path;
    struct stat st;

    for (;;) {
        size_t n = strcspn(at, "/");
        char name[FILE_LINK_TEXT_MAX + 1];
        bool last = !at[n];

        memcpy(name, at, n);
        name[n] = '\0';
        fd = openat(dir, name,
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (last ? O_NONBLOCK : O_DIRECTORY));
        s->failure = fd < 0 ? errno : 0;
        if (dir != s->files->store)
            close(dir);
        if (fd < 0 || last)
            break;
        dir = fd;
        at += n + 1;
    }
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        s->failure = EINVAL;
        close(fd);
        fd = -1;
    }
    s->fd = fd;
    s->size = fd >= 0 ? (uint64_t)st.st_size : 0;
}

static void begin(struct sending *s, struct exchange *x)
{
    struct file_range range;
    char text[80];
    struct http_header headers[] = {{"Accept-Ranges", "bytes"},
                                    {"Content-Security-Policy", "default-src 'none'; sandbox"},
                                    {"Referrer-Policy", "no-referrer"},
                                    {NULL, NULL},
                                    {NULL, NULL}};
    bool part = file_range_read(x->range, s->size, &range);

    if (part)
        headers[3] = (struct http_header){"Content-Range", text};
    if (part && range.n == 0) {
        snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)s->size);
        exchange_error_status(x, 416, "the file has no such bytes", headers + 3);
        return;
    }
    snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)range.at,
             (unsigned long long)(range.at + range.n - 1), (unsigned long long)s->size);
    s->begun = true;
    s->at = range.at;
    s->left = range.n;
    if (range.n > 0 && x->method == HTTP_METHOD_GET)
        read_piece(s);
    else
        s->state = OVER;
    exchange_stream_sized(x, part ? 206 : 200, s->link.media_type, &s->producer, range.n, headers);
}

static void on_opened(uv_work_t *work, int status)
{
    struct sending *s = container_of(work, struct sending, req.open);
    struct exchange *x = s->x;

    s->state = FILLED; /* of nothing yet: no operation is pending */
    x->gone = NULL;
    if (x->is_gone) {
        exchange_abandon(x); /* whose end is ours */
    } else if (s->fd < 0) {
        s->files->stats.missing++;
        if (s->failure != ENOENT)
            log_warn("a file of the store can't be opened: %s", strerror(s->failure));
        exchange_error_status(x, 404, "what this link leads to is not in the store", NULL);
    } else {
        begin(s, x);
    }
}

/* on_opened sees it: opening can't be called off. */
static void on_gone(struct exchange *x)
{
}

static void start(struct files *f, struct exchange *x, const struct file_link *link)
{
    struct sending *s;

    if (f->stats.open >= FILES_AT_ONCE) {
        exchange_error_status(x, 503, "too many files are being sent; try again in a moment", NULL);
        return;
    }
    s = calloc(1, sizeof *s);
    if (!s || arena_defer(&x->arena, on_exchange_ended, s) < 0) {
        free(s);
        exchange_error_status(x, 503, "out of memory", NULL);
        return;
    }
    s->producer.next = on_next;
    s->files = f;
    s->x = x;
    s->state = OPENING;
    s->fd = -1;
    memcpy(s->link._text, link->_text, sizeof s->link._text);
    s->link.media_type = s->link._text + (link->media_type - link->_text);
    s->link.path = s->link._text + (link->path - link->_text);
    f->stats.open++;
    x->gone = on_gone;
    if (uv_queue_work(f->loop, &s->req.open, open_file, on_opened) < 0) {
        s->state = OVER;
        x->gone = NULL;
        exchange_error_status(x, 503, "out of memory", NULL);
    }
}

/* ---- the whole ---- */

void files_handle(struct files *f, struct exchange *x)
{
    size_t prefix = strlen(FILE_LINK_PATH);
    struct file_link link;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    switch (file_link_read(f->key, (struct str){x->path.ptr + prefix, x->path.len - prefix},
                           now.tv_sec, &link)) {
    case FILE_LINK_FORGED:
        f->stats.forged++;
        exchange_error_status(x, 403, "this is no link that this server gave out", NULL);
        return;
    case FILE_LINK_EXPIRED:
        f->stats.expired++;
        exchange_error_status(
            x, 410, "this link has expired; ask the API for the record again to get a new one",
            NULL);
        return;
    case FILE_LINK_GOOD:
        break;
    }
    if (f->store >= 0) {
        start(f, x, &link);
    } else {
        f->stats.missing++;
        exchange_error_status(x, 404, "this server has no store of files (--images)", NULL);
    }
}

void files_get_stats(const struct files *f, struct files_stats *ret)
{
    *ret = f->stats;
}

int files_open_store(const char *dir, int *ret_fd, struct err *reterr)
{
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_set(reterr, ERR_CONFIG, "--images: %.160s: %s", dir, strerror(errno));
    *ret_fd = fd;
    return 0;
}

int files_open(struct files **ret, uv_loop_t *loop, int store,
               const unsigned char key[SEAL_BOX_KEY_BYTES], struct err *reterr)
{
    struct files *f = calloc(1, sizeof *f);

    if (!f)
        return err_set(reterr, ERR_MEMORY, "no memory for files");
    f->loop = loop;
    f->store = store;
    memcpy(f->key, key, sizeof f->key);
    *ret = f;
    return 0;
}

void files_close(struct files *f)
{
    if (!f)
        return;
    assert(f->stats.open == 0);
    explicit_bzero(f->key, sizeof f->key);
    free(f);
}
