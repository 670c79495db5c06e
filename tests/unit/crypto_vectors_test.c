/* Whatever library computes, it gives the published answers, and takes nothing that was touched. */
#include "../vectors.h"

#include "crypto/crypto.h"

static const char *const ciphers[] = {
    [WAX_CHACHA20_POLY1305] = "chacha20-poly1305",
    [WAX_AES_128_CCM] = "aes-128-ccm",
    [WAX_AES_128_CCM_8] = "aes-128-ccm-8",
};

static wax_cipher cipher_of(const char *name)
{
    size_t i = 0;

    while (strcmp(ciphers[i], name) != 0) {
        i++;
        assert_true(i < WAX_COUNT(ciphers));
    }
    return (wax_cipher)i;
}

static bool is_valid(struct vector *vector)
{
    return strcmp(vector_text(vector, "result"), "valid") == 0;
}

static void check_aead(struct vector *vector)
{
    const char *name = vector_text(vector, "name");
    const wax_sealing sealing = {.key = vector_bytes(vector, "key").data,
                                 .nonce = vector_bytes(vector, "nonce").data,
                                 .associated = vector_bytes(vector, "associated"),
                                 .cipher = cipher_of(vector_text(vector, "cipher"))};
    wax_bytes plain = vector_bytes(vector, "plain");
    wax_bytes sealed = vector_bytes(vector, "sealed");
    uint8_t *room = malloc(sealed.size);
    uint8_t *back = malloc(plain.size + 1);

    check_row(name, wax_crypto_unseal(&sealing, sealed, back) ==
                        (is_valid(vector) ? WAX_OK : WAX_UNTRUSTED));
    if (is_valid(vector)) {
        check_row(name, wax_bytes_equal(wax_bytes_of(back, plain.size), plain));
        check_row(name, wax_crypto_seal(&sealing, plain, room) == WAX_OK);
        check_row(name, wax_bytes_equal(wax_bytes_of(room, sealed.size), sealed));
        /* In place, there and back. */
        memcpy(room, plain.data, plain.size);
        check_row(name, wax_crypto_seal(&sealing, wax_bytes_of(room, plain.size), room) == WAX_OK);
        check_row(name, wax_bytes_equal(wax_bytes_of(room, sealed.size), sealed));
        check_row(name,
                  wax_crypto_unseal(&sealing, wax_bytes_of(room, sealed.size), room) == WAX_OK);
        check_row(name, wax_bytes_equal(wax_bytes_of(room, plain.size), plain));
    }
    free(room);
    free(back);
}

static size_t check_all(const char *file, void (*check)(struct vector *vector))
{
    struct vector vector = vectors_open(file);
    size_t count = 0;

    while (vector_next(&vector)) {
        check(&vector);
        count++;
    }
    return count;
}

static void ciphers_give_the_published_answers(void **state)
{
    (void)state;
    assert_true(check_all("chacha20-poly1305.txt", check_aead) > 250);
    assert_true(check_all("aes-128-ccm.txt", check_aead) > 80);
}

static bool is_refused(const wax_sealing *sealing, wax_bytes sealed)
{
    uint8_t back[64];
    uint8_t any = 0;
    size_t tag_size = wax_cipher_tag_size(sealing->cipher);

    memset(back, 0xa5, sizeof back);
    if (wax_crypto_unseal(sealing, sealed, back) != WAX_UNTRUSTED) {
        return false;
    }
    for (size_t i = 0; i + tag_size < sealed.size; i++) {
        any |= back[i];
    }
    return any == 0;
}

static void check_touched(wax_cipher cipher)
{
    enum {
        TEXT = 21,
        ASSOCIATED = 17,
        KEY_AT = 0,
        NONCE_AT = 32,
        ASSOCIATED_AT = 44,
        SEALED_AT = 61,
        SIZE = SEALED_AT + TEXT + WAX_SEAL_TAG_SIZE
    };
    uint8_t all[SIZE] = {0};
    wax_sealing sealing = {.key = all + KEY_AT,
                           .nonce = all + NONCE_AT,
                           .associated = wax_bytes_of(all + ASSOCIATED_AT, ASSOCIATED),
                           .cipher = cipher};
    const size_t sealed_size = TEXT + wax_cipher_tag_size(cipher);
    const wax_bytes sealed = wax_bytes_of(all + SEALED_AT, sealed_size);
    uint8_t back[SIZE];

    assert_int_equal(
        wax_crypto_seal(&sealing, wax_bytes_of(all + SEALED_AT, TEXT), all + SEALED_AT), WAX_OK);
    for (size_t i = 0; i < 8 * (SEALED_AT + sealed_size); i++) {
        /* Bytes behind a short key belong to nobody. */
        if (i / 8 >= wax_cipher_key_size(cipher) && i / 8 < NONCE_AT) {
            continue;
        }
        all[i / 8] ^= (uint8_t)(1U << i % 8);
        check_row(ciphers[cipher], is_refused(&sealing, sealed));
        all[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    for (size_t size = 0; size < sealed_size; size++) {
        check_row(ciphers[cipher], is_refused(&sealing, wax_bytes_of(sealed.data, size)));
    }
    sealing.associated.size--;
    check_row(ciphers[cipher], is_refused(&sealing, sealed));
    sealing.associated.size++;
    check_row(ciphers[cipher], wax_crypto_unseal(&sealing, sealed, back) == WAX_OK);
}

static void whatever_is_touched_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(ciphers); i++) {
        check_touched((wax_cipher)i);
    }
}

static void too_much_is_refused(void **state)
{
    static uint8_t many[WAX_SEAL_CCM_ASSOCIATED_MAX + 1];
    const wax_sealing sealing = {.key = many,
                                 .nonce = many,
                                 .associated = wax_bytes_of(many, sizeof many),
                                 .cipher = WAX_AES_128_CCM};
    wax_sealing most = sealing;
    uint8_t room[WAX_SEAL_TAG_SIZE];

    (void)state;
    assert_int_equal(wax_crypto_seal(&sealing, wax_bytes_of(many, 0), room), WAX_INVALID);
    assert_int_equal(wax_crypto_unseal(&sealing, wax_bytes_of(many, 16), room), WAX_UNTRUSTED);
    most.associated.size--;
    assert_int_equal(wax_crypto_seal(&most, wax_bytes_of(many, 0), room), WAX_OK);
    assert_int_equal(wax_crypto_unseal(&most, wax_bytes_of(room, sizeof room), room), WAX_OK);
    /* Refused before a byte of it is read. */
    assert_int_equal(wax_crypto_seal(&most, wax_bytes_of(many, (size_t)WAX_SEAL_CCM_MAX + 1), room),
                     WAX_INVALID);
}

static void check_hmac(struct vector *vector)
{
    wax_bytes message = vector_bytes(vector, "message");
    wax_bytes wanted = vector_bytes(vector, "tag");
    uint8_t tag[WAX_SHA256_SIZE];

    check_row(vector_text(vector, "name"),
              wax_crypto_hmac_sha256(vector_bytes(vector, "key"), &message, 1, tag) == WAX_OK &&
                  wax_bytes_equal(wax_bytes_of(tag, sizeof tag), wanted) == is_valid(vector));
}

/* A key that is made ready once serves for many messages; parts may end anywhere. */
static void check_hmac_prepared(struct vector *vector)
{
    const wax_bytes given = vector_bytes(vector, "key");
    const wax_bytes message = vector_bytes(vector, "message");
    const wax_bytes wanted = vector_bytes(vector, "tag");
    uint8_t key[WAX_HMAC_KEY_SIZE] = {0};
    uint8_t tag[WAX_SHA256_SIZE];

    if (given.size > sizeof key) {
        return;
    }
    memcpy(key, given.data, given.size);
    check_row(vector_text(vector, "name"), wax_crypto_hmac_prepare(key) == WAX_OK);
    for (size_t at = 0; at <= message.size; at++) {
        const wax_bytes parts[] = {wax_bytes_of(message.data, at),
                                   wax_bytes_of(message.data + at, message.size - at)};

        check_row(vector_text(vector, "name"),
                  wax_crypto_hmac_prepared(key, parts, WAX_COUNT(parts), tag) == WAX_OK &&
                      wax_bytes_equal(wax_bytes_of(tag, sizeof tag), wanted) == is_valid(vector));
    }
}

static void codes_are_the_published_ones(void **state)
{
    (void)state;
    assert_true(check_all("hmac-sha256.txt", check_hmac) > 80);
    assert_true(check_all("hmac-sha256.txt", check_hmac_prepared) > 80);
}

static void check_agreement(struct vector *vector)
{
    const char *name = vector_text(vector, "name");
    wax_bytes public_key = vector_bytes(vector, "public");
    wax_bytes wanted = vector_bytes(vector, "common");
    uint8_t common[WAX_SHA256_SIZE];
    wax_status status;

    if (public_key.size != WAX_P256_PUBLIC_SIZE) {
        check_row(name, !is_valid(vector));
        return;
    }
    status = wax_crypto_p256_agree(vector_bytes(vector, "secret").data, public_key.data, common);
    check_row(name, status == (is_valid(vector) ? WAX_OK : WAX_UNTRUSTED));
    check_row(name,
              status != WAX_OK || wax_bytes_equal(wax_bytes_of(common, sizeof common), wanted));
}

static void both_agree_on_the_published_point(void **state)
{
    (void)state;
    assert_true(check_all("ecdh-p256.txt", check_agreement) > 200);
}

static void check_signature(struct vector *vector)
{
    wax_bytes signature = vector_bytes(vector, "signature");
    wax_status status;

    if (signature.size != WAX_P256_SIGNATURE_SIZE) {
        check_row(vector_text(vector, "name"), !is_valid(vector));
        return;
    }
    status = wax_crypto_p256_verify(vector_bytes(vector, "public").data,
                                    vector_bytes(vector, "message"), signature.data);
    check_row(vector_text(vector, "name"), status == (is_valid(vector) ? WAX_OK : WAX_UNTRUSTED));
}

static void signatures_hold_where_they_should(void **state)
{
    (void)state;
    assert_true(check_all("ecdsa-p256-sha256.txt", check_signature) > 200);
}

static void check_own_signature(struct vector *vector)
{
    const uint8_t *secret = vector_bytes(vector, "secret").data;
    wax_bytes wanted = vector_bytes(vector, "public");
    wax_bytes message = vector_bytes(vector, "message");
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t signature[WAX_P256_SIGNATURE_SIZE];
    uint8_t again[WAX_P256_SIGNATURE_SIZE];

    assert_int_equal(wax_crypto_p256_public(secret, public_key), WAX_OK);
    assert_true(wax_bytes_equal(wax_bytes_of(public_key, sizeof public_key), wanted));
    assert_int_equal(
        wax_crypto_p256_verify(public_key, message, vector_bytes(vector, "signature").data),
        WAX_OK);
    assert_int_equal(wax_crypto_p256_sign(secret, message, signature), WAX_OK);
    assert_int_equal(wax_crypto_p256_verify(public_key, message, signature), WAX_OK);
    /* Where a message has one signature only, it is the published one. */
    assert_int_equal(wax_crypto_p256_sign(secret, message, again), WAX_OK);
    assert_true(memcmp(again, signature, sizeof again) != 0 ||
                memcmp(again, vector_bytes(vector, "signature").data, sizeof again) == 0);
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1U;
        assert_int_equal(wax_crypto_p256_verify(public_key, message, signature), WAX_UNTRUSTED);
        signature[i] ^= 1U;
    }
    message.size--;
    assert_int_equal(wax_crypto_p256_verify(public_key, message, signature), WAX_UNTRUSTED);
}

static void own_signatures_hold(void **state)
{
    (void)state;
    assert_int_equal(check_all("ecdsa-p256-rfc6979.txt", check_own_signature), 2);
}

struct secret_row {
    const char *name;
    const char *digits;
    bool is_secret;
};

/* clang-format off */
static const struct secret_row secret_rows[] = {
    {"zero",             "0000000000000000000000000000000000000000000000000000000000000000", false},
    {"one",              "0000000000000000000000000000000000000000000000000000000000000001", true},
    {"a high byte",      "0100000000000000000000000000000000000000000000000000000000000000", true},
    {"the order less 1", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", true},
    {"the order",        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", false},
    {"the order and 1",  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552", false},
    {"all ones",         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", false},
};
/* clang-format on */

static void secrets_are_numbers_below_the_order(void **state)
{
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t signature[WAX_P256_SIGNATURE_SIZE];
    uint8_t common[WAX_SHA256_SIZE];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(secret_rows); i++) {
        const struct secret_row *row = &secret_rows[i];
        const wax_status wanted = row->is_secret ? WAX_OK : WAX_INVALID;

        for (size_t at = 0; at < sizeof secret; at++) {
            unsigned byte = 0;

            assert_int_equal(sscanf(row->digits + 2 * at, "%2x", &byte), 1);
            secret[at] = (uint8_t)byte;
        }
        check_row(row->name, wax_crypto_p256_is_secret(secret) == row->is_secret);
        check_row(row->name, wax_crypto_p256_public(secret, public_key) == wanted);
        check_row(row->name, wax_crypto_p256_sign(secret, WAX_TEXT("text"), signature) == wanted);
        if (row->is_secret) {
            check_row(row->name, wax_crypto_p256_agree(secret, public_key, common) == WAX_OK);
        }
    }
}

static void points_in_other_forms_are_refused(void **state)
{
    uint8_t secret[WAX_P256_SECRET_SIZE] = {1};
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t signature[WAX_P256_SIGNATURE_SIZE];
    uint8_t common[WAX_SHA256_SIZE];

    (void)state;
    assert_int_equal(wax_crypto_p256_public(secret, public_key), WAX_OK);
    assert_int_equal(wax_crypto_p256_sign(secret, WAX_TEXT("text"), signature), WAX_OK);
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        const wax_status wanted = first == 4 ? WAX_OK : WAX_UNTRUSTED;

        public_key[0] = (uint8_t)first;
        assert_int_equal(wax_crypto_p256_agree(secret, public_key, common), wanted);
        assert_int_equal(wax_crypto_p256_verify(public_key, WAX_TEXT("text"), signature), wanted);
    }
    for (size_t i = 1; i < sizeof public_key; i++) {
        public_key[0] = 4;
        public_key[i] ^= 1U;
        assert_int_equal(wax_crypto_p256_agree(secret, public_key, common), WAX_UNTRUSTED);
        assert_int_equal(wax_crypto_p256_verify(public_key, WAX_TEXT("text"), signature),
                         WAX_UNTRUSTED);
        public_key[i] ^= 1U;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ciphers_give_the_published_answers),
        cmocka_unit_test(whatever_is_touched_is_refused),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(codes_are_the_published_ones),
        cmocka_unit_test(both_agree_on_the_published_point),
        cmocka_unit_test(signatures_hold_where_they_should),
        cmocka_unit_test(own_signatures_hold),
        cmocka_unit_test(secrets_are_numbers_below_the_order),
        cmocka_unit_test(points_in_other_forms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
