/* server/audit_verify.c: see server/audit_verify.h.
 *
 * The heads are read before the rows: a row that a head tells of was committed before, so it must be among them. */
#include "server/audit_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "db/stream.h"
#include "server/audit_chain.h"
#include "server/audit_verify_heads.h"
#include "server/config.h"
#include "server/secret.h"

enum {
    TOLD_MAX = 1000, /* findings that are printed; all are counted */
    PROGRESS_S = 10
};

static const char chains_sql[] =
    "SELECT chain, started_at, mac FROM access_chain "
    "WHERE started_at >= $1::timestamptz AND started_at < $2::timestamptz";
static const char rows_sql[] =
    "SELECT l.at, l.patient_id, l.chain, l.seq, l.parts, l.refused, l.role, l.person, "
    "l.organisation, l.client, l.capacities, l.reason, l.request_id, "
    "(SELECT p.parts FROM access_parts p WHERE p.hash = l.parts), l.mac, "
    "l.by_machine IS NOT DISTINCT FROM (l.client IS NOT NULL) "
    "FROM access_log l WHERE l.at >= $1::timestamptz AND l.at < $2::timestamptz "
    "ORDER BY l.chain, l.seq, l.at";

enum { /* columns of rows_sql */
    C_AT,
    C_PATIENT,
    C_CHAIN,
    C_SEQ,
    C_PARTS,
    C_REFUSED,
    C_TEXTS, /* in the order of enum audit_text */
    C_MAC = C_TEXTS + AUDIT_TEXTS,
    C_MACHINE
};

struct verify {
    const struct config *config;
    struct hmac *key;
    struct buf scratch;
    struct expected_chains chains;
    struct expected_chain *chain; /* whose rows come now; NULL: one that never began */
    int64_t number;               /* of that chain */
    bool any;                     /* there was one */
    struct audit_head head;       /* what has been checked of it */
    struct head_list heads;
    size_t next_head;
    bool told_chain; /* something of this chain has been told */
    bool last_good;  /* the row before fitted */
    uint64_t rows, n_chains, heads_checked, findings;
    time_t told_at; /* progress */
};

/* ---- telling ---- */

static void tell(void *data, const char *text)
{
    struct verify *v = data;

    if (v->findings++ < TOLD_MAX)
        printf("%s\n", text);
    else if (v->findings == TOLD_MAX + 1)
        printf("(more is only counted)\n");
}

static void at_text(int64_t at, char ret[40])
{
    struct buf b;

    buf_init(&b, 0);
    json_add_timestamp(&b, at);
    if (b.len > 2 && b.ptr[0] == '"')
        snprintf(ret, 40, "%.*s", (int)MIN(b.len - 2, (size_t)38), b.ptr + 1);
    else
        snprintf(ret, 40, "no time");
    buf_release(&b);
}

static void tell_row(struct verify *v, int64_t seq, int64_t at, const char *what)
{
    char text[240], time[40];

    at_text(at, time);
    snprintf(text, sizeof text, "chain %016" PRIx64 " seq %" PRId64 " at %s: %s",
             (uint64_t)v->number, seq, time, what);
    tell(v, text);
}

static void tell_chain(struct verify *v, const struct expected_chain *c, const char *what)
{
    char text[240], time[40];

    at_text(c->started, time);
    snprintf(text, sizeof text, "chain %016" PRIx64 " of %s: %s", (uint64_t)c->chain, time, what);
    tell(v, text);
}

static void progress(struct verify *v)
{
    time_t now = time(NULL);

    if (v->rows % 4096 || now - v->told_at < PROGRESS_S)
        return;
    v->told_at = now;
    fprintf(stderr, "%" PRIu64 " rows, %" PRIu64 " chains\n", v->rows, v->n_chains);
}

/* ---- one chain ---- */

/* The heads up to what has been checked have to be those of these rows. */
static void check_heads(struct verify *v, int64_t at)
{
    char what[120];

    while (v->next_head < v->heads.n && v->heads.all[v->next_head].seq <= v->head.seq) {
        const struct audit_head *h = &v->heads.all[v->next_head++];
        if (h->seq < v->head.seq)
            continue; /* its row is missing, which has been told */
        v->heads_checked++;
        if (audit_mac_equal(h->mac.bytes, v->head.mac.bytes, sizeof h->mac.bytes))
            continue;
        snprintf(what, sizeof what,
                 "its head was another when it was written down: the chain was sealed anew");
        if (!v->told_chain)
            tell_row(v, h->seq, at, what);
        v->told_chain = true;
    }
}

static void end_chain(struct verify *v)
{
    char what[120];

    if (!v->any || !v->chain || v->chain->max_seq <= v->head.seq)
        return;
    snprintf(what, sizeof what,
             "its end is missing: rows %" PRId64 " to %" PRId64 ", which its head tells of",
             v->head.seq + 1, v->chain->max_seq);
    tell_row(v, v->head.seq + 1, v->chain->started, what);
}

static int begin_chain(struct verify *v, int64_t number)
{
    int rc = 0;

    end_chain(v);
    v->any = true;
    v->number = number;
    v->n_chains++;
    v->told_chain = v->last_good = false;
    v->chain = expected_find(&v->chains, number);
    v->heads.n = v->next_head = 0;
    v->head = (struct audit_head){.chain = number};
    if (!v->chain)
        return 0; /* told with its first row */
    v->chain->met = true;
    v->head.started = v->chain->started;
    rc = audit_chain_begin(v->key, &v->head);
    if (rc == 0 && v->config->audit_heads && v->chain->max_seq >= 0)
        rc = head_list_read(&v->heads, v->config->audit_heads, v->chain, v->key);
    if (rc == 0)
        check_heads(v, v->head.started);
    return rc;
}

/* ---- one row ---- */

static void read_row(const struct stream *s, struct audit_row *row)
{
    *row = (struct audit_row){.at = stream_number(s, C_AT),
                              .patient = stream_number(s, C_PATIENT),
                              .chain = stream_number(s, C_CHAIN),
                              .seq = stream_number(s, C_SEQ),
                              .refused = stream_bool(s, C_REFUSED)};
    for (int i = 0; i < AUDIT_TEXTS; i++)
        row->text[i] = stream_bytes(s, C_TEXTS + i);
}

/* What is wrong with the row by itself, after `before`; NULL: nothing, and the head has moved on to it. */
static const char *judge(struct verify *v, const struct stream *s, const struct audit_row *row,
                         int *rc)
{
    struct str mac = stream_bytes(s, C_MAC);
    int64_t parts = 0;

    if (!v->chain)
        return "the chain was never begun";
    if (row->seq <= v->head.seq)
        return "it is there twice";
    if (row->seq != v->head.seq + 1)
        return "rows before it are missing";
    if (!row->text[AUDIT_PARTS].ptr)
        return "what was seen is not among the parts";
    *rc = audit_parts_hash(v->key, row->text[AUDIT_PARTS], &v->scratch, &parts);
    if (*rc == 0)
        *rc = audit_chain_seal(v->key, &v->head, row, &v->scratch);
    if (*rc < 0)
        return NULL;
    if (mac.len != AUDIT_MAC_BYTES || !audit_mac_equal(mac.ptr, v->head.mac.bytes, mac.len))
        return "it does not fit its seal";
    if (parts != stream_number(s, C_PARTS) || !stream_bool(s, C_MACHINE))
        return "what follows from its other values does not";
    return NULL;
}

static int check_row(struct verify *v, const struct stream *s)
{
    struct audit_row row;
    struct str mac = stream_bytes(s, C_MAC);
    const char *wrong;
    bool twice;
    int rc = 0;

    read_row(s, &row);
    v->rows++;
    progress(v);
    if (!v->any || row.chain != v->number)
        rc = begin_chain(v, row.chain);
    if (rc < 0)
        return rc;
    twice = row.seq <= v->head.seq;
    wrong = judge(v, s, &row, &rc);
    if (rc < 0)
        return rc;
    if (wrong) {
        if (!v->told_chain || v->chain)
            tell_row(v, row.seq, row.at, wrong);
        v->told_chain = true;
        /* The rows behind it are judged by what stands in this one, so that each fault is told once. */
        if (mac.len == AUDIT_MAC_BYTES && !(twice && v->last_good))
            memcpy(v->head.mac.bytes, mac.ptr, mac.len);
        v->head.seq = MAX(v->head.seq, row.seq);
    }
    v->last_good = !wrong || (twice && v->last_good);
    check_heads(v, row.at);
    return 0;
}

/* ---- all ---- */

static int read_chains(struct verify *v, const char *const bounds[2], struct err *reterr)
{
    struct stream *s = NULL;
    int rc = stream_open(&s, v->config->database, chains_sql, 2, bounds, reterr);

    while (rc == 0 && (rc = stream_next(s, reterr)) == 1) {
        struct str mac = stream_bytes(s, 2);
        struct expected_chain c = {.chain = stream_number(s, 0),
                                   .started = stream_number(s, 1),
                                   .begun = true,
                                   .max_seq = -1};
        struct audit_head head = {.chain = c.chain, .started = c.started};
        rc = audit_chain_begin(v->key, &head);
        if (rc == 0 &&
            (mac.len != AUDIT_MAC_BYTES || !audit_mac_equal(mac.ptr, head.mac.bytes, mac.len)))
            tell_chain(v, &c, "its beginning does not fit its seal");
        if (rc == 0)
            rc = expected_add(&v->chains, &c);
        if (rc < 0)
            err_set(reterr, rc, "no memory for chains");
    }
    stream_close(s);
    return rc;
}

static int read_rows(struct verify *v, const char *const bounds[2], struct err *reterr)
{
    struct stream *s = NULL;
    int rc = stream_open(&s, v->config->database, rows_sql, 2, bounds, reterr);

    while (rc == 0 && (rc = stream_next(s, reterr)) == 1) {
        rc = check_row(v, s);
        if (rc < 0)
            err_set(reterr, rc, "a row can't be looked at: no memory, or its heads can't be read");
    }
    stream_close(s);
    if (rc == 0)
        end_chain(v);
    return rc;
}

static void check_expected(struct verify *v)
{
    for (size_t i = 0; i < v->chains.n; i++) {
        const struct expected_chain *c = &v->chains.all[i];
        if (!c->begun)
            tell_chain(v, c, "its beginning is not in the database, and a head tells of it");
        if (!c->met && c->max_seq > 0)
            tell_chain(v, c, "all its rows are missing, and its head tells of them");
    }
}

/* Midnight (UTC) that begins the month "YYYY-MM", as text and as a time; of `fallback` when it is NULL. */
static int bound(const char *flag, const char *month, const char *fallback, int64_t limit,
                 char ret[32], int64_t *ret_at, struct err *reterr)
{
    struct tm tm = {.tm_mday = 1};
    char *end;

    snprintf(ret, 32, "%s", fallback);
    *ret_at = limit;
    if (!month)
        return 0;
    tm.tm_year = (int)strtol(month, &end, 10);
    if (end == month + 4 && *end == '-')
        tm.tm_mon = (int)strtol(month + 5, &end, 10);
    if (strlen(month) != 7 || end != month + 7 || strspn(month, "0123456789-") != 7 ||
        tm.tm_year < 2000 || tm.tm_mon < 1 || tm.tm_mon > 12)
        return err_set(reterr, ERR_CONFIG, "--%s: \"%.20s\" is no month such as 2026-11", flag,
                       month);
    snprintf(ret, 32, "%s-01 00:00:00+00", month);
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *ret_at = ((int64_t)timegm(&tm) - 946684800) * 1000000;
    return 0;
}

static int verify(struct verify *v, struct err *reterr)
{
    const struct config *c = v->config;
    char from[32], to[32];
    const char *const bounds[] = {from, to};
    int64_t from_at, to_at;
    int rc = bound("from", c->from, "-infinity", INT64_MIN, from, &from_at, reterr);

    if (rc == 0)
        rc = bound("to", c->to, "infinity", INT64_MAX, to, &to_at, reterr);
    if (rc == 0 && c->audit_heads)
        rc = expected_from_heads(&v->chains, c->audit_heads, v->key, from_at, to_at, tell, v,
                                 reterr);
    if (rc == 0)
        rc = read_chains(v, bounds, reterr);
    expected_sort(&v->chains);
    if (rc == 0)
        rc = read_rows(v, bounds, reterr);
    if (rc == 0)
        check_expected(v);
    return rc;
}

static int make_key(const struct config *config, struct hmac **ret, struct err *reterr)
{
    unsigned char bytes[SECRET_KEY_BYTES];
    struct secret *secret = NULL;
    int rc;

    if (!config->secret)
        return err_set(reterr, ERR_CONFIG, "--secret is not given: the seals can't be told");
    rc = secret_open(&secret, config->secret, reterr);
    if (rc < 0)
        return rc;
    rc = secret_derive(secret, "audit", bytes);
    if (rc == 0)
        rc = hmac_new(ret, (struct str){(const char *)bytes, sizeof bytes});
    explicit_bzero(bytes, sizeof bytes);
    secret_close(secret);
    return rc < 0 ? err_set(reterr, rc, "the seals can't be told: no memory") : 0;
}

int audit_verify_run(const struct config *config)
{
    struct verify v = {.config = config, .told_at = time(NULL)};
    struct err err = {0};
    int rc = make_key(config, &v.key, &err);

    buf_init(&v.scratch, 0);
    if (rc == 0)
        rc = verify(&v, &err);
    if (rc == 0) {
        printf("%" PRIu64 " rows in %" PRIu64 " chains, %" PRIu64 " heads, %zu chains expected: ",
               v.rows, v.n_chains, v.heads_checked, v.chains.n);
        if (v.findings)
            printf("%" PRIu64 " faults\n", v.findings);
        else
            printf("as they were written\n");
        if (!config->audit_heads)
            printf("(no --heads: an end that was cut off, or a chain that is gone, is not seen)\n");
    } else {
        fprintf(stderr, "tolqujat audit verify: %s\n", err.message);
    }
    expected_release(&v.chains);
    head_list_release(&v.heads);
    buf_release(&v.scratch);
    hmac_free(v.key);
    return rc == ERR_CONFIG ? 2 : rc < 0 || v.findings ? 1 : 0;
}
