/* server/audit_chain.c: see server/audit_chain.h. */
#include "server/audit_chain.h"

#include <endian.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    EPOCH_S = 946684800, /* 2000-01-01 in Unix time */
    FIXED_MAX = 128      /* bytes of what is sealed beside rows */
};

static void add_number(struct buf *b, int64_t n)
{
    uint64_t big = htobe64((uint64_t)n);
    buf_add(b, &big, sizeof big);
}

/* Its length first, so that no byte can wander from one text into the next; null differs from empty. */
static void add_text(struct buf *b, struct str s)
{
    uint32_t n = htobe32(s.ptr ? (uint32_t)s.len : UINT32_MAX);

    buf_add(b, &n, sizeof n);
    if (s.ptr)
        buf_add_str(b, s);
}

/* HMAC of up to FIXED_MAX bytes: a label, numbers, and a MAC that may be NULL. */
static int mac_of(struct hmac *key, struct str label, const int64_t *numbers, size_t n,
                  const struct audit_mac *mac, struct sha256 *ret)
{
    char bytes[FIXED_MAX];
    size_t len = label.len;

    memcpy(bytes, label.ptr, len);
    for (size_t i = 0; i < n; i++, len += sizeof numbers[0]) {
        uint64_t big = htobe64((uint64_t)numbers[i]);
        memcpy(bytes + len, &big, sizeof big);
    }
    if (mac) {
        memcpy(bytes + len, mac->bytes, sizeof mac->bytes);
        len += sizeof mac->bytes;
    }
    return hmac_sha256(key, (struct str){bytes, len}, ret);
}

int audit_chain_begin(struct hmac *key, struct audit_head *head)
{
    const int64_t numbers[] = {head->chain, head->started};
    struct sha256 full;

    if (mac_of(key, STR("tolqujat chain 1"), numbers, ARRAY_LEN(numbers), NULL, &full) < 0)
        return ERR_INTERNAL;
    head->seq = 0;
    memcpy(head->mac.bytes, full.bytes, sizeof head->mac.bytes);
    return 0;
}

void audit_row_bytes(const struct audit_row *row, struct buf *out)
{
    add_number(out, row->at);
    add_number(out, row->patient);
    add_number(out, row->chain);
    add_number(out, row->seq);
    buf_add_char(out, (char)row->refused);
    for (int i = 0; i < AUDIT_TEXTS; i++)
        add_text(out, row->text[i]);
}

int audit_chain_seal(struct hmac *key, struct audit_head *head, const struct audit_row *row,
                     struct buf *scratch)
{
    struct sha256 full;

    buf_clear(scratch);
    buf_add(scratch, head->mac.bytes, sizeof head->mac.bytes);
    audit_row_bytes(row, scratch);
    if (scratch->failed)
        return ERR_MEMORY;
    if (hmac_sha256(key, buf_str(scratch), &full) < 0)
        return ERR_INTERNAL;
    head->seq = row->seq;
    memcpy(head->mac.bytes, full.bytes, sizeof head->mac.bytes);
    return 0;
}

int audit_head_sign(struct hmac *key, const struct audit_head *head, int64_t at, struct sha256 *ret)
{
    const int64_t numbers[] = {head->chain, head->started, head->seq, at};
    return mac_of(key, STR("tolqujat head 1"), numbers, ARRAY_LEN(numbers), &head->mac, ret);
}

int audit_parts_hash(struct hmac *key, struct str parts, struct buf *scratch, int64_t *ret)
{
    struct sha256 full;

    buf_clear(scratch);
    buf_add_z(scratch, "tolqujat parts 1");
    buf_add_str(scratch, parts);
    if (scratch->failed)
        return ERR_MEMORY;
    if (hmac_sha256(key, buf_str(scratch), &full) < 0)
        return ERR_INTERNAL;
    memcpy(ret, full.bytes, sizeof *ret);
    return 0;
}

bool audit_mac_equal(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *p = a, *q = b;
    unsigned char differ = 0;

    for (size_t i = 0; i < n; i++)
        differ |= p[i] ^ q[i];
    return differ == 0;
}

int64_t audit_month(int64_t at)
{
    time_t s = (time_t)(at / 1000000 - (at % 1000000 < 0)) + EPOCH_S;
    struct tm tm;

    if (!gmtime_r(&s, &tm))
        return 0;
    return (int64_t)tm.tm_year * 12 + tm.tm_mon;
}
