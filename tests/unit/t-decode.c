/* Tests of db/decode: what came on the wire as cells. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "db/decode.h"
#include "db/pg_fault.h"
#include "db/types.h"

#define WIRE(literal) ((struct wire){"" literal, sizeof(literal) - 1})

static const struct enum_value values[] = {
    {{"a", 1}, {"\"ALPHA\"", 7}},
    {{"b", 1}, {"\"BETA\"", 6}},
};

/* The cell of `v`, or its error as a text. */
static const char *cell(enum codec codec, uint32_t oid, int scale, struct wire v)
{
    static char text[256];
    struct column c = {
        .codec = codec, .type_oid = oid, .scale = (uint8_t)scale, .values = values, .n_values = 2};
    struct buf b;

    buf_init(&b, 0);
    if (decode_cell(&b, &c, v) < 0)
        snprintf(text, sizeof text, "error");
    else
        snprintf(text, sizeof text, "%.*s", (int)b.len, b.ptr ? b.ptr : "");
    buf_release(&b);
    return text;
}

#define CHECK(codec, oid, scale, wire, want)                                                       \
    assert_string_equal(cell(codec, oid, scale, WIRE(wire)), want)

static void test_cell__integers(void **state)
{
    CHECK(CODEC_INT, OID_INT2, 0, "\xFF\xFE", "-2");
    CHECK(CODEC_INT, OID_INT4, 0, "\x7F\xFF\xFF\xFF", "2147483647");
    CHECK(CODEC_INT, OID_INT8, 0, "\0\0\0\0\x80\0\0\0", "error"); /* 2^31 */
    CHECK(CODEC_INT, OID_INT8, 0, "\xFF\xFF\xFF\xFF\x80\0\0\0", "-2147483648");
    CHECK(CODEC_INT, OID_INT8, 0, "\xFF\xFF\xFF\xFF\x7F\xFF\xFF\xFF", "error");
    CHECK(CODEC_ID, OID_INT8, 0, "\x80\0\0\0\0\0\0\0", "\"-9223372036854775808\"");
    CHECK(CODEC_FIXED, OID_INT8, 2, "\0\0\0\0\0\1\xFA\xED", "\"1297.73\"");
    CHECK(CODEC_FIXED, OID_INT4, 2, "\xFF\xFF\xFF\xFF", "\"-0.01\"");
    CHECK(CODEC_INT, OID_INT4, 0, "\0\0\0", "error"); /* three bytes are no integer */
    CHECK(CODEC_INT, OID_INT4, 0, "", "error");
}

static void test_cell__texts(void **state)
{
    CHECK(CODEC_STRING, OID_TEXT, 0, "\xD2\x9B\"\n", "\"\xD2\x9B\\\"\\n\"");
    CHECK(CODEC_STRING, OID_BPCHAR, 0, "F ", "\"F \"");
    CHECK(CODEC_STRING, 2950, 0, "00-11", "\"00-11\""); /* cast to text by the statement */
    CHECK(CODEC_ID, OID_VARCHAR, 0, "7", "\"7\"");
    CHECK(CODEC_ENUM, OID_TEXT, 0, "b", "\"BETA\"");
    CHECK(CODEC_ENUM, OID_TEXT, 0, "B", "error");
    CHECK(CODEC_ENUM, OID_TEXT, 0, "", "error");
    CHECK(CODEC_STRING, OID_TEXT, 0, "", "\"\"");
}

static void test_cell__numbers(void **state)
{
    CHECK(CODEC_FLOAT, OID_FLOAT8, 0, "\x3F\xB9\x99\x99\x99\x99\x99\x9A", "0.1");
    CHECK(CODEC_FLOAT, OID_FLOAT4, 0, "\x3D\xCC\xCC\xCD", "0.1");
    CHECK(CODEC_FLOAT, OID_NUMERIC, 0, "\x40\x08\0\0\0\0\0\0", "3");
    CHECK(CODEC_FLOAT, OID_INT4, 0, "\0\0\0\7", "7");
    CHECK(CODEC_FLOAT, OID_INT8, 0, "\0\0\0\0\0\0\0\7", "7");
    CHECK(CODEC_FLOAT, OID_FLOAT8, 0, "\x7F\xF8\0\0\0\0\0\0", "error"); /* NaN */
    CHECK(CODEC_FLOAT, OID_FLOAT4, 0, "\x7F\x80\0\0", "error");         /* infinity */
    CHECK(CODEC_BOOLEAN, OID_BOOL, 0, "\1", "true");
    CHECK(CODEC_BOOLEAN, OID_BOOL, 0, "\0", "false");
    CHECK(CODEC_BOOLEAN, OID_BOOL, 0, "", "error");
}

static void test_cell__times(void **state)
{
    CHECK(CODEC_DATE, OID_DATE, 0, "\0\0\0\0", "\"2000-01-01\"");
    CHECK(CODEC_DATE, OID_DATE, 0, "\xFF\xFF\xFF\xFF", "\"1999-12-31\"");
    CHECK(CODEC_DATE, OID_DATE, 0, "\x7F\xFF\xFF\xFF", "error");
    CHECK(CODEC_DATE, OID_DATE, 0, "\x80\0\0\0", "error");
    CHECK(CODEC_TIMESTAMP, OID_TIMESTAMPTZ, 0, "\0\0\0\0\0\0\0\1",
          "\"2000-01-01T00:00:00.000001Z\"");
    CHECK(CODEC_TIMESTAMP, OID_TIMESTAMPTZ, 0, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "error");
}

/* ---- arrays ---- */

static void add_u32(struct buf *b, uint32_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(b, (char)(n >> shift));
}

/* An array on the wire: `extents` ("2 3") and items that follow, with strange lower bounds. */
static void begin_array(struct buf *b, uint32_t element, const char *extents)
{
    uint32_t n = 0;

    buf_clear(b);
    for (const char *p = extents; *p; p++)
        n += p[0] != ' ';
    add_u32(b, n);
    add_u32(b, 1);
    add_u32(b, element);
    for (const char *p = extents; *p; p++)
        if (*p != ' ') {
            add_u32(b, (uint32_t)(*p - '0'));
            add_u32(b, (uint32_t)-7 * n);
        }
}

static void add_item(struct buf *b, struct wire v)
{
    add_u32(b, v.bytes ? v.len : UINT32_MAX);
    buf_add(b, v.bytes, v.bytes ? v.len : 0);
}

static const struct wire null = {NULL, 0};

static int array_cell(struct buf *out, enum codec codec, uint32_t oid, unsigned lists,
                      const char *bytes, size_t len)
{
    struct column c = {.codec = codec,
                       .type_oid = oid,
                       .scale = 2,
                       .lists = (uint8_t)lists,
                       .values = values,
                       .n_values = 2};

    buf_clear(out);
    return decode_cell(out, &c, (struct wire){bytes, (uint32_t)len});
}

static void check_array(const struct buf *b, enum codec codec, uint32_t oid, unsigned lists,
                        const char *want)
{
    struct buf out;
    int rc;

    buf_init(&out, 0);
    rc = array_cell(&out, codec, oid, lists, b->ptr, b->len);
    if (want) {
        assert_int_equal(rc, 0);
        check_str(buf_str(&out), want);
    } else {
        assert_int_equal(rc, ERR_DATA);
    }
    buf_release(&out);
}

/* One dimension: the two values and null. `sent`: the type of the elements on the wire. */
static void check_items(enum codec codec, uint32_t oid, uint32_t sent, struct wire x, struct wire y,
                        const char *want)
{
    struct buf b;

    buf_init(&b, 0);
    begin_array(&b, sent, "3");
    add_item(&b, x);
    add_item(&b, null);
    add_item(&b, y);
    check_array(&b, codec, oid, 1, want);
    buf_release(&b);
}

static void test_array__elements(void **state)
{
    struct wire seven = WIRE("\0\0\0\7"), big = WIRE("\0\0\0\0\x80\0\0\0");

    check_items(CODEC_INT, OID_INT4, OID_INT4, seven, WIRE("\xFF\xFF\xFF\xFF"), "[7,null,-1]");
    check_items(CODEC_INT, OID_INT2, OID_INT2, WIRE("\0\1"), WIRE("\0\2"), "[1,null,2]");
    check_items(CODEC_INT, OID_INT8, OID_INT8, WIRE("\0\0\0\0\0\0\0\1"), big, NULL);
    check_items(CODEC_ID, OID_INT8, OID_INT8, WIRE("\0\0\0\0\0\0\0\1"), big,
                "[\"1\",null,\"2147483648\"]");
    check_items(CODEC_FIXED, OID_INT4, OID_INT4, seven, seven, "[\"0.07\",null,\"0.07\"]");
    check_items(CODEC_FLOAT, OID_INT4, OID_INT4, seven, seven, "[7,null,7]");
    check_items(CODEC_FLOAT, OID_FLOAT4, OID_FLOAT4, WIRE("\x3D\xCC\xCC\xCD"), WIRE("\0\0\0\0"),
                "[0.1,null,0]");
    check_items(CODEC_FLOAT, OID_FLOAT8, OID_FLOAT8, WIRE("\x3F\xB9\x99\x99\x99\x99\x99\x9A"),
                WIRE("\x7F\xF8\0\0\0\0\0\0"), NULL);
    check_items(CODEC_FLOAT, OID_NUMERIC, OID_FLOAT8, WIRE("\x40\x08\0\0\0\0\0\0"),
                WIRE("\x40\x08\0\0\0\0\0\0"), "[3,null,3]");
    check_items(CODEC_BOOLEAN, OID_BOOL, OID_BOOL, WIRE("\1"), WIRE("\0"), "[true,null,false]");
    check_items(CODEC_DATE, OID_DATE, OID_DATE, WIRE("\0\0\0\0"), WIRE("\0\0\0\1"),
                "[\"2000-01-01\",null,\"2000-01-02\"]");
    check_items(CODEC_DATE, OID_DATE, OID_DATE, WIRE("\0\0\0\0"), WIRE("\x7F\xFF\xFF\xFF"), NULL);
    check_items(CODEC_TIMESTAMP, OID_TIMESTAMPTZ, OID_TIMESTAMPTZ, WIRE("\0\0\0\0\0\0\0\0"),
                WIRE("\0\0\0\0\0\0\0\1"),
                "[\"2000-01-01T00:00:00Z\",null,\"2000-01-01T00:00:00.000001Z\"]");
    check_items(CODEC_STRING, OID_TEXT, OID_TEXT, WIRE("null"), WIRE("],\"\\"),
                "[\"null\",null,\"],\\\"\\\\\"]");
    check_items(CODEC_STRING, OID_VARCHAR, OID_VARCHAR, WIRE(""), WIRE("x"), "[\"\",null,\"x\"]");
    check_items(CODEC_STRING, OID_BPCHAR, OID_BPCHAR, WIRE("F "), WIRE("x"), "[\"F \",null,\"x\"]");
    check_items(CODEC_STRING, 2950, OID_TEXT, WIRE("00-11"), WIRE("x"), "[\"00-11\",null,\"x\"]");
    check_items(CODEC_ENUM, OID_TEXT, OID_TEXT, WIRE("a"), WIRE("b"), "[\"ALPHA\",null,\"BETA\"]");
    check_items(CODEC_ENUM, OID_TEXT, OID_TEXT, WIRE("a"), WIRE("c"), NULL);
    /* not what the statement asked for */
    check_items(CODEC_INT, OID_INT4, OID_INT2, seven, seven, NULL);
    check_items(CODEC_STRING, OID_TEXT, OID_VARCHAR, WIRE("a"), WIRE("b"), NULL);
}

static void test_array__dimensions(void **state)
{
    struct buf b;

    buf_init(&b, 0);
    begin_array(&b, OID_INT4, "");
    check_array(&b, CODEC_INT, OID_INT4, 1, "[]");
    check_array(&b, CODEC_INT, OID_INT4, 6, "[]");
    begin_array(&b, OID_INT4, "2 0");
    check_array(&b, CODEC_INT, OID_INT4, 2, "[]");
    begin_array(&b, OID_INT4, "2 1 3");
    for (int i = 0; i < 6; i++)
        add_item(&b, i == 3 ? null : WIRE("\0\0\0\5"));
    check_array(&b, CODEC_INT, OID_INT4, 3, "[[[5,5,5]],[[null,5,5]]]");
    check_array(&b, CODEC_INT, OID_INT4, 1, NULL);
    check_array(&b, CODEC_INT, OID_INT4, 2, NULL);
    check_array(&b, CODEC_INT, OID_INT4, 4, NULL);
    begin_array(&b, OID_INT4, "1 1 1 1 1 2");
    add_item(&b, WIRE("\0\0\0\1"));
    add_item(&b, null);
    check_array(&b, CODEC_INT, OID_INT4, 6, "[[[[[[1,null]]]]]]");
    begin_array(&b, OID_INT4, "1 1 1 1 1 1 1");
    add_item(&b, null);
    check_array(&b, CODEC_INT, OID_INT4, 6, NULL);
    begin_array(&b, OID_INT4, "2 2");
    for (int i = 0; i < 4; i++)
        add_item(&b, WIRE("\0\0\0\1"));
    check_array(&b, CODEC_INT, OID_INT4, 2, "[[1,1],[1,1]]");
    add_item(&b, null); /* more than it says */
    check_array(&b, CODEC_INT, OID_INT4, 2, NULL);
    buf_release(&b);
}

/* Cut off anywhere, or with any byte changed: an error or a list, never more than the bytes that are there. */
static void test_array__malformed(void **state)
{
    static const char changes[] = {0, 1, 2, 4, 0x7F, (char)0x80, (char)0xFF};
    struct buf b, out;

    buf_init(&b, 0);
    buf_init(&out, 0);
    begin_array(&b, OID_TEXT, "2 2");
    add_item(&b, WIRE("one"));
    add_item(&b, null);
    add_item(&b, WIRE(""));
    add_item(&b, WIRE("a longer one"));
    check_array(&b, CODEC_STRING, OID_TEXT, 2, "[[\"one\",null],[\"\",\"a longer one\"]]");
    for (size_t n = 0; n < b.len; n++) {
        char *cut = malloc(n ? n : 1); /* so that the sanitizer sees its end */
        memcpy(cut, b.ptr, n);
        assert_int_equal(array_cell(&out, CODEC_STRING, OID_TEXT, 2, cut, n), ERR_DATA);
        free(cut);
    }
    for (size_t i = 0; i < b.len; i++)
        for (size_t k = 0; k < sizeof changes; k++) {
            char *changed = malloc(b.len);
            int rc;
            memcpy(changed, b.ptr, b.len);
            changed[i] = changes[k];
            rc = array_cell(&out, CODEC_STRING, OID_TEXT, 2, changed, b.len);
            assert_true(rc == ERR_DATA || (rc == 0 && out.ptr[0] == '['));
            free(changed);
        }
    buf_release(&out);
    buf_release(&b);
}

static void test_row__tells_what_is_wrong(void **state)
{
    struct column columns[] = {
        {.name = STR("born"), .codec = CODEC_DATE, .type_oid = OID_DATE, .line = 7},
        {.name = STR("f"), .codec = CODEC_INT, .type_oid = OID_INT4, .lists = 2, .computed = true},
    };
    struct table table = {.columns = columns, .n_columns = 2};
    struct wire v[2] = {WIRE("\x7F\xFF\xFF\xFF"), {NULL, 0}};
    struct decoder d;
    struct buf b;
    int rc = 0;

    decode_init(&d, NULL);
    buf_init(&b, 0);
    assert_null(decode_row(&d, &table, v, &rc));
    assert_string_equal(d.fault, "column born holds what its field (line 7 of the schema) can't "
                                 "show");
    begin_array(&b, OID_INT4, "1");
    add_item(&b, WIRE("\0\0\0\5"));
    v[0] = (struct wire){NULL, 0};
    v[1] = (struct wire){b.ptr, (uint32_t)b.len};
    columns[1].line = 8;
    assert_null(decode_row(&d, &table, v, &rc));
    assert_int_equal(rc, ERR_DATA);
    assert_string_equal(d.fault, "function f holds a 1-dimensional array, its field (line 8 of the "
                                 "schema) takes 2 dimensions");
    columns[1].lists = 1;
    assert_non_null(decode_row(&d, &table, v, &rc));
    columns[0].required = true;
    assert_non_null(decode_row(&d, &table, v, &rc));
    table.view = true;
    assert_null(decode_row(&d, &table, v, &rc));
    assert_int_equal(rc, ERR_DATA);
    assert_string_equal(d.fault,
                        "column born is null, but its field (line 7 of the schema) never is");
    columns[0].computed = true; /* the plan watches those */
    assert_non_null(decode_row(&d, &table, v, &rc));
    buf_release(&b);
    decode_release(&d);
}

/* Stands for the server's: what it makes is the text's length. */
static int issue_length(struct issuer *issuer, enum codec codec, struct str text, struct buf *out)
{
    buf_addf(out, "%c%zu", codec == CODEC_SIGNED ? 's' : 'l', text.len);
    return text.len == 3 ? ERR_DATA : 0;
}

static void test_row__cells_that_are_issued(void **state)
{
    struct column columns[] = {
        {.name = STR("card"), .codec = CODEC_SIGNED, .type_oid = OID_TEXT, .line = 7},
        {.name = STR("link"), .codec = CODEC_LINK, .type_oid = OID_TEXT, .line = 8},
    };
    struct table table = {.columns = columns, .n_columns = 2};
    struct wire v[] = {WIRE("abcd"), {NULL, 0}};
    struct issuer issuer = {issue_length};
    struct decoder d;
    const struct row *r;
    int rc = 0;

    decode_init(&d, &issuer);
    r = decode_row(&d, &table, v, &rc);
    assert_non_null(r);
    check_str(row_cell(r, 0), "\"s4\"");
    assert_true(row_is_null(r, 1));
    v[1] = WIRE("xyz");
    assert_null(decode_row(&d, &table, v, &rc));
    assert_int_equal(rc, ERR_DATA);
    decode_release(&d);
    decode_init(&d, NULL);
    assert_null(decode_row(&d, &table, v, &rc));
    assert_int_equal(rc, ERR_CONFIG);
    assert_string_equal(d.fault,
                        "column card can't be issued: this server was given nothing for it "
                        "(line 7 of the schema)");
    decode_release(&d);
}

static void test_row__keys_and_nulls(void **state)
{
    struct column columns[] = {
        {.codec = CODEC_KEY, .type_oid = OID_INT2},
        {.codec = CODEC_KEY, .type_oid = OID_TEXT},
        {.codec = CODEC_STRING, .type_oid = OID_TEXT},
        {.codec = CODEC_KEY, .type_oid = OID_DATE},
    };
    struct table table = {.columns = columns, .n_columns = 4};
    struct wire v[] = {WIRE("\xFF\xFD"), WIRE("a\"b"), {NULL, 0}, {NULL, 0}};
    struct decoder d;
    const struct row *r;
    int rc = 0;

    decode_init(&d, NULL);
    for (int i = 0; i < 2; i++) { /* its memory is used again */
        r = decode_row(&d, &table, v, &rc);
        assert_non_null(r);
        assert_true(row_valid(r, r->size, 4));
        assert_int_equal(row_number(r, 0), -3);
        check_str(row_cell(r, 1), "a\"b");
        assert_true(row_is_null(r, 2));
        assert_true(row_is_null(r, 3));
        assert_false(row_is_null(r, 0));
    }
    v[0] = WIRE("\1");
    assert_null(decode_row(&d, &table, v, &rc));
    assert_int_equal(rc, ERR_DATA);
    decode_release(&d);
}

static void test_types__what_a_codec_can_be_made_of(void **state)
{
    assert_int_equal(pg_type_sent(CODEC_STRING, 3802), OID_TEXT); /* jsonb, by a cast */
    assert_int_equal(pg_type_sent(CODEC_FLOAT, OID_NUMERIC), OID_FLOAT8);
    assert_int_equal(pg_type_sent(CODEC_KEY, OID_NUMERIC), 0);
    assert_int_equal(pg_type_sent(CODEC_INT, OID_NUMERIC), 0);
    assert_int_equal(pg_type_sent(CODEC_DATE, OID_TIMESTAMPTZ), 0);
    assert_int_equal(pg_type_sent(CODEC_TIMESTAMP, 1114), 0); /* a time of no known zone */
    assert_int_equal(pg_type_sent(CODEC_BOOLEAN, OID_INT4), 0);
    /* whatever a value is sent as, an array of it can be */
    for (enum codec codec = CODEC_ID; codec <= CODEC_ENUM; codec++)
        for (uint32_t oid = 0; oid < 4000; oid++)
            assert_true(pg_type_sent(codec, oid) == 0 || pg_array_of(pg_type_sent(codec, oid)));
}

static void test_fault__by_sqlstate(void **state)
{
    assert_int_equal(pg_fault_of(NULL), PG_LOST);
    assert_int_equal(pg_fault_of("57P01"), PG_LOST);
    assert_int_equal(pg_fault_of("57014"), PG_CANCELED);
    assert_int_equal(pg_fault_of("22012"), PG_DATA);
    assert_int_equal(pg_fault_of("P0001"), PG_DATA);
    assert_int_equal(pg_fault_of("40P01"), PG_AGAIN);
    assert_int_equal(pg_fault_of("0A000"), PG_STALE);
    assert_int_equal(pg_fault_of("42P01"), PG_REFUSED);
    assert_int_equal(pg_fault_of("53200"), PG_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell__integers),
        cmocka_unit_test(test_cell__texts),
        cmocka_unit_test(test_cell__numbers),
        cmocka_unit_test(test_cell__times),
        cmocka_unit_test(test_array__elements),
        cmocka_unit_test(test_array__dimensions),
        cmocka_unit_test(test_array__malformed),
        cmocka_unit_test(test_row__tells_what_is_wrong),
        cmocka_unit_test(test_row__cells_that_are_issued),
        cmocka_unit_test(test_row__keys_and_nulls),
        cmocka_unit_test(test_types__what_a_codec_can_be_made_of),
        cmocka_unit_test(test_fault__by_sqlstate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
