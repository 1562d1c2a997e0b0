/* server/audit_heads.c: see server/audit_heads.h. Files are libuv's, so threads wait for the disk and the loop does not. */
#include "server/audit_heads.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

/* ---- lines ---- */

static void add_hex(struct buf *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%02x", bytes[i]);
}

int audit_head_write(struct hmac *key, const struct audit_head *head, int64_t at, struct buf *out)
{
    struct sha256 signature;

    if (audit_head_sign(key, head, at, &signature) < 0)
        return ERR_INTERNAL;
    buf_addf(out, "1 %016" PRIx64 " %" PRId64 " %" PRId64 " %" PRId64 " ", (uint64_t)head->chain,
             head->started, head->seq, at);
    add_hex(out, head->mac.bytes, sizeof head->mac.bytes);
    buf_add_char(out, ' ');
    add_hex(out, signature.bytes, sizeof signature.bytes);
    buf_add_char(out, '\n');
    return out->failed ? ERR_MEMORY : 0;
}

/* The rest of the line begins with one space and then the number. */
static bool take_number(struct str *rest, int base, int64_t *ret)
{
    char text[24], *end;
    size_t n = 0;

    if (!rest->len || rest->ptr[0] != ' ')
        return false;
    rest->ptr++, rest->len--;
    while (n < rest->len && n < sizeof text - 1 && rest->ptr[n] != ' ') {
        text[n] = rest->ptr[n];
        n++;
    }
    text[n] = '\0';
    if (n == 0 || strspn(text, base == 16 ? "0123456789abcdef" : "-0123456789") != n)
        return false;
    errno = 0;
    *ret = base == 16 ? (int64_t)strtoull(text, &end, 16) : strtoll(text, &end, 10);
    rest->ptr += n, rest->len -= n;
    return !errno && !*end;
}

/* One space and 2n digits. */
static bool take_hex(struct str *rest, unsigned char *ret, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    if (rest->len < 1 + 2 * n || rest->ptr[0] != ' ')
        return false;
    for (size_t i = 0; i < 2 * n; i++) {
        const char *d = memchr(digits, rest->ptr[1 + i], sizeof digits - 1);
        if (!d)
            return false;
        ret[i / 2] = (unsigned char)(i % 2 ? ret[i / 2] | (d - digits) : (d - digits) << 4);
    }
    rest->ptr += 1 + 2 * n, rest->len -= 1 + 2 * n;
    return true;
}

bool audit_head_read(struct hmac *key, struct str line, struct audit_head *ret, int64_t *ret_at)
{
    struct sha256 signature, own;

    if (!line.len || line.ptr[0] != '1')
        return false;
    line.ptr++, line.len--;
    return take_number(&line, 16, &ret->chain) && take_number(&line, 10, &ret->started) &&
           take_number(&line, 10, &ret->seq) && take_number(&line, 10, ret_at) &&
           take_hex(&line, ret->mac.bytes, sizeof ret->mac.bytes) &&
           take_hex(&line, signature.bytes, sizeof signature.bytes) && !line.len &&
           audit_head_sign(key, ret, *ret_at, &own) == 0 &&
           audit_mac_equal(own.bytes, signature.bytes, sizeof own.bytes);
}

void audit_head_name(int64_t chain, char ret[AUDIT_HEAD_NAME_MAX])
{
    snprintf(ret, AUDIT_HEAD_NAME_MAX, "%016" PRIx64 ".heads", (uint64_t)chain);
}

int audit_heads_check(const char *dir, struct err *reterr)
{
    struct stat st;

    if (stat(dir, &st) < 0)
        return err_set(reterr, ERR_CONFIG, "--audit-heads: %.100s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(reterr, ERR_CONFIG, "--audit-heads: %.100s is no folder", dir);
    if (access(dir, W_OK | X_OK) < 0)
        return err_set(reterr, ERR_CONFIG, "--audit-heads: %.100s can't be written to: %s", dir,
                       strerror(errno));
    return 0;
}

/* ---- writing ---- */

/* One head on its way: open, write, sync, close, one after another; then, for a new file, the same of the folder. */
enum step {
    STEP_OPEN,
    STEP_WRITE,
    STEP_SYNC,
    STEP_CLOSE,
    STEP_OPEN_FOLDER,
    STEP_SYNC_FOLDER,
    STEP_CLOSE_FOLDER,
    STEP_DONE
};

struct entry {
    struct list node;
    struct buf line;
    bool is_new; /* the first of its file */
    char path[]; /* NUL-terminated */
};

struct audit_heads {
    uv_loop_t *loop;
    const char *dir;
    struct hmac *key;
    void (*note)(const char *why);
    struct list entries; /* the first is being written */
    uv_fs_t req;
    enum step step;
    bool busy;
    uv_file fd;
    uint64_t failed;
    uv_idle_t idle; /* so that a close with nothing to do is told on a later turn */
    bool closing;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

static void on_step(uv_fs_t *req);

/* Starts the step; negative: libuv would not. */
static int start_step(struct audit_heads *h, const struct entry *e)
{
    uv_buf_t bytes = uv_buf_init(e->line.ptr, (unsigned)e->line.len);

    switch (h->step) {
    case STEP_OPEN:
        return uv_fs_open(h->loop, &h->req, e->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                          0600, on_step);
    case STEP_WRITE:
        return uv_fs_write(h->loop, &h->req, h->fd, &bytes, 1, -1, on_step);
    case STEP_SYNC:
    case STEP_SYNC_FOLDER:
        return uv_fs_fsync(h->loop, &h->req, h->fd, on_step);
    case STEP_CLOSE:
    case STEP_CLOSE_FOLDER:
        return uv_fs_close(h->loop, &h->req, h->fd, on_step);
    case STEP_OPEN_FOLDER:
        return uv_fs_open(h->loop, &h->req, h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, on_step);
    case STEP_DONE:
        break;
    }
    return 0;
}

static void entry_free(struct entry *e)
{
    list_remove(&e->node);
    buf_release(&e->line);
    free(e);
}

static void closed(uv_handle_t *handle)
{
    struct audit_heads *h = handle->data;
    void (*on_closed)(void *data) = h->on_closed;
    void *data = h->on_closed_data;

    free(h);
    on_closed(data);
}

static void fail(struct audit_heads *h, const char *why)
{
    char text[160];

    h->failed++;
    snprintf(text, sizeof text, "the head of a chain can't be written down: %s", why);
    h->note(text);
}

static void next(struct audit_heads *h)
{
    while (!h->busy && !list_empty(&h->entries)) {
        struct entry *e = container_of(h->entries.next, struct entry, node);
        h->step = STEP_OPEN;
        h->fd = -1;
        h->busy = start_step(h, e) == 0;
        if (!h->busy) {
            fail(h, "no memory");
            entry_free(e);
        }
    }
    if (!h->busy && h->closing && !uv_is_closing((uv_handle_t *)&h->idle))
        uv_close((uv_handle_t *)&h->idle, closed);
}

/* Where the step before leads; a failure goes on where the descriptor is closed. */
static enum step follow(const struct audit_heads *h, const struct entry *e, bool good)
{
    switch (h->step) {
    case STEP_OPEN:
    case STEP_WRITE:
    case STEP_SYNC:
        return good ? h->step + 1 : h->fd >= 0 ? STEP_CLOSE : STEP_DONE;
    case STEP_CLOSE:
        return e->is_new && good ? STEP_OPEN_FOLDER : STEP_DONE;
    case STEP_OPEN_FOLDER:
        return good ? STEP_SYNC_FOLDER : STEP_DONE;
    case STEP_SYNC_FOLDER:
        return STEP_CLOSE_FOLDER;
    case STEP_CLOSE_FOLDER:
    case STEP_DONE:
        break;
    }
    return STEP_DONE;
}

static void on_step(uv_fs_t *req)
{
    struct audit_heads *h = req->data;
    struct entry *e = container_of(h->entries.next, struct entry, node);
    ssize_t result = req->result;
    bool whole = h->step != STEP_WRITE || result < 0 || (size_t)result == e->line.len;

    uv_fs_req_cleanup(req);
    if (result < 0)
        fail(h, uv_strerror((int)result));
    else if (!whole)
        fail(h, "the disk took a part of it");
    if (result >= 0 && (h->step == STEP_OPEN || h->step == STEP_OPEN_FOLDER))
        h->fd = (uv_file)result;
    h->step = follow(h, e, result >= 0 && whole);
    if (h->step != STEP_DONE && start_step(h, e) == 0)
        return;
    h->busy = false;
    entry_free(e);
    next(h);
}

int audit_heads_open(struct audit_heads **ret, struct uv_loop_s *loop, const char *dir,
                     struct hmac *key, void (*note)(const char *why))
{
    struct audit_heads *h = calloc(1, sizeof *h);

    if (!h)
        return ERR_MEMORY;
    h->loop = loop;
    h->dir = dir;
    h->key = key;
    h->note = note;
    h->req.data = h;
    list_init(&h->entries);
    uv_idle_init(loop, &h->idle);
    h->idle.data = h;
    *ret = h;
    return 0;
}

void audit_heads_add(struct audit_heads *h, const struct audit_head *head, int64_t at)
{
    size_t room = strlen(h->dir) + 1 + AUDIT_HEAD_NAME_MAX;
    struct entry *e = malloc(sizeof *e + room);
    char name[AUDIT_HEAD_NAME_MAX];

    if (!e) {
        fail(h, "no memory");
        return;
    }
    list_init(&e->node);
    buf_init(&e->line, AUDIT_HEAD_LINE_MAX);
    e->is_new = head->seq == 0;
    audit_head_name(head->chain, name);
    snprintf(e->path, room, "%s/%s", h->dir, name);
    if (audit_head_write(h->key, head, at, &e->line) < 0) {
        fail(h, "it can't be signed");
        entry_free(e);
        return;
    }
    list_push_back(&h->entries, &e->node);
    next(h);
}

uint64_t audit_heads_failed(const struct audit_heads *h)
{
    return h->failed;
}

void audit_heads_close(struct audit_heads *h, void (*on_closed)(void *data), void *data)
{
    h->closing = true;
    h->on_closed = on_closed;
    h->on_closed_data = data;
    next(h);
}
