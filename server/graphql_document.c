/* server/graphql_document.c: operations whose answer is a document: see server/graphql_priv.h. What the operation selects is one
 * string, which is the body; whatever else comes of it is an OperationOutcome, as clients of FHIR expect. */
#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"
#include "server/document_routes.h"
#include "server/graphql_priv.h"

#define OUTCOME "application/fhir+json"

/* FHIR's word for what a status means (issue-type). */
static const char *issue_of(int status)
{
    switch (status) {
    case 400:
        return "invalid";
    case 401:
        return "login";
    case 403:
        return "forbidden";
    case 404:
        return "not-found";
    case 429:
        return "throttled";
    case 503:
        return "transient";
    default:
        return "exception";
    }
}

void document_refuse(struct exchange *x, int status, struct str message,
                     const struct http_header *headers)
{
    struct buf body;

    buf_init(&body, 0);
    buf_addf(&body,
             "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
             "\"code\":\"%s\",\"diagnostics\":",
             issue_of(status));
    json_add_string(&body, message);
    buf_add_z(&body, "}]}");
    exchange_reply(x, status, OUTCOME, &body, headers);
}

/* The one value that `data` leads to; NULL: there is none. */
static const json_t *only_value(const json_t *data)
{
    while (json_is_object(data)) {
        void *first = json_object_iter((json_t *)(uintptr_t)data);
        data = first ? json_object_iter_value(first) : NULL;
    }
    return data;
}

/* As the first of its errors says it. */
static void refuse_as(struct operation *o, const json_t *errors)
{
    const json_t *first = json_array_get(errors, 0);
    const char *code =
        json_string_value(json_object_get(json_object_get(first, "extensions"), "code"));
    const char *message = json_string_value(json_object_get(first, "message"));
    int status = 500;

    for (int i = 0; code && i < ERR_COUNT; i++)
        if (strcmp(err_text(-(i + 1)), code) == 0)
            status = err_status(-(i + 1));
    document_refuse(o->x, status,
                    str_of(message ? message : "The document can't be made just now."), NULL);
}

void document_answer(struct operation *o, const struct buf *written)
{
    json_t *root = json_loadb(written->ptr, written->len, JSON_ALLOW_NUL, NULL);
    const json_t *errors = json_object_get(root, "errors");
    const json_t *value = only_value(json_object_get(root, "data"));
    struct buf body;

    if (json_array_size(errors) > 0) {
        refuse_as(o, errors);
    } else if (!json_is_string(value)) {
        document_refuse(o->x, root ? 404 : 503, STR("There is no such document that you may see."),
                        NULL);
    } else {
        buf_init(&body, 0);
        buf_add(&body, json_string_value(value), json_string_length(value));
        exchange_reply(o->x, 200, o->route->media_type, &body, NULL);
    }
    json_decref(root);
}
