/* tests/fuzz/fuzz-http.c: any bytes, in any split, into a connection of server/http over a socket pair.
 *
 * The first byte chooses how the rest is cut into writes, the second what the handler does (bits of `choice`). Whatever comes:
 * every reply starts with a status line of ours, the connection ends when the client has ended, every
 * handler's exchange ends, and the loop is empty afterwards. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "server/http/http_priv.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum {
    TURNS_MAX = 100000,
    HELD_MAX = 64
};

static uv_loop_t loop;
static struct exchange *held[HELD_MAX];
static unsigned n_held, n_handled;
static unsigned char choice;
static bool closed;

struct pieces {
    struct producer producer;
    unsigned left;
};

static int next_piece(struct producer *producer, struct buf *out)
{
    struct pieces *p = container_of(producer, struct pieces, producer);
    if (p->left-- == 0)
        return choice & 64 ? ERR_INTERNAL : 0;
    buf_add(out, choice & 128 ? "" : "piece", choice & 128 ? 0 : 5);
    return 1;
}

static void reply(struct exchange *x)
{
    struct buf *b = exchange_buffer(x);
    struct pieces *p;

    if ((choice & 32) && (n_handled & 1)) {
        p = arena_alloc(&x->arena, sizeof *p);
        if (!p)
            abort();
        *p = (struct pieces){{next_piece}, 3};
        exchange_stream(x, 200, "text/plain", &p->producer, NULL);
        return;
    }
    buf_add_str(b, x->body);
    buf_add_str(b, x->path);
    exchange_reply(x, 200, "text/plain", b, NULL);
}

static void on_gone(struct exchange *x)
{
    for (unsigned i = 0; i < n_held; i++)
        if (held[i] == x)
            held[i] = held[--n_held];
    exchange_abandon(x);
}

static void handle(void *data, struct exchange *x)
{
    n_handled++;
    if (x->body.len > 1024 * 1024 || !x->path.ptr)
        abort();
    if ((choice & 1) && n_held < HELD_MAX) {
        x->gone = on_gone;
        held[n_held++] = x;
        return;
    }
    reply(x);
}

/* One that was held is answered, the newest first: replies must leave in order all the same. */
static void answer_held(void)
{
    struct exchange *x;
    if (n_held == 0)
        return;
    x = held[--n_held];
    x->gone = NULL;
    reply(x);
}

static void on_closed(void *data)
{
    closed = true;
}

/* Takes what the server has said. True when it has closed. */
static bool drain(int fd, bool *begun)
{
    char bytes[4096];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        if (!*begun && n >= 9 && memcmp(bytes, "HTTP/1.1 ", 9) != 0)
            abort();
        *begun = true;
    }
    return n == 0;
}

static void feed(int fd, const unsigned char *data, size_t size, size_t step)
{
    bool begun = false, ended = false;

    for (size_t at = 0; at < size; at += step) {
        size_t n = MIN(step, size - at);
        if (send(fd, data + at, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
            break;
        uv_run(&loop, UV_RUN_NOWAIT);
        if (choice & 2)
            answer_held();
        if (drain(fd, &begun))
            break;
    }
    if (choice & 4) {
        close(fd); /* with unread bytes: as good as a reset */
    } else {
        shutdown(fd, SHUT_WR);
    }
    for (int turn = 0; turn < TURNS_MAX && !ended; turn++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        answer_held();
        ended = (choice & 4) ? n_held == 0 && turn > 8 : drain(fd, &begun);
    }
    if (!ended)
        abort(); /* it hangs */
    if (!(choice & 4))
        close(fd);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct http_server_config cfg = {.limits = http_limits_default(), .handle = handle};
    struct http_server *server;
    struct err err;
    int pair[2];

    if (size < 2 || size > 64 * 1024)
        return 0;
    choice = data[1];
    closed = false;
    n_held = 0;
    cfg.limits.pipeline = choice & 8 ? 2 : 32;
    cfg.limits.read_bytes = choice & 16 ? 7 : 65536;
    signal(SIGPIPE, SIG_IGN);
    if (hash_start() < 0 || uv_loop_init(&loop) < 0 ||
        http_server_open(&server, &loop, &cfg, &err) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        abort();
    conn_adopt(server, pair[0]);
    feed(pair[1], data + 2, size - 2, data[0] ? data[0] : size);
    http_server_close(server, on_closed, NULL);
    for (int turn = 0; turn < TURNS_MAX && !closed; turn++)
        uv_run(&loop, UV_RUN_NOWAIT);
    if (!closed || uv_loop_close(&loop) != 0)
        abort();
    return 0;
}
