/* query/answer_errors.c: see query/answer_errors.h. Layer: query; base only. */
#include "query/answer_errors.h"

#include "base/err.h"
#include "base/json.h"
#include "query/answer_frame.h"
#include "query/cursor.h"
#include "query/plan.h"

enum {
    ANSWER_ERRORS_MAX = 20,
    ANSWER_ERROR_BYTES_MAX = 16 * 1024
};

void answer_errors_init(struct answer_errors *errors, struct str request_id, bool discreet)
{
    *errors = (struct answer_errors){._request_id = request_id, ._discreet = discreet};
    buf_init(&errors->text, ANSWER_ERROR_BYTES_MAX);
}

void answer_errors_clear(struct answer_errors *errors)
{
    errors->n = 0;
    errors->ours = 0;
    buf_clear(&errors->text);
}

void answer_errors_release(struct answer_errors *errors)
{
    buf_release(&errors->text);
}

static const char *failure_text(int rc)
{
    switch (rc) {
    case ERR_DATABASE:
        return "The database can't be reached just now. Please try again.";
    case ERR_TIMEOUT:
        return "The database took too long. Please try again.";
    case ERR_BUSY:
        return "The server has too much to do just now. Please try again.";
    case ERR_CLOSING:
        return "The server is shutting down. Please try again.";
    case ERR_LIMIT:
        return "The list is longer than this field can show.";
    case ERR_DATA:
        return "A record could not be read.";
    case ERR_CONFIG:
        return "This server is not set up to give this out.";
    case ERR_FORBIDDEN:
        return "You may not see this part of the record.";
    default:
        return "Something went wrong on our side.";
    }
}

static void add_path(struct buf *e, const struct answer_frame *frames, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++) {
        const struct answer_frame *f = &frames[i];
        if (i)
            buf_add_char(e, ',');
        if (f->kind == FRAME_OBJECT) {
            struct str name = f->object->fields[f->at - 1].name;
            buf_add(e, name.ptr, name.len - 1); /* without the colon */
        } else {
            buf_add_int(e, (long long)f->at - 1);
        }
    }
}

/* Where in a list cell. */
struct items {
    const uint32_t *at;
    uint32_t n;
};

static void add(struct answer_errors *errors, const struct answer_frame *frames, uint32_t depth,
                const struct plan_field *f, struct items items, int rc, struct str message)
{
    struct buf *e = &errors->text;
    size_t start = e->len;
    struct loc loc = f->selections[0]->loc;

    if (errors->ours == 0 && err_is_ours(rc))
        errors->ours = rc;
    if (errors->n++ >= ANSWER_ERRORS_MAX)
        return;
    if (e->len)
        buf_add_char(e, ',');
    buf_add_z(e, "{\"message\":");
    json_add_string(e, message);
    buf_addf(e, ",\"locations\":[{\"line\":%u,\"column\":%u}],\"path\":[", loc.line, loc.column);
    add_path(e, frames, depth);
    for (uint32_t i = 0; i < items.n; i++)
        buf_addf(e, ",%u", items.at[i]);
    buf_addf(e, "],\"extensions\":{\"code\":\"%s\"", err_text(rc));
    if (err_is_ours(rc))
        buf_addf(e, ",\"requestId\":\"%.*s\"", STR_FMT(errors->_request_id));
    buf_add_z(e, "}}");
    if (e->failed) { /* too many bytes: those before it tell enough */
        e->len = start;
        e->failed = false;
    }
}

/* The words of query/arguments.c for a text that looks like no cursor at all. */
static void add_foreign_cursor(struct answer_errors *errors, const struct answer_frame *frames,
                               uint32_t depth, const struct plan_field *f)
{
    const struct field *field = f->field;
    struct str parent = errors->_discreet ? STR("?") : field->parent->name;
    struct err err;

    err_set(&err, ERR_VARIABLES, "Argument \"%.*s\" of \"%.*s.%.*s\" " CURSOR_REFUSED,
            STR_FMT(field->arguments[field->after_argument].name), STR_FMT(parent),
            STR_FMT(field->name));
    add(errors, frames, depth, f, (struct items){0}, ERR_VARIABLES, str_of(err.message));
}

void answer_error_failure(struct answer_errors *errors, const struct answer_frame *frames,
                          uint32_t depth, const struct plan_field *f, int rc)
{
    if (rc == ERR_VARIABLES && f->field->after_argument >= 0) /* which only rows can judge */
        add_foreign_cursor(errors, frames, depth, f);
    else
        add(errors, frames, depth, f, (struct items){0}, rc, str_of(failure_text(rc)));
}

void answer_error_told(struct answer_errors *errors, const struct answer_frame *frames,
                       uint32_t depth, const struct plan_field *f, int rc, struct str message)
{
    add(errors, frames, depth, f, (struct items){0}, rc, message);
}

void answer_error_missing(struct answer_errors *errors, const struct answer_frame *frames,
                          uint32_t depth, const struct plan_field *f, const uint32_t *items,
                          uint32_t n_items)
{
    struct buf text;

    buf_init(&text, ERR_MESSAGE_MAX);
    buf_add_z(&text, "Cannot return null for non-nullable field ");
    if (!errors->_discreet)
        buf_addf(&text, "%.*s.", STR_FMT(f->field->parent->name));
    buf_addf(&text, "%.*s.", STR_FMT(f->field->name));
    add(errors, frames, depth, f, (struct items){items, n_items}, ERR_DATA,
        text.failed ? STR("A value is missing.") : buf_str(&text));
    buf_release(&text);
}
