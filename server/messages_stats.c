/* server/messages_stats.c: see server/messages_stats.h. */
#include "server/messages_stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "db/session.h"

void messages_stats_count(struct messages_stats *s, enum gateway_outcome outcome)
{
    s->by_outcome[outcome]++;
}

void messages_stats_out_of_tries(struct messages_stats *s, uint64_t n)
{
    s->by_outcome[GATEWAY_AGAIN] -= n;
    s->by_outcome[GATEWAY_DEAD] += n;
}

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_addf(b, "# HELP tolqujat_%s %s\n# TYPE tolqujat_%s %s\n", name, help, name, type);
}

/* One gauge of every kind, from a column of message_backlog(). */
static void by_kind(struct buf *b, const struct session *session, uint32_t column, const char *name,
                    const char *help)
{
    head(b, name, "gauge", help);
    for (uint32_t i = 0; i < session_rows(session); i++)
        buf_addf(b, "tolqujat_%s{kind=\"%s\"} %s\n", name, session_text(session, i, 0),
                 session_text(session, i, column));
}

static void put(const struct buf *b, const char *path)
{
    char fresh[4096];
    FILE *f;
    bool good;

    if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", path) >= sizeof fresh)
        return;
    f = fopen(fresh, "we");
    good = f && fwrite(b->ptr, 1, b->len, f) == b->len;
    if (f && fclose(f) != 0)
        good = false;
    if (!good || rename(fresh, path) < 0)
        log_warn("the file of metrics can't be written: %s", strerror(errno));
}

int messages_stats_write(const struct messages_stats *s, struct session *session, const char *path,
                         struct err *reterr)
{
    static const char *const names[] = {
        [GATEWAY_AGAIN] = "again", [GATEWAY_SENT] = "sent", [GATEWAY_DEAD] = "dead"};
    struct buf b;
    int rc = session_run(session,
                         "SELECT kind, waiting, oldest_seconds, dead FROM message_backlog()", 0,
                         NULL, reterr);

    if (rc < 0)
        return rc;
    buf_init(&b, 0);
    head(&b, "messages_total", "counter", "Messages handed to the gateway since the start");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        buf_addf(&b, "tolqujat_messages_total{outcome=\"%s\"} %llu\n", names[i],
                 (unsigned long long)s->by_outcome[i]);
    by_kind(&b, session, 1, "messages_waiting", "Messages that wait to be sent");
    by_kind(&b, session, 2, "messages_oldest_seconds", "Age of the oldest message that waits");
    by_kind(&b, session, 3, "messages_dead", "Dead letters");
    if (!b.failed)
        put(&b, path);
    buf_release(&b);
    return 0;
}
