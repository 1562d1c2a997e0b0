/* base/failpoint.c: see base/failpoint.h. */
#include "base/failpoint.h"

#include <stdlib.h>
#include <string.h>

bool failpoint(const char *name)
{
    static unsigned long times;
    const char *at = getenv("TOLQUJAT_FAILPOINTS");
    size_t n = strlen(name);

    for (; at && (at = strstr(at, name)) != NULL; at += n) {
        char end = at[n];
        if (end == ':')
            return ++times % strtoul(at + n + 1, NULL, 10) == 0;
        if (end == '\0' || end == ' ')
            return true;
    }
    return false;
}
