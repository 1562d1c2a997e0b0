/* query/list_cell.c: see query/list_cell.h. */
#include "query/list_cell.h"

#include <string.h>

#include "base/access.h"
#include "base/err.h"
#include "query/ast.h"

bool list_cell_is_strict(const struct type_ref *type)
{
    while (type->kind == TYPE_REF_LIST) {
        type = type->inner;
        if (type->non_null)
            return true;
    }
    return false;
}

bool list_cell_may_lack(const struct type_ref *type)
{
    while (type->kind == TYPE_REF_LIST)
        type = type->inner;
    return type->non_null;
}

bool list_cell_may_vanish(const struct type_ref *type)
{
    while (type->kind == TYPE_REF_LIST) {
        type = type->inner;
        if (!type->non_null)
            return false;
    }
    return true;
}

/* Behind the token at `p`: a bracket, a comma, or a scalar. */
static const char *token_end(const char *p, const char *end)
{
    if (*p == '[' || *p == ']' || *p == ',')
        return p + 1;
    if (*p != '"') {
        while (p < end && *p != ',' && *p != ']')
            p++;
        return p;
    }
    for (p++; p < end && *p != '"'; p++)
        p += *p == '\\';
    return p < end ? p + 1 : end;
}

bool list_cell_has_null(struct str cell)
{
    const char *p = cell.ptr, *end = cell.ptr + cell.len;

    /* Texts may hold the word too, but few do. */
    if (!cell.len || !memmem(cell.ptr, cell.len, "null", 4))
        return false;
    while (p < end && *p != 'n')
        p = token_end(p, end);
    return p < end;
}

/* A list that is open. */
struct level {
    const struct type_ref *type;
    size_t start; /* in the output */
};

struct writer {
    struct buf *out;
    const char *p, *end;
    struct level level[ACCESS_LIST_MAX];
    uint32_t at[ACCESS_LIST_MAX]; /* the item that is being written, by level */
    uint32_t depth;
};

static bool open_list(struct writer *w, const struct type_ref *type)
{
    if (w->depth == ACCESS_LIST_MAX || type->kind != TYPE_REF_LIST)
        return false;
    w->at[w->depth] = 0;
    w->level[w->depth++] = (struct level){type, w->out->len};
    return true;
}

/* Goes behind the end of the `n` innermost lists that are open in the text. */
static void skip_lists(struct writer *w, uint32_t n)
{
    while (w->p < w->end && n > 0) {
        n += *w->p == '[';
        n -= *w->p == ']';
        w->p = token_end(w->p, w->end);
    }
}

/* The innermost open list that may be null becomes null. False: there is none. */
static bool give_up_list(struct writer *w)
{
    uint32_t open = w->depth;

    while (w->depth > 0) {
        const struct level *level = &w->level[--w->depth];
        if (level->type->non_null)
            continue;
        w->out->len = level->start;
        buf_add(w->out, "null", 4);
        skip_lists(w, open - w->depth);
        return true;
    }
    return false;
}

/* What stands at this place: an item of the innermost open list, or the whole. */
static const struct type_ref *place_type(const struct writer *w, const struct type_ref *type)
{
    return w->depth > 0 ? w->level[w->depth - 1].type->inner : type;
}

static int write_items(struct writer *w, const struct type_ref *type,
                       void (*missing)(void *data, const uint32_t *at, uint32_t n), void *data)
{
    while (w->p < w->end) {
        const struct type_ref *here = place_type(w, type);
        const char *token = w->p;

        w->p = token_end(token, w->end);
        if (*token == 'n' && here->non_null) {
            missing(data, w->at, w->depth);
            if (!give_up_list(w))
                return LIST_CELL_VANISHED;
            continue;
        }
        if (*token == '[' && !open_list(w, here))
            return ERR_DATA;
        if (*token == ']' || *token == ',') {
            if (w->depth == 0)
                return ERR_DATA;
            if (*token == ']')
                w->depth--;
            else
                w->at[w->depth - 1]++;
        }
        buf_add(w->out, token, (size_t)(w->p - token));
    }
    return w->depth == 0 ? 0 : ERR_DATA;
}

int list_cell_write(struct buf *out, const struct type_ref *type, struct str cell,
                    void (*missing)(void *data, const uint32_t *at, uint32_t n), void *data)
{
    struct writer w = {.out = out, .p = cell.ptr, .end = cell.ptr + cell.len};
    size_t before = out->len;
    int rc;

    if (!list_cell_has_null(cell)) {
        buf_add_str(out, cell);
        return 0;
    }
    rc = write_items(&w, type, missing, data);
    if (rc != 0)
        out->len = before;
    return rc;
}
