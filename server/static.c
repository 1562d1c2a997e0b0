/* server/static.c: see server/static.h. */
#include "server/static.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "server/config.h"
#include "server/http/exchange.h"

enum {
    STATIC_FILE_MAX = 16 * 1024 * 1024,
    STATIC_ALL_MAX = 64 * 1024 * 1024,
    ETAG_BYTES = 36
};

#define JS "text/javascript; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define HTML "text/html; charset=utf-8"

static const struct {
    const char *path, *file, *type;
    bool page; /* asked for anew each time, so that a new version shows at once */
} list[] = {
    {"/graphiql", "graphiql/index.html", HTML, true},
    {"/graphiql/", "graphiql/index.html", HTML, true},
    {"/graphiql/page.js", "graphiql/page.js", JS, true},
    {"/graphiql/page.css", "graphiql/page.css", CSS, true},
    {"/graphiql/graphiql.min.js", "node_modules/graphiql/graphiql.min.js", JS, false},
    {"/graphiql/graphiql.min.css", "node_modules/graphiql/graphiql.min.css", CSS, false},
    {"/graphiql/react.production.min.js", "node_modules/react/umd/react.production.min.js", JS,
     false},
    {"/graphiql/react-dom.production.min.js",
     "node_modules/react-dom/umd/react-dom.production.min.js", JS, false},
};

struct static_files {
    struct arena arena;
    struct {
        struct str body;
        char etag[ETAG_BYTES];
    } file[ARRAY_LEN(list)];
};

static int read_file(struct static_files *s, size_t i, const char *dir, struct err *reterr)
{
    static const char hex[] = "0123456789abcdef";
    struct sha256 hash;
    char path[4096];
    char *tag = s->file[i].etag;
    int rc;

    if (snprintf(path, sizeof path, "%s/%s", dir, list[i].file) >= (int)sizeof path)
        return err_set(reterr, ERR_CONFIG, "the path of the GraphQL IDE is too long");
    rc = config_read_file(&s->arena, path, STATIC_FILE_MAX, &s->file[i].body, reterr);
    if (rc < 0)
        return rc;
    rc = sha256(s->file[i].body, &hash);
    if (rc < 0)
        return err_set(reterr, (enum err_code)rc, "no memory for the GraphQL IDE");
    *tag++ = '"';
    for (int b = 0; b < 16; b++) {
        *tag++ = hex[hash.bytes[b] >> 4];
        *tag++ = hex[hash.bytes[b] & 15];
    }
    *tag++ = '"';
    *tag = '\0';
    return 0;
}

int static_open(struct static_files **ret, const char *dir, struct err *reterr)
{
    struct static_files *s = calloc(1, sizeof *s);

    if (!s)
        return err_set(reterr, ERR_MEMORY, "no memory for the GraphQL IDE");
    arena_init(&s->arena, STATIC_ALL_MAX);
    for (size_t i = 0; i < ARRAY_LEN(list); i++) {
        int rc = read_file(s, i, dir, reterr);
        if (rc < 0) {
            static_close(s);
            return rc;
        }
    }
    *ret = s;
    return 0;
}

void static_close(struct static_files *s)
{
    if (!s)
        return;
    arena_release(&s->arena);
    free(s);
}

static size_t find(struct str path)
{
    size_t i = 0;
    while (i < ARRAY_LEN(list) && !str_is(path, list[i].path))
        i++;
    return i;
}

bool static_has(const struct static_files *s, struct str path)
{
    return s && find(path) < ARRAY_LEN(list);
}

void static_handle(const struct static_files *s, struct exchange *x)
{
    size_t i = find(x->path);
    const struct http_header headers[] = {
        {"ETag", s->file[i].etag},
        {"Cache-Control", list[i].page ? "no-cache" : "public, max-age=3600"},
        /* GraphiQL's libraries set styles from script; no other host is ever asked. */
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
         "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {NULL, NULL}};

    if (x->if_none_match.len && memmem(x->if_none_match.ptr, x->if_none_match.len, s->file[i].etag,
                                       strlen(s->file[i].etag)))
        exchange_reply(x, 304, NULL, NULL, headers);
    else
        exchange_reply_static(x, 200, list[i].type, s->file[i].body, headers);
}
