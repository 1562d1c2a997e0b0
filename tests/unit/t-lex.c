/* Tests of query/lex: kinds, values and places of tokens. (Errors: t-parse, with the whole parser.) */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "query/lex.h"

/* The last token of `text` before its end: most cases have one. Every text stands alone on the heap, so that a
 * read behind its end is seen. */
static struct arena arena;
static char *copy;

static struct str on_heap(struct str text)
{
    free(copy);
    copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return (struct str){copy, text.len};
}

static struct token token(struct str text)
{
    struct lexer l;
    struct token t, end;
    struct err e = {0};

    lexer_init(&l, &arena, on_heap(text));
    if (lexer_next(&l, &t, &e) < 0 || lexer_next(&l, &end, &e) < 0)
        fail_msg("%.*s: %s", STR_FMT(text), e.message);
    assert_int_equal(end.kind, TOKEN_EOF);
    return t;
}

#define check_token(literal, want_kind, want_text)                                                 \
    do {                                                                                           \
        struct token t_ = token(STR(literal));                                                     \
        assert_int_equal(t_.kind, want_kind);                                                      \
        check_str(t_.text, want_text);                                                             \
    } while (0)

static int setup(void **state)
{
    arena_init(&arena, 0);
    return 0;
}

static int teardown(void **state)
{
    arena_release(&arena);
    free(copy);
    copy = NULL;
    return 0;
}

static void test_lex__punctuators(void **state)
{
    static const enum token_kind want[] = {
        TOKEN_BANG,  TOKEN_DOLLAR, TOKEN_AMP,     TOKEN_PAREN_L,   TOKEN_PAREN_R,
        TOKEN_COLON, TOKEN_EQUALS, TOKEN_AT,      TOKEN_BRACKET_L, TOKEN_BRACKET_R,
        TOKEN_PIPE,  TOKEN_SPREAD, TOKEN_BRACE_L, TOKEN_BRACE_R,   TOKEN_EOF};
    struct lexer l;
    struct token t;

    lexer_init(&l, &arena, STR("!$&():=@[]|...{}"));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(lexer_next(&l, &t, NULL), 0);
        assert_int_equal(t.kind, want[i]);
    }
    assert_int_equal(lexer_next(&l, &t, NULL), 0); /* the end stays the end */
    assert_int_equal(t.kind, TOKEN_EOF);
}

static void test_lex__names_and_numbers(void **state)
{
    check_token("  _a9Z ", TOKEN_NAME, "_a9Z");
    check_token("0", TOKEN_INT, "0");
    check_token("-0", TOKEN_INT, "-0");
    check_token("1234567890123456789012", TOKEN_INT, "1234567890123456789012");
    check_token("-1.50", TOKEN_FLOAT, "-1.50");
    check_token("1e50", TOKEN_FLOAT, "1e50");
    check_token("0.1E-7", TOKEN_FLOAT, "0.1E-7");
}

static void test_lex__strings(void **state)
{
    check_token("\"\"", TOKEN_STRING, "");
    check_token("\"a b\"", TOKEN_STRING, "a b");
    check_token("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TOKEN_STRING, "\"\\/\b\f\n\r\t");
    check_token("\"\\u00e9\\u{1F600}\\uD83D\\uDE00x\"", TOKEN_STRING,
                "\xC3\xA9\xF0\x9F\x98\x80\xF0\x9F\x98\x80x");
    check_token("\"\\u{41}\\u{000041}\"", TOKEN_STRING, "AA");
    check_token("\"\xC3\xA9 # no comment\"", TOKEN_STRING, "\xC3\xA9 # no comment");
    assert_int_equal(token(STR("\"a\\u0000b\"")).text.len, 3);
}

static void test_lex__block_strings(void **state)
{
    check_token("\"\"\"\"\"\"", TOKEN_BLOCK_STRING, "");
    check_token("\"\"\" a \"\"\"", TOKEN_BLOCK_STRING, " a ");
    check_token("\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"",
                TOKEN_BLOCK_STRING, "Hello,\n  World!\n\nYours,\n  GraphQL.");
    check_token("\"\"\"first\r\n  second\r    third\n\"\"\"", TOKEN_BLOCK_STRING,
                "first\nsecond\n  third");
    check_token("\"\"\"a \\\"\"\" b \\n \\u0041\"\"\"", TOKEN_BLOCK_STRING,
                "a \"\"\" b \\n \\u0041");
    check_token("\"\"\"\n \t \n\"\"\"", TOKEN_BLOCK_STRING, "");
    check_token("\"\"\"\n    a\n \n  b\n\"\"\"", TOKEN_BLOCK_STRING, "  a\n\nb");
}

static void check_loc(struct str text, uint32_t line, uint32_t column)
{
    struct token t = token(text);
    assert_int_equal(t.loc.line, line);
    assert_int_equal(t.loc.column, column);
}

static void test_lex__places(void **state)
{
    check_loc(STR("a"), 1, 1);
    check_loc(STR(" ,\t a"), 1, 5);
    check_loc(STR("\n\r\n\r a"), 4, 2);
    check_loc(STR("# \xC3\xA9\n  a"), 2, 3);
    check_loc(STR("\xEF\xBB\xBF"
                  "a"),
              1, 2); /* a byte order mark is a character of the text */
}

/* Columns are counted in UTF-16 units, and a block string's lines count. */
static void test_lex__places_behind_strings(void **state)
{
    struct lexer l;
    struct token t;

    lexer_init(&l, &arena, STR("\"\xC3\xA9\xF0\x9F\x98\x80\" a \"\"\"x\n\r\ny\"\"\" b"));
    assert_int_equal(lexer_next(&l, &t, NULL), 0);
    assert_int_equal(lexer_next(&l, &t, NULL), 0);
    assert_int_equal(t.loc.column, 7);
    assert_int_equal(lexer_next(&l, &t, NULL), 0);
    assert_int_equal(t.loc.column, 9);
    assert_int_equal(lexer_next(&l, &t, NULL), 0);
    assert_int_equal(t.loc.line, 3);
    assert_int_equal(t.loc.column, 6);
}

/* What JSON can't carry but a file can. */
static void test_lex__bytes_that_are_not_utf8(void **state)
{
    static const struct {
        struct str text;
        int column;
    } bad[] = {{STR("\"a\xFF\""), 3},
               {STR("\xC3"), 1},
               {STR("# \x80\n"), 3},
               {STR("\"\"\"\xED\xA0\x80\"\"\""), 4},
               {STR("a\xC0\xAF"), 2}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct lexer l;
        struct token t;
        struct err e = {0};
        int rc;
        lexer_init(&l, &arena, on_heap(bad[i].text));
        do
            rc = lexer_next(&l, &t, &e);
        while (rc == 0 && t.kind != TOKEN_EOF);
        assert_int_equal(rc, ERR_PARSE);
        assert_int_equal(e.column, bad[i].column);
        assert_non_null(strstr(e.message, "Invalid character"));
    }
}

static void test_lex__memory(void **state)
{
    struct arena small;
    struct lexer l;
    struct token t;
    struct err e = {0};
    char text[9000];

    memset(text, 'x', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    text[1] = '\\';
    text[2] = 'n';
    arena_init(&small, 4096);
    lexer_init(&l, &small, (struct str){text, sizeof text});
    assert_int_equal(lexer_next(&l, &t, &e), ERR_MEMORY);
    arena_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lex__punctuators, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__names_and_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__block_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__places_behind_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__bytes_that_are_not_utf8, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lex__memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
