/* server/metrics.c: see server/metrics.h. Two tables say what there is; the rest prints them. */
#include "server/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cache/cache.h"
#include "db/db.h"
#include "server/audit.h"
#include "server/files.h"
#include "server/follower.h"
#include "server/graphql_http.h"
#include "server/http/server.h"

/* name, type, help, where from (a struct that may be absent), the value */
#define FIGURES(X)                                                                                 \
    X(http_connections_total, counter, "Connections accepted", http, http->accepted)               \
    X(http_connections_refused_total, counter, "Connections beyond the limit or the descriptors",  \
      http, http->refused)                                                                         \
    X(http_connections_aborted_total, counter, "Connections that ended under a request or reply",  \
      http, http->aborted)                                                                         \
    X(http_connections, gauge, "Open connections", http, http->connections)                        \
    X(http_requests_in_flight, gauge, "Requests being answered", http, http->in_flight)            \
    X(http_held_bytes, gauge, "Bytes kept for replies that clients have not taken", http,          \
      http->held_bytes)                                                                            \
    X(http_received_bytes_total, counter, "Bytes read from clients", http, http->bytes_in)         \
    X(http_sent_bytes_total, counter, "Bytes written to clients", http, http->bytes_out)           \
    X(http_timeouts_total, counter, "Heads, bodies and replies that took too long", http,          \
      http->timeouts)                                                                              \
    X(http_malformed_total, counter, "Requests that were no HTTP, or beyond a limit", http,        \
      http->parse_errors)                                                                          \
    X(graphql_operations_total, counter, "Operations begun", graphql, graphql->operations)         \
    X(graphql_failed_total, counter, "Operations that failed", graphql, graphql->failed)           \
    X(graphql_timeouts_total, counter, "Operations beyond their deadline", graphql,                \
      graphql->timeouts)                                                                           \
    X(graphql_canceled_total, counter, "Operations whose client vanished", graphql,                \
      graphql->canceled)                                                                           \
    X(graphql_in_flight, gauge, "Operations at work", graphql, graphql->in_flight)                 \
    X(documents_hits_total, counter, "Documents found compiled", graphql, graphql->documents.hits) \
    X(documents_misses_total, counter, "Documents compiled", graphql, graphql->documents.misses)   \
    X(documents, gauge, "Compiled documents held", graphql, graphql->documents.good)               \
    X(documents_bad, gauge, "Failed documents held", graphql, graphql->documents.bad)              \
    X(documents_registered, gauge, "Documents that clients may ask for by hash", graphql,          \
      graphql->documents.registered)                                                               \
    X(documents_bytes, gauge, "Bytes of all held", graphql, graphql->documents.bytes)              \
    X(db_statements_total, counter, "Batches sent to PostgreSQL", db, db->statements)              \
    X(db_keys_total, counter, "Keys in those batches", db, db->keys)                               \
    X(db_rows_total, counter, "Rows received", db, db->rows)                                       \
    X(db_retries_total, counter, "Keys asked again", db, db->retries)                              \
    X(db_errors_total, counter, "Errors of PostgreSQL", db, db->errors)                            \
    X(db_connects_total, counter, "Connections made", db, db->connects)                            \
    X(db_ready, gauge, "Connections that can take work", db, db->ready)                            \
    X(db_waiting, gauge, "Keys that wait", db, db->waiting)                                        \
    X(db_calls_total, counter, "Functions called", db, db->calls)                                  \
    X(db_calls_again_total, counter, "Begun once more, because they had lost a race", db,          \
      db->calls_again)                                                                             \
    X(db_calls_failed_total, counter, "Of those, refused or failed", db, db->calls_failed)         \
    X(db_calls_waiting, gauge, "Calls that wait for a connection", db, db->calls_waiting)          \
    X(audit_rows_total, counter, "Rows of the access log that are safe", audit, audit->rows)       \
    X(audit_batches_total, counter, "Statements that they went in", audit, audit->batches)         \
    X(audit_refused_total, counter, "Answers kept back as their rows could not be written", audit, \
      audit->failed)                                                                               \
    X(audit_heads_failed_total, counter, "Heads of chains that could not be written down", audit,  \
      audit->heads_failed)                                                                         \
    X(audit_unlogged_total, counter,                                                               \
      "Changes whose row of the access log was missing and came afterwards", audit,                \
      audit->unlogged)                                                                             \
    X(audit_waiting, gauge, "Rows of the access log that are not yet safe", audit, audit->waiting) \
    X(audit_lag_milliseconds, gauge, "Age of the oldest of them", audit, audit->lag_ms)            \
    X(cache_hot_hits_total, counter, "Keys found among the hot records", cache, cache->hot_hits)   \
    X(cache_local_hits_total, counter, "Keys found in the process", cache, cache->local_hits)      \
    X(rights_remembered_total, counter, "Questions of rights that were answered from memory",      \
      cache, cache->rights_hits)                                                                   \
    X(cache_shared_hits_total, counter, "Keys found in what the workers share", cache,             \
      cache->shared_hits)                                                                          \
    X(cache_remote_hits_total, counter, "Keys found in Redis", cache, cache->remote_hits)          \
    X(cache_misses_total, counter, "Keys found nowhere", cache, cache->misses)                     \
    X(cache_joined_total, counter, "Keys that joined a look-up under way", cache, cache->joined)   \
    X(cache_fills_total, counter, "Values kept", cache, cache->fills)                              \
    X(cache_fills_lost_total, counter, "Values not kept as a write came between", cache,           \
      cache->fills_lost)                                                                           \
    X(cache_shared_fills_total, counter, "Values put into what the workers share", cache,          \
      cache->shared_fills)                                                                         \
    X(cache_shared_lost_total, counter, "Values written over before they were read", cache,        \
      cache->shared_lost)                                                                          \
    X(cache_shared_bytes, gauge, "Bytes in use of what the workers share, the same for each",      \
      cache, cache->shared_bytes)                                                                  \
    X(cache_remote_commands_total, counter, "Redis commands", cache, cache->remote_commands)       \
    X(cache_remote_errors_total, counter, "Redis commands that failed", cache,                     \
      cache->remote_errors)                                                                        \
    X(cache_remote_up, gauge, "Whether Redis answers", cache, cache->remote_up)                    \
    X(cache_local_rows, gauge, "Rows in the process", cache, cache->local_rows)                    \
    X(cache_local_bytes, gauge, "Bytes of those", cache, cache->local_bytes)                       \
    X(cache_hot_rows, gauge, "Hot records held", cache, cache->hot_rows)                           \
    X(cache_hot_bytes, gauge, "Bytes of those", cache, cache->hot_bytes)                           \
    X(cache_hot_dropped_total, counter, "Hot records that changed", cache, cache->hot_dropped)     \
    X(cache_hot_voided_total, counter, "Hot tables that became void as a whole", cache,            \
      cache->hot_voided)                                                                           \
    X(cache_followed, gauge, "Whether it is known what others changed up to a second ago", cache,  \
      cache->followed)                                                                             \
    X(changes_heard_total, counter, "Changes of rows that the database told of", follower,         \
      follower->changes)                                                                           \
    X(changes_streams_total, counter, "Streams of changes begun; each voids all caches", follower, \
      follower->begun)                                                                             \
    X(changes_voided_total, counter, "Changes that voided all caches", follower,                   \
      follower->voided_others)                                                                     \
    X(tokens_known_total, counter, "Requests whose token was verified before", graphql,            \
      graphql->identity.known)                                                                     \
    X(tokens_verified_total, counter, "Tokens verified", graphql, graphql->identity.verified)      \
    X(tokens_held, gauge, "Verified tokens remembered", graphql, graphql->identity.held)           \
    X(token_key_reads_total, counter, "Times that the file of keys was read", graphql,             \
      graphql->identity.key_reads)                                                                 \
    X(token_keys_broken, gauge, "Whether the file of keys can't be used", graphql,                 \
      graphql->identity.keys_broken)                                                               \
    X(files_sent_total, counter, "Files sent by a link", files, files->sent)                       \
    X(files_bytes_total, counter, "Bytes of files sent", files, files->bytes)                      \
    X(files_forged_total, counter, "Links that this server never gave out", files, files->forged)  \
    X(files_expired_total, counter, "Links that had expired", files, files->expired)               \
    X(files_missing_total, counter, "Links to what is not in the store", files, files->missing)    \
    X(files_broken_total, counter, "Files whose sending broke off", files, files->broken)          \
    X(files_open, gauge, "Files being sent", files, files->open)                                   \
    X(log_lines_lost_total, counter, "Log lines that could not be written", http, log_lost())

enum figure {
#define FIGURE_X(name, type, help, from, value) FIGURE_##name,
    FIGURES(FIGURE_X)
#undef FIGURE_X
    FIGURE_COUNT
};

static const struct {
    const char *name, *type, *help;
} figures[FIGURE_COUNT] = {
#define FIGURE_X(name, type, help, from, value) [FIGURE_##name] = {#name, #type, help},
    FIGURES(FIGURE_X)
#undef FIGURE_X
};

/* Upper borders of the latency histogram, in microseconds. */
static const uint32_t borders[] = {100,   250,   500,    1000,   2500,   5000,    10000,
                                   25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

enum {
    CLASSES = 5 /* 1xx to 5xx */
};

struct metrics_slot {
    uint64_t replies[CLASSES];
    uint64_t bucket[ARRAY_LEN(borders) + 1];
    uint64_t sum_us;
    uint64_t rss_bytes, cpu_us, restarts;
    uint64_t figure[FIGURE_COUNT];
    uint64_t refused[TOKEN_FAULT_COUNT];
    char pad[64]; /* neighbours do not share a cache line */
};

struct metrics {
    unsigned workers;
    size_t bytes;
    struct metrics_slot slot[];
};

/* Others read while one writes: each number whole, no order among them. */
static uint64_t get(const uint64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void set(uint64_t *p, uint64_t n)
{
    __atomic_store_n(p, n, __ATOMIC_RELAXED);
}

int metrics_open(struct metrics **ret, unsigned workers, struct err *reterr)
{
    size_t bytes = sizeof(struct metrics) + workers * sizeof(struct metrics_slot);
    struct metrics *m =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (m == MAP_FAILED)
        return err_set(reterr, ERR_MEMORY, "no memory for the metrics");
    m->workers = workers;
    m->bytes = bytes;
    *ret = m;
    return 0;
}

void metrics_close(struct metrics *m)
{
    if (m)
        munmap(m, m->bytes);
}

void metrics_replied(struct metrics *m, unsigned worker, int status, uint64_t us)
{
    struct metrics_slot *s = &m->slot[worker];
    unsigned class = (unsigned)MIN(MAX(status / 100, 1), CLASSES) - 1;
    size_t i = 0;

    set(&s->replies[class], s->replies[class] + 1);
    while (i < ARRAY_LEN(borders) && us > borders[i])
        i++;
    set(&s->bucket[i], s->bucket[i] + 1);
    set(&s->sum_us, s->sum_us + us);
}

void metrics_restarted(struct metrics *m, unsigned worker)
{
    set(&m->slot[worker].restarts, m->slot[worker].restarts + 1);
    for (int i = 0; i < FIGURE_COUNT; i++)
        set(&m->slot[worker].figure[i], 0);
    for (int i = 0; i < TOKEN_FAULT_COUNT; i++)
        set(&m->slot[worker].refused[i], 0);
}

static void publish_process(struct metrics_slot *s)
{
    struct rusage usage;
    char text[128] = "";
    FILE *f = fopen("/proc/self/statm", "re"); /* no disk behind it */
    const char *resident;

    if (f) {
        resident = fgets(text, sizeof text, f) ? strchr(text, ' ') : NULL;
        if (resident)
            set(&s->rss_bytes, strtoul(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE));
        fclose(f);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        set(&s->cpu_us, (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
}

void metrics_publish(struct metrics *m, unsigned worker, const struct http_stats *http,
                     const struct db_stats *db, const struct cache_stats *cache,
                     const struct graphql_stats *graphql, const struct audit_stats *audit,
                     const struct files_stats *files, const struct follower_stats *follower)
{
    struct metrics_slot *s = &m->slot[worker];

    publish_process(s);
#define FIGURE_X(name, type, help, from, value)                                                    \
    if (from)                                                                                      \
        set(&s->figure[FIGURE_##name], (uint64_t)(value));
    FIGURES(FIGURE_X)
#undef FIGURE_X
    for (int i = 0; graphql && i < TOKEN_FAULT_COUNT; i++)
        set(&s->refused[i], graphql->identity.refused[i]);
}

/* ---- printing ---- */

static void write_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP tolqujat_%s %s.\n# TYPE tolqujat_%s %s\n", name, help, name, type);
}

static void write_replies(const struct metrics *m, struct buf *out)
{
    write_head(out, "http_replies_total", "counter", "Replies by class of status");
    for (unsigned w = 0; w < m->workers; w++)
        for (int c = 0; c < CLASSES; c++)
            buf_addf(out, "tolqujat_http_replies_total{worker=\"%u\",class=\"%dxx\"} %llu\n", w,
                     c + 1, (unsigned long long)get(&m->slot[w].replies[c]));
}

static void write_refused(const struct metrics *m, struct buf *out)
{
    static const char *const reasons[TOKEN_FAULT_COUNT] = {
#define TOKEN_FAULT_X(name, metric, text) [TOKEN_##name] = #metric,
        TOKEN_FAULTS(TOKEN_FAULT_X)
#undef TOKEN_FAULT_X
    };

    write_head(out, "tokens_refused_total", "counter", "Requests whose token was refused");
    for (unsigned w = 0; w < m->workers; w++)
        for (int i = TOKEN_GOOD + 1; i < TOKEN_FAULT_COUNT; i++)
            buf_addf(out, "tolqujat_tokens_refused_total{worker=\"%u\",reason=\"%s\"} %llu\n", w,
                     reasons[i], (unsigned long long)get(&m->slot[w].refused[i]));
}

static void write_histogram(const struct metrics *m, struct buf *out)
{
    const char *name = "http_reply_seconds";

    write_head(out, name, "histogram", "From a request's head to its reply");
    for (unsigned w = 0; w < m->workers; w++) {
        const struct metrics_slot *s = &m->slot[w];
        unsigned long long n = 0;
        for (size_t i = 0; i < ARRAY_LEN(borders); i++) {
            n += get(&s->bucket[i]);
            buf_addf(out, "tolqujat_%s_bucket{worker=\"%u\",le=\"%g\"} %llu\n", name, w,
                     borders[i] / 1e6, n);
        }
        n += get(&s->bucket[ARRAY_LEN(borders)]);
        buf_addf(out, "tolqujat_%s_bucket{worker=\"%u\",le=\"+Inf\"} %llu\n", name, w, n);
        buf_addf(out, "tolqujat_%s_sum{worker=\"%u\"} %.6f\n", name, w,
                 (double)get(&s->sum_us) / 1e6);
        buf_addf(out, "tolqujat_%s_count{worker=\"%u\"} %llu\n", name, w, n);
    }
}

static void write_process(const struct metrics *m, struct buf *out)
{
    write_head(out, "process_resident_bytes", "gauge", "Memory of the worker");
    for (unsigned w = 0; w < m->workers; w++)
        buf_addf(out, "tolqujat_process_resident_bytes{worker=\"%u\"} %llu\n", w,
                 (unsigned long long)get(&m->slot[w].rss_bytes));
    write_head(out, "process_cpu_seconds_total", "counter", "Processor time of the worker");
    for (unsigned w = 0; w < m->workers; w++)
        buf_addf(out, "tolqujat_process_cpu_seconds_total{worker=\"%u\"} %.3f\n", w,
                 (double)get(&m->slot[w].cpu_us) / 1e6);
    write_head(out, "worker_restarts_total", "counter", "How often the worker was started again");
    for (unsigned w = 0; w < m->workers; w++)
        buf_addf(out, "tolqujat_worker_restarts_total{worker=\"%u\"} %llu\n", w,
                 (unsigned long long)get(&m->slot[w].restarts));
}

void metrics_write(const struct metrics *m, struct buf *out)
{
    write_head(out, "build_info", "gauge", "What runs");
    buf_addf(out, "tolqujat_build_info{version=\"%s\"} 1\n", TOLQUJAT_VERSION);
    write_replies(m, out);
    write_histogram(m, out);
    write_process(m, out);
    write_refused(m, out);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        write_head(out, figures[i].name, figures[i].type, figures[i].help);
        for (unsigned w = 0; w < m->workers; w++)
            buf_addf(out, "tolqujat_%s{worker=\"%u\"} %llu\n", figures[i].name, w,
                     (unsigned long long)get(&m->slot[w].figure[i]));
    }
}
