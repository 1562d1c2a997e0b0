/* query/execute_call.c: see query/execute_call.h.
 *
 * Values travel as text, which PostgreSQL reads as the type of the parameter, whatever that is; what can be known to
 * be no value of the argument's own type is refused here, before anything of the request has run. */
#include "query/execute_call.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/procedure.h"
#include "base/viewer.h"
#include "query/arguments.h"
#include "query/execute.h"
#include "query/global_id.h"
#include "query/temporal.h"

enum {
    TEXT_ROOM = 64
};

static bool is_null(const struct value *v)
{
    return !v || v->kind == VALUE_NULL;
}

/* ---- one value ---- */

/* "1297.73" with up to `scale` decimals, in units of 10^-scale. */
static bool read_fixed(struct str text, unsigned scale, int64_t *ret)
{
    const char *point = text.len ? memchr(text.ptr, '.', text.len) : NULL;
    size_t whole = point ? (size_t)(point - text.ptr) : text.len;
    size_t decimals = point ? text.len - whole - 1 : 0;
    char digits[TEXT_ROOM];

    if (text.len + scale >= sizeof digits || decimals > scale || (point && decimals == 0) ||
        whole == (text.len && text.ptr[0] == '-'))
        return false;
    memcpy(digits, text.ptr, whole);
    if (decimals)
        memcpy(digits + whole, point + 1, decimals);
    memset(digits + whole + decimals, '0', scale - decimals);
    return parse_integer((struct str){digits, whole + scale}, ret);
}

static bool add_timestamp(struct buf *b, struct str text)
{
    struct buf json;
    int64_t us;
    bool fits;

    if (!parse_timestamp(text, &us))
        return false;
    buf_init(&json, 0);
    json_add_timestamp(&json, us);
    fits = !json.failed && json.len > 2 && json.ptr[0] == '"';
    if (fits)
        buf_add(b, json.ptr + 1, json.len - 2);
    buf_release(&json);
    return fits;
}

static bool add_fixed(struct buf *b, const struct value *v, unsigned scale)
{
    char text[TEXT_ROOM];
    struct str whole = v->text;
    int64_t n;

    if (v->kind == VALUE_INT) {
        snprintf(text, sizeof text, "%lld", (long long)v->integer);
        whole = str_of(text);
    }
    if ((v->kind != VALUE_STRING && v->kind != VALUE_INT) || v->overflow ||
        !read_fixed(whole, scale, &n))
        return false;
    buf_addf(b, "%lld", (long long)n);
    return true;
}

/* Appends a value that is not null as PostgreSQL reads it; false: it is none of type `t`. */
static bool add_value(struct buf *b, const struct value *v, const struct type *t)
{
    const struct enum_def *e;
    int64_t day;

    switch (t->codec) {
    case CODEC_ENUM:
        e = v->kind == VALUE_ENUM ? map_get(&t->value_map, v->text) : NULL;
        buf_add_str(b, e ? e->stored : v->text);
        return v->kind == VALUE_ENUM;
    case CODEC_BOOLEAN:
        buf_add_z(b, v->boolean ? "true" : "false");
        return v->kind == VALUE_BOOLEAN;
    case CODEC_DATE:
        buf_add_str(b, v->text);
        return v->kind == VALUE_STRING && parse_date(v->text, &day);
    case CODEC_TIMESTAMP:
        return v->kind == VALUE_STRING && add_timestamp(b, v->text);
    case CODEC_FIXED:
        return add_fixed(b, v, t->scale);
    case CODEC_INT:
        buf_addf(b, "%lld", (long long)v->integer);
        return v->kind == VALUE_INT && !v->overflow;
    case CODEC_FLOAT:
        buf_addf(b, "%.17g", v->real);
        return (v->kind == VALUE_FLOAT || v->kind == VALUE_INT) && isfinite(v->real);
    case CODEC_KEY:
    case CODEC_ID:
    case CODEC_STRING:
    case CODEC_SIGNED:
    case CODEC_LINK:
        break;
    }
    buf_add_str(b, v->text);
    return v->kind == VALUE_STRING && (v->text.len == 0 || !memchr(v->text.ptr, 0, v->text.len)) &&
           utf8_valid(v->text);
}

/* An array as PostgreSQL reads it: {"a",NULL}. */
static bool add_list(struct buf *b, const struct value *v, const struct type *t)
{
    struct buf item;
    bool fits = true;

    buf_init(&item, 0);
    buf_add_char(b, '{');
    for (uint32_t i = 0; i < v->n_items && fits; i++) {
        buf_add_z(b, i ? "," : "");
        if (is_null(&v->items[i])) {
            buf_add_z(b, "NULL");
            continue;
        }
        buf_clear(&item);
        fits = add_value(&item, &v->items[i], t);
        buf_add_char(b, '"');
        for (size_t k = 0; k < item.len; k++) {
            if (item.ptr[k] == '"' || item.ptr[k] == '\\')
                buf_add_char(b, '\\');
            buf_add_char(b, item.ptr[k]);
        }
        buf_add_char(b, '"');
    }
    buf_add_char(b, '}');
    b->failed |= item.failed;
    buf_release(&item);
    return fits;
}

static bool text_of(struct arena *arena, const struct value *v, const struct type *t,
                    struct str *ret)
{
    struct buf b;
    bool fits;

    buf_init(&b, 0);
    fits = v->kind == VALUE_LIST ? add_list(&b, v, t) : add_value(&b, v, t);
    *ret = b.failed ? (struct str){0} : arena_str(arena, buf_str(&b)); /* with a NUL behind */
    buf_release(&b);
    return fits;
}

static const char *refusal(enum codec codec)
{
    switch (codec) {
    case CODEC_DATE:
        return "is no day: it must be \"YYYY-MM-DD\".";
    case CODEC_TIMESTAMP:
        return "is no point of time: it must be as in \"2026-03-31T09:30:00+05:00\".";
    case CODEC_FIXED:
    case CODEC_KEY:
    case CODEC_ID:
    case CODEC_STRING:
    case CODEC_INT:
    case CODEC_FLOAT:
    case CODEC_BOOLEAN:
    case CODEC_ENUM:
    case CODEC_SIGNED:
    case CODEC_LINK:
        break;
    }
    return "has a value that no record can hold.";
}

/* ---- ids ---- */

/* The type whose id `text` is, with its key; NULL: of none that it may be. */
static const struct type *read_id(const struct arguments *a, struct str text, const struct type *of,
                                  struct key *ret)
{
    if (of->kind == TYPE_OBJECT)
        return global_id_read(a->arena, &a->seals->ids, text, of, ret) ? of : NULL;
    for (uint32_t i = 0; i < of->n_possible; i++)
        if (global_id_read(a->arena, &a->seals->ids, text, of->possible[i], ret))
            return of->possible[i];
    return NULL;
}

static bool id_values(const struct arguments *a, const struct value *v, const struct type *of,
                      struct str *ret)
{
    char number[TEXT_ROOM];
    const struct type *t;
    struct key key;

    t = v->kind == VALUE_STRING ? read_id(a, v->text, of, &key) : NULL;
    if (!t)
        return false;
    if (of->kind != TYPE_OBJECT)
        *ret++ = arena_str(a->arena, t->table->name);
    for (uint32_t i = 0; i < t->table->n_key; i++) {
        snprintf(number, sizeof number, "%lld", (long long)key.part[i]);
        ret[i] = arena_str(a->arena, t->table->columns[t->table->key_cell[i]].raw_is_text
                                         ? key.text
                                         : str_of(number));
    }
    return true;
}

/* The person whose record an id is in, which was read into `values`. */
static int64_t subject_of(const struct field_param *fp, const struct str *values)
{
    int64_t subject;

    return parse_integer(values[fp->param + (fp->id_of->kind != TYPE_OBJECT)], &subject) ? subject
                                                                                         : 0;
}

/* ---- the call ---- */

/* The field `def` of an input object; NULL: null or not given. */
static const struct value *field_of(const struct value *object, const struct input_def *def)
{
    for (uint32_t i = 0; i < object->n_items; i++)
        if (str_eq(object->items[i].name, def->name))
            return is_null(&object->items[i]) ? NULL : &object->items[i];
    return NULL;
}

/* What stands for a field of an input object in error messages, and its type. */
static const struct input_def *def_of(const struct field *f, const struct field_param *fp)
{
    const struct input_def *def = &f->arguments[fp->argument];
    return fp->input < 0 ? def : &type_ref_named(def->type)->inputs[fp->input];
}

/* The value of an argument, or of a field of its input object; NULL: null or not given. */
static const struct value *given(const struct field_param *fp, const struct value *v,
                                 const struct input_def *def)
{
    if (is_null(v))
        return NULL;
    return fp->input < 0 ? v : field_of(v, def);
}

/* The field `def` of each input object of a list, as a list: an id is the key that it has. */
static bool each_value(const struct arguments *a, const struct field_param *fp,
                       const struct value *list, const struct input_def *def, struct str *ret)
{
    struct value *items = arena_array(a->arena, MAX(list->n_items, 1u), sizeof *items);
    struct value all = {.kind = VALUE_LIST, .items = items, .n_items = list->n_items};

    if (!items) {
        *ret = (struct str){0};
        return true;
    }
    for (uint32_t i = 0; i < list->n_items; i++) {
        const struct value *v = is_null(&list->items[i]) ? NULL : field_of(&list->items[i], def);
        items[i] = v ? *v : (struct value){.kind = VALUE_NULL};
        if (v && fp->id_of && !id_values(a, v, fp->id_of, &items[i].text))
            return false;
    }
    return text_of(a->arena, &all, type_ref_named(def->type), ret);
}

static int bad_value(const struct plan_step *step, const struct field_param *fp,
                     const struct input_def *def, enum codec codec, struct err *reterr)
{
    const struct field *f = step->field;
    const struct loc loc = step->selection->loc;
    char what[200];

    if (fp->id_of)
        snprintf(what, sizeof what, ID_REFUSED, STR_FMT(fp->id_of->name));
    else if (codec == CODEC_FIXED)
        snprintf(
            what, sizeof what,
            "is no decimal: it must be a string such as \"1297.73\", with at most %u decimals.",
            type_ref_named(def->type)->scale);
    else
        snprintf(what, sizeof what, "%s", refusal(codec));
    if (fp->input < 0)
        return err_set_at(reterr, ERR_VARIABLES, (int)loc.line, (int)loc.column,
                          "Argument \"%.*s\" of \"%.*s.%.*s\" %s", STR_FMT(def->name),
                          STR_FMT(f->parent->name), STR_FMT(f->name), what);
    return err_set_at(reterr, ERR_VARIABLES, (int)loc.line, (int)loc.column,
                      "Field \"%.*s\" of argument \"%.*s\" of \"%.*s.%.*s\" %s", STR_FMT(def->name),
                      STR_FMT(f->arguments[fp->argument].name), STR_FMT(f->parent->name),
                      STR_FMT(f->name), what);
}

static int param_values(const struct arguments *a, const struct plan_step *step,
                        const struct field_param *fp, struct str *values, int64_t *ret_about,
                        struct err *reterr)
{
    const struct field *f = step->field;
    const struct procedure_param *param = &f->procedure->params[fp->param];
    const struct input_def *def = def_of(f, fp);
    const struct value *v;
    bool fits;
    int rc = argument_value(a, f, step->selection, (int)fp->argument, &v, reterr);

    if (rc < 0)
        return rc;
    if (fp->each && !is_null(v))
        return each_value(a, fp, v, def, &values[fp->param])
                   ? 0
                   : bad_value(step, fp, def, param->codec, reterr);
    v = given(fp, v, def);
    if (!v)
        return 0;
    fits = fp->id_of ? id_values(a, v, fp->id_of, &values[fp->param])
                     : text_of(a->arena, v, type_ref_named(def->type), &values[fp->param]);
    if (fits && fp->has_subject && *ret_about == 0)
        *ret_about = subject_of(fp, values);
    return fits ? 0 : bad_value(step, fp, def, param->codec, reterr);
}

/* A rule of the function's, about whoever was asked for, and not the moment or the machine. */
static bool is_refusal(int rc)
{
    return rc == ERR_FORBIDDEN || rc == ERR_NOT_FOUND || rc == ERR_VARIABLES ||
           rc == ERR_CONFLICT || rc == ERR_RATE_LIMITED;
}

/* One that may tell of the record: the others say the same to who may not see it. */
static bool tells(int rc)
{
    return rc == ERR_VARIABLES || rc == ERR_CONFLICT;
}

/* For the record of every look. 0 or ERR_MEMORY. */
static int note_call(struct execution *x, const struct step_run *run, const struct call *c, int rc)
{
    const struct plan_step *step = &x->plan->steps[run->id];

    if (is_refusal(rc) || (rc == 0 && c->turned_down))
        return judge_refused(x, step, c->subject ? c->subject : c->about, tells(rc));
    if (rc == 0 && c->procedure->writes && c->slice.n > 0)
        return judge_changed(x, step, c->about);
    return 0;
}

static void call_done(struct call *c, int rc)
{
    struct step_run *run = container_of(c, struct step_call, call)->run;
    struct execution *x = run->execution;

    x->unknown |= c->procedure->writes && rc == ERR_OUTCOME_UNKNOWN;
    x->changed |= c->procedure->writes && (rc == 0 || rc == ERR_OUTCOME_UNKNOWN);
    if (note_call(x, run, c, rc) < 0)
        rc = ERR_MEMORY;
    c->slice.rc = rc;
    run->fetch.slices = &c->slice;
    run->fetch.done(&run->fetch, 0);
}

int call_prepare(const struct execution *x, const struct arguments *a, struct step_run *run,
                 struct err *reterr)
{
    const struct plan_step *step = &x->plan->steps[run->id];
    const struct procedure *p = step->field->procedure;
    struct str *values;
    int64_t about = 0;
    int rc = 0;

    if (x->viewer && x->viewer->kind == VIEWER_ANONYMOUS && !p->is_public)
        return err_set_at(reterr, ERR_UNAUTHENTICATED, (int)step->selection->loc.line,
                          (int)step->selection->loc.column,
                          "This needs a token that says who asks.");
    run->call = arena_zalloc(a->arena, sizeof *run->call);
    run->slice_of = arena_array(a->arena, 1, sizeof *run->slice_of);
    values = arena_array(a->arena, MAX(p->n_params, 1u), sizeof *values);
    if (!run->call || !run->slice_of || !values)
        return err_set(reterr, ERR_MEMORY, "The request needs more memory than it may have.");
    for (uint32_t i = 0; i < step->field->n_params && rc == 0; i++)
        rc = param_values(a, step, &step->field->params[i], values, &about, reterr);
    run->call->run = run;
    run->call->call = (struct call){.procedure = p,
                                    .values = values,
                                    .viewer = x->viewer,
                                    .arena = a->arena,
                                    .about = about,
                                    .done = call_done};
    run->n_parents = 1;
    run->fetch.n = 1;
    return rc;
}

int call_start(struct execution *x, struct step_run *run)
{
    return x->source->call(x->source, &run->call->call);
}
