/* server/file_link.h: links to files that count for a while: "/files/" and a sealed box, which says which file, of what type, until when.
 *
 * Whoever has a link may open it until it ends, without a token (an <img> can't send one): so it is given only to who may see what
 * it leads to, and tells nothing of it. Pure but for the random bytes of a box: the caller brings key and time. */
#ifndef SERVER_FILE_LINK_H
#define SERVER_FILE_LINK_H

#include <stdint.h>

#include "base/macros.h"
#include "base/seal.h"
#include "base/str.h"

struct buf;

enum {
    FILE_LINK_TEXT_MAX = 400 /* bytes of what is sealed */
};

#define FILE_LINK_PATH "/files/"

enum file_link_fault {
    FILE_LINK_GOOD,
    FILE_LINK_FORGED, /* none of this server's, or changed */
    FILE_LINK_EXPIRED
};

struct file_link {
    char _text[FILE_LINK_TEXT_MAX + 1];
    /* views of it, with a NUL behind each */
    const char *media_type,
        *path; /* the path is relative and has no segment that begins with a dot */
    int64_t ends_s;
};

/* Appends the link of `text`: seconds since 1970 when it ends, media type, path, with single blanks between. ERR_DATA: it is no
 * such text; ERR_INTERNAL. */
int file_link_add(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str text,
                  struct buf *out) MUSTCHECK;
/* Reads what stands behind FILE_LINK_PATH. *ret is set when it is good. */
enum file_link_fault file_link_read(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str sealed,
                                    int64_t now_s, struct file_link *ret) MUSTCHECK;

#endif
