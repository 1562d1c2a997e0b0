/* Tests of db/decode: what came on the wire as cells. */
#include "tests/unit/test.h"

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

    decode_init(&d);
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
        cmocka_unit_test(test_row__keys_and_nulls),
        cmocka_unit_test(test_types__what_a_codec_can_be_made_of),
        cmocka_unit_test(test_fault__by_sqlstate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
