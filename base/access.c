/* base/access.c: see base/access.h. */
#include "base/access.h"

bool page_is_head(const struct page *page, const struct access_path *path)
{
    if (!page)
        return true;
    if (page->has_after)
        return false;
    for (uint32_t i = 0; i < path->n_filter; i++)
        if (page->filter[i].set)
            return false;
    return true;
}

bool row_valid(const void *bytes, size_t len, uint32_t n_cells)
{
    const struct row *r = bytes;
    size_t head = sizeof *r + (size_t)n_cells * sizeof r->end[0];
    uint32_t at = 0;

    if (len < head || r->size != len || r->n != n_cells)
        return false;
    for (uint32_t i = 0; i < n_cells; i++) {
        uint32_t end = r->end[i] & ~ROW_NULL;
        if (end < at || end > len - head)
            return false;
        at = end;
    }
    return true;
}

const struct row *row_copy(struct arena *arena, const struct row *r)
{
    struct row *copy = arena_alloc(arena, r->size);
    if (copy)
        memcpy(copy, r, r->size);
    return copy;
}
