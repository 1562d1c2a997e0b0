/* server/messages.c: see server/messages.h.
 *
 *     take (a transaction) --> gateway --> settle (a transaction) --> take ...
 *                ^ nothing is due: sleep POLL_MS
 *
 * It asks twice a second instead of being told: what is due is found by a small index, a message may take half a second, and
 * NOTIFY would cost those who write. */
#include "server/messages.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "db/array.h"
#include "db/session.h"
#include "db/types.h"
#include "server/config.h"
#include "server/gateway.h"
#include "server/messages_stats.h"

#define SETTINGS "-c jit=off -c application_name=tolqujat-messages"

enum {
    POLL_MS = 500,
    LOST_MS = 1000, /* after a failure of the database */
    STATS_MS = 5000,
    SWEEP_MS = 60000,
    SWEEP_ROWS = 5000,
    PARAM_BYTES = 1 << 20
};

enum {
    IDS,
    OUTCOMES,
    PAUSES,
    ERRORS,
    PARAMS
};

struct sender {
    const struct config_messages *config;
    const char *conninfo;
    struct session *session; /* NULL: lost */
    struct gateway *gateway;
    struct gateway_message *messages; /* as many as may be taken at once */
    struct array params[PARAMS];
    struct messages_stats stats;
    uint64_t stats_at, swept_at; /* ms */
};

static volatile sig_atomic_t ending;

static void on_signal(int signum)
{
    (void)signum;
    ending = 1;
}

static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    ending = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    if (!ending)
        nanosleep(&t, NULL); /* a signal ends it */
}

/* ---- the database ---- */

static struct session_param number(char text[24], int64_t n)
{
    int len = snprintf(text, 24, "%lld", (long long)n);
    return (struct session_param){.value = {text, (size_t)len}};
}

static int take(struct sender *s, uint32_t *ret_n, struct err *reterr)
{
    char at_most[24], lease[24];
    struct session_param params[] = {number(at_most, s->config->at_once),
                                     number(lease, s->config->lease_seconds)};
    int rc = session_run(s->session,
                         "SELECT id, key, kind, channel, recipient, language, said "
                         "FROM message_take($1::integer, $2::integer)",
                         2, params, reterr);

    if (rc < 0)
        return rc;
    *ret_n = MIN(session_rows(s->session), (uint32_t)s->config->at_once);
    array_begin(&s->params[IDS], OID_INT8);
    for (uint32_t i = 0; i < *ret_n; i++) {
        array_add_number(&s->params[IDS], strtoll(session_text(s->session, i, 0), NULL, 10));
        s->messages[i] = (struct gateway_message){.key = session_text(s->session, i, 1),
                                                  .kind = session_text(s->session, i, 2),
                                                  .channel = session_text(s->session, i, 3),
                                                  .recipient = session_text(s->session, i, 4),
                                                  .language = session_text(s->session, i, 5),
                                                  .said = session_text(s->session, i, 6)};
    }
    return 0;
}

/* Says what became of `n` messages. The texts of the messages end with it. */
static int settle(struct sender *s, uint32_t n, struct err *reterr)
{
    static const char *const words[] = {
        [GATEWAY_AGAIN] = "again", [GATEWAY_SENT] = "sent", [GATEWAY_DEAD] = "dead"};
    struct session_param params[PARAMS + 2];
    char first_pause[40], tries[24];
    int rc = 0;

    array_begin(&s->params[OUTCOMES], OID_TEXT);
    array_begin(&s->params[PAUSES], OID_INT8);
    array_begin(&s->params[ERRORS], OID_TEXT);
    for (uint32_t i = 0; i < n; i++) {
        const struct gateway_message *m = &s->messages[i];
        array_add_bytes(&s->params[OUTCOMES], str_of(words[m->outcome]));
        array_add_number(&s->params[PAUSES], m->pause_s);
        array_add_bytes(&s->params[ERRORS], str_of(m->why));
        messages_stats_count(&s->stats, m->outcome);
    }
    for (int i = 0; i < PARAMS && rc == 0; i++) {
        rc = array_end(&s->params[i]);
        params[i] = (struct session_param){{s->params[i].bytes.ptr, s->params[i].bytes.len}, true};
    }
    if (rc < 0)
        return err_set(reterr, ERR_MEMORY, "no memory for what became of messages");
    snprintf(first_pause, sizeof first_pause, "%g", (double)s->config->first_pause_ms / 1000);
    params[PARAMS] = (struct session_param){.value = str_of(first_pause)};
    params[PARAMS + 1] = number(tries, s->config->tries);
    rc = session_run(s->session,
                     "SELECT message_settle($1, $2, $3, $4, $5::double precision, $6::integer)",
                     PARAMS + 2, params, reterr);
    if (rc == 0 && session_rows(s->session) == 1)
        messages_stats_out_of_tries(&s->stats, strtoull(session_text(s->session, 0, 0), NULL, 10));
    return rc;
}

static int sweep(struct sender *s, struct err *reterr)
{
    char days[24], rows[24];
    struct session_param params[] = {number(days, s->config->keep_days), number(rows, SWEEP_ROWS)};

    return session_run(s->session, "SELECT message_sweep($1::integer, $2::integer)", 2, params,
                       reterr);
}

/* What is done now and then. */
static int upkeep(struct sender *s, struct err *reterr)
{
    uint64_t now = now_ms();
    int rc = 0;

    if (s->config->metrics_file && now >= s->stats_at) {
        s->stats_at = now + STATS_MS;
        rc = messages_stats_write(&s->stats, s->session, s->config->metrics_file, reterr);
    }
    if (rc == 0 && now >= s->swept_at) {
        s->swept_at = now + SWEEP_MS;
        rc = sweep(s, reterr);
    }
    return rc;
}

/* ---- the work ---- */

static int connect_again(struct sender *s, struct err *reterr)
{
    return s->session ? 0 : session_open(&s->session, s->conninfo, SETTINGS, reterr);
}

/* One round. `*ret_n`: how many messages it took. */
static int one_round(struct sender *s, uint32_t *ret_n, struct err *reterr)
{
    int rc = connect_again(s, reterr);

    *ret_n = 0;
    if (rc == 0)
        rc = upkeep(s, reterr);
    if (rc == 0)
        rc = take(s, ret_n, reterr);
    if (rc < 0 || *ret_n == 0)
        return rc;
    gateway_send(s->gateway, s->messages, *ret_n);
    return settle(s, *ret_n, reterr);
}

/* What the database said must not be said again and again. */
static void note_lost(struct sender *s, const struct err *err, bool *ret_said)
{
    if (!*ret_said)
        log_warn("messages wait: %s", err->message);
    *ret_said = true;
    session_close(s->session);
    s->session = NULL;
    pause_ms(LOST_MS);
}

static int work(struct sender *s, struct err *reterr)
{
    bool said = false, begun = false;

    while (!ending) {
        struct err err = {0};
        uint32_t n;
        int rc = one_round(s, &n, &err);
        /* At the start a database that does not answer is a mistake of whoever starts it. */
        if (rc < 0 && (!begun || s->config->until_empty)) {
            *reterr = err;
            return rc;
        }
        begun = true;
        if (rc < 0) {
            note_lost(s, &err, &said);
            continue;
        }
        if (said)
            log_info("messages go on");
        said = false;
        if (n == 0 && s->config->until_empty)
            break;
        if (n == 0)
            pause_ms(POLL_MS);
    }
    return 0;
}

static int prepare(struct sender *s, const struct config *config, struct err *reterr)
{
    struct gateway_config gateway = {.where = config->messages.gateway,
                                     .token_file = config->messages.gateway_token,
                                     .timeout_s = (unsigned)config->messages.gateway_seconds};

    *s = (struct sender){.config = &config->messages, .conninfo = config->database};
    for (int i = 0; i < PARAMS; i++)
        array_init(&s->params[i], PARAM_BYTES);
    s->messages = calloc((size_t)config->messages.at_once, sizeof *s->messages);
    if (!s->messages)
        return err_set(reterr, ERR_MEMORY, "no memory for messages");
    return gateway_open(&s->gateway, &gateway, reterr);
}

int messages_run(const struct config *config)
{
    struct sender s;
    struct err err = {0};
    int rc = prepare(&s, config, &err);

    heed_signals();
    if (rc == 0)
        rc = work(&s, &err);
    if (rc == 0 && s.session && config->messages.metrics_file)
        rc = messages_stats_write(&s.stats, s.session, config->messages.metrics_file, &err);
    session_close(s.session);
    gateway_close(s.gateway);
    for (int i = 0; i < PARAMS; i++)
        array_release(&s.params[i]);
    free(s.messages);
    if (rc == 0)
        return 0;
    fprintf(stderr, "tolqujat messages: %s\n", err.message);
    return rc == ERR_CONFIG ? 2 : 1;
}
