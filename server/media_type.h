/* server/media_type.h: which of the two media types of GraphQL over HTTP a request is in and wants. */
#ifndef SERVER_MEDIA_TYPE_H
#define SERVER_MEDIA_TYPE_H

#include <stdbool.h>

#include "base/str.h"

enum answer_type {
    ANSWER_NOT_ACCEPTABLE,
    ANSWER_JSON,            /* application/json, the older of the two */
    ANSWER_GRAPHQL_RESPONSE /* application/graphql-response+json */
};

/* The best of both that `accept` allows, by its q values; the newer one on a tie. No Accept header: JSON. */
enum answer_type media_type_answer(struct str accept);
/* The Content-Type header of an answer. */
const char *media_type_name(enum answer_type type);
/* True for application/json, with no charset or utf-8. */
bool media_type_is_json(struct str content_type);

#endif
