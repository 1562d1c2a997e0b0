/* query/discreet.h: error messages of a server that does not show its schema (--introspection off).
 *
 * A message of the specification's rules names types and arguments that the client never wrote: "argument "iin" of
 * type "ID!" is required". With the schema hidden it says only names that the client sent, or that every schema
 * has; each other name becomes `?`. */
#ifndef QUERY_DISCREET_H
#define QUERY_DISCREET_H

#include "base/str.h"

struct value;

/* Changes the NUL-terminated `message` in place; it gets no longer. `document` is the text that the client sent,
 * `variables` what came with it (names of input fields), or NULL. */
void discreet_message(char *message, struct str document, const struct value *variables);

#endif
