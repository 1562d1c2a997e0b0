/* db/departed.c: see db/departed.h. */
#include "db/departed.h"

#include <stdio.h>

#include "base/err.h"
#include "db/conninfo.h"
#include "db/session.h"

int departed_writers(const char *conninfo, long pid, uint32_t instance, struct err *reterr)
{
    static const char sql[] = "SELECT FROM pg_stat_activity WHERE application_name LIKE '%' || $1";
    char name[40];
    int n = snprintf(name, sizeof name, CONNINFO_WRITER, pid, (unsigned)instance);
    const struct session_param param = {.value = {name, (size_t)n}};
    struct session *s = NULL;
    int rc = session_open(&s, conninfo, CONNINFO_READ_SETTINGS, reterr);

    if (rc < 0)
        return rc;
    rc = session_run(s, sql, 1, &param, reterr);
    if (rc == 0)
        rc = (int)session_rows(s);
    session_close(s);
    return rc;
}
