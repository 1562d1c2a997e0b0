/* Tests of server/import_record: what may be asked to be kept, its bytes untouched, and what is said of the rest. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "server/import_reader.h"
#include "server/import_record.h"

/* "url|body", or why not. */
static const char *judged(struct str json, bool bare)
{
    static char text[4096];
    struct import_record record = {.number = 1, .line = 10, .bare = bare, .json = json};
    struct import_resource resource;
    char why[IMPORT_WHY_MAX];

    /* Of just this size, so that a byte read behind it is seen. */
    char *bytes = malloc(json.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, json.ptr, json.len);
    record.json.ptr = bytes;
    if (!import_record_check(&record, &resource, why)) {
        snprintf(text, sizeof text, "%s", why);
    } else {
        snprintf(text, sizeof text, "%s|%.*s", resource.url ? resource.url : "",
                 STR_FMT(resource.body));
        free(resource.url);
    }
    free(bytes);
    return text;
}

#define ENTRY(json, want) assert_string_equal(judged(STR(json), false), want)
#define BARE(json, want) assert_string_equal(judged(STR(json), true), want)
#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"1\"}"

static void test_record__body_as_it_came(void **state)
{
    BARE(PATIENT, "|" PATIENT);
    ENTRY("{\"resource\":" PATIENT "}", "|" PATIENT);
    ENTRY("{ \"fullUrl\" : \"urn:uuid:1\" , \"request\":{\"method\":\"POST\",\"resource\":1},\n"
          "\"resource\" :\t" PATIENT " , \"x\":[\"resource\",{}] }",
          "urn:uuid:1|" PATIENT);
    ENTRY("{\"a\\\"\":\"}],\\\\\",\"resource\":" PATIENT "}", "|" PATIENT);
    ENTRY("{\"n\":1,\"resource\":{\"resourceType\":\"A\",\"id\":\"i\",\"value\":1.10,\"big\":"
          "123456789012345678901234567890},\"m\":true}",
          "|{\"resourceType\":\"A\",\"id\":\"i\",\"value\":1.10,\"big\":"
          "123456789012345678901234567890}");
    ENTRY("{\"fullUrl\":\"\xD2\x9B\\u049b\",\"resource\":" PATIENT "}",
          "\xD2\x9B\xD2\x9B|" PATIENT);
}

static void test_record__what_is_missing(void **state)
{
    ENTRY("null", "it is no JSON object");
    BARE("[]", "it is no JSON object");
    ENTRY("{}", "it has no resource");
    ENTRY("{\"resource\":[]}", "it has no resource");
    ENTRY("{\"\\u0072esource\":" PATIENT "}", "it has no resource");
    ENTRY(PATIENT, "it has no resource");
    ENTRY("{\"resource\":{\"id\":\"1\"}}", "its resourceType is missing");
    BARE("{\"resourceType\":7,\"id\":\"1\"}", "its resourceType is no name of a type");
    BARE("{\"resourceType\":\"\",\"id\":\"1\"}", "its resourceType is no name of a type");
    BARE("{\"resourceType\":\"P q\",\"id\":\"1\"}", "its resourceType is no name of a type");
    BARE("{\"resourceType\":\"Patient\"}", "its id is missing");
    BARE("{\"resourceType\":\"Patient\",\"id\":1}", "its id is no text");
    BARE("{\"resourceType\":\"Patient\",\"id\":\"\"}", "its id is no text");
    ENTRY("{\"fullUrl\":{},\"resource\":" PATIENT "}", "its fullUrl is no text");
}

/* All that jsonb would refuse a batch for; the line is that of the file, and nothing of the record is repeated. */
static void test_record__what_is_no_json(void **state)
{
    BARE("{\"a\":\n\n\"Secret\" 1}", "it is not JSON (line 12)");
    BARE("{\"a\":nonsense}", "it is not JSON (line 10)");
    BARE("{\"a\":\"\t\"}", "it is not JSON (line 10)");
    BARE("{\"a\":1} x", "it is not JSON (line 10)");
    BARE("{\"a\":\"\\u0000\"}", "it holds a NUL (line 10)");
    BARE("{\"a\":\"\\uD83D\"}", "it is not JSON (line 10)");
    BARE("{\"a\":\"\\uDE00\\uD83D\"}", "it is not JSON (line 10)");
    BARE("{\"a\":\"\xC3(\"}", "it is not UTF-8 (line 10)");
    BARE("{\"a\":\"\xED\xA0\x80\"}", "it is not UTF-8 (line 10)");
    BARE("{\"a\":1,\n\"a\":2}", "it has two members of one name (line 11)");
    BARE("{\"a\":1e999}", "a number is too large (line 10)");
    assert_string_equal(judged((struct str){"{\"a\":\"\0\"}", 9}, true),
                        "it is not JSON (line 10)");
}

static void test_record__deep(void **state)
{
    struct buf b;

    for (int depth = 2000; depth <= 2100; depth += 100) {
        buf_init(&b, 0);
        buf_add_z(&b, "{\"resourceType\":\"A\",\"id\":\"1\",\"x\":");
        for (int i = 0; i < depth; i++)
            buf_add_char(&b, '[');
        for (int i = 0; i < depth; i++)
            buf_add_char(&b, ']');
        buf_add_char(&b, '}');
        if (depth == 2000)
            assert_memory_equal(judged(buf_str(&b), true), "|{", 2);
        else
            assert_string_equal(judged(buf_str(&b), true),
                                "it is nested deeper than 2048 (line 10)");
        buf_release(&b);
    }
}

static void test_record__long_ids(void **state)
{
    char json[400], id[300];

    for (size_t n = 255; n <= 256; n++) {
        memset(id, 'x', n);
        id[n] = '\0';
        snprintf(json, sizeof json, "{\"resourceType\":\"A\",\"id\":\"%s\"}", id);
        if (n == 255)
            assert_memory_equal(judged(str_of(json), true), "|{", 2);
        else
            assert_string_equal(judged(str_of(json), true), "its id is longer than 255 bytes");
    }
}

/* What the reader could not keep has its reason from there. */
static void test_record__bad_already(void **state)
{
    struct import_record record = {.number = 3, .line = 7, .bad = "it is longer than 16 MB"};
    struct import_resource resource;
    char why[IMPORT_WHY_MAX];

    assert_false(import_record_check(&record, &resource, why));
    assert_string_equal(why, "it is longer than 16 MB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__body_as_it_came),
        cmocka_unit_test(test_record__what_is_missing),
        cmocka_unit_test(test_record__what_is_no_json),
        cmocka_unit_test(test_record__deep),
        cmocka_unit_test(test_record__long_ids),
        cmocka_unit_test(test_record__bad_already),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
