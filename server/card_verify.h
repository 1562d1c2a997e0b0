/* server/card_verify.h: `tolqujat card verify`: an emergency card read without a network, printed in words. */
#ifndef SERVER_CARD_VERIFY_H
#define SERVER_CARD_VERIFY_H

struct config_card;
struct err;

enum {
    CARD_VERIFY_GOOD = 0,
    CARD_VERIFY_BAD = 1,    /* standard error says why; nothing of it is printed */
    CARD_VERIFY_USAGE = 2,  /* flags, or the file of keys; reterr says what */
    CARD_VERIFY_EXPIRED = 3 /* genuine, and printed with that said first */
};

/* Reads the card that the flags name, prints it to standard output, and returns the program's status. */
int card_verify_run(const struct config_card *card, struct err *reterr);

#endif
