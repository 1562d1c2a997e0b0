/* server/import_record.c: see server/import_record.h.
 *
 * jansson judges, since PostgreSQL refuses a whole batch for one value that jsonb can't hold: a NUL, half a surrogate pair, bytes
 * that are not UTF-8. It refuses what is nested deeper than 2048, for it calls itself for each level, and so does
 * PostgreSQL; nothing of FHIR comes near. What it read is thrown away, except the few texts looked at here: the resource goes on
 * as the bytes that came, since a decimal's digits (1.10) are part of its value. */
#include "server/import_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "server/import_reader.h"

enum {
    ID_MAX_BYTES = 255, /* FHIR says 64, of few characters; others' ids are taken as they are */
    TYPE_MAX_BYTES = 64
};

static const char *what_is_wrong(const json_error_t *error)
{
    switch ((int)json_error_code(error)) {
    case json_error_stack_overflow:
        return "it is nested deeper than 2048";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "it holds a NUL";
    case json_error_duplicate_key:
        return "it has two members of one name";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_out_of_memory:
        return "there is no memory for it";
    default:
        return "it is not JSON";
    }
}

static size_t skip_space(struct str s, size_t at)
{
    while (at < s.len && memchr(" \t\r\n", s.ptr[at], 4))
        at++;
    return at;
}

/* Behind the string whose first quote stands at `at`. */
static size_t skip_string(struct str s, size_t at)
{
    for (at++; at < s.len && s.ptr[at] != '"'; at++)
        at += s.ptr[at] == '\\';
    return at + 1;
}

static size_t skip_value(struct str s, size_t at)
{
    size_t depth = 0;

    do {
        char c = s.ptr[at];
        if (c == '"') {
            at = skip_string(s, at);
            continue;
        }
        if (depth == 0 && memchr(",}]", c, 3))
            break;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
        if (depth == 0 && memchr("}]", c, 2))
            break;
    } while (at < s.len);
    return at;
}

/* The bytes of the value of the member `name` (without escapes in it) of an object that jansson has read. ptr NULL: none. */
static struct str member(struct str object, const char *name)
{
    size_t at = skip_space(object, 0) + 1, n = strlen(name);

    for (;;) {
        struct str value;
        size_t key = skip_space(object, at), end;

        if (key >= object.len || object.ptr[key] != '"')
            return (struct str){0};
        end = skip_string(object, key);
        at = skip_space(object, skip_space(object, end) + 1);
        value.ptr = object.ptr + at;
        at = skip_value(object, at);
        value.len = (size_t)(object.ptr + at - value.ptr);
        if (end - key == n + 2 && memcmp(object.ptr + key + 1, name, n) == 0)
            return value;
        at = skip_space(object, at) + 1; /* the comma */
    }
}

static const char *judge_resource(const json_t *resource)
{
    const json_t *type = json_object_get(resource, "resourceType");
    const json_t *id = json_object_get(resource, "id");
    size_t n = json_string_length(type);

    if (!json_is_object(resource))
        return "it has no resource";
    if (!type)
        return "its resourceType is missing";
    if (!json_is_string(type) || n == 0 || n > TYPE_MAX_BYTES ||
        strspn(json_string_value(type), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") !=
            n)
        return "its resourceType is no name of a type";
    if (!id)
        return "its id is missing";
    if (!json_is_string(id) || json_string_length(id) == 0)
        return "its id is no text";
    if (json_string_length(id) > ID_MAX_BYTES)
        return "its id is longer than 255 bytes";
    return NULL;
}

static const char *judge(const struct import_record *record, const json_t *root,
                         struct import_resource *ret)
{
    const json_t *url = record->bare ? NULL : json_object_get(root, "fullUrl");
    const char *wrong;

    if (!json_is_object(root))
        return "it is no JSON object";
    wrong = judge_resource(record->bare ? root : json_object_get(root, "resource"));
    if (wrong)
        return wrong;
    if (url && !json_is_string(url))
        return "its fullUrl is no text";
    ret->body = record->bare ? record->json : member(record->json, "resource");
    if (!ret->body.ptr)
        return "it has no resource"; /* its name was written with escapes */
    ret->url = url ? strdup(json_string_value(url)) : NULL;
    return url && !ret->url ? "there is no memory for it" : NULL;
}

bool import_record_check(const struct import_record *record, struct import_resource *ret,
                         char why[IMPORT_WHY_MAX])
{
    struct import_resource resource = {0};
    const char *wrong = record->bad;
    json_error_t error;
    json_t *root = NULL;

    if (!wrong) {
        root = json_loadb(record->json.ptr, record->json.len,
                          JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY,
                          &error);
        wrong = root ? judge(record, root, &resource) : what_is_wrong(&error);
    }
    if (wrong && !root && !record->bad)
        snprintf(why, IMPORT_WHY_MAX, "%s (line %llu)", wrong,
                 (unsigned long long)record->line + (unsigned)error.line - (error.line > 0));
    else if (wrong)
        snprintf(why, IMPORT_WHY_MAX, "%s", wrong);
    json_decref(root);
    if (wrong)
        return false;
    *ret = resource;
    return true;
}
