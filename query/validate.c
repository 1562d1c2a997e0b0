/* query/validate.c: see query/validate.h. The rules follow; this first version resolves references. */
#include "query/validate.h"

#include "base/err.h"
#include "query/validate_priv.h"

int validate_document(struct arena *arena, const struct schema *schema, struct document *doc,
                      const struct validate_limits *limits, struct validate_result *ret)
{
    struct validation v = {.arena = arena, .schema = schema, .doc = doc, .limits = limits,
                           .result = ret};

    *ret = (struct validate_result){0};
    map_init(&v.fragments, arena);
    validate_resolve(&v);
    return v.no_memory ? ERR_MEMORY : 0;
}
