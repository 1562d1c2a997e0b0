/* server/audit_entry.c: see server/audit_entry.h. */
#include "server/audit_entry.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/viewer.h"
#include "server/access.h"

/* The longest that a text of a row may be; the rest is cut. */
static const size_t text_max[AUDIT_TEXTS] = {
    [AUDIT_ROLE] = 32,    [AUDIT_PERSON] = 32,      [AUDIT_ORGANISATION] = 32,
    [AUDIT_CLIENT] = 256, [AUDIT_CAPACITIES] = 512, [AUDIT_REASON] = 512,
    [AUDIT_REQUEST] = 64, [AUDIT_PARTS] = 65536};

static size_t cut(struct str s, size_t max)
{
    size_t n = MIN(s.len, max);

    while (n < s.len && n > 0 && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
        n--;
    return n;
}

/* A copy that the database can't refuse: valid UTF-8 without NUL. Empty is null. */
static struct str put_text(char **at, struct str s, size_t max, bool null)
{
    struct str copy = {*at, cut(s, max)};

    if (copy.len == 0)
        return null ? (struct str){0} : (struct str){"", 0};
    memcpy(*at, s.ptr, copy.len);
    if (memchr(*at, 0, copy.len) || !utf8_valid(copy))
        for (size_t i = 0; i < copy.len; i++)
            if ((unsigned char)(*at)[i] < 0x20 || (unsigned char)(*at)[i] >= 0x7F)
                (*at)[i] = '?';
    *at += copy.len;
    return copy;
}

struct audit_entry *audit_entry_new(const struct viewer *v, const struct disclosure *d,
                                    int64_t at_us, uint64_t now_ms)
{
    const struct str texts[AUDIT_TEXTS] = {
        [AUDIT_ROLE] = v->role,
        [AUDIT_PERSON] = v->iin,
        [AUDIT_ORGANISATION] = v->organisation,
        [AUDIT_CLIENT] = v->client,
        [AUDIT_CAPACITIES] = d->capacities,
        [AUDIT_REASON] = d->reason,
        [AUDIT_REQUEST] = v->request_id,
        [AUDIT_PARTS] = d->parts,
    };
    size_t size = sizeof(struct audit_entry);
    struct audit_entry *e;
    char *at;

    for (int i = 0; i < AUDIT_TEXTS; i++)
        size += MIN(texts[i].len, text_max[i]);
    e = malloc(size);
    if (!e)
        return NULL;
    *e = (struct audit_entry){.queued_ms = now_ms, .size = size};
    list_init(&e->node);
    list_init(&e->of);
    e->row = (struct audit_row){.at = at_us, .patient = d->subject, .refused = d->refused};
    at = e->bytes;
    for (int i = 0; i < AUDIT_TEXTS; i++)
        e->row.text[i] = put_text(&at, texts[i], text_max[i], i != AUDIT_PARTS);
    return e;
}
