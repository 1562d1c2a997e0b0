/* server/http/http_priv.h: what the files of server/http share among themselves; nobody else includes it.
 *
 *   listener.c  sockets that are accepted        conn.c   a connection: reading, order, end
 *   parse.c     llhttp's events -> http_slot     write.c  replies -> socket
 *   reply.c     heads, errors, exchange_*        server.c pool, timers, turns of the loop
 *
 * A slot is an exchange with what the connection knows about it. Its life:
 *
 *   HEAD --head complete--> BODY --body complete--> HANDLER --reply--> READY --written--> pool
 *                            |                        |    \--stream-> STREAM --written--> pool
 *                            \--refused-> READY       \--client vanished-> ORPHAN --reply--> pool
 *
 * A STREAM whose producer waits becomes an ORPHAN like one at a HANDLER.
 *
 * From BODY to written it stands in its connection's queue, in the order of the requests. */
#ifndef SERVER_HTTP_HTTP_PRIV_H
#define SERVER_HTTP_HTTP_PRIV_H

#include <llhttp.h>
#include <uv.h>

#include "base/list.h"
#include "server/http/exchange.h"
#include "server/http/server.h"

enum slot_state {
    SLOT_HEAD,
    SLOT_BODY,
    SLOT_HANDLER,
    SLOT_READY,
    SLOT_STREAM,
    SLOT_ORPHAN
};

/* Request fields that somebody looks at. */
enum field_id {
    FIELD_HOST,
    FIELD_CONTENT_TYPE,
    FIELD_ACCEPT,
    FIELD_ORIGIN,
    FIELD_AUTHORIZATION,
    FIELD_ACCEPT_LANGUAGE,
    FIELD_CONTENT_ENCODING,
    FIELD_IF_NONE_MATCH,
    FIELD_RANGE,
    FIELD_PREFLIGHT_METHOD,
    FIELD_FETCH_SITE,
    FIELD_EXPECT,
    FIELD_TRANSFER_ENCODING,
    FIELD_COUNT,
    FIELD_OTHER = FIELD_COUNT
};

enum {
    FIELD_NAME_MAX = 32,
    SLOT_OUT = 3
};

/* Where a piece of the head lies in http_slot.head_in. */
struct span {
    uint32_t at, len;
    uint32_t times; /* how often the field came */
};

struct http_slot {
    struct exchange x;
    struct http_server *server;
    struct list link; /* in server.orphans while ORPHAN */

    /* While the head is read. */
    struct buf head_in; /* target and values of known fields */
    struct span target, field[FIELD_COUNT];
    uint32_t n_fields;
    enum field_id current;
    char name[FIELD_NAME_MAX];
    uint8_t name_len;   /* more than FIELD_NAME_MAX: nobody's name */
    bool value_open;    /* the value's last span ended where the bytes of its execution ended */
    uint32_t value_run; /* which execution that was */
    bool want_continue, http_1_0;

    struct buf body_in;

    /* The reply. out[] is what is still to be written; it points into the three below. */
    struct buf head_out, body_out;
    struct str out[SLOT_OUT];
    struct producer *producer;
    uint64_t length_left; /* of a stream whose length the head says */
    bool stream_started, stream_done, sized, chunked;
    bool stream_waits; /* for exchange_resume */
    size_t held;       /* what of the reply is counted in stats.held_bytes */
    int status;
};

enum conn_state {
    CONN_OPEN,   /* takes requests */
    CONN_LAST,   /* takes no more; what is in the queue is still answered */
    CONN_LINGER, /* all is said; input is thrown away until the client closes, or time is up */
    CONN_CLOSED  /* the handle is closing; memory goes in its callback */
};

struct http_conn {
    uv_tcp_t tcp;
    union {
        uv_write_t write;
        uv_shutdown_t shutdown;
    } req;
    llhttp_t parser;
    struct http_server *server;
    struct list link;              /* server.conns */
    struct list timer;             /* server.wheel */
    struct list work;              /* server.dirty or server.later */
    struct exchange *first, *last; /* the queue */
    struct http_slot *reading;     /* HEAD, or BODY and then last in the queue */
    struct buf stash;              /* while `stopped`: bytes that were read and not parsed yet */
    const char *run_at, *run_end;  /* the bytes of this execution of llhttp */
    uint32_t run;                  /* its number */
    uint32_t n_queue;
    uint32_t head_bytes; /* of the head that is being read */
    uint32_t linger_bytes;
    size_t written;    /* bytes of the uv_write that is under way */
    size_t write_left; /* those of them that had not left when somebody last looked */
    uint64_t turn_us;  /* when the first request of this turn came; 0: none has */
    uint64_t since_ms; /* when the connection became idle, its head or body began, or it lingers */
    uint64_t progress_ms; /* when the client last took a byte */
    uint64_t reply_ms;    /* when the client first did not take all, and what it took since */
    uint64_t reply_bytes;
    uint64_t deadline_ms, wheel_ms;
    enum conn_state state;
    int refuse_status; /* set by a callback of the parser that stops it */
    const char *refuse_message;
    uint32_t refuse_most; /* the limit that was passed, for the message; 0: none */
    bool parsing, stopped, writing, eof, served;
};

enum {
    WHEEL_SLOTS = 256, /* of WHEEL_MS each: a minute; later deadlines come by again */
    WHEEL_MS = 250,
    DATE_LINE = 37 /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */
};

struct http_server {
    uv_loop_t *loop;
    struct http_server_config cfg;
    struct http_stats stats;
    uv_timer_t tick;
    uv_idle_t idle; /* runs while `later` is not empty, so that the loop does not sleep */
    uv_prepare_t
        prepare; /* both flush `dirty`: before sleeping, and after the sockets had their turn */
    uv_check_t check;
    uv_tcp_t listener;
    uv_tcp_t spare; /* while `dropping`: the connection that there was no memory for */
    struct list conns, orphans, dirty, later;
    struct list wheel[WHEEL_SLOTS];
    uint64_t wheel_done_ms; /* all slots up to this time have been looked at */
    struct exchange *pool;
    uint32_t n_pool;
    unsigned open_handles;
    bool listening, draining, closing;
    bool dropping, unaccepted; /* and whether another waits in the listener meanwhile */
    void (*on_drained)(void *data);
    void *drained_data;
    void (*on_closed)(void *data);
    void *closed_data;
    uint64_t id_seed, id_count;
    char date[DATE_LINE + 1];
    int64_t date_s;
    char
        *read_buffer; /* limits.read_bytes; one for all connections, as reads are handled at once */
};

static inline struct http_slot *slot_of(struct exchange *x)
{
    return container_of(x, struct http_slot, x);
}

/* ---- server.c ---- */
struct http_slot *slot_new(struct http_server *s); /* NULL: no memory */
/* Its reply keeps memory from now on, or more or less of it. */
void slot_hold(struct http_slot *slot);
void slot_free(struct http_slot *slot); /* back to the pool; runs the arena's defers */
void server_dirty(struct http_conn *c); /* flush it in this turn */
void server_later(struct http_conn *c); /* give it the next turn */
void server_arm(struct http_conn *c, uint64_t deadline_ms); /* UINT64_MAX: none */
void server_conn_closed(struct http_server *s);             /* a connection has been freed */
void server_settle(struct http_server *s); /* a handle or connection fewer: is that all? */
void server_orphan_ended(struct http_server *s);

/* ---- listener.c ---- */
void listener_close(struct http_server *s);

/* ---- conn.c ---- */
bool conn_accept(struct http_server *s,
                 uv_stream_t *listener); /* false: no memory, it still waits */
/* Takes over an accepted descriptor. */
void conn_adopt(struct http_server *s, int fd);
void conn_turn(struct http_conn *c);    /* its turn, after server_later */
void conn_expired(struct http_conn *c); /* the wheel came by its deadline */
void conn_rearm(struct http_conn *c);
void conn_drain(struct http_conn *c);
/* Ends it now; handlers at work get `gone`. `reset`: so that the client can't take it for a good end. */
void conn_abort(struct http_conn *c, bool reset);
/* The reply of `slot` has left: takes it out of the queue. */
void conn_replied(struct http_conn *c, struct http_slot *slot);
/* No more requests are taken for now: the queue is as long as it may be, the client does not take what it has
 * asked for (so that replies which nobody reads do not pile up), or a stream is under way: what it holds until
 * its end the handlers do not count any more, so a connection begins none behind it. */
bool conn_full(const struct http_conn *c);
/* The queue is empty and nothing is being written. */
void conn_quiet(struct http_conn *c);

/* ---- parse.c ---- */
extern const llhttp_settings_t http_parse_settings;

/* ---- reply.c ---- */
/* Makes `slot` READY with an error that closes the connection. */
void reply_refuse(struct http_slot *slot, int status, const char *message);
extern const struct str http_continue, http_overloaded;

/* ---- write.c ---- */
void conn_flush(struct http_conn *c);

#endif
