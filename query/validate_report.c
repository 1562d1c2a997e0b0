/* query/validate_report.c: what the rules report, and what bounds them: errors with their places, memory,
 * recursion through fragments, and work that is done for each operation anew.
 *
 * Layer: query; base only. */
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "query/validate_priv.h"

enum {
    NESTING_MAX = 1000, /* a chain of fragments in a document of 2000 tokens has fewer levels */
    WORK_MAX = 50000    /* selections, spreads and uses of variables looked at for all operations */
};

static void no_memory(struct validation *v)
{
    v->no_memory = v->full = true;
}

static void add_error(struct validation *v, enum err_code code, struct validate_places at,
                      const char *text)
{
    struct validate_result *r = v->result;

    if (!r->errors) {
        r->errors = arena_array(v->arena, VALIDATE_ERRORS_MAX, sizeof *r->errors);
        r->places = arena_array(v->arena, VALIDATE_ERRORS_MAX, sizeof *r->places);
    }
    if (!r->errors || !r->places || !at.at) {
        no_memory(v);
        return;
    }
    if (r->n_errors < VALIDATE_ERRORS_MAX) {
        r->places[r->n_errors] = at;
        (void)err_set_at(&r->errors[r->n_errors++], code, (int)at.at[0].line, (int)at.at[0].column,
                         "%s", text);
    }
    v->full |= r->n_errors == VALIDATE_ERRORS_MAX;
}

void validate_place(struct validation *v, struct validate_places *places, struct loc loc)
{
    if (places->n == places->_size) {
        uint32_t size = places->_size ? places->_size * 2 : 2;
        struct loc *at = arena_array(v->arena, size, sizeof *at);
        if (!at) {
            no_memory(v);
            return;
        }
        if (places->n)
            memcpy(at, places->at, places->n * sizeof *at);
        places->at = at;
        places->_size = size;
    }
    places->at[places->n++] = loc;
}

struct validate_places validate_two(struct validation *v, struct loc a, struct loc b)
{
    struct validate_places at = {0};

    if (!v->quiet && !v->full) {
        validate_place(v, &at, a);
        validate_place(v, &at, b);
    }
    return at;
}

__attribute__((format(printf, 4, 0))) static void report(struct validation *v, enum err_code code,
                                                         struct validate_places at, const char *fmt,
                                                         va_list args)
{
    char text[ERR_MESSAGE_MAX];

    vsnprintf(text, sizeof text, fmt, args);
    add_error(v, code, at, text);
}

void validate_error(struct validation *v, struct loc loc, const char *fmt, ...)
{
    struct validate_places at = {0};
    va_list args;

    if (v->quiet || v->full)
        return;
    validate_place(v, &at, loc);
    va_start(args, fmt);
    report(v, ERR_VALIDATION, at, fmt, args);
    va_end(args);
}

void validate_error_at(struct validation *v, struct validate_places at, const char *fmt, ...)
{
    va_list args;

    if (v->quiet || v->full)
        return;
    va_start(args, fmt);
    report(v, ERR_VALIDATION, at, fmt, args);
    va_end(args);
}

void validate_limit(struct validation *v, struct loc loc, const char *fmt, ...)
{
    struct validate_places at = {0};
    va_list args;

    if (v->full)
        return;
    validate_place(v, &at, loc);
    va_start(args, fmt);
    report(v, ERR_LIMIT, at, fmt, args);
    va_end(args);
    v->over_limit = v->full = true;
}

void *validate_new(struct validation *v, size_t size)
{
    void *p = arena_zalloc(v->arena, size);
    if (!p)
        no_memory(v);
    return p;
}

void validate_put(struct validation *v, struct map *m, struct str key, void *value)
{
    if (map_put(m, key, value) < 0)
        no_memory(v);
}

struct fragment_info *validate_fragment(const struct validation *v, struct str name)
{
    return map_get(&v->fragments, name);
}

bool validate_enter(struct validation *v, struct loc loc)
{
    if (v->full)
        return false;
    if (v->nesting >= NESTING_MAX) {
        validate_limit(v, loc, "The fragments of the document are nested deeper than %d levels.",
                       NESTING_MAX);
        return false;
    }
    v->nesting++;
    return true;
}

void validate_leave(struct validation *v)
{
    v->nesting--;
}

void validate_work(struct validation *v, struct loc loc, uint32_t n)
{
    v->work += n;
    if (v->work > WORK_MAX && !v->full)
        validate_limit(v, loc,
                       "The operations of the document use their fragments and "
                       "variables too often to be checked.");
}
