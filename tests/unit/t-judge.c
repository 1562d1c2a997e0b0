/* Tests of query/judge: what somebody without a right sees is what is there for somebody who is not. */
#include "tests/unit/judge_fixture.h"

static void test_judge__owner_needs_no_asking(void **state)
{
    viewer = &owner;
    at_once = true;
    check_run("{ person(iin: 111) { name secret notes(first: 1) { nodes { text } } } }", NULL,
              "{\"data\":{\"person\":{\"name\":\"Ann\",\"secret\":\"s1\",\"notes\":{\"nodes\":[{"
              "\"text\":\"n15\"}]}}}}",
              SIZE_MAX, false);
    viewer = NULL;
    assert_int_equal(n_fetches, 2);
}

static void test_judge__foreign_is_as_absent(void **state)
{
    const char *const none = "{\"data\":{\"person\":null}}";

    as(&stranger, "{ person(iin: 111) { name } }", none);
    as(&stranger, "{ person(iin: 999) { name } }", none);
    as(&odd, "{ person(iin: 111) { name } }", none);
    as(&disguised, "{ person(iin: 111) { name } }", none);
    as(&doctor, "{ person(iin: 222) { name } }", none);
    /* and costs as much */
    for (int absent = 0; absent < 2; absent++) {
        viewer = &doctor;
        at_once = true;
        n_fetches = n_keys = 0;
        check_run(absent ? "{ person(iin: 999) { name notes { nodes { text } } } }"
                         : "{ person(iin: 222) { name notes { nodes { text } } } }",
                  NULL, none, SIZE_MAX, false);
        assert_int_equal(n_fetches, 2);
        assert_int_equal(n_keys, 2);
    }
    viewer = NULL;
}

static void test_judge__capacities(void **state)
{
    as(&doctor, "{ person(iin: 111) { name phone } }",
       "{\"data\":{\"person\":{\"name\":\"Ann\",\"phone\":\"p1\"}}}");
    as(&doctor, "{ person(iin: 111) { name secret } }",
       "{\"data\":{\"person\":{\"name\":\"Ann\",\"secret\":null}},\"errors\":[" FORBIDDEN(
           27, "[\"person\",\"secret\"]") "]}");
    as(&nurse, "{ person(iin: 111) { name phone } }",
       "{\"data\":{\"person\":null},\"errors\":[" FORBIDDEN(27, "[\"person\",\"phone\"]") "]}");
    as(&doctor, "{ person(iin: 111) { name pages { nodes { text } } } }",
       "{\"data\":{\"person\":{\"name\":\"Ann\",\"pages\":null}},\"errors\":[" FORBIDDEN(
           27, "[\"person\",\"pages\"]") "]}");
    as(&doctor, "{ person(iin: 111) { notes(first: 1) { nodes { text page { text } } } } }",
       "{\"data\":{\"person\":{\"notes\":{\"nodes\":[{\"text\":\"n15\",\"page\":null}]}}},"
       "\"errors\":[" FORBIDDEN(53, "[\"person\",\"notes\",\"nodes\",0,\"page\"]") "]}");
    as(&doctor, "{ person(iin: 333) { phone } }", "{\"data\":{\"person\":{\"phone\":\"p3\"}}}");
}

static void test_judge__apart(void **state)
{
    char text[300], want[600];
    const char *id = id_of("Note", "person_id=1 id=14");

    snprintf(text, sizeof text,
             "{ node(id: \"%s\") { ... on Note { source author corrects { text } } } }", id);
    snprintf(want, sizeof want,
             "{\"data\":{\"node\":{\"source\":\"src\",\"author\":null,\"corrects\":{\"text\":"
             "\"n13\"}}},\"errors\":[" FORBIDDEN(80, "[\"node\",\"author\"]") "]}");
    as(&owner, text,
       "{\"data\":{\"node\":{\"source\":\"src\",\"author\":\"dr\",\"corrects\":{\"text\":\"n13\"}}}"
       "}");
    as(&doctor, text, want);
}

static void test_judge__other_persons_below(void **state)
{
    as(&doctor, "{ person(iin: 333) { name notes { nodes { text } withheld } } }",
       "{\"data\":{\"person\":{\"name\":\"Cy\",\"notes\":{\"nodes\":[],\"withheld\":true}}}}");
    as(&owner,
       "{ person(iin: 111) { notes(first: 1) { nodes { person { name } friend { name } } } } }",
       "{\"data\":{\"person\":{\"notes\":{\"nodes\":[{\"person\":{\"name\":\"Ann\"},\"friend\":"
       "null}]}}}}");
    as(&open,
       "{ person(iin: 111) { notes(first: 1) { nodes { person { name } friend { name secret } } } "
       "} }",
       "{\"data\":{\"person\":{\"notes\":{\"nodes\":[{\"person\":{\"name\":\"Ann\"},\"friend\":{"
       "\"name\":\"Bob\",\"secret\":\"s2\"}}]}}}}");
}

static void test_judge__ids(void **state)
{
    char text[400];
    const char *id = id_of("Note", "person_id=1 id=15"), *shop = id_of("Shop", "id=7");

    snprintf(text, sizeof text, "{ node(id: \"%s\") { ... on Note { text } } }", id);
    as(&owner, text, "{\"data\":{\"node\":{\"text\":\"n15\"}}}");
    as(&doctor, text, "{\"data\":{\"node\":{\"text\":\"n15\"}}}");
    as(&stranger, text, "{\"data\":{\"node\":null}}");
    snprintf(text, sizeof text,
             "{ nodes(ids: [\"%s\", \"%s\"]) { ... on Shop { name } ... on Page { text } } }",
             id_of("Page", "person_id=1 id=90"), shop);
    as(&doctor, text, "{\"data\":{\"nodes\":[null,{\"name\":\"Shop\"}]}}");
    as(&owner, text, "{\"data\":{\"nodes\":[{\"text\":\"diary\"},{\"name\":\"Shop\"}]}}");
}

static void test_judge__anonymous(void **state)
{
    static const char *const message =
        "Records of people are for those who are known: send a token with the request.";
    char text[200];

    viewer = &anonymous;
    check("{ me { role } shop(id: 7) { name } }",
          "{\"data\":{\"me\":null,\"shop\":{\"name\":\"Shop\"}}}");
    snprintf(text, sizeof text, "{ node(id: \"%s\") { ... on Shop { name } } }",
             id_of("Shop", "id=7"));
    check(text, "{\"data\":{\"node\":{\"name\":\"Shop\"}}}");
    check("{ node(id: \"nothing\") { id } }", "{\"data\":{\"node\":null}}");
    check_refused("{ person(iin: 111) { name } }", ERR_UNAUTHENTICATED, message);
    check_refused("{ person(iin: 999) { name } }", ERR_UNAUTHENTICATED, message);
    snprintf(text, sizeof text, "{ node(id: \"%s\") { id } }", id_of("Note", "person_id=1 id=15"));
    check_refused(text, ERR_UNAUTHENTICATED, message);
    viewer = NULL;
}

static void test_judge__me(void **state)
{
    as(&owner, "{ me { role name person { name secret } } }",
       "{\"data\":{\"me\":{\"role\":\"CITIZEN\",\"name\":\"Ann\",\"person\":{\"name\":\"Ann\","
       "\"secret\":\"s1\"}}}}");
    as(&doctor, "{ me { role name person { name } } }",
       "{\"data\":{\"me\":{\"role\":\"DOCTOR\",\"name\":null,\"person\":null}}}");
    as(&nurse, "{ me { role } }", "{\"data\":{\"me\":{\"role\":null}}}"); /* no value of the enum */
    as(&open, "{ me { role } }", "{\"data\":{\"me\":null}}");
}

/* Pages are full, and cursors and hasNextPage hold, whatever is hidden. */
static void test_judge__hidden(void **state)
{
    as(&nurse,
       "{ person(iin: 111) { notes(first: 2) { nodes { text } pageInfo { hasNextPage } withheld } "
       "} }",
       "{\"data\":{\"person\":{\"notes\":{\"nodes\":[{\"text\":\"n15\"},{\"text\":\"n13\"}],"
       "\"pageInfo\":{\"hasNextPage\":false},\"withheld\":true}}}}");
    as(&nurse,
       "{ person(iin: 111) { notes(first: 1) { nodes { text } pageInfo { hasNextPage } } log { "
       "text } } }",
       "{\"data\":{\"person\":{\"notes\":{\"nodes\":[{\"text\":\"n15\"}],\"pageInfo\":{"
       "\"hasNextPage\":true}},"
       "\"log\":[{\"text\":\"n15\"},{\"text\":\"n13\"}]}}}");
    as(&doctor, "{ person(iin: 111) { notes(first: 2) { nodes { text } withheld } } }",
       "{\"data\":{\"person\":{\"notes\":{\"nodes\":[{\"text\":\"n15\"},{\"text\":\"n14\"}],"
       "\"withheld\":false}}}}");
}

static void test_judge__hidden_by_id(void **state)
{
    char text[200];

    snprintf(text, sizeof text, "{ node(id: \"%s\") { id } }", id_of("Note", "person_id=1 id=14"));
    as(&nurse, text, "{\"data\":{\"node\":null}}");
    snprintf(text, sizeof text, "{ node(id: \"%s\") { ... on Note { text } } }",
             id_of("Note", "person_id=1 id=13"));
    as(&nurse, text, "{\"data\":{\"node\":{\"text\":\"n13\"}}}");
}

/* A row that stands for an entry is seen by who sees the entry, and pages of such rows are full. */
static void test_judge__entries(void **state)
{
    static const char text[] = "{ person(iin: 111) { trail(first: 2) { nodes { item { text } } "
                               "pageInfo { hasNextPage } withheld } } }";

    as(&owner, text,
       "{\"data\":{\"person\":{\"trail\":{\"nodes\":[{\"item\":{\"text\":\"diary\"}},{\"item\":{"
       "\"text\":\"n15\"}}],\"pageInfo\":{\"hasNextPage\":true},\"withheld\":false}}}}");
    as(&doctor, text,
       "{\"data\":{\"person\":{\"trail\":{\"nodes\":[{\"item\":{\"text\":\"n15\"}},{\"item\":{"
       "\"text\":\"n14\"}}],\"pageInfo\":{\"hasNextPage\":false},\"withheld\":false}}}}");
    as(&nurse, text,
       "{\"data\":{\"person\":{\"trail\":{\"nodes\":[{\"item\":{\"text\":\"n15\"}},{\"item\":{"
       "\"text\":\"n13\"}}],\"pageInfo\":{\"hasNextPage\":false},\"withheld\":true}}}}");
}

/* What may not be seen does not count. */
static void test_judge__total_count(void **state)
{
    static const char text[] =
        "{ person(iin: 111) { notes(first: 1) { totalCount } trail(first: 1) { "
        "nodes { item { text } } totalCount } } }";

    as(&owner, text,
       "{\"data\":{\"person\":{\"notes\":{\"totalCount\":4},\"trail\":{\"nodes\":[{\"item\":{"
       "\"text\":"
       "\"diary\"}}],\"totalCount\":5}}}}");
    as(&doctor, text,
       "{\"data\":{\"person\":{\"notes\":{\"totalCount\":4},\"trail\":{\"nodes\":[{\"item\":{"
       "\"text\":"
       "\"n15\"}}],\"totalCount\":4}}}}");
    as(&nurse, text,
       "{\"data\":{\"person\":{\"notes\":{\"totalCount\":2},\"trail\":{\"nodes\":[{\"item\":{"
       "\"text\":"
       "\"n15\"}}],\"totalCount\":2}}}}");
    /* All of a kind is hidden. */
    as(&doctor, "{ person(iin: 333) { notes { totalCount withheld } trail { totalCount } } }",
       "{\"data\":{\"person\":{\"notes\":{\"totalCount\":0,\"withheld\":true},\"trail\":{"
       "\"totalCount\":0}}}}");
    as(&doctor, "{ person(iin: 222) { notes { totalCount } } }", "{\"data\":{\"person\":null}}");
    as(&open, "{ person(iin: 333) { notes { totalCount } } }",
       "{\"data\":{\"person\":{\"notes\":{\"totalCount\":1}}}}");
}

static void test_judge__failure_gives_nothing(void **state)
{
    failing_table = "rights";
    failing_rc = ERR_DATABASE;
    as(&doctor, "{ person(iin: 111) { name } }",
       "{\"data\":{\"person\":null},\"errors\":[{\"message\":\"The database can't be reached just "
       "now. Please try again.\","
       "\"locations\":[{\"line\":1,\"column\":3}],\"path\":[\"person\"],\"extensions\":{\"code\":"
       "\"DATABASE_UNAVAILABLE\","
       "\"requestId\":\"rid\"}}]}");
    failing_key = -1;
    as(&doctor, "{ person(iin: 111) { name } }",
       "{\"data\":{\"person\":null},\"errors\":[{\"message\":\"The database can't be reached just "
       "now. Please try again.\","
       "\"locations\":[{\"line\":1,\"column\":3}],\"path\":[\"person\"],\"extensions\":{\"code\":"
       "\"DATABASE_UNAVAILABLE\","
       "\"requestId\":\"rid\"}}]}");
}

static void test_judge__cancel(void **state)
{
    struct run r;

    viewer = &doctor;
    at_once = false;
    n_done = 0;
    run_start(&r, "{ person(iin: 111) { name } }", NULL);
    assert_int_equal(r.rc, 0);
    struct fetch *f = queue[--n_queue];
    answer_fetch(f);
    f->_answerer = NULL;
    f->done(f, 0); /* now the rights are asked */
    assert_int_equal(n_queue, 1);
    execution_cancel(&r.x, true);
    assert_int_equal(n_canceled, 1);
    pump(false, ERR_CANCELED);
    assert_int_equal(n_done, 1);
    assert_int_equal(done_rc, ERR_CANCELED);
    arena_clear(&arena);
    compiled_unref(r.document);
    viewer = NULL;
}

/* ---- what is on record ---- */

static void disclosed(const struct viewer *who, const char *text, const char *want)
{
    const struct disclosure *d;
    struct run r;
    struct buf b;
    uint32_t n;

    viewer = who;
    at_once = true;
    buf_init(&b, 0);
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, EXECUTION_READY);
    assert_int_equal(judge_disclose(&r.x, &d, &n), 0);
    for (uint32_t i = 0; i < n; i++)
        buf_addf(&b, "%s%ld %s%s[%.*s|%.*s] %.*s", i ? "; " : "", (long)d[i].subject,
                 d[i].own ? "own " : "", d[i].refused ? "refused " : "", STR_FMT(d[i].capacities),
                 STR_FMT(d[i].reason), STR_FMT(d[i].parts));
    check_str(buf_str(&b), want);
    buf_release(&b);
    arena_clear(&arena);
    compiled_unref(r.document);
    viewer = NULL;
}

static void test_judge__disclosures(void **state)
{
    disclosed(&open, "{ person(iin: 111) { name } }", "");
    disclosed(&owner, "{ shop(id: 7) { name } }", "");
    disclosed(&owner,
              "{ p: person(iin: 111) { b: name a: iin __typename notes { nodes { shop { name } "
              "text } } } }",
              "1 own [OWNER|] Person(iin name) Note(shop text)");
    disclosed(&doctor,
              "{ person(iin: 333) { name } other: person(iin: 222) { iin } none: person(iin: 999) "
              "{ iin } }",
              "3 [NURSE,DOCTOR|call] Person(name); 2 refused [|] Person(iin)");
    disclosed(
        &doctor,
        "{ person(iin: 111) { name pages { nodes { text } } notes { pageInfo { hasNextPage } } } }",
        "1 [DOCTOR|] Person(name) Note() !Page(text)");
    disclosed(&owner,
              "{ person(iin: 111) { notes(first: 1) { nodes { friend { name } person { iin } } } "
              "a: notes { nodes { id } } } }",
              "1 own [OWNER|] Person() Note(friend person) Person(iin) Note(id); 2 refused [|] "
              "Person(name)");
}

/* ---- what a function gives out ---- */

/* Who asks from the second call on, as if the right of the first had ended; NULL: the same. */
static const struct viewer *later_viewer;
static bool veiled;   /* the newest of them hid somebody */
static int64_t about; /* whom their arguments name */

/* Every call of the document gives out the same row. */
static void called(const struct viewer *who, const char *text, const char *row, const char *want,
                   const char *want_disclosed)
{
    const struct disclosure *d;
    struct run r;
    struct buf out, record;
    uint32_t n;

    viewer = who;
    at_once = true;
    buf_init(&out, 0);
    buf_init(&record, 0);
    run_start(&r, text, NULL);
    assert_int_equal(r.rc, 0);
    while (calling) {
        struct call *c = calling;
        const struct row **rows = arena_array(&arena, 1, sizeof *rows);
        calling = NULL;
        rows[0] = make_row(&arena, c->procedure->result.table, row);
        c->slice = (struct slice){.rows = rows, .n = 1};
        c->about = about;
        c->_answerer = NULL;
        c->done(c, 0);
        r.x.viewer = later_viewer ? later_viewer : who;
    }
    assert_int_equal(done_rc, 0);
    write_out(&r.x, &out, SIZE_MAX);
    check_str(buf_str(&out), want);
    assert_int_equal(judge_disclose(&r.x, &d, &n), 0);
    veiled = judge_has_veiled(&r.x);
    for (uint32_t i = 0; i < n; i++)
        buf_addf(&record, "%s%ld %s[%.*s] %.*s", i ? "; " : "", (long)d[i].subject,
                 d[i].refused ? "refused " : "", STR_FMT(d[i].capacities), STR_FMT(d[i].parts));
    check_str(buf_str(&record), want_disclosed);
    buf_release(&out);
    buf_release(&record);
    arena_clear(&arena);
    compiled_unref(r.document);
    viewer = NULL;
}

/* The row itself, and nothing else of the person, not even on the way through it. */
static void test_judge__given_by_a_function(void **state)
{
    called(&stranger, "mutation { give { text person { name } page { text } } }", note_rows[0],
           "{\"data\":{\"give\":null},\"errors\":[{\"message\":\"Cannot return null for "
           "non-nullable field Note.person.\","
           "\"locations\":[{\"line\":1,\"column\":24}],\"path\":[\"give\",\"person\"],"
           "\"extensions\":{\"code\":\"DATA_ERROR\","
           "\"requestId\":\"rid\"}}]}",
           "1 [NURSE] Note(page person text) !Person(name) !Page(text)");
    called(&stranger, "mutation { give { text shop { name } friend { name } } }", note_rows[0],
           "{\"data\":{\"give\":{\"text\":\"n15\",\"shop\":{\"name\":\"Shop\"},\"friend\":{"
           "\"name\":\"Bob\"}}}}",
           "1 [NURSE] Note(friend shop text); 2 [OWNER] Person(name)");
    /* What is read apart is of the row itself; the row before it is another. */
    called(&stranger, "mutation { give { text source author corrects { text } } }", note_rows[1],
           "{\"data\":{\"give\":{\"text\":\"n14\",\"source\":\"src\",\"author\":null,\"corrects\":"
           "null}},\"errors\":[" FORBIDDEN(31, "[\"give\",\"author\"]") "]}",
           "1 [NURSE] Note(author corrects source text) !Note(text)");
    called(&stranger, "mutation { a: give { text } b: give { text } }", note_rows[0],
           "{\"data\":{\"a\":{\"text\":\"n15\"},\"b\":{\"text\":\"n15\"}}}",
           "1 [NURSE] Note(text)");
    called(&stranger, "mutation { change { text } }", note_rows[0], "{\"data\":{\"change\":null}}",
           "1 refused [] Note(text)");
    called(&doctor, "mutation { change { text } }", note_rows[0],
           "{\"data\":{\"change\":{\"text\":\"n15\"}}}", "1 [DOCTOR] Note(text)");
}

/* A right that a change gave or took holds for what follows it. */
static void test_judge__asks_anew_after_a_change(void **state)
{
    struct run r;
    unsigned before;

    viewer = &doctor;
    at_once = true;
    run_start(&r, "mutation { a: change { text } b: change { text } }", NULL);
    assert_int_equal(r.rc, 0);
    for (int i = 0; i < 2; i++) {
        struct call *c = calling;
        const struct row **rows = arena_array(&arena, 1, sizeof *rows);
        assert_non_null(c);
        calling = NULL;
        rows[0] = make_row(&arena, c->procedure->result.table, note_rows[0]);
        c->slice = (struct slice){.rows = rows, .n = 1};
        c->_answerer = NULL;
        before = n_fetches;
        c->done(c, 0);
        assert_int_equal(n_fetches, before + 1);
    }
    arena_clear(&arena);
    compiled_unref(r.document);
    viewer = NULL;
}

/* One that ended is gone for what follows; what was given before stands on record as what it was given as. `second` asks for `b`. */
static void ended(const struct viewer *first, const struct viewer *second, const char *text,
                  const char *want, const char *want_disclosed)
{
    later_viewer = second;
    called(first, text, note_rows[0], want, want_disclosed);
    later_viewer = NULL;
}

static void test_judge__a_right_that_ended(void **state)
{
    ended(&doctor, &stranger,
          "mutation { a: change { text person { phone } } b: change { text person { phone } } }",
          "{\"data\":{\"a\":{\"text\":\"n15\",\"person\":{\"phone\":\"p1\"}},\"b\":null}}",
          "1 [DOCTOR] Note(person text) Person(phone) !Note(person text)");
    ended(&doctor, &nurse, "mutation { a: change { text } b: change { text } }",
          "{\"data\":{\"a\":{\"text\":\"n15\"},\"b\":{\"text\":\"n15\"}}}",
          "1 [DOCTOR,NURSE] Note(text)");
    ended(&owner, &nurse, "mutation { a: change { text } b: change { text } c: change { text } }",
          "{\"data\":{\"a\":{\"text\":\"n15\"},\"b\":{\"text\":\"n15\"},\"c\":{\"text\":\"n15\"}}}",
          "1 [OWNER,NURSE] Note(text)");
    ended(&doctor, &doctor, "mutation { a: change { text } b: change { text } }",
          "{\"data\":{\"a\":{\"text\":\"n15\"},\"b\":{\"text\":\"n15\"}}}",
          "1 [DOCTOR] Note(text)");
    ended(
        &doctor, &nurse,
        "mutation { a: change { person { notes { nodes { text } withheld } } } b: change { person "
        "{ trail { nodes { item { text } } } } } }",
        "{\"data\":{\"a\":{\"person\":{\"notes\":{\"nodes\":[{\"text\":\"n15\"},{\"text\":\"n14\"},"
        "{\"text\":\"n13\"},{\"text\":\"n12\"}],\"withheld\":false}}},\"b\":{\"person\":{\"trail\":"
        "{"
        "\"nodes\":[{\"item\":{\"text\":\"n15\"}},{\"item\":{\"text\":\"n13\"}}]}}}}}",
        "1 [DOCTOR,NURSE] Note(person) Person() Note(text) Trail(item)");
    assert_false(veiled);
    /* The fields of changes, in their order, hide nobody by themselves. */
    about = 1;
    ended(&doctor, &doctor, "mutation { a: change { text } b: give { text } c: change { text } }",
          "{\"data\":{\"a\":{\"text\":\"n15\"},\"b\":{\"text\":\"n15\"},\"c\":{\"text\":\"n15\"}}}",
          "1 [DOCTOR,NURSE] Note(text) Mutation(change) Mutation(give)");
    assert_false(veiled);
    about = 0;
    /* What is said of a list holds for when it was read. */
    ended(&nurse, &doctor,
          "mutation { a: change { person { notes(first: 1) { withheld } } } b: change { person { "
          "notes(first: 1) { withheld } } } }",
          "{\"data\":{\"a\":{\"person\":{\"notes\":{\"withheld\":true}}},\"b\":{\"person\":{"
          "\"notes\":{\"withheld\":false}}}}}",
          "1 [NURSE,DOCTOR] Note(person) Person() Note()");
}

/* ---- schemas that are refused ---- */

static void refused(const char *types, const char *want)
{
    struct schema *s;
    struct err err;
    char text[4000];

    snprintf(text, sizeof text,
             MAPPING "directive @subject(rights: String!, column: String!, role: String!, "
                     "capacity: Capacity!) on OBJECT\n"
                     "directive @belongs(column: String! = \"person_id\") on OBJECT\n"
                     "directive @allow(to: [Capacity!]!) on OBJECT | FIELD_DEFINITION\n"
                     "directive @viewer(claim: Claim) on FIELD_DEFINITION\n"
                     "%s",
             types);
    assert_int_equal(schema_build(&s, str_of(text), &err), ERR_CONFIG);
    assert_string_equal(err.message, want);
}

#define PERSON                                                                                     \
    "type Query { p(id: ID!): P @lookup(column: \"id\", argument: \"id\") }\n"                     \
    "type P @table(name: \"p\") @subject(rights: \"r\", column: \"iin\", role: \"C\", capacity: "  \
    "OWNER) "

static void test_judge__schema(void **state)
{
    refused("type Query { p(id: ID!): P @lookup(column: \"id\", argument: \"id\") }\n"
            "type P @table(name: \"p\") @allow(to: [OWNER]) { id: ID! }",
            "@allow needs a list of capacities, and a type with @subject.");
    refused("type Query { p(id: ID!): P @lookup(column: \"id\", argument: \"id\") }\n"
            "type P @table(name: \"p\") @belongs { id: ID! }",
            "@belongs needs a type with @subject.");
    refused(PERSON "{ id: ID! }\n"
                   "extend type Query { s: S @procedure(name: \"s\", public: true) }\n"
                   "type S @table(name: \"s\") @belongs { id: ID! }",
            "Field \"Query.s\" is public, but changes something or is about persons.");
    refused(PERSON "{ id: ID! }\n"
                   "extend type Query { s: P @procedure(name: \"s\", public: true) }",
            "Field \"Query.s\" is public, but changes something or is about persons.");
    refused(PERSON "{ id: ID! s: S @reference(columns: [\"s_id\"]) }\n"
                   "type S @table(name: \"s\") @allow(to: [OWNER]) { id: ID! }",
            "Type \"S\" has @allow, but its rows belong to nobody.");
    refused(PERSON "{ id: ID! s: S @reference(columns: [\"s_id\"]) }\n"
                   "type S @table(name: \"s\") { id: ID! @allow(to: [OWNER]) }",
            "Field \"S.id\" has @allow, but its rows belong to nobody.");
    refused(PERSON "{ id: ID! s: S @reference(columns: [\"s_id\"]) }\n"
                   "type S @table(name: \"s\") @subject(rights: \"r\", column: \"iin\", role: "
                   "\"C\", capacity: OWNER) { id: ID! }",
            "Only one type can have @subject.");
    refused(
        "type Query { me: Viewer! @viewer } type Viewer { role: String @viewer(claim: ROLE) }",
        "Field \"Query.me\" has @viewer and must be nullable, of an object type without @table.");
}

static void test_judge__own_until(void **state)
{
    as(&departed, "{ person(iin: \"444\") { name } me { person { name } } }",
       "{\"data\":{\"person\":null,\"me\":{\"person\":null}}}");
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_judge__owner_needs_no_asking, setup),
        cmocka_unit_test_setup(test_judge__own_until, setup),
        cmocka_unit_test_setup(test_judge__foreign_is_as_absent, setup),
        cmocka_unit_test_setup(test_judge__capacities, setup),
        cmocka_unit_test_setup(test_judge__apart, setup),
        cmocka_unit_test_setup(test_judge__other_persons_below, setup),
        cmocka_unit_test_setup(test_judge__ids, setup),
        cmocka_unit_test_setup(test_judge__anonymous, setup),
        cmocka_unit_test_setup(test_judge__me, setup),
        cmocka_unit_test_setup(test_judge__hidden, setup),
        cmocka_unit_test_setup(test_judge__hidden_by_id, setup),
        cmocka_unit_test_setup(test_judge__entries, setup),
        cmocka_unit_test_setup(test_judge__total_count, setup),
        cmocka_unit_test_setup(test_judge__failure_gives_nothing, setup),
        cmocka_unit_test_setup(test_judge__cancel, setup),
        cmocka_unit_test_setup(test_judge__disclosures, setup),
        cmocka_unit_test_setup(test_judge__given_by_a_function, setup),
        cmocka_unit_test_setup(test_judge__asks_anew_after_a_change, setup),
        cmocka_unit_test_setup(test_judge__a_right_that_ended, setup),
        cmocka_unit_test_setup(test_judge__schema, setup),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}

int main(void)
{
    return execute_main(judge_schema, tables, ARRAY_LEN(tables), prepare, run_all);
}
