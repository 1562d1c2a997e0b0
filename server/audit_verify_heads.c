/* server/audit_verify_heads.c: see server/audit_verify_heads.h. */
#include "server/audit_verify_heads.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "server/audit_heads.h"

enum {
    FILE_MAX = 256 << 20, /* bytes of one chain's heads: a month has some 10 MB at most */
    PATH_BYTES = 4096
};

/* ---- files ---- */

/* The first `max` bytes of a file. False: it can't be read. */
static bool read_file(const char *path, size_t max, struct buf *ret)
{
    char chunk[16384];
    size_t n;
    FILE *f = fopen(path, "rbe");
    bool good;

    if (!f)
        return false;
    while (ret->len < max && (n = fread(chunk, 1, MIN(sizeof chunk, max - ret->len), f)) > 0)
        buf_add(ret, chunk, n);
    good = !ferror(f) && !ret->failed;
    fclose(f);
    return good;
}

/* The next whole line of `*rest`, without its newline. */
static bool next_line(struct str *rest, struct str *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *ret = (struct str){rest->ptr, (size_t)(end - rest->ptr)};
    rest->ptr = end + 1;
    rest->len -= ret->len + 1;
    return true;
}

/* ---- chains ---- */

int expected_add(struct expected_chains *e, const struct expected_chain *chain)
{
    if (e->n == e->_cap) {
        size_t cap = e->_cap ? e->_cap * 2 : 64;
        struct expected_chain *more = realloc(e->all, cap * sizeof *more);
        if (!more)
            return ERR_MEMORY;
        e->all = more;
        e->_cap = cap;
    }
    e->all[e->n++] = *chain;
    return 0;
}

static int by_chain(const void *a, const void *b)
{
    const struct expected_chain *p = a, *q = b;
    return (p->chain > q->chain) - (p->chain < q->chain);
}

void expected_sort(struct expected_chains *e)
{
    size_t n = 0;

    if (e->n)
        qsort(e->all, e->n, sizeof *e->all, by_chain);
    for (size_t i = 0; i < e->n; i++) {
        struct expected_chain *last = n ? &e->all[n - 1] : NULL;
        if (!last || last->chain != e->all[i].chain) {
            e->all[n++] = e->all[i];
            continue;
        }
        last->begun |= e->all[i].begun;
        last->max_seq = MAX(last->max_seq, e->all[i].max_seq);
        last->bytes = MAX(last->bytes, e->all[i].bytes);
    }
    e->n = n;
}

struct expected_chain *expected_find(const struct expected_chains *e, int64_t chain)
{
    struct expected_chain key = {.chain = chain};
    return e->n ? bsearch(&key, e->all, e->n, sizeof *e->all, by_chain) : NULL;
}

void expected_release(struct expected_chains *e)
{
    free(e->all);
    *e = (struct expected_chains){0};
}

/* ---- heads ---- */

/* One file: its chain, or chain 0 when no line of it is a head. */
static void scan_file(const char *name, struct str text, struct hmac *key, verify_tell tell,
                      void *data, struct expected_chain *ret)
{
    struct str rest = text, line;
    unsigned bad = 0;
    char message[160];

    *ret = (struct expected_chain){.max_seq = -1};
    while (next_line(&rest, &line)) {
        char own[AUDIT_HEAD_NAME_MAX];
        struct audit_head head;
        int64_t at;
        bool good = audit_head_read(key, line, &head, &at);
        audit_head_name(good ? head.chain : 0, own);
        if (!good || strcmp(own, name) != 0) {
            bad++;
            continue;
        }
        ret->chain = head.chain;
        ret->started = head.started;
        ret->max_seq = MAX(ret->max_seq, head.seq);
    }
    ret->bytes = text.len - rest.len;
    if (bad) {
        snprintf(message, sizeof message, "%.40s: %u lines are no heads under this secret", name,
                 bad);
        tell(data, message);
    }
}

static int is_heads(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 6 && n < AUDIT_HEAD_NAME_MAX && strcmp(entry->d_name + n - 6, ".heads") == 0;
}

static int one_file(struct expected_chains *e, const char *dir, const char *name, struct hmac *key,
                    int64_t from, int64_t to, verify_tell tell, void *data)
{
    char path[PATH_BYTES], message[160];
    struct expected_chain chain;
    struct buf text;
    int rc = 0;

    buf_init(&text, 0);
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        !read_file(path, FILE_MAX, &text)) {
        snprintf(message, sizeof message, "%.40s: can't be read", name);
        tell(data, message);
    } else {
        scan_file(name, buf_str(&text), key, tell, data, &chain);
        if (chain.max_seq >= 0 && chain.started >= from && chain.started < to)
            rc = expected_add(e, &chain);
    }
    buf_release(&text);
    return rc;
}

int expected_from_heads(struct expected_chains *e, const char *dir, struct hmac *key, int64_t from,
                        int64_t to, verify_tell tell, void *data, struct err *reterr)
{
    struct dirent **list = NULL;
    int n = scandir(dir, &list, is_heads, alphasort), rc = 0;

    if (n < 0)
        return err_set(reterr, ERR_CONFIG, "--heads: %.160s: %s", dir, strerror(errno));
    for (int i = 0; i < n; i++) {
        if (rc == 0)
            rc = one_file(e, dir, list[i]->d_name, key, from, to, tell, data);
        free(list[i]);
    }
    free(list);
    return rc < 0 ? err_set(reterr, rc, "no memory for the heads of chains") : 0;
}

static int by_seq(const void *a, const void *b)
{
    const struct audit_head *p = a, *q = b;
    return (p->seq > q->seq) - (p->seq < q->seq);
}

int head_list_read(struct head_list *l, const char *dir, const struct expected_chain *chain,
                   struct hmac *key)
{
    char path[PATH_BYTES], name[AUDIT_HEAD_NAME_MAX];
    struct str rest, line;
    struct buf text;
    int rc = 0;

    l->n = 0;
    audit_head_name(chain->chain, name);
    buf_init(&text, 0);
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        !read_file(path, chain->bytes, &text)) {
        buf_release(&text);
        return ERR_CONFIG;
    }
    rest = buf_str(&text);
    while (rc == 0 && next_line(&rest, &line)) {
        struct audit_head head;
        int64_t at;
        if (!audit_head_read(key, line, &head, &at) || head.chain != chain->chain)
            continue; /* told before */
        if (l->n == l->_cap) {
            size_t cap = l->_cap ? l->_cap * 2 : 64;
            struct audit_head *more = realloc(l->all, cap * sizeof *more);
            if (!more)
                rc = ERR_MEMORY;
            else
                l->all = more, l->_cap = cap;
        }
        if (rc == 0)
            l->all[l->n++] = head;
    }
    if (l->n)
        qsort(l->all, l->n, sizeof *l->all, by_seq);
    buf_release(&text);
    return rc;
}

void head_list_release(struct head_list *l)
{
    free(l->all);
    *l = (struct head_list){0};
}
