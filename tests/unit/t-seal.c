/* Tests of base/seal. */
#include "tests/unit/test.h"

#include "base/seal.h"

/* The key and the first texts of the SipHash reference implementation (vectors_sip64). */
static void test_seal__is_siphash(void **state)
{
    static const unsigned char want[][SEAL_BYTES] = {
        {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72},
        {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74},
        {0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d},
    };
    unsigned char got[SEAL_BYTES];
    struct seal seal;
    char text[8];

    for (size_t i = 0; i < sizeof seal.key; i++)
        seal.key[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)i;
    for (size_t n = 0; n < ARRAY_LEN(want); n++) {
        seal_make(&seal, (struct str){text, n}, got);
        assert_memory_equal(got, want[n], sizeof got);
        assert_true(seal_fits(&seal, (struct str){text, n}, got));
    }
}

static void test_seal__fits_its_own_alone(void **state)
{
    const struct seal one = {.key = "one key"};
    const struct str text = STR("what is sealed");
    unsigned char seal[SEAL_BYTES], digest[SEAL_BYTES];
    struct seal other = one;

    seal_make(&one, text, seal);
    for (unsigned bit = 0; bit < 8 * SEAL_BYTES; bit++) {
        seal[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(seal_fits(&one, text, seal));
        seal[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_true(seal_fits(&one, text, seal));
    for (size_t n = 0; n < text.len; n++)
        assert_false(seal_fits(&one, (struct str){text.ptr, n}, seal));
    for (unsigned bit = 0; bit < 8 * SEAL_KEY_BYTES / 2; bit++) {
        other.key[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(seal_fits(&other, text, seal));
        other.key[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    seal_digest(&one, text, digest);
    assert_false(seal_fits(&one, text, digest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal__is_siphash),
        cmocka_unit_test(test_seal__fits_its_own_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
