/* tests/fuzz/fuzz-file_link.c: any bytes as what a link to a file holds, and as a link. None of the latter opens; one of the former leads to
 * nothing outside of the folder, and is read as it was made. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "server/file_link.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_read(const struct file_link *link, struct str text)
{
    size_t digits = 0;
    struct buf again;

    check(link->path[0] != '/' && link->path[0] != '.' && link->path[0] != '\0');
    check(!strstr(link->path, "/.") && !strstr(link->path, "//") && strchr(link->media_type, '/'));
    check(!strpbrk(link->media_type, " \r\n\"") && !strpbrk(link->path, " \r\n\"\\"));
    buf_init(&again, 0);
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++; /* no strspn(): nothing ends the text */
    buf_add(&again, text.ptr, digits);
    buf_addf(&again, " %s %s", link->media_type, link->path);
    check(again.len == text.len && memcmp(again.ptr, text.ptr, text.len) == 0);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const unsigned char key[SEAL_BOX_KEY_BYTES] = {1};
    struct str text = {(const char *)data, size};
    struct file_link link = {0};
    struct buf out;
    int rc;

    check(file_link_read(key, text, 0, &link) == FILE_LINK_FORGED);
    buf_init(&out, 0);
    rc = file_link_add(key, text, &out);
    check(rc == 0 || rc == ERR_DATA);
    if (rc == 0) {
        struct str sealed = {out.ptr + strlen(FILE_LINK_PATH), out.len - strlen(FILE_LINK_PATH)};
        check(file_link_read(key, sealed, -1, &link) == FILE_LINK_GOOD);
        check_read(&link, text);
    }
    buf_release(&out);
    return 0;
}
