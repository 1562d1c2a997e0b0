/* server/accept_language.h: which of the languages that there are a request wants most (RFC 9110, section 12.5.4). Pure. */
#ifndef SERVER_ACCEPT_LANGUAGE_H
#define SERVER_ACCEPT_LANGUAGE_H

#include <stdint.h>

#include "base/str.h"

struct type;

enum {
    ACCEPT_LANGUAGE_MAX = 1024 /* bytes of the field; a longer one is passed over */
};

/* The value of the enum `languages` (as it is stored, it is a primary language subtag: "kk") that the Accept-Language field
 * `header` gives the greatest weight, by its index: of equal ones that which is named first. Subtags behind the primary
 * one count for nothing (`ru-KZ` is `ru`); `*` stands for those that are not named. A range that is malformed is
 * passed over. 0, the first value, when the field says nothing of them, or wants none. */
uint32_t accept_language_choose(struct str header, const struct type *languages);

#endif
