/* server/viewers.c: see server/viewers.h. A viewer's texts lie in one block, so that a request's copy is one. */
#include "server/viewers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/viewer.h"
#include "server/token.h"

enum {
    ENTRY_OVERHEAD = 64 /* of the map and of malloc */
};

struct entry {
    struct list link; /* in viewers.order */
    int64_t begins_s, ends_s;
    struct str token; /* the map's key */
    struct viewer viewer;
    size_t n_texts, bytes;
    char texts[]; /* what the viewer's texts are views of, then the token */
};

struct viewers {
    struct map map;    /* token -> struct entry */
    struct list order; /* who was seen last is first */
    size_t bytes, max_bytes;
};

/* ---- a viewer's texts in one block ---- */

static const size_t text_members[] = {
    offsetof(struct viewer, role),         offsetof(struct viewer, iin),
    offsetof(struct viewer, organisation), offsetof(struct viewer, name),
    offsetof(struct viewer, client),       offsetof(struct viewer, key),
};

static struct str *member(struct viewer *v, size_t i)
{
    return (struct str *)(void *)((char *)v + text_members[i]);
}

static size_t texts_size(const struct token *t)
{
    size_t key = t->role.len + 1 + t->iin.len + 1 + t->organisation.len;
    return t->role.len + t->iin.len + t->organisation.len + t->name.len + t->client.len + key;
}

static struct str put(char **at, struct str s)
{
    struct str copy = {*at, s.len};

    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

/* Writes texts_size() bytes; keeps the viewer's request_id. */
static void lay_out(struct viewer *v, const struct token *t, char *at)
{
    v->kind = VIEWER_KNOWN;
    v->name = put(&at, t->name);
    v->client = put(&at, t->client);
    v->role = put(&at, t->role);
    v->iin = put(&at, t->iin);
    v->organisation = put(&at, t->organisation);
    v->key.ptr = at;
    put(&at, t->role);
    put(&at, STR("/"));
    put(&at, t->iin);
    put(&at, STR("/"));
    put(&at, t->organisation);
    v->key.len = (size_t)(at - v->key.ptr);
}

int viewer_from_token(const struct token *said, struct arena *arena, struct viewer *ret)
{
    char *texts = arena_alloc(arena, texts_size(said));

    if (!texts)
        return ERR_MEMORY;
    lay_out(ret, said, texts);
    return 0;
}

/* ---- those that are kept ---- */

int viewers_new(struct viewers **ret, size_t max_bytes)
{
    struct viewers *v = calloc(1, sizeof *v);

    if (!v)
        return ERR_MEMORY;
    map_init(&v->map, NULL);
    list_init(&v->order);
    v->max_bytes = max_bytes;
    *ret = v;
    return 0;
}

static void drop(struct viewers *v, struct entry *e)
{
    map_take(&v->map, e->token);
    list_remove(&e->link);
    v->bytes -= e->bytes;
    explicit_bzero(e->texts, e->n_texts + e->token.len); /* a token is a secret while it lives */
    free(e);
}

void viewers_forget(struct viewers *v)
{
    list_each (node, &v->order)
        drop(v, container_of(node, struct entry, link));
}

void viewers_free(struct viewers *v)
{
    if (!v)
        return;
    viewers_forget(v);
    map_release(&v->map);
    free(v);
}

int viewers_find(struct viewers *v, struct str token, int64_t now_s, struct arena *arena,
                 struct viewer *ret)
{
    struct entry *e = map_get(&v->map, token);
    struct str request_id = ret->request_id;
    char *texts;

    if (!e)
        return 0;
    if (now_s >= e->ends_s || now_s < e->begins_s) { /* the clock may have been set back, too */
        drop(v, e);
        return 0;
    }
    texts = arena_alloc(arena, e->n_texts);
    if (!texts)
        return ERR_MEMORY;
    memcpy(texts, e->texts, e->n_texts);
    *ret = e->viewer;
    ret->request_id = request_id;
    for (size_t i = 0; i < ARRAY_LEN(text_members); i++)
        member(ret, i)->ptr = texts + (member(ret, i)->ptr - e->texts);
    list_remove(&e->link);
    list_push_front(&v->order, &e->link);
    return VIEWERS_FOUND;
}

void viewers_keep(struct viewers *v, struct str token, const struct token *said)
{
    size_t n = texts_size(said), bytes = sizeof(struct entry) + n + token.len;
    struct entry *e = bytes + ENTRY_OVERHEAD <= v->max_bytes ? malloc(bytes) : NULL;

    if (!e)
        return;
    *e = (struct entry){.begins_s = said->begins_s,
                        .ends_s = said->ends_s,
                        .n_texts = n,
                        .bytes = bytes + ENTRY_OVERHEAD};
    lay_out(&e->viewer, said, e->texts);
    memcpy(e->texts + n, token.ptr, token.len);
    e->token = (struct str){e->texts + n, token.len};
    if (map_put(&v->map, e->token, e) < 0) {
        free(e);
        return;
    }
    list_push_front(&v->order, &e->link);
    v->bytes += e->bytes;
    while (v->bytes > v->max_bytes)
        drop(v, container_of(v->order.prev, struct entry, link));
}

size_t viewers_count(const struct viewers *v)
{
    return v->map.count;
}
