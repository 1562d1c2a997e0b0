/* tests/tools/ask-schema.c: answers an introspection from a schema file alone, for comparison with the reference.
 *
 *   ask-schema SCHEMA DOCUMENT     both files; prints {"data":{...}}, or the first error and status 1 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "query/introspect.h"
#include "query/parse.h"
#include "query/schema.h"
#include "query/validate.h"

static struct str read_file(struct arena *arena, const char *path)
{
    static char bytes[1 << 20];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;

    if (f)
        fclose(f);
    return arena_str(arena, (struct str){bytes, n});
}

static int answer(const struct schema *schema, const struct document *doc, struct buf *out,
                  struct err *e)
{
    buf_add_z(out, "{\"data\":{");
    for (const struct ast_selection *s = doc->operations->selections; s; s = s->next) {
        struct str key = s->alias.len ? s->alias : s->name;
        int rc;
        buf_addf(out, "%s\"%.*s\":", s == doc->operations->selections ? "" : ",", STR_FMT(key));
        rc = introspect_write(schema, doc, &s, 1, NULL, out, e);
        if (rc < 0)
            return rc;
    }
    buf_add_z(out, "}}");
    return 0;
}

int main(int argc, char **argv)
{
    const struct validate_limits limits = {.suggestions = true};
    struct validate_result result = {0};
    struct schema *schema = NULL;
    struct arena arena;
    struct document doc;
    struct err e = {0};
    struct buf out;
    int rc;

    if (argc != 3)
        return 2;
    arena_init(&arena, 0);
    buf_init(&out, 0);
    rc = hash_start();
    if (rc == 0)
        rc = schema_build_types(&schema, read_file(&arena, argv[1]), &e);
    if (rc == 0)
        rc =
            parse_document(&arena, read_file(&arena, argv[2]), &(struct parse_limits){0}, &doc, &e);
    if (rc == 0) {
        rc = validate_document(&arena, schema, &doc, &limits, &result);
        if (rc < 0 && result.n_errors)
            e = result.errors[0];
    }
    if (rc == 0)
        rc = answer(schema, &doc, &out, &e);
    if (rc == 0)
        printf("%.*s\n", STR_FMT(buf_str(&out)));
    else
        printf("%d:%d %s\n", e.line, e.column, e.message);
    buf_release(&out);
    schema_free(schema);
    arena_release(&arena);
    return rc < 0;
}
