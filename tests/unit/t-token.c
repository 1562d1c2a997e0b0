/* tests/unit/t-token.c: what claims say, the edges of time, and that the reader and the issuer agree. (Forged tokens, each by
 * one change: tests/e2e/tokens.) */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "server/config.h"
#include "server/token.h"
#include "server/token_issue.h"
#include "server/token_keys.h"

enum {
    NOW = 1000000
};

#define WHO "\"sub\":\"581011381944\",\"role\":\"CITIZEN\""
#define FOR "\"iss\":\"i\",\"aud\":\"a\""

static enum token_fault read_at(const char *claims, int64_t now_s, struct token *ret)
{
    struct token_rules rules = {"i", "a", now_s};
    return token_read_claims(ret, str_of(claims), &rules);
}

static enum token_fault fault_at(const char *claims, int64_t now_s)
{
    struct token t;
    enum token_fault fault = read_at(claims, now_s, &t);

    if (fault == TOKEN_GOOD)
        token_release(&t);
    return fault;
}

static void test_token__what_it_says(void **state)
{
    struct token t;

    assert_int_equal(read_at("{" FOR ",\"exp\":2000000,\"nbf\":999000,\"iat\":999500," WHO
                             ",\"org\":\"123456789012\",\"name\":\"\xD3\x98nuar\","
                             "\"act\":{\"sub\":\"app\",\"act\":{\"sub\":\"gateway\"}}}",
                             NOW, &t),
                     TOKEN_GOOD);
    assert_true(str_is(t.role, "CITIZEN"));
    assert_true(str_is(t.iin, "581011381944"));
    assert_true(str_is(t.organisation, "123456789012"));
    assert_true(str_is(t.name, "\xD3\x98nuar"));
    assert_true(str_is(t.client, "app"));
    assert_int_equal(t.begins_s, 999500 - TOKEN_LEEWAY_S);
    assert_int_equal(t.ends_s, 2000000 + TOKEN_LEEWAY_S);
    token_release(&t);
    assert_int_equal(read_at("{" FOR ",\"exp\":2000000," WHO "}", NOW, &t), TOKEN_GOOD);
    assert_int_equal(t.organisation.len + t.name.len + t.client.len, 0);
    token_release(&t);
}

/* A second inside and a second outside. */
static void test_token__edges_of_time(void **state)
{
    static const struct {
        const char *claims;
        int64_t now_s;
        enum token_fault fault;
    } cases[] = {
        {"{" FOR ",\"exp\":1000," WHO "}", 1059, TOKEN_GOOD},
        {"{" FOR ",\"exp\":1000," WHO "}", 1060, TOKEN_EXPIRED},
        {"{" FOR ",\"exp\":1000," WHO "}", 0, TOKEN_GOOD},
        {"{" FOR ",\"exp\":9000,\"nbf\":1000," WHO "}", 940, TOKEN_GOOD},
        {"{" FOR ",\"exp\":9000,\"nbf\":1000," WHO "}", 939, TOKEN_EARLY},
        {"{" FOR ",\"exp\":9000,\"iat\":1000," WHO "}", 940, TOKEN_GOOD},
        {"{" FOR ",\"exp\":9000,\"iat\":1000," WHO "}", 939, TOKEN_EARLY},
        {"{" FOR ",\"exp\":9000,\"iat\":1000,\"nbf\":2000," WHO "}", 1900, TOKEN_EARLY},
        {"{" FOR ",\"exp\":1125899906842624," WHO "}", NOW, TOKEN_GOOD},
        {"{" FOR ",\"exp\":1125899906842625," WHO "}", NOW, TOKEN_CLAIMS},
        {"{" FOR ",\"exp\":0," WHO "}", 59, TOKEN_GOOD},
        {"{" FOR ",\"exp\":-1," WHO "}", 0, TOKEN_CLAIMS},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(fault_at(cases[i].claims, cases[i].now_s), cases[i].fault);
}

/* ---- a whole token, by `tolqujat token` ---- */

static char dir[] = "/tmp/tolqujat-token-XXXXXX";
static char key_path[64], jwks_path[80];
static struct token_keys *keys;

static int set_up(void **state)
{
    struct arena arena;
    struct err err = {0};
    struct str text = {0};

    if (hash_start() < 0 || !mkdtemp(dir))
        return -1;
    snprintf(key_path, sizeof key_path, "%s/key", dir);
    snprintf(jwks_path, sizeof jwks_path, "%s.jwks", key_path);
    arena_init(&arena, 0);
    assert_int_equal(token_new_key(key_path, &err), 0);
    assert_int_equal(config_read_file(&arena, jwks_path, 4096, &text, &err), 0);
    assert_int_equal(token_keys_parse(&keys, text, false, &err), ERR_CONFIG);
    assert_non_null(strstr(err.message, "counts only with --demo"));
    assert_int_equal(token_keys_parse(&keys, text, true, &err), 0);
    arena_release(&arena);
    return 0;
}

static int tear_down(void **state)
{
    token_keys_free(keys);
    unlink(key_path);
    unlink(jwks_path);
    return rmdir(dir);
}

static void issue(struct buf *out)
{
    struct config config = {.token = {.key = key_path,
                                      .role = "DOCTOR",
                                      .iin = "581011381944",
                                      .issuer = "i",
                                      .audience = "a",
                                      .ttl = 100}};
    struct err err = {0};

    buf_init(out, 0);
    assert_int_equal(token_issue(&config, out, &err), 0);
}

static void test_token__issued_and_read(void **state)
{
    struct token_rules rules = {"i", "a", time(NULL)};
    struct token t;
    struct buf text;

    issue(&text);
    assert_int_equal(token_read(&t, buf_str(&text), keys, &rules), TOKEN_GOOD);
    assert_true(str_is(t.role, "DOCTOR"));
    assert_true(str_is(t.iin, "581011381944"));
    token_release(&t);
    rules.now_s += 100 + TOKEN_LEEWAY_S + 1;
    assert_int_equal(token_read(&t, buf_str(&text), keys, &rules), TOKEN_EXPIRED);
    buf_release(&text);
}

/* No byte can be another, be left out, or be said twice. */
static void test_token__every_byte_counts(void **state)
{
    struct token_rules rules = {"i", "a", time(NULL)};
    struct token t;
    struct buf text;

    issue(&text);
    for (size_t i = 0; i < text.len; i++) {
        struct buf other;
        char was = text.ptr[i];

        text.ptr[i] = was == 'A' ? 'B' : 'A';
        assert_int_not_equal(token_read(&t, buf_str(&text), keys, &rules), TOKEN_GOOD);
        text.ptr[i] = was;
        assert_int_not_equal(token_read(&t, (struct str){text.ptr, i}, keys, &rules), TOKEN_GOOD);
        buf_init(&other, 0);
        buf_add(&other, text.ptr, i);
        buf_add_char(&other, was);
        buf_add(&other, text.ptr + i, text.len - i);
        assert_int_not_equal(token_read(&t, buf_str(&other), keys, &rules), TOKEN_GOOD);
        buf_release(&other);
    }
    assert_int_equal(token_read(&t, buf_str(&text), keys, &rules), TOKEN_GOOD);
    token_release(&t);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token__what_it_says),
        cmocka_unit_test(test_token__edges_of_time),
        cmocka_unit_test(test_token__issued_and_read),
        cmocka_unit_test(test_token__every_byte_counts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
