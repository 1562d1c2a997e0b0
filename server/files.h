/* server/files.h: files of a store that records refer to (--images DIR), streamed to who has a link.
 *
 * A file is opened, and read, on libuv's threads, so a slow disk holds up nothing but its own reply. One piece of 64 KB is read ahead of
 * what the client has taken, and FILES_AT_ONCE files are open at a time: memory is bounded whatever size they have.
 *
 *     handle --link--> OPENING --opened--> SENDING: next() takes the piece, the next one is read meanwhile
 *                         \--client vanished, or nothing there--> over
 *
 * Nothing outside the store is reached: a path has no segment that begins with a dot (server/file_link.h), and no symbolic link is
 * followed. */
#ifndef SERVER_FILES_H
#define SERVER_FILES_H

#include <stdint.h>

#include "base/macros.h"
#include "base/seal.h"
#include "base/str.h"

struct err;
struct exchange;
struct files;
struct uv_loop_s;

enum {
    FILES_AT_ONCE = 64 /* a worker */
};

/* Figures since the start, for /metrics. */
struct files_stats {
    uint64_t sent,
        bytes; /* files that were sent whole (or the range that was asked for), and bytes of all */
    uint64_t forged, expired; /* links that were refused */
    uint64_t missing;         /* files that are not there, or can't be read */
    uint64_t broken;          /* replies that broke off: the client went, or reading failed */
    uint32_t open;            /* now */
};

/* Opens the folder, before workers are forked. ERR_CONFIG. */
int files_open_store(const char *dir, int *ret_fd, struct err *reterr) MUSTCHECK;

/* `store` stays the caller's and must outlive it; -1: there is none, and every link leads nowhere. `key` is copied. ERR_MEMORY. */
int files_open(struct files **ret, struct uv_loop_s *loop, int store,
               const unsigned char key[SEAL_BOX_KEY_BYTES], struct err *reterr) MUSTCHECK;
/* Once the loop has come to its end: what was under way is over then. NULL is fine. */
void files_close(struct files *f);

/* Answers GET and HEAD of a path that begins with FILE_LINK_PATH. */
void files_handle(struct files *f, struct exchange *x);
void files_get_stats(const struct files *f, struct files_stats *ret);

#endif
