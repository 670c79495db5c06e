/* The keyed hash, against SipHash written a second time: step by step as the paper's figure shows
 * one round, with the bytes of a word put together by hand. With the rounds of SipHash-2-4 the
 * second writing is held to the paper's own vector.
 * [Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012, appendix A] */
#include "../check.h"

#include "base/base.h"

static uint64_t left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

static void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = left(v[1], 13);
        v[3] = left(v[3], 16);
        v[1] ^= v[0];
        v[3] ^= v[2];
        v[0] = left(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = left(v[1], 17);
        v[3] = left(v[3], 21);
        v[1] ^= v[2];
        v[3] ^= v[0];
        v[2] = left(v[2], 32);
    }
}

static uint64_t siphash(const uint64_t key[2], const uint8_t *bytes, size_t size, int c, int d)
{
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t word = 0;

    for (size_t i = 0; i <= size / 8 * 8 + 7; i++) {
        uint64_t byte = i == size / 8 * 8 + 7 ? size & 0xffU : i < size ? bytes[i] : 0;

        word |= byte << (i % 8 * 8);
        if (i % 8 == 7) {
            v[3] ^= word;
            rounds(v, c);
            v[0] ^= word;
            word = 0;
        }
    }
    v[2] ^= 0xffU;
    rounds(v, d);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The key 00 01 .. 0f and the message 00 01 .. 3e. */
static const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

static void fill(uint8_t bytes[static 64])
{
    for (size_t i = 0; i < 64; i++) {
        bytes[i] = (uint8_t)i;
    }
}

static void the_second_writing_gives_the_papers_vector(void **state)
{
    uint8_t bytes[64];

    (void)state;
    fill(bytes);
    assert_true(siphash(key, bytes, 15, 2, 4) == UINT64_C(0xa129ca6149be45e5));
}

static void the_hash_is_siphash_1_3(void **state)
{
    const uint64_t another[2] = {UINT64_C(0xfedcba9876543210), 1};
    uint8_t bytes[64];

    (void)state;
    fill(bytes);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        wax_bytes view = wax_bytes_of(bytes, size);

        assert_true(wax_hash(key, view) == siphash(key, bytes, size, 1, 3));
        assert_true(wax_hash(another, view) == siphash(another, bytes, size, 1, 3));
        assert_true(wax_hash(another, view) != wax_hash(key, view));
    }
    assert_true(wax_hash(key, (wax_bytes){NULL, 0}) == siphash(key, bytes, 0, 1, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_writing_gives_the_papers_vector),
        cmocka_unit_test(the_hash_is_siphash_1_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
