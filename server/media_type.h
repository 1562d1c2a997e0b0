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

/* The best of both that `accept` (the values of all Accept headers, joined by commas) allows. The most exact range that
 * names a type gives its q value: with a charset, without, application/(anything), all. Another charset than UTF-8 names
 * neither. On a tie it is the newer one when a range names it, else JSON, as for no header at all: clients that ask for
 * anything mostly know only that. */
enum answer_type media_type_answer(struct str accept);
/* The Content-Type header of an answer. */
const char *media_type_name(enum answer_type type);
/* True for application/json, with no charset or UTF-8. */
bool media_type_is_json(struct str content_type);

#endif
