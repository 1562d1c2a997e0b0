/* server/descriptors.c: see server/descriptors.h. */
#include "server/descriptors.h"

#include <sys/resource.h>

#include "base/log.h"
#include "base/macros.h"

enum {
    DESCRIPTORS_KEPT = 128 /* for everything that is no client */
};

uint32_t descriptors_for(int64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return (uint32_t)wanted;
    if (limit.rlim_cur < limit.rlim_max && limit.rlim_cur < (rlim_t)wanted + DESCRIPTORS_KEPT) {
        limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)wanted + DESCRIPTORS_KEPT);
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= (rlim_t)wanted + DESCRIPTORS_KEPT)
        return (uint32_t)wanted;
    log_warn("only %llu descriptors: fewer connections than --max-connections",
             (unsigned long long)limit.rlim_cur);
    return (uint32_t)(limit.rlim_cur > 2 * DESCRIPTORS_KEPT ? limit.rlim_cur - DESCRIPTORS_KEPT
                                                            : limit.rlim_cur / 2);
}
