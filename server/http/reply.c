/* server/http/reply.c: heads of replies, errors, and the ways in which a handler ends an exchange.
 *
 * Every head is written here, so that no value of a client's gets into one but by the rules: what is
 * echoed (CORS) was compared with a list, and header values with control characters are left out. */
#include "server/http/http_priv.h"

#include <strings.h>

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"

/* status, reason phrase, extensions.code of errors that HTTP itself knows */
#define STATUS_TABLE(X)                                                                            \
    X(200, "OK", "OK")                                                                             \
    X(204, "No Content", "NO_CONTENT")                                                             \
    X(206, "Partial Content", "PARTIAL_CONTENT")                                                   \
    X(294, "Partial Success", "PARTIAL_SUCCESS")                                                   \
    X(304, "Not Modified", "NOT_MODIFIED")                                                         \
    X(400, "Bad Request", "BAD_REQUEST")                                                           \
    X(401, "Unauthorized", "UNAUTHENTICATED")                                                      \
    X(403, "Forbidden", "FORBIDDEN")                                                               \
    X(404, "Not Found", "NOT_FOUND")                                                               \
    X(405, "Method Not Allowed", "METHOD_NOT_ALLOWED")                                             \
    X(406, "Not Acceptable", "NOT_ACCEPTABLE")                                                     \
    X(408, "Request Timeout", "REQUEST_TIMEOUT")                                                   \
    X(410, "Gone", "GONE")                                                                         \
    X(413, "Content Too Large", "PAYLOAD_TOO_LARGE")                                               \
    X(414, "URI Too Long", "URI_TOO_LONG")                                                         \
    X(415, "Unsupported Media Type", "UNSUPPORTED_MEDIA_TYPE")                                     \
    X(416, "Range Not Satisfiable", "RANGE_NOT_SATISFIABLE")                                       \
    X(417, "Expectation Failed", "EXPECTATION_FAILED")                                             \
    X(422, "Unprocessable Content", "UNPROCESSABLE_CONTENT")                                       \
    X(429, "Too Many Requests", "TOO_MANY_REQUESTS")                                               \
    X(431, "Request Header Fields Too Large", "HEADERS_TOO_LARGE")                                 \
    X(499, "Client Closed Request", "CANCELED")                                                    \
    X(500, "Internal Server Error", "INTERNAL_SERVER_ERROR")                                       \
    X(501, "Not Implemented", "NOT_IMPLEMENTED")                                                   \
    X(503, "Service Unavailable", "OVERLOADED")                                                    \
    X(504, "Gateway Timeout", "DEADLINE_EXCEEDED")                                                 \
    X(505, "HTTP Version Not Supported", "HTTP_VERSION_NOT_SUPPORTED")

static const struct status_row {
    int status;
    struct str line;
    const char *code;
} status_table[] = {
#define STATUS_X(n, reason, code) {n, STR("HTTP/1.1 " #n " " reason "\r\n"), code},
    STATUS_TABLE(STATUS_X)
#undef STATUS_X
};

const struct str http_continue = STR("HTTP/1.1 100 Continue\r\n\r\n");
const struct str http_overloaded =
    STR("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Content-Length: 82\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
        "{\"errors\":[{\"message\":\"too many connections\","
        "\"extensions\":{\"code\":\"OVERLOADED\"}}]}");

static const struct status_row *status_row(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(status_table); i++)
        if (status_table[i].status == status)
            return &status_table[i];
    return status_row(500);
}

/* ---- the head ---- */

static bool header_value_clean(const char *value)
{
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if ((*p < 0x20 && *p != '\t') || *p == 0x7F)
            return false;
    return true;
}

static bool has_header(const struct http_header *headers, const char *name)
{
    for (; headers && headers->name; headers++)
        if (strcasecmp(headers->name, name) == 0)
            return true;
    return false;
}

static void add_line(struct buf *b, const char *name, const char *value)
{
    if (!header_value_clean(value))
        return;
    buf_add_z(b, name);
    buf_add(b, ": ", 2);
    buf_add_z(b, value);
    buf_add(b, "\r\n", 2);
}

/* `length` < 0: the body comes in chunks, or up to the end of the connection. */
static void head_write(struct http_slot *slot, int status, const char *content_type,
                       long long length, const struct http_header *headers)
{
    struct http_server *s = slot->server;
    struct buf *b = &slot->head_out;
    bool no_body = status == 204 || status == 304;

    slot->status = status;
    buf_clear(b);
    if (slot->out[0].len) /* a 100 Continue that is still being written */
        buf_add_str(b, slot->out[0]);
    buf_reserve(b, 512);
    buf_add_str(b, status_row(status)->line);
    buf_add(b, s->date, DATE_LINE);
    buf_add_str(b, STR("X-Content-Type-Options: nosniff\r\nX-Request-Id: "));
    buf_add(b, slot->x.id, sizeof slot->x.id - 1);
    buf_add(b, "\r\n", 2);
    if (content_type && !no_body)
        add_line(b, "Content-Type", content_type);
    if (slot->chunked) {
        buf_add_str(b, STR("Transfer-Encoding: chunked\r\n"));
    } else if (length >= 0 && !no_body) {
        buf_add_str(b, STR("Content-Length: "));
        buf_add_int(b, length);
        buf_add(b, "\r\n", 2);
    }
    if (!has_header(headers, "Cache-Control"))
        buf_add_str(b, STR("Cache-Control: no-store\r\n"));
    if (!slot->x.keep_alive)
        buf_add_str(b, STR("Connection: close\r\n"));
    else if (slot->http_1_0)
        buf_add_str(b, STR("Connection: keep-alive\r\n"));
    if (s->cfg.add_headers)
        s->cfg.add_headers(s->cfg.data, &slot->x, b);
    for (; headers && headers->name; headers++)
        add_line(b, headers->name, headers->value);
    buf_add(b, "\r\n", 2);
}

/* No memory for a reply: the connection is all that can be taken back. Not at once, as a handler is calling. */
static void reply_give_up(struct http_slot *slot)
{
    static const struct str last_words =
        STR("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
            "Connection: close\r\n\r\n");

    slot->status = 503;
    slot->x.keep_alive = false;
    slot->out[0] = last_words;
    slot->out[1] = slot->out[2] = STR("");
    if (slot->x._conn && slot->x._conn->state == CONN_OPEN && !slot->x._next)
        slot->x._conn->state = CONN_LAST;
}

/* The head is in head_out and `body` goes behind it. */
static void reply_ready(struct http_slot *slot, struct str body)
{
    if (slot->head_out.failed) {
        reply_give_up(slot);
    } else {
        slot->out[0] = buf_str(&slot->head_out);
        slot->out[1] = slot->x.method == HTTP_METHOD_HEAD ? STR("") : body;
        slot->out[2] = STR("");
    }
    slot->x._state = SLOT_READY;
    slot_hold(slot);
}

/* ---- the end of a handler's work ---- */

/* The first thing for each of them: true when nobody waits for the reply any more. */
static bool exchange_leave(struct exchange *x)
{
    struct http_slot *slot = slot_of(x);
    struct http_server *s = slot->server;

    s->stats.in_flight--;
    x->gone = NULL;
    if (x->_state != SLOT_ORPHAN)
        return false;
    list_remove(&slot->link);
    slot_free(slot);
    server_orphan_ended(s);
    return true;
}

/* The last thing: off it goes, at once when nothing can be joined with it. */
static void exchange_send(struct exchange *x)
{
    struct http_slot *slot = slot_of(x);
    struct http_conn *c = x->_conn;

    if (slot->server->cfg.replied)
        slot->server->cfg.replied(slot->server->cfg.data, x, slot->status);
    if (c->parsing)
        return; /* flushed when the parser is through */
    if (c->first == x && c->last == x && x->_state == SLOT_READY)
        conn_flush(c);
    else
        server_dirty(c);
}

struct buf *exchange_buffer(struct exchange *x)
{
    return &slot_of(x)->body_out;
}

void exchange_abandon(struct exchange *x)
{
    struct err err = {.code = ERR_INTERNAL, .message = "the request was given up"};

    if (x->is_gone)
        exchange_leave(x);
    else
        exchange_error(x, &err, NULL);
}

void exchange_reply(struct exchange *x, int status, const char *content_type, struct buf *body,
                    const struct http_header *headers)
{
    struct http_slot *slot = slot_of(x);
    struct str text = {0};

    if (body && body != &slot->body_out) {
        buf_release(&slot->body_out);
        slot->body_out = *body;
        buf_init(body, body->limit);
    }
    if (exchange_leave(x))
        return;
    if (body)
        text = buf_str(&slot->body_out);
    if (slot->body_out.failed) {
        reply_give_up(slot);
        x->_state = SLOT_READY;
    } else {
        head_write(slot, status, content_type, (long long)text.len, headers);
        reply_ready(slot, text);
    }
    exchange_send(x);
}

void exchange_reply_static(struct exchange *x, int status, const char *content_type,
                           struct str body, const struct http_header *headers)
{
    struct http_slot *slot = slot_of(x);

    if (exchange_leave(x))
        return;
    head_write(slot, status, content_type, (long long)body.len, headers);
    reply_ready(slot, body);
    exchange_send(x);
}

/* The head is written: from now on pieces are asked for. */
static void stream_begin(struct http_slot *slot, struct producer *producer)
{
    if (slot->x.method == HTTP_METHOD_HEAD || slot->head_out.failed) {
        reply_ready(slot, STR(""));
    } else {
        slot->producer = producer;
        slot->out[0] = slot->out[1] = slot->out[2] = STR("");
        slot->x._state = SLOT_STREAM;
        slot_hold(slot);
    }
    exchange_send(&slot->x);
}

void exchange_stream_sized(struct exchange *x, int status, const char *content_type,
                           struct producer *producer, uint64_t length,
                           const struct http_header *headers)
{
    struct http_slot *slot = slot_of(x);

    if (exchange_leave(x))
        return;
    slot->sized = true;
    slot->length_left = length;
    head_write(slot, status, content_type, (long long)length, headers);
    stream_begin(slot, producer);
}

void exchange_stream(struct exchange *x, int status, const char *content_type,
                     struct producer *producer, const struct http_header *headers)
{
    struct http_slot *slot = slot_of(x);

    if (exchange_leave(x))
        return;
    slot->chunked = !slot->http_1_0;
    if (slot->http_1_0) {
        x->keep_alive = false; /* the end of the body is the end of the connection */
        if (x->_conn->state == CONN_OPEN)
            x->_conn->state = CONN_LAST;
    }
    head_write(slot, status, content_type, -1, headers);
    stream_begin(slot, producer);
}

bool exchange_may_hold(struct exchange *x, size_t bytes)
{
    const struct http_server *s = slot_of(x)->server;

    return s->stats.held_bytes + bytes <= s->cfg.limits.held_bytes;
}

void exchange_resume(struct exchange *x)
{
    struct http_slot *slot = slot_of(x);

    x->gone = NULL;
    slot->stream_waits = false;
    server_dirty(x->_conn);
}

/* ---- errors ---- */

static void error_body(struct http_slot *slot, const char *message, const char *code, int line,
                       int column)
{
    struct buf *b = &slot->body_out;

    buf_clear(b);
    buf_add_str(b, STR("{\"errors\":[{\"message\":"));
    json_add_string(b, str_of(message));
    if (line)
        buf_addf(b, ",\"locations\":[{\"line\":%d,\"column\":%d}]", line, column);
    buf_add_str(b, STR(",\"extensions\":{\"code\":\""));
    buf_add_z(b, code);
    buf_addf(b, "\",\"requestId\":\"%s\"}}]}", slot->x.id);
}

static const char error_type[] = "application/json; charset=utf-8";

static void reply_error(struct exchange *x, int status, const struct http_header *headers)
{
    static const struct http_header retry[] = {{"Retry-After", "1"}, {NULL, NULL}};
    exchange_reply(x, status, x->error_type ? x->error_type : error_type, &slot_of(x)->body_out,
                   headers || status != 503 ? headers : retry);
}

void exchange_error(struct exchange *x, const struct err *err, const struct http_header *headers)
{
    int status = err_status(err->code);

    if (status == 500)
        log_error("request id=%s code=%s: %s", x->id, err_text(err->code), err->message);
    error_body(slot_of(x), err->message, err_text(err->code), err->line, err->column);
    reply_error(x, status, headers);
}

void exchange_error_status(struct exchange *x, int status, const char *message,
                           const struct http_header *headers)
{
    error_body(slot_of(x), message, status_row(status)->code, 0, 0);
    reply_error(x, status, headers);
}

void reply_refuse(struct http_slot *slot, int status, const char *message)
{
    slot->x.keep_alive = false;
    slot->want_continue = false;
    error_body(slot, message, status_row(status)->code, 0, 0);
    if (slot->body_out.failed) {
        reply_give_up(slot);
        slot->x._state = SLOT_READY;
    } else {
        head_write(slot, status, error_type, (long long)slot->body_out.len, NULL);
        reply_ready(slot, buf_str(&slot->body_out));
    }
    if (slot->server->cfg.replied)
        slot->server->cfg.replied(slot->server->cfg.data, &slot->x, slot->status);
}
