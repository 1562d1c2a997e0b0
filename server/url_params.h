/* server/url_params.h: the query component of a URL as a form encodes it (WHATWG URLSearchParams), read strictly:
 * what a browser would guess at is refused. */
#ifndef SERVER_URL_PARAMS_H
#define SERVER_URL_PARAMS_H

#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"

struct err;

/* `rest` starts as the text behind the `?`. */
struct url_params {
    struct str rest;
    unsigned n; /* taken so far */
};

/* Takes the next parameter: 1, and *ret_name and *ret_value are decoded (`+` is a space; no `=` is an empty value) in
 * `arena`, or views of the text where nothing had to be decoded. 0: there are no more. ERR_REQUEST: a `%` without two
 * hexadecimal digits, or bytes that are no UTF-8; the sentence counts parameters and repeats nothing of them, as they
 * may hold personal data. ERR_MEMORY. After an error the rest must not be read. */
int url_params_next(struct url_params *p, struct arena *arena, struct str *ret_name,
                    struct str *ret_value, struct err *reterr) MUSTCHECK;

#endif
