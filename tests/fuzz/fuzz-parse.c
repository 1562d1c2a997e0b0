/* tests/fuzz/fuzz-parse.c: any bytes as a document, as a schema file, and as a schema with its mapping: they are
 * refused with a place or taken, and nothing else happens. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/parse.h"
#include "query/schema.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(int rc, const struct err *e)
{
    if (rc < 0 && rc != ERR_MEMORY && (e->message[0] == '\0' || e->line < 0))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct str text = {(const char *)data, size};
    const struct parse_limits limits = {.max_tokens = 2000, .max_depth = 100};
    struct schema *schema = NULL;
    struct document doc;
    struct arena arena;
    struct err e = {0};

    if (hash_start() < 0)
        abort();
    arena_init(&arena, 8 << 20);
    check(parse_document(&arena, text, &limits, &doc, &e), &e);
    arena_clear(&arena);
    check(parse_schema(&arena, text, &doc, &e), &e);
    arena_release(&arena);
    if (size < 64 * 1024) {
        check(schema_build_types(&schema, text, &e), &e);
        schema_free(schema);
        schema = NULL;
        check(schema_build(&schema, text, &e), &e);
        schema_free(schema);
    }
    return 0;
}
