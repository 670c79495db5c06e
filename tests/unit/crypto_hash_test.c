/* Randomness, hashes and password hashes against published vectors. */
#include "../check.h"

#include <argon2.h>

#include "crypto/crypto.h"

/* Reads hexadecimal digits; the rows here are well-formed. */
static wax_bytes from_hex(const char *digits, uint8_t *room)
{
    size_t size = strlen(digits) / 2;

    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(digits + 2 * i, "%2x", &byte), 1);
        room[i] = (uint8_t)byte;
    }
    return wax_bytes_of(room, size);
}

struct digest_row {
    const char *name;
    const char *parts[3];
    const char *sha1;
    const char *sha256;
    const char *sha512;
};

/* clang-format off */
/* [FIPS 180-4, examples] */
static const struct digest_row digest_rows[] = {
    {"nothing", {NULL, NULL, NULL},
     "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"abc", {"abc", NULL, NULL},
     "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"abc in parts", {"a", "", "bc"},
     "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};
/* clang-format on */

static void digests_are_the_published_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(digest_rows); i++) {
        const struct digest_row *row = &digest_rows[i];
        wax_bytes parts[3];
        uint8_t got[WAX_SHA512_SIZE];
        uint8_t expected[WAX_SHA512_SIZE];

        for (size_t part = 0; part < 3; part++) {
            parts[part] = wax_bytes_of_text(row->parts[part]);
        }
        check_row(row->name, wax_crypto_sha1(parts, 3, got) == WAX_OK);
        check_row(row->name,
                  wax_bytes_equal(from_hex(row->sha1, expected), wax_bytes_of(got, WAX_SHA1_SIZE)));
        check_row(row->name, wax_crypto_sha256(parts, 3, got) == WAX_OK);
        check_row(row->name, wax_bytes_equal(from_hex(row->sha256, expected),
                                             wax_bytes_of(got, WAX_SHA256_SIZE)));
        check_row(row->name, wax_crypto_sha512(parts, 3, got) == WAX_OK);
        check_row(row->name, wax_bytes_equal(from_hex(row->sha512, expected),
                                             wax_bytes_of(got, WAX_SHA512_SIZE)));
    }
}

struct hmac_row {
    const char *name;
    const char *key;
    const char *text;
    const char *tag;
};

/* clang-format off */
/* [RFC 4231, 4.3] and, for the empty key, the HMAC of nothing under nothing. */
static const struct hmac_row hmac_rows[] = {
    {"a short key", "Jefe", "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"an empty key", "", "",
     "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};
/* clang-format on */

static void tags_are_the_published_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(hmac_rows); i++) {
        const struct hmac_row *row = &hmac_rows[i];
        wax_bytes text = wax_bytes_of_text(row->text);
        const wax_bytes parts[] = {
            {text.data,                 text.size / 2            },
            {text.data + text.size / 2, text.size - text.size / 2}
        };
        uint8_t got[WAX_SHA256_SIZE];
        uint8_t expected[WAX_SHA256_SIZE];

        check_row(row->name,
                  wax_crypto_hmac_sha256(wax_bytes_of_text(row->key), parts, 2, got) == WAX_OK);
        check_row(row->name,
                  wax_bytes_equal(from_hex(row->tag, expected), wax_bytes_of(got, sizeof got)));
    }
}

/* [RFC 4231, 4.7] */
static void a_key_longer_than_a_block_is_hashed_first(void **state)
{
    uint8_t key[131];
    uint8_t got[WAX_SHA256_SIZE];
    const wax_bytes text = WAX_TEXT("Test Using Larger Than Block-Size Key - Hash Key First");
    static const uint8_t tag[] = {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d, 0x8a, 0x26,
                                  0xaa, 0xcb, 0xf5, 0xb7, 0x7f, 0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28,
                                  0xc5, 0x14, 0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54};

    (void)state;
    memset(key, 0xaa, sizeof key);
    assert_int_equal(wax_crypto_hmac_sha256(wax_bytes_of(key, sizeof key), &text, 1, got), WAX_OK);
    assert_memory_equal(got, tag, sizeof tag);
}

static void pbkdf2_is_what_other_programs_compute(void **state)
{
    /* Python: hashlib.pbkdf2_hmac("sha512", b"password", b"salt", 4096) */
    static const char known[] = "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5"
                                "143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5";
    uint8_t got[WAX_SHA512_SIZE];
    uint8_t expected[WAX_SHA512_SIZE];

    (void)state;
    assert_int_equal(wax_crypto_pbkdf2_sha512(WAX_TEXT("password"), WAX_TEXT("salt"), 4096, got),
                     WAX_OK);
    assert_true(wax_bytes_equal(from_hex(known, expected), wax_bytes_of(got, sizeof got)));
    assert_int_equal(wax_crypto_pbkdf2_sha512(WAX_TEXT("password"), WAX_TEXT("salt"), 0, got),
                     WAX_INVALID);
    assert_int_equal(
        wax_crypto_pbkdf2_sha512(WAX_TEXT("password"), WAX_TEXT("salt"), 0x80000000U, got),
        WAX_INVALID);
    assert_int_equal(wax_crypto_pbkdf2_sha512(wax_bytes_of(NULL, 0), WAX_TEXT("salt"), 1, got),
                     WAX_OK);
}

struct argon2_row {
    const char *name;
    wax_argon2id cost;
    size_t salt_size;
    wax_status status;
};

/* clang-format off */
static const struct argon2_row argon2_rows[] = {
    {"small",                     {64, 2, 1},         16, WAX_OK     },
    {"two lanes on one thread",   {64, 1, 2},         16, WAX_OK     },
    {"no pass",                   {64, 0, 1},         16, WAX_INVALID},
    {"no lane",                   {64, 1, 0},         16, WAX_INVALID},
    {"too little for each lane",  {15, 1, 2},         16, WAX_INVALID},
    {"a salt of seven bytes",     {64, 1, 1},          7, WAX_INVALID},
};
/* clang-format on */

static void argon2id_agrees_with_the_library(void **state)
{
    static const char password[] = "correct horse";
    static const char salt[] = "0123456789abcdef";

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(argon2_rows); i++) {
        const struct argon2_row *row = &argon2_rows[i];
        uint8_t got[32] = {1};
        uint8_t expected[32] = {0};

        check_row(row->name, wax_crypto_argon2id(&row->cost, wax_bytes_of_text(password),
                                                 wax_bytes_of(salt, row->salt_size), got,
                                                 sizeof got) == row->status);
        if (row->status == WAX_OK) {
            check_row(row->name,
                      argon2id_hash_raw(row->cost.passes, row->cost.memory_kib, row->cost.lanes,
                                        password, strlen(password), salt, row->salt_size, expected,
                                        sizeof expected) == ARGON2_OK);
        }
        check_row(row->name, memcmp(got, expected, sizeof got) == 0);
    }
}

static void random_bytes_differ_from_time_to_time(void **state)
{
    uint8_t one[32];
    uint8_t other[32];

    (void)state;
    assert_int_equal(wax_random(one, sizeof one), WAX_OK);
    assert_int_equal(wax_random(other, sizeof other), WAX_OK);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_the_published_ones),
        cmocka_unit_test(tags_are_the_published_ones),
        cmocka_unit_test(a_key_longer_than_a_block_is_hashed_first),
        cmocka_unit_test(pbkdf2_is_what_other_programs_compute),
        cmocka_unit_test(argon2id_agrees_with_the_library),
        cmocka_unit_test(random_bytes_differ_from_time_to_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
