/* tests/fuzz/fuzz-accept_language.c: any bytes as an Accept-Language field. A language that there is comes of it; the size of its letters, and
 * a malformed range behind it, change nothing. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "query/schema.h"
#include "server/accept_language.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct enum_def values[] = {
    {.name = {"KK", 2}, .stored = {"kk", 2}},
    {.name = {"RU", 2}, .stored = {"ru", 2}},
    {.name = {"EN", 2}, .stored = {"en", 2}},
};
static const struct type languages = {.kind = TYPE_ENUM, .values = values, .n_values = 3};

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char malformed[] = ",en;q=2";
    char other[ACCEPT_LANGUAGE_MAX];
    uint32_t chosen = accept_language_choose((struct str){(const char *)data, size}, &languages);

    if (chosen >= languages.n_values || (size > ACCEPT_LANGUAGE_MAX && chosen != 0))
        abort();
    if (size + sizeof malformed > sizeof other)
        return 0;
    for (size_t i = 0; i < size; i++)
        other[i] = (char)toupper(data[i]);
    memcpy(other + size, malformed, sizeof malformed - 1);
    if (accept_language_choose((struct str){other, size + sizeof malformed - 1}, &languages) !=
        chosen)
        abort();
    return 0;
}
