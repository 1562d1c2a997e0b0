/* tests/unit/t-card.c: that every text fits, that no byte can be changed, and what times count. (Real keys, files, and what else is no
 * card: tests/e2e/card.) */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "server/card.h"
#include "server/card_key.h"
#include "server/config.h"
#include "server/token_keys.h"

enum {
    NOW = 1000000
};

static char dir[] = "/tmp/t-card-XXXXXX", path[64], beside[80];
static struct card_key *key;
static struct token_keys *keys;

static int set_up(void **state)
{
    struct err err = {0};

    if (hash_start() < 0 || !mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/key", dir);
    snprintf(beside, sizeof beside, "%s.jwks", path);
    return card_key_new(path, &err) < 0 || card_key_open(&key, path, &err) < 0 ||
                   token_keys_parse(&keys, card_key_published(key), false, &err) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    token_keys_free(keys);
    card_key_close(key);
    unlink(path);
    unlink(beside);
    rmdir(dir);
    return 0;
}

static enum card_fault read_at(struct str card, int64_t now_s)
{
    json_t *said = NULL;
    enum card_fault fault = card_read(card, keys, now_s, &said);

    assert_int_equal(said != NULL, fault == CARD_GOOD || fault == CARD_EXPIRED);
    json_decref(said);
    return fault;
}

/* The card of a text of `n` bytes that deflate can make nothing of. */
static void make_noise(struct buf *card, size_t n)
{
    static const char head[] = "{\"iat\":1000000,\"exp\":1000600,\"x\":\"";
    char text[CARD_TEXT_MAX + 1];
    size_t at = sizeof head - 1;

    memcpy(text, head, at);
    for (unsigned seed = 1; at < n - 2; at++) {
        seed = seed * 1103515245u + 12345u;
        text[at] = (char)(0x23 + (seed >> 16) % 0x39); /* neither quote nor backslash */
    }
    memcpy(text + at, "\"}", 2);
    assert_int_equal(card_sign(key, (struct str){text, n}, card), 0);
}

static void test_card__every_text_fits(void **state)
{
    struct buf card;
    char text[CARD_TEXT_MAX + 1];

    buf_init(&card, 0);
    for (size_t n = 100; n <= CARD_TEXT_MAX; n += 10) {
        buf_clear(&card);
        make_noise(&card, n);
        assert_true(card.len <= CARD_BYTES_MAX);
        assert_int_equal(read_at(buf_str(&card), NOW), CARD_GOOD);
    }
    memset(text, ' ', sizeof text);
    assert_int_equal(card_sign(key, (struct str){text, sizeof text}, &card), ERR_DATA);
    buf_release(&card);
}

static void test_card__no_byte_can_be_changed(void **state)
{
    struct buf card;
    size_t refused = 0;

    buf_init(&card, 0);
    make_noise(&card, 200);
    for (size_t at = 0; at < card.len; at++)
        for (char bit = 1; bit <= 4; bit = (char)(bit << 1)) {
            card.ptr[at] ^= bit;
            refused += read_at(buf_str(&card), NOW) != CARD_GOOD;
            card.ptr[at] ^= bit;
        }
    assert_int_equal(refused, card.len * 3);
    for (size_t n = 0; n < card.len; n++)
        assert_int_not_equal(read_at((struct str){card.ptr, n}, NOW), CARD_GOOD);
    assert_int_equal(read_at(buf_str(&card), NOW), CARD_GOOD);
    buf_release(&card);
}

/* A second inside and a second outside. */
static void test_card__edges_of_time(void **state)
{
    static const struct {
        int64_t now_s;
        enum card_fault fault;
    } cases[] = {{1000000 - CARD_LEEWAY_S, CARD_GOOD},
                 {1000000 - CARD_LEEWAY_S - 1, CARD_EARLY},
                 {1000600 + CARD_LEEWAY_S - 1, CARD_GOOD},
                 {1000600 + CARD_LEEWAY_S, CARD_EXPIRED},
                 {INT64_C(1) << 40, CARD_EXPIRED}};
    struct buf card;

    buf_init(&card, 0);
    make_noise(&card, 100);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(read_at(buf_str(&card), cases[i].now_s), cases[i].fault);
    buf_clear(&card);
    assert_int_equal(card_sign(key, STR("{\"iat\":0,\"exp\":9223372036854775807}"), &card), 0);
    assert_int_equal(read_at(buf_str(&card), NOW), CARD_GOOD);
    buf_release(&card);
}

static void test_card__blanks_around_it_do_no_harm(void **state)
{
    struct buf card;

    buf_init(&card, 0);
    buf_add_z(&card, " \n");
    make_noise(&card, 120);
    buf_add_z(&card, "\r\n");
    assert_int_equal(read_at(buf_str(&card), NOW), CARD_GOOD);
    assert_int_equal(read_at(STR(" \n "), NOW), CARD_FORM);
    assert_int_equal(read_at(STR(""), NOW), CARD_FORM);
    buf_release(&card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card__every_text_fits),
        cmocka_unit_test(test_card__no_byte_can_be_changed),
        cmocka_unit_test(test_card__edges_of_time),
        cmocka_unit_test(test_card__blanks_around_it_do_no_harm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
