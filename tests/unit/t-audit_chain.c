/* t-audit_chain: the unambiguous form of a row, seals and heads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "server/audit_chain.h"
#include "server/audit_heads.h"

static struct hmac *key;

static int open_key(void **state)
{
    (void)state;
    return hash_start() == 0 && hmac_new(&key, STR("0123456789abcdef0123456789abcdef")) == 0 ? 0
                                                                                             : -1;
}

static int close_key(void **state)
{
    (void)state;
    hmac_free(key);
    return 0;
}

static struct audit_row sample(void)
{
    struct audit_row row = {.at = 1, .patient = 2, .chain = 3, .seq = 1};
    for (int i = 0; i < AUDIT_TEXTS; i++)
        row.text[i] = STR("ab");
    return row;
}

static struct audit_mac seal_of(const struct audit_row *row)
{
    struct audit_head head = {.chain = 3, .started = 5};
    struct buf scratch;

    buf_init(&scratch, 0);
    assert_int_equal(audit_chain_begin(key, &head), 0);
    assert_int_equal(audit_chain_seal(key, &head, row, &scratch), 0);
    assert_int_equal(head.seq, row->seq);
    buf_release(&scratch);
    return head.mac;
}

static void test_audit_chain__row_bytes(void **state)
{
    static const char expected[] =
        "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1\0"
        "\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0";
    struct audit_row row = sample();
    struct buf b;

    (void)state;
    row.text[1] = (struct str){0};
    row.text[2] = STR("");
    buf_init(&b, 0);
    audit_row_bytes(&row, &b);
    assert_int_equal(b.len, 33 + 6 + 4 + 4 + 5 * 6);
    assert_memory_equal(b.ptr, expected, sizeof expected - 1);
    buf_release(&b);
}

/* No value can change, nor a byte wander from one text to the next, with the same seal. */
static void test_audit_chain__every_value_counts(void **state)
{
    struct audit_row row = sample(), other;
    struct audit_mac mac = seal_of(&row), again = seal_of(&row);

    (void)state;
    assert_true(audit_mac_equal(&mac, &again, sizeof mac));
#define DIFFERS(change)                                                                            \
    other = row;                                                                                   \
    change;                                                                                        \
    again = seal_of(&other);                                                                       \
    assert_false(audit_mac_equal(&mac, &again, sizeof mac))
    DIFFERS(other.at ^= 1 << 20);
    DIFFERS(other.patient = -2);
    DIFFERS(other.chain++);
    DIFFERS(other.seq++);
    DIFFERS(other.refused = true);
    for (int i = 0; i < AUDIT_TEXTS; i++) {
        DIFFERS(other.text[i] = STR("aB"));
        DIFFERS(other.text[i] = STR(""));
        DIFFERS(other.text[i] = (struct str){0});
    }
    for (int i = 0; i + 1 < AUDIT_TEXTS; i++) {
        DIFFERS(other.text[i] = STR("aba"); other.text[i + 1] = STR("b"));
    }
#undef DIFFERS
}

static void test_audit_chain__heads(void **state)
{
    struct audit_head head = {.chain = 0x1234, .started = -5, .seq = 0}, read;
    struct buf line;
    int64_t at;

    (void)state;
    assert_int_equal(audit_chain_begin(key, &head), 0);
    buf_init(&line, 0);
    assert_int_equal(audit_head_write(key, &head, 77, &line), 0);
    assert_int_equal(line.ptr[--line.len], '\n');
    assert_true(audit_head_read(key, buf_str(&line), &read, &at));
    assert_int_equal(at, 77);
    assert_int_equal(read.chain, head.chain);
    assert_int_equal(read.started, -5);
    assert_memory_equal(&read.mac, &head.mac, sizeof read.mac);
    for (size_t i = 0; i < line.len; i++) { /* any byte another, or missing */
        line.ptr[i] ^= 1;
        assert_false(audit_head_read(key, buf_str(&line), &read, &at));
        line.ptr[i] ^= 1;
        assert_false(audit_head_read(key, (struct str){line.ptr, i}, &read, &at));
    }
    buf_release(&line);
}

static void test_audit_chain__months(void **state)
{
    (void)state;
    assert_int_equal(audit_month(0), 100 * 12);
    assert_int_equal(audit_month(-1), 100 * 12 - 1);
    assert_int_equal(audit_month(INT64_C(31) * 86400 * 1000000 - 1), 100 * 12);
    assert_int_equal(audit_month(INT64_C(31) * 86400 * 1000000), 100 * 12 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audit_chain__row_bytes),
        cmocka_unit_test(test_audit_chain__every_value_counts),
        cmocka_unit_test(test_audit_chain__heads),
        cmocka_unit_test(test_audit_chain__months),
    };
    return cmocka_run_group_tests(tests, open_key, close_key);
}
