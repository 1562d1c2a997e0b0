/* cache/remote_conn.c: one connection to Redis: commands out, replies in, in order, each in time.
 * Layer: cache; base/, uv.h, hiredis' reply parser. See remote.c for what happens when it fails.
 *
 * Commands of one turn of the loop go out in one write, when the loop is about to sleep; what nobody waits
 * for lies some milliseconds longer and goes out with others. Replies come in
 * order, so the oldest command's deadline is the only one that is watched. A reply that nobody waits
 * for is never handed to the next in line: it closes the connection. All that the other side controls is
 * bounded: the bytes of a reply, the elements of an array, what is unsent, what is under way. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cache/remote_priv.h"

enum {
    PENDING_MAX = 16384,
    REPLY_MAX = 8 << 20, /* bytes of one reply */
    ELEMENTS_MAX = 4096, /* of one array in a reply */
    GRACE_MS = 1         /* see on_deadline */
};

/* A write that the socket did not take at once. */
struct write {
    uv_write_t req;
    char bytes[];
};

static void on_conn_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct remote *r = c->r;

    while (!list_empty(&c->fifo)) {
        struct remote_req *req = container_of(c->fifo.next, struct remote_req, _link);
        list_remove(&req->_link);
        req->done(req, NULL);
    }
    if (c->reader)
        redisReaderFree(c->reader);
    free(c);
    remote_drop_one(r);
}

/* Closes the connection; what is under way is answered from the close callback. */
void conn_close(struct conn *c)
{
    struct remote *r = c->r;

    if (c->closing)
        return;
    c->closing = true;
    r->conn = NULL;
    r->broken = false;
    buf_clear(&r->out);
    uv_prepare_stop(&r->flush);
    uv_idle_stop(&r->awake);
    uv_timer_stop(&r->lazy);
    uv_close(&c->handle, on_conn_closed);
}

void conn_fail(struct conn *c)
{
    struct remote *r = c->r;

    if (c->closing)
        return;
    r->errors++;
    conn_close(c);
    remote_go_down(r);
}

/* ---- Sending ---- */

static void on_written(uv_write_t *req, int status)
{
    struct conn *c = req->handle->data;

    free(container_of(req, struct write, req));
    if (status < 0)
        conn_fail(c);
}

/* The rest of `r->out`, from byte `from`, in a write of its own. */
static int write_later(struct conn *c, size_t from)
{
    struct buf *out = &c->r->out;
    struct write *w = malloc(sizeof *w + out->len - from);
    uv_buf_t b;

    if (!w)
        return UV_ENOMEM;
    memcpy(w->bytes, out->ptr + from, out->len - from);
    b = uv_buf_init(w->bytes, (unsigned)(out->len - from));
    if (uv_write(&w->req, &c->stream, &b, 1, on_written) < 0) {
        free(w);
        return UV_EPIPE;
    }
    return 0;
}

static void on_flush(uv_prepare_t *prepare)
{
    struct remote *r = prepare->data;
    struct conn *c = r->conn;
    uv_buf_t b = uv_buf_init(r->out.ptr, (unsigned)r->out.len);
    int n = 0;

    uv_prepare_stop(&r->flush);
    uv_idle_stop(&r->awake);
    uv_timer_stop(&r->lazy);
    if (!c)
        return;
    if (!r->broken && r->out.len) {
        n = uv_try_write(&c->stream, &b, 1);
        if (n == UV_EAGAIN)
            n = 0;
        if (n >= 0 && (size_t)n < r->out.len)
            n = write_later(c, (size_t)n);
    }
    buf_clear(&r->out);
    if (n < 0 || r->broken)
        conn_fail(c);
}

static void on_awake(uv_idle_t *idle)
{
}

void conn_flush_soon(struct conn *c)
{
    uv_prepare_start(&c->r->flush, on_flush);
    uv_idle_start(&c->r->awake, on_awake);
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* The oldest command is late. Timers run before sockets are read, so after a long turn of the loop its
 * reply may lie there unread: it gets one more turn. */
static void on_deadline(uv_timer_t *timer)
{
    struct remote *r = timer->data;
    struct conn *c = r->conn;
    struct remote_req *req;
    uint64_t now = now_ms();

    if (!c || list_empty(&c->fifo))
        return;
    req = container_of(c->fifo.next, struct remote_req, _link);
    if (req->_deadline_ms > now) {
        uv_timer_start(&r->deadline, on_deadline, req->_deadline_ms - now, 0);
    } else if (!r->graced) {
        r->graced = true;
        uv_timer_start(&r->deadline, on_deadline, GRACE_MS, 0);
    } else {
        conn_fail(c);
    }
}

static bool add_command(struct buf *out, int argc, const char **argv, const size_t *lens)
{
    buf_addf(out, "*%d\r\n", argc);
    for (int i = 0; i < argc; i++) {
        buf_addf(out, "$%zu\r\n", lens[i]);
        buf_add(out, argv[i], lens[i]);
        buf_add(out, "\r\n", 2);
    }
    return !out->failed;
}

int conn_send(struct conn *c, struct remote_req *req, int argc, const char **argv,
              const size_t *lens)
{
    struct remote *r = c->r;

    if (r->broken || c->n_fifo >= PENDING_MAX)
        return ERR_BUSY;
    if (r->out.len + uv_stream_get_write_queue_size(&c->stream) > REMOTE_UNSENT_MAX ||
        !add_command(&r->out, argc, argv, lens)) {
        r->broken =
            true; /* half a command may be in `out`: the connection ends at the next flush */
        conn_flush_soon(c);
        return ERR_BUSY;
    }
    req->_deadline_ms = now_ms() + r->config.timeout_ms;
    list_init(&req->_link);
    list_push_back(&c->fifo, &req->_link);
    c->n_fifo++;
    if (c->n_fifo == 1) {
        r->graced = false;
        uv_timer_start(&r->deadline, on_deadline, r->config.timeout_ms, 0);
    }
    return 0;
}

/* ---- Receiving ---- */

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

/* hiredis would allocate for as many elements as the other side claims to send. */
static void *limited_array(const redisReadTask *task, array_size n)
{
    const struct remote *r = task->privdata;

    if (n > ELEMENTS_MAX)
        return NULL; /* hiredis: out of memory, and the connection ends */
    return r->hiredis_functions->createArray(task, n);
}

/* Errors that say something about one command only; others are the server's state. */
static bool is_about_command(const redisReply *reply)
{
    static const char *const prefixes[] = {"WRONGTYPE ", "OOM ", "READONLY ", "MISCONF ", "ERR "};

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (reply->len > strlen(prefixes[i]) &&
            memcmp(reply->str, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* One reply. False: the connection can't be trusted any more. That is so as well when more bytes have
 * come than were asked for; it must be seen before done(), which may ask for something. */
static bool take_reply(struct conn *c, const redisReply *reply)
{
    struct remote *r = c->r;
    struct remote_req *req;

    if (c->n_fifo == 0 || (c->n_fifo == 1 && c->unread > 0) ||
        (reply->type == REDIS_REPLY_ERROR && !is_about_command(reply)))
        return false;
    req = container_of(c->fifo.next, struct remote_req, _link);
    list_remove(&req->_link);
    c->n_fifo--;
    r->graced = false;
    if (c->n_fifo == 0)
        uv_timer_stop(&r->deadline);
    req->done(req, reply); /* may close the connection */
    return true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct conn *c = handle->data;

    *buf = uv_buf_init(c->r->read_buffer, REMOTE_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = stream->data;
    void *reply;

    if (n == 0 || c->closing)
        return;
    if (n < 0 || redisReaderFeed(c->reader, buf->base, (size_t)n) != REDIS_OK) {
        conn_fail(c);
        return;
    }
    c->unread += (size_t)n;
    for (;;) {
        bool ok;
        if (redisReaderGetReply(c->reader, &reply) != REDIS_OK) {
            conn_fail(c);
            return;
        }
        if (!reply)
            break;
        c->unread = c->reader->len - c->reader->pos; /* of the next one */
        ok = take_reply(c, reply);
        freeReplyObject(reply);
        if (!ok)
            conn_fail(c);
        if (c->closing)
            return;
    }
    if (c->unread > REPLY_MAX || (c->unread > 0 && c->n_fifo == 0))
        conn_fail(c); /* too much, or the start of a reply that nobody asked for */
}

int conn_start(struct conn *c)
{
    return uv_read_start(&c->stream, on_alloc, on_read);
}

struct conn *conn_new(struct remote *r)
{
    struct conn *c = calloc(1, sizeof *c);
    int rc;

    if (!c)
        return NULL;
    c->reader = redisReaderCreate();
    rc = !c->reader   ? UV_ENOMEM
         : r->port[0] ? uv_tcp_init(r->loop, &c->tcp)
                      : uv_pipe_init(r->loop, &c->pipe, 0);
    if (rc < 0) {
        if (c->reader)
            redisReaderFree(c->reader);
        free(c);
        return NULL;
    }
    r->hiredis_functions = c->reader->fn;
    r->reply_functions = *c->reader->fn;
    r->reply_functions.createArray = limited_array;
    c->reader->fn = &r->reply_functions;
    c->reader->privdata = r;
    c->handle.data = c;
    c->r = r;
    list_init(&c->fifo);
    r->conn = c;
    r->n_open++;
    return c;
}
