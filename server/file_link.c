/* server/file_link.c: see server/file_link.h. */
#include "server/file_link.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"

enum {
    TIME_DIGITS_MAX = 12
};

static bool is_media_type(const char *s)
{
    return *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789/+.-") == strlen(s) &&
           strchr(s, '/');
}

/* Nothing that leads out of a folder, and no name that is hidden: each segment begins with something else than a dot. */
static bool is_path(const char *s)
{
    bool begins = true;

    for (; *s; s++) {
        if (begins && (*s == '.' || *s == '/'))
            return false;
        if (!isalnum((unsigned char)*s) && !strchr("._-/", *s))
            return false;
        begins = *s == '/';
    }
    return !begins;
}

/* Takes ret->_text apart. */
static bool parse(struct file_link *ret)
{
    char *type = strchr(ret->_text, ' '), *path = type ? strchr(type + 1, ' ') : NULL, *end;
    size_t digits = strspn(ret->_text, "0123456789");

    if (!path || digits == 0 || digits > TIME_DIGITS_MAX || ret->_text + digits != type)
        return false;
    *type++ = '\0';
    *path++ = '\0';
    ret->ends_s = strtoll(ret->_text, &end, 10);
    ret->media_type = type;
    ret->path = path;
    return is_media_type(type) && is_path(path);
}

int file_link_add(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str text, struct buf *out)
{
    unsigned char box[FILE_LINK_TEXT_MAX + SEAL_BOX_EXTRA];
    struct file_link link = {0};
    int rc;

    if (text.len > FILE_LINK_TEXT_MAX || memchr(text.ptr, 0, text.len))
        return ERR_DATA;
    memcpy(link._text, text.ptr, text.len);
    link._text[text.len] = '\0';
    if (!parse(&link))
        return ERR_DATA;
    rc = seal_box(key, text, box);
    if (rc < 0)
        return rc;
    buf_add_z(out, FILE_LINK_PATH);
    base64_add(out, box, text.len + SEAL_BOX_EXTRA);
    return 0;
}

enum file_link_fault file_link_read(const unsigned char key[SEAL_BOX_KEY_BYTES], struct str sealed,
                                    int64_t now_s, struct file_link *ret)
{
    unsigned char box[FILE_LINK_TEXT_MAX + SEAL_BOX_EXTRA];
    size_t n = 0;

    if (!base64_read(sealed, box, sizeof box, &n) ||
        !seal_unbox(key, (struct str){(const char *)box, n}, ret->_text))
        return FILE_LINK_FORGED;
    ret->_text[n - SEAL_BOX_EXTRA] = '\0';
    if (!parse(ret))
        return FILE_LINK_FORGED;
    return now_s < ret->ends_s ? FILE_LINK_GOOD : FILE_LINK_EXPIRED;
}
