/* server/card_print.h: an emergency card in words, for who reads it on a terminal. */
#ifndef SERVER_CARD_PRINT_H
#define SERVER_CARD_PRINT_H

#include <stdbool.h>
#include <stdio.h>

struct json_t;

enum card_language {
    CARD_KK,
    CARD_RU,
    CARD_EN,
    CARD_LANGUAGES
};

/* Prints what card_read (server/card.h) gave, a line or more for each member. Whoever signed it wrote its texts: a character in them that a
 * terminal would obey comes out as "?". */
void card_print(FILE *out, const struct json_t *card, bool expired, enum card_language lang);

#endif
