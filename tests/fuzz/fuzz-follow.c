/* tests/fuzz/fuzz-follow.c: any bytes as a message of the stream of changes. Nothing behind their end is read, and what it says lies in them. */
#include <stdlib.h>

#include "db/follow_message.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_within(struct str s, const unsigned char *data, size_t size)
{
    const char *begin = (const char *)data;

    if (s.ptr && (s.ptr < begin || s.ptr > begin + size || s.len > (size_t)(begin + size - s.ptr)))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct follow_message m;

    if (follow_read((struct str){(const char *)data, size}, &m) < 0)
        return 0;
    if (m.n_columns > FOLLOW_COLUMNS)
        abort();
    check_within(m.name, data, size);
    for (uint32_t i = 0; i < FOLLOW_COLUMNS; i++) {
        check_within(m.columns[i], data, size);
        check_within(m.old[i], data, size);
    }
    return 0;
}
