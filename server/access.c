/* server/access.c: see server/access.h. */
#include "server/access.h"

#include "base/err.h"
#include "base/viewer.h"
#include "server/audit.h"

int release_request(struct release *r)
{
    if (r->viewer->kind == VIEWER_OPEN || r->n_disclosures == 0)
        return RELEASE_OPEN;
    return r->audit ? audit_release(r->audit, r) : ERR_DATABASE;
}

void release_cancel(struct release *r)
{
    if (r->_pending)
        audit_cancel(r->audit, r);
}
