/* server/http/listener.c: the socket that connections come from.
 *
 * When descriptors run out libuv gives up its reserve descriptor to accept and close the connection, so
 * that the loop does not spin over a backlog that it can't take; we only count. */
#include "server/http/http_priv.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"

enum {
    LISTEN_BACKLOG = 1024
};

static void take(struct http_server *s);

static void on_dropped(uv_handle_t *handle)
{
    struct http_server *s = handle->data;

    s->dropping = false;
    s->open_handles--;
    if (s->unaccepted && s->listening)
        take(s);
    server_settle(s);
}

/* Takes the connection that waits in the listener. One that there is no memory for is taken too, and let go: libuv listens
 * no further as long as nobody has taken it. */
static void take(struct http_server *s)
{
    uv_stream_t *listener = (uv_stream_t *)&s->listener;
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)http_overloaded.ptr, (unsigned)http_overloaded.len);

    s->unaccepted = s->dropping;
    if (s->dropping || conn_accept(s, listener))
        return; /* on_dropped goes on */
    s->stats.refused++;
    uv_tcp_init(s->loop, &s->spare); /* takes no memory */
    if (uv_accept(listener, (uv_stream_t *)&s->spare) == 0)
        uv_try_write((uv_stream_t *)&s->spare, &b, 1);
    s->spare.data = s;
    s->dropping = true;
    s->open_handles++;
    uv_close((uv_handle_t *)&s->spare, on_dropped);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *s = listener->data;

    if (status < 0) {
        s->stats.refused++;
        return;
    }
    take(s);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;

    s->open_handles--;
    server_settle(s);
}

static int bind_socket(const struct addrinfo *ai, bool shared, int *ret_fd)
{
    int on = 1;
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) ||
        bind(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

int http_bind(const char *host, unsigned port, bool shared, int *ret_fd, unsigned *ret_port,
              struct err *reterr)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *ai = NULL;
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    char text[8];
    int rc, fd = -1;

    snprintf(text, sizeof text, "%u", port);
    rc = getaddrinfo(host, text, &hints, &ai);
    if (rc != 0)
        return err_set(reterr, ERR_CONFIG, "can't listen on %s: %s", host, gai_strerror(rc));
    rc = bind_socket(ai, shared, &fd);
    freeaddrinfo(ai);
    if (rc < 0)
        return err_set(reterr, ERR_CONFIG, "can't listen on %s port %u: %s", host, port,
                       strerror(-rc));
    if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
        port = ntohs(bound.ss_family == AF_INET6
                         ? ((struct sockaddr_in6 *)(void *)&bound)->sin6_port
                         : ((struct sockaddr_in *)(void *)&bound)->sin_port);
    *ret_fd = fd;
    *ret_port = port;
    return 0;
}

int http_server_listen(struct http_server *s, const char *host, unsigned port, bool shared,
                       unsigned *ret_port, struct err *reterr)
{
    int fd, rc = http_bind(host, port, shared, &fd, ret_port, reterr);

    if (rc < 0)
        return rc;
    rc = uv_tcp_init(s->loop, &s->listener);
    if (rc < 0) {
        close(fd);
        return err_set(reterr, ERR_CONFIG, "can't listen: %s", uv_strerror(rc));
    }
    s->open_handles++;
    s->listener.data = s;
    s->listening = true;
    rc = uv_tcp_open(&s->listener, fd);
    if (rc < 0)
        close(fd);
    else
        rc = uv_listen((uv_stream_t *)&s->listener, LISTEN_BACKLOG, on_connection);
    if (rc < 0) {
        listener_close(s);
        return err_set(reterr, ERR_CONFIG, "can't listen on %s port %u: %s", host, *ret_port,
                       uv_strerror(rc));
    }
    return 0;
}

/* Connections that the kernel has already accepted for us are taken before the socket goes. */
static void take_backlog(struct http_server *s)
{
    uv_os_fd_t listener;
    int fd;

    if (s->closing || uv_fileno((uv_handle_t *)&s->listener, &listener) < 0)
        return;
    for (int i = 0; i < LISTEN_BACKLOG; i++) {
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            break;
        conn_adopt(s, fd);
    }
}

void listener_close(struct http_server *s)
{
    if (!s->listening)
        return;
    s->listening = false;
    take_backlog(s);
    uv_close((uv_handle_t *)&s->listener, on_listener_closed);
}
