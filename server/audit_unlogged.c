/* server/audit_unlogged.c: see server/audit_unlogged.h. */
#include "server/audit_unlogged.h"

#include "base/list.h"
#include "base/viewer.h"
#include "db/append.h"
#include "query/disclosure.h"
#include "server/audit_entry.h"

enum { /* columns, in their order */
    MADE_AT,
    PATIENT,
    ROLE,
    PERSON,
    ORGANISATION,
    CLIENT,
    CAPACITIES,
    REASON,
    REQUEST,
    FIELD
};

static struct audit_entry *read_one(const struct append_task *task, int row, uint64_t now_ms)
{
    const struct viewer who = {.role = append_text(task, row, ROLE),
                               .iin = append_text(task, row, PERSON),
                               .organisation = append_text(task, row, ORGANISATION),
                               .client = append_text(task, row, CLIENT),
                               .request_id = append_text(task, row, REQUEST)};
    const struct disclosure what = {.subject = append_number(task, row, PATIENT),
                                    .capacities = append_text(task, row, CAPACITIES),
                                    .reason = append_text(task, row, REASON),
                                    .parts = append_text(task, row, FIELD)};

    return audit_entry_new(&who, &what, append_number(task, row, MADE_AT), now_ms);
}

uint32_t audit_unlogged_read(const struct append_task *task, uint64_t now_ms,
                             void (*note)(const char *why), struct list *entries, size_t *bytes)
{
    uint32_t n = 0;

    if (!append_was_done(task))
        note("changes that have no row can't be looked for");
    for (int row = 0; row < append_n_rows(task); row++) {
        struct audit_entry *e = read_one(task, row, now_ms);
        if (!e)
            break;
        list_push_back(entries, &e->node);
        *bytes += e->size;
        n++;
    }
    return n;
}
