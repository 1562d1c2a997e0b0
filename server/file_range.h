/* server/file_range.h: the Range field of a request (RFC 9110, section 14): one range of bytes. Pure. */
#ifndef SERVER_FILE_RANGE_H
#define SERVER_FILE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct file_range {
    uint64_t at, n; /* n 0: there is no such part */
};

/* Which part of a file of `size` bytes is asked for. False: all of it, as there is no such field, or one that is not understood (several
 * ranges, another unit), which the RFC lets a server pass over. */
bool file_range_read(struct str field, uint64_t size, struct file_range *ret);

#endif
