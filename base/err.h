/* base/err.h: every failure that crosses a function, in one table.
 *
 * A struct err is filled once, where the failure is known, and passed up untouched; one place
 * (server/reply) turns it into an answer. Functions return 0 or a negative ERR_ code; those that
 * take a `struct err *reterr` fill it on failure and leave it alone on success. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/macros.h"

/* name, HTTP status before execution, extensions.code, whose fault (0 client, 1 ours) */
#define ERR_TABLE(X)                                                                               \
    X(PARSE, 400, "GRAPHQL_PARSE_FAILED", 0)                                                       \
    X(VALIDATION, 400, "GRAPHQL_VALIDATION_FAILED", 0)                                             \
    X(OPERATION, 400, "OPERATION_RESOLUTION_FAILURE", 0)                                           \
    X(VARIABLES, 400, "BAD_USER_INPUT", 0)                                                         \
    X(LIMIT, 400, "LIMIT_EXCEEDED", 0)                                                             \
    X(REQUEST, 400, "BAD_REQUEST", 0)                                                              \
    X(PERSISTED_NOT_FOUND, 200, "PERSISTED_QUERY_NOT_FOUND", 0)                                    \
    X(PERSISTED_OFF, 200, "PERSISTED_QUERY_NOT_SUPPORTED", 0)                                      \
    X(UNAUTHENTICATED, 401, "UNAUTHENTICATED", 0)                                                  \
    X(FORBIDDEN, 403, "FORBIDDEN", 0)                                                              \
    X(NOT_TRUSTED, 403, "DOCUMENT_NOT_TRUSTED", 0)                                                 \
    X(CONFLICT, 409, "CONFLICT", 0)                                                                \
    X(RATE_LIMITED, 429, "RATE_LIMITED", 0)                                                        \
    X(METHOD, 405, "METHOD_NOT_ALLOWED", 0)                                                        \
    X(NOT_FOUND, 404, "NOT_FOUND", 0)                                                              \
    X(TOO_LARGE, 413, "PAYLOAD_TOO_LARGE", 0)                                                      \
    X(MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE", 0)                                                \
    X(CONFIG, 500, "CONFIGURATION", 0)                                                             \
    X(BUSY, 503, "OVERLOADED", 1)                                                                  \
    X(DATABASE, 503, "DATABASE_UNAVAILABLE", 1)                                                    \
    X(TRY_AGAIN, 503, "TRY_AGAIN", 0)                                                              \
    X(OUTCOME_UNKNOWN, 500, "OUTCOME_UNKNOWN", 1)                                                  \
    X(DATA, 500, "DATA_ERROR", 1)                                                                  \
    X(TIMEOUT, 503, "DEADLINE_EXCEEDED", 1)                                                        \
    X(CANCELED, 499, "CANCELED", 0)                                                                \
    X(CLOSING, 503, "SHUTTING_DOWN", 1)                                                            \
    X(MEMORY, 503, "OUT_OF_MEMORY", 1)                                                             \
    X(INTERNAL, 500, "INTERNAL_SERVER_ERROR", 1)

enum err_index {
#define ERR_X(name, status, text, ours) ERR_INDEX_##name,
    ERR_TABLE(ERR_X)
#undef ERR_X
    ERR_COUNT
};

enum err_code {
    ERR_NONE = 0,
#define ERR_X(name, status, text, ours) ERR_##name = -(int)(ERR_INDEX_##name + 1),
    ERR_TABLE(ERR_X)
#undef ERR_X
};

enum {
    ERR_MESSAGE_MAX = 256
};

struct err {
    enum err_code code;
    int line, column;              /* 1-based place in a document or file; 0 when there is none */
    char message[ERR_MESSAGE_MAX]; /* a sentence for people, NUL-terminated, valid UTF-8 */
};

/* Fills `*err` (which may be NULL) and returns `code`, so that `return err_set(...)` reads well.
 * A message that is too long is cut at a character boundary. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_set_at(struct err *err, enum err_code code, int line, int column, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* HTTP status of a failure that came before execution. */
int err_status(int code);
/* The value of extensions.code; a static string. */
const char *err_text(int code);
/* True for failures of ours: the reply carries the request id, and the log gets a line. */
int err_is_ours(int code);

#endif
