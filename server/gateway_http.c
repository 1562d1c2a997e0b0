/* server/gateway_http.c: messages by HTTP POST, some at once, through libcurl.
 *
 * One request a message: a JSON object, its key as Idempotency-Key too, so that a gateway which has had it can say so. 2xx: it was
 * taken. 400, 410, 413 and 422 are about the message, and end it. All else (no answer, 5xx, 429, but 401 or 404 too) is about the
 * gateway or how it is set up: a wrong token must not make dead letters of a day's messages. On a connection that was open already and
 * ends without the first line of an answer libcurl sends the same once more by itself: that is none of our tries, and has the same key. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/err.h"
#include "server/gateway.h"

enum {
    AT_ONCE = 8,
    TOKEN_MAX = 4096
};

struct post {
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    struct gateway_message *message; /* NULL: free */
};

struct gateway_http {
    struct gateway gateway;
    struct gateway_config config;
    CURLM *multi;
    struct post posts[AT_ONCE];
    char authorization[TOKEN_MAX + 32]; /* a header; "": none */
};

/* What a gateway answers beside its status is not read. */
static size_t drop(char *bytes, size_t size, size_t n, void *data)
{
    (void)bytes;
    (void)data;
    return size * n;
}

static void fail(struct gateway_message *m, const char *why)
{
    m->outcome = GATEWAY_AGAIN;
    snprintf(m->why, sizeof m->why, "%s", why);
}

static bool add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *more = curl_slist_append(*list, header);

    if (more)
        *list = more;
    return more != NULL;
}

static bool make_headers(const struct gateway_http *h, struct post *p)
{
    char key[120];

    snprintf(key, sizeof key, "Idempotency-Key: %s", p->message->key);
    return add_header(&p->headers, "Content-Type: application/json") &&
           add_header(&p->headers, "Expect:") && add_header(&p->headers, key) &&
           (!h->authorization[0] || add_header(&p->headers, h->authorization));
}

static void post_end(struct post *p)
{
    curl_slist_free_all(p->headers);
    free(p->body);
    p->headers = NULL;
    p->body = NULL;
    p->message = NULL;
}

static void post_begin(struct gateway_http *h, struct post *p, struct gateway_message *m)
{
    p->message = m;
    p->body = gateway_json(m);
    if (!p->body || !make_headers(h, p)) {
        fail(m, "no memory for a request");
        post_end(p);
        return;
    }
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, p->body);
    curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
    if (curl_multi_add_handle(h->multi, p->easy) != CURLM_OK) {
        fail(m, "no memory for a request");
        post_end(p);
    }
}

static void judge(struct post *p, CURLcode result)
{
    struct gateway_message *m = p->message;
    curl_off_t pause = 0;
    long status = 0;

    if (result != CURLE_OK) {
        fail(m, curl_easy_strerror(result));
        return;
    }
    curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &pause);
    if (status >= 200 && status < 300) {
        m->outcome = GATEWAY_SENT;
        return;
    }
    snprintf(m->why, sizeof m->why, "the gateway answered %ld", status);
    m->outcome = status == 400 || status == 410 || status == 413 || status == 422 ? GATEWAY_DEAD
                                                                                  : GATEWAY_AGAIN;
    m->pause_s = pause > 0 ? (uint32_t)MIN(pause, (curl_off_t)86400) : 0;
}

/* Those that have ended. */
static void collect(struct gateway_http *h)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(h->multi, &left)) != NULL) {
        struct post *p = NULL;
        CURLcode result = msg->data.result;
        CURL *easy = msg->easy_handle;
        if (msg->msg != CURLMSG_DONE || curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p) != CURLE_OK)
            continue;
        judge(p, result);
        curl_multi_remove_handle(h->multi, easy);
        post_end(p);
    }
}

static unsigned begin_more(struct gateway_http *h, struct gateway_message *messages, uint32_t n,
                           uint32_t *next)
{
    unsigned busy = 0;

    for (unsigned i = 0; i < AT_ONCE; i++) {
        struct post *p = &h->posts[i];
        if (!p->message && *next < n)
            post_begin(h, p, &messages[(*next)++]);
        busy += p->message != NULL;
    }
    return busy;
}

static void send_all(struct gateway *g, struct gateway_message *messages, uint32_t n)
{
    struct gateway_http *h = container_of(g, struct gateway_http, gateway);
    uint32_t next = 0;

    while (begin_more(h, messages, n, &next) > 0 || next < n) {
        int running;
        if (curl_multi_perform(h->multi, &running) != CURLM_OK)
            break; /* what is left is tried again */
        collect(h);
        if (running)
            curl_multi_poll(h->multi, NULL, 0, 1000, NULL);
    }
    for (unsigned i = 0; i < AT_ONCE; i++)
        if (h->posts[i].message) {
            fail(h->posts[i].message, "the request could not be made");
            curl_multi_remove_handle(h->multi, h->posts[i].easy);
            post_end(&h->posts[i]);
        }
}

static void close_all(struct gateway *g)
{
    struct gateway_http *h = container_of(g, struct gateway_http, gateway);

    for (unsigned i = 0; i < AT_ONCE; i++)
        curl_easy_cleanup(h->posts[i].easy);
    curl_multi_cleanup(h->multi);
    curl_global_cleanup();
    free(h);
}

static int read_token(struct gateway_http *h, struct err *reterr)
{
    const char *path = h->config.token_file;
    char token[TOKEN_MAX];
    FILE *f;
    bool read;

    if (!path)
        return 0;
    f = fopen(path, "re");
    read = f && fgets(token, sizeof token, f);
    if (f)
        fclose(f);
    if (!read)
        return err_set(reterr, ERR_CONFIG, "--gateway-token: %.160s can't be read", path);
    token[strcspn(token, "\r\n")] = '\0';
    snprintf(h->authorization, sizeof h->authorization, "Authorization: Bearer %s", token);
    return 0;
}

static bool post_open(const struct gateway_http *h, struct post *p)
{
    p->easy = curl_easy_init();
    return p->easy && curl_easy_setopt(p->easy, CURLOPT_URL, h->config.where) == CURLE_OK &&
           curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p) == CURLE_OK &&
           curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(p->easy, CURLOPT_TIMEOUT, (long)h->config.timeout_s) == CURLE_OK &&
           curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK;
}

int gateway_http_open(struct gateway **ret, const struct gateway_config *config, struct err *reterr)
{
    struct gateway_http *h = calloc(1, sizeof *h);
    bool good;
    int rc;

    if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return err_set(reterr, ERR_MEMORY, "no memory for a gateway");
    }
    h->gateway = (struct gateway){send_all, close_all};
    h->config = *config;
    h->multi = curl_multi_init();
    good = h->multi != NULL;
    for (unsigned i = 0; i < AT_ONCE && good; i++)
        good = post_open(h, &h->posts[i]);
    rc = good ? read_token(h, reterr) : err_set(reterr, ERR_MEMORY, "no memory for a gateway");
    if (rc < 0) {
        close_all(&h->gateway);
        return rc;
    }
    *ret = &h->gateway;
    return 0;
}
