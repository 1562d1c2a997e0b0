/* query/schema_tools.c: see query/schema_tools.h. Layer: query; base only. */
#include "query/schema_tools.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "query/schema.h"

int schema_fail(struct err *err, struct loc loc, const char *fmt, ...)
{
    char text[ERR_MESSAGE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set_at(err, ERR_CONFIG, (int)loc.line, (int)loc.column, "%s", text);
}

int schema_no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "Out of memory.");
}

const struct ast_directive *directive_find(const struct ast_directive *list, const char *name)
{
    while (list && !str_is(list->name, name))
        list = list->next;
    return list;
}

const struct value *directive_argument(const struct schema *s, const struct ast_directive *d,
                                       const char *name)
{
    const struct directive_def *def = map_get(&s->directive_map, d->name);

    for (const struct ast_argument *a = d->arguments; a; a = a->next)
        if (str_is(a->name, name))
            return a->value;
    for (uint32_t i = 0; def && i < def->n_arguments; i++)
        if (str_is(def->arguments[i].name, name))
            return def->arguments[i].default_literal;
    return NULL;
}
