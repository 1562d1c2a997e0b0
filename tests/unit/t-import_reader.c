/* Tests of server/import_reader: where records begin and end, however the file comes in pieces, and what is said of a file that breaks. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "server/import_reader.h"

/* A file: `text`, its first `split` bytes in a piece, the others in pieces of `piece`. */
struct feed {
    struct str text;
    size_t at, split, piece;
    bool breaks; /* instead of ending */
};

static ssize_t read_feed(void *data, char *to, size_t n)
{
    struct feed *f = data;
    size_t end = f->at < f->split ? f->split : f->text.len;
    size_t give = MIN(MIN(n, f->piece), end - f->at);

    if (give == 0 && f->breaks) {
        errno = EIO;
        return -1;
    }
    memcpy(to, f->text.ptr + f->at, give);
    f->at += give;
    return (ssize_t)give;
}

/* All of a file in lines: "number@line[!bare] json" or "number@line: why", at last the error if there is one. */
static void read_all(struct feed *feed, struct buf *out)
{
    struct import_reader *r = NULL;
    struct import_record record;
    struct err err = {0};
    int rc;

    assert_int_equal(import_reader_new(&r, read_feed, feed), 0);
    buf_clear(out);
    while ((rc = import_reader_next(r, &record, &err)) == 1) {
        buf_addf(out, "%d@%d", (int)record.number, (int)record.line);
        if (record.bad)
            buf_addf(out, ": %s\n", record.bad);
        else
            buf_addf(out, "%s %.*s\n", record.bare ? "!bare" : "", STR_FMT(record.json));
    }
    if (rc < 0) {
        struct err again = {0};
        assert_int_equal(rc, ERR_DATA);
        buf_addf(out, "%s\n", err.message);
        assert_int_equal(import_reader_next(r, &record, &again), ERR_DATA); /* it stays so */
        assert_string_equal(again.message, err.message);
    } else {
        assert_int_equal(import_reader_next(r, &record, &err), 0);
        assert_int_equal(import_reader_offset(r), feed->text.len);
    }
    import_reader_free(r);
}

static void check_feed(struct feed feed, const char *want)
{
    struct buf out;

    buf_init(&out, 0);
    read_all(&feed, &out);
    buf_add_char(&out, '\0');
    assert_false(out.failed);
    if (strcmp(out.ptr, want) != 0)
        fail_msg("pieces of %zu, then %zu, of\n%.*s\ngot\n%swant\n%s", feed.split, feed.piece,
                 STR_FMT(feed.text), out.ptr, want);
    buf_release(&out);
}

/* In one piece, byte by byte, and cut in two at every place. */
static void check(const char *text, const char *want)
{
    struct feed feed = {.text = str_of(text), .piece = 1};

    check_feed(feed, want);
    feed.piece = SIZE_MAX;
    for (feed.split = 0; feed.split <= feed.text.len; feed.split++)
        check_feed(feed, want);
}

#define BUNDLE "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":"

static void test_reader__bundle(void **state)
{
    check(BUNDLE "[{\"a\":1},\n {\"b\":[{}]} ]}", "1@1 {\"a\":1}\n2@2 {\"b\":[{}]}\n");
    check("\n\n" BUNDLE "\n[\n{\"a\":1}\n,{\n\"b\":2}]\n}\n", "1@5 {\"a\":1}\n2@6 {\n\"b\":2}\n");
    check("\xEF\xBB\xBF" BUNDLE "[{}]}", "1@1 {}\n");
    check(BUNDLE "[]}", "");
    check(BUNDLE " [ ] } ", "");
    check("{\"resourceType\":\"Bundle\"}", "");
    check("{\"resourceType\":\"Bundle\",\"entry\":[{}],\"signature\":{\"entry\":[{}]},\"entry\":[{}"
          "]}",
          "1@1 {}\n2@1 {}\n");
}

/* The type may come last, and entries of other objects are not the Bundle's. */
static void test_reader__members_in_any_order(void **state)
{
    check("{\"entry\":[{\"a\":1}],\"x\":[{\"entry\":[1]}],\"resourceType\":\"Bundle\"}",
          "1@1 {\"a\":1}\n");
    check("{\"meta\":{\"entry\":[{\"no\":1}],\"s\":\"entry\"},\"s\":\"\\\"entry\\\":[\","
          "\"resourceType\":\"Bundle\",\"entry\":[{\"yes\":1}]}",
          "1@1 {\"yes\":1}\n");
    check("{\"entry\":[{}]}", "1@1 {}\nline 1: the object whose entries were read has no "
                              "resourceType, so it is no Bundle\n");
    check("{\"entry\":[{}],\n\"resourceType\":\"List\"}",
          "1@1 {}\nline 2: the object whose entries were read is no Bundle\n");
}

static void test_reader__strings(void **state)
{
    check(BUNDLE
          "[{\"a\":\"]}\"},{\"b\":\"\\\"]}\"},{\"c\":\"\\\\\"},{\"d\":\"\\u005D\\\\\\\"}\"}]}",
          "1@1 {\"a\":\"]}\"}\n2@1 {\"b\":\"\\\"]}\"}\n3@1 {\"c\":\"\\\\\"}\n"
          "4@1 {\"d\":\"\\u005D\\\\\\\"}\"}\n");
    check(BUNDLE "[\"text\", \"a,b\"]}", "1@1 \"text\"\n2@1 \"a,b\"\n");
}

/* What is no object is a record all the same: a bad one, which server/import_record says. */
static void test_reader__values(void **state)
{
    check(BUNDLE "[null,1.50 ,true,nonsense,[],{}]}",
          "1@1 null\n2@1 1.50\n3@1 true\n4@1 nonsense\n5@1 []\n6@1 {}\n");
    check(BUNDLE "[{\"a\" 1 ,,},{}]}", "1@1 {\"a\" 1 ,,}\n2@1 {}\n");
}

static void test_reader__resources(void **state)
{
    check("{\"resourceType\":\"Patient\",\"id\":\"1\"}",
          "1@1!bare {\"resourceType\":\"Patient\",\"id\":\"1\"}\n");
    check("{\n\"id\":\"1\"}\n", "1@1!bare {\n\"id\":\"1\"}\n");
    /* A List has entries of its own. */
    check("{\"resourceType\":\"List\",\"entry\":[{\"a\":1}]}",
          "1@1!bare {\"resourceType\":\"List\",\"entry\":[{\"a\":1}]}\n");
    check("{\"resourceType\":7,\"entry\":\"x\"}",
          "1@1!bare {\"resourceType\":7,\"entry\":\"x\"}\n");
    check("{}", "1@1!bare {}\n");
    check(BUNDLE "[{\"a\":1}]}\n{\"id\":\"2\"}\n" BUNDLE "[{\"b\":1}]}",
          "1@1 {\"a\":1}\n2@2!bare {\"id\":\"2\"}\n3@3 {\"b\":1}\n");
}

/* Each line by itself: a broken one costs itself alone. */
static void test_reader__lines(void **state)
{
    check("{\"id\":\"1\"}\n{\"id\":\"2\"\n{\"id\":\"3\"}\nwhat\n{\"id\":]}\n\n{\"id\":\"4\"} more\n"
          "{\"id\":\"5\"}\n{\"id",
          "1@1!bare {\"id\":\"1\"}\n2@2: the line is no JSON object\n3@3!bare {\"id\":\"3\"}\n"
          "4@4: the line is no JSON object\n5@5: the line is no JSON object\n"
          "6@7!bare {\"id\":\"4\"}\n7@7: the line is no JSON object\n8@8!bare {\"id\":\"5\"}\n"
          "9@9: the line is no JSON object\n");
    check("{\"id\":\"1\"}\r\n{\"a\":\"\r\n{\"id\":\"3\"}\r\n",
          "1@1!bare {\"id\":\"1\"}\n2@2: the line is no JSON object\n3@3!bare {\"id\":\"3\"}\n");
}

static void test_reader__what_breaks_a_file(void **state)
{
    check("", "line 1: there is no JSON in it\n");
    check(" \n \n", "line 3: there is no JSON in it\n");
    check("<Bundle/>", "line 1: there is something that is no JSON object (a file holds Bundles "
                       "or resources)\n");
    check("[{}]", "line 1: there is something that is no JSON object (a file holds Bundles or "
                  "resources)\n");
    check(BUNDLE "[{}]}\n]", "1@1 {}\nline 2: there is something that is no JSON object (a file "
                             "holds Bundles or resources)\n");
    check(BUNDLE "{}}", "line 1: the Bundle's \"entry\" is no list\n");
    check(BUNDLE "null}", "line 1: the Bundle's \"entry\" is no list\n");
    check(BUNDLE "[{}\n{}]}", "1@1 {}\nline 2: a \",\" is missing between two entries\n");
    check(BUNDLE "[{},]}", "1@1 {}\nline 1: a value is missing\n");
    check(BUNDLE "[{},\n{\"a\":[}]}", "1@1 {}\nline 2: there is a \"}\" where a \"]\" belongs\n");
    check(BUNDLE "[{\"a\":{]}]}", "line 1: there is a \"]\" where a \"}\" belongs\n");
    check("{\"resourceType\":\"Bundle\" \"entry\":[]}",
          "line 1: a \",\" is missing between two members\n");
    check("{\"resourceType\" \"Bundle\"}", "line 1: a \":\" is missing behind a member's name\n");
    check("{resourceType:1}", "line 1: the name of a member is missing\n");
    check("{\"a\":}", "line 1: a value is missing\n");
    check(BUNDLE "[{},\n{\"a\":\n\"", "1@1 {}\nline 3: the file ends within record 2, which begins "
                                      "on line 2\n");
    check(BUNDLE "[{}\n",
          "1@1 {}\nline 2: the file ends within the object that begins on line 1\n");
}

/* A NUL is a byte like others, which no number, word or string ends with. */
static void test_reader__nul(void **state)
{
    static const char text[] = BUNDLE "[\0,{\"a\":\"\0\"}]}";
    struct feed feed = {.text = {text, sizeof text - 1}, .piece = SIZE_MAX};
    struct import_reader *r = NULL;
    struct import_record record;
    struct err err;

    assert_int_equal(import_reader_new(&r, read_feed, &feed), 0);
    assert_int_equal(import_reader_next(r, &record, &err), 1);
    assert_int_equal(record.json.len, 1);
    assert_int_equal(import_reader_next(r, &record, &err), 1);
    assert_int_equal(record.json.len, 9);
    assert_int_equal(import_reader_next(r, &record, &err), 0);
    import_reader_free(r);
}

/* Wherever a file ends too early, it is noticed, and the records before that are whole. */
static void test_reader__truncated_anywhere(void **state)
{
    static const char text[] = "{\"resourceType\":\"Bundle\",\"x\":[1,{\"y\":\"\\\"\"}],\"entry\":["
                               "{\"a\":\"}\"},\n{\"b\":[{}]},17,\"s\"],\"z\":null}";
    static const char *const records[] = {"{\"a\":\"}\"}", "{\"b\":[{}]}", "17", "\"s\""};

    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct feed feed = {.text = {text, n}, .piece = SIZE_MAX};
        struct import_reader *r = NULL;
        struct import_record record;
        struct err err = {0};
        size_t got = 0;
        int rc;

        assert_int_equal(import_reader_new(&r, read_feed, &feed), 0);
        while ((rc = import_reader_next(r, &record, &err)) == 1) {
            assert_true(got < ARRAY_LEN(records));
            if (n < sizeof text - 1 && !str_is(record.json, records[got]))
                assert_true(str_is(record.json, "1")); /* of 17, at the file's very end */
            got++;
        }
        assert_int_equal(rc, ERR_DATA);
        assert_non_null(strstr(err.message, n == 0 ? "no JSON" : "the file ends"));
        import_reader_free(r);
    }
}

static void test_reader__unreadable(void **state)
{
    struct feed feed = {.text = STR(BUNDLE "[{\"a\":1},{"), .piece = 5, .breaks = true};
    char want[160];

    snprintf(want, sizeof want, "1@1 {\"a\":1}\nline 1: it can't be read on: %s\n", strerror(EIO));
    check_feed(feed, want);
    feed.text = STR("{\"id\":\"1\"}\n{\"i"); /* by lines too: there is no next one */
    snprintf(want, sizeof want, "1@1!bare {\"id\":\"1\"}\nline 2: it can't be read on: %s\n",
             strerror(EIO));
    check_feed(feed, want);
}

static void add_many(struct buf *b, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_z(b, text);
}

/* However deep, brackets close in their order as deep as kinds are known, and are counted below. */
static void test_reader__deep(void **state)
{
    static const size_t depths[] = {100, 4095, 4096, 5000, 200000};

    for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
        struct feed feed = {.piece = SIZE_MAX};
        struct import_reader *r = NULL;
        struct import_record record;
        struct err err;
        struct buf b;

        buf_init(&b, 0);
        buf_add_z(&b, BUNDLE "[");
        add_many(&b, "[{\"a\":", depths[i]);
        buf_add_char(&b, '1');
        add_many(&b, "}]", depths[i]);
        buf_add_z(&b, ",{\"next\":1}]}");
        feed.text = buf_str(&b);
        assert_int_equal(import_reader_new(&r, read_feed, &feed), 0);
        assert_int_equal(import_reader_next(r, &record, &err), 1);
        assert_int_equal(record.json.len, 8 * depths[i] + 1);
        assert_int_equal(import_reader_next(r, &record, &err), 1);
        check_str(record.json, "{\"next\":1}");
        assert_int_equal(import_reader_next(r, &record, &err), 0);
        import_reader_free(r);
        buf_release(&b);
    }
}

/* One byte more than a record may have is passed over; what a Bundle has beside its entries may be of any length. */
static void test_reader__long(void **state)
{
    struct feed feed = {.piece = 100000};
    struct import_reader *r = NULL;
    struct import_record record;
    struct err err;
    struct buf b;

    buf_init(&b, 0);
    buf_add_z(&b, "{\"resourceType\":\"Bundle\",\"x\":\"");
    add_many(&b, "0123456789abcdef", IMPORT_RECORD_MAX / 16 + 1);
    buf_add_z(&b, "\",\"entry\":[\"");
    add_many(&b, "0123456789abcdef", IMPORT_RECORD_MAX / 16 - 1);
    buf_add_z(&b, "01234567890123\",\n \"");
    add_many(&b, "0123456789abcdef", IMPORT_RECORD_MAX / 16 - 1);
    buf_add_z(&b, "012345678901234\", {}]}");
    feed.text = buf_str(&b);
    assert_int_equal(import_reader_new(&r, read_feed, &feed), 0);
    assert_int_equal(import_reader_next(r, &record, &err), 1);
    assert_null(record.bad);
    assert_int_equal(record.json.len, IMPORT_RECORD_MAX);
    assert_int_equal(import_reader_next(r, &record, &err), 1);
    assert_string_equal(record.bad, "it is longer than 16 MB");
    assert_int_equal(record.number, 2);
    assert_int_equal(record.line, 2);
    assert_int_equal(import_reader_next(r, &record, &err), 1);
    check_str(record.json, "{}");
    assert_int_equal(import_reader_next(r, &record, &err), 0);
    import_reader_free(r);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader__bundle),
        cmocka_unit_test(test_reader__members_in_any_order),
        cmocka_unit_test(test_reader__strings),
        cmocka_unit_test(test_reader__values),
        cmocka_unit_test(test_reader__resources),
        cmocka_unit_test(test_reader__lines),
        cmocka_unit_test(test_reader__what_breaks_a_file),
        cmocka_unit_test(test_reader__nul),
        cmocka_unit_test(test_reader__truncated_anywhere),
        cmocka_unit_test(test_reader__unreadable),
        cmocka_unit_test(test_reader__deep),
        cmocka_unit_test(test_reader__long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
