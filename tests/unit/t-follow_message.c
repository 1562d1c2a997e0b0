/* t-follow_message.c: what PostgreSQL says of changes, taken apart; cut anywhere it is refused. */
#include "db/follow_message.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tests/unit/test.h"

#define M(literal) ((struct str){(literal), sizeof(literal) - 1})

/* where it ends in the log, when, which one it is */
#define BEGINS "B\0\0\0\0\7\7\7\7\0\0\0\0\6\6\6\6\1\2\3\4"
#define RELATION                                                                                   \
    "R\0\0\0\7public\0allergy\0d\0\2\1patient_"                                                    \
    "id\0\0\0\0\24\377\377\377\377\1id\0\0\0\0\24\377\377\377\377"
#define INSERT                                                                                     \
    "I\0\0\0\7N\0\2t\0\0\0\2"                                                                      \
    "42"                                                                                           \
    "t\0\0\0\1"                                                                                    \
    "7"
#define MOVED                                                                                      \
    "U\0\0\0\7K\0\2t\0\0\0\1"                                                                      \
    "1"                                                                                            \
    "t\0\0\0\1"                                                                                    \
    "7"                                                                                            \
    "N\0\2t\0\0\0\1"                                                                               \
    "2"                                                                                            \
    "t\0\0\0\1"                                                                                    \
    "7"
#define DELETED                                                                                    \
    "D\0\0\0\7K\0\2t\0\0\0\1"                                                                      \
    "1"                                                                                            \
    "n"

static void test_follow_message__a_relation(void **state)
{
    struct follow_message m;

    assert_int_equal(follow_read(M(RELATION), &m), 0);
    assert_int_equal(m.kind, FOLLOW_RELATION);
    assert_int_equal(m.relation, 7);
    check_str(m.name, "allergy");
    assert_int_equal(m.n_columns, 2);
    check_str(m.columns[0], "patient_id");
    check_str(m.columns[1], "id");
}

static void test_follow_message__changes(void **state)
{
    struct follow_message m;

    assert_int_equal(follow_read(M(INSERT), &m), 0);
    assert_int_equal(m.kind, FOLLOW_CHANGED);
    assert_int_equal(m.n_columns, 2);
    check_str(m.columns[0], "42");
    check_str(m.columns[1], "7");
    assert_false(m.has_old);

    assert_int_equal(follow_read(M(MOVED), &m), 0);
    assert_true(m.has_old);
    check_str(m.old[0], "1");
    check_str(m.columns[0], "2");

    assert_int_equal(follow_read(M(DELETED), &m), 0);
    assert_int_equal(m.kind, FOLLOW_CHANGED);
    assert_false(m.has_old);
    check_str(m.columns[0], "1");
    assert_null(m.columns[1].ptr);
}

static void test_follow_message__others(void **state)
{
    struct follow_message m;

    assert_int_equal(follow_read(M("T\0\0\0\1\0\0\0\0\7"), &m), 0);
    assert_int_equal(m.kind, FOLLOW_TRUNCATED);
    assert_int_equal(follow_read(M(BEGINS), &m), 0);
    assert_int_equal(m.kind, FOLLOW_BEGINS);
    assert_int_equal(m.xid, 0x01020304);
    assert_int_equal(follow_read(M("C\0"), &m), 0);
    assert_int_equal(m.kind, FOLLOW_OTHER);
    assert_int_equal(follow_read(M(""), &m), ERR_DATA);
}

/* Each from memory of its own length, so that the sanitizer sees a byte that is read too far. */
static void test_follow_message__cut_or_broken(void **state)
{
    const struct str all[] = {M(BEGINS), M(RELATION), M(INSERT), M(MOVED), M(DELETED)};
    struct follow_message m;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (size_t n = 0; n <= all[i].len; n++) {
            char *copy = malloc(n + 1);
            assert_non_null(copy);
            memcpy(copy, all[i].ptr, n);
            copy = realloc(copy, n ? n : 1);
            if (n < all[i].len)
                assert_int_equal(follow_read((struct str){copy, n}, &m), ERR_DATA);
            for (int bit = 0; n && bit < 8;
                 bit++) { /* whatever it says, nothing behind its end is read */
                copy[n - 1] ^= (char)(1 << bit);
                if (follow_read((struct str){copy, n}, &m) == 0)
                    assert_true(m.n_columns <= FOLLOW_COLUMNS);
                copy[n - 1] ^= (char)(1 << bit);
            }
            free(copy);
        }
}

static size_t put(char *at, uint64_t n, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (char)(n >> (8 * (bytes - 1 - i)));
    return bytes;
}

/* A pg_snapshot: all before `from` have ended, none from `to` on, and of those between all but `running`. */
static bool sees(uint64_t from, uint64_t to, uint64_t running, uint32_t first, uint32_t last)
{
    char *bytes = malloc(28);
    size_t n = 0;
    bool is;

    assert_non_null(bytes);
    n += put(bytes + n, 1, 4);
    n += put(bytes + n, from, 8);
    n += put(bytes + n, to, 8);
    n += put(bytes + n, running, 8);
    for (size_t cut = 0; cut < n;
         cut++) { /* what is cut sees nothing, and nothing behind it is read */
        char *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        copy = realloc(copy, cut ? cut : 1);
        assert_false(follow_sees((struct str){copy, cut}, first, last));
        free(copy);
    }
    is = follow_sees((struct str){bytes, n}, first, last);
    free(bytes);
    return is;
}

static void test_follow_message__what_a_snapshot_sees(void **state)
{
    const uint64_t epoch = UINT64_C(3) << 32;

    assert_true(sees(100, 110, 100, 99, 99));
    assert_false(sees(100, 110, 100, 100, 100));
    assert_true(sees(100, 110, 100, 101, 101));
    assert_true(sees(100, 110, 100, 109, 109));
    assert_false(sees(100, 110, 100, 110, 110));
    assert_false(sees(100, 110, 105, 101, 106));
    assert_true(sees(100, 110, 105, 101, 104));
    assert_true(sees(100, 110, 105, 106, 109));
    assert_false(sees(100, 110, 105, 106, 110));
    /* around the circle */
    assert_true(sees(epoch - 5, epoch + 5, epoch - 5, UINT32_MAX, 3));
    assert_false(sees(epoch - 5, epoch + 5, epoch + 1, UINT32_MAX, 3));
    assert_false(sees(epoch - 5, epoch + 5, epoch - 5, UINT32_MAX, 5));
    assert_true(sees(epoch + 3, epoch + 5, epoch + 3, UINT32_MAX, UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follow_message__a_relation),
        cmocka_unit_test(test_follow_message__changes),
        cmocka_unit_test(test_follow_message__others),
        cmocka_unit_test(test_follow_message__cut_or_broken),
        cmocka_unit_test(test_follow_message__what_a_snapshot_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
