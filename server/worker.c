/* server/worker.c: see server/worker.h. */
#include "server/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cache/cache.h"
#include "db/db.h"
#include "query/schema.h"
#include "server/audit.h"
#include "server/card_key.h"
#include "server/config.h"
#include "server/descriptors.h"
#include "server/files.h"
#include "server/follower.h"
#include "server/graphql_http.h"
#include "server/hot_loader.h"
#include "server/http/exchange.h"
#include "server/http/server.h"
#include "server/identity.h"
#include "server/keyring.h"
#include "server/media_type.h"
#include "server/metrics.h"
#include "server/notes.h"
#include "server/router.h"
#include "server/secret.h"
#include "server/service.h"
#include "server/source.h"

enum {
    PUBLISH_MS = 1000,
    CHECK_AGAIN_MS = 500,
    CHECK_END_MS = 1000,
    HOT_REFRESH_S = 60,
    AUDIT_FLUSH_MS = 1500, /* less than the supervisor grants beyond the drain */
    EXIT_NOW = 1
};

struct worker {
    struct worker_start start;
    struct service *service;
    const struct config *config;
    uv_loop_t loop;
    struct http_server *http;
    struct router router;
    struct db *db;
    struct cache *cache;
    struct hot_loader *hot;
    struct follower *follower; /* of one worker; NULL: another's, or nobody follows */
    struct row_source source;
    struct identity *identity;
    struct audit *audit; /* NULL: nobody is asked who he is */
    struct graphql *graphql;
    struct files *files;

    uv_signal_t term, interrupt, hangup;
    uv_timer_t publish, deadline, again, follow;
    uv_work_t check; /* db_check blocks, so it has a thread */
    struct err check_err;
    int check_rc;
    bool checking, stopping, closing, failed;
    unsigned pending; /* closings of the present step */
};

static void worker_close(struct worker *w);
static void on_deadline(uv_timer_t *timer);

/* ---- answers ---- */

static void answer_graphql(void *data, struct exchange *x)
{
    struct worker *w = data;
    struct err err;

    if (w->graphql && !w->closing) {
        graphql_handle(w->graphql, x);
        return;
    }
    x->error_type = media_type_name(media_type_answer(x->accept));
    err_set(&err, w->closing ? ERR_CLOSING : ERR_DATABASE,
            w->closing ? "the server is being stopped" : "the database has not been reached yet");
    exchange_error(x, &err, NULL);
}

static void answer_document(void *data, struct exchange *x, const struct document_route *route)
{
    struct worker *w = data;

    if (w->graphql && !w->closing)
        graphql_handle_document(w->graphql, x, route);
    else
        answer_graphql(data, x); /* which says why not */
}

static const char *worker_lacks(const struct worker *w)
{
    struct db_stats stats;

    if (!w->graphql)
        return "database";
    db_get_stats(w->db, &stats);
    if (stats.ready == 0)
        return "database";
    if (w->audit && !audit_is_ready(w->audit))
        return "access log";
    return hot_loader_ready(w->hot) ? NULL : "hot records";
}

static void answer_linked(void *data, struct exchange *x)
{
    struct worker *w = data;
    files_handle(w->files, x);
}

static void answer_ready(void *data, struct exchange *x)
{
    struct worker *w = data;
    const char *lacks = w->stopping ? "being stopped" : worker_lacks(w);
    struct buf *b = exchange_buffer(x);

    if (lacks)
        buf_addf(b, "{\"status\":\"not ready\",\"waitsFor\":\"%s\"}\n", lacks);
    else
        buf_add_str(b, STR("{\"status\":\"ready\"}\n"));
    exchange_reply(x, lacks ? 503 : 200, "application/json", b, NULL);
}

static void worker_publish(struct worker *w)
{
    struct db_stats db = {0};
    struct cache_stats cache = {0};
    struct graphql_stats graphql = {0};
    struct audit_stats audit = {0};
    struct files_stats files = {0};
    struct follower_stats follower = {0};
    bool all = w->graphql && !w->closing;

    if (all) {
        db_get_stats(w->db, &db);
        cache_get_stats(w->cache, &cache);
        graphql_get_stats(w->graphql, &graphql);
        if (w->audit)
            audit_get_stats(w->audit, &audit);
    }
    if (w->files)
        files_get_stats(w->files, &files);
    if (w->follower)
        follower_get_stats(w->follower, &follower);
    metrics_publish(w->service->metrics, w->start.index, http_server_stats(w->http),
                    all ? &db : NULL, all ? &cache : NULL, all ? &graphql : NULL,
                    all ? &audit : NULL, &files, w->follower ? &follower : NULL);
}

static void answer_metrics(void *data, struct exchange *x)
{
    struct worker *w = data;
    struct buf *b = exchange_buffer(x);

    worker_publish(w);
    metrics_write(w->service->metrics, b);
    exchange_reply(x, 200, "text/plain; version=0.0.4; charset=utf-8", b, NULL);
}

static void on_request(void *data, struct exchange *x)
{
    struct worker *w = data;
    router_handle(&w->router, x);
}

static void on_headers(void *data, const struct exchange *x, struct buf *head)
{
    struct worker *w = data;
    cors_add_headers(&w->router.cors, x, head);
}

static void on_replied(void *data, const struct exchange *x, int status)
{
    struct worker *w = data;
    metrics_replied(w->service->metrics, w->start.index, status,
                    x->started_us ? uv_hrtime() / 1000 - x->started_us : 0);
}

static void on_follow(uv_timer_t *timer)
{
    struct worker *w = container_of(timer, struct worker, follow);
    identity_follow(w->identity, false);
}

static void on_publish(uv_timer_t *timer)
{
    worker_publish(container_of(timer, struct worker, publish));
}

/* ---- opening ---- */

static int open_http(struct worker *w, struct err *reterr)
{
    const struct config *c = w->config;
    struct http_server_config cfg = {.limits = http_limits_default(),
                                     .handle = on_request,
                                     .add_headers = on_headers,
                                     .replied = on_replied,
                                     .data = w};
    unsigned port;
    int rc;

    cfg.limits.head_bytes = (uint32_t)c->max_head;
    cfg.limits.target_bytes = (uint32_t)c->max_head / 2;
    cfg.limits.body_bytes = (uint32_t)c->max_body;
    cfg.limits.head_ms = (uint32_t)c->head_seconds * 1000;
    cfg.limits.body_ms = (uint32_t)c->body_seconds * 1000;
    cfg.limits.idle_ms = (uint32_t)c->idle_seconds * 1000;
    cfg.limits.in_flight = (uint32_t)c->max_in_flight;
    cfg.limits.connections = descriptors_for(c->max_connections);
    rc = files_open(&w->files, &w->loop, w->service->images, w->service->issuer.link_key, reterr);
    if (rc == 0)
        rc = http_server_open(&w->http, &w->loop, &cfg, reterr);
    if (rc < 0)
        return rc;
    w->router = (struct router){.cors = {c->cors_origin, c->n_cors_origin},
                                .files = w->service->files,
                                .get_queries = c->get_queries,
                                .http = w->http,
                                .graphql = answer_graphql,
                                .documents = &w->service->documents,
                                .document = answer_document,
                                .file = answer_linked,
                                .card_keys = w->service->card_key
                                                 ? card_key_published(w->service->card_key)
                                                 : (struct str){0},
                                .ready = answer_ready,
                                .metrics = answer_metrics,
                                .data = w};
    rc = http_server_listen(w->http, c->listen, w->start.port, w->start.supervised, &port, reterr);
    if (rc < 0)
        return rc;
    if (w->start.ready_fd < 0 && w->start.supervised)
        log_info("worker %u listens again", w->start.index);
    else if (w->start.ready_fd < 0)
        service_log_address(w->service, port);
    else if (write(w->start.ready_fd, "", 1) == 1)
        close(w->start.ready_fd);
    return 0;
}

static int open_db(struct worker *w, struct err *reterr)
{
    struct db_config cfg = {.conninfo = w->config->database,
                            .readers = (unsigned)w->config->database_connections,
                            .batches = 2,
                            .batch_keys = 256,
                            .queue_keys = 20000,
                            .writers = (unsigned)w->config->write_connections,
                            .queue_calls = 1000,
                            .lock_timeout_ms = (unsigned)w->config->lock_timeout_ms,
                            .statement_timeout_ms = (unsigned)w->config->request_seconds * 1000,
                            .connect_timeout_ms = 2000,
                            .instance = w->service->instance,
                            .note = note_database,
                            .issuer = &w->service->issuer.issuer};
    return db_open(&w->db, &w->loop, &w->service->schema->access, &cfg, reterr);
}

static int open_cache(struct worker *w, struct err *reterr)
{
    struct cache_config cfg = {.redis = w->config->redis,
                               .generations = w->service->generations,
                               .ring = w->service->ring,
                               .secret = {w->service->cache_secret, CACHE_SECRET_BYTES},
                               .namespace_ = str_of(w->service->namespace_),
                               .local_bytes = (size_t)w->config->cache_bytes,
                               .ttl_s = (unsigned)w->config->cache_ttl,
                               .stores = (uint32_t)w->config->redis_stores,
                               .rights_s = (unsigned)w->config->rights_seconds,
                               .note = note_redis};
    return cache_open(&w->cache, &w->loop, &w->service->schema->access, &cfg, reterr);
}

static int open_identity(struct worker *w, struct err *reterr)
{
    struct identity_config cfg = {.open = w->config->access_open,
                                  .keyring = w->service->keyring,
                                  .issuer = w->config->token_issuer,
                                  .audience = w->config->token_audience};
    int rc = identity_open(&w->identity, &cfg, reterr);

    if (rc < 0 || cfg.open)
        return rc;
    /* Before the first request: the keys that were inherited may have been taken back since. */
    identity_follow(w->identity, false);
    uv_timer_start(&w->follow, on_follow, KEYRING_FOLLOW_MS, KEYRING_FOLLOW_MS);
    return 0;
}

/* Where nobody is asked who he is there is nothing to put on record. */
static int open_audit(struct worker *w, struct err *reterr)
{
    unsigned char key[SECRET_KEY_BYTES];
    struct audit_config cfg = {
        .conninfo = w->config->database,
        .key = {(const char *)key, sizeof key},
        .heads = w->config->audit_heads,
        .rows = 20000,
        .bytes = (size_t)16 * 1024 * 1024,
        .patience_s = w->start.index ? 0 : 2 * (unsigned)w->config->request_seconds + 20,
        .note = note_audit};
    int rc;

    if (w->config->access_open)
        return 0;
    if (secret_derive(w->service->secret, "audit", key) < 0)
        return err_set(reterr, ERR_INTERNAL, "the access log can't be sealed");
    rc = audit_open(&w->audit, &w->loop, &cfg, reterr);
    explicit_bzero(key, sizeof key);
    return rc;
}

static int open_graphql(struct worker *w, struct err *reterr)
{
    const struct config *c = w->config;
    struct graphql_config cfg = {.audit = w->audit,
                                 .identity = w->identity,
                                 .role_limits = &c->role_limits,
                                 .trusted = w->service->trusted,
                                 .seals = secret_seals(w->service->secret),
                                 .max_in_flight = (uint32_t)c->max_in_flight,
                                 .request_ms = (unsigned)c->request_seconds * 1000,
                                 .refusal_ms = (unsigned)c->refusal_ms,
                                 .max_answer_bytes = (size_t)8 * 1024 * 1024};

    service_limits(c, &cfg.documents, &cfg.limits);
    row_source_init(&w->source, w->cache, w->db, w->service->generations);
    return graphql_open(&w->graphql, &w->loop, w->service->schema, &w->source, &cfg, reterr);
}

/* What needs the database, once its tables are known. */
static int open_data(struct worker *w, struct err *reterr)
{
    int rc = open_db(w, reterr);

    if (rc == 0)
        rc = open_cache(w, reterr);
    if (rc == 0 && w->config->follow && w->start.index == 0)
        rc = follower_open(&w->follower, &w->loop, w->config->follow, &w->service->schema->access,
                           w->service->generations, reterr);
    if (rc == 0)
        rc = hot_loader_start(&w->hot, &w->loop, &w->service->schema->access, w->cache, w->db,
                              HOT_REFRESH_S, reterr);
    if (rc == 0)
        rc = open_audit(w, reterr);
    return rc < 0 ? rc : open_graphql(w, reterr);
}

static void worker_fail(struct worker *w, const struct err *err)
{
    log_error("%s", err->message);
    w->failed = true;
    worker_close(w);
}

static void run_check(uv_work_t *work)
{
    struct worker *w = container_of(work, struct worker, check);
    w->check_rc = service_check_database(w->service, &w->check_err);
}

static void on_again(uv_timer_t *timer);

static void on_checked(uv_work_t *work, int status)
{
    struct worker *w = container_of(work, struct worker, check);
    struct err err = {0};

    w->checking = false;
    if (w->closing) {
        worker_close(w);
        return;
    }
    if (status == 0 && w->check_rc == 0) {
        w->service->checked = true;
        log_info("the database is there");
        if (open_data(w, &err) < 0)
            worker_fail(w, &err);
        return;
    }
    /* A schema that does not fit may be waiting for `tolqujat migrate`. */
    if (status == 0 && w->check_rc != ERR_DATABASE)
        log_error("%s", w->check_err.message);
    uv_timer_start(&w->again, on_again, w->check_rc == ERR_DATABASE ? CHECK_AGAIN_MS : 5000, 0);
}

static void on_again(uv_timer_t *timer)
{
    struct worker *w = container_of(timer, struct worker, again);

    w->check_err = (struct err){0};
    if (uv_queue_work(&w->loop, &w->check, run_check, on_checked) == 0)
        w->checking = true;
    else
        uv_timer_start(&w->again, on_again, CHECK_AGAIN_MS, 0);
}

/* ---- closing ---- */

static void on_closed_last(void *data)
{
    struct worker *w = data;

    w->cache = NULL;
    uv_close((uv_handle_t *)&w->term, NULL);
    uv_close((uv_handle_t *)&w->interrupt, NULL);
    uv_close((uv_handle_t *)&w->hangup, NULL);
    uv_close((uv_handle_t *)&w->publish, NULL);
    uv_close((uv_handle_t *)&w->deadline, NULL);
    uv_close((uv_handle_t *)&w->again, NULL);
    uv_close((uv_handle_t *)&w->follow, NULL);
}

static void on_closed_db(void *data)
{
    struct worker *w = data;

    if (--w->pending)
        return;
    w->audit = NULL;
    w->db = NULL;
    w->hot = NULL;
    w->follower = NULL;
    if (w->cache)
        cache_close(w->cache, on_closed_last, w);
    else
        on_closed_last(w);
}

static void on_closed_front(void *data)
{
    struct worker *w = data;

    if (--w->pending)
        return;
    w->graphql = NULL;
    w->http = NULL;
    identity_close(w->identity);
    w->identity = NULL;
    w->pending = 1 + (w->audit != NULL) + (w->hot != NULL) + (w->db != NULL) +
                 (w->follower != NULL);
    if (w->follower)
        follower_close(w->follower, on_closed_db, w);
    if (w->audit) /* whose last rows are those of answers that have left */
        audit_close(w->audit, AUDIT_FLUSH_MS, on_closed_db, w);
    if (w->hot) /* what it waits for ends with the database */
        hot_loader_stop(w->hot, on_closed_db, w);
    if (w->db)
        db_close(w->db, on_closed_db, w);
    on_closed_db(w);
}

static void worker_close(struct worker *w)
{
    bool first = !w->closing;

    w->closing = true;
    if (first) {
        uv_timer_stop(&w->publish);
        uv_timer_stop(&w->again);
        uv_timer_stop(&w->follow);
    }
    if (w->checking) {
        /* Its thread works on what would be freed; on_checked comes here again, or time is up. */
        uv_timer_start(&w->deadline, on_deadline, CHECK_END_MS, 0);
        return;
    }
    uv_timer_stop(&w->deadline);
    w->pending = 1 + (w->http != NULL) + (w->graphql != NULL);
    if (w->http)
        http_server_close(w->http, on_closed_front, w);
    if (w->graphql)
        graphql_close(w->graphql, on_closed_front, w);
    on_closed_front(w);
}

static void on_drained(void *data)
{
    struct worker *w = data;
    if (!w->closing)
        worker_close(w);
}

static void on_deadline(uv_timer_t *timer)
{
    struct worker *w = container_of(timer, struct worker, deadline);

    if (w->closing) {
        /* A thread is held by a database that hangs; nothing else is left to do. */
        _exit(w->failed ? EXIT_NOW : 0);
    }
    log_warn("worker %u: cutting what is still in flight", w->start.index);
    worker_close(w);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct worker *w = handle->data;

    if (w->stopping) {
        if (!w->start.supervised)
            _exit(EXIT_NOW);
        return;
    }
    if (w->start.supervised && signum == SIGINT)
        return; /* the terminal told everybody; the supervisor decides */
    w->stopping = true;
    if (!w->start.supervised)
        log_info("ending: finishing what is in flight");
    if (w->closing)
        return;
    uv_timer_start(&w->deadline, on_deadline, (uint64_t)w->config->drain_seconds * 1000, 0);
    http_server_drain(w->http, on_drained, w);
}

/* What runs goes on with its document; the next request meets the new list. */
static void on_hangup(uv_signal_t *handle, int signum)
{
    struct worker *w = handle->data;

    if (w->identity)
        identity_follow(w->identity, true);
    if (w->config->trusted_documents && service_read_trusted_again(w->service) && w->graphql)
        graphql_set_trusted(w->graphql, w->service->trusted);
}

/* ---- the whole ---- */

static void worker_init(struct worker *w)
{
    uv_signal_init(&w->loop, &w->term);
    uv_signal_init(&w->loop, &w->interrupt);
    uv_timer_init(&w->loop, &w->publish);
    uv_timer_init(&w->loop, &w->deadline);
    uv_timer_init(&w->loop, &w->again);
    uv_signal_init(&w->loop, &w->hangup);
    w->term.data = w->interrupt.data = w->hangup.data = w;
    uv_signal_start(&w->term, on_signal, SIGTERM);
    uv_signal_start(&w->interrupt, on_signal, SIGINT);
    uv_timer_init(&w->loop, &w->follow);
    if (w->config->trusted_documents || w->service->keyring)
        uv_signal_start(&w->hangup, on_hangup, SIGHUP);
    if (w->start.signals)
        sigprocmask(SIG_SETMASK, w->start.signals, NULL);
    uv_timer_start(&w->publish, on_publish, 0, PUBLISH_MS);
}

int worker_run(const struct worker_start *start)
{
    struct worker *w = calloc(1, sizeof *w);
    struct err err = {0};
    int rc, status;

    if (!w || uv_loop_init(&w->loop) < 0) {
        log_error("no memory for a worker");
        free(w);
        return 1;
    }
    w->start = *start;
    w->service = start->service;
    w->config = start->service->config;
    signal(SIGPIPE, SIG_IGN);
    worker_init(w);
    rc = open_identity(w, &err);
    if (rc == 0)
        rc = open_http(w, &err);
    if (rc == 0 && w->service->checked)
        rc = open_data(w, &err);
    else if (rc == 0)
        uv_timer_start(&w->again, on_again, 0, 0);
    if (rc < 0)
        worker_fail(w, &err);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    rc = rc == ERR_CONFIG ? 2 : w->failed ? 1 : 0;
    status = uv_loop_close(&w->loop);
    if (status != 0)
        log_error("worker %u: the loop is not empty at its end", start->index);
    files_close(w->files);
    free(w);
    return status != 0 ? 1 : rc;
}
