/* server/audit_batch.c: see server/audit_batch.h. */
#include "server/audit_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/types.h"

/* unnest in the list of a SELECT: as the table of a FROM every array would be stored once more. */
#define ROWS                                                                                       \
    "INSERT INTO access_log (at, patient_id, chain, seq, parts, refused, role, person, "           \
    "organisation, client, capacities, reason, request_id, mac) "                                  \
    "SELECT unnest($1::timestamptz[]), unnest($2::bigint[]), unnest($3::bigint[]), "               \
    "unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::boolean[]), unnest($7::text[]), "      \
    "unnest($8::text[]), unnest($9::text[]), unnest($10::text[]), unnest($11::text[]), "           \
    "unnest($12::text[]), unnest($13::text[]), unnest($14::bytea[])"
#define PARTS                                                                                      \
    "WITH p AS (INSERT INTO access_parts (hash, parts) "                                           \
    "SELECT unnest($15::bigint[]), unnest($16::text[]) ON CONFLICT DO NOTHING) "
/* A statement adds all of its rows or none. No unique index keeps rows from being there twice, as one would cost more than the row.
 * It writes something also when it adds nothing (a message that nobody reads): so its COMMIT waits for a standby, as that of the first
 * sending did, which may have been ended while it waited. */
#define UNLESS_THERE                                                                               \
    " WHERE CASE WHEN pg_logical_emit_message(true, 'tolqujat', '') IS NOT NULL THEN "             \
    "NOT EXISTS (SELECT FROM access_log l WHERE l.patient_id = ($2::bigint[])[1] AND "             \
    "l.at = ($1::timestamptz[])[1] AND l.chain = ($3::bigint[])[1] AND l.seq = "                   \
    "($4::bigint[])[1]) END"
#define AGAIN " ON CONFLICT DO NOTHING"

const char *const audit_sql[AUDIT_SQL_COUNT] = {
    [AUDIT_SQL_UPKEEP] = "SELECT upkeep()",
    [AUDIT_SQL_BEGIN] =
        "INSERT INTO access_chain (chain, started_at, mac) SELECT unnest($1::bigint[]), "
        "unnest($2::timestamptz[]), unnest($3::bytea[])" AGAIN,
    [AUDIT_SQL_ROWS] = ROWS,
    [AUDIT_SQL_ROWS_AGAIN] = ROWS UNLESS_THERE,
    [AUDIT_SQL_ROWS_AND_PARTS] = PARTS ROWS,
    [AUDIT_SQL_ROWS_AND_PARTS_AGAIN] = PARTS ROWS UNLESS_THERE,
};

enum {
    PARAM_AT,
    PARAM_PATIENT,
    PARAM_CHAIN,
    PARAM_SEQ,
    PARAM_PARTS,
    PARAM_REFUSED,
    PARAM_TEXTS, /* all texts of a row but its parts, in their order */
    PARAM_MAC = PARAM_TEXTS + AUDIT_PARTS,
    PARAM_NEW_HASH,
    PARAM_NEW_PARTS,
    PARAM_COUNT
};

enum {
    PARAM_BYTES_MAX = 16 << 20
};

static_assert((int)PARAM_COUNT == (int)AUDIT_PARAMS, "an array for each parameter");
static_assert((int)AUDIT_PARAMS <= (int)APPEND_PARAMS_MAX, "the statement can be sent");
static_assert(AUDIT_PARTS + 1 == AUDIT_TEXTS, "parts are the last of a row's texts");

/* A text of parts that this worker has met. */
struct parts_text {
    int64_t hash;
    size_t len;
    char text[];
};

void audit_batch_init(struct audit_batch *b)
{
    *b = (struct audit_batch){0};
    for (int i = 0; i < AUDIT_PARAMS; i++)
        array_init(&b->_params[i], PARAM_BYTES_MAX);
    map_init(&b->_known, NULL);
    b->task.params = b->_params;
}

void audit_batch_forget(struct audit_batch *b)
{
    map_each (e, &b->_known)
        free(e->value);
    map_release(&b->_known);
    map_init(&b->_known, NULL);
    b->_known_bytes = 0;
    b->_n_new = 0;
}

void audit_batch_release(struct audit_batch *b)
{
    audit_batch_forget(b);
    map_release(&b->_known);
    for (int i = 0; i < AUDIT_PARAMS; i++)
        array_release(&b->_params[i]);
    free(b->_new);
}

int audit_batch_begin_chain(struct audit_batch *b, const struct audit_head *head)
{
    struct array *p = b->_params;

    b->task.statement = b->task.again = AUDIT_SQL_BEGIN;
    b->task.n_params = 3;
    array_begin(&p[0], OID_INT8);
    array_add_number(&p[0], head->chain);
    array_begin(&p[1], OID_TIMESTAMPTZ);
    array_add_number(&p[1], head->started);
    array_begin(&p[2], OID_BYTEA);
    array_add_bytes(&p[2], (struct str){(const char *)head->mac.bytes, sizeof head->mac.bytes});
    return array_end(&p[0]) < 0 || array_end(&p[1]) < 0 || array_end(&p[2]) < 0 ? ERR_MEMORY : 0;
}

void audit_batch_clear(struct audit_batch *b)
{
    static const uint32_t oids[AUDIT_PARAMS] = {
        [PARAM_AT] = OID_TIMESTAMPTZ, [PARAM_PATIENT] = OID_INT8,  [PARAM_CHAIN] = OID_INT8,
        [PARAM_SEQ] = OID_INT8,       [PARAM_PARTS] = OID_INT8,    [PARAM_REFUSED] = OID_BOOL,
        [PARAM_MAC] = OID_BYTEA,      [PARAM_NEW_HASH] = OID_INT8, [PARAM_NEW_PARTS] = OID_TEXT,
    };

    b->n = 0;
    if (b->_known.count >= AUDIT_PARTS_KNOWN || b->_known_bytes >= AUDIT_PARTS_KNOWN_BYTES)
        audit_batch_forget(b);
    b->_n_new = 0;
    for (int i = 0; i < AUDIT_PARAMS; i++)
        array_begin(&b->_params[i], oids[i] ? oids[i] : OID_TEXT);
}

static bool add_new(struct audit_batch *b, struct parts_text *t)
{
    if (b->_n_new == b->_cap_new) {
        uint32_t cap = b->_cap_new ? b->_cap_new * 2 : 16;
        struct parts_text **more = realloc(b->_new, cap * sizeof *more);
        if (!more)
            return false;
        b->_new = more;
        b->_cap_new = cap;
    }
    b->_new[b->_n_new++] = t;
    return true;
}

/* The number of a text; what has not been seen committed goes with the statement. */
static int intern(struct audit_batch *b, struct hmac *key, struct buf *scratch, struct str parts,
                  int64_t *ret)
{
    struct parts_text *t = map_get(&b->_known, parts);
    int rc;

    if (t) {
        *ret = t->hash;
        return 0;
    }
    t = malloc(sizeof *t + parts.len);
    if (!t)
        return ERR_MEMORY;
    *t = (struct parts_text){.len = parts.len};
    if (parts.len)
        memcpy(t->text, parts.ptr, parts.len);
    rc = audit_parts_hash(key, parts, scratch, &t->hash);
    if (rc == 0 && !add_new(b, t))
        rc = ERR_MEMORY;
    if (rc == 0 && map_put(&b->_known, (struct str){t->text, t->len}, t) < 0) {
        b->_n_new--;
        rc = ERR_MEMORY;
    }
    if (rc < 0) {
        free(t);
        return rc;
    }
    b->_known_bytes += parts.len;
    *ret = t->hash;
    return 0;
}

int audit_batch_add(struct audit_batch *b, struct hmac *key, struct buf *scratch,
                    const struct audit_row *row, const struct audit_mac *mac)
{
    struct array *p = b->_params;
    int64_t parts;
    int rc = intern(b, key, scratch, row->text[AUDIT_PARTS], &parts);

    if (rc < 0)
        return rc;
    array_add_number(&p[PARAM_AT], row->at);
    array_add_number(&p[PARAM_PATIENT], row->patient);
    array_add_number(&p[PARAM_CHAIN], row->chain);
    array_add_number(&p[PARAM_SEQ], row->seq);
    array_add_number(&p[PARAM_PARTS], parts);
    array_add_bool(&p[PARAM_REFUSED], row->refused);
    for (int i = 0; i < AUDIT_PARTS; i++)
        array_add_bytes(&p[PARAM_TEXTS + i], row->text[i]);
    array_add_bytes(&p[PARAM_MAC], (struct str){(const char *)mac->bytes, sizeof mac->bytes});
    b->n++;
    return 0;
}

static int by_hash(const void *a, const void *b)
{
    const struct parts_text *const *p = a, *const *q = b;
    return ((*p)->hash > (*q)->hash) - ((*p)->hash < (*q)->hash);
}

int audit_batch_end(struct audit_batch *b)
{
    struct array *p = b->_params;
    bool parts = b->_n_new > 0;

    /* In one order everywhere, so that workers that add the same texts don't wait for each other in a ring. */
    if (parts)
        qsort(b->_new, b->_n_new, sizeof(struct parts_text *), by_hash);
    for (uint32_t i = 0; i < b->_n_new; i++) {
        array_add_number(&p[PARAM_NEW_HASH], b->_new[i]->hash);
        array_add_bytes(&p[PARAM_NEW_PARTS], (struct str){b->_new[i]->text, b->_new[i]->len});
    }
    b->task.statement = parts ? AUDIT_SQL_ROWS_AND_PARTS : AUDIT_SQL_ROWS;
    b->task.again = parts ? AUDIT_SQL_ROWS_AND_PARTS_AGAIN : AUDIT_SQL_ROWS_AGAIN;
    b->task.n_params = parts ? PARAM_COUNT : PARAM_NEW_HASH;
    /* Most texts are null in most rows; beside longer ones unnest goes on with nulls, for nothing. */
    for (int i = 0; i < AUDIT_PARTS; i++)
        array_trim(&p[PARAM_TEXTS + i]);
    for (uint32_t i = 0; i < b->task.n_params; i++)
        if (array_end(&p[i]) < 0)
            return ERR_MEMORY;
    return 0;
}
