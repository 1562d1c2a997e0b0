/* Tests of server/persisted, trusted and graphql_json: what a request says of its document, and which it gets. */
#include "tests/unit/document_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "server/graphql_json.h"
#include "server/persisted.h"
#include "server/trusted.h"

static const struct document_limits limits = {
    .parse = {.max_tokens = 2000},
    .validate = {.max_depth = 4, .max_aliases = 30, .max_directives = 50, .max_root_fields = 20},
    .max_fields = 50,
    .max_good = 10,
    .max_bad = 10,
    .max_registered = 10};
static const struct cost_limits cost = {.max_cost = 5000, .max_page = 100, .max_list = 100};

static struct persisted persisted;
static struct arena arena;
static char manifest[] = "/tmp/tolqujat-manifest-XXXXXX";
static struct err err;

#define A "{ person(id: 1) { name } }"

static const char *hex(const char *text)
{
    static char out[2][2 * SHA256_BYTES + 1];
    static int turn;
    struct sha256 hash;
    char *to = out[turn = !turn];

    assert_int_equal(sha256(str_of(text), &hash), 0);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(to + 2 * i, 3, "%02x", hash.bytes[i]);
    return to;
}

static int setup(void **state)
{
    persisted = (struct persisted){.automatic = true};
    return documents_new(&persisted.documents, schema, &limits);
}

static int teardown(void **state)
{
    struct trusted *t = (struct trusted *)(uintptr_t)persisted.trusted;

    trusted_free(t);
    documents_free(persisted.documents);
    arena_clear(&arena);
    return 0;
}

/* ---- what a body says ---- */

static void check_body(const char *body, const char *query, const char *id, const char *hash,
                       bool wants_cost)
{
    struct graphql_params p;

    if (graphql_params_parse(&arena, str_of(body), &p, &err) < 0)
        fail_msg("%s: %s", body, err.message);
    check_str(p.query, query);
    check_str(p.document_id, id);
    check_str(p.persisted_hash, hash);
    assert_int_equal(p.wants_cost, wants_cost);
}

static void check_bad_body(const char *body, const char *message)
{
    struct graphql_params p;

    if (graphql_params_parse(&arena, str_of(body), &p, &err) != ERR_REQUEST)
        fail_msg("%s was taken", body);
    assert_string_equal(err.message, message);
}

static void test_persisted__what_a_body_says(void **state)
{
    check_body("{\"query\":\"{a}\"}", "{a}", "", "", false);
    check_body("{\"query\":\"{a}\",\"extensions\":null}", "{a}", "", "", false);
    check_body("{\"query\":\"{a}\",\"extensions\":{\"persistedQuery\":null,\"other\":[1]}}", "{a}",
               "", "", false);
    check_body("{\"query\":\"{a}\",\"extensions\":{\"cost\":true}}", "{a}", "", "", true);
    check_body("{\"query\":\"{a}\",\"extensions\":{\"cost\":1}}", "{a}", "", "", false);
    check_body("{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":\"ab\"}}}", "",
               "", "ab", false);
    check_body("{\"query\":null,\"documentId\":\"x\"}", "", "x", "", false);
    check_body("{\"doc_id\":\"x\"}", "", "x", "", false);
    check_body("{\"id\":\"x\"}", "", "x", "", false);
    check_body("{\"id\":\"y\",\"documentId\":\"x\"}", "", "x", "", false);
    check_bad_body("{\"documentId\":5}", "\"documentId\" must be a string.");
    check_bad_body("{\"extensions\":{}}",
                   "\"query\" is missing: it holds the text of the GraphQL document.");
    check_bad_body("{\"extensions\":{\"persistedQuery\":1}}",
                   "\"extensions.persistedQuery\" must be an object.");
    check_bad_body("{\"extensions\":{\"persistedQuery\":{\"sha256Hash\":\"ab\"}}}",
                   "Unsupported persisted query version: \"version\" must be 1.");
    check_bad_body("{\"extensions\":{\"persistedQuery\":{\"version\":2,\"sha256Hash\":\"ab\"}}}",
                   "Unsupported persisted query version: \"version\" must be 1.");
    check_bad_body("{\"extensions\":{\"persistedQuery\":{\"version\":1,\"sha256Hash\":1}}}",
                   "\"extensions.persistedQuery.sha256Hash\" must be a string.");
}

/* ---- which document ---- */

/* NULL: not given. Returns what persisted_find returns; a document that is found runs and so passes. */
static int find(const char *query, const char *hash, const char *id, struct cost_limits *ret)
{
    const struct graphql_params params = {
        .query = query ? str_of(query) : (struct str){0},
        .persisted_hash = hash ? str_of(hash) : (struct str){0},
        .document_id = id ? str_of(id) : (struct str){0},
    };
    struct cost_limits with = cost;
    struct compiled *c = NULL;
    int rc;

    err = (struct err){0};
    rc = persisted_find(&persisted, &params, &c, ret ? ret : &with, &err);
    if (rc < 0) {
        assert_null(c);
        assert_int_equal(err.code, rc);
        return rc;
    }
    if (c->errors.n_errors == 0)
        persisted_passed(&persisted, &params, c);
    rc = c->errors.n_errors ? 1 : 0;
    compiled_unref(c);
    return rc;
}

static void test_persisted__apollo_s_protocol(void **state)
{
    const char *hash = hex(A);

    assert_int_equal(find(NULL, hash, NULL, NULL), ERR_PERSISTED_NOT_FOUND);
    assert_string_equal(err.message, "PersistedQueryNotFound");
    assert_int_equal(find(A, hash, NULL, NULL), 0);
    assert_int_equal(find(NULL, hash, NULL, NULL), 0);
    assert_int_equal(find(A, NULL, NULL, NULL), 0);
    assert_int_equal(err_status(ERR_PERSISTED_NOT_FOUND), 200);
    assert_int_equal(err_status(ERR_PERSISTED_OFF), 200);
}

static void test_persisted__text_alone_registers_nothing(void **state)
{
    assert_int_equal(find(A, NULL, NULL, NULL), 0);
    assert_int_equal(find(NULL, hex(A), NULL, NULL), ERR_PERSISTED_NOT_FOUND);
}

static void test_persisted__a_hash_that_is_not_the_text_s(void **state)
{
    char upper[2 * SHA256_BYTES + 1];
    const char *const wrong[] = {hex("{ __typename }"), "", "ab", upper};

    snprintf(upper, sizeof upper, "%s", hex(A));
    for (char *c = upper; *c; c++)
        *c = (char)(*c >= 'a' ? *c - 32 : *c);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(find(A, wrong[i], NULL, NULL), ERR_REQUEST);
        assert_string_equal(err.message, "provided sha does not match query");
        assert_int_equal(find(NULL, wrong[i], NULL, NULL), ERR_PERSISTED_NOT_FOUND);
    }
    assert_int_equal(find(NULL, hex(A), NULL, NULL), ERR_PERSISTED_NOT_FOUND);
}

static void test_persisted__bad_documents_are_not_registered(void **state)
{
    const char *bad = "{ nothing }";

    assert_int_equal(find(bad, hex(bad), NULL, NULL), 1);
    assert_int_equal(find(NULL, hex(bad), NULL, NULL), ERR_PERSISTED_NOT_FOUND);
}

static void test_persisted__switched_off(void **state)
{
    persisted.automatic = false;
    assert_int_equal(find(NULL, hex(A), NULL, NULL), ERR_PERSISTED_OFF);
    assert_string_equal(err.message, "PersistedQueryNotSupported");
    assert_int_equal(find(A, hex(A), NULL, NULL), ERR_PERSISTED_OFF);
    assert_int_equal(find(A, NULL, NULL, NULL), 0);
}

static void test_persisted__an_id_where_nothing_is_trusted(void **state)
{
    assert_int_equal(find(NULL, NULL, "x", NULL), ERR_REQUEST);
    assert_string_equal(
        err.message, "This server has no list of trusted documents: send the text as \"query\".");
    assert_int_equal(find(A, NULL, "x", NULL), 0);
}

/* ---- manifests ---- */

static int read_manifest(const char *text)
{
    struct trusted *t = NULL;
    FILE *f = fopen(manifest, "we");
    int rc;

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    rc = trusted_read(&t, manifest, schema, &limits, &cost, &err);
    if (rc == 0) {
        trusted_free((struct trusted *)(uintptr_t)persisted.trusted);
        persisted.trusted = t;
    }
    return rc;
}

static void check_bad_manifest(const char *text, const char *want)
{
    char message[ERR_MESSAGE_MAX];

    if (read_manifest(text) == 0)
        fail_msg("taken: %s", text);
    assert_int_equal(err.code, ERR_CONFIG);
    snprintf(message, sizeof message, "%s%s", manifest, want);
    assert_string_equal(err.message, message);
}

static void test_persisted__manifest_of_texts(void **state)
{
    char text[512];

    snprintf(text, sizeof text, "{\"%s\": \"%s\", \"short\": \"{ __typename }\"}", hex(A), A);
    assert_int_equal(read_manifest(text), 0);
    assert_int_equal(trusted_count(persisted.trusted), 2);
    snprintf(text, sizeof text, "sha256:%s", hex(A));
    assert_int_equal(find(NULL, NULL, hex(A), NULL), 0);
    assert_int_equal(find(NULL, NULL, text, NULL), 0);
    assert_int_equal(find(NULL, hex(A), NULL, NULL), 0);
    assert_int_equal(find(A, NULL, NULL, NULL), 0);
    assert_int_equal(find(A, hex(A), NULL, NULL), 0);
    assert_int_equal(find(NULL, NULL, "short", NULL), 0);
    assert_int_equal(find(NULL, "short", NULL, NULL), 0);
    assert_int_equal(find("{ __typename }", "short", NULL, NULL), 0);
    assert_int_equal(find(NULL, NULL, hex("{ __typename }"), NULL), 0);
}

static void test_persisted__nothing_else_runs(void **state)
{
    const char *other = "{ person(id: 1) { name }}"; /* a space less */

    assert_int_equal(read_manifest("{\"a\": \"" A "\"}"), 0);
    assert_int_equal(find(other, NULL, NULL, NULL), ERR_NOT_TRUSTED);
    assert_string_equal(err.message, "This document is not in the server's list of trusted "
                                     "documents; nothing else may run.");
    assert_int_equal(find(other, hex(other), NULL, NULL), ERR_NOT_TRUSTED);
    assert_int_equal(find(NULL, hex(other), NULL, NULL), ERR_NOT_TRUSTED);
    assert_int_equal(find(NULL, NULL, "b", NULL), ERR_NOT_TRUSTED);
    assert_int_equal(find(NULL, NULL, "", NULL), ERR_NOT_TRUSTED);
    assert_int_equal(find("", NULL, NULL, NULL), ERR_NOT_TRUSTED);
    assert_int_equal(find(other, NULL, "a", NULL), ERR_NOT_TRUSTED);
    assert_int_equal(find(A, NULL, "b", NULL), ERR_REQUEST);
    assert_string_equal(err.message, "The document's id is not that of the text.");
    assert_int_equal(find(A, "b", NULL, NULL), ERR_REQUEST);
    assert_string_equal(err.message, "provided sha does not match query");
}

static void test_persisted__apollo_s_manifest(void **state)
{
    assert_int_equal(
        read_manifest(
            "{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1, \"operations\": ["
            "{\"id\": \"one\", \"name\": \"One\", \"type\": \"query\", \"clientName\": null, "
            "\"body\": \"query One { person(id: 1) { name } }\"},"
            "{\"id\": \"two\", \"name\": \"Two\", \"type\": \"query\", \"maxCost\": 7, "
            "\"body\": \"query Two { __typename }\"}]}"),
        0);
    assert_int_equal(find(NULL, "one", NULL, NULL), 0);
    assert_int_equal(find(NULL, NULL, "two", NULL), 0);
    assert_int_equal(find("query One { person(id: 1) { name } }", NULL, NULL, NULL), 0);
    assert_int_equal(find(A, NULL, NULL, NULL), ERR_NOT_TRUSTED);
}

static void test_persisted__ceilings_of_an_entry(void **state)
{
    struct cost_limits got = cost;

    assert_int_equal(read_manifest("{\"low\": {\"document\": \"" A "\", \"maxCost\": 3, "
                                   "\"maxPageSize\": 4, \"maxListInput\": 5},"
                                   "\"high\": {\"document\": \"{ person(id: 1) { best { best { "
                                   "best { name } } } } }\", \"maxDepth\": 5},"
                                   "\"plain\": \"{ __typename }\"}"),
                     0);
    assert_int_equal(find(NULL, NULL, "low", &got), 0);
    assert_int_equal(got.max_cost, 3);
    assert_int_equal(got.max_page, 4);
    assert_int_equal(got.max_list, 5);
    got = (struct cost_limits){1, 1, 1};
    assert_int_equal(find(NULL, NULL, "plain", &got), 0);
    assert_int_equal(got.max_cost, cost.max_cost);
    assert_int_equal(find(NULL, NULL, "high", NULL), 0);
}

static void test_persisted__bad_manifests(void **state)
{
    char text[1024];

    check_bad_manifest("[]", ": must be a JSON object");
    check_bad_manifest("{}", ": has no documents, so that nothing could run");
    check_bad_manifest("{\"a\": 5}", ": document \"a\": must be the text, or an object with the "
                                     "text as \"document\"");
    check_bad_manifest("{\"a\": {\"body\": \"{ __typename }\"}}",
                       ": document \"a\": must be the text, or an object with the text as "
                       "\"document\"");
    check_bad_manifest("{\"\": \"{ __typename }\"}", ": a document's id is empty");
    check_bad_manifest("{\"a\": \"{ person }\"}",
                       ": document \"a\": Field \"person\" of type \"Person\" must have a "
                       "selection of subfields. (line 1, column 3)");
    check_bad_manifest("{\"a\": \"{\"}", ": document \"a\": Syntax Error: Expected Name, found "
                                         "<EOF>. (line 1, column 2)");
    check_bad_manifest("{\"a\": {\"document\": \"" A "\", \"maxDepth\": 1}}",
                       ": document \"a\": The operation is 2 fields deep; at most 1 are allowed. "
                       "(line 1, column 1)");
    check_bad_manifest("{\"a\": {\"document\": \"" A "\", \"maxcost\": 1}}",
                       ": document \"a\": there is no ceiling \"maxcost\"");
    check_bad_manifest("{\"a\": {\"document\": \"" A "\", \"maxCost\": 0}}",
                       ": document \"a\": maxCost must be a number from 1 to 2147483647");
    check_bad_manifest("{\"a\": {\"document\": \"" A "\", \"maxCost\": 2147483648}}",
                       ": document \"a\": maxCost must be a number from 1 to 2147483647");
    check_bad_manifest("{\"a\": {\"document\": \"" A "\", \"maxCost\": \"5\"}}",
                       ": document \"a\": maxCost must be a number from 1 to 2147483647");
    snprintf(text, sizeof text, "{\"%s\": \"{ __typename }\"}", hex(A));
    assert_int_equal(read_manifest(text), ERR_CONFIG);
    assert_non_null(strstr(err.message, hex(A)));
    assert_non_null(strstr(err.message, "the id is not the SHA-256 of the text"));
    check_bad_manifest("{\"sha256:abc\": \"{ __typename }\"}",
                       ": document \"sha256:abc\": the id is no SHA-256 in hexadecimal digits");
    check_bad_manifest("{\"format\": \"apollo-persisted-query-manifest\", \"version\": 2}",
                       ": its \"version\" must be 1");
    check_bad_manifest("{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1}",
                       ": \"operations\" must be a list");
    check_bad_manifest("{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1, "
                       "\"operations\": [{\"id\": \"a\"}]}",
                       ": operation 1 needs \"id\" and \"body\", both texts");
    check_bad_manifest("{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1, "
                       "\"operations\": [{\"id\": \"a\", \"body\": \"{ __typename }\"},"
                       "{\"id\": \"a\", \"body\": \"{ __typename }\"}]}",
                       ": document \"a\": the id is there twice");
    assert_int_equal(read_manifest("{\"a\": \"{ __typename }\", \"a\": \"{ __typename }\"}"),
                     ERR_CONFIG);
    assert_int_equal(read_manifest("nothing"), ERR_CONFIG);
    assert_int_equal(read_manifest(""), ERR_CONFIG);
}

/* More fields than a plan may have, but only when a condition holds. */
static void test_persisted__plans_are_tried(void **state)
{
    struct buf text;

    buf_init(&text, 0);
    buf_add_z(&text,
              "{\"a\": \"query ($v: Boolean!) { person(id: 1) { id best @include(if: $v) { ");
    for (int i = 0; i < 30; i++)
        buf_addf(&text, "a%d: name ", i);
    buf_add_z(&text, "} ...F } } fragment F on Person { boss @include(if: $v) { ");
    for (int i = 0; i < 30; i++)
        buf_addf(&text, "%s ", i % 2 ? "id" : "name nick label best { id name nick } boss { id }");
    buf_add_z(&text, "} best @include(if: $v) { boss { id name nick label } best { id name nick "
                     "label } } boss @include(if: $v) { boss { id name nick label } } }\"}");
    buf_add_char(&text, '\0');
    assert_int_equal(read_manifest(text.ptr), ERR_CONFIG);
    assert_non_null(
        strstr(err.message, "document \"a\": The operation selects more than 50 fields. (line 1,"));
    buf_release(&text);
}

/* A list is replaced while a request still runs one of its documents. */
static void test_persisted__a_new_list_under_a_running_document(void **state)
{
    struct graphql_params params = {.document_id = STR("a")};
    struct cost_limits with = cost;
    struct compiled *c;

    assert_int_equal(read_manifest("{\"a\": \"" A "\"}"), 0);
    assert_int_equal(persisted_find(&persisted, &params, &c, &with, &err), 0);
    assert_int_equal(read_manifest("{\"b\": \"{ __typename }\"}"), 0);
    check_str(c->document.operations->selections->name, "person");
    compiled_unref(c);
    assert_int_equal(find(NULL, NULL, "a", NULL), ERR_NOT_TRUSTED);
    assert_int_equal(read_manifest("{\"b\": \"{ nothing }\"}"), ERR_CONFIG);
    assert_int_equal(find(NULL, NULL, "b", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_persisted__##name, setup, teardown)
        T(what_a_body_says),
        T(apollo_s_protocol),
        T(text_alone_registers_nothing),
        T(a_hash_that_is_not_the_text_s),
        T(bad_documents_are_not_registered),
        T(switched_off),
        T(an_id_where_nothing_is_trusted),
        T(manifest_of_texts),
        T(nothing_else_runs),
        T(apollo_s_manifest),
        T(ceilings_of_an_entry),
        T(bad_manifests),
        T(plans_are_tried),
        T(a_new_list_under_a_running_document),
#undef T
    };
    int rc, fd;

    if (hash_start() < 0 || (fd = mkstemp(manifest)) < 0 || close(fd) != 0 || !fixture_schema())
        return 1;
    arena_init(&arena, 0);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    schema_free(schema);
    unlink(manifest);
    return rc;
}
