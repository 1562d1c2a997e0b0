/* query/schema_mapper.c: what the parts of the mapping ask of a field and of its directives. See
 * query/schema_mapper.h.
 *
 * Layer: query; base only. */
#include "query/schema_mapper.h"

#include "query/schema_tools.h"

int map_refuse(struct mapper *m, const struct field *f, const char *what)
{
    return schema_fail(m->err, f->loc, "Field \"%.*s.%.*s\" %s", STR_FMT(f->parent->name),
                       STR_FMT(f->name), what);
}

const struct ast_directive *map_directive(const struct field *f, const char *name)
{
    return directive_find(f->_def->directives, name);
}

struct str map_text(const struct mapper *m, const struct ast_directive *d, const char *name)
{
    const struct value *v = directive_argument(m->s, d, name);
    return v && v->kind == VALUE_STRING ? v->text : (struct str){0};
}

bool map_required(const struct field *f)
{
    return f->type->non_null && !f->parent->kind_of;
}

int map_argument(const struct field *f, struct str name)
{
    for (uint32_t i = 0; i < f->n_arguments; i++)
        if (str_eq(f->arguments[i].name, name))
            return (int)i;
    return -1;
}
