/* server/http/parse.c: what llhttp says about a request's bytes, put into the slot that is being read.
 *
 * llhttp (lenient flags off, strict mode) finds the borders; what it lets pass is refused here: versions other
 * than 1.0 and 1.1, Host, folded lines, transfer codings, and every size. A callback that refuses sets
 * refuse_status and returns -1; conn.c then answers and takes no more requests. Nothing here calls a handler. */
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "server/http/http_priv.h"

static const struct {
    struct str name;
    bool is_list; /* may come more than once; values are joined */
    int view;     /* offset of the struct str in struct exchange; -1: none */
} fields[FIELD_COUNT] = {
    [FIELD_HOST] = {STR("host"), false, -1},
    [FIELD_CONTENT_TYPE] = {STR("content-type"), false, offsetof(struct exchange, content_type)},
    [FIELD_ACCEPT] = {STR("accept"), true, offsetof(struct exchange, accept)},
    [FIELD_ORIGIN] = {STR("origin"), false, offsetof(struct exchange, origin)},
    [FIELD_AUTHORIZATION] = {STR("authorization"), true, offsetof(struct exchange, authorization)},
    [FIELD_ACCEPT_LANGUAGE] = {STR("accept-language"), true,
                               offsetof(struct exchange, accept_language)},
    [FIELD_CONTENT_ENCODING] = {STR("content-encoding"), true,
                                offsetof(struct exchange, content_encoding)},
    [FIELD_IF_NONE_MATCH] = {STR("if-none-match"), true, offsetof(struct exchange, if_none_match)},
    [FIELD_RANGE] = {STR("range"), false, offsetof(struct exchange, range)},
    [FIELD_PREFLIGHT_METHOD] = {STR("access-control-request-method"), false,
                                offsetof(struct exchange, preflight_method)},
    [FIELD_FETCH_SITE] = {STR("sec-fetch-site"), false, offsetof(struct exchange, fetch_site)},
    [FIELD_EXPECT] = {STR("expect"), true, -1},
    [FIELD_TRANSFER_ENCODING] = {STR("transfer-encoding"), true, -1},
};

static int refuse(struct http_conn *c, int status, const char *message)
{
    c->refuse_status = status;
    c->refuse_message = message;
    return -1;
}

static int refuse_size(struct http_conn *c, int status, const char *message, uint32_t most)
{
    c->refuse_most = most;
    return refuse(c, status, message);
}

static bool str_is_nocase(struct str s, struct str lower)
{
    return s.len == lower.len && strncasecmp(s.ptr, lower.ptr, s.len) == 0;
}

/* ---- the head, piece by piece ---- */

static int on_message_begin(llhttp_t *parser)
{
    struct http_conn *c = parser->data;

    c->reading = slot_new(c->server);
    if (!c->reading)
        return refuse(c, 503, "out of memory");
    c->since_ms = uv_now(c->server->loop);
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;

    if (n > c->server->cfg.limits.target_bytes - slot->target.len)
        return refuse_size(c, 414, "the request target is too long",
                           c->server->cfg.limits.target_bytes);
    buf_add(&slot->head_in, at, n);
    slot->target.len += (uint32_t)n;
    return slot->head_in.failed ? refuse(c, 503, "out of memory") : 0;
}

/* Trailers and chunk extensions are read over; they count as a head does. */
static int overhead(struct http_conn *c, size_t n)
{
    if (n > c->server->cfg.limits.head_bytes - c->head_bytes)
        return refuse_size(c, 431, "the trailers or chunk extensions are too long",
                           c->server->cfg.limits.head_bytes);
    c->head_bytes += (uint32_t)n;
    return 0;
}

static int on_chunk_extension(llhttp_t *parser, const char *at, size_t n)
{
    return overhead(parser->data, n);
}

static int on_header_field(llhttp_t *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;

    if (slot->x._state != SLOT_HEAD)
        return overhead(c, n + 4);
    if (slot->name_len > FIELD_NAME_MAX)
        return 0;
    if (n > (size_t)(FIELD_NAME_MAX - slot->name_len)) {
        slot->name_len = FIELD_NAME_MAX + 1;
        return 0;
    }
    memcpy(slot->name + slot->name_len, at, n);
    slot->name_len = (uint8_t)(slot->name_len + n);
    return 0;
}

/* A list that comes again: its values are joined, at the end of the buffer, where this one can grow. */
static void field_again(struct http_slot *slot, struct span *f)
{
    uint32_t from = f->at;

    f->at = (uint32_t)slot->head_in.len;
    if (buf_reserve(&slot->head_in, f->len + 2)) {
        buf_add(&slot->head_in, slot->head_in.ptr + from, f->len);
        buf_add(&slot->head_in, ", ", 2);
        f->len += 2;
    }
}

static int on_header_field_complete(llhttp_t *parser)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;
    struct str name = {slot->name, slot->name_len};
    struct span *f;

    if (++slot->n_fields > c->server->cfg.limits.fields)
        return refuse_size(c, 431, "the request has too many header fields",
                           c->server->cfg.limits.fields);
    slot->value_open = false;
    slot->value_run = 0;
    slot->current = FIELD_OTHER;
    slot->name_len = 0;
    if (slot->x._state != SLOT_HEAD)
        return 0;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (str_is_nocase(name, fields[i].name))
            slot->current = (enum field_id)i;
    if (slot->current == FIELD_OTHER)
        return 0;
    f = &slot->field[slot->current];
    if (f->times++ == 0) {
        f->at = (uint32_t)slot->head_in.len;
    } else if (fields[slot->current].is_list) {
        field_again(slot, f);
    } else {
        return refuse(c, 400,
                      slot->current == FIELD_HOST
                          ? "the request has more than one Host"
                          : "a header field that stands for one value came twice");
    }
    return slot->head_in.failed ? refuse(c, 431, "the request head is too large") : 0;
}

/* A value comes in several spans when its bytes did, or when its line was folded; the latter is refused,
 * as every reader of HTTP understands it differently. */
static bool value_is_folded(const struct http_conn *c, const struct http_slot *slot, const char *at)
{
    return slot->value_run &&
           (!slot->value_open || at != c->run_at || slot->value_run + 1 != c->run);
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;

    if (value_is_folded(c, slot, at))
        return refuse(c, 400, "a header field is folded over two lines");
    slot->value_open = at + n == c->run_end;
    slot->value_run = c->run;
    if (slot->x._state != SLOT_HEAD)
        return overhead(c, n);
    if (slot->current == FIELD_OTHER)
        return 0;
    buf_add(&slot->head_in, at, n);
    slot->field[slot->current].len += (uint32_t)n;
    return slot->head_in.failed ? refuse(c, 431, "the request head is too large") : 0;
}

static int on_header_value_complete(llhttp_t *parser)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;
    struct span *f;

    if (slot->current == FIELD_OTHER || slot->x._state != SLOT_HEAD)
        return 0;
    f = &slot->field[slot->current];
    while (f->len && (slot->head_in.ptr[f->at + f->len - 1] == ' ' ||
                      slot->head_in.ptr[f->at + f->len - 1] == '\t'))
        f->len--;
    slot->head_in.len = f->at + f->len;
    return 0;
}

/* ---- the head as a whole ---- */

static struct str slot_view(const struct http_slot *slot, const struct span *s)
{
    return (struct str){s->len ? slot->head_in.ptr + s->at : "", s->len};
}

static bool port_valid(struct str s)
{
    unsigned n = 0;

    if (s.len > 5)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit((unsigned char)s.ptr[i]))
            return false;
        n = n * 10 + (unsigned)(s.ptr[i] - '0');
    }
    return n <= 65535;
}

/* uri-host [ ":" port ] of RFC 9110, and not empty: there is no http address without a host. */
static bool host_valid(struct str h)
{
    static const char plain[] = "-._~!$&'()*+,;=%";
    size_t i = 0;

    if (h.len && h.ptr[0] == '[') {
        for (i = 1; i < h.len && h.ptr[i] != ']'; i++)
            if (!isxdigit((unsigned char)h.ptr[i]) && h.ptr[i] != ':' && h.ptr[i] != '.')
                return false;
        if (i < 3 || i++ == h.len)
            return false;
    } else {
        while (i < h.len && h.ptr[i] != ':') {
            if (!isalnum((unsigned char)h.ptr[i]) && !memchr(plain, h.ptr[i], sizeof plain - 1))
                return false;
            i++;
        }
    }
    if (i == 0)
        return false;
    if (i == h.len)
        return true;
    return h.ptr[i] == ':' && port_valid((struct str){h.ptr + i + 1, h.len - i - 1});
}

/* Splits the target: origin form, absolute form, `*`; the authority of CONNECT leaves an empty path. */
static bool set_target(struct exchange *x, struct str t)
{
    const char *question;

    if (memchr(t.ptr, '#', t.len))
        return false;
    if (t.len && t.ptr[0] != '/' && !str_eq(t, STR("*"))) {
        size_t at = 0;
        while (at + 2 < t.len && memcmp(t.ptr + at, "://", 3) != 0)
            at++;
        at = at + 2 < t.len ? at + 3 : t.len;
        while (at < t.len && t.ptr[at] != '/' && t.ptr[at] != '?')
            at++;
        t.ptr += at;
        t.len -= at;
    }
    x->path = t;
    question = t.len ? memchr(t.ptr, '?', t.len) : NULL;
    if (question) {
        x->path.len = (size_t)(question - t.ptr);
        x->query = (struct str){question + 1, t.len - x->path.len - 1};
    }
    return true;
}

static void set_method(struct exchange *x, const llhttp_t *parser)
{
    x->method = parser->method == HTTP_GET       ? HTTP_METHOD_GET
                : parser->method == HTTP_HEAD    ? HTTP_METHOD_HEAD
                : parser->method == HTTP_POST    ? HTTP_METHOD_POST
                : parser->method == HTTP_OPTIONS ? HTTP_METHOD_OPTIONS
                                                 : HTTP_METHOD_OTHER;
    x->method_name = str_of(llhttp_method_name((llhttp_method_t)parser->method));
}

static int check_framing(struct http_conn *c, const struct http_slot *slot)
{
    const struct span *host = &slot->field[FIELD_HOST];
    const struct span *te = &slot->field[FIELD_TRANSFER_ENCODING];

    if (c->parser.http_major != 1)
        return refuse(c, c->parser.http_major > 1 ? 505 : 400,
                      c->parser.http_major > 1 ? "only HTTP/1.1 and HTTP/1.0 are spoken here"
                                               : "the request line has no HTTP version");
    if (host->times ? !host_valid(slot_view(slot, host)) : !slot->http_1_0)
        return refuse(c, 400,
                      host->times ? "the Host is not valid" : "an HTTP/1.1 request needs a Host");
    if (te->times && slot->http_1_0)
        return refuse(c, 400, "HTTP/1.0 has no Transfer-Encoding");
    if (te->times && !str_is_nocase(slot_view(slot, te), STR("chunked")))
        return refuse(c, 501, "the only Transfer-Encoding understood is chunked");
    return 0;
}

static int check_expect(struct http_conn *c, struct http_slot *slot)
{
    const struct span *expect = &slot->field[FIELD_EXPECT];

    if (!expect->times || slot->http_1_0)
        return 0;
    if (!str_is_nocase(slot_view(slot, expect), STR("100-continue")))
        return refuse(c, 417, "the only expectation understood is 100-continue");
    slot->want_continue = (c->parser.flags & F_CHUNKED) || c->parser.content_length > 0;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;
    struct exchange *x = &slot->x;

    slot->http_1_0 = parser->http_major == 1 && parser->http_minor == 0;
    if (check_framing(c, slot) < 0 || check_expect(c, slot) < 0)
        return -1;
    if (parser->content_length > c->server->cfg.limits.body_bytes &&
        (parser->flags & F_CONTENT_LENGTH))
        return refuse_size(c, 413, "the request body is too large",
                           c->server->cfg.limits.body_bytes);
    if (!set_target(x, slot_view(slot, &slot->target)))
        return refuse(c, 400, "the request target has a fragment");
    for (int i = 0; i < FIELD_COUNT; i++)
        if (fields[i].view >= 0)
            *(struct str *)(void *)((char *)x + fields[i].view) = slot_view(slot, &slot->field[i]);
    x->has_authorization = slot->field[FIELD_AUTHORIZATION].times > 0;
    set_method(x, parser);
    /* CONNECT and Upgrade are answered as any other request: this is not their kind of server. */
    x->keep_alive = llhttp_should_keep_alive(parser) && parser->method != HTTP_CONNECT;
    parser->upgrade = 0;
    x->started_us = uv_hrtime() / 1000;

    x->_state = SLOT_BODY;
    x->_conn = c;
    if (c->last)
        c->last->_next = x;
    else
        c->first = x;
    c->last = x;
    c->n_queue++;
    c->head_bytes = 0; /* now of trailers */
    c->since_ms = uv_now(c->server->loop);
    c->server->stats.requests++;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;
    struct http_slot *slot = c->reading;

    if (n > c->server->cfg.limits.body_bytes - slot->body_in.len)
        return refuse_size(c, 413, "the request body is too large",
                           c->server->cfg.limits.body_bytes);
    buf_add(&slot->body_in, at, n);
    return slot->body_in.failed ? refuse(c, 503, "out of memory") : 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct http_conn *c = parser->data;

    c->reading->x.body = buf_str(&c->reading->body_in);
    return HPE_PAUSED;
}

const llhttp_settings_t http_parse_settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
};
