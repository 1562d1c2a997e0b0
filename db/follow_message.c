/* db/follow_message.c: see db/follow_message.h. The forms are in PostgreSQL's manual, "Logical Replication Message
 * Formats". */
#include "db/follow_message.h"

#include <endian.h>
#include <string.h>

#include "base/err.h"

struct reader {
    const char *at;
    size_t left;
    bool bad;
};

static const char *take(struct reader *r, size_t n)
{
    const char *at = r->at;

    if (r->bad || r->left < n) {
        r->bad = true;
        return NULL;
    }
    r->at += n;
    r->left -= n;
    return at;
}

static uint8_t take_u8(struct reader *r)
{
    const char *p = take(r, 1);
    return p ? (uint8_t)*p : 0;
}

static uint16_t take_u16(struct reader *r)
{
    const char *p = take(r, sizeof(uint16_t));
    uint16_t n = 0;

    if (p)
        memcpy(&n, p, sizeof n);
    return be16toh(n);
}

static uint32_t take_u32(struct reader *r)
{
    const char *p = take(r, sizeof(uint32_t));
    uint32_t n = 0;

    if (p)
        memcpy(&n, p, sizeof n);
    return be32toh(n);
}

/* The lower half of an xid that counts its epochs. */
static uint32_t take_xid8(struct reader *r)
{
    take_u32(r);
    return take_u32(r);
}

static struct str take_z(struct reader *r)
{
    const char *end = r->left ? memchr(r->at, '\0', r->left) : NULL;
    size_t n = end ? (size_t)(end - r->at) : 0;
    const char *p = end ? take(r, n + 1) : NULL;

    r->bad |= !p;
    return p ? (struct str){p, n} : (struct str){0};
}

static void read_relation(struct reader *r, struct follow_message *m)
{
    uint16_t n;

    m->kind = FOLLOW_RELATION;
    m->relation = take_u32(r);
    take_z(r); /* schema */
    m->name = take_z(r);
    take_u8(r); /* replica identity */
    n = take_u16(r);
    for (uint16_t i = 0; i < n && !r->bad; i++) {
        struct str name;
        take_u8(r); /* flags */
        name = take_z(r);
        take_u32(r); /* type */
        take_u32(r); /* type's modifier */
        if (i < FOLLOW_COLUMNS)
            m->columns[i] = name;
    }
    m->n_columns = n < FOLLOW_COLUMNS ? n : FOLLOW_COLUMNS;
}

static void read_tuple(struct reader *r, struct str *ret, uint32_t *ret_n)
{
    uint16_t n = take_u16(r);

    for (uint16_t i = 0; i < n && !r->bad; i++) {
        uint8_t kind = take_u8(r);
        struct str value = {0};
        if (kind == 't' || kind == 'b') {
            value.len = take_u32(r);
            value.ptr = take(r, value.len);
        } else if (kind != 'n' && kind != 'u') {
            r->bad = true;
        }
        if (i < FOLLOW_COLUMNS)
            ret[i] = value;
    }
    *ret_n = n < FOLLOW_COLUMNS ? n : FOLLOW_COLUMNS;
}

/* Of an insert the new row, of a deletion the old one's key, of an update the new one and, when its key changed, the old one's. */
static void read_change(struct reader *r, struct follow_message *m, bool deleted)
{
    uint8_t part;
    uint32_t n_old;

    m->kind = FOLLOW_CHANGED;
    m->relation = take_u32(r);
    part = take_u8(r);
    if (!deleted && (part == 'K' || part == 'O')) {
        m->has_old = true;
        read_tuple(r, m->old, &n_old);
        part = take_u8(r);
    }
    r->bad |= deleted ? part != 'K' && part != 'O' : part != 'N';
    read_tuple(r, m->columns, &m->n_columns);
}

int follow_read(struct str bytes, struct follow_message *ret)
{
    struct reader r = {bytes.ptr, bytes.len, false};

    *ret = (struct follow_message){.kind = FOLLOW_OTHER};
    switch (take_u8(&r)) {
    case 'B':
        ret->kind = FOLLOW_BEGINS;
        take(&r, 2 * sizeof(uint64_t)); /* where it ends in the log, and when it did */
        ret->xid = take_u32(&r);
        break;
    case 'R':
        read_relation(&r, ret);
        break;
    case 'I':
    case 'U':
        read_change(&r, ret, false);
        break;
    case 'D':
        read_change(&r, ret, true);
        break;
    case 'T':
        ret->kind = FOLLOW_TRUNCATED;
        break;
    default:
        break;
    }
    return r.bad ? ERR_DATA : 0;
}

/* Numbers of transactions run in a circle; those that live are less than half of it apart. */
static bool is_before(uint32_t xid, uint32_t other)
{
    return (int32_t)(xid - other) < 0;
}

bool follow_sees(struct str snapshot, uint32_t first, uint32_t last)
{
    struct reader r = {snapshot.ptr, snapshot.len, false};
    uint32_t n = take_u32(&r), end, running;

    take_xid8(&r); /* all before it have ended: none of those is in the list */
    end = take_xid8(&r);
    if (!is_before(last, end))
        return false;
    for (uint32_t i = 0; i < n && !r.bad; i++) {
        running = take_xid8(&r);
        if (!is_before(running, first) && !is_before(last, running))
            return false;
    }
    return !r.bad;
}
