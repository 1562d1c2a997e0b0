/* server/document_text.h: takes the strings out of an answer while it is being written, so that a long document is neither parsed as JSON nor
 * kept twice.
 *
 * Layer: server. It reads JSON of our own writer (query/answer.h) in pieces that may end anywhere, and unescapes what it finds. An answer that
 * a document is made of holds one string, or pages of them: then each ends a line, and what `pageInfo` says of the page comes before them. */
#ifndef SERVER_DOCUMENT_TEXT_H
#define SERVER_DOCUMENT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum {
    DOCUMENT_CURSOR_MAX = 256,
    DOCUMENT_KEY_MAX = 16 /* longer names than those that it looks for are all the same */
};

struct document_text {
    bool paged;
    bool found;                       /* the string has begun, or the page says what follows it */
    bool more;                        /* another page follows, */
    char cursor[DOCUMENT_CURSOR_MAX]; /* behind this place */
    uint32_t cursor_len;

    int _state;
    uint64_t
        _objects; /* bit i: what is open i levels around the innermost is an object, else a list */
    bool _key_next;
    char _key[DOCUMENT_KEY_MAX];
    uint32_t _key_len;
    uint32_t _digits, _unit, _high; /* of \uXXXX */
};

/* At the beginning of an answer. */
void document_text_begin(struct document_text *t, bool paged);
/* The next bytes of it: what they hold of strings is appended to `out` (which may fail). */
void document_text_feed(struct document_text *t, struct str bytes, struct buf *out);

#endif
