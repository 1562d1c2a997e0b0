/* tests/fuzz/fuzz-token.c: any bytes as a token, as the claims of one whose signature was good, and as a set of keys. What
 * claims are taken for has the forms that the rest of the house relies on; nothing is ever a token without its signature. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "server/token.h"
#include "server/token_keys.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum {
    NOW = 1000
};

static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
                           "\"x\":\"ucOB1aP-jn6GD3IRJ5DVAWyeYb9CvbIHclTsKWd2hPQ\","
                           "\"y\":\"VDSTvtUzdR5DOKYnAXi74Xjpa196veiyoligPC2hUFU\"}]}";

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_said(const struct token *t)
{
    check(t->role.len >= 1 && t->role.len <= 32 && t->iin.len == 12);
    check(t->organisation.len == 0 || t->organisation.len == 12);
    for (size_t i = 0; i < t->role.len; i++)
        check(isupper((unsigned char)t->role.ptr[i]) || t->role.ptr[i] == '_');
    for (size_t i = 0; i < t->iin.len; i++)
        check(isdigit((unsigned char)t->iin.ptr[i]));
    check(t->name.len <= TOKEN_NAME_MAX &&
          !memchr(t->name.ptr ? t->name.ptr : "", '\n', t->name.len));
    check(t->client.len <= TOKEN_CLIENT_MAX);
    check(t->begins_s <= NOW && NOW < t->ends_s);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static struct token_keys *keys;
    struct token_rules rules = {"i", "a", NOW};
    struct str text = {(const char *)data, size};
    struct token_keys *read = NULL;
    struct token said;

    if (!keys && (hash_start() < 0 || token_keys_parse(&keys, str_of(jwks), false, NULL) < 0))
        abort();
    if (size && data[0] == '{' && token_keys_parse(&read, text, true, NULL) == 0)
        token_keys_free(read);
    check(token_read(&said, text, keys, &rules) != TOKEN_GOOD);
    if (token_read_claims(&said, text, &rules) == TOKEN_GOOD) {
        check_said(&said);
        token_release(&said);
    }
    return 0;
}
