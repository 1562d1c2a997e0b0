/* base/failpoint.h: places at which a test has this program do wrong on purpose, so that it can be seen that the test
 * notices. Compiled in with -Dfailpoints=true alone (scripts/test); in any other build all of them are off and cost nothing.
 *
 * The environment names those that are on: TOLQUJAT_FAILPOINTS="name other-name:50"; with a number only every so manieth time. */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#include <stdbool.h>

#ifdef TOLQUJAT_FAILPOINTS
bool failpoint(const char *name);
#else
static inline bool failpoint(const char *name)
{
    (void)name;
    return false;
}
#endif

#endif
