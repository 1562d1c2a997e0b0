/* tests/unit/redis_fixture.h: a private redis-server for one test binary, on a Unix socket in a directory
 * of its own (and on a free port of the loopback), and a fake one that says what a test wants. When there is
 * no redis-server the tests that need it skip, and say so loudly. */
#ifndef TESTS_UNIT_REDIS_FIXTURE_H
#define TESTS_UNIT_REDIS_FIXTURE_H

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <uv.h>

struct redis_server {
    pid_t pid; /* 0: not running */
    char dir[64], socket[96], tcp[32];
    int port;
};

static inline int redis_free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0), port = 0;

    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &n) == 0)
        port = ntohs(a.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

/* Makes the directory and picks names; nothing runs yet. */
static inline void redis_prepare(struct redis_server *s)
{
    *s = (struct redis_server){.dir = "/tmp/tq-redis-XXXXXX"};
    if (!mkdtemp(s->dir)) {
        perror("mkdtemp");
        exit(99);
    }
    s->port = redis_free_port();
    snprintf(s->socket, sizeof s->socket, "%s/redis.sock", s->dir);
    snprintf(s->tcp, sizeof s->tcp, "localhost:%d", s->port);
}

/* False: there is no redis-server on this machine. Returns when it answers. */
static inline bool redis_start(struct redis_server *s)
{
    char port[8], log[96];
    int status;

    snprintf(port, sizeof port, "%d", s->port);
    snprintf(log, sizeof log, "%s/redis.log", s->dir);
    s->pid = fork();
    if (s->pid == 0) {
        execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1",
               "--unixsocket", s->socket, "--save", "", "--appendonly", "no", "--daemonize", "no",
               "--dir", s->dir, "--logfile", log, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500; i++) {
        redisContext *c = redisConnectUnix(s->socket);
        bool ok = c && !c->err;
        if (c)
            redisFree(c);
        if (ok)
            return true;
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            s->pid = 0;
            return false;
        }
        usleep(10000);
    }
    return false;
}

static inline void redis_signal(struct redis_server *s, int sig)
{
    if (s->pid)
        kill(s->pid, sig);
}

static inline void redis_kill(struct redis_server *s)
{
    int status;

    if (!s->pid)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, &status, 0);
    s->pid = 0;
    unlink(s->socket);
}

static inline void redis_remove(struct redis_server *s)
{
    char log[96];

    redis_kill(s);
    snprintf(log, sizeof log, "%s/redis.log", s->dir);
    unlink(log);
    rmdir(s->dir);
}

/* Runs a command on a connection of its own and returns the reply (the caller frees it). */
static inline redisReply *redis_do(struct redis_server *s, const char *fmt, ...)
{
    redisContext *c = redisConnectUnix(s->socket);
    redisReply *reply;
    va_list ap;

    assert_non_null(c);
    assert_int_equal(c->err, 0);
    va_start(ap, fmt);
    reply = redisvCommand(c, fmt, ap);
    va_end(ap);
    assert_non_null(reply);
    redisFree(c);
    return reply;
}

static inline void redis_run(struct redis_server *s, const char *command)
{
    redisReply *r = redis_do(s, command);

    assert_int_not_equal(r->type, REDIS_REPLY_ERROR);
    freeReplyObject(r);
}

/* A server in the test's own loop. It answers the first command of a connection (PING) with +PONG, and
 * the next ones with `say` (or nothing). */
struct fake_redis {
    uv_pipe_t listener;
    const char *say;
    size_t say_len;
    const char *greeting;        /* sent before anything is asked; NULL: none */
    const char *late;            /* said some turns after an answer; NULL: nothing */
    const char *pong;            /* NULL: "+PONG\r\n" */
    bool deaf;                   /* reads nothing after the PING */
    struct fake_conn *deaf_conn; /* the last of them: it won't notice that it was closed */
    int connections, commands;
    char path[96];
};

struct fake_conn {
    uv_pipe_t pipe;
    uv_timer_t later;
    int n_open;
    struct fake_redis *f;
    bool greeted;
    char buf[65536];
};

static inline void fake_on_closed(uv_handle_t *h)
{
    struct fake_conn *c = h->data;

    if (--c->n_open == 0)
        free(c);
}

static inline void fake_close(struct fake_conn *c)
{
    c->n_open = 2;
    uv_close((uv_handle_t *)&c->pipe, fake_on_closed);
    uv_close((uv_handle_t *)&c->later, fake_on_closed);
}

static inline void fake_on_written(uv_write_t *req, int status)
{
    free(req);
}

static inline void fake_write(struct fake_conn *c, const char *bytes, size_t n)
{
    uv_write_t *req = malloc(sizeof *req + n);
    uv_buf_t b;

    memcpy(req + 1, bytes, n);
    b = uv_buf_init((char *)(req + 1), (unsigned)n);
    uv_write(req, (uv_stream_t *)&c->pipe, &b, 1, fake_on_written);
}

static inline void fake_on_later(uv_timer_t *t)
{
    struct fake_conn *c = t->data;

    fake_write(c, c->f->late, strlen(c->f->late));
}

static inline void fake_on_alloc(uv_handle_t *h, size_t n, uv_buf_t *b)
{
    struct fake_conn *c = h->data;

    *b = uv_buf_init(c->buf, sizeof c->buf);
}

static inline void fake_on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct fake_conn *c = s->data;

    if (n < 0) {
        fake_close(c);
        return;
    }
    if (!c->greeted) {
        const char *pong = c->f->pong ? c->f->pong : "+PONG\r\n";
        c->greeted = true;
        fake_write(c, pong, strlen(pong));
        if (c->f->deaf) {
            uv_read_stop(s);
            c->f->deaf_conn = c;
        }
        return;
    }
    c->f->commands++;
    if (c->f->say)
        fake_write(c, c->f->say, c->f->say_len);
    if (c->f->late)
        uv_timer_start(&c->later, fake_on_later, 20, 0);
}

static inline void fake_on_connection(uv_stream_t *listener, int status)
{
    struct fake_redis *f = listener->data;
    struct fake_conn *c = calloc(1, sizeof *c);

    f->connections++;
    c->f = f;
    uv_pipe_init(listener->loop, &c->pipe, 0);
    uv_timer_init(listener->loop, &c->later);
    c->pipe.data = c->later.data = c;
    if (uv_accept(listener, (uv_stream_t *)&c->pipe) < 0) {
        fake_close(c);
        return;
    }
    if (f->greeting)
        fake_write(c, f->greeting, strlen(f->greeting));
    uv_read_start((uv_stream_t *)&c->pipe, fake_on_alloc, fake_on_read);
}

static inline void fake_start(struct fake_redis *f, uv_loop_t *loop, const char *dir)
{
    snprintf(f->path, sizeof f->path, "%s/fake.sock", dir);
    unlink(f->path);
    uv_pipe_init(loop, &f->listener, 0);
    f->listener.data = f;
    assert_int_equal(uv_pipe_bind(&f->listener, f->path), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&f->listener, 16, fake_on_connection), 0);
}

/* Its connections end when the other side closes them. */
static inline void fake_stop(struct fake_redis *f)
{
    uv_close((uv_handle_t *)&f->listener, NULL);
    if (f->deaf_conn)
        fake_close(f->deaf_conn);
}

#define SKIP_WITHOUT_REDIS(have)                                                                   \
    do {                                                                                           \
        if (!(have)) {                                                                             \
            fprintf(stderr, "SKIPPED, NO redis-server ON THIS MACHINE: %s\n", __func__);           \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

#endif
