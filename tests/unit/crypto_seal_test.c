/* ChaCha20-Poly1305 as published, and nothing that was touched opens. */
#include "../check.h"

#include "crypto/crypto.h"

enum { TEXT_MAX = 512 };

struct vector {
    const char *name;
    const char *key;
    const char *nonce;
    const char *associated;
    const char *plain;
    const char *sealed;
};

/* clang-format off */
static const struct vector vectors[] = {
    {"RFC 8439, 2.8.2",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20496620"
     "4920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c"
     "2073756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da"
     "92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585"
     "808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
};
/* clang-format on */

static wax_bytes from_hex(const char *hex, uint8_t *room)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        unsigned value;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        room[i] = (uint8_t)value;
    }
    return wax_bytes_of(room, size);
}

static void published_vectors_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(vectors); i++) {
        const struct vector *row = &vectors[i];
        uint8_t rooms[5][TEXT_MAX];
        uint8_t made[TEXT_MAX];
        wax_sealing sealing = {.key = from_hex(row->key, rooms[0]).data,
                               .nonce = from_hex(row->nonce, rooms[1]).data,
                               .associated = from_hex(row->associated, rooms[2])};
        wax_bytes plain = from_hex(row->plain, rooms[3]);
        wax_bytes sealed = from_hex(row->sealed, rooms[4]);

        check_row(row->name, wax_crypto_seal(&sealing, plain, made) == WAX_OK);
        check_row(row->name, memcmp(made, sealed.data, sealed.size) == 0);
        check_row(row->name, wax_crypto_unseal(&sealing, sealed, made) == WAX_OK);
        check_row(row->name, memcmp(made, plain.data, plain.size) == 0);
    }
}

static void what_was_touched_does_not_open(void **state)
{
    uint8_t key[WAX_SEAL_KEY_SIZE] = {1};
    uint8_t nonce[WAX_SEAL_NONCE_SIZE] = {2};
    uint8_t place[4] = {3};
    uint8_t sealed[5 + WAX_SEAL_TAG_SIZE];
    uint8_t plain[5];
    wax_sealing sealing = {.key = key, .nonce = nonce, .associated = wax_bytes_of(place, 4)};
    struct {
        uint8_t *bytes;
        size_t size;
    } parts[] = {
        {key,    sizeof key   },
        {nonce,  sizeof nonce },
        {place,  sizeof place },
        {sealed, sizeof sealed}
    };

    (void)state;
    assert_int_equal(wax_crypto_seal(&sealing, WAX_TEXT("hello"), sealed), WAX_OK);
    for (size_t i = 0; i < WAX_COUNT(parts); i++) {
        for (size_t bit = 0; bit < parts[i].size * 8; bit++) {
            parts[i].bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            memset(plain, 0xff, sizeof plain);
            assert_int_equal(
                wax_crypto_unseal(&sealing, wax_bytes_of(sealed, sizeof sealed), plain),
                WAX_UNTRUSTED);
            assert_memory_equal(plain, "\0\0\0\0\0", 5);
            parts[i].bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    for (size_t size = 0; size < sizeof sealed; size++) {
        assert_int_equal(wax_crypto_unseal(&sealing, wax_bytes_of(sealed, size), plain),
                         WAX_UNTRUSTED);
    }
    assert_int_equal(wax_crypto_unseal(&sealing, wax_bytes_of(sealed, sizeof sealed), plain),
                     WAX_OK);
    assert_memory_equal(plain, "hello", 5);
}

static void nothing_can_be_sealed(void **state)
{
    static const uint8_t zeros[WAX_SEAL_KEY_SIZE];
    const wax_sealing sealing = {.key = zeros, .nonce = zeros};
    uint8_t sealed[WAX_SEAL_TAG_SIZE];
    uint8_t plain[1];

    (void)state;
    assert_int_equal(wax_crypto_seal(&sealing, WAX_TEXT(""), sealed), WAX_OK);
    assert_int_equal(wax_crypto_unseal(&sealing, wax_bytes_of(sealed, sizeof sealed), plain),
                     WAX_OK);
    sealed[0] ^= 1;
    assert_int_equal(wax_crypto_unseal(&sealing, wax_bytes_of(sealed, sizeof sealed), plain),
                     WAX_UNTRUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_hold),
        cmocka_unit_test(what_was_touched_does_not_open),
        cmocka_unit_test(nothing_can_be_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
