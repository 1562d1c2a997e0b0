/* server/field_value.h: the pieces of which values of HTTP fields are made (RFC 9110, section 5.6): lists, parameters,
 * weights. Pure; views into what they are given. */
#ifndef SERVER_FIELD_VALUE_H
#define SERVER_FIELD_VALUE_H

#include "base/str.h"

/* Without the spaces and tabs around it. */
struct str field_trim(struct str s);

/* Cuts the part before the next `sep` (outside quotes) off `*rest`, trimmed. */
struct str field_cut(struct str *rest, char sep);

/* A weight (`q`) in thousandths, 0 to 1000; -1: it is none. `.5` counts, as Java's clients send it, and digits behind the third
 * are passed over. */
int field_weight(struct str s);

#endif
